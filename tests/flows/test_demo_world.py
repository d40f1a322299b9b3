"""The demo's world: ordinary tracks beside every kind of trouble, in one run and the next."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import httpx
import pytest

from flows.batch_sync import batch_sync
from flows.cleanup_locks import cleanup_locks
from flows.library_sync import library_sync
from sandbox import builders
from sandbox.builders import build_plain
from tasks.tracks import TrackFilter, TrackStatus


def imports(sandbox) -> list[tuple[str, str]]:
    """Address and extension of everything Eagle imported."""
    entries = sandbox.ledger.entries(service="eagle", kind="item.add")
    return [(entry["url"], entry["ext"]) for entry in entries]


async def test_troubles_are_classified_and_stop_nobody(
    run_flow, sandbox_factory, rows_of, monkeypatch
):
    """One bad track never stops the others; each ends with its class in Notion and a remedy."""
    monkeypatch.setattr(builders, "DEMO_TRACKS", 1)
    sandbox = sandbox_factory()
    summary = await run_flow(library_sync, sandbox, parallel=True, workers=4)

    by_error = {r.error_type: r for r in summary.results if r.error_type}
    assert set(by_error) == {"SC_404", "SC_Geo_Blocked", "SC_Preview_Only"}
    assert all(result.remedy and result.page_url for result in by_error.values())
    statuses = Counter(r.status for r in summary.results)
    assert statuses[TrackStatus.SKIPPED_NO_SOURCE] == 1
    assert statuses[TrackStatus.SKIPPED_DUPLICATE] == 1
    assert summary.stale_locks_cleared == 1
    assert summary.return_code == 0

    rows = {row["id"]: row for row in rows_of(sandbox)}
    for result in by_error.values():
        assert result.error_type in rows[result.page_id]["Audio Processing Status"]
        assert rows[result.page_id]["DL"] is False
    assert all(row["Processing Lock"] == "" for row in rows.values())
    assert (
        len(set(imports(sandbox))) == len(imports(sandbox)) == 2 * statuses[TrackStatus.PROCESSED]
    )


@pytest.mark.counts_requests
async def test_missing_eagle_repairs_without_downloading(run_flow, sandbox_factory, rows_of):
    """A ticked row whose items are in Eagle gets its id, and no download.

    One request; a second one where a label is written too, which is merged with a fresh look.
    """
    sandbox = sandbox_factory()
    repair = {"filter": TrackFilter.MISSING_EAGLE, "cleanup": False}
    summary = await run_flow(library_sync, sandbox, **repair)
    assert summary.counts["processed"] == summary.found == 1
    row = next(r for r in rows_of(sandbox) if r["id"] == summary.results[0].page_id)
    assert row["Eagle File ID"] == summary.results[0].eagle_item_id
    assert imports(sandbox) == []
    pages = [
        entry
        for entry in sandbox.ledger.entries(event="request", service="notion")
        if entry["path"] == f"/v1/pages/{row['id']}"
    ]
    assert [entry["method"] for entry in pages] == ["GET", "PATCH"]
    assert (await run_flow(library_sync, sandbox, **repair)).found == 0


async def test_all_skips_what_is_done(run_flow, sandbox_factory):
    """`all` looks at every row with an address, and leaves finished ones alone."""
    sandbox = sandbox_factory(tracks=2)
    await run_flow(library_sync, sandbox, parallel=True)
    summary = await run_flow(library_sync, sandbox, filter=TrackFilter.ALL)
    assert summary.counts == {
        "found": 2,
        "processed": 0,
        "failed": 0,
        "skipped_locked": 0,
        "skipped_done": 2,
        "skipped_duplicate": 0,
        "skipped_no_source": 0,
        "skipped_not_due": 0,
    }
    assert summary.return_code == 2


async def test_an_item_imported_before_a_crash_is_adopted(run_flow, sandbox_factory, rows_of):
    """Imported, but the row was never written: the items are found by their address."""

    def build(world):
        row = build_plain(world, 1)[0]
        world.add_eagle_item(row, "wav")
        world.add_eagle_item(row, "aiff")

    sandbox = sandbox_factory(build=build)
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    assert imports(sandbox) == []
    assert rows_of(sandbox)[0]["DL"] is True


async def test_half_a_pair_is_completed_without_a_download(run_flow, sandbox_factory):
    """Killed between the two imports: the AIFF is made from Eagle's WAV."""

    def build(world):
        world.add_eagle_item(build_plain(world, 1)[0], "wav")

    sandbox = sandbox_factory(build=build)
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    assert [extension for _, extension in imports(sandbox)] == ["aiff"]
    assert sandbox.ledger.entries(event="request", service="soundcloud") == []


