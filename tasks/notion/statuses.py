"""What we write into "Audio Processing Status", and what stays of what stood there.

The property may be a multi_select, a select, a status or a text. Values of other
programs stay; ours are replaced. A status property takes only options that exist in its schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tasks.errors import ErrorType
from tasks.notion.properties import DUPLICATE, Field
from tasks.notion.schema import Schema
from tasks.notion.writes import MOST_OPTIONS
from tasks.tracks import Track

COMPLETE = "Files Imported to Eagle"
CONVERTED = "Format Conversion Complete"
OURS = frozenset({COMPLETE, CONVERTED, DUPLICATE, *(error.value for error in ErrorType)})

_ERRORS = frozenset(error.value for error in ErrorType)
_STATUS_STAND_INS = {
    COMPLETE: ("Complete", "Completed", "Done"),
    CONVERTED: ("Complete", "Completed", "Done"),
    DUPLICATE: (),
}
_STATUS_FAILURES = ("Failed", "Error")


def errors_of(track: Track) -> tuple[str, ...]:
    """The error classes the row's status shows; a text property has a sentence behind each."""
    names = (status.split(":", 1)[0].strip() for status in track.statuses)
    return tuple(name for name in names if name in _ERRORS)


def status_value(schema: Schema, before: Iterable[str], value: str, detail: str = "") -> Any | None:
    """The property value (Notion JSON) that shows `value` and keeps what is not ours.

    `before` are the names that stand there now; `detail` is the sentence a text property has room
    for. None where the property cannot show it: none exists, or a status option is missing.
    """
    if not schema.writes(Field.STATUS):
        return None
    others = [name for name in before if not _is_ours(name)]
    match schema[Field.STATUS].type:
        case "multi_select":
            names = [*others[: MOST_OPTIONS - 1], value]
            return {"multi_select": [{"name": name} for name in names]}
        case "select":
            return None if others and value == COMPLETE else {"select": {"name": value}}
        case "status":
            return _status_option(schema.options(Field.STATUS), value)
        case _:
            text = f"{value}: {detail}" if detail else value
            return "\n".join([*others, text.replace(";", ",").replace("\n", " ")])


def status_without_ours(schema: Schema, before: Iterable[str]) -> Any | None:
    """The property value with nothing of ours in it; None where there is nothing to take out."""
    given = list(before)
    others = [name for name in given if not _is_ours(name)]
    if not schema.writes(Field.STATUS) or others == given:
        return None
    match schema[Field.STATUS].type:
        case "multi_select":
            return {"multi_select": [{"name": name} for name in others]}
        case "rich_text":
            return "\n".join(others)
        case kind:
            return {kind: None}


def _status_option(options: frozenset[str], value: str) -> dict[str, Any] | None:
    """The nearest option there is: a status property refuses any other."""
    wanted = (value, *_STATUS_STAND_INS.get(value, _STATUS_FAILURES))
    return next(({"status": {"name": name}} for name in wanted if name in options), None)


def _is_ours(name: str) -> bool:
    return name.split(":", 1)[0].strip() in OURS
