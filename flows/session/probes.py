"""How a run asks a service whether it is there: one cheap question each."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flows.session.connections import Connections
from flows.session.pauses import Probe
from flows.session.preflight import open_eagle
from flows.settings import Settings
from tasks.disk.refusals import file_error
from tasks.disk.volumes import free_bytes
from tasks.eagle.library import EagleLibrary
from tasks.errors import DiskUnavailable, Service, SyncError
from tasks.notion.client import NotionClient

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient

_ROOM = 64_000_000
_SHARE_OF_DISK = 0.1


def notion_at_start(settings: Settings, notion: NotionClient) -> Mapping[Service, Probe]:
    """Of Notion alone, as long as no database is known."""
    return {Service.NOTION: lambda _: notion.database(settings.tracks_db_id)}


def eagle_at_start(settings: Settings, eagle: EagleClient) -> Mapping[Service, Probe]:
    """Of Eagle alone, as long as no library is known."""
    return {Service.EAGLE: lambda _: open_eagle(eagle, settings)}


def probes_of(connections: Connections) -> Mapping[Service, Probe]:
    """A question for each service this run works with."""
    probes: dict[Service, Probe] = {
        Service.NOTION: lambda _: connections.notion.data_source(connections.schema.data_source_id),
        Service.SOURCE: lambda _: connections.source.reach(),
        Service.DISK: lambda error: asyncio.to_thread(_ask_disk, error, connections.staging),
    }
    if connections.eagle is not None:
        probes[Service.EAGLE] = _eagle(connections.eagle)
    return probes


def _eagle(eagle: EagleLibrary) -> Probe:
    async def ask(_: SyncError) -> None:
        await eagle.client.library()

    return ask


def _ask_disk(error: SyncError, staging: Path) -> None:
    """Is there room for a short track, or a tenth of a small disk, and may it be written?"""
    folder = error.folder if isinstance(error, DiskUnavailable) and error.folder else staging
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    room = min(_ROOM, _SHARE_OF_DISK * shutil.disk_usage(folder).total)
    if free_bytes(folder) < room:
        raise DiskUnavailable(
            f"The disk of {folder} has less than {room / 1e6:.0f} MB left.",
            remedy="Free some space on that disk, then run again.",
            folder=folder,
        )
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".library-sync-probe"):
            pass
    except OSError as refused:
        raise file_error(refused, folder / "file") from refused
