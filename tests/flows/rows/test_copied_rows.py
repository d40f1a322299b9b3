"""A finished row duplicated in Notion for another song: the two never become one."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from flows.library_sync import library_sync
from flows.rows.why import why
from flows.session.opening import SessionOptions, session_options
from tasks.audio.inspecting import pcm_hash
from tasks.tracks import TrackFilter
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, told_by_eagle, types

ALL = {"filter": TrackFilter.ALL}
MISSING = {"filter": TrackFilter.MISSING_EAGLE}
COPIES = {"settings": {"playlist_copies": "all"}}

NO_PATHS = {"WAV File Path": "", "AIFF File Path": ""}
OPEN = {"DL": False, **NO_PATHS}
NO_IDS = {"Eagle File ID": "", "SoundCloud ID": ""}
TITLES = ("Salt Flats", "Iron Island", "Late Train")
EMPTIED = {
    "unprocessed": (
        {},
        [
            OPEN,
            OPEN | {"SoundCloud ID": "", "WAV Fingerprint": "", "Audio Processing Status": []},
            OPEN | NO_IDS,
        ],
    ),
    "all": (ALL, [{"DL": False}, {"DL": False, "WAV Fingerprint": "", **NO_IDS}, {}]),
    "missing_eagle": (MISSING, [NO_PATHS, {}, NO_IDS | NO_PATHS]),
}
"""By filter: what three copies of a row were emptied of."""


def asked(sandbox: Any) -> int:
    """Requests to SoundCloud so far."""
    return len(sandbox.ledger.entries(event="request", service="soundcloud"))


def items(sandbox: Any) -> dict[str, dict[str, Any]]:
    """Eagle's items, as they are now."""
    told_by_eagle(sandbox)
    return {name: dict(kept.record) for name, kept in sandbox.eagle.library.items.items()}


async def finished(run_flow: Any, sandbox_factory: Any) -> tuple[Database, Any, str]:
    """A database with one finished row."""
    database, sandbox, (page,) = await finished_rows(run_flow, sandbox_factory, "Glass")
    return database, sandbox, page


async def finished_rows(
    run_flow: Any, sandbox_factory: Any, *titles: str
) -> tuple[Database, Any, list[str]]:
    """A database with a finished row of each title."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    dawn = database.playlists("Dawn")
    pages = [
        database.add(audio=title, Title=title, Artist_Name="Nova", Playlists=dawn)
        for title in titles
    ]
    await run_flow(library_sync, sandbox, **COPIES)
    return database, sandbox, pages


def copied(
    database: Database, page: str, *, title: str = TITLES[0], seconds: float = 9.0, **changes: Any
) -> str:
    """The row duplicated for `title`, of which `changes` are made by name."""
    track = database.world.soundcloud.catalogue.add_track(title, "Ada", seconds=seconds)
    values = {name: value for name, value in database.values(page).items() if value}
    mine = {"Title": title, "Artist Name": "Ada", "SoundCloud URL": track.url}
    mine["Playlists"] = database.playlists("Noon")
    return database.add(**values | mine | changes)


@pytest.mark.parametrize(("run", "emptied"), EMPTIED.values(), ids=list(EMPTIED))
async def test_copies_bring_their_own_songs(run_flow, sandbox_factory, run, emptied):
    """Whatever was left in them; and the first song's row and items stay as they were."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    first, before = database.values(page), items(sandbox)
    others = [
        copied(database, page, title=title, **changes)
        for title, changes in zip(TITLES, emptied, strict=True)
    ]
    dry = await run_flow(library_sync, sandbox, dry_run=True, **run, **COPIES)
    planned = {r.page_id: r.action.split(":")[0] for r in dry.results}
    assert [planned[other] for other in others] == ["download"] * 3
    await run_flow(library_sync, sandbox, **run, **COPIES)
    now = items(sandbox)
    assert database.values(page) == first
    assert {name: now[name] for name in before} == before
    for row in map(database.values, others):
        has_its_own(row, first, {name: now[name] for name in now.keys() - before.keys()})
    requests = asked(sandbox)
    again = await run_flow(library_sync, sandbox, **run, **COPIES)
    assert again.counts["processed"] == 0
    assert asked(sandbox) == requests


