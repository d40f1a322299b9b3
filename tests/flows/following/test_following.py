"""Following: new tracks of a list come into Notion before a sync, once, in the list's order."""

from __future__ import annotations

from typing import Any

import pytest

from flows.batch_sync import batch_sync
from flows.follow_sources import follow_sources
from flows.following.memory import ListMemory
from flows.library_sync import library_sync
from flows.reporting.closing_lines import dry_run_lines
from sandbox.builders import short_tracks
from sandbox.fault_plans import plan_from
from sandbox.notion.databases import update_data_source
from sandbox.notion.pages import update_page
from tasks.soundcloud.lists import parse_list_address
from tests.conftest import FAULTS
from tests.flows.database_world import put_in_trash


class World:
    """A sandbox, the lists that are followed in it, and what was asked of SoundCloud."""

    def __init__(self, sandbox: Any, run_flow: Any) -> None:
        self.sandbox = sandbox
        self.run_flow = run_flow
        self.catalogue = sandbox.soundcloud.catalogue
        self.accounts = sandbox.soundcloud.accounts
        self.memory = ListMemory(sandbox.state / "machine")
        self._asked = 0

    def tracks(self, number: int, name: str = "New") -> list[Any]:
        return [
            self.catalogue.add_track(f"{name} {n}", f"Artist {n}", seconds=5) for n in range(number)
        ]

    def have(self, tracks: list[Any]) -> None:
        """Finished rows for these tracks."""
        for track in tracks:
            done = {"DL": True, "WAV File Path": "/old/a.wav", "Eagle File ID": "OLD"}
            names = {"Title": track.title, "Artist Name": track.artist}
            self.sandbox.world.add_row(done | names | {"SoundCloud URL": track.url})

    def follow(self, url: str, playlist: str = "") -> None:
        """As `library-sync follow` leaves it on this machine."""
        remembered = self.memory.of(parse_list_address(url))
        remembered.is_ours, remembered.playlist = True, playlist
        self.memory.save(remembered)

    def follow_in_notion(self, playlist: str, url: str) -> str:
        """As a person does it: an address in the playlist's page."""
        world, objects = self.sandbox.world, self.sandbox.notion.objects
        page_id = world.add_playlist(playlist)
        source = objects.pages[page_id].parent["data_source_id"]
        with objects.guard:
            update_data_source(objects, source, {"properties": {"SoundCloud URL": {"url": {}}}})
            objects.flush()
        self.write(page_id, url)
        return str(page_id)

    def write(self, page_id: str, url: str) -> None:
        objects = self.sandbox.notion.objects
        with objects.guard:
            update_page(objects, page_id, {"properties": {"SoundCloud URL": {"url": url or None}}})
            objects.flush()

    async def sync(self, flow: Any = library_sync, **options: Any) -> Any:
        return await self.run_flow(flow, self.sandbox, **options)

    async def bring(self, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self.run_flow(follow_sources, self.sandbox, **options)
        return found

    def rows(self, name: str = "New") -> list[dict[str, Any]]:
        """Rows whose title begins so, in the order they were made."""
        return [r for r in self.sandbox.world.values_of_all() if r["Title"].startswith(name)]

    def names(self, row: dict[str, Any]) -> set[str]:
        """The names of a row's playlists."""
        return {self.sandbox.notion.row(page)["Name"] for page in row["Playlists"]}

    def asked(self) -> int:
        """Requests to SoundCloud since the last time."""
        entries = self.sandbox.ledger.entries(event="request", service="soundcloud")
        new, self._asked = len(entries) - self._asked, len(entries)
        return new


@pytest.fixture
def world(sandbox_factory: Any, run_flow: Any) -> World:
    return World(sandbox_factory(build=short_tracks(0)), run_flow)


@pytest.mark.parametrize("flow", [library_sync, batch_sync])
async def test_three_new_tracks_of_thirty_come_in_the_lists_order(world: World, flow: Any) -> None:
    """And are downloaded in the same run; the others are there already. Again: nothing."""
    tracks = world.tracks(30)
    old = [track for n, track in enumerate(tracks) if n not in {4, 17, 29}]
    world.have(old)
    url = world.catalogue.add_set("Late Night", "Robin", tracks)
    world.follow(url)

    summary = await world.sync(flow)
    assert summary.counts["processed"] == 3
    rows = world.rows()
    assert [row["Title"] for row in rows[27:]] == ["New 4", "New 17", "New 29"]
    assert all(row["DL"] for row in rows)
    assert all("Late Night" in world.names(row) for row in rows)
    remembered = world.memory.of(parse_list_address(url))
    assert remembered.numbers == [str(track.id) for track in tracks]
    assert len(set(remembered.rows.values())) == 30

    world.asked()
    commits = len(world.sandbox.ledger.entries(event="commit", service="notion"))
    again = await world.sync(flow)
    assert (again.counts["processed"], again.return_code) == (0, 2)
    assert len(world.sandbox.ledger.entries(event="commit", service="notion")) == commits
    assert world.asked() <= 2


async def test_one_new_like_of_many_costs_three_requests(world: World) -> None:
    """The first time every page is read, and no track is asked for one by one."""
    url = world.accounts.like("Robin", *world.tracks(250, "Old"))
    world.follow(url, "Likes")
    assert len((await world.bring())["added"]) == 250
    assert world.asked() <= 1 + 2 + 3  # the account, the pages, and yt-dlp's client id
    assert [row["Title"] for row in world.rows("Old")] == [f"Old {n}" for n in range(250)]

    (track,) = world.tracks(1)
    world.accounts.like("Robin", track)
    found = await world.bring()
    assert found["added"] == ["Artist 0 - New 0"]
    assert world.asked() <= 3
    (row,) = world.rows()
    assert world.names(row) == {"Likes"}
    assert world.memory.of(parse_list_address(url)).numbers[0] == str(track.id)
    assert await world.bring() == {
        "added": [], "present": 0, "left": 0, "waiting": [], "problems": []
    }  # fmt: skip
    assert world.asked() <= 2


async def test_a_playlists_page_in_notion_follows_a_list(world: World) -> None:
    """The same thing seen from Notion: its own name is the playlist's, whatever the list's is."""
    tracks = world.tracks(2)
    page_id = world.follow_in_notion("Warm-up", world.accounts.repost("Robin", *tracks))
    assert len((await world.bring())["added"]) == 2
    assert [row["Playlists"] for row in world.rows()] == [[page_id]] * 2
    world.write(page_id, "")
    world.accounts.repost("Robin", *world.tracks(1, "Later"))
    assert (await world.bring())["added"] == []


async def test_a_list_is_followed_by_the_last_of_many_playlists(world: World) -> None:
    """Which Notion's first page of playlists does not show."""
    for number in range(100):
        world.sandbox.world.add_playlist(f"Playlist {number}")
    (track,) = world.tracks(1)
    world.follow_in_notion("The last", world.accounts.like("Robin", track))
    assert (await world.bring())["added"] == [f"{track.artist} - {track.title}"]
    (row,) = world.rows()
    assert world.names(row) == {"The last"}


@pytest.mark.skipif(bool(FAULTS), reason="under which some are sent again")
async def test_what_playlists_follow_and_are_called_is_one_request(world: World) -> None:
    """Given two playlists with rows, of which one follows a list: all is in one answer."""
    known = [world.sandbox.world.add_playlist("Playlist")]
    known.append(world.follow_in_notion("Likes", world.accounts.like("Robin", *world.tracks(1))))
    for track, playlist in zip(world.tracks(2, "Old"), known, strict=True):
        row = {"Title": track.title, "Artist Name": track.artist, "SoundCloud URL": track.url}
        world.sandbox.world.add_row(row | {"Playlists": [playlist]})
    source = world.sandbox.notion.objects.pages[known[0]].parent["data_source_id"]
    summary = await world.sync()
    assert summary.counts["processed"] == 3
    asked = world.sandbox.ledger.entries(event="request", service="notion")
    assert [e["method"] for e in asked if source in e["path"]] == ["POST"]
    assert not [e for e in asked if any(page in e["path"] for page in known)]


async def test_a_page_with_an_address_that_is_no_list_is_told(world: World) -> None:
    """The others are followed all the same, and the run goes on."""
    world.follow_in_notion("Wrong", "https://soundcloud.com/robin/one-track")
    world.follow_in_notion("Right", world.accounts.like("Robin", *world.tracks(1)))
    summary = await world.sync()
    assert summary.counts["processed"] == 1
    assert any("'Wrong' is not followed" in warning for warning in summary.warnings)


@pytest.mark.parametrize(("status", "said"), [(404, "has no list at"), (403, "refuses")])
async def test_a_list_that_is_gone_or_private_is_told(world: World, status: int, said: str) -> None:
    gone = world.accounts.like("Robin", *world.tracks(1))
    world.follow(gone)
    world.accounts.close("robin", status)
    (problem,) = (await world.bring())["problems"]
    assert said in problem
    assert gone in problem


async def test_a_list_that_is_gone_is_told_once_a_day(world: World) -> None:
    """Not in every run; and other rows are worked on as ever."""
    said = "has no list at"
    gone = world.accounts.like("Robin", *world.tracks(1))
    world.follow(gone)
    world.follow(world.accounts.like("Sasha", *world.tracks(1, "Hers")))
    world.accounts.close("robin", 404)
    first = await world.sync()
    assert first.counts["processed"] == 1
    assert len([w for w in first.warnings if said in w and gone in w]) == 1
    assert not [w for w in (await world.sync()).warnings if said in w]
    remembered = world.memory.of(parse_list_address(gone))
    remembered.troubled_on = "2026-01-01"
    world.memory.save(remembered)
    assert [w for w in (await world.sync()).warnings if said in w]
    world.accounts.open("robin")
    assert (await world.sync()).counts["processed"] == 1


async def test_a_dry_run_says_what_would_come_and_changes_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.follow(world.catalogue.add_set("Late Night", "Robin", world.tracks(2)))
    commits = len(world.sandbox.ledger.entries(event="commit", service="notion"))
    with caplog.at_level("INFO", "flows"):
        summary = await world.sync(dry_run=True)
    assert "Late Night: 2 tracks, 2 would come" in caplog.text
    assert "Artist 1 - New 1" in caplog.text
    assert len(world.sandbox.ledger.entries(event="commit", service="notion")) == commits
    assert world.memory.all()[0].numbers == []
    assert (summary.planned, summary.found, summary.return_code) == (2, 2, 0)
    head = "   Would get a row with the playlist 'Late Night', and be downloaded (2):"
    assert dry_run_lines(summary) == [
        head, "      Artist 0 - New 0", "      Artist 1 - New 1"
    ]  # fmt: skip
    assert [each.source_url for each in summary.results] == [t.url for t in world.catalogue.tracks]


async def test_what_left_a_list_stays_in_notion_and_is_told(world: World) -> None:
    tracks = world.tracks(3)
    world.have(tracks)
    url = world.catalogue.add_set("Late Night", "Robin", tracks)
    world.follow(url)
    await world.bring()
    world.catalogue.change_set(url, [*world.tracks(1, "Top"), tracks[2], tracks[0]])
    summary = await world.sync()
    left = "1 track left the list 'Late Night' on SoundCloud; its rows and files stay."
    assert left in summary.warnings
    assert len(world.rows()) == 3
    assert len(world.rows("Top")) == 1
    remembered = world.memory.of(parse_list_address(url))
    assert remembered.numbers[1:] == [str(tracks[2].id), str(tracks[0].id)]
    assert not [w for w in (await world.sync()).warnings if "has left the list" in w]


async def test_a_row_that_was_thrown_away_does_not_come_back(world: World) -> None:
    url = world.catalogue.add_set("Late Night", "Robin", world.tracks(2))
    world.follow(url)
    await world.bring()
    page_id = world.memory.of(parse_list_address(url)).rows[str(world.catalogue.tracks[0].id)]
    put_in_trash(world.sandbox, page_id)
    assert (await world.bring())["added"] == []
    assert len(world.rows()) == 1


async def test_new_rows_are_worked_on_though_the_query_does_not_show_them_yet(world: World) -> None:
    world.sandbox.set_faults("notion", plan_from("notion", None, {"query_lag": [600, 600]}))
    world.follow(world.catalogue.add_set("Late Night", "Robin", world.tracks(2)))
    assert (await world.sync()).counts["processed"] == 2


async def test_a_track_that_is_gone_already_is_not_asked_for_every_night(world: World) -> None:
    """One that may come back is."""
    tracks = world.tracks(8)
    url = world.catalogue.add_set("Late Night", "Robin", tracks)
    world.follow(url)
    world.catalogue.set_condition(tracks[6].id, "denied")
    world.catalogue.set_condition(tracks[7].id, "private")
    found = await world.bring()
    assert len(found["added"]) == 6
    world.catalogue.set_condition(tracks[6].id, "ordinary")
    entries = world.sandbox.ledger.entries
    before = len(entries(event="request", service="soundcloud"))
    assert (await world.bring())["added"] == ["Artist 6 - New 6"]
    asked = [entry["path"] for entry in entries(event="request", service="soundcloud")[before:]]
    assert [path for path in asked if str(tracks[6].id) in path]
    assert not [path for path in asked if str(tracks[7].id) in path]


async def test_two_runs_of_one_machine_follow_one_after_the_other(world: World) -> None:
    world.follow(world.catalogue.add_set("Late Night", "Robin", world.tracks(3)))
    with world.memory.alone() as is_alone:
        assert is_alone
        assert await world.bring() == {}
    assert len((await world.bring())["added"]) == 3


async def test_a_run_for_chosen_rows_follows_nothing(world: World) -> None:
    world.follow(world.catalogue.add_set("Late Night", "Robin", world.tracks(1)))
    await world.sync(retry_failed=True)
    await world.sync(filter="missing_eagle")
    assert world.rows() == []


@pytest.mark.parametrize("fault", ["unavailable_saved", "dropped_saved", "dropped"])
async def test_a_row_that_may_have_been_made_is_found_another_time(
    world: World, fault: str
) -> None:
    """The others come all the same, and it never stands there twice."""
    world.follow(world.catalogue.add_set("Late Night", "Robin", world.tracks(4)), "Night")
    world.sandbox.world.add_playlist("Night")
    aimed = {"fault": fault, "method": "POST", "path": "/v1/pages", "skip": 1}
    world.sandbox.set_faults("notion", plan_from("notion", None, {"aimed": [aimed]}))
    await world.bring()
    assert len(world.rows()) in {3, 4}
    await world.bring()
    assert sorted(row["Title"] for row in world.rows()) == [f"New {n}" for n in range(4)]
    assert len(world.memory.all()[0].rows) == 4
