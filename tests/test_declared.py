"""Nothing is declared in pyproject.toml that the code does not import."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Prefect's server imports them, and leaves them open: bounded here, see pyproject.toml.
BOUNDED = {"whenever", "sqlalchemy", "pydocket", "aiosqlite", "asyncpg"}
# Parts of what is declared, or only looked for where somebody has installed it.
COME_ALONG = {"pydantic_core", "anyio", "coolname", "pyrekordbox"}


def imported() -> set[str]:
    """The top-level modules that the product and the sandbox import."""
    found: set[str] = set()
    for room in ("flows", "tasks", "sandbox"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found


def test_every_dependency_is_imported():
    names = {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in PROJECT["dependencies"]}
    modules = packages_distributions()
    provided = {
        name.lower().replace("_", "-") for module in imported() for name in modules.get(module, [])
    }
    assert {name for name in names if name not in provided} == BOUNDED


def test_every_import_is_declared():
    """What is imported directly does not come along by chance."""
    declared = {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in PROJECT["dependencies"]}
    modules = packages_distributions()
    ours = {"flows", "tasks", "sandbox"}
    missing = {
        module: modules[module]
        for module in imported() - ours - COME_ALONG
        if module in modules
        and not any(name.lower().replace("_", "-") in declared for name in modules[module])
    }
    assert missing == {}
