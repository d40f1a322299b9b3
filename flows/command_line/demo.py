"""`library-sync demo`: the main job on the stand-ins, leaving a library to look at."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from flows.progress.terminal import attach_terminal
from flows.settings import VARIABLES, load_settings
from sandbox.server import Sandbox
from sandbox.threaded import running_sandbox

__all__ = ["run"]


def run(given: argparse.Namespace) -> int:
    """Serve the stand-ins, sync against them, say where the library lies; the run's exit code.

    State of an earlier demo in the same folder is gone on from: its second run has nothing to do.
    """
    home = given.dir.absolute()
    home.mkdir(parents=True, exist_ok=True)
    _forget_the_users_settings(home)
    line = attach_terminal(debug=given.debug, quiet=given.quiet)
    with running_sandbox(home / "sandbox") as sandbox:
        settings = load_settings(
            sandbox.environment | {"LIBRARY_SYNC_STATE": str(home / "state")}, env_file=None
        )
        from flows.command_line.commands import run_sync  # noqa: PLC0415  (Prefect reads its settings now)

        code = run_sync(_sync_options(given), settings, line)
        report = _report(sandbox, home)
    print("\n".join(report))  # noqa: T201
    return code


def _forget_the_users_settings(home: Path) -> None:
    """The demo is a world of its own: no setting and no Prefect server of the user's reaches it."""
    for variable in VARIABLES:
        os.environ.pop(variable.name, None)
    os.environ.pop("PREFECT_API_URL", None)
    os.environ["PREFECT_HOME"] = str(home / "prefect")


def _sync_options(given: argparse.Namespace) -> argparse.Namespace:
    from flows.command_line import parser as cli  # noqa: PLC0415  (a cycle at import time)

    words = ["sync", "--parallel"]
    words += ["--debug"] if given.debug else []
    words += ["--quiet"] if given.quiet else []
    words += ["--json", str(given.json)] if given.json else []
    return cli.parse(words)


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
