"""`library-sync demo` with few tracks, of seconds, in a process forked for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox import builders
from tests.flows.small_world import short_samples
from tests.flows.sync_process import run_command

DEMO = ["demo"]


def short_demo(environment: Mapping[str, str], terminal: str, folder: Path) -> None:
    """Leaves everything in `folder`/demo."""
    builders.samples = short_samples
    builders.DEMO_TRACKS = 1  # beside every trouble
    run_command(environment, terminal, folder, DEMO)
