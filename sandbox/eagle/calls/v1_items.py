"""V1's item calls (docs/facts/eagle.md, "Imports" and "V1 lists")."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from sandbox.eagle.args import Args, flag, number, stars, text, texts
from sandbox.eagle.calls.listing import list_items
from sandbox.eagle.calls.pictures import refresh_picture, set_picture
from sandbox.eagle.calls.replies import NO_DATA, Encoded, Handler, Redirect, Refused
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.disk.names import URL_NAME_LIMIT, sanitize_name
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.edits import v1_edit
from sandbox.eagle.imports.records import ItemFields
from sandbox.eagle.imports.sources import (
    BookmarkSource,
    BytesSource,
    ImportRefused,
    PathSource,
    Source,
    UrlSource,
)

MISSING = "Missing required parameters."
_NO_FILE = "File does not exist."
_UNRESERVED = "!'()*~-_."


def known_item(eagle: EagleApp, item_id: object) -> StoredItem:
    """The item `item_id`; refused in Eagle's words while it has not appeared."""
    item = eagle.find(item_id)
    if item is None:
        raise Refused(_NO_FILE)
    return item


def path_source(args: Args) -> PathSource:
    """The file at `path`, which Eagle looks at before it answers; it must be absolute."""
    given = text(args.get("path"))
    if not given:
        raise Refused(MISSING)
    path = Path(given)
    if not path.is_absolute():
        _no_such_file(given)
    try:
        path.stat()
    except (OSError, ValueError):
        _no_such_file(given)
    return PathSource(path, cut=flag(args.get("cutMode")))


def _no_such_file(path: str) -> NoReturn:
    raise Refused(f"{errno.errorcode[errno.ENOENT]}: no such file or directory, stat '{path}'")


def item_fields(args: Args, name: str, folders: list[str]) -> ItemFields:
    """What a call says about an item; null and wrong types count as not given."""
    added = number(args.get("modificationTime"))
    return ItemFields(
        name=name,
        tags=tuple(texts(args.get("tags"))),
        folders=tuple(folders),
        url=text(args.get("website")),
        annotation=text(args.get("annotation")),
        star=stars(args.get("star")),
        modification_time=int(added) if added and added > 0 else None,
    )


def _folders(eagle: EagleApp, args: Args) -> list[str]:
    keys = ("folderId", "folderID", "folderIds", "folderIDs")
    asked = dict.fromkeys(folder for key in keys for folder in texts(args.get(key)))
    return [folder for folder in asked if eagle.is_folder(folder)]


def _add_path(eagle: EagleApp, args: Args, folders: list[str]) -> str:
    source = path_source(args)
    name = sanitize_name(text(args.get("name")) or source.path.stem)
    return eagle.import_later(source, item_fields(args, name, folders))


def _add_from_path(eagle: EagleApp, args: Args) -> str:
    return _add_path(eagle, args, _folders(eagle, args))


def _add_from_paths(eagle: EagleApp, args: Args) -> list[str]:
    items, paths = args.get("items"), args.get("paths")
    if not isinstance(items, list):
        cut = {"cutMode": args.get("cutMode")}
        items = [cut | {"path": path} for path in texts(paths)] if paths else None
    if items is None:
        raise Refused(MISSING)
    folders = _folders(eagle, args)
    # Entries before one that fails are queued already, as in Eagle.
    return [_add_path(eagle, item if isinstance(item, dict) else {}, folders) for item in items]


def _url_name(args: Args, url: str) -> str:
    return sanitize_name(text(args.get("name")) or url.rpartition("/")[2], URL_NAME_LIMIT)


def _add_url(eagle: EagleApp, args: Args, folders: list[str]) -> None:
    url = text(args.get("url")) or text(args.get("base64"))
    if not url:
        raise Refused(MISSING)
    given = args.get("headers")
    headers = {k: v for k, v in given.items() if v} if isinstance(given, dict) else {}
    source: Source = UrlSource(url, {str(k): str(v) for k, v in headers.items()})
    eagle.import_later(source, item_fields(args, _url_name(args, url), folders))


def _add_from_url(eagle: EagleApp, args: Args) -> object:
    _add_url(eagle, args, _folders(eagle, args))
    return NO_DATA


