"""`library-sync worker`: this machine works for the Prefect server's pool."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import Install, Uninstall, Yes
from flows.command_line.wrong_words import WrongWords
from flows.summary import ReturnCode


def worker(
    *,
    drain: Annotated[
        bool, Parameter(help="When stopped, let the run at work finish first; else it ends.")
    ] = False,
    name: Annotated[str, Parameter(help="Its name in Prefect; the host's, if left out.")] = "",
    install: Install = False,
    uninstall: Uninstall = False,
    yes: Yes = False,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Take runs from the Prefect server's pool, one at a time."""
    import asyncio  # noqa: PLC0415

    from flows.prefect_server.environment import prepare_worker, require_server  # noqa: PLC0415
    from flows.service import installing  # noqa: PLC0415
    from flows.settings import given_variables, load_settings  # noqa: PLC0415

    if install and uninstall:
        raise WrongWords("--install and --uninstall contradict each other.", "worker")
    if uninstall:
        return installing.uninstall("worker", load_settings())
    if install:
        words = ["--drain"] * drain + (["--name", name] if name else [])
        return installing.install("worker", words, load_settings(), yes=yes)
    verbosity.attach()
    prepare_worker(given_variables())
    require_server("worker")
    from flows.service.worker import work_until_stopped  # noqa: PLC0415  (Prefect takes seconds)

    asyncio.run(work_until_stopped(drain=drain, name=name))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=worker,
    group=Group.SYNC,
    examples=(
        ("worker", "work for the server that PREFECT_API_URL names, until Ctrl-C"),
        ("worker --drain", "the same; when stopped, the run at work finishes first"),
        ("worker --install", "the same as a service, started with the machine"),
        ("worker --uninstall", "take the service back"),
    ),
)
