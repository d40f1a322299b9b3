"""A person edits rows while their tracks are downloaded: what the person wrote stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notion_client import Client

from flows.library_sync import library_sync
from tasks.locks.lease import Lease
from tasks.soundcloud.client import SoundCloudClient
from tasks.tracks import TrackStatus
from tests.conftest import calm
from tests.flows.database_world import Database, put_in_trash, types, writes

DONE = "Files Imported to Eagle"
STATUS = "Audio Processing Status"


@pytest.fixture
def while_downloading(monkeypatch) -> Callable[[Callable[[], object]], None]:
    """`while_downloading(edit)`: `edit` is done once, right before the first download begins."""

    def arrange(edit: Callable[[], object]) -> None:
        download = SoundCloudClient.download
        edits = [edit]

        async def edited(self: SoundCloudClient, *given: Any, **how: Any) -> Any:
            if edits:
                await asyncio.to_thread(edits.pop())
            return await download(self, *given, **how)

        monkeypatch.setattr(SoundCloudClient, "download", edited)

    return arrange


@pytest.fixture
def before_the_last_write(monkeypatch) -> Callable[[Callable[[], object]], None]:
    """`before_the_last_write(edit)`: `edit` is done once, after the last look at the first row."""

    def arrange(edit: Callable[[], object]) -> None:
        finish, edits = Lease.finish, [edit]

        async def edited(self: Lease, properties: Any) -> Any:
            if edits:
                await asyncio.to_thread(edits.pop())
            return await finish(self, properties)

        monkeypatch.setattr(Lease, "finish", edited)

    return arrange


def world(sandbox_factory: Any, **changes: Any) -> tuple[Database, Any]:
    """An empty database with the usual properties, and its sandbox."""
    database = Database(types(**changes))
    return database, sandbox_factory(build=database.builder())


def edit(sandbox: Any, page_id: str, **values: Any) -> Callable[[], None]:
    """The edit of a row by a person."""
    named = {name.replace("_", " "): value for name, value in values.items()}
    return lambda: sandbox.world.update_row(page_id, named)


async def test_an_address_that_changes_gets_nothing_of_the_old_track(
    run_flow, sandbox_factory, while_downloading
):
    """Nothing of the old track is written; the row is asked for again and gets the new one."""
    database, sandbox = world(sandbox_factory)
    other = database.world.soundcloud.catalogue.add_track("Tide", "Ada", seconds=5)
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova")
    while_downloading(edit(sandbox, page, SoundCloud_URL=other.url))
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    row = database.values(page)
    assert (row["SoundCloud ID"], row["DL"], row["SoundCloud URL"]) == (
        str(other.id), True, other.url,
    )  # fmt: skip
    item = sandbox.eagle.library.items[row["Eagle File ID"]].record
    assert item["url"] == other.url
    assert f"soundcloud:{other.id}" in item["tags"]
    for values in writes(sandbox, page)[:-1]:
        assert values.keys() <= {"Processing Lock", "SoundCloud URL"}


async def test_an_address_that_changes_in_the_moment_of_the_last_write_is_noticed(
    run_flow, sandbox_factory, before_the_last_write
):
    """The write's own answer shows it: what was written is taken back, what was typed stays."""
    database, sandbox = world(sandbox_factory)
    other = database.world.soundcloud.catalogue.add_track("Tide", "Ada", seconds=20)
    page = database.add(audio="Glass", Artist_Name="Nova", Audio_Processing_Status=["Favourite"])
    before_the_last_write(edit(sandbox, page, SoundCloud_URL=other.url))
    summary = await run_flow(library_sync, sandbox)
    row = database.values(page)
    assert (row["SoundCloud URL"], row["Artist Name"]) == (other.url, "Nova")
    assert set(row[STATUS]) - {DONE} == {"Favourite"}
    assert summary.counts["failed"] == 0
    item = sandbox.eagle.library.items.get(row["Eagle File ID"])
    assert item is None or item.record["url"] == other.url
    assert row["SoundCloud ID"] in {"", str(other.id)}
    taken_back = [values for values in writes(sandbox, page) if values.get("DL") is False]
    assert len(taken_back) == 1


async def test_a_row_put_into_the_trash_in_the_moment_of_the_last_write_is_no_failure(
    run_flow, sandbox_factory, before_the_last_write
):
    """Notion refuses the write; the row tells why."""
    database, sandbox = world(sandbox_factory)
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova")
    before_the_last_write(lambda: put_in_trash(sandbox, page))
    summary = await run_flow(library_sync, sandbox)
    [result] = summary.results
    assert result.status is TrackStatus.SKIPPED_ALREADY_DONE
    assert "put into the trash" in result.action


