"""How the processes of `make test` share the files and a Prefect server (tests/conftest.py)."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.flows.shared_server import kept_server, shared_server

ON_A_SERVER_OF_THEIR_OWN = {
    "test_cancellation",
    "test_cancellation_by_prefect",
    "test_deployments",
    "test_server_limits",
    "test_shares",
    "test_which_server",
}
"""Files that change what every run on a Prefect server meets, or look at all its runs."""

FORKED = {"test_board", "test_crashes"}
"""Files whose runs are forked from a process that has imported Prefect, as test_cancellation's are:
one process of pytest's makes one of these.
"""

_RUNNING = pytest.StashKey[ExitStack]()


class Mixed(LoadFileScheduling):
    """A file is one process's, and so are all the files on a server of their own, or of forks.

    The last process begins with the files that start no run: these keep a processor busy while
    runs wait.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        is_own = Path(file).stem in ON_A_SERVER_OF_THEIR_OWN | FORKED
        return "tests/flows/own" if is_own else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        if len(self.nodes) > 1 and node is self.nodes[-1]:
            quiet = (file for file in self.workqueue if not file.startswith("tests/flows/"))
            if file := next(quiet, None):
                self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Mixed | None:
    """In place of xdist's own for `--dist loadfile`."""
    return Mixed(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep a Prefect server for the processes that are about to begin; it starts if one asks."""
    config = session.config
    if config.getoption("dist", "no") == "no" or hasattr(config, "workerinput") or kept_server():
        return
    running = config.stash[_RUNNING] = ExitStack()
    home = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="prefect-")))
    server = running.enter_context(shared_server(home, config.cache.mkdir("prefect")))
    os.environ.update(server.environment)


def pytest_unconfigure(config: pytest.Config) -> None:
    """No process needs the server any more."""
    if running := config.stash.get(_RUNNING, None):
        running.close()
