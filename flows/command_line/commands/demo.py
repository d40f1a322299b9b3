"""`library-sync demo`: the main job on the stand-ins, leaving a library to look at."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import JsonFile, SyncOptions

if TYPE_CHECKING:
    from sandbox.server import Sandbox


def demo(
    *,
    dir: Annotated[Path, Parameter(help="Where it leaves everything.")] = Path("demo"),  # noqa: A002
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Play a whole run on the stand-ins; nothing of yours is touched."""
    # State of an earlier demo in the same folder is gone on from: its second run has nothing to do.
    from sandbox.threaded import running_sandbox

    home = dir.absolute()
    home.mkdir(parents=True, exist_ok=True)
    _forget_the_users_settings(home)
    with running_sandbox(home / "sandbox") as sandbox:
        from flows.command_line.sync_run import run_sync  # Prefect reads its settings now
        from flows.settings import load_settings

        state = {"LIBRARY_SYNC_STATE": str(home / "state")}
        settings = load_settings(sandbox.environment | state, env_file=None)
        code = run_sync("sync", SyncOptions(parallel=True, json=json), settings, verbosity)
        report = _report(sandbox, home)
    print("\n".join(report))
    return code


def _forget_the_users_settings(home: Path) -> None:
    """The demo is a world of its own: no setting and no Prefect server of the user's reaches it."""
    from flows.settings import VARIABLES

    for variable in VARIABLES:
        os.environ.pop(variable.name, None)
    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_HOME"] = str(home / "prefect")


def _report(sandbox: Sandbox, home: Path) -> list[str]:
    """What the stand-ins themselves count, and where to look."""
    imports = Counter(e["ext"] for e in sandbox.ledger.entries(service="eagle", kind="item.add"))
    environment = sandbox.environment
    return [
        "",
        "What the stand-ins counted:",
        f"   Eagle imported {imports['wav']} WAV and {imports['aiff']} AIFF files",
        "Where to look:",
        f"   Eagle's library   {environment['EAGLE_LIBRARY_PATH']}",
        f"   playlist copies   {environment['PLAYLIST_TRACKS_DIR']}",
        f"   everything else   {home}",
        "Run it again: nothing is left to do (exit code 2).",
    ]


COMMAND = Command(
    run=demo,
    group=Group.TRY,
    examples=(("demo", "a whole run on the stand-ins, in ./demo"),),
)
