"""add: tracks and playlists into Notion once, with their playlist, and on to the library."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.following.adding import add_tracks
from flows.session.clients import opened_services
from flows.settings import VARIABLES, load_settings
from sandbox.fault_plans import plan_from
from tasks.notion.rows import to_track
from tests.flows.database_world import Database, types


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)


class World:
    """A sandbox with a set of eight tracks, two of which are rows already, and ways to add."""

    def __init__(self, sandbox, monkeypatch) -> None:
        self.sandbox = sandbox
        catalogue = sandbox.soundcloud.catalogue
        rows = [catalogue.add_track(f"New {n}", f"Artist {n}", seconds=5) for n in range(6)]
        known = [t for t in catalogue.tracks if t.id in {r.track_id for r in sandbox.world.rows}]
        self.tracks = [*rows[:3], *known, *rows[3:]]
        self.set = catalogue.add_set("Late Night", "Artist 1", self.tracks)
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)

    @property
    def settings(self):
        return load_settings(
            self.sandbox.environment | {"NOTION_REQUESTS_PER_MINUTE": "100000"}, env_file=None
        )

    def add(self, *urls, playlist=""):
        return asyncio.run(add_tracks(self.settings, urls, playlist))

    @property
    def rows(self):
        return self.sandbox.world.values_of_all()

    def asked(self):
        entries = self.sandbox.ledger.entries(event="request", service="soundcloud")
        return sum(entry["path"].startswith("api-v2.soundcloud.com/") for entry in entries)


@pytest.fixture
def world(sandbox_factory, monkeypatch):
    return World(sandbox_factory(tracks=2), monkeypatch)


def test_a_set_is_added_once_with_its_playlist(world):
    """Six new rows, the two known ones put into the playlist beside their own; twice is once."""
    first = world.add(world.set)
    assert (len(first.added), len(first.present), first.refused) == (6, 2, [])
    rows = {row["Title"]: row for row in world.rows}
    assert len(rows) == 8
    assert rows["New 4"]["Artist Name"] == "Artist 4"
    assert rows["New 4"]["SoundCloud URL"] == world.tracks[6].url
    assert rows["New 4"]["SoundCloud ID"] == str(world.tracks[6].id)
    (late,) = rows["New 4"]["Playlists"]
    assert all(late in row["Playlists"] for row in rows.values())
    assert any(len(row["Playlists"]) > 1 for row in rows.values())

    commits, asked = len(world.sandbox.ledger.entries(event="commit")), world.asked()
    second = world.add(world.set)
    assert (len(second.added), len(second.present), second.put_into_playlist) == (0, 8, [])
    assert len(world.sandbox.ledger.entries(event="commit")) == commits
    assert world.asked() - asked <= 2


def test_every_address_of_a_track_is_that_track(world):
    """Its page, the phone's, the number, a short link: one row."""
    track = world.tracks[0]
    short = world.sandbox.soundcloud.catalogue.add_short_link(track)
    addresses = [
        track.url,
        track.url.replace("https://", "https://m.").upper().replace("HTTPS", "https"),
        f"https://api-v2.soundcloud.com/tracks/{track.id}",
        f"{track.url}?utm_source=clipboard#t=1:00",
        short,
    ]
    outcome = world.add(*addresses)
    assert len(outcome.added) == 1
    for address in addresses:
        assert (world.add(address).added, len(world.rows)) == ([], 3)


def test_a_query_that_lags_makes_no_second_row(world):
    """What was made a moment ago is known, though Notion's query does not show it yet."""
    lagging = plan_from("notion", None, {"query_lag": [600, 600]})
    world.sandbox.set_faults("notion", lagging)
    assert len(world.add(world.tracks[0].url, playlist="Fresh").added) == 1
    again = world.add(world.tracks[0].url, world.tracks[1].url, playlist="Fresh")
    assert (len(again.added), len(again.present)) == (1, 1)
    new = [row for row in world.rows if row["Title"].startswith("New")]
    assert len({tuple(row["Playlists"]) for row in new}) == len(new) - 1 == 1


