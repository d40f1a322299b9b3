"""kill -9 at each window of a track's way: the next run completes it, and does nothing twice."""

from __future__ import annotations

import wave
from collections import Counter
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL

from flows.library_sync import library_sync
from sandbox.builders import short_tracks
from tasks.locks.value import parse
from tests.flows.sync_process import started, wait_until

LOCK = "Processing Lock"


def locked_as(sandbox) -> str:
    """The lock on the only row."""
    (row,) = sandbox.world.values_of_all()
    return row[LOCK]


def recordings_asked_for(sandbox) -> int:
    """How often SoundCloud was asked for the track's audio."""
    entries = sandbox.ledger.entries(event="request", service="soundcloud")
    return sum(entry["path"].endswith("playlist.m3u8") for entry in entries)


def imports(sandbox) -> list[str]:
    """Extensions of what Eagle imported."""
    return [entry["ext"] for entry in sandbox.ledger.entries(event="commit", kind="item.add")]


async def killed(sandbox, happened) -> None:
    """A run on `sandbox`, killed as soon as `happened(sandbox)`."""
    with started(sandbox, PREFECT_API_URL.value()) as process:
        wait_until(lambda: happened(sandbox))
        process.kill()


def assert_whole(sandbox) -> None:
    """The only row is complete and free, its two items are there once, no file is half."""
    (row,) = sandbox.world.rows
    values = sandbox.world.values_of(row.page_id)
    assert (values["DL"], values[LOCK]) == (True, "")
    assert Counter(imports(sandbox)) == {"wav": 1, "aiff": 1}
    assert Path(values["AIFF File Path"]).is_file()
    copies = list(Path(sandbox.environment["PLAYLIST_TRACKS_DIR"]).rglob("*.wav"))
    for path in [Path(values["WAV File Path"]), *(copy for copy in copies if copy.is_file())]:
        with wave.open(str(path)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(row.seconds, abs=0.2)


def during_the_download(sandbox) -> bool:
    """The playlist was fetched, and the audio's host has fallen silent."""
    return recordings_asked_for(sandbox) == 1 and bool(locked_as(sandbox))


def wav_asked_for(sandbox) -> bool:
    """Eagle has taken the request, the item is not there yet."""
    return bool(sandbox.ledger.entries(event="request", path="/api/item/addFromPath"))


def wav_there(sandbox) -> bool:
    """The WAV is an item, its AIFF not yet."""
    return "wav" in imports(sandbox)


def both_there(sandbox) -> bool:
    """Both are items, the row does not say so."""
    return "aiff" in imports(sandbox)


@pytest.mark.parametrize(
    ("window", "downloads"),
    [
        pytest.param(during_the_download, 2, id="during the download"),
        pytest.param(wav_asked_for, 1, id="WAV asked for", marks=pytest.mark.slow),
        pytest.param(wav_there, 1, id="between WAV and AIFF"),
        pytest.param(both_there, 1, id="before the last PATCH", marks=pytest.mark.slow),
    ],
)
async def test_the_next_run_completes_what_a_killed_one_began(
    window, downloads, sandbox_factory, run_flow
):
    """At once, for the dead process's locks are known on this machine; once in Eagle stays once.

    A row for which Eagle was importing is not freed but taken over: others would import it again.
    """
    sandbox = sandbox_factory(build=short_tracks(1))
    (row,) = sandbox.world.rows
    sandbox.use_faults(eagle={"import_delay": 0.7})
    catalogue = sandbox.soundcloud.catalogue
    if window is during_the_download:
        catalogue.set_condition(row.track_id, "stall")
    await killed(sandbox, window)
    catalogue.set_condition(row.track_id, "ordinary")
    assert parse(locked_as(sandbox)) is not None
    assert sandbox.world.values_of(row.page_id)["DL"] is False

    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    is_taken_over = window in {wav_asked_for, wav_there, both_there}
    assert summary.stale_locks_cleared == (0 if is_taken_over else 1)
    assert_whole(sandbox)
    assert recordings_asked_for(sandbox) == downloads


@pytest.mark.slow
async def test_a_claim_that_was_never_verified_waits_for_its_time_out(sandbox_factory, run_flow):
    """Its token may hide a holder, so nobody takes it for a dead process's; later it is no bar."""
    sandbox = sandbox_factory(build=short_tracks(1))
    (row,) = sandbox.world.rows
    unanswered = {"fault": "late", "method": "PATCH", "path": "/pages/", "after": 0.1}
    sandbox.use_faults(notion={"aimed": [unanswered], "late_hold_seconds": [30, 30]})
    await killed(sandbox, locked_as)  # before it knows that its token has landed
    sandbox.use_faults(notion={})
    token = parse(locked_as(sandbox))
    assert token is not None

    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["skipped_locked"] == 1
    assert locked_as(sandbox) == str(token)

    aged = str(token).replace(f"{token.taken_at:%Y-%m-%dT%H}", f"{token.taken_at:%Y}-01-01T00")
    sandbox.world.update_row(row.page_id, {LOCK: aged})
    assert (await run_flow(library_sync, sandbox)).counts["processed"] == 1
    assert_whole(sandbox)
