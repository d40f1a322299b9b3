"""Icons, covers and files: outside addresses and emoji.

Source: the public type declarations of Notion's JavaScript client (common.ts: PageIconRequest,
PageCoverRequest, InternalOrExternalFileWithNameRequest).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.notion.checks import an_array, an_object, only_keys, string
from sandbox.notion.errors import UNDEFINED, invalid
from sandbox.notion.richtext import checked_url
from sandbox.notion.workspace.objects import Objects

Json = dict[str, Any]

_LONGEST_NAME = 100


def parse_icon(value: object, path: str, objects: Objects) -> Json | None:
    """An emoji, custom emoji, named icon or picture; None clears."""
    if value is None:
        return None
    icon = an_object(value, path)
    if "emoji" in icon:
        return {"type": "emoji", "emoji": string(icon["emoji"], f"{path}.emoji")}
    for kind in ("custom_emoji", "icon"):
        if kind in icon:
            return {"type": kind, kind: an_object(icon[kind], f"{path}.{kind}")}
    return parse_file(icon, path, objects)


def parse_cover(value: object, path: str, objects: Objects) -> Json | None:
    """A picture; None clears."""
    return None if value is None else parse_file(an_object(value, path), path, objects)


def parse_files(value: object, path: str, objects: Objects) -> list[Json]:
    """The files of a files property, each with its name."""
    items = an_array(value, path)
    return [_named(item, f"{path}[{index}]", objects) for index, item in enumerate(items)]


def parse_file(body: Json, path: str, objects: Objects) -> Json:
    """`{"type": "external"|"file", …}` from an address."""
    if "external" in body:
        external = an_object(body["external"], f"{path}.external")
        only_keys(external, f"{path}.external", ("url",))
        return {"type": "external", "external": {"url": _address(external, f"{path}.external")}}
    if "file" in body:
        file = an_object(body["file"], f"{path}.file")
        url = checked_url(file.get("url", UNDEFINED), f"{path}.file.url")
        return {"type": "file", "file": {"url": url, "expiry_time": _expiry(objects)}}
    raise invalid(f"{path}.external", "defined", UNDEFINED)


def _named(value: object, path: str, objects: Objects) -> Json:
    body = an_object(value, path)
    only_keys(body, path, ("name", "type", "external", "file"))
    file = parse_file(body, path, objects)
    name = body.get("name")
    if name is None:
        name = unquote(urlsplit(file[file["type"]]["url"]).path.rsplit("/", 1)[-1])
    return {"name": string(name, f"{path}.name", longest=_LONGEST_NAME), **file}


def _address(external: Json, path: str) -> str:
    url = checked_url(external.get("url", UNDEFINED), f"{path}.url")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise invalid(f"{path}.url", "a valid URL", url)
    return url


def _expiry(objects: Objects) -> str:
    moment = objects.now() + timedelta(hours=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
