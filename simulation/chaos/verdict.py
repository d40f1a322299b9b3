"""What a run of many processes came to, from the witness's notes and what the stand-ins hold."""

from __future__ import annotations

import wave
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sandbox.server import Sandbox
from simulation.chaos.witness import Note
from tasks.locks.value import parse

_TOLERANCE = 0.5
_NO_CLAIM = ("look", "write")


@dataclass(frozen=True)
class Holding:
    """A claim of one process that proved to be won, by what the process did afterwards.

    From the earliest moment it can have been verified to the last sign of it (monotonic).
    """

    process: str
    page_id: str
    start: float
    end: float


@dataclass(frozen=True)
class Claims:
    """How often tokens were written: `won`, `cut_off` (by a kill), `lost` (to contention or
    faults); and how often a row was asked for `in_vain`, without a token being written.
    """

    won: int
    cut_off: int
    lost: int
    in_vain: int

    @property
    def share_lost(self) -> float:
        """Lost claims among all that were decided."""
        return self.lost / max(1, self.won + self.lost)


def holdings(notes: Iterable[Note], pages: Mapping[str, str], *, settle: float) -> list[Holding]:
    """The won claims. `pages` has the row's page id (32 hex digits) for each address."""
    found = []
    for (process, page_id), history in _histories(notes, pages).items():
        for claim in _claims(history):
            if len(claim) > 1:
                start = claim[0].at + settle
                found.append(Holding(process, page_id, start, max(start, claim[-1].at)))
    return found


def overlaps(held: Iterable[Holding]) -> list[tuple[Holding, Holding]]:
    """Pairs of processes that worked on one row at the same moment."""
    rows: dict[str, list[Holding]] = defaultdict(list)
    for holding in held:
        rows[holding.page_id].append(holding)
    ordered = (sorted(row, key=lambda holding: holding.start) for row in rows.values())
    return [
        (first, second) for row in ordered for first, second in pairwise(row)
        if second.start < first.end and first.process != second.process
    ]  # fmt: skip


def count_claims(
    notes: Sequence[Note], pages: Mapping[str, str], killed: Collection[str]
) -> Claims:
    """The account of all claims; `killed` are the processes that were."""
    won = cut_off = lost = in_vain = 0
    for (process, _), history in _histories(notes, pages).items():
        claims = list(_claims(history))
        won += sum(len(claim) > 1 for claim in claims)
        undecided = [claim for claim in claims if len(claim) == 1]
        was_cut_off = bool(undecided) and process in killed and undecided[-1] is claims[-1]
        cut_off += was_cut_off
        lost += len(undecided) - was_cut_off
        in_vain += not claims
    return Claims(won, cut_off, lost, in_vain)


def requests_of_new(
    notes: Sequence[Note], pages: Mapping[str, str], *, since: float, until: float
) -> list[int]:
    """For each track that one process brought between the two (monotonic): how often it asked
    Notion about the row, from the look before its claim to the release.
    """
    found = [each for each in _histories(notes, pages).values() if since <= each[0].at < until]
    brought = [_last_claim(each) for each in found if each[-1].kind == "release"]
    return [
        sum(note.kind != "import" for note in claim) + 1
        for claim in brought
        if any(note.kind == "import" for note in claim)
    ]


def _last_claim(history: Sequence[Note]) -> Sequence[Note]:
    """What a process did from the token of its last claim on."""
    tokens = [(n, _attempt(note)) for n, note in enumerate(history) if note.kind == "token"]
    return history[next((n for n, attempt in tokens if attempt == tokens[-1][1]), 0) :]


def requests_of_adopted(notes: Sequence[Note], *, since: float) -> list[int]:
    """For each row that a process wrote to without a claim: how often it asked about it."""
    late = [note for note in notes if note.at >= since and note.kind in _NO_CLAIM]
    asked = Counter((note.process, note.about) for note in late)
    written = {(note.process, note.about) for note in late if note.kind == "write"}
    return [asked[each] for each in sorted(written)]


def double_imports(sandbox: Sandbox) -> list[str]:
    """Address and extension of what Eagle has more than once."""
    counted = Counter(f"{item['url']} {item['ext']}" for item in _items(sandbox))
    return sorted(name for name, number in counted.items() if number > 1)


def losses(sandbox: Sandbox) -> list[str]:
    """One sentence for each row that is not whole, and each item that no finished row names."""
    items = {str(item["id"]): item for item in _items(sandbox)}
    named: set[str] = set()
    problems: list[str] = []
    for row in sandbox.world.rows:
        values = sandbox.world.values_of(row.page_id)
        wav = items.get(values["Eagle File ID"] or "")
        aiff = next((i for i in items.values() if i["url"] == row.url and i["ext"] == "aiff"), None)
        named |= {str(item["id"]) for item in (wav, aiff) if item}
        problem = _problem(values, row.seconds, wav, aiff)
        if problem:
            problems.append(f"{row.artist} - {row.title}: {problem}")
    strangers = [items[each] for each in items.keys() - named]
    return problems + [f"item {i['name']}.{i['ext']} belongs to no row" for i in strangers]


def _problem(values: Mapping[str, Any], seconds: float, wav: Any, aiff: Any) -> str:
    if not values["DL"]:
        return f"not done ({', '.join(values['Audio Processing Status']) or 'no status'})"
    if wav is None or aiff is None:
        return "done without both of its items"
    paths = [Path(values[name] or "-") for name in ("WAV File Path", "AIFF File Path")]
    if not all(path.is_file() for path in paths):
        return "a path in the row leads nowhere"
    with wave.open(str(paths[0])) as file:
        length = file.getnframes() / file.getframerate()
    return "" if abs(length - seconds) < _TOLERANCE else f"{length:.1f} s of {seconds:.1f} s"


def _items(sandbox: Sandbox) -> list[Any]:
    records = [item.record for item in sandbox.eagle.items()]
    return [record for record in records if not record.get("isDeleted")]


def _histories(
    notes: Iterable[Note], pages: Mapping[str, str]
) -> Mapping[tuple[str, str], list[Note]]:
    """What each process did about each row, in order."""
    histories: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in notes:
        page_id = pages[note.about.rpartition(" ")[0]] if note.kind == "import" else note.about
        histories[note.process, page_id].append(note)
    return histories


def _claims(history: Iterable[Note]) -> Iterator[list[Note]]:
    """Each claim's token with the signs that it was won: renewals, imports, the release."""
    claim: list[Note] = []
    for note in history:
        if note.kind in _NO_CLAIM:
            continue
        if note.kind == "token" and not (claim and _attempt(note) == _attempt(claim[0])):
            if claim:
                yield claim
            claim = []
        claim.append(note)
    if claim:
        yield claim


def _attempt(note: Note) -> str:
    value = parse(note.token)
    return value.uuid if value else note.token
