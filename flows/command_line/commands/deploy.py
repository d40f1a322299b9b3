"""`library-sync deploy`: the deployments that belong to it, on a Prefect server of the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flows.command_line.command import Command, Group, Verbosity
from flows.summary import ReturnCode

_FILE = Path(__file__).parents[2] / "prefect.yaml"


def deploy(*, verbosity: Verbosity = Verbosity()) -> int:
    """Register the deployments on the Prefect server; again at any time."""
    import asyncio

    from flows.prefect_server.environment import prepare_prefect, require_server

    prepare_prefect(debug=verbosity.debug)
    require_server("deploy")
    from flows.prefect_server.objects import require_work_pool  # Prefect takes seconds

    asyncio.run(require_work_pool())
    words = ["--no-prompt", "deploy", "--all", "--prefect-file", str(_FILE)]
    told = subprocess.DEVNULL if verbosity.quiet else None
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "prefect", *words], check=False, stdout=told, cwd=_FILE.parent
    )
    return ReturnCode.PROCESSED if done.returncode == 0 else ReturnCode.FAILED


COMMAND = Command(
    run=deploy,
    group=Group.SET_UP,
    examples=(("deploy", "the deployments, on the server that PREFECT_API_URL names"),),
)
