"""Whatever types and names a person's database has: the run reads them, writes them, and says once
what it cannot write.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.library_sync import library_sync
from flows.session.opening import open_session
from sandbox.notion.pages import create_page
from tasks.notion.queries import iterate_tracks
from tasks.tracks import TrackFilter
from tests.flows.database_world import Database, types

DONE = "Files Imported to Eagle"
STATUS = {"status": {"options": [{"name": "Not started"}, {"name": "Done"}, {"name": "Failed"}]}}


async def synced(run_flow: Any, sandbox_factory: Any, properties: Any, *rows: Any, **how: Any):
    """(summary, rows as they are afterwards, sandbox) of one run over `rows`."""
    database = Database(properties)
    sandbox = sandbox_factory(build=database.builder(*rows))
    summary = await run_flow(library_sync, sandbox, parallel=True, **how)
    return summary, [database.values(page) for page in database.pages], sandbox


STATUSES = {
    "multi_select": ("multi_select", ["Metadata Enriched"], {"Metadata Enriched", DONE}, "SC_404"),
    "select": ("select", None, {DONE}, "SC_404"),
    "status": (STATUS, "Not started", {"Done"}, "Failed"),
    "text": ("rich_text", "Metadata Enriched", {"Metadata Enriched", DONE}, "SC_404"),
}


@pytest.mark.parametrize("kind", STATUSES)
async def test_the_status_of_any_type(run_flow, sandbox_factory, kind):
    """Success and failure are shown, what others wrote stays, a run after that finds one row."""
    config, before, done, failed = STATUSES[kind]
    given = {} if before is None else {"Audio_Processing_Status": before}
    summary, (good, bad), _ = await synced(
        run_flow,
        sandbox_factory,
        types(Audio_Processing_Status=config),
        {"Title": "Glass", "audio": "Glass", **given},
        {"Title": "Lost", "SoundCloud_URL": "https://soundcloud.com/nova/never-was"},
    )
    assert (summary.counts["processed"], summary.counts["failed"]) == (1, 1)
    shown = good["Audio Processing Status"]
    assert set(shown if isinstance(shown, list) else str(shown).split("\n")) == done
    assert failed in str(bad["Audio Processing Status"])
    assert bad["DL"] is False
    assert good["DL"] is True


PLAYLISTS = {
    "relation": ("relation", None, ["Dawn", "Noon"]),
    "text, commas": ("rich_text", "Dawn, Noon", ["Dawn", "Noon"]),
    "text, semicolons": ("rich_text", "Dawn, early; Noon", ["Dawn, early", "Noon"]),
    "select": ("select", "Dawn", ["Dawn"]),
    "multi_select": ("multi_select", ["Dawn", "Noon"], ["Dawn", "Noon"]),
    "nothing": ("rich_text", "", ["Unassigned"]),
}


@pytest.mark.parametrize("kind", PLAYLISTS)
async def test_playlists_of_any_type(run_flow, sandbox_factory, kind):
    """A folder in Eagle and a copy for each; the property itself is left as it is."""
    config, value, names = PLAYLISTS[kind]
    database = Database(types(Playlists=config))
    sandbox = sandbox_factory(build=database.builder())
    given = database.playlists(*names) if value is None else value
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova", Playlists=given)
    before = database.values(page)["Playlists"]
    summary = await run_flow(library_sync, sandbox, settings={"playlist_copies": "all"})
    assert summary.counts["processed"] == 1
    copies = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    assert sorted(file.parent.name for file in copies.rglob("*.wav")) == sorted(names)
    (top,) = sandbox.eagle.library.root["folders"]
    assert (top["name"], [f["name"] for f in top["children"]]) == ("Playlists", names)
    assert database.values(page)["Playlists"] == before


async def test_more_related_playlists_than_a_page_shows(run_flow, sandbox_factory):
    """Twenty-eight playlists: a copy for each, though Notion shows 25 in a page."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    names = [f"List {number:02}" for number in range(28)]
    database.add(audio="Glass", Title="Glass", Playlists=database.playlists(*names))
    await run_flow(library_sync, sandbox, settings={"playlist_copies": "all"})
    copies = Path(sandbox.environment["PLAYLIST_TRACKS_DIR"])
    assert sorted(file.parent.name for file in copies.rglob("*.wav")) == names


async def test_other_names_and_types_of_texts(run_flow, sandbox_factory):
    """Paths as addresses, ids as numbers, artist by its other name, a title called otherwise."""
    properties = types(
        "Title", "Artist Name", "DL", "SoundCloud URL",
        Track="title", Artist="select", Downloaded="checkbox", Soundcloud_URL="rich_text",
        WAV_File_Path="url", AIFF_File_Path="url", Eagle_File_ID="url", SoundCloud_ID="number",
        Key="select",
    )  # fmt: skip
    database = Database(properties)
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Glass", "Nova", seconds=5)
    page = database.add(Track="Glass", Artist="Nova", Soundcloud_URL=track.url)
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    row = database.values(page)
    assert (row["Track"], row["Artist"], row["Downloaded"]) == ("Glass", "Nova", True)
    assert row["WAV File Path"].endswith("Nova - Glass.wav")
    assert Path(row["WAV File Path"]).is_file()
    assert row["SoundCloud ID"] == track.id
    (result,) = summary.results
    assert (result.title, result.artist) == ("Glass", "Nova")
    assert (await run_flow(library_sync, sandbox)).found == 0


