"""Eagle's folder tree: records on disk and the shapes the API shows. Pure.

A folder on disk holds its children; nothing holds its parent. Names need not be unique
(docs/facts/eagle.md, "V1 calls").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.eagle.wire import Record

_LOOKS = ("icon", "iconColor")
_VIEW = ("coverId", "orderBy", "sortIncrease")


def new_folder(folder_id: str, name: str, now: int) -> Record:
    """A folder as Eagle writes it to disk; `now` in ms."""
    record: Record = {"id": folder_id, "name": name, "description": "", "children": []}
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
