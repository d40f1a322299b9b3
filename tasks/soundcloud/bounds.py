"""No answer is read without end: each has a size and a time that fit what was asked for.

A page is read whole into memory, and a recording whole onto the disk, so that a host that never
stops sending would fill either. A host that sends a byte now and then would keep a thread forever:
bodies are read as far as they have come, and the clock is looked at in between. A download that
comes in drops is given up (`Pace`): no time-out of the socket would ever end it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from yt_dlp.networking.exceptions import RequestError

from tasks.errors import DownloadInterrupted, SourceError, TooLarge

_PAGE_BYTES, _PAGE_SECONDS = 32_000_000, 60.0
_MOST_BYTES, _MOST_SECONDS = 4_300_000_000, 6 * 3600.0
"""A recording that nobody announced a length of: more than a WAV can hold."""
_BYTES_A_SECOND, _BYTES_BESIDE = 1_600_000, 50_000_000
"""The largest originals (32 bit at 192 kHz); covers and tags in the file."""
_FIRST_SECONDS, _SECONDS_A_SECOND = 1_800.0, 3.0
_PIECE = 65_536
_GATHERING_SECONDS = 1.0
_LEAST_BYTES = 32_768


class OutOfBounds(RequestError):  # type: ignore[misc]  # yt-dlp has no types
    """More came, or it took longer, than can be right; `kind` is our class for it."""

    def __init__(self, what: str, kind: type[SourceError]) -> None:
        self.kind = kind
        super().__init__(what)


class Bounds:
    """Bytes and seconds that are left, for one answer or for all of a download; thread-safe."""

    def __init__(
        self, most_bytes: int, seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._received = 0

    def expect(self, announced: str | None) -> None:
        """Look at a Content-Length before anything is read. Raises OutOfBounds."""
        if announced and announced.isdecimal() and int(announced) > self._most_bytes:
            raise OutOfBounds(f"announces {int(announced) / 1e6:.0f} MB", TooLarge)

    def receive(self, count: int) -> None:
        """`count` bytes have come. Raises OutOfBounds."""
        with self._lock:
            self._received += count
            received = self._received
        if received > self._most_bytes:
            raise OutOfBounds(f"sends more than {self._most_bytes / 1e6:.0f} MB", TooLarge)
        if self._clock() - self._began > self._seconds:
            raise OutOfBounds(f"takes longer than {self._seconds:.0f} s", DownloadInterrupted)


def page_bounds() -> Bounds:
    """For one page, script, playlist or picture."""
    return Bounds(_PAGE_BYTES, _PAGE_SECONDS)


def media_bounds(announced_seconds: float | None) -> Bounds:
    """For all requests of a recording's media."""
    if not announced_seconds:
        return Bounds(_MOST_BYTES, _MOST_SECONDS)
    most = _BYTES_BESIDE + int(announced_seconds * _BYTES_A_SECOND)
    return Bounds(min(_MOST_BYTES, most), _FIRST_SECONDS + _SECONDS_A_SECOND * announced_seconds)


class BoundedBody:
    """A response's body, whose bytes are counted as they come; `check` may raise in between."""

    def __init__(self, body: Any, bounds: Bounds, check: Callable[[], None]) -> None:
        self._body = body
        self._bounds = bounds
        self._check = check

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def read(self, amount: int | None = None, **options: Any) -> bytes:
        """Up to `amount` bytes, fewer if they come slowly; all of it without one."""
        pieces: list[bytes] = []
        left = amount if amount is not None and amount >= 0 else _MOST_BYTES
        until = monotonic() + _GATHERING_SECONDS
        while left and (piece := self._piece(min(left, _PIECE), options)):
            pieces.append(piece)
            left -= len(piece)
            if amount is not None and monotonic() > until:
                break
        return b"".join(pieces)

    def _piece(self, amount: int, options: dict[str, Any]) -> bytes:
        self._check()
        read = getattr(self._body, "read1", self._body.read)
        piece: bytes = read(amount, **options)
        self._bounds.receive(len(piece))
        return piece


class Pace:
    """At least 32 kB must come in each `period` of seconds; in a minute that is 4 kbit/s."""

    def __init__(self, period: float = 60.0, *, clock: Callable[[], float] = monotonic) -> None:
        self._period = period
        self._clock = clock
        self._since = clock()
        self._had = 0

    def mind(self, done: int) -> None:
        """Take note that `done` bytes are there. Raises DownloadInterrupted if that is too slow."""
        now = self._clock()
        if done - self._had >= _LEAST_BYTES:
            self._since, self._had = now, done
        elif done < self._had:
            self._had = done
        elif now - self._since >= self._period:
            raise DownloadInterrupted(
                f"Fewer than {_LEAST_BYTES} bytes came in {self._period:.0f} s."
            )
