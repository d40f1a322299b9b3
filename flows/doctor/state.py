"""`doctor` looks at what this machine keeps between runs: can all of it be read?"""

from __future__ import annotations

from pathlib import Path

from flows.doctor.findings import Finding, ok, warn
from tasks.disk.journal import Journal
from tasks.disk.whole_files import files_set_aside
from tasks.errors import FileError

_NAME = "State"


def examine_state(state_dir: Path) -> list[Finding]:
    """What was set aside because it could not be read, and journals that hold other lines."""
    found = [_set_aside(file) for file in files_set_aside(state_dir)]
    for path in sorted(state_dir.rglob("*.jsonl")):
        found += _journal(path)
    return found or [ok(_NAME, f"{state_dir} can be read")]


def _set_aside(file: Path) -> Finding:
    said = f"{file} could not be read and was set aside; the runs go on without it."
    return warn(_NAME, said, "Look at it, or delete it.")


def _journal(path: Path) -> list[Finding]:
    journal = Journal(path)
    try:
        journal.read_on(dict)
    except FileError as error:
        return [warn(_NAME, str(error), error.remedy)]
    if not journal.unread:
        return []
    said = f"{path} has {journal.unread} lines that cannot be read; the others count."
    return [warn(_NAME, said, "Nothing to do; delete the lines, or the file, to be rid of this.")]
