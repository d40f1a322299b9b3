"""A run is opened: the connections, once everything that can be wrong with them was looked at."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_server.environment import is_embedded
from flows.prefect_server.shared_limits import SharedLimits
from flows.progress.terminal import Display
from flows.session.clients import eagle_client, notion_client, open_locks, source_client
from flows.session.connections import Connections
from flows.session.gates import Gates
from flows.session.head_start import HeadStart
from flows.session.pauses import PATIENCE_SECONDS, Pauses
from flows.session.preflight import (
    open_eagle,
    open_schema,
    open_state,
    unless_away,
    writable_folder,
)
from flows.session.probes import eagle_at_start, notion_at_start, probes_of
from flows.session.run_state import RunState, new_run_folder
from flows.settings import Settings
from tasks.attempts import Attempts
from tasks.audio.acoustic import AcousticStore
from tasks.audio.decoder_pool import DecoderPool
from tasks.audio.fingerprint import find_fpcalc
from tasks.audio.sweeping import sweep_partial_files, sweep_staging
from tasks.dedupe.journal import Decisions
from tasks.eagle.imports import Patience
from tasks.locks.timing import LockTiming
from tasks.notion.playlists import PlaylistNames
from tasks.notion.properties import Field
from tasks.notion.row_query import RowQuery
from tasks.soundcloud.told_tracks import ToldTracks

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient
    from tasks.soundcloud.client import SoundCloudClient

_log = logging.getLogger("flows.session")

_STAGING = ".library-sync-staging"


@dataclass(frozen=True)
class Run:
    """A run that is open. Who needs one of the four takes that one."""

    connections: Connections
    state: RunState
    pauses: Pauses
    gates: Gates = field(default_factory=lambda: Gates.of(1, 0))


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """What the starter of a run hands down beside the settings; a worker hands down nothing.

    `opening` are connections that the starter opens, and closes after the run (`opened_ahead`);
    `head_start` is what it has begun with them.
    """

    settings: Settings | None = None
    timing: LockTiming | None = None
    patience: Patience | None = None
    display: Display | None = None
    only_pages: frozenset[str] | None = None
    pause_seconds: float = PATIENCE_SECONDS
    opening: asyncio.Future[Connections] | None = None
    head_start: HeadStart = field(default_factory=HeadStart)


session_options: ContextVar[SessionOptions] = ContextVar("session_options")


async def run_settings() -> Settings:
    """The settings handed down by the starter of this run, or the environment's and the blocks'."""
    settings = session_options.get(SessionOptions()).settings
    if settings is not None:
        return settings
    from flows.prefect_server.blocks import settings_with_blocks  # noqa: PLC0415  (in a worker)

    return await settings_with_blocks()


@asynccontextmanager
async def open_session(*, dry_run: bool = False, with_eagle: bool = True) -> AsyncIterator[Run]:
    """Connect to everything, and wait for what is away (`pauses`).

    Raises ConfigurationError for what cannot work, ServiceAway; nothing changed.
    """
    options = session_options.get(SessionOptions())
    settings = await _settings(dry_run=dry_run)
    if not with_eagle:
        settings = replace(settings, eagle_api_base="")
    async with AsyncExitStack() as stack:
        if options.opening is not None and with_eagle:
            connections = await asyncio.shield(options.opening)
        else:
            connections = await _connect(settings, options, stack)
        state = RunState(
            folder=new_run_folder(settings.state_dir),
            only_pages=options.only_pages,
            display=options.display,
            head_start=options.head_start,
        )
        _warn_of_gaps(connections, state)
        pauses = Pauses(probes_of(connections), patience=options.pause_seconds)
        yield Run(connections, state, await stack.enter_async_context(pauses))


@asynccontextmanager
async def opened_ahead(
    *, dry_run: bool, first: RowQuery | None = None
) -> AsyncIterator[asyncio.Future[Connections]]:
    """Begin at once to open the connections that a flow started in this block will take.

    Prefect cannot begin a flow before its server answers, three seconds after Enter; Notion and
    Eagle are asked meanwhile for what every run needs, and Notion for the rows that the flow is
    expected to ask `first`. What cannot be opened is raised in that flow, where it ends a run in
    order. The connections close with the block.
    """
    options = session_options.get(SessionOptions())
    settings = await _settings(dry_run=dry_run)
    async with AsyncExitStack() as stack:
        opening = asyncio.ensure_future(_connect(settings, options, stack, first))
        token = session_options.set(replace(options, opening=opening))
        try:
            yield opening
        finally:
            session_options.reset(token)
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)


async def _settings(*, dry_run: bool) -> Settings:
    settings = await run_settings()
    return replace(settings, dry_run=settings.dry_run or dry_run)


async def _connect(
    settings: Settings,
    options: SessionOptions,
    stack: AsyncExitStack,
    first: RowQuery | None = None,
) -> Connections:
    """Connections that close with `stack`, once Notion and Eagle are there.

    Raises ConfigurationError, ServiceAway.
    """
    await asyncio.to_thread(open_state, settings.state_dir)
    limits = await _limits()
    notion = await stack.enter_async_context(notion_client(settings, limits.notion))
    if first is not None:
        notion.ask_early(first)
    probes, patience = notion_at_start(settings, notion), options.pause_seconds
    async with Pauses(probes, patience=patience) as pauses:
        schema, (source, client) = await asyncio.gather(
            pauses.through(lambda: open_schema(notion, settings, unless_away)),
            asyncio.to_thread(_clients, settings),
        )
    staging = await asyncio.to_thread(_open_staging, settings, stack)
    eagle = None
    if client is not None:
        await stack.enter_async_context(client)
        async with Pauses(eagle_at_start(settings, client), patience=patience) as pauses:
            eagle = await pauses.through(lambda: open_eagle(client, settings, options.patience))
    return Connections(
        settings=settings,
        notion=notion,
        schema=schema,
        locks=stack.enter_context(open_locks(settings, notion, schema, options.timing)),
        eagle=eagle,
        source=source,
        decoders=stack.enter_context(DecoderPool()),
        limits=limits,
        playlists=PlaylistNames(notion, schema),
        sounds=AcousticStore(settings.state_dir / "acoustic.jsonl"),
        attempts=Attempts(settings.state_dir / "attempts.jsonl", _circumstances(settings)),
        decisions=Decisions(settings.state_dir),
        told_tracks=ToldTracks(settings.state_dir / "tracks.jsonl"),
        staging=staging,
        fpcalc=find_fpcalc(),
    )


async def _limits() -> SharedLimits:
    """A server that the run started for itself has none, so Prefect is not needed yet."""
    if is_embedded():
        return SharedLimits()
    from flows.prefect_server.limits import open_limits  # noqa: PLC0415

    return await open_limits()


def _clients(settings: Settings) -> tuple[SoundCloudClient, EagleClient | None]:
    """Of SoundCloud and Eagle: the imports they need take as long as Notion's first answer."""
    return source_client(settings), eagle_client(settings) if settings.eagle_enabled else None


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
    """What decides, beside the track itself, whether SoundCloud offers it to us, and whether Eagle
    can import a large file while its row is locked.
    """
    token = settings.sc_auth_token.get_secret_value()
    return f"{settings.sc_proxy}|{token}|{settings.lock_timeout_minutes}"


def _warn_of_gaps(connections: Connections, state: RunState) -> None:
    schema = connections.schema
    if connections.fpcalc is None:
        _log.debug("fpcalc is not installed: recordings are not compared by their sound")
    if Field.LOCK not in schema:
        state.warn("Processing Lock property not found in database - locking disabled")
    elif not connections.settings.lock_enabled:
        state.warn("PROCESS_LOCK_ENABLED=0 - locking disabled")
    optional = (Field.WAV_PATH, Field.AIFF_PATH, Field.EAGLE_ID, Field.STATUS)
    missing = [field.value for field in optional if field not in schema.found]
    if missing:
        state.warn(f"The database has no property for {', '.join(missing)}: not written.")
    for sentence in schema.gaps():
        state.warn(sentence)
