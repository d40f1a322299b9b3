"""Which items a V1 `item/list` call shows, and in which order. Pure.

Source: docs/facts/eagle.md, "V1 lists".
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable

from sandbox.eagle.args import Args, number, split
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.wire import Record

_DEFAULT_LIMIT = 200
_DIGITS = re.compile(r"(\d+)")


def list_items(items: Iterable[StoredItem], args: Args) -> list[StoredItem]:
    """The page of live items that `args` ask for, newest first.

    `orderBy` decides which items are on the page; `offset` counts pages and only with a `limit`.
    """
    filters = _filters(args)
    live = (item for item in items if not item.record.get("isDeleted"))
    found = [item for item in live if _matches(item.record, filters)]
    return newest_first(_page(_sorted(found, args.get("orderBy")), args))


def newest_first(items: Iterable[StoredItem]) -> list[StoredItem]:
    """By date added, the latest first; items of the same moment by id, downwards."""
    return sorted(items, key=_date_added, reverse=True)


def _date_added(item: StoredItem) -> tuple[float, str]:
    return item.record["modificationTime"], item.record["id"]


def _page(items: list[StoredItem], args: Args) -> list[StoredItem]:
    limit = number(args.get("limit"))
    if not limit:
        return items[:_DEFAULT_LIMIT]
    size = max(0, int(limit))
    start = size * max(0, int(number(args.get("offset")) or 0))
    return items[start : start + size]


_Filter = Callable[[Record], bool]


def _filters(args: Args) -> list[_Filter]:
    words = [w.lower() for w in split(args.get("name") or args.get("keyword"))]
    addresses = [u.lower() for u in split(args.get("url"))]
    tags = set(split(args.get("tags")))
    folders = set(split(args.get("folders")))
    ext = args.get("ext")
    checks: list[tuple[object, _Filter]] = [
        (words, lambda r: all(w in r["name"].lower() for w in words)),
        (addresses, lambda r: all(u in r["url"].lower() for u in addresses)),
        (tags, lambda r: not tags.isdisjoint(r["tags"])),
        (folders, lambda r: not folders.isdisjoint(r["folders"])),
        (ext, lambda r: r["ext"].lower() == str(ext).lower()),
    ]
    return [check for asked, check in checks if asked]


def _matches(record: Record, filters: list[_Filter]) -> bool:
    return all(check(record) for check in filters)


def _sorted(items: list[StoredItem], order: object) -> list[StoredItem]:
    asked = order if isinstance(order, str) else ""
    name, reverse = asked.replace("-", "").upper(), "-" in asked
    if name in _ASCENDING:
        key = _ASCENDING[name]
        return sorted(items, key=lambda i: (key(i.record), i.record["id"]), reverse=reverse)
    field = {"BTIME": "btime", "MTIME": "mtime"}.get(name, "modificationTime")
    key = _numeric(field)
    return sorted(items, key=lambda i: (key(i.record), i.record["id"]), reverse=not reverse)


def _numeric(field: str) -> Callable[[Record], float]:
    def value(record: Record) -> float:
        found = record.get(field)
        usable = isinstance(found, int | float) and not math.isnan(found)
        return found if usable and found is not None else 0

    return value


def _natural(record: Record) -> list[tuple[int, int, str]]:
    folded = unicodedata.normalize("NFKD", record["name"]).casefold()
    parts = (part for part in _DIGITS.split(folded) if part)
    return [(0, int(p), "") if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts]


_width, _height = _numeric("width"), _numeric("height")
_ASCENDING: dict[str, Callable[[Record], object]] = {
    "NAME": _natural,
    "EXT": lambda r: r["ext"],
    "RESOLUTION": lambda r: _width(r) * _height(r),
    "FILESIZE": _numeric("size"),
    "RATING": _numeric("star"),
    "DURATION": _numeric("duration"),
    "TAGS": lambda r: len(r["tags"]),
}
