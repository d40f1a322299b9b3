"""What the stand-ins were asked and what they did, so that tests and people can count it.

Every request a service answered and every change it committed is one entry, in order, kept in
memory and appended to `ledger.jsonl` in the sandbox's state folder.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Ledger:
    """An append-only list of requests and commits; safe to use from several threads."""

    def __init__(self, file: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._entries: list[Entry] = []
        self._file = file
        self._clock = clock
        self._guard = threading.Lock()

    def request(self, service: str, method: str, path: str, status: int, **facts: object) -> None:
        """Note a request that `service` answered with `status` (0: connection dropped)."""
        self._add(
            {"event": "request", "service": service, "method": method, "path": path}
            | {"status": status}
            | facts
        )

    def commit(self, service: str, kind: str, **facts: object) -> None:
        """Note a change that took effect, e.g. `commit("eagle", "item.add", id=…, url=…)`."""
        self._add({"event": "commit", "service": service, "kind": kind} | facts)

    def entries(self, **match: object) -> list[Entry]:
        """All entries whose fields equal `match`, oldest first; each has `at` (Unix seconds)."""
        with self._guard:
            return [
                entry
                for entry in self._entries
                if all(entry.get(name) == value for name, value in match.items())
            ]

    def _add(self, entry: Entry) -> None:
        with self._guard:
            entry = {"at": self._clock()} | entry
            self._entries.append(entry)
            if self._file is not None:
                with self._file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