async def test_batch_goes_on_until_nothing_is_left(run_flow, sandbox_factory, monkeypatch):
    """Small queries, repeated, here of two rows; a limit is kept to."""
    monkeypatch.setattr(importlib.import_module("flows.batch_sync"), "_ROUND", 2)
    sandbox = sandbox_factory(tracks=4)
    first = await run_flow(batch_sync, sandbox, limit=1)
    assert first.counts["processed"] == 1
    rest = await run_flow(batch_sync, sandbox)
    assert rest.counts["processed"] == 3
    assert (await run_flow(batch_sync, sandbox)).return_code == 2


async def test_without_a_lock_property_the_run_says_so_and_goes_on(run_flow, sandbox_factory):
    """The warning, at warning level and again in the summary."""
    sandbox = sandbox_factory(tracks=1)
    summary = await run_flow(library_sync, sandbox, settings={"lock_enabled": False})
    assert summary.counts["processed"] == 1
    assert any("locking disabled" in warning for warning in summary.warnings)


async def test_without_eagle_the_files_are_in_out_dir(run_flow, sandbox_factory):
    """EAGLE_API_BASE=off: WAV and AIFF in OUT_DIR/{playlist}, the copy in its folder."""
    sandbox = sandbox_factory(tracks=1)
    summary = await run_flow(library_sync, sandbox, settings={"eagle_api_base": ""})
    paths = summary.results[0].file_paths
    assert paths.wav.startswith(sandbox.environment["OUT_DIR"])
    assert paths.aiff.startswith(sandbox.environment["OUT_DIR"])
    assert paths.playlist_wav.startswith(sandbox.environment["PLAYLIST_TRACKS_DIR"])


async def test_cleanup_frees_what_is_stale(run_flow, sandbox_factory, rows_of):
    """`cleanup` counts, frees, and leaves nothing behind."""
    sandbox = sandbox_factory()
    assert (await run_flow(cleanup_locks, sandbox, dry_run=True))["cleared"] == 1
    assert sandbox.ledger.entries(event="commit") == []
    assert (await run_flow(cleanup_locks, sandbox))["cleared"] == 1
    assert all(row["Processing Lock"] == "" for row in rows_of(sandbox))


async def test_a_failed_query_is_1_never_2(run_flow, sandbox_factory):
    """A listing that cannot be completed ends the run as a failure."""
    sandbox = sandbox_factory(tracks=2)
    sandbox.notion.result_limit = 1
    summary = await run_flow(library_sync, sandbox)
    assert summary.return_code == 1
    assert "stopped the listing" in summary.error


async def test_what_got_lost_is_repaired(run_flow, sandbox_factory, rows_of):
    """A ticked row whose item and files were here and are gone is brought back by missing_eagle."""
    sandbox = sandbox_factory(tracks=1)
    first = await run_flow(library_sync, sandbox)
    result = first.results[0]
    for path in (result.file_paths.wav, result.file_paths.aiff):
        Path(path).unlink()
    trash = {"itemIds": [result.eagle_item_id, result.eagle_aiff_item_id]}
    httpx.post(f"{sandbox.environment['EAGLE_API_BASE']}/api/item/moveToTrash", json=trash)

    again = await run_flow(library_sync, sandbox, filter=TrackFilter.MISSING_EAGLE)
    assert again.counts["processed"] == again.found == 1
    row = rows_of(sandbox)[0]
    assert row["Eagle File ID"] == again.results[0].eagle_item_id != result.eagle_item_id
    assert Path(row["WAV File Path"]).is_file()
