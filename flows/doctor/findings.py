"""What `doctor` found: one line a check, how grave it is, and what to do about it. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tasks.shown_text import shown

_COLOURS = {"ok": "\033[32m", "warn": "\033[33m", "fail": "\033[31m"}
_RESET = "\033[0m"
_NARROWEST = 40


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


def table(findings: Sequence[Finding], *, width: int, coloured: bool) -> list[str]:
    """The findings as lines of `width` characters, each remedy below what it cures."""
    name_width = max((len(finding.check) for finding in findings), default=0)
    indent = 6 + name_width + 2
    if width - indent < _NARROWEST:
        indent = 6
    lines: list[str] = []
    for finding in findings:
        lines += _lines(finding, name_width, indent, max(width, _NARROWEST), coloured=coloured)
    return [*lines, "", _verdict(findings)]


def findings_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain JSON values, with the number of each level."""
    numbers = {level.value: _count(findings, level) for level in Level}
    return {
        "healthy": not numbers["fail"],
        "counts": numbers,
        "checks": [vars(finding) | {"level": finding.level.value} for finding in findings],
    }


def _lines(
    finding: Finding, name_width: int, indent: int, width: int, *, coloured: bool
) -> list[str]:
    level = finding.level.value.ljust(4)
    if coloured:
        level = _COLOURS[finding.level.value] + level + _RESET
    pad = " " * indent
    said = textwrap.wrap(shown(finding.said), width - indent) or [""]
    remedy = textwrap.wrap(f"-> {shown(finding.remedy)}", width - indent) if finding.remedy else []
    below = [pad + line for line in remedy]
    if indent == 6:
        return [f"{level}  {finding.check}", *(pad + line for line in said), *below]
    first = f"{level}  {finding.check.ljust(name_width)}  {said[0]}"
    return [first, *(pad + line for line in said[1:]), *below]


def _verdict(findings: Sequence[Finding]) -> str:
    failures, warnings = _count(findings, Level.FAIL), _count(findings, Level.WARN)
    if failures:
        return f"{failures} to repair before a sync can work, {warnings} to look at."
    return f"Ready to sync; {warnings} to look at." if warnings else "Ready to sync."


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(finding.level is level for finding in findings)
