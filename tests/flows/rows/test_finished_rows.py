"""Finished rows under `--filter all`: copies, folders, tags and paths are what the row says now."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.batch_sync import batch_sync
from flows.library_sync import library_sync
from tasks.tracks import TrackFilter
from tests.flows.database_world import Database, told_by_eagle, types, writes

ALL = {"filter": TrackFilter.ALL}
EVERY = {"settings": {"playlist_copies": "all"}}


def copies(sandbox: Any) -> list[str]:
    """The playlists that have a copy, by folder."""
    root = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    return sorted(file.parent.name for file in root.rglob("*.wav"))


def downloads(sandbox: Any) -> int:
    """Requests for audio so far."""
    return len(sandbox.ledger.entries(event="request", service="soundcloud"))


def page_requests(sandbox: Any) -> int:
    """Requests to Notion about single pages so far."""
    requests = sandbox.ledger.entries(event="request", service="notion")
    return sum("/pages/" in entry["path"] for entry in requests)


async def finished(run_flow: Any, sandbox_factory: Any) -> tuple[Database, Any, str]:
    """A database with one finished row in the playlist Dawn."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    dawn = database.playlists("Dawn")
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova", Playlists=dawn)
    summary = await run_flow(library_sync, sandbox, **EVERY)
    assert summary.counts["processed"] == 1
    return database, sandbox, page


async def test_nothing_changed_costs_nothing(run_flow, sandbox_factory):
    """No request for the row, no download, nothing written."""
    _, sandbox, page = await finished(run_flow, sandbox_factory)
    before, asked, audio = writes(sandbox, page), page_requests(sandbox), downloads(sandbox)
    summary = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert summary.counts["skipped_done"] == 1
    assert (writes(sandbox, page), downloads(sandbox)) == (before, audio)
    assert page_requests(sandbox) - asked <= 1


async def test_a_finished_row_copied_for_another_song_brings_that(run_flow, sandbox_factory):
    """A person duplicates the row, writes another title and address, and takes the tick away."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    other = database.add(
        audio="Salt Flats", Title="Salt Flats", Artist_Name="Nova",
        SoundCloud_ID=database.values(page)["SoundCloud ID"],
    )  # fmt: skip
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    assert "Salt Flats" in database.values(other)["WAV File Path"]
    ids = {database.values(each)["SoundCloud ID"] for each in (page, other)}
    assert len(ids) == 2
    assert len(sandbox.eagle.library.items) == 4


async def test_a_second_playlist_gets_its_copy_folder_and_tag(run_flow, sandbox_factory):
    """From Eagle's file, without a download."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    both = [*database.playlists("Brand New")]
    row = database.values(page)
    sandbox.world.update_row(page, {"Playlists": [*row["Playlists"], *both]})
    audio = downloads(sandbox)
    summary = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert summary.counts["processed"] == 1
    assert downloads(sandbox) == audio
    assert copies(sandbox) == ["Brand New", "Dawn"]
    (top,) = sandbox.eagle.library.root["folders"]
    folders = {folder["name"]: folder["id"] for folder in top["children"]}
    for item in (stored.record for stored in sandbox.eagle.library.items.values()):
        assert set(folders.values()) <= set(item["folders"])
        assert {"Dawn", "Brand New"} <= set(item["tags"])
    told_by_eagle(sandbox)
    again = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert [result.action for result in again.results if result.is_success] == []


async def test_copies_deleted_by_hand_come_again_as_copies(run_flow, sandbox_factory):
    """DJ software writes its tags in place, so Eagle's own file is never linked."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    root = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    shutil.rmtree(root / "Dawn")
    dry = await run_flow(library_sync, sandbox, dry_run=True, **ALL, **EVERY)
    assert "playlist copies" in dry.results[0].action
    assert copies(sandbox) == []
    await run_flow(library_sync, sandbox, **ALL, **EVERY)
    (copy,) = root.rglob("*.wav")
    in_eagle = Path(database.values(page)["WAV File Path"])
    assert not copy.samefile(in_eagle)
    assert copy.read_bytes() == in_eagle.read_bytes()


async def test_a_library_that_moved_has_its_paths_renewed(run_flow, sandbox_factory):
    """The paths in Notion led nowhere; they lead to Eagle's files again."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    row = database.values(page)
    gone = {name: f"/gone{row[name]}" for name in ("WAV File Path", "AIFF File Path")}
    sandbox.world.update_row(page, gone)
    summary = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert summary.counts["processed"] == 1
    assert database.values(page) == row


