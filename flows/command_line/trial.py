"""`python -m flows.command_line.trial`: does this yt-dlp bring in a track of the stand-in?"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from sandbox.threaded import running_sandbox
from sandbox.world import World
from tasks.soundcloud.address import parse_address
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient


def main() -> int:
    """0 once a short track has come, whole. Raises whatever went wrong."""
    with tempfile.TemporaryDirectory(prefix="library-sync-trial-") as folder:
        home = Path(folder)
        with running_sandbox(home / "sandbox", build=_one_track) as sandbox:
            client = SoundCloudClient(
                cache_dir=home / "yt-dlp",
                budget=SourceBudget(),
                proxy=sandbox.environment["SC_PROXY"],
                tls_verify=False,
            )
            arrived = home / "arrived"
            arrived.mkdir()
            address = parse_address(sandbox.world.rows[0].url)
            asyncio.run(client.download(address, arrived))
            return 0 if any(arrived.iterdir()) else 1


def _one_track(world: World) -> None:
    world.add_root_page()
    world.add_databases()
    world.add_track("A Trial", "Library Sync", seconds=5.0)


if __name__ == "__main__":
    sys.exit(main())