def test_a_playlist_that_exists_is_found_in_any_case(world):
    """By title, not by guess: a longer title is another playlist."""
    name = next(iter(world.sandbox.world.playlists))
    world.add(world.tracks[0].url, playlist=name.upper())
    row = next(row for row in world.rows if row["Title"] == "New 0")
    assert row["Playlists"] == [world.sandbox.world.playlists[name]]


def test_an_address_that_leads_nowhere_is_told(world, capsys):
    """The others are added all the same; alone it is exit code 1."""
    nowhere = ["https://soundcloud.com/nobody/nothing", "https://example.com/x", "nonsense"]
    outcome = world.add(*nowhere, world.tracks[0].url)
    assert (len(outcome.added), [url for url, _ in outcome.refused]) == (
        1, ["https://example.com/x", "nonsense", "https://soundcloud.com/nobody/nothing"],
    )  # fmt: skip
    assert main(["add", nowhere[1], "--json", "out.json"]) == 1
    assert json.loads(Path("out.json").read_text())["refused"][0]["url"] == nowhere[1]
    assert "not a host" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "https://soundcloud.com/nobody/nothing",
        "https://soundcloud.com/nobody/sets/nothing",
        "https://api.soundcloud.com/playlists/17",
        "https://soundcloud.com/nobody/popular-tracks",
        "https://soundcloud.com/nobody/nothing/recommended",
        "https://youtube.com/watch?v=1",
        "https://on.soundcloud.com/nothing",
    ],
)
def test_what_is_refused_is_said_once_and_speaks_of_no_row(world, address):
    """No row is there yet, nothing is followed, and a list would do as well as a track."""
    (line,) = [line for line in world.add(address).lines() if "refused:" in line]
    assert line.count(address) <= 1
    for word in ("Notion", "unfollow", "of one track"):
        assert word not in line


def test_a_dry_run_says_what_would_be(world):
    """Nothing is added, and nothing is said to be."""
    settings = replace(world.settings, dry_run=True)
    lines = asyncio.run(add_tracks(settings, [world.set], "")).lines()
    assert "   would be added: Artist 0 - New 0" in lines
    assert lines[-1] == (
        "6 would be added, 2 there already (2 of them would get the playlist), 0 refused."
    )


def test_an_answer_that_was_lost_is_not_asked_for_again(world):
    """The row may be there: the next `add` finds it, and there is one."""
    aimed = {"fault": "dropped_saved", "method": "POST", "path": "/v1/pages", "times": 1}
    world.sandbox.set_faults("notion", plan_from("notion", None, {"aimed": [aimed]}))
    assert main(["add", world.tracks[0].url]) == 1
    assert main(["add", world.tracks[0].url]) == 0
    assert sum(row["Title"] == "New 0" for row in world.rows) == 1


def test_a_row_that_another_process_works_on_gets_its_playlist_later(world):
    """A merge may be uniting its playlists: a list of ours would drop what it writes."""
    row = world.sandbox.world.rows[0]
    lock = f"77:Other-Mac:0badcafe:{datetime.now(UTC).replace(microsecond=0).isoformat()}"
    world.sandbox.world.update_row(row.page_id, {"Processing Lock": lock})
    before = world.sandbox.world.values_of(row.page_id)
    done = world.add(world.set)
    assert [reason.partition(" is locked")[0] for _, reason in done.refused] == [
        f"The row {row.page_id}"
    ]
    assert world.sandbox.world.values_of(row.page_id) == before
    world.sandbox.world.update_row(row.page_id, {"Processing Lock": ""})
    assert len(world.add(world.set).put_into_playlist) == 1


def test_a_playlist_is_added_to_those_the_row_has_by_now(world):
    """Between the listing and the write another program has put the row into a playlist."""
    row = world.sandbox.world.rows[0]

    async def put() -> bool:
        async with opened_services(world.settings) as services:
            page = await services.notion.page(row.page_id)
            listed = to_track(page, services.schema)
            late = await services.rows().playlist("Late Night")
            other = world.sandbox.world.add_playlist("Meanwhile")
            before = world.sandbox.world.values_of(row.page_id)["Playlists"]
            world.sandbox.world.update_row(row.page_id, {"Playlists": [*before, other]})
            assert await services.rows().put_into(listed, "Late Night", late)
            now = world.sandbox.world.values_of(row.page_id)["Playlists"]
            return now == [*before, other, late]

    assert asyncio.run(put())


