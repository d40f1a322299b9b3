"""`library-sync unfollow`: a list is no longer followed."""

from __future__ import annotations

import logging
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.summary import ReturnCode

_log = logging.getLogger("flows.commands")


def unfollow(
    url: Annotated[str, Parameter(name="URL", help="The list's address.")],
    /,
    *,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Stop following a list; its rows and files stay."""
    import asyncio

    from flows.following.subscriptions import unfollow_list
    from flows.prefect_server.credentials import command_settings

    settings = command_settings()
    verbosity.attach()
    address = asyncio.run(unfollow_list(settings, url))
    verb = "Would no longer follow" if settings.dry_run else "No longer following"
    _log.info("%s %s. Its rows and files stay.", verb, address.shown)
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=unfollow,
    group=Group.SYNC,
    examples=(("unfollow https://soundcloud.com/me/likes", "its rows and files stay"),),
)
