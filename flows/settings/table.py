"""The one table of settings: a line each with its name in the code, its type, its variable, its
default and what it is for.

Reading, validation, `--help`, the README and `.env.example` come from these lines. The types are
those of `flows/settings/kinds.py`; they are looked up when settings are read, so that the table
itself is read at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

if TYPE_CHECKING:
    from flows.settings.kinds import (
        Address,
        BitDepth,
        DatabaseId,
        EagleAddress,
        Folder,
        Hosts,
        NeededFolder,
        PlaylistCopies,
        SampleRate,
        Secret,
        ShellCommand,
        Switch,
        Text,
        at_least,
    )

MOST_WORKERS = 64
"""Tracks at a time, and shares of a run: more would only wait for Notion and SoundCloud."""
RETIRED: Mapping[str, str] = {
    "NOTION_API_KEY": "NOTION_TOKEN",
    "NOTION_API_TOKEN": "NOTION_TOKEN",
    "VV_AUTOMATIONS_WS_TOKEN": "NOTION_TOKEN",
    "DATABASE_ID": "TRACKS_DB_ID",
    "MUSIC_TRACKS_DB_ID": "TRACKS_DB_ID",
    "MUSIC_PLAYLISTS_DB_ID": "PLAYLISTS_DB_ID",
    "EAGLE_BASE_URL": "EAGLE_API_BASE",
    "SC_AUTH_HEADER": "SC_AUTH_TOKEN",
    "NOTION_TIMEOUT": "",
    "NOTION_VERSION": "",
    "ARTISTS_DB_ID": "",
    "TEMP_DIR": "",
    "EAGLE_ONLY_OUTPUT": "",
    "EAGLE_APP_PATH": "",
    "EAGLE_AUTO_LAUNCH": "",
    "NOTION_RATE_LIMIT": "NOTION_REQUESTS_PER_MINUTE",
    "SC_DEDUP_DRY_RUN": "DRY_RUN",
}
"""Variables of the earlier script, and what is read instead; "" where the line can go."""


class Variable(NamedTuple):
    """One environment variable: its name, its default as text, and what it is for."""

    name: str
    default: str
    meaning: str


def setting(name: str, default: str, meaning: str) -> Any:
    """The rest of a setting's line; `default` is text as it would stand in `.env`."""
    if not meaning:
        raise TypeError(f"the setting {name} does not say what it is for")
    return field(metadata={"variable": Variable(name, default, meaning)})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one run, checked. Secrets are kept out of the repr."""

    notion_token: Secret = setting("NOTION_TOKEN", "", "Notion integration token (required)")
    tracks_db_id: DatabaseId = setting(
        "TRACKS_DB_ID", "", "Music Tracks database: id or URL (required)"
    )
    playlists_db_id: DatabaseId = setting(
        "PLAYLISTS_DB_ID", "", "Playlists database: id or URL (optional)"
    )
    notion_base_url: Address = setting(
        "NOTION_BASE_URL", "https://api.notion.com", "Where Notion's API answers"
    )
    notion_requests_per_minute: Annotated[int, at_least(1)] = setting(
        "NOTION_REQUESTS_PER_MINUTE", "180", "Notion's budget for this integration"
    )
    eagle_api_base: EagleAddress = setting(
        "EAGLE_API_BASE", "http://localhost:41595", "Eagle's API; `off` to work without Eagle"
    )
    eagle_token: Secret = setting(
        "EAGLE_TOKEN", "", "Eagle's API token, when Eagle is on another machine"
    )
    eagle_library_path: Folder = setting(
        "EAGLE_LIBRARY_PATH", "", "The one library to import into; another is refused"
    )
    eagle_path_map: Text = setting(
        "EAGLE_PATH_MAP", "", "`here=there,...`: how Eagle's machine sees our paths"
    )
    out_dir: NeededFolder = setting(
        "OUT_DIR", "~/Music/library-sync", "Staging area; holds the files when Eagle is off"
    )
    playlist_tracks_dir: Folder = setting(
        "PLAYLIST_TRACKS_DIR", "", "Where the playlist copies go; empty for none"
    )
    playlist_copies: PlaylistCopies = setting(
        "PLAYLIST_COPIES", "first", "`first` or `all`: which of a row's playlists get a copy"
    )
    playlist_copies_prune: Switch = setting(
        "PLAYLIST_COPIES_PRUNE",
        "0",
        "`1`: `sync --filter all` takes copies and Eagle's items out of playlists a row left",
    )
    lock_enabled: Switch = setting("PROCESS_LOCK_ENABLED", "1", "Enable/disable locking (`1`/`0`)")
    lock_timeout_minutes: Annotated[int, at_least(5)] = setting(
        "PROCESS_LOCK_TIMEOUT_MINUTES", "30", "Lock expiration time in minutes (5 at least)"
    )
    max_concurrency: Annotated[int, at_least(1, MOST_WORKERS)] = setting(
        "SC_MAX_CONCURRENCY", "4", "Default number of parallel workers, 64 at most"
    )
    parallel_batch: Switch = setting(
        "SC_ENABLE_PARALLEL_BATCH", "1", "Enable parallel processing in batch mode"
    )
    sc_auth_token: Secret = setting(
        "SC_AUTH_TOKEN", "", "SoundCloud OAuth token; sent to SoundCloud's hosts only"
    )
    sc_proxy: Text = setting("SC_PROXY", "", "Proxy for downloads, e.g. `http://127.0.0.1:8080`")
    sc_tls_verify: Switch = setting(
        "SC_TLS_VERIFY", "1", "`0`: accept the proxy's own certificates"
    )
    update_ytdlp: Switch = setting(
        "UPDATE_YT_DLP", "0", "`1`: `serve` installs the newest yt-dlp before each nightly run"
    )
    allowed_source_hosts: Hosts = setting(
        "ALLOWED_SOURCE_HOSTS", "", "More hosts than SoundCloud's: `host` or `host:port`, commas"
    )
    sample_rate: SampleRate = setting("AUDIO_SAMPLE_RATE", "source", "`source` or a rate in Hz")
    bit_depth: BitDepth = setting("AUDIO_BIT_DEPTH", "16", "16 or 24")
    dedupe_archive: Switch = setting(
        "DEDUPE_ARCHIVE", "0", "`1`: move redirected duplicate rows to Notion's trash"
    )
    dry_run: Switch = setting("DRY_RUN", "0", "`1`: say what would be done, change nothing")
    hook_after_track: ShellCommand = setting(
        "HOOK_AFTER_TRACK", "", "Shell command run after each processed or failed track"
    )
    hook_after_run: ShellCommand = setting("HOOK_AFTER_RUN", "", "Shell command run after each run")
    notify: Secret = setting(
        "NOTIFY", "", "Where a run's result is sent: apprise addresses, with commas"
    )
    state_dir: NeededFolder = setting(
        "LIBRARY_SYNC_STATE", "~/.library-sync", "State of this machine: held locks, caches"
    )
    keep_runs: Annotated[int, at_least(1)] = setting(
        "KEEP_RUNS", "50", "How many runs' reports are kept in LIBRARY_SYNC_STATE/runs"
    )

    @property
    def eagle_enabled(self) -> bool:
        """False when `EAGLE_API_BASE` is empty or `off`."""
        return bool(self.eagle_api_base)

    @property
    def copy_all_playlists(self) -> bool:
        """True if each of a row's playlists gets a copy."""
        return self.playlist_copies == "all"


def _variables() -> tuple[Variable, ...]:
    """Every line's variable. Raises TypeError for a line without one, and for one that is there
    twice.
    """
    found: dict[str, Variable] = {}
    for one in fields(Settings):
        if "variable" not in one.metadata:
            raise TypeError(f"{one.name} is no setting(...)")
        variable = one.metadata["variable"]
        if variable.name in found:
            raise TypeError(f"two settings are called {variable.name}")
        found[variable.name] = variable
    return tuple(found.values())


VARIABLES = _variables()
