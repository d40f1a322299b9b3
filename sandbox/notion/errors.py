"""What Notion says when it refuses: the envelope, its codes and the sentences seen on the wire.

Source: docs/facts/notion.md, "Requests and errors". The sentences are those of recorded answers.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

INTEGRATION_NAME = "library-sync sandbox"
INTEGRATION_ID = "5a4dbc0e-1f5c-4b7e-9d0a-6c1b7e0f1a01"


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()
"""A key that is not there, as against one that is null."""


class ApiError(Exception):
    """A refusal: HTTP `status`, Notion's `code`, and the sentence that goes with it."""

    def __init__(
        self, status: int, code: str, message: str, additional_data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional_data = additional_data


def error_body(
    status: int,
    code: str,
    message: str,
    additional_data: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> dict[str, Any]:
    """The body of an error response; a fresh `request_id` is made if none is given."""
    body: dict[str, Any] = {"object": "error", "status": status, "code": code, "message": message}
    if additional_data is not None:
        body["additional_data"] = additional_data
    return body | {"request_id": request_id or str(uuid.uuid4())}


def validation(message: str) -> ApiError:
    """400 validation_error with `message` as it stands."""
    return ApiError(400, "validation_error", message)


def invalid(path: str, expected: str, value: object) -> ApiError:
    """400 for a part of the request that is not as it should be, in Notion's wording."""
    where = path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
    return validation(
        f"{where} failed validation: {path} should be {expected}, instead was `{shown(value)}`."
    )


def shown(value: object) -> str:
    """A value as Notion quotes it: JSON, or `undefined`."""
    if value is UNDEFINED:
        return "undefined"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def not_found(kind: str, object_id: str) -> ApiError:
    """404 for a page, database, data_source, block, user … that is not there."""
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {object_id}. Make sure the relevant pages and databases "
        f'are shared with your integration "{INTEGRATION_NAME}".',
        {"integration_id": INTEGRATION_ID},
    )


def rate_limited_body(
    retry_after: int, reason: str = "public_api_request_rate_limit", request_id: str | None = None
) -> dict[str, Any]:
    """429; the header `Retry-After` bears the same number of seconds."""
    more = {"rate_limit_reason": reason, "retry_after": str(retry_after)}
    message = "You have been rate limited. Please try again in a few minutes."
    return error_body(429, "rate_limited", message, more, request_id)


def overload_body(request_id: str | None = None) -> dict[str, Any]:
    """529; to be treated like 429."""
    message = "Notion is temporarily overloaded. Please try again later."
    return error_body(529, "service_overload", message, None, request_id)


def saved_but_unavailable_body(
    committed_resource_id: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
    """503 for a write that was saved; `committed_resource_id` only for a create."""
    guidance: Sequence[str] = (
        "Read the object again to confirm the saved change.",
        "Do not repeat the write.",
    )
    more: dict[str, Any] = {"retry_guidance": list(guidance)}
    if committed_resource_id is not None:
        more["committed_resource_id"] = committed_resource_id
    message = (
        "The change was saved, but the response could not be built in time. "
        "Read the object again instead of repeating the write."
    )
    return error_body(503, "service_unavailable", message, more, request_id)


def query_unavailable_body(request_id: str | None = None) -> dict[str, Any]:
    """503 for a query of a data source."""
    more = {
        "endpoint_name": "queryDataSource",
        "notion_error_name": "DatastoreTimeoutError",
        "retry_guidance": ["Retry with exponential backoff.", "Reduce page_size."],
    }
    message = (
        "Public API data source query is temporarily unavailable due to backend datastore "
        "timeouts. Retry with exponential backoff; reduce page_size or narrow filters/sorts."
    )
    return error_body(503, "service_unavailable", message, more, request_id)


def gateway_timeout_body(request_id: str | None = None) -> dict[str, Any]:
    """504."""
    message = "Notion took too long to respond. Please try again later."
    return error_body(504, "gateway_timeout", message, None, request_id)


def conflict_body(request_id: str | None = None) -> dict[str, Any]:
    """409; the write may or may not have been applied."""
    message = "Conflict occurred while saving. Please try again."
    return error_body(409, "conflict_error", message, None, request_id)
