"""A request and an answer between the proxy and what answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Request", "html_answer", "json_answer", "redirect"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; `query` has the last value of each name, header names are lower-case."""

    method: str
    host: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer whose body may break off or stand still.

    After `pause_at` bytes nothing comes for `pause_seconds` (None: until the client leaves); after
    `cut_at` bytes the connection is closed. `Content-Length` tells the whole length all the same.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    pause_at: int | None = None
    pause_seconds: float | None = None


def json_answer(value: Any, status: int = 200) -> Answer:
    """`value` as JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(
        status=status, body=body, headers={"Content-Type": "application/json; charset=utf-8"}
    )


def html_answer(text: str, status: int = 200) -> Answer:
    """A web page."""
    return Answer(
        status=status, body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8"}
    )


def redirect(url: str) -> Answer:
    """302 to `url`."""
    return Answer(status=302, headers={"Location": url})
