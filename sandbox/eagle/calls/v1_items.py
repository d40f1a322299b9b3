"""V1's item calls (docs/facts/eagle.md, "Imports" and "V1 lists")."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NoReturn

from sandbox.eagle.args import Args, number, text, texts
from sandbox.eagle.calls.listing import list_items
from sandbox.eagle.calls.replies import NO_DATA, Encoded, Handler, Refused
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.disk.names import sanitize_name
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.edits import v1_edit
from sandbox.eagle.imports.records import ItemFields
from sandbox.eagle.imports.sources import PathSource

_MISSING = "Missing required parameters."


def _known(eagle: EagleApp, item_id: object) -> StoredItem:
    """The item `item_id`; refused in Eagle's words while it has not appeared."""
    item = eagle.find(item_id)
    if item is None:
        raise Refused("File does not exist.")
    return item


def _source(args: Args) -> PathSource:
    """The file at `path`, which Eagle looks at before it answers; it must be absolute."""
    given = text(args.get("path"))
    if not given:
        raise Refused(_MISSING)
    path = Path(given)
    if not path.is_absolute():
        _no_such_file(given)
    try:
        path.stat()
    except (OSError, ValueError):
        _no_such_file(given)
    return PathSource(path)


def _no_such_file(path: str) -> NoReturn:
    raise Refused(f"{errno.errorcode[errno.ENOENT]}: no such file or directory, stat '{path}'")


def _folders(eagle: EagleApp, args: Args) -> list[str]:
    keys = ("folderId", "folderID", "folderIds", "folderIDs")
    asked = dict.fromkeys(folder for key in keys for folder in texts(args.get(key)))
    return [folder for folder in asked if eagle.is_folder(folder)]


def _add_from_path(eagle: EagleApp, args: Args) -> str:
    """Null and wrong types count as not given."""
    source = _source(args)
    added = number(args.get("modificationTime"))
    fields = ItemFields(
        name=sanitize_name(text(args.get("name")) or source.path.stem),
        tags=tuple(texts(args.get("tags"))),
        folders=tuple(_folders(eagle, args)),
        url=text(args.get("website")),
        annotation=text(args.get("annotation")),
        modification_time=int(added) if added and added > 0 else None,
    )
    return eagle.import_later(source, fields)


def _info(eagle: EagleApp, args: Args) -> Encoded:
    return Encoded(_known(eagle, args.get("id")).encoded)


def _list(eagle: EagleApp, args: Args) -> Encoded:
    page = list_items(eagle.items(), args)
    return Encoded(b"[%b]" % b",".join(item.encoded for item in page))


def _update(eagle: EagleApp, args: Args) -> object:
    with eagle.lock:
        return eagle.replace_item(v1_edit(_known(eagle, args.get("id")).record, args))


def _move_to_trash(eagle: EagleApp, args: Args) -> object:
    if not isinstance(args.get("itemIds"), list):
        raise Refused(_MISSING)
    eagle.trash(texts(args["itemIds"]))
    return NO_DATA


V1_ITEM_ROUTES: dict[str, dict[str, Handler]] = {
    "/api/item/addFromPath": {"POST": _add_from_path},
    "/api/item/info": {"GET": _info},
    "/api/item/list": {"GET": _list},
    "/api/item/update": {"POST": _update},
    "/api/item/moveToTrash": {"POST": _move_to_trash},
}
