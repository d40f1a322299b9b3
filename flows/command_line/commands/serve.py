"""`library-sync serve`: everything on this machine, by one command."""

from __future__ import annotations

import re
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import Installation
from flows.summary import ReturnCode

_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")


def _time(_type: object, text: str) -> None:
    if not _TIME.fullmatch(text):
        raise ValueError(f"It must be a time of day like 03:00, not {text!r}.")


def _port(_type: object, number: int) -> None:
    if not 0 < number < 65536:
        raise ValueError(f"It must be between 1 and 65535, not {number}.")


def serve(
    *,
    port: Annotated[int, Parameter(validator=_port, help="Port of Prefect's page.")] = 4200,
    nightly: Annotated[
        str, Parameter(validator=_time, help="When the nightly run starts, in local time.")
    ] = "03:00",
    installation: Installation = Installation(),
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Run Prefect's server, the nightly run and a worker on this machine, until Ctrl-C."""
    import asyncio

    from flows.prefect_server.environment import prepare_worker
    from flows.service import serving
    from flows.service.server import alone
    from flows.session.preflight import require_credentials
    from flows.settings import given_variables, load_settings

    done = installation.run("serve", ["--port", str(port), "--nightly", nightly])
    if done is not None:
        return done
    settings = load_settings()
    verbosity.attach()
    require_credentials(settings)
    prepare_worker(given_variables())
    serving.name_server(port)
    timezone = serving.local_timezone()
    with alone():
        asyncio.run(serving.serve(settings, port=port, nightly=nightly, timezone=timezone))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=serve,
    group=Group.SYNC,
    examples=(
        ("serve", "until Ctrl-C: the page at http://127.0.0.1:4200, a run every night at 3"),
        ("serve --nightly 04:30", "the nightly run at half past four"),
        ("serve --install", "the same as a service, started with the machine"),
        ("serve --uninstall", "stop and remove the service"),
    ),
)
