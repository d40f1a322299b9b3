"""`library-sync doctor`: is everything there that a sync needs, and what is to be done if not.

Changes nothing, except that it makes the folders a run would make. Each check stands alone: what
one finds broken keeps no other from looking.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from flows.doctor.eagle import examine_eagle
from flows.doctor.findings import Finding, Level, fail, findings_dict, table
from flows.doctor.machine import (
    examine_folders,
    examine_fpcalc,
    examine_notify,
    examine_prefect,
    examine_settings,
    examine_space,
)
from flows.doctor.notion import NotionSeen, examine_notion
from flows.doctor.source import examine_reading, examine_soundcloud
from flows.doctor.state import examine_state
from flows.prefect_server.credentials import command_settings
from flows.prefect_server.environment import server_address
from flows.progress.output import write_json
from flows.settings import Settings, load_what_works
from flows.summary import ReturnCode

T = TypeVar("T")

_log = logging.getLogger("flows.doctor")


def run(*, json_file: Path | None = None) -> int:
    """Look at everything, print the table; 0 if nothing fails, else 1."""
    settings, wrong = load_what_works()
    if not wrong:
        settings = command_settings()
    environment = os.environ | {"PREFECT_API_URL": server_address()}
    findings = [*examine_settings(wrong), *asyncio.run(examine(settings, environment))]
    if json_file is not None:
        write_json(json_file, findings_dict(findings))
    if json_file != Path("-"):
        report(findings)
    failed = any(finding.level is Level.FAIL for finding in findings)
    return ReturnCode.FAILED if failed else ReturnCode.PROCESSED


def report(findings: list[Finding]) -> None:
    """Print the findings, coloured on a terminal that wants it, as narrow as it is."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = min(shutil.get_terminal_size().columns, 110)
    print("\n".join(table(findings, width=width, coloured=coloured)))  # noqa: T201


async def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Every check of the outside world and of this machine, side by side."""
    prefect_url = environment.get("PREFECT_API_URL", "")
    async with asyncio.TaskGroup() as group:
        notion = group.create_task(
            _alone("Notion", lambda: examine_notion(settings), _nothing_of_notion)
        )
        eagle = group.create_task(_alone("Eagle", lambda: examine_eagle(settings), _nothing))
        source = group.create_task(
            _alone("SoundCloud", lambda: examine_soundcloud(settings), _nothing)
        )
        prefect = group.create_task(examine_prefect(prefect_url))
    seen, seen_errors = notion.result()
    found = [*seen.findings, *seen_errors]
    for checks, errors in (eagle.result(), source.result()):
        found += checks + errors
    found += [*examine_folders(settings), *examine_state(settings.state_dir), examine_fpcalc()]
    found += examine_notify(settings)
    if seen.was_listed:
        found.append(examine_space(settings.out_dir, seen.waiting))
        read, errors = await _alone(
            "SoundCloud", lambda: examine_reading(settings, seen.waiting), _nothing
        )
        found += read + errors
    return [*found, prefect.result()]


async def _alone(
    name: str, check: Callable[[], Awaitable[T]], nothing: Callable[[], T]
) -> tuple[T, list[Finding]]:
    """What `check` found; what it did not foresee becomes a finding of its own."""
    try:
        return await check(), []
    except Exception as error:  # noqa: BLE001  (a check must not keep the others from looking)
        _log.debug("The check of %s", name, exc_info=error)
        said = f"The check itself failed: {type(error).__name__}: {error}"
        return nothing(), [fail(name, said, "Report this with the output of `doctor --debug`.")]


def _nothing() -> list[Finding]:
    return []


def _nothing_of_notion() -> NotionSeen:
    return NotionSeen()
