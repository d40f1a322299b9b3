"""Real processes on one library, killed at random: the small size of `simulation.chaos`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("late", [[], ["--late-writes"]], ids=["kill", "kill and late writes"])
def test_nothing_is_doubled_lost_or_left_locked(late, tmp_path):
    """Three processes on two machines, with a fifth of the lock's times."""
    words = ["--processes", "3", "--tracks", "24", "--kill", "--scale", "0.2", "--bound", "40"]
    ended = subprocess.run(
        [sys.executable, "-m", "simulation.chaos", *words, "--home", str(tmp_path), *late],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    for name in ("overlaps", "double imports", "lost", "locks left"):
        assert f"\n{name} 0\n" in ended.stdout, ended.stdout + ended.stderr[-3000:]
    assert ended.returncode == 0
