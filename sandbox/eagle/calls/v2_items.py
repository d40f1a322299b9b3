"""V2's calls on the app and its items (docs/facts/eagle.md, "V2")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sandbox.eagle.args import Args, number, split, text, texts
from sandbox.eagle.calls.listing import newest_first
from sandbox.eagle.calls.pictures import refresh_picture, set_picture
from sandbox.eagle.calls.replies import Handler, Refused
from sandbox.eagle.calls.search import filter_items, query_items
from sandbox.eagle.calls.v1 import app_info
from sandbox.eagle.calls.v1_items import bookmark_picture, item_fields, known_item, path_source
from sandbox.eagle.disk.folders import walk
from sandbox.eagle.disk.ids import is_id
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.disk.names import URL_NAME_LIMIT, sanitize_name
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.edits import v2_edit
from sandbox.eagle.imports.sources import (
    BookmarkSource,
    BytesSource,
    ImportRefused,
    Source,
    UrlSource,
)
from sandbox.eagle.wire import Record

_DEFAULT_LIMIT, _LARGEST_LIMIT, _LARGEST_BATCH = 50, 1000, 1000


def page(found: Sequence[object], args: Args) -> Record:
    """One V2 page of `found`: `offset` counts entries, `limit` is 50 unless told, 1,000 at most."""
    offset = max(0, int(number(args.get("offset")) or 0))
    limit = min(max(1, int(number(args.get("limit")) or _DEFAULT_LIMIT)), _LARGEST_LIMIT)
    shown = list(found[offset : offset + limit])
    return {"data": shown, "total": len(found), "offset": offset, "limit": limit}


def _shown(record: Record, fields: Sequence[str] = ()) -> Record:
    known = record | {"importedAt": record["modificationTime"]}
    known |= {"modifiedAt": record.get("lastModified", record["modificationTime"])}
    return {key: known[key] for key in fields if key in known} if fields else known


def _item_page(found: list[StoredItem], args: Args) -> Record:
    paged = page(newest_first(found), args)
    fields = split(args.get("fields"))
    return paged | {"data": [_shown(item.record, fields) for item in paged["data"]]}


def _get(eagle: EagleApp, args: Args) -> Record:
    return _item_page(filter_items(eagle.items(), args), args)


def _query(eagle: EagleApp, args: Args) -> Record:
    with eagle.lock:
        tree = walk(eagle.library.root["folders"])
        names = {path[-1]["id"]: str(path[-1]["name"]) for path in tree}
    return _item_page(query_items(eagle.items(), text(args.get("query")), names), args)


def _count_all(eagle: EagleApp, _args: Args) -> int:
    return sum(not item.record.get("isDeleted") for item in eagle.items())


def _add(eagle: EagleApp, args: Args) -> Record:
    items = args.get("items")
    if not isinstance(items, list):
        return {"id": _queue(eagle, args, _source(args), args.get("folders"))}
    if not 0 < len(items) <= _LARGEST_BATCH:
        raise Refused(f"items must hold 1 to {_LARGEST_BATCH} entries.")
    entries = [entry if isinstance(entry, dict) else {} for entry in items]
    sources = [_source(entry) for entry in entries]
    queued = zip(entries, sources, strict=True)
    everywhere = args.get("folders")
    return {"ids": [_queue(eagle, e, s, e.get("folders") or everywhere) for e, s in queued]}


def _source(args: Args) -> Source:
    _check_id(args.get("id"))
    if url := text(args.get("url")):
        return UrlSource(url)
    if text(args.get("bookmarkURL")):
        return BookmarkSource(args["bookmarkURL"], bookmark_picture(args))
    if data := text(args.get("base64")):
        return _decoded(data)
    if text(args.get("path")):
        return path_source(args)
    raise Refused("One of url, base64, path or bookmarkURL is required.")


def _decoded(data: str) -> BytesSource:
    try:
        return BytesSource.from_base64(data)
    except ImportRefused as error:
        raise Refused(str(error)) from error


def _check_id(item_id: object) -> None:
    if item_id is not None and not is_id(item_id):
        raise Refused("id must be 13 characters of 0-9 and A-Z.")


def _queue(eagle: EagleApp, args: Args, source: Source, folders: object) -> str:
    known = [folder for folder in texts(folders) if eagle.is_folder(folder)]
    given = args | ({"website": source.url} if isinstance(source, BookmarkSource) else {})
    about = item_fields(given, _name(args), known)
    return eagle.import_later(source, about, args.get("id"))


def _name(args: Args) -> str:
    if name := text(args.get("name")):
        return sanitize_name(name, None if args.get("path") else URL_NAME_LIMIT)
    if path := text(args.get("path")):
        return sanitize_name(Path(path).stem)
    address = text(args.get("url")) or text(args.get("bookmarkURL"))
    short = "" if address.startswith("data:") else address.rstrip("/").rpartition("/")[2]
    return sanitize_name(short or "image", URL_NAME_LIMIT)


def _update(eagle: EagleApp, args: Args) -> Record | bool:
    with eagle.lock:
        item = eagle.find(args.get("id"))
        if item is None:
            return False
        edited = v2_edit(item.record, args, eagle.is_folder, eagle.now())
        return _shown(eagle.replace_item(edited))


def _set_custom_thumbnail(eagle: EagleApp, args: Args) -> bool:
    item = known_item(eagle, args.get("itemId"))
    set_picture(eagle, item.record["id"], Path(text(args.get("filePath"))))
    return True


def _refresh_thumbnail(eagle: EagleApp, args: Args) -> bool:
    refresh_picture(eagle, known_item(eagle, args.get("itemId")).record["id"])
    return True


def _app_info(_eagle: EagleApp, _args: Args) -> Record:
    return app_info()


V2_ITEM_ROUTES: dict[str, dict[str, Handler]] = {
    "/api/v2/app/info": {"GET": _app_info},
    "/api/v2/item/get": {"GET": _get, "POST": _get},
    "/api/v2/item/query": {"POST": _query},
    "/api/v2/item/countAll": {"GET": _count_all},
    "/api/v2/item/add": {"POST": _add},
    "/api/v2/item/update": {"POST": _update},
    "/api/v2/item/setCustomThumbnail": {"POST": _set_custom_thumbnail},
    "/api/v2/item/refreshThumbnail": {"POST": _refresh_thumbnail},
}
