"""The Prefect server that a run starts for itself, as one that many runs of a test process share.

It needs no password, so that commands started by a test may use it too. It takes some seconds to
start: for one test it starts while pytest imports what the test needs (`make test ARGS=…::name`),
and `make test-server` keeps one for whoever runs one flow test after another.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from flows.prefect_server.environment import prepare_prefect
from flows.prefect_server.own_server import _SETTINGS

KEPT = "TEST_PREFECT_API_URL"
"""Names a server that is kept, if one is."""

_ROOT = Path(__file__).parents[2]
_KEPT_DATABASES = _ROOT / ".pytest_cache" / "d" / "prefect"
_NAME = f"empty-{version('prefect')}.db"
_MAKE_DATABASE = """
import asyncio
from prefect.server.database import provide_database_interface
async def main():
    database = provide_database_interface()
    await database.create_db()
    await (await database.engine()).dispose()
asyncio.run(main())
"""


def empty_database(kept: Path) -> Path:
    """The database of a server that has not been used yet, made once and kept in a folder.

    Prefect makes it by all the migrations of its history, which takes seconds.
    """
    file = kept / _NAME
    with (kept / "lock").open("w") as one_makes_it:
        fcntl.flock(one_makes_it, fcntl.LOCK_EX)
        if not file.exists():
            with tempfile.TemporaryDirectory(dir=kept) as home:
                subprocess.run(
                    [sys.executable, "-c", _MAKE_DATABASE],
                    env=os.environ | {"PREFECT_HOME": home},
                    check=True,
                )
                (Path(home) / "prefect.db").rename(file)
    return file


@contextmanager
def shared_server(home: Path) -> Iterator[str]:
    """Its API's address; requests wait in its socket until it answers, some seconds later."""
    if kept := os.environ.get(KEPT):
        yield kept
        return
    with socket.socket() as listener, (home / "server.log").open("wb") as said:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        words = [str(listener.fileno()), "1000"]
        server = subprocess.Popen(
            [sys.executable, "-m", "flows.prefect_server.own_process", *words],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            pass_fds=(listener.fileno(),),
            env=os.environ | _SETTINGS | {"PREFECT_HOME": str(home)},
            cwd=_ROOT,
        )
    try:
        yield address
    finally:
        server.kill()
        server.wait()


def main(words: list[str]) -> int:
    """Keep a server until stopped, or for as long as the command `words` runs; its exit code."""
    prepare_prefect()
    with tempfile.TemporaryDirectory() as folder:
        with suppress(FileNotFoundError):
            shutil.copy(_KEPT_DATABASES / _NAME, Path(folder) / "prefect.db")
        with shared_server(Path(folder)) as url:
            if words:
                return subprocess.run(words, env=os.environ | {KEPT: url}, check=False).returncode
            sys.stdout.write(f"export {KEPT}={url}\n")
            sys.stdout.flush()
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
