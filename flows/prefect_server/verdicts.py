"""How a run ends on its page: an expected error as one sentence with what to do, no traceback.

Prefect shows an exception that leaves a flow as a Python traceback, and calls the run by the
exception's class.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.errors import SyncError
from tasks.shown_text import shown, without_secrets


class Verdict:
    """The state that a flow returns."""

    state: State[Any]


@contextmanager
def verdict() -> Iterator[Verdict]:
    """Around a flow's work, which sets the verdict's state; a SyncError makes it Failed.

    The error is the state's data: who called the flow raises it from there.
    """
    ending = Verdict()
    try:
        yield ending
    except SyncError as error:
        said = public(f"{error} {error.remedy}")
        get_run_logger().error("%s", said)
        ending.state = Failed(message=said, data=error)


def done(data: dict[str, Any], *said: str) -> State[Any]:
    """A run that went well; what it did, in words, and as data for who called the flow."""
    return Completed(message=public(*said), data=data)


def public(*parts: str) -> str:
    """Text that may stand on Prefect's server, which others may read."""
    return without_secrets(shown(". ".join(part for part in parts if part)))
