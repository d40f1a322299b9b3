"""The user's own commands: values in the environment alone, failures told and never fatal."""

from __future__ import annotations

import json
from pathlib import Path

from flows.library_sync import library_sync
from flows.reporting.hooks import _run, run_values, track_values
from flows.summary import SyncSummary
from tasks.errors import ErrorType
from tasks.tracks import FilePaths, TrackResult, TrackStatus

EVIL = "$(touch injected); `touch injected` \"; touch injected; ' & touch injected #\n"


async def test_values_are_never_part_of_the_command(tmp_path, monkeypatch):
    """A title full of shell reaches the hook unchanged, and nothing of it runs."""
    monkeypatch.chdir(tmp_path)
    result = TrackResult(
        page_id="p", title=EVIL, artist="A\0B", status=TrackStatus.FAILED,
        file_paths=FilePaths(wav="/x/y.wav"), error_type=ErrorType.SC_404,
    )  # fmt: skip
    command = 'printf "%s" "$LIBRARY_SYNC_TITLE" > title; echo $LIBRARY_SYNC_ERROR > error'
    assert await _run(command, track_values(result), 30) == ""
    assert Path("title").read_text() == EVIL
    assert Path("error").read_text() == "SC_404\n"
    assert not Path("injected").exists()
    assert track_values(result)["LIBRARY_SYNC_ARTIST"] == "AB"


async def test_a_hook_that_takes_too_long_is_stopped(tmp_path):
    """With what it started, and the run says so."""
    mark = tmp_path / "late"
    problem = await _run(f"(sleep 2; touch {mark}) & wait", {}, 0.3)
    assert "took longer" in problem
    await _run("sleep 2.2", {}, 30)
    assert not mark.exists()


def test_a_runs_values(tmp_path):
    """Every count, and where the summary is."""
    values = run_values(SyncSummary(mode="batch", track_filter="all", found=3), tmp_path)
    assert values["LIBRARY_SYNC_FOUND"] == "3"
    assert values["LIBRARY_SYNC_RETURN_CODE"] == "2"
    assert values["LIBRARY_SYNC_SUMMARY_JSON"] == str(tmp_path / "summary.json")


async def test_both_hooks_in_a_run(run_flow, sandbox_factory, tmp_path):
    """One line a track with its files; one after the run, which finds the summary written."""
    sandbox = sandbox_factory(tracks=2)
    lines, copy = tmp_path / "lines", tmp_path / "copy.json"
    summary = await run_flow(
        library_sync,
        sandbox,
        settings={
            "hook_after_track": f'echo "$LIBRARY_SYNC_STATUS|$LIBRARY_SYNC_WAV" >> {lines}',
            "hook_after_run": f'cp "$LIBRARY_SYNC_SUMMARY_JSON" {copy}',
        },
    )
    told = [line.split("|") for line in lines.read_text().splitlines()]
    assert [status for status, _ in told] == ["processed"] * 2
    assert all(Path(wav).is_file() for _, wav in told)
    assert json.loads(copy.read_text())["counts"] == summary.counts
    assert summary.warnings == ()


async def test_a_failing_hook_is_a_warning(run_flow, sandbox_factory):
    """The tracks are in, the code is 0, both failures are in the summary, on the disk too."""
    sandbox = sandbox_factory(tracks=1)
    hooks = {"hook_after_track": "exit 3", "hook_after_run": "no-such-command"}
    summary = await run_flow(library_sync, sandbox, settings=hooks)
    assert (summary.return_code, summary.counts["processed"]) == (0, 1)
    assert [w.split()[0] for w in summary.warnings] == ["HOOK_AFTER_TRACK", "HOOK_AFTER_RUN"]
    (folder,) = (Path(sandbox.environment["LIBRARY_SYNC_STATE"]) / "runs").iterdir()
    kept = json.loads((folder / "summary.json").read_text())
    assert kept["warnings"] == list(summary.warnings)
