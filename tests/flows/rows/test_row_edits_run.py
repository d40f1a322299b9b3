"""Random edits at random moments of real runs, over HTTP, against a plain model of what must stay.

A person edits rows while a run downloads, imports and writes them. Every change that took effect is
in the stand-in's ledger; read back in order, it tells what each write of the run has replaced. An
edit that was there before the run's last look at the row must be there afterwards; what may be lost
is an edit between that look and the write (docs/lock.md, "The row belongs to its user").

    ROW_EDITS=2000 pytest tests/flows/rows/test_row_edits_run.py     (`make test-edits`)
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from notion_client import Client

from flows.library_sync import library_sync
from tasks.notion.statuses import OURS
from tests.flows.database_world import Database, json_value, types

EDITS = int(os.environ.get("ROW_EDITS", "60"))
ROWS = 5
LABELS = ("Audio Processing Status", "Playlists")
TYPED = ("Title", "Artist Name", "Album", "WAV Fingerprint")
FOUND = ("AIFF File Path", "Eagle File ID")
"""A row that has one of these before it is claimed is none to be downloaded."""
NUMBERS = ("Audio Duration (seconds)", "Tempo")
REPLACED = {"WAV File Path", "AIFF File Path", "Eagle File ID", "SoundCloud ID", "WAV Fingerprint"}
"""Fields of ours: what stood there when the row was claimed may be replaced by what is true."""
KINDS = types(Playlists="multi_select")


@dataclass
class Person:
    """Edits a row every few hundredths of a second, until told to stop."""

    sandbox: Any
    database: Database
    urls: list[str]
    chance: Random
    edits: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        environment = self.sandbox.environment
        self._notion = Client(
            auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"]
        )

    def work(self) -> None:
        while not self.stop.wait(self.chance.uniform(0.0, 0.06)):
            page = self.chance.choice(self.database.pages)
            name, value = self._edit(page)
            values = {name: json_value(KINDS[name], value)}
            self._notion.pages.update(page, properties=values)
            self.edits += 1

    def _edit(self, page: str) -> tuple[str, Any]:
        kind, row = self.chance.random(), self.database.values(page)
        if kind < 0.1:
            number = self.database.pages.index(page)
            return "SoundCloud URL", self.chance.choice(self.urls[number::ROWS])
        if kind < 0.4:
            typed = (*TYPED, *FOUND) if row["Processing Lock"] else TYPED
            return self.chance.choice(typed), f"typed {self.edits}"
        if kind < 0.55:
            return self.chance.choice(NUMBERS), float(1000 + self.edits)
        name = self.chance.choice(LABELS)
        return name, [*row[name], f"label {self.edits}"]


@dataclass(frozen=True)
class Wrote:
    """One write of the run's into a row, and the row around it: as it was claimed, at the last
    look, right before and right after.
    """

    claimed: dict[str, Any]
    looked: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


def history(sandbox: Any, page: str, first: dict[str, Any]) -> list[Wrote]:
    """The run's last writes into the row, in order."""
    row, found = dict(first), []
    moments = [(0.0, dict(first))]
    looks: list[float] = []
    claimed = dict(first)
    for entry in sandbox.ledger.entries(service="notion"):
        if entry["event"] == "request" and entry["method"] == "GET" and page in entry["path"]:
            looks.append(entry["at"] - entry["seconds"])
        if entry["event"] != "commit" or entry.get("page_id") != page:
            continue
        values, before = entry.get("properties", {}), dict(row)
        row = row | values
        moments.append((entry["at"], dict(row)))
        if values.get("Processing Lock"):
            claimed = _at(moments, looks[-1])
        elif "Processing Lock" in values:
            found.append(Wrote(claimed, _at(moments, looks[-1]), before, dict(row)))
    return found


def _at(moments: list[tuple[float, dict[str, Any]]], when: float) -> dict[str, Any]:
    """The row as it was at that time, by the ledger's clock."""
    return [row for at, row in moments if at <= when][-1]


def lost_in(wrote: Wrote) -> list[str]:
    """What the write has taken from the person although the run had seen it, or could have."""
    lost = []
    for name, before in wrote.before.items():
        seen, after = wrote.looked[name], wrote.after[name]
        if after == before or name in {"DL", "Processing Lock"}:
            continue
        if isinstance(before, list):
            gone = {label for label in seen if label not in OURS} - set(after)
            lost += [f"{name}: {label}" for label in gone]
        elif seen and not (name in REPLACED and seen == wrote.claimed[name]):
            lost.append(f"{name}: {seen!r} became {after!r}")
    return lost


def foreign(database: Database, sandbox: Any, page: str, numbers: dict[str, str]) -> list[str]:
    """What stands in a finished row and belongs to another track than its address's."""
    row, found = database.values(page), []
    if not row["DL"] or address_came_last(sandbox, page):
        return []
    if row["SoundCloud ID"] not in {"", numbers[row["SoundCloud URL"]]}:
        found.append(f"the number {row['SoundCloud ID']} at {row['SoundCloud URL']}")
    stored = sandbox.eagle.library.items.get(row["Eagle File ID"])
    if stored is not None and stored.record["url"] != row["SoundCloud URL"]:
        found.append(f"the item of {stored.record['url']} at {row['SoundCloud URL']}")
    path = row["WAV File Path"]
    items = {item.record["id"]: item.record for item in sandbox.eagle.library.items.values()}
    there = items.get(Path(path).parent.name.removesuffix(".info")) if path else None
    if there is not None and there["url"] != row["SoundCloud URL"]:
        found.append(f"the file of {there['url']} at {row['SoundCloud URL']}")
    return found


def address_came_last(sandbox: Any, page: str) -> bool:
    """True if the person gave the row its address after the run's last write into it."""
    by_person = False
    for entry in sandbox.ledger.entries(event="commit", service="notion", page_id=page):
        values = entry.get("properties", {})
        if "SoundCloud URL" in values:
            by_person = True
        elif len(values) > 1:
            by_person = False
    return by_person


async def played(run_flow: Any, sandbox_factory: Any, seed: int) -> int:
    """One run beside a person, judged; how many edits there were."""
    database = Database(KINDS)
    sandbox = sandbox_factory(build=database.builder(), seed=seed)
    catalogue = database.world.soundcloud.catalogue
    tracks = [
        catalogue.add_track(f"Song {number}", "Nova", seconds=4 + number)
        for number in range(2 * ROWS)
    ]
    numbers = {track.url: str(track.id) for track in tracks}
    for track in tracks[:ROWS]:
        database.add(SoundCloud_URL=track.url)
    first = {page: database.values(page) for page in database.pages}
    person = Person(sandbox, database, list(numbers), Random(seed))
    editing = threading.Thread(target=person.work)
    editing.start()
    try:
        await run_flow(library_sync, sandbox, parallel=True, workers=3)
    finally:
        person.stop.set()
        editing.join()
    wrote = {page: history(sandbox, page, first[page]) for page in database.pages}
    lost = [said for page in database.pages for each in wrote[page] for said in lost_in(each)]
    assert lost == []
    assert sum(map(len, wrote.values())) > 0
    await run_flow(library_sync, sandbox)
    alien = [said for page in database.pages for said in foreign(database, sandbox, page, numbers)]
    assert alien == []
    return person.edits


async def test_nothing_a_person_wrote_is_lost_and_nothing_of_another_track_stands(
    run_flow, sandbox_factory
):
    """Run after run until there were so many edits."""
    edits = seed = 0
    while edits < EDITS:
        edits += await played(run_flow, sandbox_factory, seed)
        seed += 1
