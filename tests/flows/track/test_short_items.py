"""What Eagle holds of a recording is taken only if it is as long as what was proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.samples import encode, music
from flows.library_sync import library_sync
from sandbox.builders import build_plain
from tasks.audio.inspecting import inspect, pcm_hash
from tasks.tracks import TrackStatus

SECONDS = 40.0
SHARES = (0.5, 0.62, 0.75, 0.9, 0.95)


def add_short(world, share: float) -> None:
    """A row, and both files of its beginning in Eagle, with its address and its number."""
    length = {"Audio Duration (seconds)": SECONDS}
    row = world.add_track(f"Beginning {share}", "Nova", seconds=SECONDS, properties=length)
    for ext, codec in (("wav", "pcm_s16le"), ("aiff", "pcm_s16be")):
        file = Path(world.eagle.library.path).parent / f"{row.track_id}.{ext}"
        encode(file, music(SECONDS * share), codec=codec)
        world.eagle.add_item(
            file,
            name=f"Nova - {row.title}",
            ext=ext,
            url=row.url,
            tags=[f"soundcloud:{row.track_id}"],
        )
        file.unlink()


def build(world) -> None:
    build_plain(world, 0)
    for share in SHARES:
        add_short(world, share)


async def test_the_beginning_of_a_recording_is_not_taken_for_it(run_flow, sandbox_factory, rows_of):
    """Half to 95 % of it, with the right address and number: imported anew, nothing is tagged."""
    sandbox = sandbox_factory(build=build)
    before = {stored.record["id"]: stored.record for stored in sandbox.world.eagle.items()}
    assert len(before) == 2 * len(SHARES)
    done: list[str] = []
    while len(done) < len(SHARES):
        summary = await run_flow(library_sync, sandbox)
        fresh = [r.page_id for r in summary.results if r.status is TrackStatus.PROCESSED]
        assert fresh
        done += fresh
    for row in rows_of(sandbox):
        assert row["Eagle File ID"] not in before
        for name in ("WAV File Path", "AIFF File Path"):
            file = Path(row[name])
            assert inspect(file).seconds == pytest.approx(SECONDS, abs=0.1)
            assert pcm_hash(file) == row["WAV Fingerprint"]
    for stored in sandbox.world.eagle.items():
        tags = stored.record["tags"]
        has_fingerprint = any(tag.startswith("fingerprint:") for tag in tags)
        assert has_fingerprint is (stored.record["id"] not in before)
