"""The session of a run, opened while the run's own Prefect server still starts.

Prefect cannot begin a flow before its server answers, three seconds after Enter. Notion and Eagle
can be asked for what every run needs from them meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from flows.session.opening import SessionOptions, connect, run_settings, session_options

__all__ = ["session_ahead"]


@asynccontextmanager
async def session_ahead(*, dry_run: bool) -> AsyncIterator[None]:
    """Begin at once to open the session that a flow started in this block will take.

    What cannot be opened is raised in that flow, where it ends a run in order. The session closes
    with the block.
    """
    options = session_options.get(SessionOptions())
    settings = await run_settings()
    settings = replace(settings, dry_run=settings.dry_run or dry_run)
    async with AsyncExitStack() as stack:
        opening = asyncio.ensure_future(connect(settings, options, stack))
        token = session_options.set(replace(options, opening=opening))
        try:
            yield
        finally:
            session_options.reset(token)
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
