"""What is being downloaded right now, for the live line; told by the downloads' own threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.soundcloud.information import Progress

__all__ = ["Transfers"]


class Transfers:
    """The downloads under way and their bytes; safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way: dict[str, Progress] = {}
        self._arrived = 0

    @contextmanager
    def watch(self, name: str) -> Iterator[Callable[[Progress], None]]:
        """A place to report one download to, for as long as it lasts."""

        def note(progress: Progress) -> None:
            with self._guard:
                self._under_way[name] = progress

        try:
            yield note
        finally:
            with self._guard:
                ended = self._under_way.pop(name, None)
                self._arrived += ended.done if ended else 0

    def text(self) -> str:
        """`3 downloading, 41.2 MB`, the bytes of the run so far; empty before the first byte."""
        with self._guard:
            number = len(self._under_way)
            total = self._arrived + sum(progress.done for progress in self._under_way.values())
        if not total:
            return ""
        megabytes = f"{total / 1e6:.1f} MB"
        return f"{number} downloading, {megabytes}" if number else megabytes
