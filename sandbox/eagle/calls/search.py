"""V2's item filters and its query language (docs/facts/eagle.md, "V2"). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from sandbox.eagle.args import Args, flag, number, split, text
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.wire import Record

_Check = Callable[[Record], bool]
_TOKEN = re.compile(r'-?"[^"]*"?|\(|\)|\|\||-\(|[^\s()]+')
_PANORAMA = 2.5


def filter_items(items: Iterable[StoredItem], args: Args) -> list[StoredItem]:
    """Live items that meet every filter of `item/get`; tags and folders mean all of them."""
    checks = [*_id_checks(args), *_list_checks(args), *_text_checks(args)]
    live = (item for item in items if not item.record.get("isDeleted"))
    return [item for item in live if all(check(item.record) for check in checks)]


def _id_checks(args: Args) -> Iterator[_Check]:
    ids = set(split(args.get("id"))) | set(split(args.get("ids")))
    if ids:
        yield lambda r: r["id"] in ids
    if flag(args.get("isSelected")):
        yield lambda _: False  # nobody selects anything in a window that is not there


def _list_checks(args: Args) -> Iterator[_Check]:
    tags, folders = set(split(args.get("tags"))), set(split(args.get("folders")))
    if tags:
        yield lambda r: tags.issubset(r["tags"])
    if folders:
        yield lambda r: folders.issubset(r["folders"])
    if flag(args.get("isUntagged")):
        yield lambda r: not r["tags"]
    if flag(args.get("isUnfiled")):
        yield lambda r: not r["folders"]
    rating = number(args.get("rating"))
    if rating is not None:
        yield lambda r: (r.get("star") or 0) == rating


def _text_checks(args: Args) -> Iterator[_Check]:
    words = [word.lower() for word in split(args.get("keywords"))]
    if words:
        yield lambda r: all(word in _searched(r, {}) for word in words)
    if note := text(args.get("annotation")).lower():
        yield lambda r: note in r["annotation"].lower()
    if address := text(args.get("url")).lower():
        yield lambda r: address in r["url"].lower()
    if ext := text(args.get("ext")).lower().removeprefix("."):
        yield lambda r: r["ext"].lower() == ext
    if shape := text(args.get("shape")):
        yield lambda r: shape in _shapes(r)


def _shapes(record: Record) -> set[str]:
    width, height = record.get("width") or 0, record.get("height") or 0
    if not width or not height:
        return set()
    if width == height:
        return {"square"}
    kind = "landscape" if width > height else "portrait"
    long = max(width, height) / min(width, height) > _PANORAMA
    return {kind, f"panoramic-{kind}"} if long else {kind}


def query_items(
    items: Iterable[StoredItem], query: str, folder_names: Mapping[str, str]
) -> list[StoredItem]:
    """Live items whose name, extension, tags, note, address or folders meet `query`.

    `a b` both, `a OR b` or `a || b` either, `-a` not, `"a b"` the phrase, brackets group.
    """
    meets = _any_of(_TOKEN.findall(query.lower()))
    live = (item for item in items if not item.record.get("isDeleted"))
    return [item for item in live if meets(_searched(item.record, folder_names))]


def _searched(record: Record, folder_names: Mapping[str, str]) -> str:
    folders = [folder_names.get(folder, "") for folder in record["folders"]]
    own = [record["name"], record["ext"], record["annotation"], record["url"]]
    return "\n".join([*own, *record["tags"], *folders]).lower()


_Meets = Callable[[str], bool]


def _any_of(tokens: list[str]) -> _Meets:
    """Read `tokens` from the front up to a closing bracket, taking them away."""
    choices = [_all_of(tokens)]
    while tokens and tokens[0] in {"or", "||"}:
        tokens.pop(0)
        choices.append(_all_of(tokens))
    if tokens:
        tokens.pop(0)
    return lambda searched: any(choice(searched) for choice in choices)


def _all_of(tokens: list[str]) -> _Meets:
    terms = []
    while tokens and tokens[0] not in {"or", "||", ")"}:
        word = tokens.pop(0)
        if word != "and":
            terms.append(_term(word, tokens))
    return lambda searched: all(term(searched) for term in terms)


def _term(first: str, rest: list[str]) -> _Meets:
    if first in {"(", "-("}:
        inside = _any_of(rest)
        return inside if first == "(" else lambda searched: not inside(searched)
    word = first.removeprefix("-").strip('"')
    absent = first.startswith("-") and bool(word)
    return lambda searched: (word in searched) is not absent
