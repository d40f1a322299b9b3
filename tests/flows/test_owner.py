"""The owner's first evening: doctor, status, dry run, sync, missing_eagle, all, on his database."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from flows.__main__ import main
from flows.library_sync import library_sync
from tasks.tracks import TrackFilter
from tests.flows.database_world import told_by_eagle
from tests.worlds.owner import PROPERTIES, old_env_file, owner_world, trash

MISSING = {"filter": TrackFilter.MISSING_EAGLE}
ALL = {"filter": TrackFilter.ALL}
TEO = "Still Going (ft. Project Boro & Cia)"


def downloads(sandbox: Any) -> int:
    """Requests for audio so far."""
    return len(sandbox.ledger.entries(event="request", service="soundcloud"))


def test_his_schema_is_about_as_large_as_it_was():
    assert len(PROPERTIES) > 85


def test_doctor_and_status_understand_his_database(sandbox_factory, monkeypatch, tmp_path, capsys):
    """A number can hold SoundCloud's id, old settings are named, a sentinel is no lock."""
    owner = owner_world(sandbox_factory)
    monkeypatch.chdir(tmp_path)
    for name, value in owner.sandbox.environment.items():
        monkeypatch.setenv(name, value)
    old_env_file(tmp_path)
    assert main(["doctor", "--json", "doctor.json"]) == 0
    checks = json.loads(Path("doctor.json").read_text())["checks"]
    assert [c for c in checks if c["level"] == "fail"] == []
    assert not [c for c in checks if "NOTION_TOKEN" in c.get("remedy", "")]
    said = {c["check"]: c for c in checks}
    assert said["Property SoundCloud ID"]["level"] == "ok"
    assert "either" in said["Property Downloaded"]["said"]
    assert said["Locks"]["said"] == "none"
    capsys.readouterr()
    assert main(["status", "--json", "status.json"]) == 0
    counts = json.loads(Path("status.json").read_text())
    assert (counts["currently_locked"], counts["stale_locks"]) == (0, 0)
    assert (counts["downloaded"], counts["not_downloaded"]) == (1, 3)
    assert sum(counts["states"].values()) == counts["total_tracks"] == 4


async def test_the_first_sync_brings_each_song_once(run_flow, sandbox_factory):
    """Ids that differ in their last digits are two songs; a row ticked in either box is done."""
    owner = owner_world(sandbox_factory)
    dry = await run_flow(library_sync, owner.sandbox, dry_run=True)
    assert dry.counts["skipped_duplicate"] == 0
    assert downloads(owner.sandbox) == 0
    summary = await run_flow(library_sync, owner.sandbox, parallel=True)
    assert (summary.counts["processed"], summary.counts["skipped_duplicate"]) == (3, 0)
    for name in ("Harbour Glow", "Tide Machine", TEO):
        row = owner.values(name)
        assert row["DL"] is True
        assert row["WAV File Path"].endswith(".wav")
        assert isinstance(row["SoundCloud ID"], int)
    assert owner.values(TEO)["Processing Lock"] == ""
    assert owner.values("Ticked Elsewhere")["DL"] is False
    assert (await run_flow(library_sync, owner.sandbox)).found == 0


async def test_an_item_in_eagles_trash_is_repaired(run_flow, sandbox_factory):
    """A twin of its address is adopted, or the recording is brought again; and it is said."""
    owner = owner_world(sandbox_factory)
    await run_flow(library_sync, owner.sandbox, parallel=True)
    lost = owner.values("Harbour Glow")["Eagle File ID"]
    for item in list(owner.sandbox.eagle.library.items.values()):
        if item.record["url"] == owner.urls["Harbour Glow"]:
            trash(owner, item.record["id"])
    told_by_eagle(owner.sandbox)
    summary = await run_flow(library_sync, owner.sandbox, **MISSING)
    (result,) = [r for r in summary.results if r.page_id == owner.rows["Harbour Glow"]]
    assert "Eagle's trash" in result.action
    assert owner.values("Harbour Glow")["Eagle File ID"] not in {"", lost}
    assert lost not in owner.values("Harbour Glow")["WAV File Path"]
    again = await run_flow(library_sync, owner.sandbox, **MISSING)
    assert [r for r in again.results if r.page_id == owner.rows["Harbour Glow"]] == []


async def test_a_name_that_lost_its_signs_is_found_in_eagle(run_flow, sandbox_factory):
    """The earlier script's items: no address, no number, letters and spaces only."""
    owner = owner_world(sandbox_factory)
    await run_flow(library_sync, owner.sandbox, parallel=True)
    for stored in list(owner.sandbox.eagle.library.items.values()):
        record = stored.record
        if record["url"] == owner.urls[TEO]:
            bare = "Still Going ft Project Boro  Cia"
            folder = Path(owner.sandbox.eagle.library.path) / "images" / f"{record['id']}.info"
            name = f"{record['name']}.{record['ext']}"
            shutil.copy(folder / name, folder / f"{bare}.{record['ext']}")
            owner.sandbox.eagle.library.replace(
                record | {"name": bare, "url": "", "tags": ["Teo", record["ext"]], "annotation": ""}
            )
    told_by_eagle(owner.sandbox)
    row = {"Eagle File ID": "", "WAV Fingerprint": "", "DL": True}
    owner.sandbox.world.update_row(owner.rows[TEO], row)
    summary = await run_flow(library_sync, owner.sandbox, **MISSING)
    (result,) = [r for r in summary.results if r.page_id == owner.rows[TEO]]
    assert owner.values(TEO)["Eagle File ID"]
    assert "the same artist, title" in result.action


async def test_a_wav_is_made_from_the_aiff_that_is_here(run_flow, sandbox_factory, tmp_path):
    """The WAV is missing, the AIFF is whole: nothing is downloaded."""
    owner = owner_world(sandbox_factory)
    await run_flow(library_sync, owner.sandbox, parallel=True)
    row = owner.values("Tide Machine")
    aiff = tmp_path / "Tide Machine.aiff"
    shutil.copy(row["AIFF File Path"], aiff)
    for item in list(owner.sandbox.eagle.library.items.values()):
        if item.record["url"] == owner.urls["Tide Machine"]:
            trash(owner, item.record["id"])
    told_by_eagle(owner.sandbox)
    gone = {"WAV File Path": "FILE_MISSING", "AIFF File Path": str(aiff), "Eagle File ID": ""}
    owner.sandbox.world.update_row(owner.rows["Tide Machine"], gone)
    summary = await run_flow(library_sync, owner.sandbox, **MISSING)
    (result,) = [r for r in summary.results if r.page_id == owner.rows["Tide Machine"]]
    assert "the AIFF is here already" in result.action
    assert owner.values("Tide Machine")["AIFF File Path"] == str(aiff)
    assert Path(owner.values("Tide Machine")["WAV File Path"]).is_file()


async def test_all_leaves_a_whole_library_as_it_is(run_flow, sandbox_factory):
    """After the first sync nothing is left to do but the row ticked elsewhere."""
    owner = owner_world(sandbox_factory)
    await run_flow(library_sync, owner.sandbox, parallel=True)
    told_by_eagle(owner.sandbox)
    await run_flow(library_sync, owner.sandbox, **ALL)
    before = {name: owner.values(name) for name in owner.rows}
    summary = await run_flow(library_sync, owner.sandbox, **ALL)
    assert {name: owner.values(name) for name in owner.rows} == before
    assert summary.counts["failed"] == 0
