"""What a run brought and what failed, told where the user reads it (NOTIFY)."""

from __future__ import annotations

from flows.session.run_state import RunState
from flows.settings import Settings
from flows.summary import SHARE, SyncSummary
from tasks.errors import SyncError
from tasks.tracks import TrackResult

_FAILURES = 20


async def notify(settings: Settings, state: RunState, summary: SyncSummary) -> None:
    """Tell it, if anything was brought or failed; not of a dry run, nor of a share, whose run does.

    An address that is not reached is a warning of the run.
    """
    addresses = settings.notify.get_secret_value()
    message = message_of(summary)
    if not addresses or message is None or settings.dry_run or summary.mode == SHARE:
        return
    from tasks.notifications.client import Notifier  # noqa: PLC0415  (imports apprise)

    try:
        await Notifier(addresses).send(*message)
    except SyncError as error:
        state.warn(f"{error} {error.remedy}")


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
