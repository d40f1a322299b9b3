"""What is counted for a person reads right for one, too: `1 track`, never `1 tracks`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOUNS = "tracks|rows|locks|files|lists|lines|items|shares|recordings|playlists"
COUNTED = re.compile(rf"%d (?:live |stale |finished |more )?(?:{NOUNS})\b")
# A constant, so never one.
CONSTANT = {"MOST_OPTIONS"}


def plurals(source: str) -> Iterator[int]:
    """The lines where a number is put before a plural, in a string for `%` or in an f-string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = {each.id for each in node.args if isinstance(each, ast.Name)}
            texts = [each for each in node.args if isinstance(each, ast.Constant)]
            said = any(isinstance(t.value, str) and COUNTED.search(t.value) for t in texts)
            if said and not given & CONSTANT:
                yield node.lineno
        elif isinstance(node, ast.JoinedStr):
            parts = ("%d" if isinstance(v, ast.FormattedValue) else v.value for v in node.values)
            if COUNTED.search("".join(map(str, parts))):
                yield node.lineno


def test_numbers_are_said_by_counted():
    """`tasks.shown_text.counted` chooses between one and many."""
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for room in ("flows", "tasks")
        for file in sorted((ROOT / room).rglob("*.py"))
        for line in plurals(file.read_text("utf-8"))
    ]
    assert found == []


def test_both_forms_are_found():
    assert list(plurals('log("Found %d tracks", n)')) == [1]
    assert list(plurals('said = f"{len(found)} stale locks freed"')) == [1]
    assert list(plurals("""said = f"{counted(n, 'stale lock')} freed" """)) == []
