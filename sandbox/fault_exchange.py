"""One request in the hands of the fault layer: read whole, to be applied when the time comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Asked


@dataclass
class RawAnswer:
    """What an application answered."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """An ASGI `send` that keeps what it is given."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


@dataclass(frozen=True)
class Exchange:
    """A request, its client and the second (monotonic) it came."""

    scope: Scope
    asked: Asked
    body: bytes
    receive: Receive
    send: Send
    began: float

    async def apply(self, app: ASGIApp) -> RawAnswer:
        """Let `app` act on the request; nothing goes to the client."""
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                await asyncio.Event().wait()
            sent = True
            return {"type": "http.request", "body": self.body, "more_body": False}

        answer = RawAnswer()
        await app(self.scope, replay, answer.take)
        return answer

    async def reply(self, answer: RawAnswer) -> None:
        """Send `answer` to the client."""
        start = {"type": "http.response.start", "status": answer.status}
        await self.send(start | {"headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body})


async def read_exchange(
    scope: Scope, receive: Receive, send: Send, *, began: float, is_write: bool
) -> Exchange | None:
    """The request with its whole body, or None if the client left before it was sent."""
    body = await _whole_body(receive)
    if body is None:
        return None
    asked = Asked(
        method=scope["method"],
        path=scope["path"],
        body=body.decode("utf-8", "replace"),
        is_write=is_write,
        caller=_caller(scope),
    )
    return Exchange(scope, asked, body, receive, send, began)


async def client_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _caller(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value).decode("latin-1")
    return ""
