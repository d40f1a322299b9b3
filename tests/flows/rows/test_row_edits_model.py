"""Two thousand random edits of a row at random moments, against a plain model of what must stay.

The row is a dictionary; the edits happen before the claim, between claim and last look, or after
the last write. Nothing a person wrote is lost, and nothing of another track stands in the row.
"""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from flows.track.claimed_row import ClaimedRow
from flows.track.delivery import InLibrary
from flows.track.last_write import failure_values, success_values
from tasks.eagle.records import EagleItem
from tasks.errors import DownloadInterrupted, RowChanged
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.notion.statuses import OURS
from tasks.notion.writes import property_values
from tasks.tracks import FilePaths

EDITS = 2_000
OLD, NEW = "https://soundcloud.com/nova/glass", "https://soundcloud.com/ada/tide"
TYPES = {
    "Title": "title",
    "Artist Name": "rich_text",
    "SoundCloud URL": "url",
    "SoundCloud ID": "number",
    "DL": "checkbox",
    "WAV File Path": "rich_text",
    "AIFF File Path": "rich_text",
    "Eagle File ID": "rich_text",
    "WAV Fingerprint": "rich_text",
    "Audio Duration (seconds)": "number",
    "Audio Processing Status": "multi_select",
    "Playlists": "multi_select",
    "Genre": "multi_select",
    "Tempo": "number",
    "Album": "rich_text",
}
SCHEMA = Schema.of(
    {
        "id": "source",
        "title": [],
        "properties": {
            name: {"id": f"id-{name}", "name": name, "type": kind, kind: {}}
            for name, kind in TYPES.items()
        },
    }
)
TEXTS = ("Title", "Artist Name", "WAV File Path", "AIFF File Path", "WAV Fingerprint", "Album")
NUMBERS = ("Audio Duration (seconds)", "Tempo")
LISTS = ("Audio Processing Status", "Playlists", "Genre")

Row = dict[str, Any]


def page_of(row: Row) -> dict[str, Any]:
    """The row as Notion answers it."""
    return {
        "id": "p",
        "properties": {
            name: {"id": f"id-{name}", "type": kind, kind: _answered(kind, row[name])}
            for name, kind in TYPES.items()
        },
    }


def _answered(kind: str, value: Any) -> Any:
    if kind in {"title", "rich_text"}:
        return [{"plain_text": value}] if value else []
    return [{"name": name} for name in value] if kind == "multi_select" else value


def written_into(row: Row, written: dict[str, Any]) -> Row:
    """The row after a PATCH of these properties."""
    after = dict(row)
    for key, value in written.items():
        name = key.removeprefix("id-")
        kind = TYPES[name]
        inner = value[kind]
        if kind in {"title", "rich_text"}:
            inner = "".join(part["text"]["content"] for part in inner)
        elif kind == "multi_select":
            inner = [option["name"] for option in inner]
        after[name] = inner
    return after


def edit(row: Row, chance: Random) -> dict[str, Any]:
    """One edit by a person or another program: the property and its new value."""
    kind = chance.randrange(5)
    if kind == 0:
        return {chance.choice(TEXTS): f"typed {chance.random():.6f}"}
    if kind == 1:
        return {chance.choice(NUMBERS): chance.uniform(1, 500)}
    if kind == 2:
        name = chance.choice(LISTS)
        return {name: [*row[name], f"label {chance.random():.6f}"]}
    if kind == 3:
        return {"Eagle File ID": f"HAND{chance.randrange(10**6)}"}
    return {"SoundCloud URL": chance.choice([OLD, OLD, OLD, f"{OLD}?si=1", NEW])}


def empty_row() -> Row:
    row: Row = {name: "" for name, kind in TYPES.items() if kind in {"title", "rich_text"}}
    row |= {name: None for name, kind in TYPES.items() if kind == "number"}
    row |= {name: [] for name, kind in TYPES.items() if kind == "multi_select"}
    return row | {"SoundCloud URL": OLD, "DL": False}


def claimed_row(row: Row) -> ClaimedRow:
    """The row as claimed; it asks nobody here."""
    run: Any = SimpleNamespace(connections=SimpleNamespace(hosts=frozenset()))
    lease: Any = SimpleNamespace(row=SimpleNamespace(page=page_of(row)))
    return ClaimedRow(run, lease, to_track(page_of(row), SCHEMA))


HELD = InLibrary(
    wav=EagleItem(id="OURWAV", name="Nova - Glass", ext="wav"),
    aiff=EagleItem(id="OURAIFF", name="Nova - Glass", ext="aiff"),
    paths=FilePaths(wav="/eagle/Glass.wav", aiff="/eagle/Glass.aiff"),
    seconds=31.25,
)
OURS_ALONE = {"OURWAV", "/eagle/Glass.wav", "/eagle/Glass.aiff", "ours" * 16, 7700000001}


@pytest.mark.parametrize("fails", [False, True], ids=["brought", "failed"])
def test_nothing_a_person_wrote_is_lost_and_nothing_of_another_track_stands(fails: bool) -> None:
    chance = Random(20261125)
    for _ in range(EDITS // 2):
        row = empty_row()
        for _ in range(chance.randrange(3)):
            row |= edit(row, chance)
        if row["SoundCloud URL"] == NEW:
            row["SoundCloud URL"] = OLD
        claimed = claimed_row(row)
        before, typed = dict(row), {}
        for _ in range(1 + chance.randrange(3)):
            change = edit(row, chance)
            row, typed = row | change, typed | change
        after = _last_write(claimed, row, fails=fails)
        _check(before, typed, row, after, fails=fails)


def _last_write(claimed: ClaimedRow, row: Row, *, fails: bool) -> Row:
    """What the flow writes after its last look, as `last_write` does it."""
    now = to_track(page_of(row), SCHEMA)
    try:
        claimed.require_same_address(now)
    except RowChanged:
        return row
    if fails:
        values = failure_values(SCHEMA, now, DownloadInterrupted("it broke"))
        return written_into(row, property_values(SCHEMA, values))
    learnt = now.__class__(
        page_id="p", title="Glass", artist="Nova", soundcloud_id="7700000001",
        fingerprint="ours" * 16,
    )  # fmt: skip
    values = success_values(SCHEMA, claimed.claimed, now, learnt, HELD, None)
    return written_into(row, property_values(SCHEMA, values))


def _check(before: Row, typed: Row, row: Row, after: Row, *, fails: bool) -> None:
    for name, value in typed.items():
        if isinstance(value, list):
            kept = [label for label in value if label not in OURS]
            assert set(kept) <= set(after[name]), (name, value, after[name])
        else:
            assert after[name] == value, (name, value, after[name])
    for name in ("Title", "Artist Name", "Album", "Tempo", "Genre", "Playlists"):
        if row[name]:
            assert after[name] == row[name]
    if row["SoundCloud URL"] == NEW:
        assert after == row
        assert not OURS_ALONE & {v for v in after.values() if not isinstance(v, list)}
    elif not fails:
        assert after["DL"] is True
        assert after["SoundCloud ID"] == 7700000001
        assert "Files Imported to Eagle" in after["Audio Processing Status"]
    assert before["SoundCloud URL"].startswith(OLD)
