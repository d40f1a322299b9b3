"""The Prefect server that a run starts for itself, as one that all runs of the tests share.

It needs no password, so that commands started by a test may use it too. It takes some seconds to
start: for one test it starts while pytest imports what the test needs (`make test ARGS=…::name`),
and `make test-server` keeps one for whoever runs one flow test after another. The processes of
`make test` share the one of tests/processes.py.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from flows.prefect_server.environment import prepare_prefect
from flows.prefect_server.own_server import _SETTINGS

KEPT = "TEST_PREFECT_API_URL"
"""Names a server that is kept, if one is."""
KEPT_IN = "TEST_PREFECT_HOME"
"""The folder with its database."""

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


@dataclass(frozen=True)
class SharedServer:
    """Its API's address, and the folder that holds its database and what it says."""

    url: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What names it to another process of the tests."""
        return {KEPT: self.url, KEPT_IN: str(self.home)}


def kept_server() -> SharedServer | None:
    """The server that somebody keeps for this process."""
    url = os.environ.get(KEPT)
    return SharedServer(url, Path(os.environ[KEPT_IN])) if url else None


@contextmanager
def shared_server(home: Path, kept: Path) -> Iterator[SharedServer]:
    """A server in the folder `home`; its empty database is kept in the folder `kept`.

    It starts at the first request. Requests wait in its socket until it answers, seconds later.
    """
    given = os.environ | _SETTINGS | {"PREFECT_HOME": str(home)}
    with socket.socket() as listener, ExitStack() as running:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        quiet, ended = socket.socketpair()
        start = partial(_start, listener, quiet, given, kept, running)
        waits = Thread(target=start, daemon=True)
        waits.start()
        try:
            yield SharedServer(f"http://127.0.0.1:{listener.getsockname()[1]}/api", home)
        finally:
            ended.close()
            waits.join()
            quiet.close()


def _start(
    listener: socket.socket,
    quiet: socket.socket,
    given: Mapping[str, str],
    kept: Path,
    running: ExitStack,
) -> None:
    """Start the server with the environment `given` at the first request; never, if `quiet` is
    closed before one.
    """
    ready, _, _ = select.select([listener, quiet], [], [])
    if quiet in ready:
        return
    home = Path(given["PREFECT_HOME"])
    shutil.copy(empty_database(kept), home / "prefect.db")
    said = running.enter_context((home / "server.log").open("wb"))
    server = subprocess.Popen(
        [sys.executable, "-m", "flows.prefect_server.own_process", str(listener.fileno()), "1000"],
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=said,
        pass_fds=(listener.fileno(),),
        env=given,
        cwd=_ROOT,
    )
    running.callback(server.wait)
    running.callback(server.kill)


def main(words: list[str]) -> int:
    """Keep a server until stopped, or for as long as the command `words` runs; its exit code."""
    prepare_prefect()
    _KEPT_DATABASES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_server(Path(folder), _KEPT_DATABASES) as server,
    ):
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)).close()
        if words:
            return _run(words, os.environ | server.environment)
        named = " ".join(f"{name}={value}" for name, value in server.environment.items())
        sys.stdout.write(f"export {named}\n")
        sys.stdout.flush()
        Event().wait()
    return 0


def _run(words: list[str], environment: Mapping[str, str]) -> int:
    """Its exit code; a Ctrl-C is for the command, which ends its tests in order."""
    with subprocess.Popen(words, env=environment) as command:
        while True:
            try:
                return command.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
