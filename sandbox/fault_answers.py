"""The answers that injected faults give, as the real services word them.

Sources: docs/facts/notion.md, "Requests and errors" and "Rate limits"; docs/facts/eagle.md,
"Transport".
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.fault_exchange import RawAnswer
from sandbox.faults import Asked, Fault
from sandbox.injector import Decision
from sandbox.notion import errors

_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"

_BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n"
    "</body>\r\n</html>\r\n"
)

_STATUS = {
    Fault.RATE_LIMITED: 429,
    Fault.WORKSPACE_LIMITED: 429,
    Fault.OVERLOADED: 529,
    Fault.INTERNAL_ERROR: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.UNAVAILABLE: 503,
    Fault.UNAVAILABLE_SAVED: 503,
    Fault.GATEWAY_TIMEOUT: 504,
    Fault.GATEWAY_TIMEOUT_SAVED: 504,
    Fault.CONFLICT: 409,
    Fault.CONFLICT_SAVED: 409,
}


def answer_for(service: str, asked: Asked, decision: Decision, saved: bytes = b"") -> RawAnswer:
    """What the client of `service` is told; `saved` is the body it would have got."""
    assert decision.fault is not None
    status = _STATUS[decision.fault]
    if decision.fault is Fault.BAD_GATEWAY:
        return _answer(status, _HTML, _BAD_GATEWAY)
    if service != "notion":
        message = f"The service could not answer ({decision.fault.value})."
        return _answer(status, _JSON, json.dumps({"status": "error", "data": message}))
    body = _notion_body(asked, decision, saved)
    headers = {"x-notion-request-id": body["request_id"]}
    if status in {429, 529}:
        headers["retry-after"] = str(decision.retry_after)
    return _answer(status, _JSON, json.dumps(body, ensure_ascii=False), **headers)


def _notion_body(asked: Asked, decision: Decision, saved: bytes) -> dict[str, Any]:
    match decision.fault:
        case Fault.RATE_LIMITED:
            return errors.rate_limited_body(decision.retry_after)
        case Fault.WORKSPACE_LIMITED:
            return errors.rate_limited_body(
                decision.retry_after, "public_api_space_request_rate_limit"
            )
        case Fault.OVERLOADED:
            return errors.overload_body()
        case Fault.CONFLICT | Fault.CONFLICT_SAVED:
            return errors.conflict_body()
        case Fault.GATEWAY_TIMEOUT | Fault.GATEWAY_TIMEOUT_SAVED:
            return errors.gateway_timeout_body()
        case Fault.UNAVAILABLE_SAVED:
            return errors.saved_but_unavailable_body(
                _id_in(saved) if asked.method == "POST" else None
            )
        case Fault.UNAVAILABLE if asked.path.endswith("/query"):
            return errors.query_unavailable_body()
        case Fault.UNAVAILABLE:
            message = "Notion is unavailable. Please try again later."
            return errors.error_body(503, "service_unavailable", message)
    return errors.error_body(500, "internal_server_error", "Unexpected error occurred.")


def _id_in(saved: bytes) -> str | None:
    try:
        made = json.loads(saved).get("id")
    except (ValueError, AttributeError):
        return None
    return made if isinstance(made, str) else None


def _answer(status: int, content_type: str, text: str, **headers: str) -> RawAnswer:
    body = text.encode()
    headers |= {"content-type": content_type, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return RawAnswer(status, raw, body)
