"""`library-sync doctor`: is everything there that a sync needs, and what is to be done if not.

Changes nothing, except that it makes the folders a run would make. Each check stands alone: what
one finds broken keeps no other from looking.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Mapping
from pathlib import Path

from rich.console import Console

from flows.doctor.eagle import examine_eagle
from flows.doctor.findings import Finding, Level, fail, findings_dict, table, verdict
from flows.doctor.machine import (
    examine_folders,
    examine_fpcalc,
    examine_notify,
    examine_prefect,
    examine_settings,
    examine_space,
    examine_state,
)
from flows.doctor.notion import examine_notion
from flows.doctor.source import examine_reading, examine_soundcloud
from flows.prefect_server.credentials import command_settings
from flows.prefect_server.environment import server_address
from flows.progress.output import write_json
from flows.settings import Settings, load_what_works
from flows.summary import ReturnCode
from tasks.tracks import Track

_WIDEST = 110

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
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _WIDEST)
    console.print(table(findings), "", verdict(findings), sep="\n")


async def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Every check of the outside world and of this machine, side by side."""
    prefect_url = environment.get("PREFECT_API_URL", "")
    waiting: list[list[Track]] = []
    notion, eagle, source, prefect = await asyncio.gather(
        _alone("Notion", examine_notion(settings, waiting.append)),
        _alone("Eagle", examine_eagle(settings)),
        _alone("SoundCloud", examine_soundcloud(settings)),
        _alone("Prefect", examine_prefect(prefect_url)),
    )
    found = [*notion, *eagle, *source]
    found += [*examine_folders(settings), *examine_state(settings.state_dir), examine_fpcalc()]
    found += examine_notify(settings)
    for rows in waiting:
        found.append(examine_space(settings.out_dir, rows))
        found += await _alone("SoundCloud", examine_reading(settings, rows))
    return found + prefect


async def _alone(name: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    """What `check` finds; what it did not foresee becomes a finding of its own."""
    try:
        return await check
    except Exception as error:  # noqa: BLE001  (a check must not keep the others from looking)
        _log.debug("The check of %s", name, exc_info=error)
        said = f"The check itself failed: {type(error).__name__}: {error}"
        return [fail(name, said, "Report this with the output of `doctor --debug`.")]
