"""Prefect as this project runs it; import this module before anything of Prefect's.

Its settings are read when it is imported. Whatever the user has set stays: these are defaults.
"""

from __future__ import annotations

import atexit
import gc
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import ConfigurationError

EMBEDDED = "LIBRARY_SYNC_EMBEDDED_SERVER"
"""Set, to the id of the process that started it, where PREFECT_API_URL names our own server."""

FLOWS = (
    "library-sync",
    "batch-sync",
    "sync-share",
    "follow-sources",
    "cleanup-locks",
    "library-status",
)
"""The flows that a person, a schedule or a distributed run starts: all but the tracks' subflow."""

_QUIET = {
    # The terminal shows our own lines; Prefect's go to its server.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}
_DEFAULTS = {
    # The embedded server reports home at start, which offline ends in errors on the terminal.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,tasks",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    # A busy machine answers slowly; a client that gives up early loses the run.
    "PREFECT_API_REQUEST_TIMEOUT": "120",
    # A server's restart: two minutes of asking again, at growing intervals.
    "PREFECT_CLIENT_MAX_RETRIES": "6",
}

LEAN_SERVER = {
    # Events are two thirds of what a track leaves in a database, and only one page shows them.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    # The states of tasks in one transaction for many; Prefect's own default is one for each.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
}
"""For every server that we start: its database stays small, with few writes."""


def prepare_prefect(*, debug: bool = False) -> None:
    """Set the defaults in the environment; to be called before Prefect is imported."""
    for name, value in (_DEFAULTS | _QUIET).items():
        os.environ.setdefault(name, value)
    if debug:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "DEBUG")


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Around Prefect's import: nothing is collected in it, and what it made is never collected.

    The import makes half a million objects that all stay. The collector would look at them in vain,
    then and at each full collection: a tenth of a run's start, and some percent of its work
    (docs/performance.md, "What was tried, and what it gave"). At the process's end it would look at
    all of them once more.

    The import puts back, again and again, which warnings are shown. What yt-dlp sets in another
    thread meanwhile, for certificates that the user does not want verified, would be lost.
    """
    warnings.filterwarnings("ignore", "Unverified HTTPS request")
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def no_telemetry() -> None:
    """Prefect reports nothing home, whichever command imports it; to be called first of all."""
    for name in ("PREFECT_SERVER_ANALYTICS_ENABLED", "DO_NOT_TRACK"):
        os.environ.setdefault(name, _DEFAULTS[name])


def allow_damaged_env() -> None:
    """Let Prefect be imported where `.env` is not all text; to be called before that."""
    try:
        Path(".env").read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        from flows.prefect_server.patches import take_damaged_env_files  # noqa: PLC0415  (rare)

        take_damaged_env_files()
    except OSError:
        return


def prepare_worker(given: Mapping[str, str]) -> None:
    """Set in the environment what a worker's runs need: `given`, the variables of `.env`, too.

    A run has the worker's environment, and a working folder of its own.
    """
    for name, value in (dict(given) | _DEFAULTS).items():
        os.environ.setdefault(name, value)


def require_server(command: str) -> None:
    """Raises ConfigurationError if no Prefect server is named."""
    if not names_a_server():
        raise ConfigurationError(
            f"`{command}` works for a Prefect server, and none is named.",
            remedy="Set PREFECT_API_URL (docs/operating.md). For everything on this machine "
            "without a server: library-sync serve.",
        )


def is_embedded() -> bool:
    """True if PREFECT_API_URL names a server that a run of ours started for itself."""
    return EMBEDDED in os.environ


def prefect_home() -> Path:
    """Prefect's folder on this machine."""
    return Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()


def names_a_server() -> bool:
    """Whether a server is configured, by whatever means Prefect has."""
    return bool(server_address())


def server_address() -> str:
    """The API's address of the Prefect server that every command uses: the environment's, then
    that of Prefect's profile or settings file; empty where each run has a server of its own.

    Importing Prefect's settings takes two seconds, so they are asked only where a file or variable
    may name a server.
    """
    if address := os.environ.get("PREFECT_API_URL"):
        return address
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or prefect_home() / "profiles.toml")
    mentioned = "PREFECT_PROFILE" in os.environ or Path("prefect.toml").exists()
    if not mentioned and not any(
        _mentions(path, word)
        for path, word in (
            (profiles, "api"),
            (Path(".env"), "PREFECT_API"),
            (Path("pyproject.toml"), "tool.prefect"),
        )
    ):
        return ""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    return PREFECT_API_URL.value() or ""


def _mentions(path: Path, word: str) -> bool:
    try:
        return word.lower() in path.read_text("utf-8", errors="replace").lower()
    except OSError:
        return False
