"""`python -m flows.service.caretaker RUN`: waits beside a worker's run until that has ended.

A run that ends in order writes to our standard input. If that closes without a word, the run was
killed: its rows are freed and its flow runs ended at once, not by the next run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from uuid import UUID

_log = logging.getLogger("flows.caretaker")

_WHY = "Its process was killed, or its worker was stopped. The next run does its tracks."
_SECONDS_TO_DIE = 0.5


def main(run: str) -> int:
    """Wait; then do what the run cannot do any more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read():
        return 0
    os.environ.pop("PREFECT__FLOW_RUN_ID", None)  # what follows belongs to no run
    return asyncio.run(_settle(UUID(run)))


async def _settle(run: UUID) -> int:
    await asyncio.sleep(_SECONDS_TO_DIE)
    outcomes = await asyncio.gather(_free_rows(), _end_run(run), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            _log.error("The run %s: %s", run, outcome)
    return sum(isinstance(outcome, BaseException) for outcome in outcomes)


async def _free_rows() -> None:
    from flows.cleanup_locks import clean_up  # noqa: PLC0415  (Prefect takes seconds and memory)
    from flows.session.opening import open_session  # noqa: PLC0415

    async with open_session(with_eagle=False) as session:
        await clean_up(session.connections, session.state)


async def _end_run(run: UUID) -> None:
    from prefect import get_client  # noqa: PLC0415

    from flows.prefect_server.orphans import end_run  # noqa: PLC0415

    async with get_client() as client:
        await end_run(client, run, _WHY)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
