"""`library-sync update`: the newest yt-dlp, tried before it is used."""

from __future__ import annotations

import logging

from flows.command_line.command import Command, Group, Verbosity
from flows.summary import ReturnCode

_log = logging.getLogger("flows.commands")


def update(*, verbosity: Verbosity = Verbosity()) -> int:
    """Install the newest yt-dlp into library-sync's own environment."""
    from flows.service.serving import TRIAL
    from tasks.soundcloud.update import update_ytdlp

    verbosity.attach()
    _log.info("Asking for the newest yt-dlp...")
    outcome = update_ytdlp(TRIAL)
    _log.log(logging.WARNING if outcome.problem else logging.INFO, "%s", outcome.sentence)
    return ReturnCode.FAILED if outcome.problem else ReturnCode.PROCESSED


COMMAND = Command(
    run=update,
    group=Group.MEND,
    examples=(("update", "when SoundCloud has changed, or doctor finds yt-dlp old"),),
)
