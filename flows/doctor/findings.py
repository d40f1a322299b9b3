"""What `doctor` found: one line a check, how grave it is, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from tasks.shown_text import shown

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


class Level(StrEnum):
    """`fail`: a run cannot work. `warn`: it works, but not as it could."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check's outcome; `remedy` is empty only where there is nothing to do."""

    check: str
    level: Level
    said: str
    remedy: str = ""


def ok(check: str, said: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, said)


def warn(check: str, said: str, remedy: str) -> Finding:
    """A run works all the same."""
    return Finding(check, Level.WARN, said, remedy)


def fail(check: str, said: str, remedy: str) -> Finding:
    """A run cannot work, or not for all tracks."""
    return Finding(check, Level.FAIL, said, remedy)


def table(findings: Sequence[Finding]) -> Table:
    """A row a finding, its remedy below what it cures; a long path is wrapped, never cut."""
    rows = Table("", "", Column(overflow="fold"), box=None, show_header=False, pad_edge=False)
    for finding in findings:
        level = Text(finding.level.value, style=_COLOURS[finding.level.value])
        remedy = f"\n-> {shown(finding.remedy)}" if finding.remedy else ""
        rows.add_row(level, Text(finding.check), Text(shown(finding.said) + remedy))
    return rows


def verdict(findings: Sequence[Finding]) -> str:
    """All of them in a sentence."""
    failures, warnings = _count(findings, Level.FAIL), _count(findings, Level.WARN)
    if failures:
        return f"{failures} to repair before a sync can work, {warnings} to look at."
    return f"Ready to sync; {warnings} to look at." if warnings else "Ready to sync."


def findings_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain JSON values, with the number of each level."""
    numbers = {level.value: _count(findings, level) for level in Level}
    return {
        "healthy": not numbers["fail"],
        "counts": numbers,
        "checks": [vars(finding) | {"level": finding.level.value} for finding in findings],
    }


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(finding.level is level for finding in findings)