async def test_what_is_not_there_is_not_written_and_said_once(run_flow, sandbox_factory):
    """The three required properties are enough; each gap is named once, not for each row."""
    only = {"Title": "title", "DL": "checkbox", "SoundCloud URL": "url"}
    rows = [{"Title": name, "audio": name} for name in ("Glass", "Harbour")]
    summary, values, sandbox = await synced(run_flow, sandbox_factory, only, *rows)
    assert summary.counts["processed"] == 2
    assert [row["DL"] for row in values] == [True, True]
    said = [w for w in summary.warnings if "wav_path" in w]
    assert len(said) == 1
    assert "eagle_id" in said[0]
    assert "status" in said[0]
    assert sum("locking disabled" in w for w in summary.warnings) == 1
    assert len(sandbox.ledger.entries(service="eagle", kind="item.add")) == 4


@pytest.mark.parametrize("sentinel", ["None", "FILE_MISSING"])
async def test_sentinels_are_empty(run_flow, sandbox_factory, sentinel):
    """What the original wrote for `nothing` does not hide a row from the run."""
    row = {
        "Title": "Glass",
        "audio": "Glass",
        "WAV_File_Path": sentinel,
        "AIFF_File_Path": sentinel,
        "Eagle_File_ID": sentinel,
    }
    summary, (values,), _ = await synced(run_flow, sandbox_factory, types(), row)
    assert summary.counts["processed"] == 1
    assert values["WAV File Path"].endswith(".wav")
    assert values["Eagle File ID"] not in {"", sentinel}


async def test_a_path_makes_a_row_processed(run_flow, sandbox_factory):
    """A row with a path is not `unprocessed`, whatever DL says."""
    row = {"Title": "Glass", "audio": "Glass", "M4A_File_Path": "/music/Glass.m4a"}
    summary, _, _ = await synced(run_flow, sandbox_factory, types(), row)
    assert (summary.found, summary.return_code) == (0, 2)


async def test_a_listing_goes_beyond_ten_thousand(run_flow, sandbox_factory):
    """Notion ends a query at 10,000 rows: 10,500 come, each once."""
    database = Database({"Title": "title", "DL": "checkbox", "SoundCloud URL": "url"})
    sandbox = sandbox_factory(build=database.builder())
    seed(database, 10_500)
    await run_flow(library_sync, sandbox, dry_run=True, limit=1, filter=TrackFilter.MISSING_EAGLE)
    async with open_session(with_eagle=False) as run:
        notion, schema = run.connections.notion, run.connections.schema
        rows = iterate_tracks(notion, schema, TrackFilter.UNPROCESSED, lambda _: True)
        found = [track.page_id async for track in rows]
    assert len(found) == len(set(found)) == 10_500
    queries = sandbox.ledger.entries(event="request", service="notion", method="POST")
    assert len(queries) >= 106


def seed(database: Database, count: int) -> None:
    """Rows made in minutes of 3,000 each, past HTTP."""
    objects = database.world.notion.objects
    parent = {"type": "data_source_id", "data_source_id": database.world.tracks_source}
    began = datetime(2026, 1, 1, tzinfo=UTC)
    with objects.guard:
        now, objects._clock = objects._clock, lambda: began
        for number in range(count):
            if number % 3_000 == 0:
                began += timedelta(minutes=1)
            title = {"title": [{"text": {"content": f"Track {number}"}}]}
            create_page(objects, {"parent": parent, "properties": {"Title": title}})
        objects._clock = now
        objects.flush()


async def test_types_that_cannot_be_written_cost_no_row(run_flow, sandbox_factory):
    """Boxes named WAV and AIFF, an id that Notion counts, people: said once, the rest works."""
    properties = types(
        "WAV File Path", "AIFF File Path", "Artist Name",
        WAV="checkbox", AIFF="checkbox", Artist="people", SoundCloud_ID={"unique_id": {}},
        Eagle_File_ID="files",
    )  # fmt: skip
    rows = [{"Title": name, "audio": name} for name in ("Glass", "Harbour")]
    summary, values, _ = await synced(run_flow, sandbox_factory, properties, *rows)
    assert summary.counts["processed"] == 2
    assert [row["DL"] for row in values] == [True, True]
    for name in ("WAV", "AIFF", "Artist", "SoundCloud ID", "Eagle File ID"):
        assert sum(repr(name) in warning for warning in summary.warnings) == 1


async def test_an_address_that_is_a_formula(run_flow, sandbox_factory):
    """It is read and asked for; the row is brought in and not found again."""
    formula = {"formula": {"expression": 'prop("Link")'}}
    database = Database(types(Link="url", SoundCloud_URL=formula))
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Glass", "Nova", seconds=5)
    page = database.add(Title="Glass", Link=track.url)
    summary = await run_flow(library_sync, sandbox, filter=TrackFilter.ALL)
    assert summary.counts["processed"] == 1
    assert database.values(page)["SoundCloud ID"] == str(track.id)
    assert (await run_flow(library_sync, sandbox)).found == 0