def has_its_own(row: dict[str, Any], first: dict[str, Any], new: dict[str, Any]) -> None:
    """Raise AssertionError unless the row is finished, and of none but `new` items."""
    assert row["DL"] is True
    assert new[row["Eagle File ID"]]["url"] == row["SoundCloud URL"]
    for name in ("SoundCloud ID", "WAV Fingerprint", "WAV File Path", "AIFF File Path"):
        assert row[name] not in {"", None, first[name]}
    for name in ("WAV File Path", "AIFF File Path"):
        assert pcm_hash(Path(row[name])) == row["WAV Fingerprint"]


def downloaded(sandbox: Any) -> int:
    """Requests for a format's address so far: each is a download."""
    entries = sandbox.ledger.entries(event="request", service="soundcloud")
    return sum("/stream" in entry["path"] for entry in entries)


def upload_moves(database: Database, page: str, *, title: str, address: str) -> str:
    """SoundCloud's track of the row is called otherwise by now, and lies elsewhere."""
    catalogue = database.world.soundcloud.catalogue
    track = next(t for t in catalogue.tracks if t.url == database.values(page)["SoundCloud URL"])
    artist, slug = address.split("/")
    url = f"https://soundcloud.com/{address}"
    moved = replace(track, title=title, url=url, artist_slug=artist, slug=slug)
    catalogue._keep({"track": asdict(moved)})
    with catalogue._guard:
        del catalogue._paths[track.path.lower()]
    return url


def of_older_days(sandbox: Any, **changes: Any) -> None:
    """All items lose their number, and what `changes` says."""
    library = sandbox.eagle.library
    for kept in list(library.items.values()):
        tags = [tag for tag in kept.record["tags"] if not tag.startswith(("soundcloud:", "finger"))]
        library.replace(kept.record | {"tags": tags, "annotation": ""} | changes)
    told_by_eagle(sandbox)


KEPT = {
    "Glass": ("Glass Harbour", "nova/glass-harbour"),
    "Amber": ("夜の灯", "nova-music/amber-2"),
    "Cedar": ("", "nova-music/cedar-2"),
    "Quartz": ("Quartz", "nova-music/quartz"),
}
"""Rows by their titles: the new ones, and where the uploads lie. The last keeps its title."""


@pytest.mark.parametrize("run", [ALL, MISSING], ids=["all", "missing_eagle"])
async def test_what_rows_have_under_other_names_and_addresses_stays_their_own(
    run_flow, sandbox_factory, run
):
    """SoundCloud's number is the item's: it is asked where both differ, once, and nothing comes."""
    database, sandbox, pages = await finished_rows(run_flow, sandbox_factory, *KEPT)
    for page, (old, (title, address)) in zip(pages, KEPT.items(), strict=True):
        url = upload_moves(database, page, title=title or old, address=address)
        sandbox.world.update_row(page, {"Title": title, "SoundCloud URL": url})
    rows, before = [database.values(page) for page in pages], resolved(sandbox)
    done = await run_flow(library_sync, sandbox, **run, **COPIES)
    assert done.counts["failed"] == 0
    untitled = {"Title": ""}
    assert [database.values(page) | untitled for page in pages] == [r | untitled for r in rows]
    assert resolved(sandbox) - before == 3
    requests = asked(sandbox)
    for page in pages:
        sandbox.world.update_row(page, OPEN)
    await run_flow(library_sync, sandbox, **COPIES)
    for page, row in zip(pages, rows, strict=True):
        assert database.values(page)["Eagle File ID"] == row["Eagle File ID"]
        assert database.values(page)["DL"] is True
    assert asked(sandbox) == requests
    assert len(items(sandbox)) == 2 * len(pages)


def resolved(sandbox: Any) -> int:
    """Tracks that SoundCloud was asked about so far."""
    entries = sandbox.ledger.entries(event="request", service="soundcloud")
    return sum(entry["path"].endswith("/resolve") for entry in entries)


