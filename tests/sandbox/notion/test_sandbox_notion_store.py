"""The store without HTTP: restart, seeding, lag by a clock of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.notion.computed.formulas import FormulaError, evaluate
from sandbox.notion.errors import (
    ApiError,
    conflict_body,
    error_body,
    gateway_timeout_body,
    overload_body,
    query_unavailable_body,
    rate_limited_body,
    saved_but_unavailable_body,
)
from sandbox.notion.pages import update_page
from sandbox.notion.queries.query import query
from sandbox.notion.shapes import Shapes
from sandbox.notion.store import NotionStore

ROOT = "00000000-0000-4000-8000-000000000001"


def title(content: str) -> dict[str, Any]:
    return {"Name": {"title": [{"text": {"content": content}}]}}


def names(store: NotionStore, source: str, **body: Any) -> list[str]:
    answer = query(store, Shapes(store.objects, "2026-03-11"), source, body, [])
    return [row["properties"]["Name"]["title"][0]["plain_text"] for row in answer["results"]]


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    store = NotionStore(tmp_path)
    store.create_root_page(ROOT, "Tests")
    schema = {"Name": {"title": {}}, "Genre": {"select": {}}, "Key": {"unique_id": {}}}
    database, source = store.create_database(ROOT, "Tracks", schema)
    page = store.create_page(source, title("Song") | {"Genre": {"select": {"name": "House"}}})
    before = store.rows(source)
    store.close()
    again = NotionStore(tmp_path)
    assert again.rows(source) == before == {page: {"Name": "Song", "Genre": "House", "Key": 1}}
    assert again.find_data_sources("Tracks") == [source]
    assert [each.id for each in again.objects.children_of(ROOT)] == [database]
    assert again.create_root_page(ROOT, "Other") == ROOT
    assert again.objects.title_of(ROOT) == "Tests"
    second = again.create_page(source, title("Another"))
    assert again.rows(source)[second]["Key"] == 2
    assert names(again, source) == ["Another", "Song"]


def test_a_folder_of_an_older_sandbox_is_served_without_what_is_kept_no_more(
    tmp_path: Path,
) -> None:
    store = NotionStore(tmp_path)
    store.create_root_page(ROOT, "Tests")
    store.close()
    with (tmp_path / "notion.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('["view", {"id": "4", "name": "Default view"}]\n')
    assert NotionStore(tmp_path).objects.title_of(ROOT) == "Tests"


def test_a_killed_process_loses_nothing_but_a_torn_line(tmp_path: Path) -> None:
    store = NotionStore(tmp_path)
    store.create_root_page(ROOT, "Tests")
    _, source = store.create_database(ROOT, "Tracks", {"Name": {"title": {}}})
    store.create_page(source, title("Song"))
    journal = tmp_path / "notion.jsonl"
    with journal.open("a", encoding="utf-8") as out:
        out.write('["page", {"id": "torn')
    again = NotionStore(tmp_path)
    again.create_page(source, title("Next"))
    again.close()
    third = NotionStore(tmp_path)
    assert [row["Name"] for row in third.rows(source).values()] == ["Song", "Next"]


def test_a_journal_of_old_versions_is_written_anew(tmp_path: Path) -> None:
    store = NotionStore(tmp_path)
    store.create_root_page(ROOT, "Tests")
    for number in range(1200):
        body = {"properties": {"title": [{"text": {"content": str(number)}}]}}
        update_page(store.objects, ROOT, body)
    store.close()
    again = NotionStore(tmp_path)
    assert again.objects.title_of(ROOT) == "1199"
    again.close()
    assert len((tmp_path / "notion.jsonl").read_text().splitlines()) == 1


def test_queries_catch_up_when_the_lag_is_over() -> None:
    now = [datetime(2026, 11, 24, 12, tzinfo=UTC)]
    store = NotionStore(clock=lambda: now[0], seed=3)
    store.create_root_page(ROOT, "Tests")
    _, source = store.create_database(ROOT, "Tracks", {"Name": {"title": {}}})
    page = store.create_page(source, title("first"))
    store.query_lag = (2.0, 4.0)
    update_page(store.objects, page, {"properties": title("second")})
    assert names(store, source) == ["first"]
    now[0] += timedelta(seconds=1.9)
    assert names(store, source) == ["first"]
    now[0] += timedelta(seconds=2.2)
    assert names(store, source) == ["second"]


def test_an_older_version_never_comes_after_a_newer_one() -> None:
    now = [datetime(2026, 11, 24, 12, tzinfo=UTC)]
    store = NotionStore(clock=lambda: now[0])
    store.create_root_page(ROOT, "Tests")
    _, source = store.create_database(ROOT, "Tracks", {"Name": {"title": {}}})
    page = store.create_page(source, title("first"))
    store.query_lag = (9.0, 9.0)
    update_page(store.objects, page, {"properties": title("slow")})
    store.query_lag = (1.0, 1.0)
    update_page(store.objects, page, {"properties": title("fast")})
    now[0] += timedelta(seconds=2)
    assert names(store, source) == ["fast"]
    now[0] += timedelta(seconds=10)
    assert names(store, source) == ["fast"]


def test_seeding_is_refused_as_a_request_would_be() -> None:
    store = NotionStore()
    store.create_root_page(ROOT, "Tests")
    _, source = store.create_database(ROOT, "Tracks", {"Name": {"title": {}}})
    with pytest.raises(ApiError, match="Nope is not a property that exists"):
        store.create_page(source, {"Nope": {"number": 1}})
    assert store.rows(source) == {}


def test_relative_dates_follow_the_stores_clock() -> None:
    now = [datetime(2026, 3, 31, 12, tzinfo=UTC)]
    store = NotionStore(clock=lambda: now[0])
    store.create_root_page(ROOT, "Tests")
    schema = {"Name": {"title": {}}, "When": {"date": {}}}
    _, source = store.create_database(ROOT, "Tracks", schema)
    for day in ("2026-02-27", "2026-02-28", "2026-03-29", "2026-04-01"):
        store.create_page(source, title(day) | {"When": {"date": {"start": day}}})
    within = {"property": "When", "date": {"past_month": {}}}
    assert names(store, source, filter=within) == ["2026-03-29", "2026-02-28"]
    within = {"property": "When", "date": {"this_week": {}}}
    assert names(store, source, filter=within) == ["2026-04-01", "2026-03-29"]


def test_the_bodies_of_faults() -> None:
    limited = rate_limited_body(30)
    assert limited["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "30",
    }
    assert overload_body()["code"] == "service_overload"
    assert gateway_timeout_body()["code"] == "gateway_timeout"
    assert conflict_body()["message"] == "Conflict occurred while saving. Please try again."
    assert saved_but_unavailable_body("x")["additional_data"]["committed_resource_id"] == "x"
    assert query_unavailable_body()["status"] == 503
    assert error_body(400, "validation_error", "no", request_id="r")["request_id"] == "r"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3 ^ 2", 27),
        ('if(prop("n") > 2, "big", "small")', "big"),
        ('prop("n") == 3 and not false ? "y" : "n"', "y"),
        ('concat("a", format(prop("n"))).upper()', "A3"),
        ('"a" + 1', "a1"),
        ("round(2.345, 2)", 2.35),
    ],
)
def test_formulas(expression: str, value: Any) -> None:
    assert evaluate(expression, {"n": 3}.__getitem__) == value


@pytest.mark.parametrize("expression", ["1 +", "dateBetween(1, 2)", "1 / 0", '"', "let(a, 1, a)"])
def test_a_formula_beyond_what_is_covered_is_an_error(expression: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(expression, {}.__getitem__)
