"""What a run brought and what failed, told where the user reads it (NOTIFY)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flows.session.run_state import RunState
from flows.settings import Settings
from flows.summary import SHARE, SyncSummary
from tasks.errors import SyncError
from tasks.tracks import TrackResult

_log = logging.getLogger("flows.notification")

_FAILURES = 20


async def notify(settings: Settings, state: RunState, summary: SyncSummary) -> None:
    """Tell it, if anything was brought or failed. An address that is not reached is a warning."""
    message = message_of(summary)
    if message is not None:
        await _send(settings, summary.mode, *message, warn=state.warn)


async def notify_not_begun(settings: Settings, mode: str, error: SyncError) -> None:
    """Tell that a run could not begin: at night nobody reads what it says."""
    title = "library-sync: the run could not begin"
    said = f"The run could not begin ({mode}).\n{error} {error.remedy}"
    await _send(settings, mode, title, said, warn=_log.warning)


async def _send(
    settings: Settings, mode: str, title: str, text: str, *, warn: Callable[[str], None]
) -> None:
    """To the addresses of NOTIFY; not of a dry run, nor of a share, whose run tells for it."""
    addresses = settings.notify.get_secret_value()
    if not addresses or settings.dry_run or mode == SHARE:
        return
    from tasks.notifications.client import Notifier  # noqa: PLC0415  (imports apprise)

    try:
        await Notifier(addresses).send(title, text)
    except SyncError as error:
        warn(f"{error} {error.remedy}")


def message_of(summary: SyncSummary) -> tuple[str, str] | None:
    """Title and text: one line, then what failed and what to do; None for nothing to tell."""
    brought, failed = summary.count("processed"), summary.count("failed")
    if not (brought or failed or summary.error):
        return None
    counted = [f"{brought} new {'track' if brought == 1 else 'tracks'}"]
    counted += [f"{failed} failed"] if failed else []
    counted += ["the run stopped"] if summary.error else []
    failures = summary.failures
    lines = [summary.error] if summary.error else []
    lines += [_line(each) for each in failures[:_FAILURES]]
    if len(failures) > _FAILURES:
        lines.append(f"... and {len(failures) - _FAILURES} more; the report has all of them.")
    sentence = ", ".join(counted)
    return f"library-sync: {sentence}", "\n".join([f"{sentence} ({summary.mode}).", *lines])


def _line(result: TrackResult) -> str:
    said = f"{result.error_message or result.error_type or 'failed'} {result.remedy or ''}"
    return f"{result.label}: {said.strip()}"
