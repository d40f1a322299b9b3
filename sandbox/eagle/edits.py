"""Changes to an item's record: what each call may change and what it ignores. Pure."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.eagle.args import Args, number, texts
from sandbox.eagle.disk.names import sanitize_name
from sandbox.eagle.wire import Record

_TEXT_LIMIT = 10_000


class TextTooLong(ValueError):
    """A V2 update with a string longer than 10,000 characters."""


def v1_edit(record: Record, args: Args) -> Record:
    """`record` after V1 `item/update`: tags (replaced), annotation, url.

    Wrong types are ignored; name and folders cannot be changed
    (docs/facts/eagle.md, "V1 calls").
    """
    edited = dict(record)
    if isinstance(args.get("tags"), list):
        edited["tags"] = texts(args["tags"])
    edited |= {key: args[key] for key in ("annotation", "url") if isinstance(args.get(key), str)}
    return edited


def v2_edit(record: Record, args: Args, is_folder: Callable[[str], bool], now: int) -> Record:
    """`record` after V2 `item/update`; unknown folders are dropped. Raises TextTooLong."""
    if any(isinstance(value, str) and len(value) > _TEXT_LIMIT for value in args.values()):
        raise TextTooLong
    edited = v1_edit(record, args)
    if isinstance(name := args.get("name"), str) and name:
        edited["name"] = sanitize_name(name)
    if isinstance(args.get("folders"), list):
        edited["folders"] = list(filter(is_folder, texts(args["folders"])))
    if (added := number(args.get("modificationTime"))) is not None and added > 0:
        edited["modificationTime"] = int(added)
    if isinstance(args.get("isDeleted"), bool):
        return trashed(edited, now) if args["isDeleted"] else _restored(edited)
    return edited


def trashed(record: Record, now: int) -> Record:
    """`record` in the trash since `now` (ms)."""
    return record | {"isDeleted": True, "deletedTime": now}


def _restored(record: Record) -> Record:
    return {k: v for k, v in record.items() if k != "deletedTime"} | {"isDeleted": False}
