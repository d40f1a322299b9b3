"""A folder can be taken in at a glance, and a module is about one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("flows", "tasks")


def _folders() -> list[Path]:
    return [ROOT / name for name in PRODUCT] + [
        init.parent for name in PRODUCT for init in (ROOT / name).glob("**/*/__init__.py")
    ]


@pytest.mark.parametrize("folder", _folders(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_holds_22_modules_at_most(folder):
    assert len(list(folder.glob("*.py"))) <= 22


def test_the_flows_stand_in_sight():
    assert len(list((ROOT / "flows").glob("*.py"))) <= 14
