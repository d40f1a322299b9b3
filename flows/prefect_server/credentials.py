"""The settings of a command: the environment's, and what is missing there from the server's blocks.

A worker's runs read the blocks as well, so that a command has the same credentials as a worker.
"""

from __future__ import annotations

import asyncio

from flows.prefect_server.environment import names_a_server, prepare_prefect
from flows.settings import Settings, given_variables, load_settings

_IN_BLOCKS = ("NOTION_TOKEN", "TRACKS_DB_ID", "EAGLE_API_BASE")


def command_settings() -> Settings:
    """Settings for a command. Raises ConfigurationError.

    Prefect, which takes seconds to import, is asked only where something is missing and a server
    is named.
    """
    given = given_variables()
    if all(given.get(name) for name in _IN_BLOCKS) or not names_a_server():
        return load_settings()
    prepare_prefect()
    from flows.prefect_server.blocks import settings_with_blocks  # noqa: PLC0415

    return asyncio.run(settings_with_blocks())
