"""What the benchmarks share: the machine, a program measured, a goal beside its figure, a table."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def cpu_of(file: Path, work: Callable[..., object], *rest: Any, **options: Any) -> float:
    """Seconds of CPU that `work(file, ...)` takes here, which may be a child."""
    began = time.process_time()
    work(file, *rest, **options)
    return time.process_time() - began


@dataclass(frozen=True)
class Used:
    """What one program took: seconds of wall time, seconds of CPU and the highest memory, in MB.

    CPU includes the processes it started; outside Linux, those alone that it waited for. Memory is
    that of its largest process.
    """

    wall: float
    cpu: float
    megabytes: float
    code: int
    output: str


@dataclass(frozen=True)
class Goal:
    """A goal, the figure that was measured for it, and whether it is met."""

    what: str
    goal: str
    figure: str
    met: bool


@dataclass
class Report:
    """One benchmark's part of the page: Markdown, and the goals it measured."""

    name: str
    command: str
    parts: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def say(self, *lines: str) -> None:
        """A paragraph or a table."""
        self.parts.append("\n".join(lines))
        print("\n".join(lines), end="\n\n", flush=True)

    def judge(self, what: str, goal: str, figure: str, *, met: bool) -> None:
        """Hold a figure against its goal."""
        self.goals.append(Goal(what, goal, figure, met))
        print(f"{'met' if met else 'NOT MET'}: {what}: {figure} (goal {goal})", flush=True)

    def write(self, file: Path | None) -> None:
        """For `bench.page`."""
        if file is not None:
            file.write_text(json.dumps(asdict(self), indent=1), "utf-8")


def parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """The options every benchmark has."""
    made = argparse.ArgumentParser(
        prog=f"python -m bench.{prog}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the report for bench.page")
    return made


@contextmanager
def scratch(*, memory_bytes: int = 0) -> Iterator[Path]:
    """A folder that is gone afterwards; on the disk that TMPDIR names.

    In memory, where so many bytes are named and free there: hundreds of thousands of folders take
    minutes to make and to delete on a disk.
    """
    memory = Path("/dev/shm")
    fits = memory_bytes and memory.is_dir() and shutil.disk_usage(memory).free > memory_bytes
    where = memory if fits else None
    with tempfile.TemporaryDirectory(prefix="library-sync-bench-", dir=where) as name:
        yield Path(name)


def measured(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    given: str = "",
    cwd: Path | None = None,
) -> Used:
    """Run a program to its end; `given` is its standard input."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as asked:
        asked.write(given.encode())
        asked.seek(0)
        _inherit_orphans()
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=cwd,
            stdout=said,
            stderr=said,
            stdin=asked,
            process_group=0,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            process.terminate()
            raise
        wall = time.monotonic() - began
        process.returncode = code = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode("utf-8", "replace")
    cpu = usage.ru_utime + usage.ru_stime + _cpu_of_orphans(process.pid)
    return Used(wall, cpu, usage.ru_maxrss / 1024, code, output)


def _inherit_orphans() -> None:
    """Become the parent of what a measured program does not wait for, such as the server that
    forks its decoders.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _cpu_of_orphans(group: int) -> float:
    """Seconds of CPU of what a process group left behind, once it has ended."""
    spent = 0.0
    with suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-group, 0)
            spent += usage.ru_utime + usage.ru_stime
    return spent


def clean_environment(home: Path, given: Mapping[str, str], **more: str) -> dict[str, str]:
    """An environment in which nothing of the user's Prefect or settings is left.

    No other program is in its PATH: `fpcalc`, where it is installed, would take a second of CPU a
    track for the acoustic fingerprint, which nobody else here makes.
    """
    kept = {n: v for n, v in os.environ.items() if n in {"HOME", "TMPDIR", "LANG"}}
    kept["PATH"] = str(Path(sys.executable).parent)
    return kept | dict(given) | {"PREFECT_HOME": str(home / "prefect"), **more}


def sync(
    environment: Mapping[str, str],
    *words: str,
    command: str = "sync",
    cwd: Path | None = None,
    codes: Sequence[int] = (0,),
) -> tuple[Used, dict[str, Any]]:
    """`library-sync sync` (or `batch`) with `words` in a process of its own: what it took, its
    summary.

    Raises SystemExit with the run's last words if it ends with another code than `codes`.
    """
    with tempfile.TemporaryDirectory(prefix="library-sync-bench-") as name:
        file = Path(name) / "summary.json"
        typed = [sys.executable, "-m", "flows", command, "--json", str(file), *words]
        used = measured(typed, environment, cwd=cwd)
        if used.code not in codes:
            raise SystemExit(f"{' '.join(typed)} ended with {used.code}:\n{used.output[-4000:]}")
        return used, json.loads(file.read_text("utf-8"))


def machine() -> str:
    """The machine in one line: processor, cores, memory, system, Python."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line for line in lines if line.startswith("model name")).partition(":")[2]
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, StopIteration, ValueError):
        return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return (
        f"{model.strip()}, {os.cpu_count()} cores, {memory:.0f} GB, {system}, "
        f"Python {platform.python_version()}"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table: the first column to the left, figures to the right."""
    lines = [_row(heads), _row([":--", *["--:"] * (len(heads) - 1)])]
    return lines + [_row(row) for row in rows]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
