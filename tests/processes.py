"""How the processes of `make test` share the files: loaded by tests/conftest.py."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling
from xdist.workermanage import WorkerController


class OneApart(LoadFileScheduling):
    """The last process begins with the files that start no run: these are what keeps a processor
    busy while runs wait, and a process without a run starts no Prefect server.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if len(self.nodes) > 1 and node is self.nodes[-1]:
            quiet = (file for file in self.workqueue if not file.startswith("tests/flows/"))
            if file := next(quiet, None):
                self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneApart | None:
    """In place of xdist's own for `--dist loadfile`."""
    return OneApart(config, log) if config.getvalue("dist") == "loadfile" else None
