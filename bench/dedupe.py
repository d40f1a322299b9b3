"""What it costs to know whether Eagle has a recording.

`python -m bench.dedupe --items 21000 --rows 7000` fills an Eagle stand-in in a process of its own,
reads it over HTTP, cold and warm, judges all rows, and lets rapidfuzz do the same over the whole
list on a sample. `--repair` rows are then given their Eagle ids by the real flow, in a sandbox of
its own. `--large` adds the memory of an index of that many items, in a fresh process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from rapidfuzz import fuzz, process

from sandbox.eagle.app import create_app
from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger
from sandbox.listener import Listener
from tasks.dedupe.groups import duplicate_groups
from tasks.eagle.addresses import address_keys
from tasks.eagle.client import EagleClient
from tasks.eagle.identity import RecordingIdentity
from tasks.eagle.index import EagleIndex, MatchReason
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem
from tasks.eagle.wire import records_in
from tasks.facts import row_keys
from tasks.tracks import Track

_FUZZY_SAMPLE = 200
_ADOPTED = 100
_FUZZY_CUTOFF = 75  # what the old script used (docs/facts/audio.md)
_SYLLABLES = (
    "ba", "co", "di", "fu", "ge", "ha", "ji", "ko", "lu", "me", "ni", "po", "qua", "ri", "sa",
    "to", "ul", "ve", "wo", "xa", "yo", "zi", "tor", "lan", "mer",
)  # fmt: skip
_ARTISTS = 1500
_VERSIONS = ["", "", "", "", " (Original Mix)", " (Extended Mix)", " (VIP)", " ({} Remix)"]
_FIELDS = "id,name,ext,size,tags,url,annotation,folders,modificationTime,duration,isDeleted"


@dataclass(frozen=True)
class Recording:
    """One invented recording."""

    number: int
    artist: str
    title: str
    seconds: float

    @property
    def url(self) -> str:
        return f"https://soundcloud.com/user-{self.number % 997}/track-{self.number}"

    @property
    def fingerprint(self) -> str:
        return f"{self.number:064x}"


def recordings(count: int) -> Iterator[Recording]:
    """The same `count` recordings each time."""
    dice = random.Random(20260116)

    def word() -> str:
        return "".join(dice.choices(_SYLLABLES, k=dice.randint(2, 3))).capitalize()

    artists = [f"{word()} {word()}" for _ in range(_ARTISTS)]
    for number in range(count):
        artist, version = dice.choice(artists), dice.choice(_VERSIONS).format(dice.choice(artists))
        yield Recording(number, artist, f"{word()} {word()}{version}", dice.uniform(120, 420))


def item_facts(recording: Recording, ext: str) -> dict[str, Any]:
    """A third has an address, a third a fingerprint, a third (of the old system's) a name only."""
    kind = recording.number % 3
    tags = [recording.artist, "House", "BPM124", ext, "SoundCloud"]
    tags += [f"fingerprint:{recording.fingerprint[-32:]}"] if kind == 1 else []
    return {
        "name": f"{recording.artist} - {recording.title}",
        "ext": ext,
        "url": recording.url if kind == 0 else "",
        "tags": tags,
        "size": int(recording.seconds * 176_400),
        "duration": recording.seconds if ext == "wav" else None,
    }


def rows(count: int, held: int) -> list[Track]:
    """Rows, nine in ten of recordings among the first `held`, the others of none that Eagle has."""
    known = min(held, round(count * 0.9))
    step = held // known
    wanted = [*range(0, known * step, step), *range(held, held + count - known)]
    made = list(recordings(wanted[-1] + 1))
    return [row(made[number]) for number in wanted]


def row(recording: Recording) -> Track:
    """The row of a recording, with an address as people paste it."""
    return Track(
        page_id=f"page-{recording.number}",
        title=recording.title,
        artist=recording.artist,
        soundcloud_url=f"{recording.url}?in=someone/sets/night",
        fingerprint=recording.fingerprint[-32:],
        duration_seconds=recording.seconds,
    )


async def serve(folder: Path, items: int) -> None:
    """Fill a stand-in, say where it is, and serve until standard input ends."""
    app = EagleApp(folder)
    app.pictures = False
    for recording in recordings(items // 2):
        for ext in ("wav", "aiff"):
            app.add_item(None, **item_facts(recording, ext))
    with app.lock:
        app.library.flush()
    listener = Listener(create_app(app, Ledger()))
    await listener.open()
    print(listener.address, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await listener.close()
    await asyncio.to_thread(app.close)


@contextlib.asynccontextmanager
async def eagle(items: int) -> AsyncIterator[tuple[EagleClient, Counter[str], Path]]:
    """A client for a stand-in of its own process, and a count of requests by path."""
    with tempfile.TemporaryDirectory(prefix="bench-dedupe-") as folder:
        command = [sys.executable, "-m", "bench.dedupe", "--serve", folder, "--items", str(items)]
        server = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert server.stdin is not None
        assert server.stdout is not None
        address = (await server.stdout.readline()).decode().strip()
        asked: Counter[str] = Counter()

        logger, requests = logging.getLogger("tasks.eagle.client"), _Requests(asked)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(requests)
        try:
            async with EagleClient(address) as client:
                yield client, asked, Path(folder)
        finally:
            logger.removeHandler(requests)
            server.stdin.close()
            await server.wait()


class _Requests(logging.Handler):
    """Counts by path what the client says of its requests."""

    def __init__(self, asked: Counter[str]) -> None:
        super().__init__()
        self._asked = asked

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        self._asked[str(record.args[1])] += 1


async def load(client: EagleClient, state: Path) -> tuple[EagleLibrary, float]:
    """A library as a run opens and loads it, and the seconds it took."""
    began = time.perf_counter()
    library = await EagleLibrary.open(client, key_of=address_keys(), state_dir=state)
    await library.load()
    return library, time.perf_counter() - began


async def read_by_v2(client: EagleClient) -> float:
    """Seconds to read the same fields by V2, 1,000 items a page."""
    began = time.perf_counter()
    async with httpx.AsyncClient(trust_env=False, base_url=client.base_url) as http:
        offset, total = 0, 1
        while offset < total:
            query = {"limit": 1000, "offset": offset, "fields": _FIELDS}
            page = (await http.get("/api/v2/item/get", params=query)).json()["data"]
            found = [EagleItem.of(record) for record in page["data"]]
            offset, total = offset + len(found), page["total"]
    return time.perf_counter() - began


_key_of = address_keys()


def identity_of(track: Track) -> RecordingIdentity:
    """What a run knows of the row."""
    return RecordingIdentity(
        url_keys=(_key_of(track.soundcloud_url),),
        fingerprint=track.fingerprint,
        artist=track.artist,
        title=track.title,
        duration_seconds=track.duration_seconds,
    )


def judge(index: EagleIndex, tracks: list[Track]) -> tuple[float, Counter[str], list[Any]]:
    """Seconds for all rows, how many by which reason, and the matches."""
    began = time.perf_counter()
    found = [index.match(identity_of(track)) for track in tracks]
    seconds = time.perf_counter() - began
    return seconds, Counter(match.reason or "not in Eagle" for match in found), found


def judge_fuzzily(index: EagleIndex, tracks: list[Track]) -> tuple[float, int]:
    """Seconds a row by WRatio over all names; how many of a sample would get another's name."""
    names = [item.name for item in index]
    sample = random.Random(1).sample(tracks, min(_FUZZY_SAMPLE, len(tracks)))
    began = time.perf_counter()
    best = [
        process.extractOne(t.label, names, scorer=fuzz.WRatio, score_cutoff=_FUZZY_CUTOFF)
        for t in sample
    ]
    seconds = time.perf_counter() - began
    wrong = sum(1 for track, hit in zip(sample, best, strict=True) if hit and hit[0] != track.label)
    return seconds / len(sample), wrong


async def adopt(library: EagleLibrary, found: list[Any], asked: Counter[str]) -> float:
    """Requests to Eagle for each item adopted with tags and folder to add."""
    asked.clear()
    items = [match.wav for match in found if match.wav][:_ADOPTED]
    for item in items:
        await library.adopt(item, tags=["Night"], playlist="Night")
    return sum(asked.values()) / max(1, len(items))


async def large_index(items: int) -> None:
    """Read `items` records as Eagle would send them, index them; print seconds and megabytes."""

    async def text() -> AsyncIterator[str]:
        yield '{"status":"success","data":['
        for recording in recordings(items // 2):
            records = [item_facts(recording, ext) for ext in ("wav", "aiff")]
            for number, record in enumerate(records):
                first = recording.number == 0 and number == 0
                record |= {"id": f"M{recording.number:011X}{number}", "palettes": [{"c": [1]}] * 9}
                yield ("" if first else ",") + json.dumps(record)
        yield "]}"

    began = time.perf_counter()
    stream = records_in(text(), status=200, what="item/list")
    found = [EagleItem.of(record) async for record in stream]
    index = EagleIndex.of(found, address_keys())
    index.match(RecordingIdentity(artist="a", title="b", duration_seconds=1.0))
    seconds = time.perf_counter() - began
    print(f"  {len(index):,} items: {seconds:.1f} s, peak memory {peak_megabytes():,.0f} MB")


def peak_megabytes() -> float:
    """The most memory this process has used."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


async def measure(items: int, row_count: int) -> None:
    """Print everything for a library of `items` and a database of `row_count` rows."""
    tracks = rows(row_count, items // 2)
    async with eagle(items) as (client, asked, folder):
        library, cold = await load(client, folder / "state")
        sweeps = asked["item/list"]
        _, warm = await load(client, folder / "state")
        by_v2 = await read_by_v2(client)
        print(f"Index of {len(library.index):,} items")
        print(f"  cold, from Eagle by {sweeps} item/list: {cold:.2f} s")
        print(f"  warm, from the disk: {warm:.2f} s")
        print(f"  for comparison, V2 with fields in pages of 1,000: {by_v2:.2f} s (unindexed)")
        seconds, reasons, found = judge(library.index, tracks)
        print(f"Decisions for {len(tracks):,} rows: {seconds:.2f} s")
        for reason in [*MatchReason, "not in Eagle"]:
            print(f"  {reason}: {reasons[reason]:,}")
        wrong = sum(
            1
            for track, match in zip(tracks, found, strict=True)
            if match.wav and match.wav.name != track.label
        )
        print(f"  taken for another recording: {wrong}")
        began = time.perf_counter()
        doubled = [replace(track, page_id=f"{track.page_id}-b") for track in tracks[:100]]
        groups = duplicate_groups([*tracks, *doubled], lambda t: row_keys(t, frozenset()))
        seconds = time.perf_counter() - began
        print(f"Duplicate groups among the rows: {len(groups)} in {seconds:.2f} s")
        print(f"Peak memory of this process: {peak_megabytes():,.0f} MB")
        print(f"Requests to Eagle for an adopted item: {await adopt(library, found, asked):.2f}")
        each, wrong = judge_fuzzily(library.index, tracks)
        print(
            f"For comparison, rapidfuzz WRatio >= {_FUZZY_CUTOFF} over the whole list: "
            f"{each * len(tracks):.0f} s (extrapolated from {_FUZZY_SAMPLE} rows), "
            f"{wrong} of {_FUZZY_SAMPLE} rows joined to another recording's name"
        )


async def repair(row_count: int) -> None:
    """Print what `--filter missing_eagle` costs for rows that only lack their id."""
    from bench.adoption import measure_repair  # noqa: PLC0415  (Prefect, for this part alone)

    done = await measure_repair(row_count)
    print(f"Repair of {done.rows:,} finished rows without an Eagle id, by the real flow")
    print(f"  repaired: {done.repaired:,} in {done.seconds:.1f} s")
    print(f"  Notion requests for each row: {done.requests_a_row:.2f}")
    print(f"  Notion requests for the whole run beside: {done.requests['queries and schema']}")


def main() -> None:
    """Measure, or serve as the child process."""
    parser = argparse.ArgumentParser(prog="python -m bench.dedupe", description=__doc__)
    parser.add_argument("--items", type=int, default=21_000)
    parser.add_argument("--rows", type=int, default=7_000)
    parser.add_argument("--repair", type=int, default=300, metavar="N", help="0 for none")
    parser.add_argument("--large", type=int, default=0, metavar="N", help="e.g. 250000")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--index-only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.items))
    elif options.index_only:
        asyncio.run(large_index(options.index_only))
    else:
        asyncio.run(measure(options.items, options.rows))
        if options.repair:
            asyncio.run(repair(options.repair))
        if options.large:
            print("A large library, read and indexed in a fresh process", flush=True)
            command = [sys.executable, "-m", "bench.dedupe", "--index-only", str(options.large)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
