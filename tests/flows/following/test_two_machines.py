"""Two machines that follow the same list in the same seconds make no second row."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.following.adding import Adding
from flows.following.bringing import Brought, bring_all
from flows.following.memory import ListMemory
from flows.following.sources import FollowedList
from flows.session.clients import opened_services
from flows.settings import load_settings
from sandbox.builders import short_tracks
from sandbox.fault_plans import plan_from
from tasks.notion.new_rows import NewRows
from tasks.notion.playlists import PlaylistNames
from tasks.soundcloud.lists import parse_list_address

TRACKS = 4
LAG = 0.4


class Machine:
    """A computer with a state folder of its own. It begins to add when `start` lets it."""

    def __init__(self, sandbox: Any, state: Path, start: asyncio.Barrier) -> None:
        environment = sandbox.environment | {"NOTION_REQUESTS_PER_MINUTE": "100000"}
        self._settings = replace(load_settings(environment, env_file=None), state_dir=state)
        self._start = start
        self.memory = ListMemory(state)

    async def follow(self, url: str, playlist: str = "") -> Brought:
        """What one run brings of the list."""
        async with opened_services(self._settings) as services:

            def new_adding() -> Adding:
                return _AtTheSameTime(
                    hosts=self._settings.allowed_source_hosts,
                    source=services.source,
                    rows=services.rows(),
                    names=PlaylistNames(services.notion, services.schema),
                    start=self._start,
                )

            lists = [FollowedList(address=parse_list_address(url), playlist=playlist)]
            return await bring_all(lists, self.memory, new_adding, print)


class _AtTheSameTime(Adding):
    """Both have looked for rows and found none before either adds one."""

    def __init__(self, *, start: asyncio.Barrier, **needed: Any) -> None:
        super().__init__(**needed)
        self._start = start

    async def find(self, wanted: Any) -> Any:
        found = await super().find(wanted)
        if not self.made:
            await self._start.wait()
        return found


@pytest.fixture
def sandbox(sandbox_factory: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Queries lag behind, as Notion's do; the machines wait for as long as that may be."""
    made = sandbox_factory(build=short_tracks(0))
    made.set_faults("notion", plan_from("notion", None, {"query_lag": [LAG / 2, LAG]}))
    monkeypatch.setattr(NewRows, "settling", 3 * LAG)
    return made


def playlist_names(sandbox: Any) -> list[str]:
    """The titles of the live pages of the playlists database."""
    objects = sandbox.notion.objects
    source = objects.pages[sandbox.world.add_playlist("Any")].parent["data_source_id"]
    with objects.guard:
        live = [
            page
            for page in objects.pages.values()
            if page.parent.get("data_source_id") == source and not page.in_trash
        ]
    return [sandbox.notion.row(page.id)["Name"] for page in live]


@pytest.mark.parametrize("playlists", [("", ""), ("Mine", "Theirs")])
async def test_the_same_list_on_two_machines_in_the_same_seconds(
    playlists: tuple[str, str], sandbox: Any, tmp_path: Path
) -> None:
    """One row a track, in both machines' playlists; both know the same rows; again: nothing."""
    catalogue = sandbox.soundcloud.catalogue
    tracks = [catalogue.add_track(f"New {n}", f"Artist {n}", seconds=5) for n in range(TRACKS)]
    url = catalogue.add_set("Late Night", "Robin", tracks)
    start = asyncio.Barrier(2)
    machines = [Machine(sandbox, tmp_path / name, start) for name in ("one", "two")]
    brought = await asyncio.gather(
        *(
            machine.follow(url, playlist)
            for machine, playlist in zip(machines, playlists, strict=True)
        )
    )

    rows = sandbox.world.values_of_all()
    assert sorted(row["Title"] for row in rows) == sorted(track.title for track in tracks)
    assert sum(len(each.added) for each in brought) == TRACKS
    known = [machine.memory.all()[0].rows for machine in machines]
    assert known[0] == known[1]
    assert len(known[0]) == TRACKS
    wanted = {name or "Late Night" for name in playlists}
    names = playlist_names(sandbox)
    assert sorted(name for name in names if name in wanted) == sorted(wanted)
    for row in rows:
        assert {sandbox.notion.row(page)["Name"] for page in row["Playlists"]} == wanted
        assert not row["Processing Lock"]

    again = [Machine(sandbox, tmp_path / name, asyncio.Barrier(1)) for name in ("one", "two")]
    assert not any([(await machine.follow(url)).added for machine in again])
    assert len(sandbox.world.values_of_all()) == TRACKS
