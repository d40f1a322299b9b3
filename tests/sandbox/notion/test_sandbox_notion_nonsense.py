"""Nonsense in requests is refused; it never makes the stand-in fail or its objects unreadable."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.ledger import Ledger
from sandbox.notion.endpoints import Call
from sandbox.notion.errors import ApiError
from sandbox.notion.routes import endpoint_for
from sandbox.notion.shapes import Shapes
from sandbox.notion.store import NotionStore

ROOT = "00000000-0000-4000-8000-000000000001"

Json = dict[str, Any]
Place = tuple[str | int, ...]

TEXT = [{"text": {"content": "x", "link": None}, "annotations": {"bold": True}}]
SCHEMA: Json = {
    "Name": {"title": {}},
    "Text": {"rich_text": {}},
    "Number": {"number": {"format": "percent"}},
    "Select": {"select": {"options": [{"name": "A", "color": "red"}]}},
    "Status": {"status": {}},
    "Date": {"date": {}},
    "Files": {"files": {}},
    "Sum": {"formula": {"expression": 'prop("Number") + 1'}},
}
VALUES: Json = {
    "Name": {"title": [*TEXT, {"mention": {"date": {"start": "2026-01-01", "end": None}}}]},
    "Text": {"rich_text": [{"mention": {"page": {"id": ROOT}}}, {"equation": {"expression": "e"}}]},
    "Number": {"number": 1},
    "Select": {"select": {"name": "A"}},
    "Status": {"status": {"name": "Done"}},
    "Date": {"date": {"start": "2026-01-01", "end": None, "time_zone": "Europe/Berlin"}},
    "Files": {"files": [{"name": "a", "external": {"url": "https://example.com"}}]},
}
FILTER: Json = {
    "and": [
        {"property": "Text", "rich_text": {"contains": "x"}},
        {"or": [{"property": "Date", "date": {"past_week": {}}}]},
        {"property": "Sum", "formula": {"number": {"greater_than": 1}}},
        {"timestamp": "created_time", "created_time": {"after": "2026-01-01"}},
    ]
}


class Workspace:
    """A store with a database, and requests that would be right as they stand."""

    def __init__(self) -> None:
        self.store = NotionStore()
        self.store.create_root_page(ROOT, "Tests")
        database, source = self.store.create_database(ROOT, "Tracks", SCHEMA)
        page = self.store.create_page(source, {"Name": {"title": TEXT}})
        sorts = [{"property": "Number", "direction": "descending"}]
        self.right: list[tuple[str, str, Json]] = [
            ("POST", "pages", {"parent": {"data_source_id": source}, "properties": VALUES}),
            ("POST", "pages", {"parent": {"page_id": ROOT}, "icon": {"emoji": "x"}}),
            ("PATCH", f"pages/{page}", {"properties": VALUES, "icon": {"emoji": "x"}}),
            (
                "POST",
                "databases",
                {"parent": {"page_id": ROOT}, "initial_data_source": {"properties": SCHEMA}},
            ),
            ("PATCH", f"databases/{database}", {"title": TEXT, "parent": {"page_id": ROOT}}),
            ("PATCH", f"data_sources/{source}", {"properties": {"Select": SCHEMA["Select"]}}),
            ("POST", f"data_sources/{source}/query", {"filter": FILTER, "sorts": sorts}),
            ("POST", "search", {"filter": {"property": "object", "value": "page"}}),
        ]

    def ask(self, method: str, path: str, body: Json) -> Json:
        found = endpoint_for(method, f"/v1/{path}")
        assert found is not None
        endpoint, names = found
        call = Call(
            store=self.store,
            ledger=Ledger(),
            version="2026-03-11",
            names=names,
            query={},
            filter_properties=[],
            body=body,
        )
        return endpoint(call)


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Where something stands in a JSON value."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*above, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*above, key))


SCALARS = [None, True, -1, 3.5, 10**30, "", "x", "\ud800", "2026-13-45", ROOT]
SHAPES = [[], {}, [None], [[]], [{}], {"id": None}, {"type": "x"}, {"name": 1}, {"start": 1}]
junk = st.sampled_from([*SCALARS, *SHAPES])


@pytest.mark.parametrize("number", range(8))
def test_the_requests_are_right_before_they_are_spoilt(number: int) -> None:
    workspace = Workspace()
    assert workspace.ask(*workspace.right[number])["object"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_spoilt_request_is_refused_or_answered(data: st.DataObject) -> None:
    workspace = Workspace()
    method, path, right = data.draw(st.sampled_from(workspace.right))
    body = copy.deepcopy(right)
    place = data.draw(st.sampled_from(list(places(body))))
    here: Any = body
    for key in place[:-1]:
        here = here[key]
    here[place[-1]] = copy.deepcopy(data.draw(junk))
    try:
        json.dumps(workspace.ask(method, path, body))
    except ApiError as refusal:
        assert refusal.status in {400, 404}  # noqa: PT017 - both ways are right
    shapes = Shapes(workspace.store.objects, "2025-09-03")
    json.dumps([shapes.page(page) for page in workspace.store.objects.pages.values()])
    json.dumps([shapes.data_source(each) for each in workspace.store.objects.data_sources.values()])