def _add_from_urls(eagle: EagleApp, args: Args) -> object:
    items = args.get("items")
    if not isinstance(items, list):
        raise Refused(MISSING)
    folders = _folders(eagle, args)
    for item in items:
        _add_url(eagle, item if isinstance(item, dict) else {}, folders)
    return NO_DATA


def _add_bookmark(eagle: EagleApp, args: Args) -> object:
    url = text(args.get("url"))
    if not url:
        raise Refused(MISSING)
    source = BookmarkSource(url, bookmark_picture(args))
    about = item_fields({**args, "website": url}, _url_name(args, url), _folders(eagle, args))
    eagle.import_later(source, about)
    return NO_DATA


def bookmark_picture(args: Args) -> BytesSource | None:
    """The picture sent with a bookmark, if it can be read."""
    try:
        return BytesSource.from_base64(text(args.get("base64"))) if args.get("base64") else None
    except ImportRefused:
        return None


def _info(eagle: EagleApp, args: Args) -> Encoded:
    return Encoded(known_item(eagle, args.get("id")).encoded)


def _thumbnail(eagle: EagleApp, args: Args) -> str:
    record = known_item(eagle, args.get("id")).record
    library = eagle.library
    shown = library.thumbnail(record)
    if record.get("noThumbnail") or record["ext"] == "svg":
        shown = library.original(record)
    # As encodeURIComponent does it: the name alone, the folders stay as they are.
    return f"{shown.parent}/{quote(shown.name, safe=_UNRESERVED)}"


def _list(eagle: EagleApp, args: Args) -> Encoded:
    page = list_items(eagle.items(), args)
    return Encoded(b"[%b]" % b",".join(item.encoded for item in page))


def _update(eagle: EagleApp, args: Args) -> object:
    with eagle.lock:
        return eagle.replace_item(v1_edit(known_item(eagle, args.get("id")).record, args))


def _move_to_trash(eagle: EagleApp, args: Args) -> object:
    if not isinstance(args.get("itemIds"), list):
        raise Refused(MISSING)
    eagle.trash(texts(args["itemIds"]))
    return NO_DATA


def _refresh(eagle: EagleApp, args: Args) -> object:
    item_id = known_item(eagle, args.get("id")).record["id"]
    eagle.background(lambda: refresh_picture(eagle, item_id))
    return NO_DATA


def _refresh_palette(eagle: EagleApp, args: Args) -> object:
    known_item(eagle, args.get("id"))  # audio has no palette to find
    return NO_DATA


def _set_custom_thumbnail(eagle: EagleApp, args: Args) -> bool:
    known_item(eagle, args.get("id"))
    set_picture(eagle, text(args["id"]), Path(text(args.get("thumbnailPath"))))
    return True


def _batch_save(_eagle: EagleApp, _args: Args) -> object:
    return NO_DATA


def _deep_link(eagle: EagleApp, args: Args) -> Redirect:
    if eagle.find(args.get("id")) is None:
        raise Refused(_NO_FILE, 404)
    return Redirect(f"eagle://item/{args['id']}")


V1_ITEM_ROUTES: dict[str, dict[str, Handler]] = {
    "/api/item/addFromPath": {"POST": _add_from_path},
    "/api/item/addFromPaths": {"POST": _add_from_paths},
    "/api/item/addFromURL": {"POST": _add_from_url},
    "/api/item/addFromURLs": {"POST": _add_from_urls},
    "/api/item/addBookmark": {"POST": _add_bookmark},
    "/api/item/info": {"GET": _info},
    "/api/item/thumbnail": {"GET": _thumbnail},
    "/api/item/list": {"GET": _list},
    "/api/item/update": {"POST": _update},
    "/api/item/moveToTrash": {"POST": _move_to_trash},
    "/api/item/refreshPalette": {"POST": _refresh_palette},
    "/api/item/refreshThumbnail": {"POST": _refresh},
    "/api/item/setCustomThumbnail": {"POST": _set_custom_thumbnail},
    "/api/item/batchSave": {"POST": _batch_save},
    "/item": {"GET": _deep_link},
}