def test_a_playlist_is_in_the_library_with_one_command(
    world, named_server, a_machine_alone, monkeypatch
):
    """`add --sync` brings the set's tracks in and leaves other waiting rows alone."""
    world.sandbox.world.add_track("Not asked for", "Somebody", seconds=5)
    world.sandbox.set_faults("notion", plan_from("notion", None, {"query_lag": [600, 600]}))
    monkeypatch.setenv("NOTION_REQUESTS_PER_MINUTE", "100000")
    named_server()
    few = world.sandbox.soundcloud.catalogue.add_set("Few", "Artist 1", world.tracks[:2])
    assert main(["add", few, "--sync", "--json", "out.json"]) == 0
    summary = json.loads(Path("out.json").read_text())
    assert (summary["counts"]["found"], summary["counts"]["processed"]) == (2, 2)
    done = [row["Title"] for row in world.rows if row["DL"]]
    assert sorted(done) == ["New 0", "New 1"]
    copies = Path(world.sandbox.environment["PLAYLIST_TRACKS_DIR"])
    assert len(list((copies / "Few").glob("*.wav"))) == 2


def test_a_finished_track_is_in_its_new_playlist_with_one_command(
    world, named_server, a_machine_alone, monkeypatch
):
    """`add --playlist --sync` on a row that is done: the copy, without a download."""
    monkeypatch.setenv("NOTION_REQUESTS_PER_MINUTE", "100000")
    monkeypatch.setenv("PLAYLIST_COPIES", "all")
    named_server()
    url = world.tracks[0].url
    assert main(["add", url, "--playlist", "Dawn", "--sync"]) == 0
    heard = len(world.sandbox.ledger.entries(event="request", service="soundcloud"))
    assert main(["add", url, "--playlist", "Brand New", "--sync"]) == 0
    copies = Path(world.sandbox.environment["PLAYLIST_TRACKS_DIR"])
    assert sorted(file.parent.name for file in copies.rglob("*.wav")) == ["Brand New", "Dawn"]
    assert len(world.sandbox.ledger.entries(event="request", service="soundcloud")) == heard


def test_likes_are_added_oldest_first_with_what_the_list_says(world):
    """As a playlist is: no request a track, and the list's name is the playlist's."""
    accounts, tracks = world.sandbox.soundcloud.accounts, world.tracks[:3]
    url = accounts.like("Robin Digger", *tracks)
    before = world.asked()
    assert world.add(url).added == [f"{track.artist} - {track.title}" for track in tracks]
    assert world.asked() - before == 2
    made = [row for row in world.rows if row["Title"].startswith("New")]
    assert [row["Title"] for row in made] == [track.title for track in tracks]
    assert len({tuple(row["Playlists"]) for row in made}) == 1
    assert "Robin Digger (Likes)" in {
        world.sandbox.notion.row(page)["Name"] for page in made[0]["Playlists"]
    }


def test_a_row_whose_select_holds_another_playlist_is_named(sandbox_factory, monkeypatch, capsys):
    """A select holds one: the row keeps it, and what to do is said."""
    database = Database(types(Playlists="select"))
    sandbox = sandbox_factory(build=database.builder())
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova", Playlists="Dawn")
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    url = database.values(page)["SoundCloud URL"]
    assert main(["add", url, "--playlist", "Noon"]) == 0
    said = capsys.readouterr().err
    assert "left in 'Dawn': Nova - Glass" in said
    assert "make it a multi-select" in said
    assert database.values(page)["Playlists"] == "Dawn"
    assert main(["add", url, "--playlist", "dawn"]) == 0
    assert "left in" not in capsys.readouterr().err
