"""What each command of the command line does: hand its options to a flow, report, exit code."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from flows.command_line.signals import run_until_stopped
from flows.prefect_server.environment import is_embedded, prepare_prefect
from flows.prefect_server.importing import heavy_imports
from flows.prefect_server.own_server import serve_prefect
from flows.progress.output import write_json, write_text
from flows.progress.terminal import ProgressLine, attach_terminal
from flows.session.preflight import require_credentials
from flows.settings import Settings, load_settings
from flows.summary import ReturnCode, SyncSummary
from tasks.errors import ConfigurationError

__all__ = ["run", "run_sync"]

_log = logging.getLogger("flows.commands")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns the exit code, raises SyncError for what the user can cure."""
    settings = load_settings()
    line = attach_terminal(debug=given.debug, quiet=given.quiet)
    match given.command:
        case "status":
            return _status(given, settings)
        case "cleanup":
            return _cleanup(given, settings, line)
        case "add":
            return _add(given, settings, line)
        case "undo":
            return _undo(given, settings)
        case _:
            return run_sync(given, settings, line)


def run_sync(
    given: argparse.Namespace,
    settings: Settings,
    line: ProgressLine,
    *,
    only: frozenset[str] | None = None,
) -> int:
    """`sync` and `batch`: the flow, then the JSON summary, then the return code.

    `only` are the page ids a sync is restricted to.
    """
    require_credentials(settings)
    prepare_prefect(debug=given.debug)
    serve_prefect()
    with heavy_imports():
        from flows.batch_sync import batch_sync  # noqa: PLC0415  (Prefect takes seconds to import)
        from flows.library_sync import library_sync  # noqa: PLC0415

    flow = library_sync if given.command == "sync" else batch_sync
    options: dict[str, Any] = {
        "filter": given.track_filter,
        "limit": given.limit,
        "parallel": given.parallel,
        "workers": given.workers,
        "cleanup": not given.no_cleanup,
        "debug": given.debug,
        "dry_run": given.dry_run,
    }
    if given.command == "sync":
        options |= {"retry_failed": given.retry_failed, "error": given.error}
        options["distribute"] = given.distribute
    summary, is_recorded = _outcome(flow, options, settings, line, only)
    if given.json is not None:
        write_json(given.json, summary.to_dict())
    if not is_recorded:
        _end_without_prefect(summary.return_code)
    return summary.return_code


def _end_without_prefect(code: ReturnCode) -> NoReturn:
    """End here: at a usual exit Prefect would offer its events to a dead server for minutes."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _outcome(
    flow: Any,
    options: dict[str, Any],
    settings: Settings,
    line: ProgressLine,
    only: frozenset[str] | None,
) -> tuple[SyncSummary, bool]:
    """The run's summary, and whether Prefect's server took its end."""
    from flows.prefect_server.outage import OUT_OF_REACH  # noqa: PLC0415
    from flows.reporting.closing import ended_runs  # noqa: PLC0415
    from flows.session.ahead import session_ahead  # noqa: PLC0415

    ended: list[SyncSummary] = []

    async def call() -> Any:
        _hand_down(settings, line, only)
        ended_runs.set(ended)
        early = session_ahead(dry_run=options["dry_run"]) if is_embedded() else nullcontext()
        try:
            async with early:
                state = await flow(**options, return_state=True)
            return await state.aresult(raise_on_failure=False)
        except OUT_OF_REACH as error:
            return error

    outcome = run_until_stopped(call)
    if isinstance(outcome, OUT_OF_REACH):
        if not ended:
            raise ConfigurationError(
                f"The Prefect server does not answer: {outcome}",
                remedy="Start it, correct PREFECT_API_URL, or unset it to run without one.",
            ) from outcome
        _log.warning("The Prefect server does not answer; its record of this run has no end.")
        return ended[-1], False
    if isinstance(outcome, BaseException):
        raise outcome
    if not isinstance(outcome, SyncSummary):
        raise ConfigurationError(
            f"The flow ended without a summary: {outcome!r}", remedy="Run again with --debug."
        )
    return outcome, True


def _status(given: argparse.Namespace, settings: Settings) -> int:
    from flows.library.report import read_library  # noqa: PLC0415

    report = asyncio.run(read_library(settings))
    if given.json is not None:
        write_json(given.json, report.to_dict())
    if given.html is not None:
        write_text(given.html, report.html())
    if Path("-") not in {given.json, given.html}:
        print("\n".join(report.lines(shutil.get_terminal_size().columns)))  # noqa: T201
    return ReturnCode.PROCESSED


def _add(given: argparse.Namespace, settings: Settings, line: ProgressLine) -> int:
    """`add`, and with `--sync` a sync of just the rows these addresses have."""
    from flows.library.adding import add_tracks  # noqa: PLC0415

    outcome = asyncio.run(add_tracks(settings, given.urls, given.playlist.strip()))
    for text in outcome.lines():
        _log.info("%s", text)
    if given.sync and outcome.waiting:
        return run_sync(_sync_of(given), settings, line, only=frozenset(outcome.waiting))
    if given.json is not None:
        write_json(given.json, outcome.to_dict())
    found = outcome.added or outcome.present
    return ReturnCode.PROCESSED if found else ReturnCode.FAILED


def _sync_of(given: argparse.Namespace) -> argparse.Namespace:
    """`sync --parallel` as it would be given."""
    from flows.command_line import parser as cli  # noqa: PLC0415  (a cycle at import time)

    words = ["sync", "--parallel"] + (["--json", str(given.json)] if given.json else [])
    return cli.parse(words + ["--debug"] * given.debug)


def _cleanup(given: argparse.Namespace, settings: Settings, line: ProgressLine) -> int:
    prepare_prefect(debug=given.debug)
    serve_prefect()
    from flows.cleanup_locks import cleanup_locks  # noqa: PLC0415

    async def call() -> dict[str, Any]:
        _hand_down(settings, line)
        return await cleanup_locks(dry_run=given.dry_run)

    counts = run_until_stopped(call)
    if given.json is not None:
        write_json(given.json, counts)
    return ReturnCode.PROCESSED


def _undo(given: argparse.Namespace, settings: Settings) -> int:
    from flows.rows.undo import journalled_runs, undo_run  # noqa: PLC0415

    if given.run is None:
        print("\n".join(journalled_runs(settings.state_dir)) or "No run has merged rows.")  # noqa: T201
        return ReturnCode.PROCESSED

    async def call() -> int:
        _hand_down(settings, None)
        return await undo_run(given.run)

    _log.info("%d rows restored", run_until_stopped(call))
    return ReturnCode.PROCESSED


def _hand_down(
    settings: Settings, line: ProgressLine | None, only: frozenset[str] | None = None
) -> None:
    """Give the settings read once to every session opened in this context."""
    from flows.session.opening import SessionOptions, session_options  # noqa: PLC0415

    given = session_options.get(SessionOptions())
    session_options.set(replace(given, settings=settings, progress_line=line, only_pages=only))
