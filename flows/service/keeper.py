"""`python -m flows.service.keeper MODULE WORDS…`: runs a Python module until standard input ends.

A process that is killed cannot end its children. But its end of the pipe is closed, and that ends
this one.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import suppress

_SECONDS_TO_END = 10.0


def main(words: list[str]) -> int:
    """The module's exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kept = subprocess.Popen(  # noqa: S603  (what our own command names)
        [sys.executable, "-m", *words],
        stdin=subprocess.DEVNULL,
        preexec_fn=_default_signals,  # noqa: PLW1509  (nothing runs beside us yet)
    )
    threading.Thread(target=_end_with_input, args=(kept,), daemon=True).start()
    return kept.wait()


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _end_with_input(kept: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    kept.terminate()
    with suppress(subprocess.TimeoutExpired):
        kept.wait(_SECONDS_TO_END)
        return
    kept.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
