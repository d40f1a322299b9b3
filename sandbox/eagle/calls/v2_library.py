"""V2's calls on libraries, folders, tags and tag groups (docs/facts/eagle.md, "V2")."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox.eagle.args import Args, flag, split, text, texts
from sandbox.eagle.calls.replies import Handler, Refused
from sandbox.eagle.calls.tags import renamed, shown_group, v2_tag
from sandbox.eagle.calls.v1 import icon_bytes, library_info, tag_objects
from sandbox.eagle.calls.v2_items import page
from sandbox.eagle.disk.folders import COLORS, move_folder, v2_folder
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.wire import Record


def _library_info(eagle: EagleApp, _args: Args) -> Record:
    library = eagle.library
    known = library_info(eagle) | {"name": library.name, "path": str(library.path)}
    return known | {"tagGroups": library.root["tagsGroups"]}


def _library_history(eagle: EagleApp, args: Args) -> Record:
    return page([{"name": Path(path).stem, "path": path} for path in eagle.history], args)


def _library_switch(eagle: EagleApp, args: Args) -> bool:
    eagle.switch_later(text(args.get("libraryPath")))
    return True


def _library_icon(_eagle: EagleApp, args: Args) -> Record:
    return {"type": "Buffer", "data": list(icon_bytes(args))}


def _folder_get(eagle: EagleApp, args: Args) -> Record:
    counts = eagle.folder_counts()
    with eagle.lock:
        return page([v2_folder(path, counts) for path in _chosen(eagle, args)], args)


def _chosen(eagle: EagleApp, args: Args) -> Iterable[tuple[Record, ...]]:
    """Folders by id, the recent ones, or those at the root with all below nested in them."""
    ids = [*split(args.get("id")), *split(args.get("ids"))]
    if ids:
        return [path for path in map(eagle.folder, ids) if path is not None]
    if flag(args.get("isRecent")):
        return eagle.recent_folders()
    if flag(args.get("isSelected")):
        return []
    return [(folder,) for folder in eagle.library.root["folders"]]


def _folder_create(eagle: EagleApp, args: Args) -> Record:
    name = text(args.get("name"))
    if not name:
        raise Refused("name is required.")
    with eagle.lock:
        made = eagle.add_folder(name, args.get("parent"), text(args.get("description")))
        path = eagle.folder(made["id"])
        assert path is not None
        return v2_folder(path, {})


def _folder_update(eagle: EagleApp, args: Args) -> Record:
    counts = eagle.folder_counts()
    with eagle.lock:
        path = eagle.folder(args.get("id"))
        if path is None:
            raise Refused("Folder does not exist.")
        if "parent" in args and not _moved(eagle, path, args["parent"]):
            raise Refused("A folder cannot be moved into itself.")
        path[-1].update(_folder_changes(args) | {"modificationTime": eagle.now()})
        eagle.save_folders()
        return v2_folder(eagle.folder(args["id"]) or path, counts)


def _moved(eagle: EagleApp, path: tuple[Record, ...], parent: object) -> bool:
    if parent == (path[-2]["id"] if len(path) > 1 else None):
        return True
    return move_folder(eagle.library.root["folders"], path[-1]["id"], parent)


def _folder_changes(args: Args) -> Record:
    changes: Record = {"name": args["name"]} if text(args.get("name")) else {}
    if isinstance(args.get("description"), str):
        changes["description"] = args["description"]
    if isinstance(args.get("tags"), list):
        changes["tags"] = texts(args["tags"])
    return changes | ({"iconColor": args["iconColor"]} if args.get("iconColor") in COLORS else {})


def _tag_get(eagle: EagleApp, args: Args) -> Record:
    part = text(args.get("name")).lower()
    return page([v2_tag(tag) for tag in tag_objects(eagle) if part in tag["name"].lower()], args)


def _tag_recent(eagle: EagleApp, args: Args) -> Record:
    return page(list(map(v2_tag, tag_objects(eagle, eagle.library.history_tags))), args)


def _tag_starred(eagle: EagleApp, args: Args) -> Record:
    return page(list(map(v2_tag, tag_objects(eagle, eagle.library.starred_tags))), args)


def _tag_update(eagle: EagleApp, args: Args) -> Record:
    old, new = text(args.get("originalName")), text(args.get("name"))
    if not old or not new:
        raise Refused("originalName and name are required.")
    _replace_tag(eagle, old, new)
    return v2_tag(tag_objects(eagle, [new])[0])


def _tag_merge(eagle: EagleApp, args: Args) -> Record:
    source, target = text(args.get("source")), text(args.get("target"))
    if not source or not target:
        raise Refused("source and target are required.")
    return {"affectedItems": _replace_tag(eagle, source, target), "sourceRemoved": True}


def _replace_tag(eagle: EagleApp, old: str, new: str) -> int:
    """Replace a tag on every item and in every group; the number of items changed."""
    with eagle.lock:
        holders = [item.record for item in eagle.items() if old in item.record["tags"]]
        for record in holders:
            eagle.replace_item(record | {"tags": renamed(record["tags"], old, new)})
        groups = [group for group in eagle.library.root["tagsGroups"] if old in group["tags"]]
        for group in groups:
            group["tags"] = renamed(group["tags"], old, new)
        if groups:
            eagle.save_folders()
        eagle.library.forget_tag(old)
        eagle.library.note_tags([new])
        eagle.flush_later()
    return len(holders)


def _group_get(eagle: EagleApp, args: Args) -> Record:
    return page([shown_group(group) for group in eagle.library.root["tagsGroups"]], args)


def _group_create(eagle: EagleApp, args: Args) -> Record:
    if not text(args.get("name")):
        raise Refused("name is required.")
    with eagle.lock:
        group: Record = {"id": eagle.new_id(), "name": "", "tags": []} | _group_changes(args)
        eagle.library.root["tagsGroups"].append(group)
        return _saved(eagle, group)


def _group_update(eagle: EagleApp, args: Args) -> Record:
    with eagle.lock:
        group = _group(eagle, args.get("id"))
        group.update(_group_changes(args))
        return _saved(eagle, group)


def _group_remove(eagle: EagleApp, args: Args) -> bool:
    with eagle.lock:
        eagle.library.root["tagsGroups"].remove(_group(eagle, args.get("id")))
        eagle.save_folders()
    return True


def _group_add_tags(eagle: EagleApp, args: Args) -> Record:
    tags = texts(args.get("tags"))
    with eagle.lock:
        group = _group(eagle, args.get("groupId"))
        if flag(args.get("removeFromSource")):
            for other in eagle.library.root["tagsGroups"]:
                other["tags"] = [tag for tag in other["tags"] if tag not in tags]
        group["tags"] = list(dict.fromkeys([*group["tags"], *tags]))
        return _saved(eagle, group)


def _group_remove_tags(eagle: EagleApp, args: Args) -> Record:
    tags = texts(args.get("tags"))
    with eagle.lock:
        group = _group(eagle, args.get("groupId"))
        group["tags"] = [tag for tag in group["tags"] if tag not in tags]
        return _saved(eagle, group)


def _group(eagle: EagleApp, group_id: object) -> Record:
    for group in eagle.library.root["tagsGroups"]:
        if group["id"] == group_id:
            found: Record = group
            return found
    raise Refused("Tag group does not exist.")


def _group_changes(args: Args) -> Record:
    asked = {key: text(args.get(key)) for key in ("name", "color", "description")}
    changes: Record = {key: value for key, value in asked.items() if value}
    return changes | ({"tags": texts(args["tags"])} if isinstance(args.get("tags"), list) else {})


def _saved(eagle: EagleApp, group: Record) -> Record:
    eagle.save_folders()
    return shown_group(group)


V2_ROUTES: dict[str, dict[str, Handler]] = {
    "/api/v2/library/info": {"GET": _library_info},
    "/api/v2/library/history": {"GET": _library_history},
    "/api/v2/library/switch": {"POST": _library_switch},
    "/api/v2/library/icon": {"GET": _library_icon},
    "/api/v2/folder/get": {"GET": _folder_get, "POST": _folder_get},
    "/api/v2/folder/create": {"POST": _folder_create},
    "/api/v2/folder/update": {"POST": _folder_update},
    "/api/v2/tag/get": {"GET": _tag_get, "POST": _tag_get},
    "/api/v2/tag/getRecentTags": {"GET": _tag_recent},
    "/api/v2/tag/getStarredTags": {"GET": _tag_starred},
    "/api/v2/tag/update": {"POST": _tag_update},
    "/api/v2/tag/merge": {"POST": _tag_merge},
    "/api/v2/tagGroup/get": {"GET": _group_get},
    "/api/v2/tagGroup/create": {"POST": _group_create},
    "/api/v2/tagGroup/update": {"POST": _group_update},
    "/api/v2/tagGroup/remove": {"POST": _group_remove},
    "/api/v2/tagGroup/addTags": {"POST": _group_add_tags},
    "/api/v2/tagGroup/removeTags": {"POST": _group_remove_tags},
}
