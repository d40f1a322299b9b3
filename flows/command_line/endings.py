"""How a command ends before its time: its words are wrong, or it was asked to stop."""

from __future__ import annotations

import signal

from flows.summary import ReturnCode
from tasks.errors import ConfigurationError, SyncError

NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the terminal being closed"}


class WrongWords(Exception):
    """What is wrong with the command line, in one sentence; exit code 64."""

    def __init__(self, sentence: str, command: str = "") -> None:
        super().__init__(sentence)
        self.command = command


class Stopped(Exception):
    """The run was asked to stop, and has ended. `exit_code` is the shell's, 128 + the signal."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(f"stopped by {NAMES[by.name]}")
        self.exit_code = 128 + by


def exit_code(error: SyncError) -> ReturnCode:
    """Of a command that ends with this error."""
    is_wrong = isinstance(error, ConfigurationError)
    return ReturnCode.WRONG_CONFIGURATION if is_wrong else ReturnCode.FAILED
