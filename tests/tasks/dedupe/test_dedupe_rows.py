"""Duplicates among rows, what a redirect changes, and the journal that can take it back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.dedupe.groups import RowKeys, duplicate_groups
from tasks.dedupe.journal import Change, MergeJournal, taken_back
from tasks.dedupe.merge import plan_merge
from tasks.errors import DedupeError
from tasks.tracks import Track


def row(page: str, **facts: object) -> Track:
    """A row; its address is its only key unless a SoundCloud id is given."""
    return Track(page_id=page, **({"title": "Glass Harbour"} | facts))  # type: ignore[arg-type]


def keys(track: Track) -> RowKeys:
    """The address and, where known, the id."""
    addresses = {f"soundcloud.com/{track.soundcloud_url}"} if track.soundcloud_url else set()
    return RowKeys(frozenset(addresses), track.soundcloud_id)


def grouped(*rows: Track) -> list[tuple[str, list[str]]]:
    """Page ids of the groups, the keeper apart."""
    return [
        (group.keeper.page_id, [other.page_id for other in group.others])
        for group in duplicate_groups(rows, keys)
    ]


def test_rows_of_one_address_are_one_group_kept_by_the_fuller_row() -> None:
    assert grouped(
        row("a", soundcloud_url="u"),
        row("b", soundcloud_url="u", eagle_id="E"),
        row("c", soundcloud_url="u", wav_path="/w.wav"),
        row("d", soundcloud_url="v"),
    ) == [("c", ["a", "b"])]


def test_the_older_row_keeps_between_equals_and_the_order_of_rows_does_not_matter() -> None:
    rows = [
        row("a", soundcloud_url="u", created_time="2026-02-01T10:00:00.000Z"),
        row("b", soundcloud_url="u", created_time="2026-01-01T10:00:00.000Z"),
        row("c", soundcloud_url="u", created_time="2026-01-01T10:00:00.000Z"),
    ]
    for order in itertools.permutations(rows):
        ((keeper, others),) = grouped(*order)
        assert (keeper, sorted(others)) == ("b", ["a", "c"])


def test_titles_alone_never_make_a_group() -> None:
    assert grouped(row("a", soundcloud_url="u"), row("b", soundcloud_url="v"), row("c")) == []


def test_groups_are_not_transitive() -> None:
    """A shares an address with B and an id with C; B and C share nothing with each other."""
    joins_both = row("a", soundcloud_url="u", soundcloud_id="7")
    by_address = row("b", soundcloud_url="u", wav_path="/w.wav", eagle_id="E")
    by_id = row("c", soundcloud_id="7")
    assert grouped(joins_both, by_address, by_id) == [("b", ["a"])]


def test_one_address_with_two_ids_is_two_tracks() -> None:
    """An address can be used again for another upload."""
    assert (
        grouped(
            row("a", soundcloud_url="u", soundcloud_id="7"),
            row("b", soundcloud_url="u", soundcloud_id="8"),
        )
        == []
    )


@pytest.mark.parametrize(
    "differs",
    [
        {"soundcloud_url": "v", "title": "Cold Tide"},
        {"soundcloud_id": "8"},
        {"duration_seconds": 204.0},
        {"title": "Glass Harbour (Ada Remix)"},
    ],
    ids=["address", "id", "length", "version"],
)
def test_one_key_that_differs_keeps_two_rows_apart(differs: dict[str, object]) -> None:
    """An id that was rounded, an address used again: one wrong key must not join two songs."""
    facts = {"soundcloud_url": "u", "soundcloud_id": "7", "duration_seconds": 200.0}
    assert grouped(row("a", **facts), row("b", **facts)) == [("a", ["b"])]
    assert grouped(row("a", **facts), row("b", **(facts | differs))) == []


def test_a_spotify_id_joins_only_rows_of_the_same_title() -> None:
    assert grouped(
        row("a", artist="Mara Lune", spotify_id="s"),
        row("b", artist="Mara Lune", spotify_id="s", title="Glass Harbour (Original Mix)"),
        row("c", artist="Mara Lune", spotify_id="s", title="Glass Harbour (Ada Remix)"),
        row("d", artist="Teo Varr", spotify_id="s"),
    ) == [("a", ["b"])]


def test_rows_in_the_trash_and_empty_keys_do_not_count() -> None:
    assert grouped(row("a", soundcloud_url="u"), row("b", soundcloud_url="u", in_trash=True)) == []
    assert grouped(row("a"), row("b")) == []


def test_a_merge_fills_and_unites_and_overwrites_nothing() -> None:
    keeper = row("a", genres=("House",), wav_path="/w.wav", playlists=("One",), playlist_ids=("1",))
    other = row(
        "b", title="Other", genres=("Techno",), artist="Mara Lune", playlists=("Two", "One"),
        playlist_ids=("2", "1"), tags=("deep",), statuses=("Queued",), lock="x", bpm=124.0,
    )  # fmt: skip
    merge = plan_merge(keeper, other)
    assert merge == {
        "artist": "Mara Lune",
        "bpm": 124.0,
        "playlist_ids": ("1", "2"),
        "playlists": ("One", "Two"),
        "tags": ("deep",),
    }


def test_files_eagle_id_and_fingerprint_go_together() -> None:
    """The fingerprint of the other row's file would be wrong beside the keeper's own file."""
    other = row("b", wav_path="/b.wav", eagle_id="E", fingerprint="f" * 64, downloaded=True)
    assert plan_merge(row("a", wav_path="/a.wav"), other) == {}
    assert plan_merge(row("a"), other) == {
        "wav_path": "/b.wav",
        "eagle_id": "E",
        "fingerprint": "f" * 64,
        "downloaded": True,
    }


def test_a_merge_that_was_made_plans_nothing_more_for_the_keeper() -> None:
    keeper, other = row("a"), row("b", artist="Mara Lune", playlists=("One",), eagle_id="E")
    done = replace(keeper, **plan_merge(keeper, other))  # type: ignore[arg-type]
    assert plan_merge(done, other) == {}


def change(page: str, before: str, after: str) -> Change:
    return Change(page_id=page, field="genre", before=before, after=after)


def test_the_journal_gives_back_what_was_recorded_and_how_to_undo_it(tmp_path: Path) -> None:
    journal = MergeJournal(tmp_path / "runs" / "r1" / "merges.jsonl")
    assert journal.read() == []
    journal.record(change("a", "", "夜"))
    journal.record(change("b", "夜", "x\ny"))
    read = MergeJournal(journal.path).read()
    assert [(c.page_id, c.before, c.after) for c in read] == [("a", "", "夜"), ("b", "夜", "x\ny")]
    assert [(c.page_id, c.before, c.after) for c in taken_back(read)] == [
        ("b", "x\ny", "夜"),
        ("a", "夜", ""),
    ]


def test_a_line_cut_short_by_a_crash_or_damaged_costs_itself(tmp_path: Path) -> None:
    journal = MergeJournal(tmp_path / "merges.jsonl")
    journal.record(change("a", "", "x"))
    with journal.path.open("a") as out:
        out.write('{"page_id": "b", "fie')
    assert len(journal.read()) == 1
    later = MergeJournal(journal.path)
    later.record(change("c", "", "y"))
    assert [c.page_id for c in later.read()] == ["a", "c"]
    with journal.path.open("a") as out:
        out.write("no json\n")
    assert [c.page_id for c in journal.read()] == ["a", "c"]


def test_a_journal_that_cannot_be_written_forbids_the_change(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(DedupeError, match="nothing was merged"):
        MergeJournal(tmp_path / "runs" / "merges.jsonl").record(change("a", "", "x"))
