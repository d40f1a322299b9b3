"""What must be right before a run may begin; each thing that is not gets one clear sentence."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.settings import Settings, places
from tasks.disk.private import close_to_others
from tasks.disk.volumes import require_mounted
from tasks.eagle.addresses import address_keys
from tasks.eagle.imports import Patience
from tasks.eagle.library import EagleLibrary
from tasks.errors import (
    ConfigurationError,
    EagleUnavailable,
    FileError,
    NotionNotFound,
    NotionRefused,
    NotionUnauthorized,
    SyncError,
    is_retryable,
)
from tasks.notion.client import NotionClient
from tasks.notion.schema import Schema
from tasks.notion.source import recall_source, remember_source, tracks_source
from tasks.retrying import PATIENT, RetryPolicy, retrying

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient

_SET_UP = "Run `library-sync setup`: it asks for it and keeps it where every folder finds it."


def missing_credentials(settings: Settings) -> dict[str, ConfigurationError]:
    """What to say of the token and the database's id, by variable, where one is missing."""
    needed = {"NOTION_TOKEN": settings.notion_token, "TRACKS_DB_ID": settings.tracks_db_id}
    return {
        name: ConfigurationError(f"{name} is not set: looked in {places()}.", remedy=_SET_UP)
        for name, value in needed.items()
        if not value
    }


def require_credentials(settings: Settings) -> None:
    """Raises ConfigurationError while one of them is missing; asks nobody."""
    for missing in missing_credentials(settings).values():
        raise missing


def no_database(settings: Settings) -> ConfigurationError:
    """What to say where Notion does not show the tracks database."""
    return ConfigurationError(
        f"Notion finds no database {settings.tracks_db_id} (TRACKS_DB_ID).",
        remedy="Check TRACKS_DB_ID, and share the database with the integration: in Notion open "
        "it, then ··· > Connections.",
    )


_ONCE = RetryPolicy(attempts=1)
_START_EAGLE = "Start it and open your library, or set EAGLE_API_BASE=off to work without it."


def unless_away(error: SyncError) -> bool:
    """True for what another attempt can help, and no wait for a service's return."""
    return error.retryable and not error.is_away


async def open_schema(
    notion: NotionClient, settings: Settings, repeats: Callable[[SyncError], bool] = is_retryable
) -> Schema:
    """The schema of the tracks database, from two requests; one, if it was read here before.

    What `repeats` says is asked again. Raises ConfigurationError for a missing or refused token, a
    wrong id, a missing property.
    """
    require_credentials(settings)

    async def read() -> Mapping[str, Any]:
        return await _known_source(notion, settings) or await _first_source(notion, settings)

    try:
        return Schema.of(await retrying(read, PATIENT, repeats=repeats))
    except NotionUnauthorized as error:
        raise ConfigurationError("Notion does not accept NOTION_TOKEN.") from error
    except (NotionNotFound, NotionRefused) as error:
        raise no_database(settings) from error


async def _known_source(notion: NotionClient, settings: Settings) -> Mapping[str, Any] | None:
    """The data source of the last run, if it still belongs to the database."""
    source_id = recall_source(settings.state_dir, settings.tracks_db_id)
    if not source_id:
        return None
    try:
        found = await notion.data_source(source_id)
    except (NotionNotFound, NotionRefused):
        return None
    parent = str(found.get("parent", {}).get("database_id", "")).replace("-", "")
    wanted = settings.tracks_db_id.replace("-", "")
    is_ours = wanted in {parent, source_id.replace("-", "")} and not found.get("in_trash")
    return found if is_ours else None


async def _first_source(notion: NotionClient, settings: Settings) -> Mapping[str, Any]:
    found = await tracks_source(notion, settings.tracks_db_id, _ONCE)
    remember_source(settings.state_dir, settings.tracks_db_id, str(found["id"]))
    return found


async def open_eagle(
    client: EagleClient, settings: Settings, patience: Patience | None = None
) -> EagleLibrary:
    """The library that is open in Eagle.

    Raises ConfigurationError if another is than should be, EagleUnavailable if none is; that says
    what to do at once, since the run waits for it and somebody may be looking on.
    """
    try:
        return await EagleLibrary.open(
            client,
            expected_path=settings.eagle_library_path,
            key_of=address_keys(settings.allowed_source_hosts),
            state_dir=settings.state_dir / "eagle",
            patience=patience,
        )
    except EagleUnavailable as error:
        raise EagleUnavailable(f"{error} {_START_EAGLE}", remedy="Then run again.") from error


def writable_folder(name: str, folder: Path, room: int = 0) -> Path:
    """`folder`, made if need be. Raises ConfigurationError if `room` bytes cannot be written.

    A disk that is not mounted is never made up for: its files would vanish under the next mount.
    """
    try:
        require_mounted(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".library-sync-probe") as probe:
            probe.write(bytes(room))
            probe.flush()
    except FileError as error:
        raise ConfigurationError(f"{name}: {error}", remedy=error.remedy) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigurationError(
            f"{name}: {folder} cannot be written ({reason}).",
            remedy=f"Mount the disk, or set {name} to a folder that can be written.",
        ) from error
    return folder


_ROOM_FOR_STATE = 65_536


def open_state(state_dir: Path) -> Path:
    """The folder of this machine's state, closed to other users. Raises ConfigurationError."""
    folder = writable_folder("LIBRARY_SYNC_STATE", state_dir, _ROOM_FOR_STATE)
    close_to_others(folder)
    return folder
