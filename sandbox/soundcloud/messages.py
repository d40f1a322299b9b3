"""A request and an answer between the proxy and what answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


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


def file_answer(request: Request, data: bytes, content_type: str) -> Answer:
    """`data`, or the range of it that was asked for (RFC 9110, 14); 416 if there is none."""
    headers = {"Content-Type": content_type, "Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or not any(found.groups()):
        return Answer(status=200, body=data, headers=headers)
    first, last = found.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last) + 1, len(data)) if first and last else len(data)
    if start >= end:
        return Answer(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Answer(status=206, body=data[start:end], headers=headers)
