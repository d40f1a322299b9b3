"""The tables of the README, made from the code that they describe.

`python -m flows.command_line.reference` writes them into README.md and `.env.example`; a test says
if they have grown apart.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from flows.command_line.application import all_commands, by_group
from flows.settings import VARIABLES
from flows.summary import ReturnCode
from tasks.errors import ErrorType
from tasks.notion.properties import FIELDS, FieldSpec
from tasks.tracks import TrackFilter

_MARK = re.compile(r"<!-- table: (?P<name>[a-z ]+) -->\n(?:\|.*\n)*")


def tables() -> dict[str, str]:
    """Every generated table as Markdown, by the name in its mark."""
    return {
        "commands": _table(
            ("Command", "What it does"),
            ((f"`library-sync {name}`", one.summary) for name, one in by_group(all_commands())),
        ),
        "filters": _table(("Filter", "Description"), ((f"`{f}`", f.meaning) for f in TrackFilter)),
        "return codes": _table(
            ("Code", "Meaning"), ((f"`{int(code)}`", code.meaning) for code in ReturnCode)
        ),
        "errors": _table(("Error Type", "Description"), ((f"`{e}`", e.meaning) for e in ErrorType)),
        "properties": _table(
            ("Property", "Also found as", "Made as"),
            (_property_row(spec) for spec in FIELDS.values()),
        ),
        "environment": _table(
            ("Variable", "Default", "Description"),
            ((f"`{v.name}`", f"`{v.default}`" if v.default else "", v.meaning) for v in VARIABLES),
        ),
    }


def fill_tables(text: str) -> str:
    """`text` with every marked table as the code has it now."""
    made = tables()
    return _MARK.sub(lambda found: f"<!-- table: {found['name']} -->\n{made[found['name']]}", text)


def env_example() -> str:
    """The text of `.env.example`: every variable, its default, what it is for."""
    head = "# Copy to .env and fill in what is empty; lines you leave out keep their defaults.\n"
    lines = [
        f"\n# {variable.meaning.replace('`', '')}\n"
        f"{'' if variable.name in _TO_FILL_IN else '#'}{variable.name}={variable.default}\n"
        for variable in VARIABLES
    ]
    return head + "".join(lines)


_TO_FILL_IN = {"NOTION_TOKEN", "TRACKS_DB_ID"}


def _property_row(spec: FieldSpec) -> tuple[str, ...]:
    name = f"`{spec.names[0]}`" + (" (required)" if spec.required else "")
    return name, ", ".join(f"`{other}`" for other in spec.names[1:]), spec.create_as


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main() -> int:
    """Bring README.md and .env.example up to date."""
    root = Path(__file__).parents[2]
    readme = root / "README.md"
    readme.write_text(fill_tables(readme.read_text("utf-8")), "utf-8")
    (root / ".env.example").write_text(env_example(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
