"""Eagle's HTTP API: one request a method, errors translated (docs/facts/eagle.md).

Only what Eagle refuses is asked once more where that is harmless (`_once_more`).

V1 is used throughout, because every Eagle has it; V2 (4.0 Build 21 and later) is asked only for
what V1 cannot do: to put an item that exists into a folder.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    InvalidURL,
    NonHttpUrlClientError,
    ServerTimeoutError,
    TCPConnector,
)

from tasks.eagle.paths import PathMap
from tasks.eagle.records import EagleFolder, EagleItem, LibraryInfo
from tasks.eagle.wire import records_in, unwrap
from tasks.errors import EagleMalformed, EagleRefused, EagleUnavailable
from tasks.slow_answers import SlowAnswers

Json = dict[str, Any]
T = TypeVar("T")

_log = logging.getLogger("tasks.eagle.client")

_SECONDS = 30.0
_SECOND_THOUGHT_SECONDS = 0.3
_LIST_SECONDS = 180.0
# Shorter than Eagle keeps an idle connection (docs/facts/eagle.md, "Transport"): of a change that
# is sent while Eagle hangs up, nobody knows whether it was made.
_IDLE_SECONDS = 4.0
_CHUNK_BYTES = 1 << 18
_EVERYTHING = 1_000_000
_CAPS_ARE_MULTIPLES_OF = 100
_SAME_ADDRESS = 200


# No change was sent where one of these is raised.
_UNSENT = (ClientConnectorError, ConnectionTimeoutError, InvalidURL, NonHttpUrlClientError)


class EagleClient:
    """One Eagle at `base_url`. Use `async with`, in one event loop; no proxy is ever asked.

    A read whose connection breaks off is sent once more by aiohttp; a change never is. The token is
    sent as Eagle wants it, in the query, and kept out of errors and the log.
    """

    _http: ClientSession

    def __init__(
        self,
        base_url: str,
        token: str = "",
        path_map: PathMap = PathMap(),  # noqa: B008  (frozen, and empty means no mapping)
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.path_map = path_map
        self._token = {"token": token} if token else {}
        self._has_v2: bool | None = None
        self._slow = SlowAnswers("Eagle")

    async def __aenter__(self) -> Self:
        self._http = ClientSession(
            connector=TCPConnector(keepalive_timeout=_IDLE_SECONDS),
            cookie_jar=DummyCookieJar(),
            timeout=_timeout(_SECONDS),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def __repr__(self) -> str:
        return f"EagleClient({self.base_url!r})"

    async def application_info(self) -> Json:
        """Version and platform of the app. Raises EagleUnavailable if it does not run."""
        info = await self._get("application/info")
        return info if isinstance(info, dict) else {}

    async def library(self) -> LibraryInfo:
        """The library that is open. Raises EagleUnavailable if none is, or Eagle does not run."""
        try:
            info = await self._get("library/info")
            known = info["library"]
            return LibraryInfo(str(known["path"]), str(known["name"]))
        except (EagleRefused, KeyError, TypeError) as error:
            raise EagleUnavailable(
                f"Eagle at {self.base_url} has no library open.",
                remedy="Open your library in Eagle, then run again.",
            ) from error

    async def has_v2(self) -> bool:
        """True if this Eagle offers V2; asked once."""
        if self._has_v2 is None:
            try:
                await self._get("v2/app/info")
                self._has_v2 = True
            except EagleRefused:
                self._has_v2 = False
        return self._has_v2

    async def list_items(self) -> list[EagleItem]:
        """Every live item, complete, in one `item/list` request.

        V1 tells no total and its limit has no cap; were one added, the answer would be a round
        number of items. Only then it is proved complete: by V2's count, or by a second page.
        Raises EagleRefused for an answer that was cut short.
        """
        items = await self._page(_EVERYTHING, 0)
        size = len(items)
        if not size or size % _CAPS_ARE_MULTIPLES_OF or await self._count() == size:
            return items
        found = {item.id: item for item in items}
        page = 1
        while more := await self._page(size, page):
            found |= {item.id: item for item in more}
            page += 1
        return list(found.values())

    async def _count(self) -> int | None:
        """How many items there are, None if this Eagle does not tell."""
        count = await self._get("v2/item/countAll") if await self.has_v2() else None
        return count if isinstance(count, int) else None

    async def _page(self, limit: int, page: int) -> list[EagleItem]:
        """Oldest first, so that additions come last. V1's `offset` counts pages.

        Source: docs/facts/eagle.md, "V1 lists".
        """
        params = {"limit": limit, "offset": page, "orderBy": "-CREATEDATE"}
        return await _once_more(lambda: self._items("item/list", params))

    async def recent_items(self, count: int) -> list[EagleItem]:
        """The `count` live items added last, the newest first."""
        params = {"limit": count, "orderBy": "CREATEDATE"}
        return await _once_more(lambda: self._items("item/list", params))

    async def items_at(self, url: str) -> list[EagleItem]:
        """Live items whose address contains `url`, whatever its case; 200 at most.

        A superset, to be compared by key: Eagle takes a comma for an "and"
        (docs/facts/eagle.md, "V1 lists").
        """
        if await self.has_v2():
            page = await _once_more(
                lambda: self._get("v2/item/get", url=url, limit=str(_SAME_ADDRESS))
            )
            records = page.get("data", []) if isinstance(page, dict) else []
            return [EagleItem.of(record) for record in records if isinstance(record, dict)]
        params = {"url": url, "limit": _SAME_ADDRESS}
        return await _once_more(lambda: self._items("item/list", params))

    async def item(self, item_id: str) -> EagleItem | None:
        """The item, trashed or not; None while Eagle does not show it (also while importing)."""
        try:
            record = await self._get("item/info", id=item_id)
        except EagleRefused:  # the only answer for an unknown id, told apart by words alone
            return None
        return EagleItem.of(record) if isinstance(record, dict) else None

    async def add_from_path(
        self,
        path: Path,
        *,
        name: str,
        website: str = "",
        tags: Sequence[str] = (),
        folder_id: str = "",
    ) -> str:
        """Ask Eagle to copy a file into the library; the id the item will have.

        Eagle answers before the import: only the item's appearance proves it (docs/facts/eagle.md,
        "Imports"). An Eagle before 3.x names no id: then "". Raises EagleUnavailable, whose
        `maybe_applied` tells whether Eagle may import the file although the answer was lost.
        """
        body: Json = {"path": self.path_map.to_eagle(path), "name": name, "website": website}
        body |= {"tags": list(tags), "folderId": folder_id or None}
        data = await self._post("item/addFromPath", body)
        return data if isinstance(data, str) else ""

    async def update(self, item_id: str, *, tags: Sequence[str]) -> EagleItem:
        """Replace its tags; the item as it is now. Raises EagleRefused for an unknown id."""
        body: Json = {"id": item_id, "tags": list(tags)}
        return EagleItem.of(_record(await _once_more(lambda: self._post("item/update", body))))

    async def extend(
        self, item_id: str, *, tags: Iterable[str] = (), folder_id: str = ""
    ) -> EagleItem:
        """Add tags and a folder to what the item has now, in one change; the item after it.

        V1 cannot put an existing item into a folder: then the folder is missing in the answer.
        Raises EagleRefused for an unknown id.
        """
        item = await self._known(item_id)
        united = tuple(dict.fromkeys([*item.tags, *tags]))
        lacks_folder = bool(folder_id) and folder_id not in item.folders
        if lacks_folder and await self.has_v2():
            body = {"id": item_id, "tags": united, "folders": [*item.folders, folder_id]}
            changed = await _once_more(lambda: self._post("v2/item/update", body))
            return EagleItem.of(_record(changed))
        return item if united == item.tags else await self.update(item_id, tags=united)

    async def shorten(self, item_id: str, *, tag: str, folder_id: str) -> EagleItem:
        """Take a tag and a folder from the item; the item after it. V1 keeps the folder.

        Raises EagleRefused for an unknown id.
        """
        item = await self._known(item_id)
        tags = [each for each in item.tags if each != tag]
        if folder_id in item.folders and await self.has_v2():
            folders = [each for each in item.folders if each != folder_id]
            body = {"id": item_id, "tags": tags, "folders": folders}
            changed = await _once_more(lambda: self._post("v2/item/update", body))
            return EagleItem.of(_record(changed))
        return item if len(tags) == len(item.tags) else await self.update(item_id, tags=tags)

    async def _known(self, item_id: str) -> EagleItem:
        item = await self.item(item_id) or await self.item(item_id)
        if item is None:
            raise EagleRefused(f"Eagle has no item {item_id}.")
        return item

    async def folders(self) -> tuple[EagleFolder, ...]:
        """The folders at the root, all others within them."""
        data = await _once_more(lambda: self._get("folder/list"))
        return tuple(EagleFolder.of(entry) for entry in data or () if isinstance(entry, dict))

    async def create_folder(self, name: str, parent: str = "") -> str:
        """Make a folder, even if one of that name exists, and return its id.

        An unknown `parent` makes Eagle put it at the root.
        """
        body = {"folderName": name} | ({"parent": parent} if parent else {})
        return str(_record(await self._post("folder/create", body))["id"])

    async def _get(self, path: str, **params: str) -> Any:
        return await self._call("GET", path, params=params)

    async def _post(self, path: str, body: Json) -> Any:
        return await self._call("POST", path, body=body)

    async def _call(
        self, method: str, path: str, *, params: Json | None = None, body: Json | None = None
    ) -> Any:
        is_change = method != "GET"
        url, query = f"{self.base_url}/api/{path}", (params or {}) | self._token
        try:
            with self._slow.watch(path):
                if is_change:
                    await _hang_ups()
                async with self._http.request(
                    method, url, params=query, json=body, allow_redirects=False
                ) as answer:
                    text = (await answer.read()).decode(errors="replace")
            _log.debug("%s %s: %d", method, path, answer.status)
            return unwrap(text, status=answer.status, what=path)
        except ClientError as error:
            raise self._unavailable(path, error, is_change=is_change) from None
        except EagleMalformed as error:
            error.maybe_applied = is_change
            raise

    async def _items(self, path: str, params: Json) -> list[EagleItem]:
        try:
            with self._slow.watch(path):
                return await self._read_items(path, params | self._token)
        except ClientError as error:
            raise self._unavailable(path, error, is_change=False) from None

    async def _read_items(self, path: str, query: Json) -> list[EagleItem]:
        asked = self._http.get(
            f"{self.base_url}/api/{path}",
            params=query,
            allow_redirects=False,
            timeout=_timeout(_LIST_SECONDS),
            read_bufsize=_CHUNK_BYTES,
        )
        async with asked as answer:
            records = records_in(_text_of(answer), status=answer.status, what=path)
            found = [EagleItem.of(record) async for record in records]
            _log.debug("%s %s: %d", "GET", path, answer.status)
        return [item for item in found if item.id and not item.is_deleted]

    def _unavailable(self, path: str, error: ClientError, *, is_change: bool) -> EagleUnavailable:
        """Made from the error's type: its text, and the request it holds, may have the token."""
        if isinstance(error, _UNSENT):
            return EagleUnavailable(f"Eagle does not answer at {self.base_url}.")
        if isinstance(error, ServerTimeoutError):
            what = f"Eagle took too long to answer {path}."
        else:
            what = f"The connection to Eagle broke off during {path} ({type(error).__name__})."
        return EagleUnavailable(what, maybe_applied=is_change)


async def _once_more(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` returns, asked again if Eagle refuses: it says 500 to what cannot be and to what
    merely failed (docs/facts/eagle.md, "Transport"). For reads, and changes that may be made twice.
    """
    try:
        return await ask()
    except EagleRefused:
        await asyncio.sleep(_SECOND_THOUGHT_SECONDS)
        return await ask()


def _record(data: object) -> Json:
    if not isinstance(data, dict) or not data.get("id"):
        raise EagleMalformed(
            "Eagle answered a change without the record it made.", maybe_applied=True
        )
    return data


async def _hang_ups() -> None:
    """Let the loop see which kept connections Eagle has closed, before a change is sent."""
    for _ in range(2):
        await asyncio.sleep(0)


async def _text_of(answer: ClientResponse) -> AsyncIterator[str]:
    """The answer's text in pieces, as they arrive."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _timeout(seconds: float) -> ClientTimeout:
    """For each step of a request: its place, its connection, every piece of its answer."""
    return ClientTimeout(connect=seconds, sock_connect=seconds, sock_read=seconds)
