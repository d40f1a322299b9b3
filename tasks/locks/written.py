"""Does a page show what was written to it? For a write whose answer was lost.

Notion answers a property in another shape than it takes it (`plain_text` beside `text.content`,
ids with dashes, options with colours), so both are reduced to what a person would see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import WriteNotVerified

_TEXTS = ("title", "rich_text")
_OPTIONS = ("select", "status")
_PLAIN = ("number", "checkbox", "url", "email", "phone_number")


def shows(page: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """True if every property in `written` (Notion's JSON for a PATCH, keyed by name or id) reads
    the same on the page object `page`.
    """
    by_key: dict[str, Any] = {}
    for name, value in page.get("properties", {}).items():
        by_key[str(value.get("id", name))] = value
        by_key[name] = value
    return all(name in by_key and _agree(by_key[name], value) for name, value in written.items())


def require_shown(page: Mapping[str, Any], written: Mapping[str, Any], label: str) -> None:
    """Raise WriteNotVerified unless `page`, the row of track `label`, shows all of `written`."""
    if not shows(page, written):
        raise WriteNotVerified(
            f"Notion answered, but the row of {label} does not show what was written.",
            remedy="Open the row; the next run repairs it with --filter missing_eagle.",
        )


def _agree(shown: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """A page shows the first 25 of a longer relation and `has_more`.

    Source: docs/facts/notion.md, "Relations".
    """
    one, other = _plain(shown), _plain(written)
    if shown.get("has_more") and isinstance(one, frozenset) and isinstance(other, frozenset):
        return one < other
    return one == other


def _plain(value: Mapping[str, Any]) -> object:
    for kind in _TEXTS:
        if kind in value:
            return "".join(_content(part) for part in value[kind] or ())
    for kind in _OPTIONS:
        if kind in value:
            return (value[kind] or {}).get("name")
    for kind in _PLAIN:
        if kind in value:
            return value[kind]
    return _plain_list(value)


def _plain_list(value: Mapping[str, Any]) -> object:
    if "multi_select" in value:
        return frozenset(option.get("name") for option in value["multi_select"])
    if "relation" in value:
        return frozenset(row["id"].replace("-", "") for row in value["relation"])
    if "files" in value:
        return [file.get("name") for file in value["files"]]
    if "date" in value:
        return (value["date"] or {}).get("start")
    return dict(value)


def _content(part: Mapping[str, Any]) -> str:
    return str(part.get("plain_text") or part.get("text", {}).get("content", ""))
