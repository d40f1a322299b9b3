"""A run that was asked to stop, and by what."""

from __future__ import annotations

import signal

NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the terminal being closed"}


class Stopped(Exception):
    """The run was asked to stop, and has ended. `exit_code` is the shell's, 128 + the signal."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(f"stopped by {NAMES[by.name]}")
        self.exit_code = 128 + by
