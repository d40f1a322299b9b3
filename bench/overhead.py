"""What the sync itself costs: CPU of its own code a track, and how soon a command answers.

    python -m bench.overhead [--tracks 20] [--seconds 240]

A sync against the stand-ins, without latencies, in a process whose CPU time is told apart by owner
(bench.sampling) while tracks are in work. Being profiled makes the loop's thread slower, so another
sync of as many tracks runs without, and the loop's parts are scaled to what it took there.

What the two files cost is measured alone, one conversion after another, before anything else:
beside other work on the same cores its CPU time grows by half and more, for ffmpeg as for us, and
says nothing of the code. After the syncs the system still writes gigabytes of theirs to the disk.
PyAV's part is the decoding without any writing; what the conversion takes beyond it (writing,
hashing, tags, reading back) is ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measuring import Report, clean_environment, measured, parser, scratch, table
from bench.samples import encode, looped_music
from bench.sampling import NOBODY, CpuByOwner
from bench.standins import Contents, stand_ins
from tasks.audio.convert import convert
from tasks.audio.decoding import opened

_REPEATS = 7
_SHOWN = 12
_AUDIO = "tasks/audio (with PyAV)"
_ALONE = 5


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    if options.child is not None:
        _sample_a_sync(options)
        return
    report = Report("Overhead", "python -m bench.overhead")
    with scratch() as folder:
        alone = _alone(folder, options.seconds)
        contents = Contents(tracks=2 * options.tracks, seconds=options.seconds)
        with stand_ins(folder, contents) as services:
            environment = clean_environment(
                folder, services.environment, NOTION_REQUESTS_PER_MINUTE="100000"
            )
            found = _sampled(folder, environment, options)
            _tell_cpu(report, found, alone, options)
            _tell_start_up(report, environment, folder)
    report.write(options.json)


def _options() -> argparse.Namespace:
    made = parser("overhead", __doc__)
    made.add_argument("--tracks", type=int, default=20)
    made.add_argument("--seconds", type=float, default=240.0)
    made.add_argument("--workers", type=int, default=4)
    made.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    made.add_argument("--profile", action="store_true", help=argparse.SUPPRESS)
    return made.parse_args()


def _sampled(
    folder: Path, environment: dict[str, str], options: argparse.Namespace
) -> dict[str, Any]:
    """Both syncs: the one as it is, with the loop's parts of the profiled one, scaled."""
    plain = _child(folder / "plain.json", environment, options)
    profiled = _child(folder / "profiled.json", environment, options, "--profile")
    scale = plain["loop_seconds"] / profiled["loop_seconds"]
    places = [*plain["others"], *([o, p, s * scale] for o, p, s in profiled["loop"])]
    plain["places"] = sorted(places, key=lambda place: -place[2])
    plain["scale"] = scale
    return plain


def _child(
    file: Path, environment: dict[str, str], options: argparse.Namespace, *words: str
) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.overhead", "--child", str(file), *words]
    command += ["--workers", str(options.workers), "--tracks", str(options.tracks)]
    used = measured(command, environment)
    if not file.exists():
        raise SystemExit(used.output[-4000:])
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _sample_a_sync(options: argparse.Namespace) -> None:
    """The child: a sync in this process, watched from its first track's beginning to its last's
    end.
    """
    from flows.command_line import sync_run  # noqa: PLC0415  (only the child needs them)
    from flows.command_line.command import Verbosity  # noqa: PLC0415
    from flows.command_line.options import SyncOptions  # noqa: PLC0415
    from flows.settings import load_settings  # noqa: PLC0415

    verbosity = Verbosity(quiet=True)
    given = SyncOptions(workers=options.workers, limit=options.tracks)
    settings = load_settings(env_file=None)
    sync_run.ready_prefect(verbosity, settings)
    from flows import library_sync  # noqa: PLC0415  (Prefect has its server now)
    from flows.before_prefect import beginning  # noqa: PLC0415

    process_tracks = library_sync.process_tracks
    found: dict[str, Any] = {}

    async def watched(*given: Any, **options_of: Any) -> Any:
        cpu = time.process_time()
        with CpuByOwner(profile=options.profile) as by_owner:
            results = await process_tracks(*given, **options_of)
        found.update(
            tracks=len([result for result in results if result.is_success]),
            cpu=time.process_time() - cpu,
            loop_seconds=by_owner.loop_seconds,
            loop=[[*place, spent] for place, spent in by_owner.loop.items()],
            others=[[*place, spent] for place, spent in by_owner.others.items()],
        )
        return results

    library_sync.process_tracks = watched  # type: ignore[assignment]
    beginning.first_downloads = lambda *_: []  # a track begun before would count in part only
    sync_run.run_sync("sync", given, settings, verbosity)
    options.child.write_text(json.dumps(found))


