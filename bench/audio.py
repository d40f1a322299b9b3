"""Our WAV and AIFF of a track beside plain ffmpeg's, and beside decoding alone.

    python -m bench.audio [--seconds 300] [--repeats 7]

Ours includes what plain ffmpeg does not do: the PCM's hash, tags, syncing to the disk, and reading
both files back. `in a child` is the same in a child of the run's `DecoderPool`, as a run does it;
the child is started before. CPU is user + system of all threads; each figure is the median of the
repeats.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import imageio_ffmpeg

from bench.measuring import cpu_of, measured
from bench.samples import encode, looped_music
from tasks.audio.convert import convert
from tasks.audio.decoder_pool import DecoderPool
from tasks.audio.inspecting import inspect
from tasks.audio.tags import Tags

Figures = tuple[float, float]
_TAGS = Tags(title="Bench", artist="library-sync", source_url="https://soundcloud.com/a/b")


def main() -> None:
    """Print one table a source."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.audio")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="library-sync-bench-") as name,
        asyncio.Runner() as loop,
        DecoderPool(1) as pool,
    ):
        for source in _sources(Path(name), options.seconds):
            _print_table(loop, pool, source, options.seconds, options.repeats)


def _sources(folder: Path, seconds: int) -> list[Path]:
    sound = looped_music(seconds)
    return [
        encode(folder / "AAC 160k.m4a", sound, codec="aac", bit_rate=160_000),
        encode(folder / "MP3 320k.mp3", sound, codec="libmp3lame", bit_rate=320_000),
    ]


def _print_table(
    loop: asyncio.Runner, pool: DecoderPool, source: Path, seconds: int, repeats: int
) -> None:
    folder = source.parent
    wav, aiff = folder / "out.wav", folder / "out.aiff"
    rows = {
        "decode alone (PyAV)": partial(_decode, source),
        "ours: two files, hash, tags, sync, read back": partial(_ours, source, wav, aiff, seconds),
        "ours, in a child": partial(_in_child, loop, pool, source, wav, aiff, seconds),
        "ffmpeg: the same two files": partial(_ffmpeg, source, [str(wav), str(aiff)]),
        "ffmpeg, -threads 1": partial(_ffmpeg, source, ["-threads", "1", str(wav), str(aiff)]),
        "ffmpeg: decode alone": partial(_ffmpeg, source, ["-f", "null", "-"]),
        "ours: facts and hash of a WAV": partial(_facts, source, wav, aiff, seconds),
    }
    measured = {label: _median(run, repeats) for label, run in rows.items()}
    floor = measured["decode alone (PyAV)"][0]
    ours = measured["ours: two files, hash, tags, sync, read back"][0]
    print(f"\n{source.stem}, {seconds} s of stereo at 44.1 kHz to 16-bit WAV and AIFF")
    print(f"{'':46}{'CPU s':>8}{'wall s':>8}{'/decode':>9}{'/ours':>8}")
    for label, (cpu, wall) in measured.items():
        print(f"{label:46}{cpu:8.3f}{wall:8.3f}{cpu / floor:9.2f}{cpu / ours:8.2f}")


def _median(run: Callable[[], Figures], repeats: int) -> Figures:
    run()
    figures = [run() for _ in range(repeats)]
    cpus, walls = zip(*figures, strict=True)
    return statistics.median(cpus), statistics.median(walls)


def _timed(work: Callable[[], object]) -> Figures:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _decode(source: Path) -> Figures:
    def work() -> None:
        with av.open(str(source)) as container:
            for _ in container.decode(container.streams.audio[0]):
                pass

    return _timed(work)


def _ours(source: Path, wav: Path, aiff: Path, seconds: int) -> Figures:
    _remove(wav, aiff)
    return _timed(partial(convert, source, wav, aiff, announced_seconds=seconds, tags=_TAGS))


def _in_child(
    loop: asyncio.Runner, pool: DecoderPool, source: Path, wav: Path, aiff: Path, seconds: int
) -> Figures:
    _remove(wav, aiff)
    wall, cpu = time.perf_counter(), time.process_time()
    here = partial(pool.run, cpu_of, source, convert, wav, aiff, announced_seconds=seconds)
    in_child = loop.run(here(tags=_TAGS))
    return time.process_time() - cpu + in_child, time.perf_counter() - wall


def _facts(source: Path, wav: Path, aiff: Path, seconds: int) -> Figures:
    convert(source, wav, aiff, announced_seconds=seconds)
    return _timed(partial(inspect, wav))


def _ffmpeg(source: Path, outputs: list[str]) -> Figures:
    _remove(*(Path(output) for output in outputs if output.startswith("/")))
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-nostdin", "-y", "-i", str(source), *outputs]
    used = measured(command, os.environ)
    if used.code:
        raise SystemExit(f"ffmpeg ended with {used.code}: {' '.join(command)}\n{used.output}")
    return used.cpu, used.wall


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
