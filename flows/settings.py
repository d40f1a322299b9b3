"""Every setting, read once from the environment and an `.env` file beside it.

The environment wins over `.env`. `VARIABLES` is the one table of them all: `--help`, the README
and `.env.example` are made from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tasks.errors import ConfigurationError
from tasks.notion.links import id_in

__all__ = [
    "VARIABLES",
    "Settings",
    "Variable",
    "given_variables",
    "load_settings",
    "load_what_works",
]


class Variable(NamedTuple):
    """One environment variable: its name, its default as text, and what it is for."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("NOTION_TOKEN", "", "Notion integration token (required)"),
    Variable("TRACKS_DB_ID", "", "Music Tracks database: id or URL (required)"),
    Variable("PLAYLISTS_DB_ID", "", "Playlists database: id or URL (optional)"),
    Variable("NOTION_BASE_URL", "https://api.notion.com", "Where Notion's API answers"),
    Variable("NOTION_REQUESTS_PER_MINUTE", "180", "Notion's budget for this integration"),
    Variable(
        "EAGLE_API_BASE", "http://localhost:41595", "Eagle's API; `off` to work without Eagle"
    ),
    Variable("EAGLE_TOKEN", "", "Eagle's API token, when Eagle is on another machine"),
    Variable("EAGLE_LIBRARY_PATH", "", "The one library to import into; another is refused"),
    Variable("EAGLE_PATH_MAP", "", "`here=there,...`: how Eagle's machine sees our paths"),
    Variable("OUT_DIR", "~/Music/library-sync", "Staging area; holds the files when Eagle is off"),
    Variable("PLAYLIST_TRACKS_DIR", "", "Where the playlist copies go; empty for none"),
    Variable("PLAYLIST_COPIES", "first", "`first` or `all`: which of a row's playlists get a copy"),
    Variable("PROCESS_LOCK_ENABLED", "1", "Enable/disable locking (`1`/`0`)"),
    Variable("PROCESS_LOCK_TIMEOUT_MINUTES", "30", "Lock expiration time in minutes (5 at least)"),
    Variable("SC_MAX_CONCURRENCY", "4", "Default number of parallel workers"),
    Variable("SC_ENABLE_PARALLEL_BATCH", "1", "Enable parallel processing in batch mode"),
    Variable("SC_AUTH_TOKEN", "", "SoundCloud OAuth token; sent to SoundCloud's hosts only"),
    Variable("SC_PROXY", "", "Proxy for downloads, e.g. `http://127.0.0.1:8080`"),
    Variable("SC_TLS_VERIFY", "1", "`0`: accept the proxy's own certificates"),
    Variable(
        "ALLOWED_SOURCE_HOSTS", "", "Hosts beside SoundCloud's: `host` or `host:port`, commas"
    ),
    Variable("AUDIO_SAMPLE_RATE", "source", "`source` or a rate in Hz"),
    Variable("AUDIO_BIT_DEPTH", "16", "16 or 24"),
    Variable("DEDUPE_ARCHIVE", "0", "`1`: move redirected duplicate rows to Notion's trash"),
    Variable("DRY_RUN", "0", "`1`: say what would be done, change nothing"),
    Variable("HOOK_AFTER_TRACK", "", "Shell command run after each processed or failed track"),
    Variable(
        "HOOK_AFTER_RUN",
        "",
        "Shell command run after each run",
    ),
    Variable("LIBRARY_SYNC_STATE", "~/.library-sync", "State of this machine: held locks, caches"),
    Variable("KEEP_RUNS", "50", "How many runs' reports are kept in LIBRARY_SYNC_STATE/runs"),
)

