"""Child processes that decode, so that what a file does inside libav harms that file alone.

libav reads in C what strangers uploaded: a file may end its process, keep it forever or fill its
memory. Each child is a `ProcessPoolExecutor` of one process, because an executor whose process
dies is lost whole. Children are started when they are needed, and live as long as the run.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Self, TypeVar

from tasks.errors import ConversionError, SyncError

_log = logging.getLogger("tasks.audio.decoder_pool")

T = TypeVar("T")

_MOST_BYTES = 1 << 30
_FIRST_SECONDS, _SECONDS_A_BYTE = 120.0, 4e-6
_EXIT_TOO_BIG = 77
_LOOKS_EVERY = 0.2
_SECONDS_TO_END = 5.0
_PRELOADED = ["tasks.audio.convert", "tasks.audio.decoder_pool"]
_starting = threading.Lock()
_LEAVE_OUT = "Play the file; if it plays, report it. The other tracks are not touched by it."


class DecoderPool:
    """At most `most` children (as many as cores), which end with this context manager.

    `most_bytes` is the memory that one may take; three hours of music take a tenth of it. A file
    of so many bytes may take `patience(bytes)` seconds; 10 MB take half a second.
    """

    def __init__(
        self,
        most: int | None = None,
        *,
        most_bytes: int = _MOST_BYTES,
        patience: Callable[[int], float] | None = None,
    ) -> None:
        self._turns = asyncio.Semaphore(most or os.cpu_count() or 1)
        self._most_bytes = most_bytes
        self._patience = patience or _patience
        self._idle: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._idle:
            self._idle.pop().end()

    async def run(self, work: Callable[..., T], file: Path, *rest: Any, **options: Any) -> T:
        """What `work(file, *rest, **options)` returns, done in a child.

        Raises the SyncError that it raises; ConversionError, which names the file, for any other
        error, and if the child dies, takes too long or too much memory. When cancelled, the child
        is killed: what it leaves behind is in a folder that the caller deletes.
        """
        async with self._turns:
            child = self._idle.pop() if self._idle else await _started(self._most_bytes, file)
            try:
                async with asyncio.timeout(self._patience(_size(file))):
                    result = await child.run(partial(work, file, *rest, **options), file.name)
            except SyncError:
                self._idle.append(child)
                raise
            except (BrokenProcessPool, TimeoutError) as error:
                raise await child.lost(error, file) from error
            except BaseException:
                child.kill()
                raise
            self._idle.append(child)
            return result


class _Child:
    """One process, started and ready when this returns; blocks while it starts."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._executor = ProcessPoolExecutor(
            1, _context(), initializer=_live_with_parent, initargs=(most_bytes,)
        )
        with _without_main():
            asked = self._executor.submit(os.getpid)
        number = asked.result()
        self._process = next(p for p in multiprocessing.active_children() if p.pid == number)

    async def run(self, work: Callable[[], T], name: str) -> T:
        return await asyncio.wrap_future(self._executor.submit(_guarded, work, name))

    async def lost(self, error: Exception, file: Path) -> ConversionError:
        """Why this child cannot be used again; it is killed if it lives."""
        self._process.kill()
        ended = await self._exit_code()
        if isinstance(error, TimeoutError):
            why = "took longer than any file should"
        elif ended == _EXIT_TOO_BIG:
            why = f"took more than {self._most_bytes / 1e6:.0f} MB of memory"
        else:
            why = f"ended its process ({_spoken(ended)})"
        return ConversionError(f"Decoding {file.name} {why}.", remedy=_LEAVE_OUT)

    async def _exit_code(self) -> int:
        """0 if it is not known in time. The executor's thread asks the system for it; who asks
        beside it may get another answer (255).
        """
        over = asyncio.to_thread(self._executor.shutdown, wait=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(over, _SECONDS_TO_END)
            return self._process.exitcode or 0
        return 0

    def kill(self) -> None:
        self._process.kill()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def end(self) -> None:
        """Ends an idle child, which takes some milliseconds; one that does not end is killed."""
        impatience = threading.Timer(_SECONDS_TO_END, self._process.kill)
        impatience.daemon = True
        impatience.start()
        self._executor.shutdown()
        impatience.cancel()


async def _started(most_bytes: int, file: Path) -> _Child:
    """A child; one that nobody waits for any more ends once it has started."""
    starting = asyncio.ensure_future(asyncio.to_thread(_Child, most_bytes))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end)
        raise
    except (BrokenProcessPool, OSError, EOFError) as error:
        raise ConversionError(
            f"No process could be started to decode {file.name} ({type(error).__name__}).",
            remedy="Free memory, or raise this user's limit of processes; then run again.",
        ) from error


def _end(started: asyncio.Future[_Child]) -> None:
    if not started.cancelled() and started.exception() is None:
        started.result().end()


@contextmanager
def _without_main() -> Iterator[None]:
    """Children need nothing of the program that was started, and to import it might run it again:
    a script that calls the flow may do so without asking for its own name.
    """
    main = sys.modules["__main__"]
    with _starting:
        spec, file = main.__spec__, vars(main).pop("__file__", None)
        main.__spec__ = None
        try:
            yield
        finally:
            main.__spec__ = spec
            if file is not None:
                main.__file__ = file


def _context() -> BaseContext:
    """Never a plain fork: this process has threads. Linux's children come ready in no time."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _patience(size: int) -> float:
    return _FIRST_SECONDS + size * _SECONDS_A_BYTE


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _spoken(exit_code: int) -> str:
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"exit code {exit_code}"


def _guarded(work: Callable[[], T], name: str) -> T:
    """In the child: an error without a class is the file's fault, for nothing else came in."""
    try:
        return work()
    except SyncError:
        raise
    except Exception as error:
        kind = f"{type(error).__name__}: {error}"
        raise ConversionError(f"{name} cannot be decoded ({kind}).") from error


def _live_with_parent(most_bytes: int) -> None:
    """In the child: signals are for the parent; it ends with the parent, or when too big."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(most_bytes,), daemon=True).start()


def _watch(most_bytes: int) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    while parent.is_alive():
        if _peak_bytes() > most_bytes:
            os._exit(_EXIT_TOO_BIG)
        parent.join(_LOOKS_EVERY)
    os._exit(0)


def _peak_bytes() -> int:
    """The most memory this process has had; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415  (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
