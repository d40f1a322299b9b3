"""A folder can be taken in at a glance, and a module is about one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("flows", "tasks", "simulation", "bench", "tests")


def _folders() -> list[Path]:
    modules = [file for room in ROOMS for file in (ROOT / room).glob("**/*.py")]
    return sorted({module.parent for module in modules})


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_holds_22_modules_at_most(folder):
    assert len(list(folder.glob("*.py"))) <= 22


def test_the_flows_stand_in_sight():
    assert len(list((ROOT / "flows").glob("*.py"))) <= 14
