"""V2's calls on the app and its items (docs/facts/eagle.md, "V2")."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.eagle.args import Args, number, split
from sandbox.eagle.calls.listing import newest_first
from sandbox.eagle.calls.replies import Handler
from sandbox.eagle.calls.v1 import app_info
from sandbox.eagle.calls.v2_filters import filter_items
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.edits import v2_edit
from sandbox.eagle.wire import Record

_DEFAULT_LIMIT, _LARGEST_LIMIT = 50, 1000


def _shown(record: Record, fields: Sequence[str] = ()) -> Record:
    known = record | {"importedAt": record["modificationTime"]}
    known |= {"modifiedAt": record.get("lastModified", record["modificationTime"])}
    return {key: known[key] for key in fields if key in known} if fields else known


def _get(eagle: EagleApp, args: Args) -> Record:
    """A page: `offset` counts items, `limit` is 50 unless told, 1,000 at most."""
    found = newest_first(filter_items(eagle.items(), args))
    fields = split(args.get("fields"))
    offset = max(0, int(number(args.get("offset")) or 0))
    limit = min(max(1, int(number(args.get("limit")) or _DEFAULT_LIMIT)), _LARGEST_LIMIT)
    shown = [_shown(item.record, fields) for item in found[offset : offset + limit]]
    return {"data": shown, "total": len(found), "offset": offset, "limit": limit}


def _count_all(eagle: EagleApp, _args: Args) -> int:
    return sum(not item.record.get("isDeleted") for item in eagle.items())


def _update(eagle: EagleApp, args: Args) -> Record | bool:
    with eagle.lock:
        item = eagle.find(args.get("id"))
        if item is None:
            return False
        edited = v2_edit(item.record, args, eagle.is_folder, eagle.now())
        return _shown(eagle.replace_item(edited))


V2_ROUTES: dict[str, dict[str, Handler]] = {
    "/api/v2/app/info": {"GET": app_info},
    "/api/v2/item/get": {"GET": _get, "POST": _get},
    "/api/v2/item/countAll": {"GET": _count_all},
    "/api/v2/item/update": {"POST": _update},
}
