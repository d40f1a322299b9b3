"""A row that is ours, and the row as it is now: people edit rows while tracks are downloaded.

The claim's first look is as old as the download by the time something comes of it. So the row is
read again before anything that stays: its address, its playlists, its labels, its empty fields. The
first such look is the one that proves the claim (docs/lock.md, "The row belongs to its user"); a
row of a long run that was seen within the last seconds is not read once more: there the request
counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from flows.rows.copied import Copied, copied_in
from flows.rows.short_links import follow_short_link
from flows.session.opening import Run
from tasks.eagle.library import EagleLibrary
from tasks.errors import RowChanged
from tasks.facts import row_keys
from tasks.locks.track_locks import HeldRow
from tasks.notion.rows import to_track
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track

_A_FEW_ROWS = 8
_SEEN_LATELY = 10.0
_JUST_SEEN = 1.0


class ClaimedRow:
    """`claimed` is the row as the claim showed it; `track`, the input of all work on it, the same
    with what its share link leads to, without what is `copied` from another song's. `page` is the
    page object as it was seen last.
    """

    def __init__(self, run: Run, lease: HeldRow, track: Track) -> None:
        self.run = run
        self.lease = lease
        self.claimed = self.track = track
        self.copied = Copied()
        self.page = lease.row.page
        self._shown = lease.row
        self._newest = track
        self._seen = monotonic()
        self._looked = False

    @property
    def eagle(self) -> EagleLibrary:
        """Eagle's library, for a step that is planned only in a run with Eagle."""
        eagle = self.run.connections.eagle
        assert eagle is not None
        return eagle

    async def name_playlists(self) -> None:
        """Learn the names of the related playlists. Raises NotionError."""
        named = await self.run.connections.playlists.of(self.claimed)
        self.claimed = self.track = self._newest = named

    async def follow_link(self) -> None:
        """Learn what a share link leads to: the source's own address tells what Eagle has."""
        self.track = await follow_short_link(self.run.connections, self.claimed)

    async def know_copied(self) -> bool:
        """Learn what the row still tells of another song; False if that cannot be told."""
        run = self.run
        copied = await copied_in(run.connections, self.track, run.pauses.through)
        if copied is not None:
            self.copied, self.track = copied, copied.out_of(self.track)
        return copied is not None

    async def look(self) -> Track:
        """The row as it is now, with its playlists' names; proven to be ours.

        Raises RowChanged if it is about another track by now, done, or in the trash; ClaimLost,
        LeaseLost, NotionError.
        """
        through = self.run.pauses.through
        shown = await through(self.lease.proven)
        if shown is not self._shown:
            self._shown = shown
            await self._take(shown.page)
        if not self._is_fresh():
            await self._take(await through(self._page))
        return self._still_wanted()

    async def look_again(self) -> Track:
        """`look`, however lately the row was seen."""
        await self._take(await self.run.pauses.through(self._page))
        return self._still_wanted()

    def _still_wanted(self) -> Track:
        number, before = self._newest.soundcloud_id, self.claimed.soundcloud_id
        if before and number not in {"", before}:
            raise RowChanged(f"The row was given another SoundCloud ID than {before}.")
        self.require_same_address(self._newest)
        return self._newest

    async def _take(self, page: Mapping[str, Any]) -> None:
        self.page, self._seen, self._looked = page, monotonic(), True
        self._newest = await self._named(to_track(page, self.run.connections.schema))

    def require_same_address(self, row: Track) -> None:
        """Raise RowChanged unless `row` still has the address that was claimed."""
        hosts = self.run.connections.hosts
        is_other = row_keys(self.claimed, hosts).addresses != row_keys(row, hosts).addresses
        if is_other or row.in_trash:
            what = "was put into the trash" if row.in_trash else "was given another address"
            raise RowChanged(f"The row {what} while {self.track.label} was worked on.")

    async def _page(self) -> Mapping[str, Any]:
        notion = self.run.connections.notion
        return await retrying(lambda: notion.page(self.track.page_id), PATIENT)

    def _is_fresh(self) -> bool:
        """True if nothing would be gained by another look."""
        is_long_run = self.run.state.listed > _A_FEW_ROWS
        patience = _SEEN_LATELY if is_long_run else _JUST_SEEN
        return (self._looked or is_long_run) and monotonic() - self._seen < patience

    async def _named(self, row: Track) -> Track:
        """Names of related playlists are asked for only where the relation has changed."""
        shown = len(row.playlist_ids)
        if not shown or row.playlist_ids != self.track.playlist_ids[:shown]:
            return await self.run.connections.playlists.of(row)
        return replace(row, playlist_ids=self.track.playlist_ids, playlists=self.track.playlists)
