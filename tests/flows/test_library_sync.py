"""The main job on real parts: rows in, a whole library out, counted by the stand-ins themselves."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

import pytest

from flows.library_sync import library_sync
from tasks.tracks import TrackStatus
from tests.conftest import FAULTS


def imports(sandbox) -> Counter[str]:
    """What Eagle imported, by extension."""
    return Counter(e["ext"] for e in sandbox.ledger.entries(service="eagle", kind="item.add"))


def page_requests(sandbox) -> int:
    """Requests to Notion about single pages."""
    entries = sandbox.ledger.entries(event="request", service="notion")
    return sum(entry["path"].startswith("/v1/pages/") for entry in entries)


async def test_every_track_once_and_whole(run_flow, sandbox_factory, rows_of):
    """Nine rows, four workers: 9 WAV, 9 AIFF, none twice, four requests a track."""
    sandbox = sandbox_factory(tracks=9)
    summary = await run_flow(library_sync, sandbox, parallel=True, workers=4)

    assert summary.counts["processed"] == summary.found == 9
    assert imports(sandbox) == {"wav": 9, "aiff": 9}
    if not FAULTS:  # under which some are sent again
        assert page_requests(sandbox) <= 4.5 * 9
        sweeps = sandbox.ledger.entries(event="request", service="eagle", path="/api/item/list")
        assert len(sweeps) == 1
    for row in rows_of(sandbox):
        assert row["Processing Lock"] == ""
        assert row["DL"] is True
        assert Path(row["WAV File Path"]).is_file()
        assert Path(row["AIFF File Path"]).is_file()


async def test_a_second_run_changes_nothing(run_flow, sandbox_factory):
    """Nothing to do is exit code 2, without a single write."""
    sandbox = sandbox_factory(tracks=3)
    assert (await run_flow(library_sync, sandbox)).return_code == 0
    commits = len(sandbox.ledger.entries(event="commit"))
    summary = await run_flow(library_sync, sandbox)
    assert (summary.return_code, summary.found) == (2, 0)
    assert len(sandbox.ledger.entries(event="commit")) == commits


async def test_a_dry_run_says_and_does_not(run_flow, sandbox_factory):
    """Every row gets its plan and reason; nothing changes anywhere."""
    sandbox = sandbox_factory()
    summary = await run_flow(library_sync, sandbox, dry_run=True)
    assert sandbox.ledger.entries(event="commit") == []
    planned = [r for r in summary.results if r.status is TrackStatus.PENDING]
    assert planned
    assert all(result.action for result in summary.results)


async def test_the_limit_counts_tracks_to_process(run_flow, sandbox_factory):
    """Rows that need no work do not use up the limit."""
    sandbox = sandbox_factory(tracks=5)
    summary = await run_flow(library_sync, sandbox, limit=2)
    assert (summary.found, summary.counts["processed"]) == (5, 2)


@pytest.mark.parametrize(("file", "command"), [("library_sync", "sync"), ("batch_sync", "batch")])
def test_a_flow_that_is_run_as_a_script_says_what_to_run(file, command):
    """`python flows/library_sync.py`, as the earlier script was started."""
    script = Path(__file__).parents[2] / "flows" / f"{file}.py"
    with pytest.raises(SystemExit, match=f"Run: library-sync {command} "):
        runpy.run_path(str(script), run_name="__main__")
