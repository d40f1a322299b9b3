"""Eagle's folder tree: records on disk and the shapes the API shows. Pure.

A folder on disk holds its children; nothing holds its parent. Names need not be unique
(docs/facts/eagle.md, "V1 calls").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sandbox.eagle.wire import Record

COLORS = frozenset({"red", "orange", "yellow", "green", "aqua", "blue", "purple", "pink"})
_LOOKS = ("icon", "iconColor")
_VIEW = ("coverId", "orderBy", "sortIncrease")


def new_folder(folder_id: str, name: str, description: str, now: int) -> Record:
    """A folder as Eagle writes it to disk; `now` in ms."""
    record: Record = {"id": folder_id, "name": name, "description": description, "children": []}
    return record | {"modificationTime": now, "tags": [], "password": "", "passwordTips": ""}


def walk(tree: Iterable[Record], parents: tuple[Record, ...] = ()) -> Iterator[tuple[Record, ...]]:
    """Every folder of `tree` as the path that leads to it, depth first; the last is the folder."""
    for folder in tree:
        path = (*parents, folder)
        yield path
        yield from walk(folder.get("children") or [], path)


def find_folder(tree: list[Record], folder_id: object) -> tuple[Record, ...] | None:
    """The path to the folder `folder_id`, or None."""
    return next((path for path in walk(tree) if path[-1]["id"] == folder_id), None)


def insert_folder(tree: list[Record], folder: Record, parent: object) -> None:
    """Append `folder` to the folder with the id `parent`; at the root if there is none."""
    path = find_folder(tree, parent)
    (tree if path is None else path[-1].setdefault("children", [])).append(folder)


def move_folder(tree: list[Record], folder_id: str, parent: object) -> bool:
    """Move a folder below `parent` (to the root for None or an unknown id), to the end there.

    False, and nothing moves, when `parent` is the folder itself or one inside it.
    """
    path, target = find_folder(tree, folder_id), find_folder(tree, parent)
    if path is None or (target is not None and path[-1] in target):
        return False
    (tree if len(path) == 1 else path[-2]["children"]).remove(path[-1])
    insert_folder(tree, path[-1], parent)
    return True


def listed_folder(path: tuple[Record, ...]) -> Record:
    """A folder as V1 `folder/list` shows it: no parent, no counts; unset keys are absent.

    `extendTags` are its own tags and those of the folders above. A folder with a password is
    locked and shows no children.
    """
    folder = path[-1]
    locked = bool(folder.get("password"))
    children = [] if locked else [listed_folder((*path, child)) for child in folder["children"]]
    shown: Record = {"id": folder["id"], "name": folder["name"]}
    shown |= {"description": folder.get("description", ""), "children": children}
    shown |= {"modificationTime": folder["modificationTime"], "tags": folder["tags"]}
    shown["extendTags"] = list(dict.fromkeys(tag for step in path for tag in step["tags"]))
    shown |= _set_keys(folder, _LOOKS)
    shown |= {"pinyin": folder["name"], "password": "locked" if locked else ""}
    return shown | {"passwordTips": folder.get("passwordTips", "")} | _set_keys(folder, _VIEW)


def _set_keys(folder: Record, keys: tuple[str, ...]) -> Record:
    return {key: folder[key] for key in keys if folder.get(key) is not None}


def created_folder(folder: Record) -> Record:
    """A folder as V1 `folder/create` answers it."""
    shown: Record = {"id": folder["id"], "name": folder["name"], "images": [], "folders": []}
    shown |= {"modificationTime": folder["modificationTime"], "imagesMappings": {}}
    return shown | {"tags": folder["tags"], "children": [], "isExpand": True}


def runtime_folder(path: tuple[Record, ...], counts: Mapping[str, int]) -> Record:
    """A folder as the app holds it while it runs: V1 rename, update and listRecent."""
    folder = path[-1]
    inside = sum(counts.get(step[-1]["id"], 0) for step in walk([folder]))
    shown = created_folder(folder) | {"description": folder.get("description", "")}
    shown["children"] = listed_folder(path)["children"]
    shown |= _set_keys(folder, (*_LOOKS, *_VIEW))
    shown |= {"size": 30, "vstype": "folder", "isVisible": True, "editable": False}
    shown["styles"] = {"depth": len(path) - 1, "first": False, "last": False}
    shown |= {"imageCount": counts.get(folder["id"], 0), "descendantImageCount": inside}
    return shown | {"pinyin": folder["name"], "extendTags": listed_folder(path)["extendTags"]}


def v2_folder(path: tuple[Record, ...], counts: Mapping[str, int]) -> Record:
    """A folder as V2 shows it: with its parent's id (None at the root) and its item count."""
    shown = listed_folder(path)
    shown |= {"parent": path[-2]["id"] if len(path) > 1 else None}
    shown["imageCount"] = counts.get(path[-1]["id"], 0)
    children = path[-1]["children"] if shown["children"] else []
    return shown | {"children": [v2_folder((*path, child), counts) for child in children]}
