"""A year of nights with a moved clock: are new rows starved by failing ones, do requests grow?

`python -m simulation.nights [--nights 365] [--limit 10] [--seed 1]`

Real parts: the sandbox's Notion over HTTP, the product's client, listing, order and journal of
failed attempts. Only the work on a track is played: a damaged row fails with its error, any other
is ticked. Each night new rows come; some of them are damaged for good.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from flows.batch_sync import in_turn
from flows.rows.filtering import resting
from flows.session.preflight import open_schema
from flows.session.run_state import RunState
from flows.settings import load_settings
from sandbox.threaded import RunningSandbox, running_sandbox
from sandbox.world import World
from tasks.attempts import Attempts
from tasks.errors import ErrorType
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.planning import Action
from tasks.tracks import Track, TrackResult, TrackStatus

BEGAN = date(2026, 1, 1)
ERRORS = (ErrorType("Download_Failed"), ErrorType("Conversion_Failed"), ErrorType("SC_404"))
DAMAGED_AT_FIRST = 16


@dataclass
class Year:
    """What is counted: tries a failing row, nights a new row waited, requests and rows a night."""

    tries: Counter[str] = field(default_factory=Counter)
    waited: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)


class Nights:
    """The rows, which of them are damaged, and since which night each is there."""

    def __init__(self, sandbox: RunningSandbox, chance: Random) -> None:
        self._sandbox = sandbox
        self._chance = chance
        self.error: dict[str, ErrorType] = {}
        self.since: dict[str, int] = {}

    def add(self, night: int, *, damaged: bool) -> None:
        """A new row."""
        number = len(self.since)
        address = f"https://soundcloud.com/nova/row-{number}"
        row = self._sandbox.world.add_row({"Title": f"Row {number}", "SoundCloud URL": address})
        self.since[row.page_id] = night
        if damaged:
            self.error[row.page_id] = self._chance.choice(ERRORS)

    async def play(self, night: int, limit: int, state: Path, year: Year) -> None:
        """One run of `batch --limit`."""
        today = BEGAN + timedelta(days=night)
        settings = load_settings(self._sandbox.environment, env_file=None)
        budget = RequestBudget(1_000_000)
        token = settings.notion_token.get_secret_value()
        async with NotionClient(token, base_url=settings.notion_base_url, budget=budget) as notion:
            schema = await open_schema(notion, settings)
            connections: Any = SimpleNamespace(
                notion=notion,
                schema=schema,
                settings=settings,
                index=None,
                eagle=None,
                attempts=Attempts(state / "attempts.jsonl", "", today),
            )
            run: Any = SimpleNamespace(
                connections=connections, state=RunState(folder=state / "runs")
            )
            async with aclosing(in_turn(run)) as rows:
                year.listed.append(await self._work(connections, rows, night, limit, year))
            year.requests.append(notion.requests)

    async def _work(
        self, connections: Any, rows: AsyncIterator[Track], night: int, limit: int, year: Year
    ) -> int:
        """The rows that were looked at."""
        worked = listed = 0
        async for row in rows:
            listed += 1
            if resting(connections, row, Action.DOWNLOAD) is not None:
                continue
            if worked == limit:
                break
            worked += 1
            error = self.error.get(row.page_id)
            if error is not None:
                year.tries[row.page_id] += 1
                shown: dict[str, Any] = {"Audio Processing Status": [error.value]}
                result = replace(TrackResult.of(row, TrackStatus.FAILED), error_type=error)
            else:
                shown = {"DL": True}
                year.waited.append(night - self.since[row.page_id])
                result = TrackResult.of(row, TrackStatus.PROCESSED)
            self._sandbox.world.update_row(row.page_id, shown)
            connections.attempts.note(row, result)
        return listed


def _build(world: World) -> None:
    world.add_root_page()
    world.add_databases()


def main() -> int:
    """Play, print, and judge: 0 if no new row waited more than a night too long."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    year, nights = play(given.nights, given.limit, given.seed)
    return _report(year, nights, given.nights)


def play(number: int, limit: int, seed: int) -> tuple[Year, Nights]:
    """What `number` nights of `batch --limit` did, and the rows they were about."""
    chance, year = Random(seed), Year()
    with (
        tempfile.TemporaryDirectory(prefix="nights-") as folder,
        running_sandbox(Path(folder) / "sandbox", build=_build) as sandbox,
    ):
        nights = Nights(sandbox, chance)
        for _ in range(DAMAGED_AT_FIRST):
            nights.add(0, damaged=True)
        for night in range(number):
            for _ in range(chance.randrange(8)):
                nights.add(night, damaged=chance.random() < 0.1)
            asyncio.run(nights.play(night, limit, Path(folder), year))
    return year, nights


def _report(year: Year, nights: Nights, number: int) -> int:
    late = sum(waited > 1 for waited in year.waited)
    most = max(year.tries.values(), default=0)
    first, last = year.requests[: number // 4], year.requests[-(number // 4) :]
    print(
        f"{number} nights, {len(nights.since)} rows, {len(nights.error)} of them damaged for good"
    )
    print(f"  brought in: {len(year.waited)}; waited more than a night: {late}")
    print(
        f"  tries of a damaged row: at most {most}, in the mean "
        f"{sum(year.tries.values()) / max(1, len(year.tries)):.1f}"
    )
    print(
        f"  requests a night for listing: {sum(first) / len(first):.1f} in the first quarter, "
        f"{sum(last) / len(last):.1f} in the last"
    )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
