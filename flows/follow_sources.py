"""The flow `follow-sources`: new tracks of what is followed become rows, before each sync."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.following.adding import Adding
from flows.following.bringing import Brought, bring_all
from flows.following.memory import ListMemory
from flows.following.sources import Followed, FollowedList, followed
from flows.prefect_server.outage import OUT_OF_REACH
from flows.prefect_server.run_pages import NO_RESULTS, done, named, sent_to_the_run, verdict
from flows.session.opening import Run, open_session
from tasks.errors import SyncError
from tasks.notion.new_rows import JustMade, NewRows
from tasks.shown_text import counted
from tasks.tracks import TrackFilter, TrackResult

_log = logging.getLogger("flows.follow")


@dataclass
class _Turn:
    """The lists of a run, and what came of them; no parameter, which Prefect would copy."""

    run: Run
    lists: list[FollowedList]
    brought: Brought | None = None
    has_begun: bool = False


_current: ContextVar[_Turn | None] = ContextVar("current_following", default=None)


@flow(name="follow-sources", flow_run_name=named("follow-sources"), **NO_RESULTS)
async def follow_sources(
    dry_run: bool = False,  # noqa: FBT001, FBT002  (a form's field)
) -> State[Any]:
    """Put new tracks of the lists that are followed into Notion.

    Args:
        dry_run: Say what would come, and change nothing.
    """
    with verdict() as ending, sent_to_the_run():
        async with _turn(dry_run=dry_run) as turn:
            await _bring(turn)
        ending.state = _state_of(turn)
    return ending.state


def _state_of(turn: _Turn) -> State[Any]:
    if not turn.lists:
        said = "No list is followed; `library-sync follow URL` follows one"
        return Completed(name="NothingToDo", message=said, data=Brought().to_dict())
    if turn.brought is None:
        return done({}, "Another process of this machine follows the lists just now")
    return done(turn.brought.to_dict(), turn.brought.headline)


async def lists_before(run: Run) -> list[FollowedList]:
    """What is followed, for a run that is about new rows; empty for any other.

    Nothing that fails here fails the run: its own rows are waiting.
    """
    state = run.state
    is_of_all = state.only_pages is None and not state.retries_failed
    if not is_of_all or state.track_filter is TrackFilter.MISSING_EAGLE:
        return []
    try:
        return _said(run, await (state.head_start.followed or followed(run.connections)))
    except SyncError as error:
        state.warn(f"What is followed could not be read: {error} {error.remedy}")
        return []


def _said(run: Run, found: Followed) -> list[FollowedList]:
    for sentence in found.warnings:
        run.state.warn(sentence)
    return list(found.lists)


async def follow_before(run: Run, lists: list[FollowedList]) -> list[TrackResult]:
    """Follow `lists` in a subflow; what a dry run would add. The run's state learns of new rows."""
    if not lists:
        return []
    turn = _Turn(run, lists)
    try:
        await _in_subflow(turn)
    except SyncError as error:
        run.state.warn(f"Following stopped: {error} {error.remedy}")
    brought = turn.brought or Brought()
    run.state.brought = frozenset(brought.waiting)
    return brought.planned


async def _in_subflow(turn: _Turn) -> None:
    """The subflow; should Prefect's server fail us, the lists are followed without its record."""
    token = _current.set(turn)
    try:
        ended = await follow_sources(
            dry_run=turn.run.connections.settings.dry_run, return_state=True
        )
        await ended.aresult()
    except OUT_OF_REACH as error:
        _log.debug("Prefect's record of the following has a gap: %s", error)
        if not turn.has_begun:
            await _bring(turn)
    finally:
        _current.reset(token)


async def _bring(turn: _Turn) -> None:
    turn.has_begun = True
    connections, state = turn.run.connections, turn.run.state
    just_made = JustMade(connections.settings.state_dir)
    memory = ListMemory(connections.settings.state_dir)

    def new_adding() -> Adding:
        return Adding(
            hosts=connections.hosts,
            source=connections.source,
            rows=NewRows(connections.notion, connections.schema, connections.locks, just_made),
            names=connections.playlists,
            dry_run=connections.settings.dry_run,
        )

    with memory.alone() as is_alone:
        if not is_alone:
            _log.info("Another process of this machine follows the lists just now.")
            return
        _log.info("Following %s...", counted(len(turn.lists), "list"))
        turn.brought = await bring_all(turn.lists, memory, new_adding, state.warn)


@asynccontextmanager
async def _turn(*, dry_run: bool) -> AsyncIterator[_Turn]:
    """The turn in the run around us, or one of its own for a flow started alone."""
    turn = _current.get()
    if turn is not None:
        yield turn
        return
    async with open_session(dry_run=dry_run, with_eagle=False) as run:
        yield _Turn(run, _said(run, await followed(run.connections)))
