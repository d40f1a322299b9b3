"""What is declared in pyproject.toml is imported, and what is imported is declared."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Prefect's server imports them, and leaves them open: bounded here, see pyproject.toml.
BOUNDED = {"whenever", "sqlalchemy", "pydocket", "aiosqlite", "asyncpg"}
PRODUCT = ("flows", "tasks", "sandbox")
WORKSHOP = (*PRODUCT, "simulation", "bench", "tests")


def imported(rooms: Iterable[str] = PRODUCT) -> set[str]:
    """The top-level modules that these folders import."""
    return set().union(*map(imported_by_room, rooms))


@cache
def imported_by_room(room: str) -> set[str]:
    found: set[str] = set()
    for file in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def names(lines: Iterable[str]) -> set[str]:
    """The packages of requirements."""
    return {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in lines}


def test_every_dependency_is_imported():
    declared = names(PROJECT["dependencies"])
    modules = packages_distributions()
    provided = {
        name.lower().replace("_", "-") for module in imported() for name in modules.get(module, [])
    }
    assert declared - provided == BOUNDED


def undeclared(rooms: Iterable[str], extras: Iterable[str]) -> dict[str, list[str]]:
    """Modules that the folders import from a package which neither the project nor these of its
    extras declare.
    """
    optional = PROJECT["optional-dependencies"]
    declared = names(
        [*PROJECT["dependencies"], *(line for one in extras for line in optional[one])]
    )
    modules = packages_distributions()
    return {
        module: modules[module]
        for module in imported(rooms) - set(WORKSHOP)
        if module in modules
        and not any(name.lower().replace("_", "-") in declared for name in modules[module])
    }


def test_every_import_is_declared():
    """What is imported directly does not come along by chance."""
    assert undeclared(PRODUCT, ("rekordbox", "following")) == {}


def test_every_import_of_the_tests_is_declared():
    assert undeclared(WORKSHOP, ("rekordbox", "following", "dev")) == {}
