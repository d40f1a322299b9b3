"""Order of checks, envelope, headers and versions."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from notion_client import APIResponseError

NIL = "00000000-0000-0000-0000-000000000000"
NOT_AN_ID = "12345678-1234-1234-1234-123456789abc"


def test_an_unknown_address_is_told_before_anything_else(notion: Any) -> None:
    for method, path in (("GET", "/v1/nothing"), ("PUT", f"/v1/pages/{NIL}"), ("GET", "/")):
        answer = notion.ask(method, path, headers={}, content=b"{")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request_url")
        assert answer.json()["message"] == "Invalid request URL."


def test_broken_json_is_told_before_the_missing_token(notion: Any) -> None:
    answer = notion.ask("POST", "/v1/pages", headers={}, content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert answer.json()["message"] == "Error parsing JSON body."


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, 'Authorization header must use the format "Bearer <token>".'),
        ("Basic abc", 'Authorization header must use the format "Bearer <token>".'),
        ("Bearer other", "API token is invalid."),
    ],
)
def test_a_wrong_token_is_told_before_the_version(
    notion: Any, header: str | None, message: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = notion.ask("GET", "/v1/users/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.json()["message"] == message


def test_a_missing_version_is_told_before_the_id_is_looked_at(notion: Any) -> None:
    headers = {"Authorization": "Bearer secret-sandbox"}
    answer = notion.ask("GET", f"/v1/pages/{NOT_AN_ID}", headers=headers)
    assert answer.json()["code"] == "missing_version"
    assert answer.json()["message"] == (
        "Notion-Version header failed validation: Notion-Version header should be defined, "
        "instead was `undefined`."
    )
    headers["Notion-Version"] = "1999-01-01"
    assert notion.ask("GET", "/v1/users/me", headers=headers).json()["code"] == "validation_error"


def test_a_request_is_validated_before_existence_is(notion: Any) -> None:
    wrong = {"page_size": "ten"}
    answer = notion.ask("POST", f"/v1/data_sources/{NIL}/query", json=wrong)
    assert answer.json()["message"] == (
        "body failed validation: body.page_size should be a number or `undefined`, "
        'instead was `"ten"`.'
    )


def test_the_variant_of_an_id_is_checked_and_nil_is_merely_not_there(notion: Any) -> None:
    answer = notion.ask("GET", f"/v1/pages/{NOT_AN_ID}")
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        f'path failed validation: path.page_id should be a valid uuid, instead was `"{NOT_AN_ID}"`.'
    )
    answer = notion.ask("GET", f"/v1/pages/{NIL}")
    assert (answer.status_code, answer.json()["code"]) == (404, "object_not_found")
    assert answer.json()["message"] == (
        f"Could not find page with ID: {NIL}. Make sure the relevant pages and databases are "
        'shared with your integration "library-sync sandbox".'
    )
    assert answer.json()["additional_data"]["integration_id"]


def test_every_answer_bears_its_id_its_type_and_the_time(notion: Any, root: str) -> None:
    for path in (f"/v1/pages/{root}", f"/v1/pages/{NIL}"):
        answer = notion.ask("GET", path)
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.headers["x-notion-request-id"] == answer.json()["request_id"]
        assert list(answer.json())[-1] == "request_id"
        assert parsedate_to_datetime(answer.headers["date"]).tzinfo is not None


def test_the_older_version_has_archived_and_the_newer_has_not(
    client: Any, newer_client: Any, root: str
) -> None:
    older, newer = client.pages.retrieve(root), newer_client.pages.retrieve(root)
    assert list(older) == [
        "object",
        "id",
        "created_time",
        "last_edited_time",
        "created_by",
        "last_edited_by",
        "cover",
        "icon",
        "parent",
        "in_trash",
        "is_archived",
        "is_locked",
        "properties",
        "url",
        "public_url",
        "archived",
        "request_id",
    ]
    assert set(older) - set(newer) == {"archived"}


def test_the_newer_version_refuses_what_it_took_away(newer_client: Any, root: str) -> None:
    page = newer_client.pages.create(parent={"page_id": root}, properties={})
    with pytest.raises(APIResponseError, match=r"body\.archived should be not present"):
        newer_client.pages.update(page["id"], archived=True)


def test_the_real_client_sees_the_code_and_the_request_id(client: Any) -> None:
    with pytest.raises(APIResponseError) as caught:
        client.pages.retrieve(NIL)
    assert caught.value.code == "object_not_found"
    assert caught.value.request_id
    assert caught.value.additional_data["integration_id"]


def test_a_body_that_is_no_object_is_refused(notion: Any) -> None:
    answer = notion.ask("POST", "/v1/search", json=[1])
    assert answer.json()["message"] == (
        "body failed validation: body should be an object, instead was `[1]`."
    )
