"""A track whose source says nothing that can be read: is it the track, or has SoundCloud changed?

SoundCloud changes its pages several times a year; then yt-dlp understands none of them until its
next release. One track alone that cannot be read is that track's trouble. So others of the run are
asked for, without their audio: where none of them can be read either, the run stops.
"""

from __future__ import annotations

import logging
from itertools import islice

from flows.session.connections import Connections
from flows.session.run_state import RunState
from tasks.errors import BadAddress, SourceChanged, SourceError, SourceUnreadable
from tasks.facts import source_of
from tasks.soundcloud.address import Address
from tasks.soundcloud.update import installed_release
from tasks.tracks import Track

_log = logging.getLogger("flows.track_work")

_WITNESSES = 3


async def require_readable(
    connections: Connections, state: RunState, row: Track, error: SourceUnreadable
) -> None:
    """Return if the trouble is the row's own. Raises SourceChanged if other tracks have it too."""
    if isinstance(state.stopped_by, SourceChanged):
        raise state.stopped_by
    answers = [
        await _is_readable(connections, address) for address in _others(connections, state, row)
    ]
    if any(answers) or not (answers or error.is_of_all):
        return
    state.stop(changed := SourceChanged(sentence(error)))
    raise changed


def sentence(error: SourceUnreadable) -> str:
    """What has happened, with the release of yt-dlp that does not understand it."""
    return (
        f"SoundCloud's answers cannot be read any more ({error}) by {installed_release()}. "
        "No row was marked."
    )


def _others(connections: Connections, state: RunState, row: Track) -> list[Address]:
    """Addresses on SoundCloud of other tracks of this run, a few."""
    hosts = connections.hosts
    found = (_address(track, hosts) for track in state.work if track.page_id != row.page_id)
    return list(islice((address for address in found if address is not None), _WITNESSES))


def _address(track: Track, hosts: frozenset[str]) -> Address | None:
    try:
        return source_of(track, hosts) if track.soundcloud_url else None
    except BadAddress:
        return None


async def _is_readable(connections: Connections, address: Address) -> bool:
    """Whether yt-dlp understands what the source says of the track; a refusal counts."""
    try:
        await connections.source.probe(address)
    except SourceUnreadable as error:
        _log.debug("%s cannot be read either: %s", address.url, error)
        return False
    except SourceError as error:
        _log.debug("%s can be read: %s", address.url, error)
    return True
