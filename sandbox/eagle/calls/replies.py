"""What a handler answers, and how V1 and V2 put it on the wire.

Source: docs/facts/eagle.md, "Transport".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from sandbox.eagle.args import Args
from sandbox.eagle.eagle import EagleApp
from sandbox.eagle.wire import dump

Handler = Callable[[EagleApp, Args], object]


class Refused(Exception):
    """The call fails; the text is what Eagle says. `status` is 500 in nearly every case."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


class _NoData:
    """The handler returns nothing, so the answer has no `data`."""


NO_DATA = _NoData()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A `data` that is JSON bytes already."""

    data: bytes


def success(answer: object) -> Response:
    """The response for what a handler returned."""
    if isinstance(answer, _NoData):
        return _json(b'{"status":"success"}')
    data = answer.data if isinstance(answer, Encoded) else dump(answer)
    return _json(b'{"status":"success","data":%b}' % data)


def failure(path: str, message: str, status: int) -> Response:
    """The response for a call to `path` that failed: V1 says `data`, V2 says `message`."""
    if not path.startswith("/api"):
        return _json(dump({"error": message}), status)
    key = "message" if path.startswith("/api/v2/") else "data"
    return _json(dump({"status": "error", key: message}), status)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json; charset=utf-8")