async def test_what_a_lost_last_write_left_empty_is_filled(run_flow, sandbox_factory):
    """The row was ticked by hand; what Eagle's items tell stands in it again."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    row = database.values(page)
    empty = {"Artist Name": "", "SoundCloud ID": "", "WAV Fingerprint": "", "Eagle File ID": ""}
    sandbox.world.update_row(page, empty)
    await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE)
    assert database.values(page) == row


async def test_a_label_added_since_the_listing_stays(run_flow, sandbox_factory, monkeypatch):
    """Labels are merged with the row as it is right before the write."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    sandbox.world.update_row(page, {"Eagle File ID": "", "Audio Processing Status": []})
    from flows.rows import adoption  # noqa: PLC0415

    write = adoption._write

    async def labelled(*given: Any) -> Any:
        sandbox.world.update_row(page, {"Audio Processing Status": ["Loudness Measured"]})
        return await write(*given)

    monkeypatch.setattr(adoption, "_write", labelled)
    await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE)
    shown = set(database.values(page)["Audio Processing Status"])
    assert shown == {"Loudness Measured", "Files Imported to Eagle"}


BAD = [
    "https://soundcloud.com/nova",
    "https://soundcloud.com/nova/sets/one",
    "https://soundcloud.com/nova/likes",
    "file:///music/x.wav",
    "http://127.0.0.1/x",
]


@pytest.mark.parametrize("config", ["multi_select", "rich_text"])
async def test_a_bad_address_stands_in_the_row_once(run_flow, sandbox_factory, config):
    """Written once, beside other labels; gone when the address goes or names a track."""
    database = Database(types(Audio_Processing_Status=config))
    sandbox = sandbox_factory(build=database.builder())
    other = ["Mine"] if config == "multi_select" else "Mine"
    pages = [
        database.add(Title="Row", SoundCloud_URL=address, Audio_Processing_Status=other)
        for address in BAD
    ]
    track = database.world.soundcloud.catalogue.add_track("Glass", "Nova", seconds=5)
    await run_flow(library_sync, sandbox)
    for page in pages:
        assert "Bad_URL" in str(database.values(page)["Audio Processing Status"])
        assert "Mine" in str(database.values(page)["Audio Processing Status"])
    written = [len(writes(sandbox, page)) for page in pages]
    await run_flow(library_sync, sandbox)
    assert [len(writes(sandbox, page)) for page in pages] == written
    sandbox.world.update_row(pages[0], {"SoundCloud URL": ""})
    sandbox.world.update_row(pages[1], {"SoundCloud URL": track.url})
    await run_flow(library_sync, sandbox)
    for page in pages[:2]:
        assert "Bad_URL" not in str(database.values(page)["Audio Processing Status"])


async def test_batch_goes_on_in_one_listing(run_flow, sandbox_factory):
    """Queries grow with the rows listed, once, however many rounds there are."""
    database = Database({"Title": "title", "DL": "checkbox", "SoundCloud URL": "url"})
    sandbox = sandbox_factory(build=database.builder())
    for number in range(60):
        database.add(Title=f"Row {number}", SoundCloud_URL="https://soundcloud.com/nova")
    summary = await run_flow(batch_sync, sandbox)
    assert summary.counts["skipped_no_source"] == 60
    requests = sandbox.ledger.entries(event="request", service="notion", method="POST")
    assert sum("/query" in entry["path"] for entry in requests) <= 2


