"""A stage that hangs ends with an error of its own."""

from __future__ import annotations

import asyncio

import pytest

from tasks.errors import FileError
from tasks.stages import Bound, stage


@stage("hang", bound=Bound(0.05, FileError))
async def hang() -> None:
    """For ever."""
    await asyncio.Event().wait()


@stage("time-out", bound=Bound(60.0, FileError))
async def time_out() -> None:
    """Something in it was too late, long before the stage is."""
    raise TimeoutError


async def test_what_hangs_ends_with_the_stages_error():
    """It says which stage, and for how long."""
    with pytest.raises(FileError, match="hang was not done after"):
        await hang.fn()


async def test_a_time_out_within_a_stage_stays_what_it_is():
    """Only the stage's own bound becomes its error."""
    with pytest.raises(TimeoutError):
        await time_out.fn()
