"""The tracks in work and how far each is, for the live picture; told by the downloads' threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.soundcloud.information import Progress


class Stage(StrEnum):
    """What is being done with a track; the value is what a person reads."""

    CLAIMING = "claiming"
    PREPARING = "preparing"
    DOWNLOADING = "downloading"
    CONVERTING = "converting"
    IMPORTING = "importing"


@dataclass(frozen=True)
class InWork:
    """A track in work: its name, its stage, and the bytes of its download."""

    label: str
    stage: Stage
    progress: Progress | None = None

    @property
    def said(self) -> str:
        """`downloading 3.1 of 8.4 MB`."""
        if self.stage is not Stage.DOWNLOADING or self.progress is None:
            return self.stage
        done = f"{self.progress.done / 1e6:.1f}"
        total = self.progress.total
        return (
            f"{self.stage} {done} of {total / 1e6:.1f} MB" if total else f"{self.stage} {done} MB"
        )


class Transfers:
    """The tracks in work and the bytes of the run; safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._in_work: dict[str, InWork] = {}
        self._arrived = 0

    def begin(self, page_id: str, label: str) -> None:
        """A track's turn has come: it is being claimed."""
        with self._guard:
            self._in_work[page_id] = InWork(label, Stage.CLAIMING)

    def enter(self, page_id: str, stage: Stage) -> None:
        """A track that has begun is at this stage now."""
        with self._guard:
            if page_id in self._in_work:
                self._in_work[page_id] = replace(self._in_work[page_id], stage=stage)

    def end(self, page_id: str) -> None:
        """A track is done with."""
        with self._guard:
            self._in_work.pop(page_id, None)

    @contextmanager
    def watch(self, page_id: str) -> Iterator[Callable[[Progress], None]]:
        """A place to report one download to; what comes after it is the import."""
        last = Progress(0, None)

        def note(progress: Progress) -> None:
            nonlocal last
            with self._guard:
                last = progress
                self._at(page_id, progress)

        self.enter(page_id, Stage.DOWNLOADING)
        try:
            yield note
        finally:
            with self._guard:
                self._arrived += last.done
            self.enter(page_id, Stage.IMPORTING)

    def _at(self, page_id: str, progress: Progress) -> None:
        if page_id not in self._in_work:
            return
        is_here = bool(progress.total) and progress.done >= (progress.total or 0)
        stage = Stage.CONVERTING if is_here else Stage.DOWNLOADING
        self._in_work[page_id] = replace(self._in_work[page_id], stage=stage, progress=progress)

    def in_work(self) -> list[InWork]:
        """Every track in work, the furthest first."""
        order = list(Stage)
        with self._guard:
            return sorted(self._in_work.values(), key=lambda one: -order.index(one.stage))

    def megabytes(self) -> float:
        """What has arrived in this run."""
        with self._guard:
            under_way = [
                one.progress.done
                for one in self._in_work.values()
                if one.progress and one.stage in {Stage.DOWNLOADING, Stage.CONVERTING}
            ]
            return (self._arrived + sum(under_way)) / 1e6
