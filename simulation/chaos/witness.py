"""Who asked what: each process reaches the stand-ins by ports of its own, and these take notes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.listener import Listener
from sandbox.threaded import RunningSandbox
from tasks.locks.value import parse

_PAGE = "/v1/pages/"
_IMPORT = "/api/item/addFromPath"

Kind = Literal["look", "token", "release", "write", "import"]


@dataclass(frozen=True)
class Note:
    """One request that matters, as it arrived: by which process, when (monotonic), about what.

    `about` is a row's page id, for an import the item's address and extension.
    """

    kind: Kind
    process: str
    at: float
    about: str
    token: str = ""


class Witness:
    """All notes of all processes, in the order of arrival."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        self.notes: list[Note] = []
        self._lock_keys: set[str] = set()

    def admit(self, process: str) -> Entrance:
        """Two open ports, for Notion and for Eagle, whose visitor is `process`."""
        layers = self._sandbox.layers
        listeners = [Listener(self._noting(layers[name], process)) for name in ("notion", "eagle")]
        for listener in listeners:
            self._sandbox.wait_for(listener.open())
        return Entrance(self._sandbox, *listeners)

    def of(self, process: str) -> list[Note]:
        """The notes of one process."""
        return [note for note in self.notes if note.process == process]

    def _noting(self, app: ASGIApp, process: str) -> ASGIApp:
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] == "HEAD":
                await app(scope, receive, send)
                return
            messages = await _all_of(receive)
            body = b"".join(message.get("body", b"") for message in messages)
            note = _note(process, scope["method"], scope["path"], body, self._lock_keys)
            if note is not None:
                self.notes.append(note)
            await app(scope, _replay(messages, receive), send)

        return noting


@dataclass(frozen=True)
class Entrance:
    """The ports of one process."""

    sandbox: RunningSandbox
    notion: Listener
    eagle: Listener

    @property
    def environment(self) -> dict[str, str]:
        """What the process has to be told of them."""
        return {"NOTION_BASE_URL": self.notion.address, "EAGLE_API_BASE": self.eagle.address}

    def close(self) -> None:
        """Nobody comes this way any more."""
        for listener in (self.notion, self.eagle):
            self.sandbox.wait_for(listener.close())


async def _all_of(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    left = list(messages)

    async def again() -> Message:
        return left.pop(0) if left else await receive()

    return again


def _note(process: str, method: str, path: str, body: bytes, lock_keys: set[str]) -> Note | None:
    """A property is written by its id: the lock's is the one that a token was seen in."""
    now = time.monotonic()
    if path == _IMPORT:
        told = json.loads(body)
        extension = str(told["path"]).rpartition(".")[2]
        return Note("import", process, now, f"{told.get('website')} {extension}")
    if not path.startswith(_PAGE) or "/" in path.removeprefix(_PAGE):
        return None
    page_id = path.removeprefix(_PAGE).replace("-", "")
    if method == "GET":
        return Note("look", process, now, page_id)
    written = json.loads(body or b"{}").get("properties", {})
    texts = {key: _text(value) for key, value in written.items() if "rich_text" in value}
    lock_keys |= {key for key, text in texts.items() if parse(text) is not None}
    token = next((text for key, text in texts.items() if key in lock_keys), None)
    if token is None:
        return Note("write", process, now, page_id)
    return Note("token" if token else "release", process, now, page_id, token)


def _text(value: Any) -> str:
    return "".join(part["text"]["content"] for part in value["rich_text"])
