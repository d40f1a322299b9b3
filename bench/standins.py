"""The sandbox in a process of its own, filled for a measurement, with realistic latencies.

`python -m bench.standins STATE CONTENTS` is that process; CONTENTS is `Contents` as JSON. The audio
and the covers are made before the sandbox answers, so that nobody waits for an encoder while being
measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from flows.rows.playlists import UNASSIGNED
from sandbox.sample_music import PLAYLISTS, samples
from sandbox.server import Sandbox
from sandbox.soundcloud.artwork import draw_cover
from sandbox.soundcloud.encoding import AAC
from sandbox.soundcloud.recordings import Recordings
from sandbox.world import World
from tasks.notion.statuses import COMPLETE

NOTION_SECONDS = 0.4
"""Notion's median answer (docs/facts/notion.md, "Times of answers"); log-normal, sigma 0.35."""
SOUNDCLOUD_SECONDS = 0.04

_SIGMA = 0.35
_ADDED = 1_700_000_000_000
_LONG_AGO = 20_000_000


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the stand-ins hold: `tracks` new rows of `seconds`, `done` finished ones that are in
    Eagle, `lacking` finished ones whose Eagle id is not written, `unheard` new rows without any
    audio behind them, `others` items of other music. The finished ones say so in their status
    where they are `labelled`.
    """

    tracks: int = 0
    unheard: int = 0
    seconds: float = 240.0
    done: int = 0
    lacking: int = 0
    others: int = 0
    labelled: bool = True


class StandIns:
    """Running stand-ins: their environment, their latencies, what they were asked."""

    def __init__(self, state: Path, process: subprocess.Popen[str]) -> None:
        self.state = state
        self.pid = process.pid
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("The stand-ins did not start; their error is above.")
        self.environment: dict[str, str] = json.loads(line)
        self._admin = f"{self.environment['NOTION_BASE_URL']}/_sandbox"

    def use_latencies(
        self,
        *,
        notion: float | None = NOTION_SECONDS,
        soundcloud: float | None = SOUNDCLOUD_SECONDS,
        requests_per_minute: int | None = None,
    ) -> None:
        """Answer in these times (medians, seconds; None: at once), Notion's limit as given."""
        plans: dict[str, dict[str, Any]] = {
            "notion": {"requests_per_window": requests_per_minute},
            "soundcloud": {},
        }
        for service, median in (("notion", notion), ("soundcloud", soundcloud)):
            if median is not None:
                plans[service]["latency"] = {"median": median, "sigma": _SIGMA}
            answer = httpx.post(
                f"{self._admin}/faults",
                json={"service": service, "plan": plans[service]},
                trust_env=False,
            )
            answer.raise_for_status()

    def entries(self, since: float = 0.0) -> list[dict[str, Any]]:
        """The ledger's entries from the Unix time `since` on."""
        with (self.state / "ledger.jsonl").open(encoding="utf-8") as lines:
            return [entry for line in lines if (entry := json.loads(line))["at"] >= since]

    def requests(self, since: float = 0.0) -> Counter[str]:
        """Requests by service since a Unix time."""
        entries = self.entries(since)
        return Counter(e["service"] for e in entries if e["event"] == "request")

    def cpu_seconds(self) -> float:
        """User and system time the stand-ins have used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def stand_ins(folder: Path, contents: Contents) -> Iterator[StandIns]:
    """Stand-ins over `folder`/sandbox until the block ends; no latencies at first."""
    state = folder / "sandbox"
    command = [sys.executable, "-m", "bench.standins", str(state), json.dumps(asdict(contents))]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield StandIns(state, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _in_the_past(world: World) -> Iterator[None]:
    """Rows are made seconds apart, months ago: Notion lists at most 10,000 rows of one minute."""
    objects, real = world.notion.objects, world.notion.objects._clock  # noqa: SLF001
    seconds = itertools.count(-_LONG_AGO)
    objects._clock = lambda: real() + timedelta(seconds=next(seconds) / 4)  # noqa: SLF001
    try:
        yield
    finally:
        objects._clock = real  # noqa: SLF001


def fill(world: World, contents: Contents) -> None:
    """Rows and items as `contents` says; the same each time."""
    world.add_root_page()
    world.add_databases()
    for name in PLAYLISTS:
        world.add_playlist(name)
    with _in_the_past(world):
        _fill_rows(world, contents)


def _fill_rows(world: World, contents: Contents) -> None:
    finished = contents.done + contents.lacking
    folder = world.add_eagle_folder("Playlists", UNASSIGNED)
    for number in range(finished):
        status = [COMPLETE] if contents.labelled else []
        _add_finished(world, number, status, folder, has_id=number < contents.done)
    for number in range(finished, finished + contents.others):
        name = f"{_artist(number)} - Track {number}"
        world.eagle.add_item(name=name, ext="wav", url="", size=40_000_000, duration=240.0)
    for number in range(finished, finished + contents.unheard):
        world.add_row(_new_row(number))
    for place, sample in enumerate(samples(contents.tracks)):
        playlists = (PLAYLISTS[place % len(PLAYLISTS)],)
        world.add_track(sample.title, sample.artist, seconds=contents.seconds, playlists=playlists)


def _add_finished(
    world: World, number: int, status: list[str], folder: str, *, has_id: bool
) -> None:
    """A ticked row, and its WAV and AIFF in Eagle, for as long as it matters only records."""
    row = _new_row(number)
    artist, title = row["Artist Name"], row["Title"]
    ids = [
        world.eagle.add_item(
            name=f"{artist} - {title}",
            ext=ext,
            url=row["SoundCloud URL"],
            tags=[artist, "House", ext, "SoundCloud"],
            folders=[folder],
            size=40_000_000,
            duration=240.0,
            modification_time=_ADDED,
        )
        for ext in ("wav", "aiff")
    ]
    world.add_row(
        row
        | {
            "DL": True,
            "Audio Duration (seconds)": 240,
            "Eagle File ID": ids[0] if has_id else "",
            "Audio Processing Status": status,
            "WAV File Path": f"/music/{artist} - {title}.wav",
        }
    )


def _new_row(number: int) -> dict[str, Any]:
    return {
        "Title": f"Track {number}",
        "Artist Name": _artist(number),
        "SoundCloud URL": f"https://soundcloud.com/user-{number % 997}/track-{number}",
    }


def _artist(number: int) -> str:
    return f"Artist {number % 1499}"


def _encode(world: World, state: Path) -> None:
    seed = world.soundcloud.catalogue.seed
    recordings = Recordings(state / "soundcloud" / "recordings", seed=seed)
    for row in world.rows:
        track = world.soundcloud.catalogue.track(row.track_id)
        if track is not None:
            asyncio.run(recordings.encoded(track, AAC))
            draw_cover(track.id)


async def _serve(state: Path, contents: Contents) -> None:
    sandbox = Sandbox(state, build=lambda world: fill(world, contents))
    sandbox.eagle.pictures = False  # a waveform's CPU is Eagle's own, and nobody waits for it
    async with sandbox:
        await asyncio.to_thread(_encode, sandbox.world, state)
        sys.stdout.write(json.dumps(sandbox.environment) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Contents(**json.loads(sys.argv[2]))))
