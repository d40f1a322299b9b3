"""V2's item filters (docs/facts/eagle.md, "V2"). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sandbox.eagle.args import Args, split, text
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.wire import Record

_Check = Callable[[Record], bool]


def filter_items(items: Iterable[StoredItem], args: Args) -> list[StoredItem]:
    """Live items that meet every filter of `item/get`; tags and folders mean all of them."""
    found = [item for item in items if not item.record.get("isDeleted")]
    for check in _checks(args):  # one after the other: a library may hold 100,000 items
        found = [item for item in found if check(item.record)]
    return found


def _checks(args: Args) -> Iterator[_Check]:
    if ids := {*split(args.get("id")), *split(args.get("ids"))}:
        yield lambda r: r["id"] in ids
    if tags := set(split(args.get("tags"))):
        yield lambda r: tags.issubset(r["tags"])
    if folders := set(split(args.get("folders"))):
        yield lambda r: folders.issubset(r["folders"])
    if address := text(args.get("url")).lower():
        yield lambda r: address in r["url"].lower()
    if ext := text(args.get("ext")).lower().removeprefix("."):
        yield lambda r: r["ext"].lower() == ext
