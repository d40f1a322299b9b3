"""The HTTP side of the Notion stand-in: `/v1/...` as api.notion.com has it.

A request is checked in the order of the real one: address, JSON, token, version, then what the
call itself validates, then whether the objects exist (docs/facts/notion.md, "Requests and
errors").
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.ledger import Ledger
from sandbox.notion.endpoints import Call, Endpoint
from sandbox.notion.errors import ApiError, error_body, invalid, validation
from sandbox.notion.routes import endpoint_for
from sandbox.notion.store import NotionStore

Json = dict[str, Any]

TOKEN = "secret-sandbox"  # noqa: S105 - the stand-in's, which every test and demo uses
VERSIONS = ("2025-09-03", "2026-03-11")
_FAILED = "Unexpected error occurred."
_log = logging.getLogger(__name__)
_METHODS = ["GET", "POST", "PATCH", "DELETE", "PUT"]
_MOST_BYTES = 500 * 1024


def create_app(store: NotionStore, ledger: Ledger) -> Starlette:
    """The application; it answers every path, unknown ones as Notion does."""

    async def answer(request: Request) -> Response:
        request_id = str(uuid.uuid4())
        payload = await request.body()
        try:
            return _response(200, _handled(store, ledger, request, payload), request_id)
        except ApiError as refusal:
            body = error_body(
                refusal.status, refusal.code, refusal.message, refusal.additional_data, request_id
            )
            return _response(refusal.status, body, request_id)
        except Exception:  # noqa: BLE001 - the edge of the server: a defect is a 500, as there
            _log.exception("The Notion stand-in failed at %s %s", request.method, request.url.path)
            body = error_body(500, "internal_server_error", _FAILED, None, request_id)
            return _response(500, body, request_id)

    return Starlette(routes=[Route("/{rest:path}", answer, methods=_METHODS)])


def _handled(store: NotionStore, ledger: Ledger, request: Request, payload: bytes) -> Json:
    endpoint, names = _endpoint(request)
    parsed = _parsed(payload)
    _authorise(request.headers.get("authorization"))
    version = _version(request.headers.get("notion-version"))
    body = _body(parsed, payload)
    query = request.query_params
    call = Call(
        store=store,
        ledger=ledger,
        version=version,
        names=names,
        query=query,
        filter_properties=query.getlist("filter_properties") + query.getlist("filter_properties[]"),
        body=body,
    )
    with store.objects.guard:
        answer = endpoint(call)
        store.objects.flush()
    return answer


def _endpoint(request: Request) -> tuple[Endpoint, dict[str, str]]:
    found = endpoint_for(request.method, request.scope["path"])
    if found is None:
        raise ApiError(400, "invalid_request_url", "Invalid request URL.")
    return found


def _parsed(payload: bytes) -> Any:
    if not payload.strip():
        return {}
    try:
        return json.loads(payload)
    except ValueError:
        raise ApiError(400, "invalid_json", "Error parsing JSON body.") from None


def _authorise(header: str | None) -> None:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = 'Authorization header must use the format "Bearer <token>".'
        raise ApiError(401, "unauthorized", message)
    if token.strip() != TOKEN:
        raise ApiError(401, "unauthorized", "API token is invalid.")


def _version(header: str | None) -> str:
    what = "Notion-Version header failed validation: Notion-Version header should be"
    if header is None:
        raise ApiError(400, "missing_version", f"{what} defined, instead was `undefined`.")
    if header not in VERSIONS:
        known = " or ".join(f'`"{version}"`' for version in VERSIONS)
        raise validation(f"{what} {known}, instead was `{json.dumps(header)}`.")
    return header


def _body(parsed: Any, payload: bytes) -> Json:
    if not isinstance(parsed, dict):
        raise invalid("body", "an object", parsed)
    if len(payload) > _MOST_BYTES:
        raise validation(f"body failed validation: body should be ≤ `{_MOST_BYTES}` bytes.")
    return parsed


def _response(status: int, body: Json, request_id: str) -> Response:
    content = json.dumps(
        body | {"request_id": request_id}, ensure_ascii=False, separators=(",", ":")
    )
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-notion-request-id": request_id,
    }
    return Response(content.encode("utf-8", "surrogatepass"), status, headers)
