"""A page that shows what was written to it is recognised, in Notion's other shape."""

from __future__ import annotations

import pytest

from tasks.locks.written import shows

ID = "0a1b2c3d-0000-4000-8000-000000000001"
PAGE = {
    "properties": {
        "WAV": {
            "id": "a%3Ab",
            "type": "rich_text",
            "rich_text": [{"plain_text": "/music/"}, {"plain_text": "one.wav"}],
        },
        "Lock": {"id": "l", "type": "rich_text", "rich_text": []},
        "DL": {"id": "d", "type": "checkbox", "checkbox": True},
        "Duration": {"id": "n", "type": "number", "number": 7},
        "State": {
            "id": "s",
            "type": "multi_select",
            "multi_select": [{"id": "1", "name": "b", "color": "red"}, {"id": "2", "name": "a"}],
        },
        "Step": {"id": "t", "type": "status", "status": {"id": "9", "name": "Done"}},
        "Playlist": {"id": "p", "type": "relation", "relation": [{"id": ID}], "has_more": False},
        "URL": {"id": "u", "type": "url", "url": None},
        "Files": {"id": "f", "type": "files", "files": [{"name": "x", "type": "external"}]},
        "When": {"id": "w", "type": "date", "date": {"start": "2026-01-16", "end": None}},
    }
}


def _text(content: str) -> dict:
    return {"rich_text": [{"text": {"content": content}}]}


@pytest.mark.parametrize(
    ("key", "same", "different"),
    [
        ("WAV", _text("/music/one.wav"), _text("/music/two.wav")),
        ("a%3Ab", _text("/music/one.wav"), _text("")),
        ("Lock", {"rich_text": []}, _text("x")),
        ("DL", {"checkbox": True}, {"checkbox": False}),
        ("Duration", {"number": 7.0}, {"number": 8}),
        (
            "State",
            {"multi_select": [{"name": "a"}, {"name": "b"}]},
            {"multi_select": [{"name": "a"}]},
        ),
        ("Step", {"status": {"name": "Done"}}, {"status": None}),
        ("Playlist", {"relation": [{"id": ID.replace("-", "")}]}, {"relation": []}),
        ("URL", {"url": None}, {"url": "https://example.org"}),
        ("Files", {"files": [{"name": "x", "external": {"url": "u"}}]}, {"files": []}),
        ("When", {"date": {"start": "2026-01-16"}}, {"date": None}),
    ],
)
def test_a_property_reads_the_same_or_not(key, same, different):
    assert shows(PAGE, {key: same})
    assert not shows(PAGE, {key: different})
    assert not shows(PAGE, {"DL": {"checkbox": True}, key: different})


def test_nothing_written_is_always_shown_and_an_unknown_property_never():
    assert shows(PAGE, {})
    assert not shows(PAGE, {"Gone": {"checkbox": True}})