async def test_a_failure_is_not_written_into_a_row_with_another_address(
    run_flow, sandbox_factory, while_downloading
):
    """The error was the old address's."""
    database, sandbox = world(sandbox_factory)
    other = database.world.soundcloud.catalogue.add_track("Tide", "Ada", seconds=5)
    page = database.add(Title="Lost", SoundCloud_URL="https://soundcloud.com/nova/never-was")
    while_downloading(edit(sandbox, page, SoundCloud_URL=other.url))
    await run_flow(library_sync, sandbox)
    assert database.values(page)[STATUS] == []


async def test_what_is_typed_meanwhile_stays(run_flow, sandbox_factory, while_downloading):
    """Title and artist of a row that had only an address; a label and a length beside them."""
    database, sandbox = world(sandbox_factory)
    page = database.add(audio="Glass")
    typed = {
        "Title": "My Glass",
        "Artist Name": "The Novas",
        STATUS: ["Favourite"],
        "Audio Duration (seconds)": 31.0,
    }
    while_downloading(lambda: sandbox.world.update_row(page, typed))
    await run_flow(library_sync, sandbox)
    row = database.values(page)
    assert (row["Title"], row["Artist Name"]) == ("My Glass", "The Novas")
    assert set(row[STATUS]) == {"Favourite", DONE}
    assert row["Audio Duration (seconds)"] == 31.0
    assert row["DL"] is True


async def test_a_playlist_that_changes_meanwhile_is_followed(
    run_flow, sandbox_factory, while_downloading
):
    """The copy, the folder in Eagle and the tag are those of the row as it is at the end."""
    database, sandbox = world(sandbox_factory)
    dawn, noon = database.playlists("Dawn", "Noon")
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova", Playlists=[dawn])
    while_downloading(edit(sandbox, page, Playlists=[noon]))
    await run_flow(library_sync, sandbox)
    copies = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    assert [file.parent.name for file in copies.rglob("*.wav")] == ["Noon"]
    (top,) = sandbox.eagle.library.root["folders"]
    by_name = {folder["name"]: folder["id"] for folder in top["children"]}
    for item in (stored.record for stored in sandbox.eagle.library.items.values()):
        assert by_name["Noon"] in item["folders"]
        assert "Noon" in item["tags"]


def change_schema(sandbox: Any, changes: dict[str, Any]) -> Callable[[], None]:
    """A person changes the database's properties."""
    environment = sandbox.environment
    client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
    source = sandbox.world.tracks_source

    def change() -> None:
        with calm(sandbox):
            client.request(f"data_sources/{source}", "PATCH", body={"properties": changes})

    return change


async def test_a_property_renamed_during_the_run_is_still_written(
    run_flow, sandbox_factory, while_downloading
):
    """Properties are written by their ids."""
    database, sandbox = world(sandbox_factory)
    page = database.add(audio="Glass", Title="Glass")
    renamed = {"WAV File Path": {"name": "My WAV"}, STATUS: {"name": "State"}}
    while_downloading(change_schema(sandbox, renamed))
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    row = database.values(page)
    assert row["My WAV"].endswith(".wav")
    assert row["State"] == [DONE]


async def test_a_property_removed_during_the_run_is_left_out(
    run_flow, sandbox_factory, while_downloading
):
    """The schema is read again once; what is left of it is written."""
    database, sandbox = world(sandbox_factory)
    pages = [database.add(audio=name, Title=name) for name in ("Glass", "Tide")]
    while_downloading(change_schema(sandbox, {"WAV Fingerprint": None}))
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 2
    assert [database.values(page)["DL"] for page in pages] == [True, True]
    assert sum("read again" in warning for warning in summary.warnings) == 1


async def test_needed_properties_renamed_and_one_removed_stop_no_track_of_a_parallel_run(
    run_flow, sandbox_factory, while_downloading
):
    """What is ours is told by its id when the schema is read again, not by its name."""
    database, sandbox = world(sandbox_factory)
    pages = [database.add(audio=name, Title=name) for name in ("Glass", "Tide", "Moss")]
    renamed = {"SoundCloud URL": {"name": "The Link"}, "DL": {"name": "Got It"}}
    while_downloading(change_schema(sandbox, renamed | {"WAV Fingerprint": None}))
    summary = await run_flow(library_sync, sandbox, parallel=True, workers=3)
    assert summary.counts["processed"] == 3
    assert [database.values(page)["Got It"] for page in pages] == [True, True, True]


async def test_what_an_interrupted_run_left_empty_is_filled_from_eagle(run_flow, sandbox_factory):
    """The items were imported, the last write was lost: the next run adopts them."""
    database, sandbox = world(sandbox_factory)
    page = database.add(audio="Glass")
    await run_flow(library_sync, sandbox)
    whole = database.values(page)
    empty = {
        "Artist Name": "", "SoundCloud ID": "", "WAV Fingerprint": "", "Eagle File ID": "",
        "WAV File Path": "", "AIFF File Path": "", "DL": False,
    }  # fmt: skip
    sandbox.world.update_row(page, empty)
    await run_flow(library_sync, sandbox)
    row = database.values(page)
    assert {name: row[name] for name in empty} == {name: whole[name] for name in empty}
