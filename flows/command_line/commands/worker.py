"""`library-sync worker`: this machine works for the Prefect server's pool."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import Installation
from flows.summary import ReturnCode


def worker(
    *,
    drain: Annotated[
        bool, Parameter(help="When stopped, let the current run finish first.")
    ] = False,
    name: Annotated[str, Parameter(help="Its name in Prefect (default: the host's).")] = "",
    installation: Installation = Installation(),
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Take runs from the Prefect server's pool, one at a time."""
    import asyncio

    from flows.prefect_server.environment import prepare_worker, require_server
    from flows.settings import given_variables

    done = installation.run("worker", ["--drain"] * drain + (["--name", name] if name else []))
    if done is not None:
        return done
    verbosity.attach()
    prepare_worker(given_variables())
    require_server("worker")
    from flows.service.worker import work_until_stopped  # Prefect takes seconds

    asyncio.run(work_until_stopped(drain=drain, name=name))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=worker,
    group=Group.SYNC,
    examples=(
        ("worker", "work for the server that PREFECT_API_URL names, until Ctrl-C"),
        ("worker --drain", "the same; when stopped, the current run finishes first"),
        ("worker --install", "the same as a service, started with the machine"),
        ("worker --uninstall", "stop and remove the service"),
    ),
)
