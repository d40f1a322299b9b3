"""Prefect as this project runs it; import this module before anything of Prefect's.

Its settings are read when it is imported. Whatever the user has set stays: these are defaults.
"""

from __future__ import annotations

import os

__all__ = ["prepare_prefect"]

_DEFAULTS = {
    # The embedded server reports home at start, which offline ends in errors on the terminal.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The terminal shows our own lines; Prefect's go to its server.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,tasks",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    # The wheel of a busy machine turns slowly; a client that gives up early loses the run.
    "PREFECT_API_REQUEST_TIMEOUT": "120",
}


def prepare_prefect(*, debug: bool = False) -> None:
    """Set the defaults in the environment; to be called before Prefect is imported."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if debug:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "DEBUG")
