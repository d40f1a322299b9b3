"""Paging and filters of the Eagle stand-in against a plain model, and its query language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.eagle.calls.listing import list_items
from sandbox.eagle.calls.v2_filters import filter_items
from sandbox.eagle.disk.library import StoredItem
from sandbox.eagle.disk.names import sanitize_name
from sandbox.eagle.wire import dump

_WORDS = st.lists(st.sampled_from(["Dub", "acid", "Deep", "10", "9"]), min_size=1, max_size=3)
_TAGS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True)


@st.composite
def _items(draw: st.DrawFn) -> list[StoredItem]:
    made = []
    for number in range(draw(st.integers(0, 25))):
        record: dict[str, Any] = {"id": f"MKBAC8F1BAV{number:02}"}
        record |= {"name": " ".join(draw(_WORDS)), "size": draw(st.integers(0, 9))}
        record |= {"ext": draw(st.sampled_from(["wav", "aiff"])), "tags": draw(_TAGS)}
        record |= {"folders": draw(_TAGS), "url": "", "annotation": ""}
        record |= {"isDeleted": draw(st.booleans()), "modificationTime": draw(st.integers(0, 5))}
        made.append(StoredItem(record, dump(record)))
    return made


def _newest(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = sorted(records, key=lambda r: r["id"], reverse=True)
    return sorted(by_id, key=lambda r: -r["modificationTime"])


@settings(deadline=None, max_examples=60)
@given(
    items=_items(),
    limit=st.integers(1, 8),
    page=st.integers(0, 5),
    order=st.sampled_from(["", "CREATEDATE", "-CREATEDATE", "FILESIZE", "-FILESIZE"]),
)
def test_pages_are_slices_of_the_order_shown_newest_first(
    items: list[StoredItem], limit: int, page: int, order: str
) -> None:
    live = [item.record for item in items if not item.record["isDeleted"]]
    whole = _newest(live)
    if order == "-CREATEDATE":
        whole.reverse()
    if order.endswith("FILESIZE"):
        whole = sorted(live, key=lambda r: (r["size"], r["id"]), reverse=order.startswith("-"))
    expected = _newest(whole[limit * page : limit * (page + 1)])
    asked = {"limit": str(limit), "offset": str(page), "orderBy": order}
    assert [item.record for item in list_items(items, asked)] == expected


@settings(deadline=None, max_examples=60)
@given(items=_items(), tags=_TAGS, folders=_TAGS, word=st.sampled_from(["", "dub", "deep,10"]))
def test_v1_tags_and_folders_mean_any_and_v2s_mean_all(
    items: list[StoredItem], tags: list[str], folders: list[str], word: str
) -> None:
    live = [item.record for item in items if not item.record["isDeleted"]]
    words = [part for part in word.split(",") if part]
    named = [r for r in live if all(part in r["name"].lower() for part in words)]
    any_of = [
        r
        for r in named
        if (not tags or set(tags) & set(r["tags"]))
        and (not folders or set(folders) & set(r["folders"]))
    ]
    all_of = [r for r in live if set(tags) <= set(r["tags"]) and set(folders) <= set(r["folders"])]
    v1 = {"keyword": word, "tags": ",".join(tags), "folders": ",".join(folders), "limit": "99"}
    assert [i.record for i in list_items(items, v1)] == _newest(any_of)
    v2 = {"tags": tags, "folders": folders}
    assert [i.record for i in filter_items(items, v2)] == all_of


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ('a/b:c*d?e"f<g>h|i\\', "abcdefghi"),
        ("emoji 😀 here", "emoji  here"),
        ("zero\u200bwidth\u200d\ufeff", "zerowidth"),
        ("private \ue000use", "private use"),
        ("50% off", "50 off"),
        ("tab\there", "tabhere"),
        ("Tom &amp; Jerry &#39;s &quot;hit&quot; a&lt;b&gt;", "Tom & Jerry 's hit ab"),
        ("  name ", "name"),
        ("CON", "_"),
        ("concert", "concert"),
        ("???", "_"),
        ("Café – Ночь 夜", "Café – Ночь 夜"),
        ("a.b", "a.b"),
    ],
)
def test_names_are_cleaned_as_eagle_cleans_them(given_name: str, stored: str) -> None:
    assert sanitize_name(given_name) == stored


def test_names_are_cut_by_bytes() -> None:
    assert sanitize_name("Ж" * 300) == "Ж" * 100


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300))
def test_any_name_becomes_a_file_name_and_stays_as_it_is(name: str) -> None:
    stored = sanitize_name(name)
    assert stored
    assert len(stored.encode()) <= 200
    assert not set(stored) & set('/?<>\\:*|"%\0\n')
    assert sanitize_name(stored) == stored
