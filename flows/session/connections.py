"""What a run is connected to: Notion, Eagle, SoundCloud, the locks, the files of this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_server.shared_limits import SharedLimits
from flows.settings import Settings
from tasks.attempts import Attempts
from tasks.audio.acoustic import AcousticStore
from tasks.audio.decoder_pool import DecoderPool
from tasks.dedupe.journal import Decisions
from tasks.disk.refusals import file_error
from tasks.eagle.index import EagleIndex, Match
from tasks.eagle.library import EagleLibrary
from tasks.facts import identity_of
from tasks.locks.track_locks import TrackLocks
from tasks.notion.client import NotionClient
from tasks.notion.playlists import PlaylistNames
from tasks.notion.schema import Schema
from tasks.retrying import Through
from tasks.soundcloud.equipment import Equipment
from tasks.soundcloud.told_tracks import ToldTracks
from tasks.tracks import Track

if TYPE_CHECKING:
    from tasks.soundcloud.client import SoundCloudClient


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Opened once a run and never changed in it; a plain object and no flow parameter, since
    Prefect would walk through all it holds.

    `staging` is this run's own folder. `eagle` is None where the user works without Eagle,
    `fpcalc` where Chromaprint is not installed.
    """

    settings: Settings
    notion: NotionClient
    schema: Schema
    locks: TrackLocks
    eagle: EagleLibrary | None
    source: SoundCloudClient
    decoders: DecoderPool
    limits: SharedLimits
    playlists: PlaylistNames
    sounds: AcousticStore
    attempts: Attempts
    decisions: Decisions
    told_tracks: ToldTracks
    staging: Path
    fpcalc: str | None

    @property
    def index(self) -> EagleIndex | None:
        """Eagle's items, once they are loaded; None without Eagle."""
        return None if self.eagle is None else self.eagle.index

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts beside SoundCloud's that rows may name."""
        return self.settings.allowed_source_hosts

    def match(self, row: Track, *, is_id_told: bool = False) -> Match | None:
        """Eagle's items of the row's recording; None without Eagle. `is_id_told` if the row's
        SoundCloud id is the source's answer.
        """
        if self.index is None:
            return None
        identity = identity_of(row, self.hosts)
        return self.index.match(replace(identity, is_id_told=True) if is_id_told else identity)

    @property
    def equipment(self) -> Equipment:
        """What a recording is fetched and converted with."""
        return Equipment(
            source=self.source,
            decoders=self.decoders,
            sample_rate=self.settings.sample_rate,
            bit_depth=self.settings.bit_depth,
            downloads=self.limits.downloads,
            conversions=self.limits.conversions,
        )

    @asynccontextmanager
    async def fresh_folder(self, through: Through) -> AsyncIterator[Path]:
        """A new empty folder in the staging area, gone afterwards with all that is in it.

        `through` waits while the disk refuses it.
        """
        folder = await through(self._new_folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _new_folder(self) -> Path:
        try:
            return Path(tempfile.mkdtemp(dir=self.staging))
        except OSError as error:
            raise file_error(error, self.staging / "a folder") from error
