"""`library-sync deploy`: the deployments that belong to it, on a Prefect server of the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flows.command_line.command import Command, Group, Verbosity, two_columns
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
    # Prefect says after each deployment how to start a worker: ours is said once, theirs on demand.
    output = None if verbosity.debug else subprocess.PIPE
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "prefect", *words],
        check=False,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        text=True,
        cwd=_FILE.parent,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout or "")
        return ReturnCode.FAILED
    if not verbosity.quiet:
        print(_made())
    return ReturnCode.PROCESSED


def _made() -> str:
    import yaml

    deployments = yaml.safe_load(_FILE.read_text("utf-8"))["deployments"]
    rows = [(one["name"], one["description"]) for one in deployments]
    said = two_columns("The Prefect server has these deployments:", rows)
    return f"{said}\nA worker runs them: `library-sync worker`, on each machine that is to work."


COMMAND = Command(
    run=deploy,
    group=Group.SET_UP,
    examples=(("deploy", "the deployments, on the server that PREFECT_API_URL names"),),
)
