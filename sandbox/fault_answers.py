"""The answers that injected faults give, as the real services word them.

Notion's bodies and headers: notion-api.md, 2 ("Rate limits", "503 after commit", "Query 503") and
1 (the table of statuses and codes); Eagle's error shape: eagle.md 1.1.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from sandbox.fault_exchange import RawAnswer
from sandbox.faults import Asked, Decision, Fault

__all__ = ["answer_for"]

_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"

_BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n"
    "</body>\r\n</html>\r\n"
)

_SAVED = [
    "Read the object again to confirm the saved change.",
    "Do not repeat the write.",
]

_SAVED_MESSAGE = (
    "The change was saved, but the response could not be built in time. "
    "Read the object again instead of repeating the write."
)

# Fault: status, code, message.
_NOTION: dict[Fault, tuple[int, str, str]] = {
    Fault.RATE_LIMITED: (
        429,
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
    ),
    Fault.WORKSPACE_LIMITED: (
        429,
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
    ),
    Fault.OVERLOADED: (529, "service_overload", "Notion is overloaded. Please try again later."),
    Fault.INTERNAL_ERROR: (500, "internal_server_error", "Unexpected error occurred."),
    Fault.UNAVAILABLE: (503, "service_unavailable", "Notion is unavailable, please try later."),
    Fault.UNAVAILABLE_SAVED: (
        503,
        "service_unavailable",
        _SAVED_MESSAGE,
    ),
    Fault.GATEWAY_TIMEOUT: (504, "gateway_timeout", "Notion took too long to answer."),
    Fault.GATEWAY_TIMEOUT_SAVED: (504, "gateway_timeout", "Notion took too long to answer."),
    Fault.CONFLICT: (409, "conflict_error", "Conflict occurred while saving. Please try again."),
    Fault.CONFLICT_SAVED: (
        409,
        "conflict_error",
        "Conflict occurred while saving. Please try again.",
    ),
}

_QUERY_UNAVAILABLE = (
    "Public API data source query is temporarily unavailable due to backend datastore timeouts. "
    "Retry with exponential backoff; consider to reduce page_size or narrow filters/sorts."
)

_STATUS = {fault: entry[0] for fault, entry in _NOTION.items()} | {Fault.BAD_GATEWAY: 502}


def answer_for(service: str, asked: Asked, decision: Decision, saved: bytes = b"") -> RawAnswer:
    """What the client of `service` is told; `saved` is the body it would have got."""
    assert decision.fault is not None
    if decision.fault is Fault.BAD_GATEWAY:
        return _answer(502, _HTML, _BAD_GATEWAY)
    if service == "notion":
        return _notion(asked, decision, decision.fault, saved)
    return _eagle(decision.fault)


def _notion(asked: Asked, decision: Decision, fault: Fault, saved: bytes) -> RawAnswer:
    status, code, message = _NOTION[fault]
    if fault is Fault.UNAVAILABLE and asked.path.endswith("/query"):
        message = _QUERY_UNAVAILABLE
    request_id = str(uuid.uuid4())
    body: dict[str, Any] = {"object": "error", "status": status, "code": code, "message": message}
    more = _additional_data(asked, decision, fault, saved)
    if more:
        body["additional_data"] = more
    body["request_id"] = request_id
    headers = {"x-notion-request-id": request_id}
    if status in {429, 529}:
        headers["retry-after"] = str(decision.retry_after)
    return _answer(status, _JSON, json.dumps(body), **headers)


def _additional_data(
    asked: Asked, decision: Decision, fault: Fault, saved: bytes
) -> dict[str, Any]:
    if fault in {Fault.RATE_LIMITED, Fault.WORKSPACE_LIMITED}:
        kind = "space_request" if fault is Fault.WORKSPACE_LIMITED else "request"
        return {
            "rate_limit_reason": f"public_api_{kind}_rate_limit",
            "retry_after": str(decision.retry_after),
        }
    if fault is Fault.UNAVAILABLE_SAVED:
        created = {"committed_resource_id": _id_in(saved)} if asked.method == "POST" else {}
        return {"retry_guidance": _SAVED} | created
    if fault is Fault.UNAVAILABLE and asked.path.endswith("/query"):
        return {
            "endpoint_name": "queryDataSource",
            "notion_error_name": "DatastoreTimeoutError",
            "retry_guidance": ["Retry with exponential backoff."],
        }
    return {}


def _id_in(saved: bytes) -> Any:
    try:
        return json.loads(saved).get("id")
    except (ValueError, AttributeError):
        return None


def _eagle(fault: Fault) -> RawAnswer:
    status = _STATUS[fault]
    body = {"status": "error", "data": f"Eagle could not answer ({fault.value})."}
    return _answer(status, _JSON, json.dumps(body))


def _answer(status: int, content_type: str, text: str, **headers: str) -> RawAnswer:
    body = text.encode()
    headers |= {"content-type": content_type, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return RawAnswer(status, raw, body)
