"""Tasks side by side: their error leaves them as itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tasks.errors import NotionUnauthorized
from tasks.side_by_side import side_by_side


class Signal(BaseException):
    """As Prefect's own."""


async def fail(error: BaseException) -> None:
    raise error


async def fail_all(errors: Sequence[BaseException]) -> None:
    async with side_by_side() as tasks:
        for error in errors:
            tasks.create_task(fail(error))


@pytest.mark.parametrize(
    "errors",
    [
        [NotionUnauthorized("no")],
        [ValueError(), NotionUnauthorized("no")],
        [ExceptionGroup("of a group within", [ValueError(), NotionUnauthorized("no")])],
    ],
)
async def test_one_of_ours_stands_for_all(errors):
    """Whoever catches a SyncError meets it, not a group."""
    with pytest.raises(NotionUnauthorized, match="no"):
        await fail_all(errors)


async def test_an_error_of_the_block_leaves_as_itself():
    """What the block itself raises is in the group as well."""
    with pytest.raises(NotionUnauthorized):
        async with side_by_side():
            raise NotionUnauthorized("no")


async def test_a_signal_wins():
    """Prefect ends a run by one, and looks for its class."""
    with pytest.raises(Signal):
        await fail_all([ValueError(), Signal()])
