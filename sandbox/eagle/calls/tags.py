"""Tags and tag groups as the API shows them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sandbox.eagle.wire import Record


def count_tags(records: Iterable[Record]) -> Counter[str]:
    """How many live items have each tag."""
    return Counter(tag for r in records if not r.get("isDeleted") for tag in r["tags"])


def shown_tags(
    names: Iterable[str], counts: Mapping[str, int], groups: Iterable[Record]
) -> list[Record]:
    """V1's tag objects for `names`; `color` is there when a group has one."""
    shown: dict[str, Record] = {}
    for name in names:
        tag: Record = {"name": name, "imageCount": counts.get(name, 0), "groups": []}
        shown[name] = tag | {"pinyin": name}
    for group in groups:
        for name in group.get("tags", ()):
            if (tag_of := shown.get(name)) is not None:
                tag_of["groups"].append(group["id"])
                tag_of |= {"color": group["color"]} if group.get("color") else {}
    return list(shown.values())


def v2_tag(tag: Record) -> Record:
    """A tag as V2 shows it: the count by its other name too, the colour always there."""
    return tag | {"count": tag["imageCount"], "color": tag.get("color", "")}


def shown_group(group: Record) -> Record:
    """A tag group as V2 shows it: colour and description always there."""
    shown = {"id": group["id"], "name": group["name"], "color": group.get("color", "")}
    return shown | {"tags": group["tags"], "description": group.get("description", "")}


def renamed(tags: Iterable[str], old: str, new: str) -> list[str]:
    """`tags` with `old` replaced by `new`, each once."""
    return list(dict.fromkeys(new if tag == old else tag for tag in tags))