def _alone(folder: Path, seconds: float) -> tuple[float, float]:
    """Milliseconds of CPU that PyAV takes for a recording, and our two files beyond it."""
    source = encode(folder / "alone.m4a", looped_music(seconds), codec="aac", bit_rate=160_000)

    def decode() -> None:
        with opened(source) as decoded:
            for _ in decoded.batches(sample_rate=None, bit_depth=16):
                pass

    wav, aiff = folder / "alone.wav", folder / "alone.aiff"

    def both_files() -> None:
        convert(source, wav, aiff, announced_seconds=seconds)

    decoding, all_of_it = _cpu_of(decode), _cpu_of(both_files, wav, aiff)
    return decoding, all_of_it - decoding


def _cpu_of(work: Callable[[], None], *made: Path) -> float:
    """Milliseconds of CPU, the median of some, after one that warms; what it made goes each time,
    which the run's own part counts.
    """
    spent = []
    for _ in range(_ALONE + 1):
        began = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - began))
        for file in made:
            file.unlink()
    return statistics.median(spent[1:])


def _tell_cpu(
    report: Report,
    found: dict[str, Any],
    alone: tuple[float, float],
    options: argparse.Namespace,
) -> None:
    tracks = found["tracks"]
    each: Counter[str] = Counter()
    for owner, _, spent in found["places"]:
        each[owner] += 1000 * spent / tracks
    decoding, files = alone
    seen = sum(each.values())
    audio = each.pop(_AUDIO, 0.0)
    parts = {
        "PyAV: decoding to 16 bits (alone)": decoding,
        "yt-dlp": each.pop("yt-dlp", 0.0),
        "Prefect's client": each.pop("Prefect", 0.0),
        "ours: two files written, hashed, read back (alone)": files,
        "ours: tasks, with the clients' libraries": each.pop("tasks", 0.0),
        "ours: flows": each.pop("flows", 0.0),
        "event loop and libraries, for nobody in particular": each.pop(NOBODY, 0.0),
    }
    report.say(
        f"{tracks} tracks of {options.seconds:g} s, {options.workers} workers, no latencies: "
        f"{1000 * found['cpu'] / tracks:.0f} ms of CPU a track in the run's process, of which the "
        f"profile accounts for {seen:.0f}: {audio:.0f} for decoding and files beside all else (the "
        f"table says what they take alone). It made the loop's thread {1 / found['scale']:.1f} "
        "times slower, which is taken out. "
        f"Load before: {report.load_before:.1f}."
    )
    report.say(*table(["", "CPU ms a track"], [[n, f"{ms:.0f}"] for n, ms in parts.items()]))
    places = [p for p in found["places"] if p[0] in {"tasks", "flows", NOBODY}][:_SHOWN]
    heads = ["Where, the most first", "CPU ms a track"]
    rows = [[f"`{o}: {m}`", f"{1000 * s / tracks:.1f}"] for o, m, s in places]
    report.say(*table(heads, rows))
    ours = sum(ms for name, ms in parts.items() if name.startswith("ours"))
    report.judge(
        "CPU of our own a track, beyond yt-dlp, PyAV and Prefect",
        "≤ 80 ms",
        f"{ours:.0f} ms: {ours - files:.0f} ms of our code and its clients, {files:.0f} ms of "
        "writing, hashing and reading back the two files",
        met=ours <= 80,
    )


def _tell_start_up(report: Report, environment: dict[str, str], folder: Path) -> None:
    """`--help` and `status` as a user types them; the median of several, after one that warms."""
    program = str(Path(sys.executable).with_name("library-sync"))
    commands = {
        "library-sync --help": [program, "--help"],
        "library-sync status": [program, "status"],
    }
    rows, medians = [], {}
    for name, command in commands.items():
        runs = [measured(command, environment, cwd=folder) for _ in range(_REPEATS + 1)][1:]
        if any(run.code for run in runs):
            raise SystemExit(runs[0].output[-2000:])
        medians[name] = statistics.median(run.wall for run in runs)
        rows.append([f"`{name}`", f"{medians[name]:.2f}"])
    imported = measured([sys.executable, "-X", "importtime", "-m", "flows", "status"], environment)
    loads_prefect = any(line.endswith(" prefect") for line in imported.output.splitlines())
    report.say(*table(["", "seconds"], rows))
    help_seconds = medians["library-sync --help"]
    report.judge(
        "`library-sync --help`", "≤ 0.5 s", f"{help_seconds:.2f} s", met=help_seconds <= 0.5
    )
    report.judge(
        "`status` without Prefect",
        "not imported",
        "imported" if loads_prefect else "not imported",
        met=not loads_prefect,
    )


if __name__ == "__main__":
    main()