_DEFAULTS = {variable.name: variable.default for variable in VARIABLES}
# A hook's `${LIBRARY_SYNC_TITLE}` is for its shell, and a token may hold any character.
_VERBATIM = {"HOOK_AFTER_TRACK", "HOOK_AFTER_RUN", "NOTION_TOKEN", "SC_AUTH_TOKEN", "EAGLE_TOKEN"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one run, checked. Secrets are kept out of the repr."""

    notion_token: str = field(repr=False)
    tracks_db_id: str
    playlists_db_id: str
    notion_base_url: str
    notion_requests_per_minute: int
    eagle_api_base: str
    eagle_token: str = field(repr=False)
    eagle_library_path: Path | None
    eagle_path_map: str
    out_dir: Path
    playlist_tracks_dir: Path | None
    copy_all_playlists: bool
    lock_enabled: bool
    lock_timeout_minutes: float
    max_concurrency: int
    parallel_batch: bool
    sc_auth_token: str = field(repr=False)
    sc_proxy: str = field(repr=False)
    sc_tls_verify: bool
    allowed_source_hosts: frozenset[str]
    sample_rate: int | None
    bit_depth: int
    dedupe_archive: bool
    dry_run: bool
    hook_after_track: str
    hook_after_run: str
    state_dir: Path
    keep_runs: int

    @property
    def eagle_enabled(self) -> bool:
        """False when `EAGLE_API_BASE` is empty or `off`."""
        return bool(self.eagle_api_base)


def load_settings(
    environment: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = Path(".env"),
    fallback: Mapping[str, str] | None = None,
) -> Settings:
    """The settings from `environment` (default: the process's) over those of `env_file`.

    `fallback` stands for what both leave out. Raises ConfigurationError naming the variable that
    cannot work.
    """
    text = dict(_texts(environment, env_file))
    given = given_variables(environment, env_file=env_file)
    text |= {name: value for name, value in (fallback or {}).items() if not given.get(name)}
    return _build(text)


def load_what_works(
    environment: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")
) -> tuple[Settings, dict[str, ConfigurationError]]:
    """The settings with the default for each variable that cannot work, and what is wrong with it.

    For `doctor` and `setup`, which must not fail on what they are asked to look at.
    """
    text = dict(_texts(environment, env_file))
    wrong: dict[str, ConfigurationError] = {}
    for name, default in _DEFAULTS.items():
        try:
            _build(_DEFAULTS | {name: text[name]})
        except ConfigurationError as error:
            wrong[name] = error
            text[name] = default
    return _build(text), wrong


def _texts(environment: Mapping[str, str] | None, env_file: Path | None) -> Mapping[str, str]:
    """Every variable's text: the environment's, else the file's, else the default."""
    given = given_variables(environment, env_file=env_file)
    return {name: given.get(name, default).strip() for name, default in _DEFAULTS.items()}


def given_variables(
    environment: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")
) -> dict[str, str]:
    """What `environment` (default: the process's) and, under it, `env_file` say, unchecked."""
    given = dict(_file_values(env_file))
    return given | dict(os.environ if environment is None else environment)


def _file_values(env_file: Path | None) -> Mapping[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415  (start-up: only where there is a file)

    found = dotenv_values(env_file)
    as_written = dotenv_values(env_file, interpolate=False)
    found |= {name: value for name, value in as_written.items() if name in _VERBATIM}
    return {name: value for name, value in found.items() if value is not None}


def _build(text: Mapping[str, str]) -> Settings:
    return Settings(
        notion_token=text["NOTION_TOKEN"],
        tracks_db_id=_database_id("TRACKS_DB_ID", text["TRACKS_DB_ID"]),
        playlists_db_id=_database_id("PLAYLISTS_DB_ID", text["PLAYLISTS_DB_ID"]),
        notion_base_url=text["NOTION_BASE_URL"].rstrip("/"),
        notion_requests_per_minute=_number(text, "NOTION_REQUESTS_PER_MINUTE", least=1),
        eagle_api_base=_eagle_base(text["EAGLE_API_BASE"]),
        eagle_token=text["EAGLE_TOKEN"],
        eagle_library_path=_folder(text["EAGLE_LIBRARY_PATH"]),
        eagle_path_map=text["EAGLE_PATH_MAP"],
        out_dir=_folder(text["OUT_DIR"] or _DEFAULTS["OUT_DIR"]) or Path.cwd(),
        playlist_tracks_dir=_folder(text["PLAYLIST_TRACKS_DIR"]),
        copy_all_playlists=_choice(text, "PLAYLIST_COPIES", ("first", "all")) == "all",
        lock_enabled=_flag(text, "PROCESS_LOCK_ENABLED"),
        lock_timeout_minutes=_number(text, "PROCESS_LOCK_TIMEOUT_MINUTES", least=5),
        max_concurrency=_number(text, "SC_MAX_CONCURRENCY", least=1),
        parallel_batch=_flag(text, "SC_ENABLE_PARALLEL_BATCH"),
        sc_auth_token=text["SC_AUTH_TOKEN"],
        sc_proxy=text["SC_PROXY"],
        sc_tls_verify=_flag(text, "SC_TLS_VERIFY"),
        allowed_source_hosts=frozenset(_list(text["ALLOWED_SOURCE_HOSTS"])),
        sample_rate=_sample_rate(text),
        bit_depth=int(_choice(text, "AUDIO_BIT_DEPTH", ("16", "24"))),
        dedupe_archive=_flag(text, "DEDUPE_ARCHIVE"),
        dry_run=_flag(text, "DRY_RUN"),
        hook_after_track=text["HOOK_AFTER_TRACK"],
        hook_after_run=text["HOOK_AFTER_RUN"],
        state_dir=_folder(text["LIBRARY_SYNC_STATE"]) or Path.home() / ".library-sync",
        keep_runs=_number(text, "KEEP_RUNS", least=1),
    )


def _database_id(name: str, text: str) -> str:
    """The dashed id in an id or a Notion link; empty stays empty."""
    if not text:
        return ""
    found = id_in(text)
    if not found:
        raise ConfigurationError(
            f"{name} is no Notion database id: {text!r}",
            remedy=f"Open the database in Notion, copy its link, and set {name} to it.",
        )
    return found


def _eagle_base(text: str) -> str:
    return "" if text.lower() in {"", "off", "0", "none"} else text.rstrip("/")


def _folder(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _list(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def _flag(text: Mapping[str, str], name: str) -> bool:
    value = text[name].lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ConfigurationError(f"{name} must be 1 or 0, not {value!r}", remedy=f"Set {name}=1 or 0.")


def _choice(text: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = text[name].lower() or _DEFAULTS[name]
    if value not in allowed:
        choices = " or ".join(allowed)
        raise ConfigurationError(
            f"{name} must be {choices}, not {value!r}", remedy=f"Set {name} to {choices}."
        )
    return value


def _number(text: Mapping[str, str], name: str, *, least: int) -> int:
    value = text[name] or _DEFAULTS[name]
    if not value.isdecimal() or int(value) < least:
        raise ConfigurationError(
            f"{name} must be a whole number of at least {least}, not {value!r}",
            remedy=f"Set {name} to {_DEFAULTS[name]}, its default.",
        )
    return int(value)


def _sample_rate(text: Mapping[str, str]) -> int | None:
    if text["AUDIO_SAMPLE_RATE"].lower() in {"", "source"}:
        return None
    return _number(text, "AUDIO_SAMPLE_RATE", least=8000)