async def test_new_rows_come_before_rows_that_failed(run_flow, sandbox_factory):
    """Twelve damaged rows do not take the places of the new ones, whatever their age."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    for number in range(4):
        address = f"https://soundcloud.com/nova/gone-{number}"
        database.add(Title=f"Old {number}", SoundCloud_URL=address)
    for _ in range(2):
        await run_flow(batch_sync, sandbox, limit=4)
    new = [database.add(audio=f"New {n}", Title=f"New {n}", seconds=10) for n in range(2)]
    summary = await run_flow(batch_sync, sandbox, limit=2)
    assert summary.counts["processed"] == 2
    assert [database.values(page)["DL"] for page in new] == [True, True]


async def test_a_copy_of_a_playlist_the_row_left_is_named_and_removed_if_wanted(
    run_flow, sandbox_factory
):
    """Named by default; removed with PLAYLIST_COPIES_PRUNE=1, other files of the folder never."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    root = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    other = root / "Dawn" / "Mine.wav"
    other.write_bytes(b"mine")
    changed = root / "Old" / "Nova - Glass.wav"
    changed.parent.mkdir()
    changed.write_bytes(b"not the same sound")
    sandbox.world.update_row(page, {"Playlists": database.playlists("Noon")})
    summary = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert any("Dawn/Nova - Glass.wav" in warning for warning in summary.warnings)
    assert copies(sandbox) == ["Dawn", "Dawn", "Noon", "Old"]
    pruning = {"settings": {"playlist_copies": "all", "playlist_copies_prune": True}}
    await run_flow(library_sync, sandbox, **ALL, **pruning)
    assert copies(sandbox) == ["Dawn", "Noon", "Old"]
    assert other.is_file()
    assert changed.is_file()


async def test_items_leave_the_folders_and_tags_of_playlists_their_row_left_if_wanted(
    run_flow, sandbox_factory
):
    """Named by default; taken out with PLAYLIST_COPIES_PRUNE=1. What a person tagged or sorted
    elsewhere stays.
    """
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    mine = sandbox.eagle.create_folder("My Own", None)
    eagle = sandbox.environment["EAGLE_API_BASE"]
    for item in [stored.record for stored in sandbox.eagle.library.items.values()]:
        by_hand = {"folders": [*item["folders"], mine], "tags": [*item["tags"], "Loved"]}
        httpx.post(f"{eagle}/api/v2/item/update", json={"id": item["id"], **by_hand})
    sandbox.world.update_row(page, {"Playlists": database.playlists("Noon")})
    summary = await run_flow(library_sync, sandbox, **ALL, **EVERY)
    assert any("Dawn/Nova - Glass.wav; Dawn/" in warning for warning in summary.warnings)
    pruning = {"settings": {"playlist_copies": "all", "playlist_copies_prune": True}}
    told_by_eagle(sandbox)
    summary = await run_flow(library_sync, sandbox, **ALL, **pruning)
    assert summary.warnings == ()
    top = next(f for f in sandbox.eagle.library.root["folders"] if f["name"] == "Playlists")
    folders = {folder["name"]: folder["id"] for folder in top["children"]}
    for item in (stored.record for stored in sandbox.eagle.library.items.values()):
        assert set(item["folders"]) == {folders["Noon"], mine}
        assert "Dawn" not in item["tags"]
        assert {"Noon", "Loved", "SoundCloud"} <= set(item["tags"])


async def test_an_id_whose_write_was_not_answered_is_written_once_more_at_most(
    run_flow, sandbox_factory
):
    """It landed: the row shows it, no label is doubled, and the next run finds nothing to do."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    whole = database.values(page)
    sandbox.world.update_row(page, {"Eagle File ID": "", "Audio Processing Status": []})
    lost = {"fault": "dropped_saved", "method": "PATCH", "path": "/pages/", "times": 1}
    sandbox.use_faults(notion={"aimed": [lost]})
    summary = await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE, **EVERY)
    assert (summary.counts["processed"], summary.counts["failed"]) == (1, 0)
    assert database.values(page) == whole
    sandbox.use_faults()
    again = await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE, **EVERY)
    assert again.found == 0


async def test_without_a_place_for_the_id_no_row_lacks_it(run_flow, sandbox_factory):
    """Nothing is found every night anew for what the database cannot hold."""
    database = Database(types("Eagle File ID"))
    sandbox = sandbox_factory(build=database.builder())
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova")
    await run_flow(library_sync, sandbox)
    before = writes(sandbox, page)
    summary = await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE)
    assert (summary.counts["processed"], summary.counts["failed"]) == (0, 0)
    assert writes(sandbox, page) == before
