"""Tasks side by side whose error leaves them as itself, not in a group.

Who catches a SyncError, or Prefect its own signal, looks for it by its class; a group of one is
neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tasks.errors import SyncError


@asynccontextmanager
async def side_by_side() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group. Of what its tasks raise one error is raised: a signal, else one of ours."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise max(_each(errors), key=_rank) from errors


def _rank(error: BaseException) -> int:
    if not isinstance(error, Exception):
        return 2
    return int(isinstance(error, SyncError))


def _each(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error
