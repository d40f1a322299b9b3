"""Envelopes, methods, bodies and tokens of the Eagle stand-in over HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox.eagle.app import create_app
from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger


def test_application_info_is_served_at_both_addresses_and_tells_no_token(
    call: Any, eagle: EagleApp
) -> None:
    eagle.token = "a-secret"
    for path in ("/", "/api/application/info"):
        answer = call.http.get(path)
        info = answer.json()["data"]
        assert info["version"] == "4.0.0"
        assert info["prereleaseVersion"] is None
        assert info["buildVersion"].isdigit()
        assert info["platform"] in {"darwin", "win32"}
        assert "token" not in answer.text.lower()


def test_success_without_data_has_no_data_key(call: Any) -> None:
    answer = call.http.post("/api/item/moveToTrash", json={"itemIds": []})
    assert answer.content == b'{"status":"success"}'


def test_v1_errors_are_500_with_the_message_in_data(call: Any) -> None:
    assert call.refused("GET", "/api/item/info", id="MKBAC8F1BAVW2") == (
        500,
        {"status": "error", "data": "File does not exist."},
    )
    assert call.refused("POST", "/api/folder/create") == (
        500,
        {"status": "error", "data": "Missing required parameters."},
    )


def test_v2_errors_have_the_message_in_message(call: Any, eagle: EagleApp) -> None:
    item = eagle.add_item(name="A", ext="wav")
    status, body = call.refused("POST", "/api/v2/item/update", id=item, annotation="x" * 10_001)
    assert status == 500
    assert body["status"] == "error"
    assert isinstance(body["message"], str)
    assert "data" not in body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/item/info"),
        ("GET", "/api/item/addFromPath"),
        ("PUT", "/api/item/list"),
        ("GET", "/api/v2/item/update"),
        ("POST", "/api/v2/app/info"),
    ],
)
def test_a_wrong_method_is_405(call: Any, method: str, path: str) -> None:
    answer = call.http.request(method, path)
    assert answer.status_code == 405
    assert "method not allowed" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/script/inject",
        "/api/check",
        "/api/folder/unlock",
        "/api/v2/aiSearch/isReady",
    ],
)
def test_unknown_and_never_emulated_routes_are_404(call: Any, path: str) -> None:
    assert call.http.get(path).status_code == 404
    assert call.http.post(path, content="{}").status_code == 404


@pytest.mark.parametrize(
    "content_type",
    ["text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded", ""],
)
def test_a_body_is_json_whatever_its_content_type(call: Any, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    body = json.dumps({"folderName": "Peak Time — 2026"}).encode()
    answer = call.http.post("/api/folder/create", content=body, headers=headers)
    assert answer.json()["data"]["name"] == "Peak Time — 2026"


def test_query_and_body_are_one_object_and_the_body_wins(call: Any) -> None:
    top = call.post("/api/folder/create", folderName="Top")
    answer = call.http.post(
        f"/api/folder/create?parent={top['id']}&folderName=Query", content='{"folderName":"Body"}'
    )
    assert answer.json()["data"]["name"] == "Body"
    assert call.get("/api/folder/list")[0]["children"][0]["name"] == "Body"


def test_a_body_that_is_not_json_is_an_error_in_the_envelope(call: Any) -> None:
    answer = call.http.post("/api/folder/create", content=b"{folderName:")
    assert (answer.status_code, answer.json()["status"]) == (500, "error")


def test_a_token_from_this_machine_is_ignored_right_or_wrong(call: Any, eagle: EagleApp) -> None:
    eagle.token = "the-right-one"
    for token in ("the-right-one", "wrong", ""):
        assert call.http.get("/api/library/info", params={"token": token}).status_code == 200
        assert call.http.get("/api/v2/app/info", params={"token": token}).status_code == 200


async def _from_elsewhere(eagle: EagleApp, path: str) -> int:
    app = create_app(eagle, Ledger())
    transport = httpx.ASGITransport(app, client=("192.168.7.20", 50123))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.local") as client:
        return (await client.get(path)).status_code


async def test_another_machine_needs_the_token_in_the_query(eagle: EagleApp) -> None:
    """The client's address is set in the ASGI scope: no real traffic leaves 127.0.0.1."""
    assert await _from_elsewhere(eagle, "/api/library/info") == 200
    eagle.token = "the-right-one"
    for path in ("/api/library/info", "/api/v2/app/info"):
        assert await _from_elsewhere(eagle, path) == 401
        assert await _from_elsewhere(eagle, f"{path}?token=wrong") == 401
        assert await _from_elsewhere(eagle, f"{path}?token=the-right-one") == 200


def test_pages_of_other_sites_are_refused(call: Any) -> None:
    far, near = {"origin": "https://example.org"}, {"origin": "http://localhost:3000"}
    assert call.http.get("/api/library/info", headers=far).status_code == 403
    assert call.http.get("/api/library/info", headers=near).status_code == 200
