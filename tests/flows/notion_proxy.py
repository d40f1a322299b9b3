"""A proxy before the Notion stand-in that changes answers, or lets something happen just then."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from sandbox.threaded import RunningSandbox

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding", "host"}


@dataclass(frozen=True)
class Asked:
    """A request on its way to Notion."""

    method: str
    path: str
    body: dict[str, Any]


@dataclass
class Answer:
    """What Notion answered; a hook may change it, and `is_lost` keeps it from the client."""

    status: int
    body: dict[str, Any]
    is_lost: bool = False


@dataclass
class NotionProxy:
    """`before` is called with each request before it is passed on, `after` with its answer too."""

    address: str = ""
    before: Callable[[Asked], object] = lambda _: None
    after: Callable[[Asked, Answer], object] = lambda *_: None
    asked: list[Asked] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """For `run_flow(settings=…)`."""
        return {"notion_base_url": self.address}


@contextmanager
def notion_proxy(sandbox: RunningSandbox) -> Iterator[NotionProxy]:
    """Serve on a port of its own until the block ends."""
    proxy = NotionProxy()
    behind = httpx.Client(base_url=sandbox.environment["NOTION_BASE_URL"], timeout=90)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Asked(self.command, self.path, json.loads(raw or b"{}"))
            proxy.asked.append(request)
            proxy.before(request)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            got = behind.request(self.command, self.path, content=raw, headers=headers)
            answer = Answer(got.status_code, got.json())
            proxy.after(request, answer)
            if answer.is_lost:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in got.headers.items():
                if name.lower() not in HOP_BY_HOP | {"date", "server"}:
                    self.send_header(name, value)
            body = json.dumps(answer.body).encode()
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _pass_on  # noqa: N815  (http.server's names)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    proxy.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        behind.close()
