"""The user's own shell commands after a track and after a run (HOOK_AFTER_TRACK, HOOK_AFTER_RUN).

They are run by prefect-shell. What a title holds is never part of a command: values are in the
environment alone. A hook that fails or takes too long is reported and changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from flows.session.run_state import RunState
from flows.settings import Settings
from flows.summary import SyncSummary
from tasks.tracks import TrackResult

_log = logging.getLogger("flows.hooks")

_SECONDS = 600.0
_LONGEST = 30_000  # characters; Linux takes 131,072 bytes a variable
_PREFIX = "LIBRARY_SYNC_"


async def after_track(settings: Settings, state: RunState, result: TrackResult) -> None:
    """Run HOOK_AFTER_TRACK for a track that was processed or failed."""
    command = settings.hook_after_track
    if not command or not (result.is_success or result.is_failure):
        return
    problem = await _run(command, track_values(result), _SECONDS)
    if problem:
        _log.warning("HOOK_AFTER_TRACK after %s %s", result.label, problem)
        state.warn("HOOK_AFTER_TRACK failed; the log says for which tracks.")


async def after_run(settings: Settings, state: RunState, summary: SyncSummary) -> None:
    """Run HOOK_AFTER_RUN, also for a run that had nothing to do; not for a dry run."""
    command = settings.hook_after_run
    if not command or settings.dry_run:
        return
    problem = await _run(command, run_values(summary, state.folder), _SECONDS)
    if problem:
        state.warn(f"HOOK_AFTER_RUN {problem}")


def track_values(result: TrackResult) -> dict[str, str]:
    """The environment of HOOK_AFTER_TRACK; what is not known is empty."""
    files = result.file_paths
    values = {
        "TITLE": result.title,
        "ARTIST": result.artist,
        "STATUS": result.status.value,
        "PAGE_ID": result.page_id,
        "PAGE_URL": result.page_url,
        "SOURCE_URL": result.source_url,
        "WAV": files.wav,
        "AIFF": files.aiff,
        "PLAYLIST_WAV": files.playlist_wav,
        "EAGLE_ID": result.eagle_item_id,
        "EAGLE_AIFF_ID": result.eagle_aiff_item_id,
        "SECONDS": result.duration_seconds,
        "FINGERPRINT": result.fingerprint,
        "ERROR": result.error_type.value if result.error_type else None,
        "ERROR_MESSAGE": result.error_message,
        "REMEDY": result.remedy,
    }
    return _environment(values)


def run_values(summary: SyncSummary, folder: Path) -> dict[str, str]:
    """The environment of HOOK_AFTER_RUN: every count, the return code, where the report is."""
    values: dict[str, object] = {
        "MODE": summary.mode,
        "FILTER": str(summary.track_filter),
        "RETURN_CODE": int(summary.return_code),
        **{name.upper(): number for name, number in summary.counts.items()},
        "RUN_SECONDS": round(summary.duration_seconds, 1),
        "RUN": folder.name,
        "SUMMARY_JSON": folder / "summary.json",
        "REPORT_HTML": folder / "report.html" if (folder / "report.html").exists() else None,
        "RUN_ERROR": summary.error,
    }
    return _environment(values)


def _environment(values: Mapping[str, object]) -> dict[str, str]:
    """Values as a process takes them: text without NUL, bounded, under our prefix."""
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    return {_PREFIX + name: text.replace("\0", "")[:_LONGEST] for name, text in texts.items()}


async def _run(command: str, values: dict[str, str], seconds: float) -> str:
    """Run it; what went wrong as the end of a sentence, "" if nothing did."""
    from prefect_shell import ShellOperation  # noqa: PLC0415  (only where there is a hook)

    operation = ShellOperation(commands=[command], env=values, stream_output=False)
    try:
        async with asyncio.timeout(seconds):
            lines = await operation.arun()
    except TimeoutError:
        return f"took longer than {seconds:g} s and was stopped."
    except Exception as error:  # noqa: BLE001  (whatever a hook does must not end the run)
        return f"failed: {error}"
    for line in lines:
        _log.debug("hook: %s", line)
    return ""
