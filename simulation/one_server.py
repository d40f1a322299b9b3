"""One Prefect server for all processes of a simulation; each starting its own takes seconds."""

from __future__ import annotations

import os
from pathlib import Path

from flows.prefect_server import own_server
from flows.prefect_server.environment import prepare_prefect


def serve_prefect(home: Path) -> None:
    """Start it in `home`; the processes that are started afterwards find it."""
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.pop("PREFECT_API_URL", None)
    prepare_prefect()
    own_server.start()