async def test_another_upload_of_the_name_is_taken_for_what_the_row_has(run_flow, sandbox_factory):
    """As ever: the song was uploaded anew, and the row's owner wrote its new address."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    again = database.world.soundcloud.catalogue.add_track("Glass", "Nova", seconds=5)
    sandbox.world.update_row(page, {"SoundCloud URL": again.url, "SoundCloud ID": "", **OPEN})
    requests = asked(sandbox)
    await run_flow(library_sync, sandbox)
    assert database.values(page)["DL"] is True
    assert asked(sandbox) == requests


OLD = [{"url": ""}, {"url": "", "name": "glass harbour 01"}, {}]


@pytest.mark.parametrize("changes", OLD, ids=["no address", "no name", "no number"])
async def test_items_of_an_older_library_stay_their_rows(run_flow, sandbox_factory, changes):
    """They tell no number or no address, and the row has another title by now."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    of_older_days(sandbox, **changes)
    named, fetched = database.values(page)["Eagle File ID"], downloaded(sandbox)
    url = upload_moves(database, page, title="Glass Harbour", address="nova-music/harbour")
    sandbox.world.update_row(page, {"Title": "Glass Harbour", "SoundCloud URL": url, **OPEN})
    await run_flow(library_sync, sandbox)
    assert database.values(page)["Eagle File ID"] == named
    assert database.values(page)["DL"] is True
    assert downloaded(sandbox) == fetched


@pytest.mark.parametrize("changes", OLD, ids=["no address", "no name", "no number"])
async def test_a_copy_is_known_by_its_length_where_items_are_old(
    run_flow, sandbox_factory, changes
):
    """What tells no number tells its length; its address may still tell both."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    of_older_days(sandbox, **changes)
    seconds = 9.0 if changes else 5.0
    first, before = database.values(page), items(sandbox)
    other = copied(database, page, seconds=seconds, **OPEN)
    await run_flow(library_sync, sandbox)
    now = items(sandbox)
    assert database.values(page) == first
    assert {name: now[name] for name in before} == before
    assert database.values(other)["Eagle File ID"] in now.keys() - before.keys()


async def test_a_previews_length_says_nothing(run_flow, sandbox_factory):
    """The track is for subscribers by now: what the row has of it from before stays its own."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    of_older_days(sandbox, url="")
    named = database.values(page)["Eagle File ID"]
    url = upload_moves(database, page, title="Glass Harbour", address="nova-music/harbour")
    number = database.values(page)["SoundCloud ID"]
    database.world.soundcloud.catalogue.set_condition(int(number), "preview_only")
    sandbox.world.update_row(page, {"Title": "Glass Harbour", "SoundCloud URL": url, **OPEN})
    await run_flow(library_sync, sandbox)
    assert database.values(page)["DL"] is True
    assert database.values(page)["Eagle File ID"] == named


async def test_a_copy_whose_address_is_wrong_says_so(run_flow, sandbox_factory):
    """It is not joined to the first song for want of its own; one that is ticked is left alone."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    wrong = {"SoundCloud URL": "https://soundcloud.com/ada/salt-flatts"}
    open_row, ticked = copied(database, page, **wrong, **OPEN), copied(database, page, **wrong)
    before = items(sandbox), database.values(ticked)
    summary = await run_flow(library_sync, sandbox, **ALL, **COPIES)
    assert (items(sandbox), database.values(ticked)) == before
    assert database.values(open_row)["DL"] is False
    assert "SC_404" in database.values(open_row)["Audio Processing Status"]
    (alone,) = [result for result in summary.results if result.page_id == ticked]
    assert "SoundCloud does not say whether it is this track" in alone.action


async def test_a_first_song_in_eagles_trash_is_not_taken_from_there(run_flow, sandbox_factory):
    """Its files lie there until the trash is emptied, and the copy's paths lead to them."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    other = copied(database, page, DL=False)
    sandbox.eagle.trash(list(items(sandbox)))
    told_by_eagle(sandbox)
    await run_flow(library_sync, sandbox, **ALL, **COPIES)
    for each in (page, other):
        row = database.values(each)
        assert items(sandbox)[row["Eagle File ID"]]["url"] == row["SoundCloud URL"]
        assert pcm_hash(Path(row["WAV File Path"])) == row["WAV Fingerprint"]
    hashes = {database.values(each)["WAV Fingerprint"] for each in (page, other)}
    assert len(hashes) == 2


async def test_why_tells_whose_item_it_is(run_flow, sandbox_factory):
    """What a sync would do, and what of the row it does not go by."""
    database, sandbox, page = await finished(run_flow, sandbox_factory)
    other = copied(database, page, **OPEN)
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    said = "\n".join(line for row in await why(other) for line in row.lines())
    assert "would download: Eagle does not have it" in said
    assert f"has {database.values(page)['Eagle File ID']}, which the row names: another" in said
