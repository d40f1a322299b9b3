"""The store's memory on disk: one JSON line for each new version of an object.

Appending costs a change some microseconds and leaves nothing half-written; the last line about an
object counts. Opening the journal writes it anew if most of it is outdated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE_NAME = "notion.jsonl"
_WORTH_REWRITING = 100_000


class Journal:
    """`notion.jsonl` in `folder`; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / FILE_NAME
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._latest = self._read()
        self._out = (
            None
            if self._file is None
            else self._file.open("a", encoding="utf-8", errors="surrogatepass")
        )

    def restored(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Kind and fields of every object there was; can be asked once."""
        latest, self._latest = self._latest, {}
        for (kind, _), fields in latest.items():
            yield kind, fields

    def note(self, kind: str, fields: dict[str, Any]) -> None:
        """Keep a new version of an object; `fields` holds its `id`."""
        if self._out is not None:
            self._out.write(json.dumps([kind, fields], ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Hand what was noted to the operating system: it survives this process from now on."""
        if self._out is not None:
            self._out.flush()

    def close(self) -> None:
        """Keep everything and let go of the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _read(self) -> dict[tuple[str, str], dict[str, Any]]:
        if self._file is None or not self._file.exists():
            return {}
        latest: dict[tuple[str, str], dict[str, Any]] = {}
        sizes: dict[tuple[str, str], int] = {}
        total, is_whole = 0, True
        with self._file.open(encoding="utf-8", errors="surrogatepass") as source:
            for line in source:
                entry = _entry(line)
                total, is_whole = total + len(line), is_whole and entry is not None
                if entry is not None:
                    kind, fields = entry
                    latest[kind, fields["id"]] = fields
                    sizes[kind, fields["id"]] = len(line)
        if not is_whole or total > 2 * sum(sizes.values()) + _WORTH_REWRITING:
            self._rewrite(latest)
        return latest

    def _rewrite(self, latest: dict[tuple[str, str], dict[str, Any]]) -> None:
        assert self._file is not None
        fresh = self._file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", errors="surrogatepass") as out:
            for (kind, _), fields in latest.items():
                out.write(json.dumps([kind, fields], ensure_ascii=False) + "\n")
        fresh.replace(self._file)


def _entry(line: str) -> tuple[str, dict[str, Any]] | None:
    """Kind and fields of a line; None for the last line of a process that was killed."""
    try:
        kind, fields = json.loads(line)
    except ValueError:
        return None
    return kind, fields
