"""What a run follows: asked for once, before Prefect is there or by the run itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.following.memory import ListMemory
from flows.following.sources import FollowedList, Sources
from flows.session.connections import Connections


@dataclass(frozen=True)
class Followed:
    """The lists, and what is to be said of those that are none."""

    lists: Sequence[FollowedList] = ()
    warnings: Sequence[str] = ()


async def followed(connections: Connections) -> Followed:
    """Every list that is followed. Raises NotionError."""
    warnings: list[str] = []
    sources = Sources(
        connections.settings,
        connections.notion,
        connections.schema,
        ListMemory(connections.settings.state_dir),
        warnings.append,
    )
    return Followed(await sources.all(), warnings)
