"""One run's connections and state: Notion, Eagle, SoundCloud, the lock, the staging folder.

Opened once per run, after everything that can be wrong with a configuration was looked at.
The session is a plain object and no flow parameter: Prefect would walk through all it holds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from flows.prefect_server.blocks import settings_with_blocks
from flows.prefect_server.limits import SharedLimits, open_limits
from flows.progress.terminal import ProgressLine
from flows.progress.transfers import Transfers
from flows.session.preflight import open_eagle, open_schema, writable_folder
from flows.settings import Settings
from tasks.attempts import Attempts
from tasks.audio.acoustic import AcousticStore
from tasks.audio.stage import find_fpcalc
from tasks.audio.sweeping import sweep_partial_files, sweep_staging
from tasks.eagle.client import EagleClient
from tasks.eagle.index import EagleIndex
from tasks.eagle.library import EagleLibrary, Patience
from tasks.eagle.paths import PathMap
from tasks.errors import SyncError, WriteNotVerified
from tasks.locks.clock import SystemClock
from tasks.locks.ports import Owner, this_host
from tasks.locks.registry import TokenFile
from tasks.locks.timing import LockTiming
from tasks.locks.track_locks import TrackLocks
from tasks.locks.written import shows
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.lock_store import NotionLockStore
from tasks.notion.playlists import PlaylistNames
from tasks.notion.schema import Field, Schema
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient
from tasks.soundcloud.stage import AudioOptions
from tasks.tracks import Track, TrackFilter, TrackResult

__all__ = [
    "Session",
    "SessionOptions",
    "connect",
    "current_session",
    "open_session",
    "run_settings",
    "session_options",
]

_log = logging.getLogger("flows.session")

_STAGING = ".library-sync-staging"
_CLAIM_SECONDS = 4.0
_CLAIMS_A_WORKER = 4


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """What the starter of a run hands down beside the settings; a worker hands down nothing.

    `opening` is a session that the starter opens, and closes after the run (flows.session.ahead).
    """

    settings: Settings | None = None
    timing: LockTiming | None = None
    patience: Patience | None = None
    progress_line: ProgressLine | None = None
    only_pages: frozenset[str] | None = None
    opening: asyncio.Future[Session] | None = None


session_options: ContextVar[SessionOptions] = ContextVar("session_options")
_current: ContextVar[Session | None] = ContextVar("current_session", default=None)


class Session:
    """Everything a track's subflow needs, and what the run has found out so far."""

    def __init__(
        self,
        settings: Settings,
        notion: NotionClient,
        schema: Schema,
        locks: TrackLocks,
        eagle: EagleLibrary | None,
        source: SoundCloudClient,
        staging: Path,
    ) -> None:
        self.settings = settings
        self.notion = notion
        self.schema = schema
        self.locks = locks
        self.eagle = eagle
        self.source = source
        self.staging = staging
        self.registry = settings.state_dir / "locks"
        self.run_folder = (
            settings.state_dir / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{_run_id()}"
        )
        self.audio = AudioOptions(sample_rate=settings.sample_rate, bit_depth=settings.bit_depth)
        self.playlists = PlaylistNames(notion, schema)
        self.progress_line: ProgressLine | None = None
        self.limits = SharedLimits()
        self.track_filter = TrackFilter.UNPROCESSED
        self.listed = 0
        self.candidates: dict[str, Track] = {}
        self.results: dict[str, TrackResult] = {}
        self.transfers = Transfers()
        self.machines: frozenset[str] = frozenset()
        self.stopped_by: SyncError | None = None
        self.warnings: tuple[str, ...] = ()
        self.kept_apart: list[Track] = []
        self.fetch_gate = asyncio.Semaphore(1)
        self.work_gate = asyncio.Semaphore(1)
        self.retries_failed = False
        self.only_pages: frozenset[str] | None = None
        self.fpcalc = find_fpcalc()
        self.sounds = AcousticStore(settings.state_dir / "acoustic.jsonl")
        self.attempts = Attempts(settings.state_dir / "attempts.jsonl", _circumstances(settings))

    @property
    def index(self) -> EagleIndex | None:
        """Eagle's items, once they are loaded; None without Eagle."""
        return None if self.eagle is None else self.eagle.index

    @property
    def process_id(self) -> str:
        """`PID:HOSTNAME:run`, as the log shows it."""
        owner = self.locks.owner
        return f"{owner.pid}:{owner.host}:{self.run_folder.name[-8:]}"

    @contextmanager
    def fresh_folder(self) -> Iterator[Path]:
        """A new empty folder in the staging area, gone afterwards with all that is in it."""
        folder = Path(tempfile.mkdtemp(dir=self.staging))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def require_shown(
        self, page: Mapping[str, Any], written: Mapping[str, Any], track: Track
    ) -> None:
        """Raise WriteNotVerified unless the page in Notion's answer shows all that was written."""
        if not shows(page, written):
            raise WriteNotVerified(
                f"Notion answered, but the row of {track.label} does not show what was written.",
                remedy="Open the row; the next run repairs it with --filter missing_eagle.",
            )

    def allow(self, workers: int) -> None:
        """Let `workers` tracks be downloaded and converted at a time.

        Half as many more may be in work: while Eagle imports one and Notion takes its result, the
        next is downloaded.
        """
        self.fetch_gate = asyncio.Semaphore(workers)
        self.work_gate = asyncio.Semaphore(workers + workers // 2)

    def claims_ahead(self, workers: int) -> int:
        """Tracks in claiming or claimed beside those in work.

        A claim takes as long as four short tracks, nearly all of it waiting. Not more than can be
        freed at once when the run is stopped with Notion's budget spent.
        """
        if not self.locks.enabled:
            return 0
        settling = min(1.0, (self.locks.timing.settle + 1.0) / _CLAIM_SECONDS)
        can_be_freed = max(workers, self.notion.budget.kept_back - workers)
        return min(round(_CLAIMS_A_WORKER * workers * settling), can_be_freed)

    def stop(self, error: SyncError) -> None:
        """Begin no further track: what happened would happen to each of them."""
        if self.stopped_by is None:
            self.stopped_by = error

    def warn(self, sentence: str) -> None:
        """Say something once: in the log now, and again in the summary."""
        if sentence not in self.warnings:
            self.warnings += (sentence,)
            _log.warning("%s", sentence)


@asynccontextmanager
async def current_session() -> AsyncIterator[Session]:
    """The session of the run around us, or one of its own for a flow started alone."""
    session = _current.get()
    if session is not None:
        yield session
        return
    async with open_session() as session:
        if session.eagle is not None:
            await session.eagle.load()
        yield session


async def run_settings() -> Settings:
    """The settings handed down by the starter of this run, or the environment's and the blocks'."""
    return session_options.get(SessionOptions()).settings or await settings_with_blocks()


@asynccontextmanager
async def open_session(*, dry_run: bool = False, with_eagle: bool = True) -> AsyncIterator[Session]:
    """Connect to everything. Raises ConfigurationError for what cannot work, nothing changed."""
    options = session_options.get(SessionOptions())
    settings = await run_settings()
    settings = replace(settings, dry_run=settings.dry_run or dry_run)
    if not with_eagle:
        settings = replace(settings, eagle_api_base="")
    async with AsyncExitStack() as stack:
        if options.opening is not None and with_eagle:
            session = await asyncio.shield(options.opening)
        else:
            session = await connect(settings, options, stack)
        token = _current.set(session)
        try:
            yield session
        finally:
            _current.reset(token)


async def connect(settings: Settings, options: SessionOptions, stack: AsyncExitStack) -> Session:
    """A session whose connections close with `stack`. Raises ConfigurationError."""
    limits = await open_limits()
    budget = RequestBudget(settings.notion_requests_per_minute, shared=limits.notion)
    notion = await stack.enter_async_context(
        NotionClient(settings.notion_token, base_url=settings.notion_base_url, budget=budget)
    )
    schema = await open_schema(notion, settings)
    eagle = await _open_eagle(settings, options.patience, stack)
    staging = await asyncio.to_thread(_open_staging, settings, stack)
    timing = options.timing or LockTiming(timeout=settings.lock_timeout_minutes * 60)
    tokens = stack.enter_context(
        TokenFile(settings.state_dir / "locks", host=this_host(), pid=os.getpid())
    )
    store = NotionLockStore(notion, schema)
    locks = TrackLocks(
        store,
        SystemClock(notion.time),
        timing,
        Owner.this_process(tokens),
        write_unlocked=store.write_values,
        enabled=settings.lock_enabled and Field.LOCK in schema,
    )
    source = SoundCloudClient(
        proxy=settings.sc_proxy or None,
        tls_verify=settings.sc_tls_verify,
        auth_token=settings.sc_auth_token or None,
        cache_dir=settings.state_dir / "yt-dlp",
        allowed_hosts=settings.allowed_source_hosts,
        budget=SourceBudget(),
    )
    session = Session(settings, notion, schema, locks, eagle, source, staging)
    session.progress_line = options.progress_line
    session.only_pages = options.only_pages
    session.limits = limits
    _warn_of_gaps(session)
    return session


async def _open_eagle(
    settings: Settings, patience: Patience | None, stack: AsyncExitStack
) -> EagleLibrary | None:
    if not settings.eagle_enabled:
        return None
    http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
    client = EagleClient(
        http,
        settings.eagle_api_base,
        settings.eagle_token,
        path_map=PathMap.parse(settings.eagle_path_map),
    )
    return await open_eagle(client, settings, patience)


def _open_staging(settings: Settings, stack: AsyncExitStack) -> Path:
    """A fresh folder of this run's, deleted with it; what killed runs left goes after a day."""
    folders = [writable_folder("OUT_DIR", settings.out_dir)]
    if settings.playlist_tracks_dir is not None:
        folders.append(writable_folder("PLAYLIST_TRACKS_DIR", settings.playlist_tracks_dir))
    root = settings.out_dir / _STAGING
    root.mkdir(exist_ok=True)
    if not settings.dry_run:
        sweep_staging(root)
        for each in folders:
            sweep_partial_files(each)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _circumstances(settings: Settings) -> str:
    """What decides, beside the track itself, whether SoundCloud offers it to us."""
    return f"{settings.sc_proxy}|{settings.sc_auth_token}"


def _run_id() -> str:
    return uuid4().hex[:8]


def _warn_of_gaps(session: Session) -> None:
    if session.fpcalc is None:
        _log.debug("fpcalc is not installed: recordings are not compared by their sound")
    if Field.LOCK not in session.schema:
        session.warn("Processing Lock property not found in database - locking disabled")
    elif not session.settings.lock_enabled:
        session.warn("PROCESS_LOCK_ENABLED=0 - locking disabled")
    optional = (Field.WAV_PATH, Field.AIFF_PATH, Field.EAGLE_ID, Field.STATUS)
    missing = [field.value for field in optional if field not in session.schema.found]
    if missing:
        session.warn(f"The database has no property for {', '.join(missing)}: not written.")
    for sentence in session.schema.gaps():
        session.warn(sentence)
