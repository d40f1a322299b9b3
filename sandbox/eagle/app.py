"""The stand-in for Eagle as a web application: arguments in, envelope out.

Every handler is a plain function of the app and the call's arguments, in the tables of `calls`;
here they meet HTTP (docs/facts/eagle.md, "Transport").
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.eagle.args import Args
from sandbox.eagle.calls.replies import Handler, Refused, failure, success
from sandbox.eagle.calls.v1 import V1_ROUTES
from sandbox.eagle.calls.v1_items import V1_ITEM_ROUTES
from sandbox.eagle.calls.v2 import V2_ROUTES
from sandbox.eagle.eagle import EagleApp, NoSuchLibrary
from sandbox.eagle.edits import TextTooLong
from sandbox.ledger import Ledger

_ROUTES = V1_ROUTES | V1_ITEM_ROUTES | V2_ROUTES
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]


def create_app(eagle: EagleApp, ledger: Ledger) -> Starlette:
    """The API of `eagle` from `/api` down, with `/`; commits go to `ledger`.

    The app's lifespan closes `eagle` at the end; whoever mounts it calls `eagle.close()`.
    """
    eagle.ledger = ledger

    async def answer(request: Request) -> Response:
        return await _answer(eagle, request)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(eagle.close)

    routes = [Route("/{path:path}", answer, methods=_METHODS)]
    return Starlette(routes=routes, lifespan=lifespan)


async def _answer(eagle: EagleApp, request: Request) -> Response:
    path = f"/{request.path_params['path']}"
    try:
        _admit(eagle, request)
        handler = _handler(path, request.method)
        args = _merged(request, await request.body())
        return success(await run_in_threadpool(handler, eagle, args))
    except Refused as refused:
        return failure(path, str(refused), refused.status)
    except NoSuchLibrary:
        return failure(path, "Library does not exist.", 500)
    except TextTooLong:
        return failure(path, "A text may have 10,000 characters at most.", 500)
    except (OSError, ValueError) as error:
        return failure(path, str(error), 500)


def _handler(path: str, method: str) -> Handler:
    methods = _ROUTES.get(path)
    if methods is None:
        raise Refused("Not found", 404)
    handler = methods.get("GET" if method == "HEAD" else method)
    if handler is None:
        raise Refused("method not allowed", 405)
    return handler


def _admit(eagle: EagleApp, request: Request) -> None:
    """Loopback needs no token, a wrong one is ignored; other machines send `?token=`.

    Pages of other sites are refused, which Eagle itself leaves to the missing CORS headers.
    """
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.scheme in {"http", "https"} and not _is_loopback(origin.hostname):
        raise Refused("The stand-in answers no web pages of other hosts.", 403)
    if eagle.token is None or request.client is None or _is_loopback(request.client.host):
        return
    given = request.query_params.get("token", "")
    if not hmac.compare_digest(given.encode(), eagle.token.encode()):
        raise Refused("Invalid token.", 401)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _merged(request: Request, body: bytes) -> Args:
    """Query and JSON body as one object, whatever the content type says; the body wins."""
    query = request.query_params
    args: Args = {}
    for name in query:
        values = query.getlist(name)
        args[name] = values[0] if len(values) == 1 else values
    if not body.strip():
        return args
    try:
        given = json.loads(body)
    except ValueError as error:
        raise Refused(f"Invalid JSON: {error}") from error
    return args | given if isinstance(given, dict) else args
