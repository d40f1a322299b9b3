"""Duplicate rows: merged on the fuller one, with both claimed, journalled, and taken back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.__main__ import main
from flows.library_sync import library_sync
from flows.rows.redirect import redirect
from flows.rows.undo import journalled_runs, keep_apart, merging_runs, undo_run
from flows.session.opening import SessionOptions, open_session, session_options
from flows.settings import load_settings
from tasks.notion.rows import to_track
from tasks.tracks import TrackFilter, TrackStatus
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, relate_rows, types, writes
from tests.timing import ALONE

STATUS_WITH_OPTIONS = {
    "status": {"options": [{"name": "Not started"}, {"name": "Done"}, {"name": "Duplicate"}]}
}
NO_DUPLICATE_OPTION = {"status": {"options": [{"name": "Not started"}, {"name": "Done"}]}}


class Merge:
    """A done row, and a row of the same track that somebody added again, with more in it."""

    def __init__(self, sandbox_factory: Any, properties: dict[str, Any], **shared: Any) -> None:
        self.database = Database(properties | {"Tags": "multi_select"})
        self.sandbox = sandbox_factory(build=self.database.builder())
        world = self.database.world
        track = world.soundcloud.catalogue.add_track("Glass Harbour", "Nova", seconds=30)
        self.done = self.database.add(
            Title="Glass Harbour",
            Artist_Name="Nova",
            SoundCloud_URL=track.url,
            DL=True,
            Eagle_File_ID="EAGLEITEM0001",
            WAV_File_Path="/gone/Glass Harbour.wav",
            Tags=["warm"],
            **self._playlists("Dawn", "Noon"),
        )
        self.again = self.database.add(
            Title="GLASS HARBOUR",
            Artist_Name="nova official",
            Album="Lights",
            Tempo=122,
            SoundCloud_URL=f"{track.url.replace('https://', 'https://m.')}/?in=a/sets/b#t=1",
            Tags=["warm", "late"],
            **self._playlists("Noon", "Night"),
            **shared,
        )

    def _playlists(self, *names: str) -> dict[str, Any]:
        is_relation = self.database.properties["Playlists"] == "relation"
        return {"Playlists": self.database.playlists(*names) if is_relation else list(names)}

    def rows(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """(the done row, the row added again), as they are now."""
        return self.database.values(self.done), self.database.values(self.again)

    def states(self) -> list[dict[str, Any]]:
        """Both rows without what a lock leaves behind."""
        return [row | {"Processing Lock": ""} for row in self.rows()]

    @property
    def state_dir(self) -> Path:
        return Path(self.sandbox.environment["LIBRARY_SYNC_STATE"])


async def merged(run_flow: Any, merge: Merge, **settings: Any) -> Any:
    """The result of the row that is redirected."""
    summary = await run_flow(library_sync, merge.sandbox, settings=settings)
    (result,) = [r for r in summary.results if r.page_id == merge.again]
    return result


async def test_a_row_added_again_is_united_with_the_done_one(run_flow, sandbox_factory):
    """Empty fields are filled, lists united, nothing is overwritten, nothing downloaded."""
    merge = Merge(sandbox_factory, types())
    before, given = merge.rows()
    result = await merged(run_flow, merge)
    assert (result.status, result.dedupe_redirected) == (TrackStatus.SKIPPED_DUPLICATE, True)
    assert result.dedupe_keeper_id == merge.done

    keeper, other = merge.rows()
    gained = {
        "Album": "Lights",
        "Tempo": 122,
        "Playlists": merge.database.playlists("Dawn", "Noon", "Night"),
        "Tags": ["warm", "late"],
    }
    assert keeper == before | gained
    assert other == given | {"Audio Processing Status": ["Duplicate"]}
    assert merge.sandbox.ledger.entries(service="soundcloud", event="request") == []
    assert merge.sandbox.ledger.entries(service="eagle", kind="item.add") == []

    again = await run_flow(library_sync, merge.sandbox)
    assert again.found == 0


async def test_both_rows_are_claimed_and_freed(run_flow, sandbox_factory):
    """One owner's lock stands on both before anything changes on either."""
    merge = Merge(sandbox_factory, types())
    await merged(run_flow, merge)
    tokens = set()
    for page_id in (merge.done, merge.again):
        written = writes(merge.sandbox, page_id)
        locks = [w["Processing Lock"] for w in written if "Processing Lock" in w]
        assert locks[0].count(":") >= 3
        assert locks[-1] == ""
        tokens.add(":".join(locks[0].split(":")[:2]))
    assert len(tokens) == 1
    commits = merge.sandbox.ledger.entries(event="commit", service="notion")
    values = [bool(c["properties"].keys() - {"Processing Lock"}) for c in commits]
    claimed = {c["page_id"] for c in commits[: values.index(True)]}
    assert claimed == {merge.done, merge.again}


SHAPES = {
    "multi_select, relation": ("multi_select", "relation", "relation"),
    "select, text": ("select", "rich_text", "multi_select"),
    "status, none": (STATUS_WITH_OPTIONS, None, "relation"),
    "text, text": ("rich_text", "rich_text", "multi_select"),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_type_of_status_and_link(run_flow, sandbox_factory, shape):
    """The other row says `Duplicate` and leads to the keeper; undo restores both rows exactly."""
    status, link, playlists = SHAPES[shape]
    changes = {"Audio_Processing_Status": status, "Playlists": playlists}
    if link == "rich_text":
        changes["Duplicate_Of"] = link
    merge = Merge(sandbox_factory, types(**changes))
    if link == "relation":
        relate_rows(merge.sandbox, "Duplicate Of")
    before = merge.states()
    result = await merged(run_flow, merge)
    assert result.status is TrackStatus.SKIPPED_DUPLICATE, result.error_message

    _, other = merge.rows()
    shown = other["Audio Processing Status"]
    assert "Duplicate" in (shown if isinstance(shown, list) else str(shown))
    if link == "relation":
        assert other["Duplicate Of"] == [merge.done]
    elif link:
        assert merge.done.replace("-", "") in other["Duplicate Of"]
    assert (await run_flow(library_sync, merge.sandbox)).found == 0

    (run,) = journalled_runs(merge.state_dir)
    assert await undo_run(run) == 2
    assert merge.states() == before
    assert [row["Processing Lock"] for row in merge.rows()] == ["", ""]


async def test_a_status_without_the_option_is_not_silent(run_flow, sandbox_factory):
    """Where nothing can mark the row, it says so and stays as it is."""
    merge = Merge(sandbox_factory, types(Audio_Processing_Status=NO_DUPLICATE_OPTION))
    before = merge.states()
    result = await merged(run_flow, merge)
    assert result.status is TrackStatus.FAILED
    assert "Duplicate" in f"{result.error_message} {result.remedy}"
    assert merge.states() == before


async def test_the_journal_comes_first_and_names_every_change(run_flow, sandbox_factory):
    """Each change of the ledger stands in the journal with what was there before."""
    merge = Merge(sandbox_factory, types())
    before = dict(zip((merge.done, merge.again), merge.states(), strict=True))
    await merged(run_flow, merge)
    (run,) = journalled_runs(merge.state_dir)
    lines = (merge.state_dir / "runs" / run / "merges.jsonl").read_text().splitlines()
    changes = [json.loads(line) for line in lines]
    noted = {(change["page_id"], change["field"]) for change in changes}
    commits = merge.sandbox.ledger.entries(event="commit", service="notion")
    for commit in commits:
        for name in commit["properties"].keys() - {"Processing Lock"}:
            assert (commit["page_id"], name) in noted
    tempo = next(change for change in changes if change["field"] == "Tempo")
    assert json.loads(tempo["before"]) == {"number": before[merge.done]["Tempo"]}


async def test_the_command_lists_what_merged_and_undoes_it(
    run_flow, sandbox_factory, monkeypatch, capfd
):
    """A dry run changes nothing; rows that are said to stay apart are not merged again."""
    merge = Merge(sandbox_factory, types())
    before = merge.states()
    await merged(run_flow, merge)
    (run,) = journalled_runs(merge.state_dir)
    for name, value in merge.sandbox.environment.items():
        monkeypatch.setenv(name, value)

    async def undo(*words: str) -> str:
        assert await asyncio.to_thread(main, ["undo", *words]) == 0
        return "".join(capfd.readouterr())

    assert f"{run}\n   GLASS HARBOUR -> Nova - Glass Harbour" in await undo()
    assert "2 rows would be restored" in await undo(run, "--dry-run")
    assert merge.states() != before
    assert "2 rows restored" in await undo(run)
    assert merge.states() == before
    assert f"{run}  (undone)" in await undo()
    await undo("--apart", merge.done, merge.again)


async def test_archiving_only_where_it_is_wanted_and_undone(run_flow, sandbox_factory):
    """DEDUPE_ARCHIVE=1 puts the redirected row into the trash; undo takes it out again."""
    merge = Merge(sandbox_factory, types())
    before = merge.states()
    await merged(run_flow, merge, dedupe_archive=True)
    assert merge.again not in merge.database.world.notion.rows(merge.sandbox.world.tracks_source)
    (run,) = journalled_runs(merge.state_dir)
    assert await undo_run(run) == 2
    assert merge.states() == before
    assert merge.again in merge.database.world.notion.rows(merge.sandbox.world.tracks_source)


async def test_what_was_changed_since_stays(run_flow, sandbox_factory):
    """A person has corrected the album meanwhile: undo takes back all but that."""
    merge = Merge(sandbox_factory, types())
    before, _ = merge.states()
    await merged(run_flow, merge)
    merge.sandbox.world.update_row(merge.done, {"Album": "Lights (Deluxe)"})
    (run,) = journalled_runs(merge.state_dir)
    await undo_run(run)
    assert merge.states()[0] == before | {"Album": "Lights (Deluxe)"}


async def test_more_playlists_than_a_page_shows(run_flow, sandbox_factory):
    """Thirty playlists are united with the others' and restored, though a page shows 25."""
    merge = Merge(sandbox_factory, types())
    many = merge.database.playlists(*(f"List {number:02}" for number in range(30)))
    merge.sandbox.world.update_row(merge.done, {"Playlists": many})
    before = merge.states()
    result = await merged(run_flow, merge)
    assert result.status is TrackStatus.SKIPPED_DUPLICATE, result.error_message
    assert merge.rows()[0]["Playlists"] == [*many, *merge.database.playlists("Noon", "Night")]
    (run,) = journalled_runs(merge.state_dir)
    assert await undo_run(run) == 2
    assert merge.states() == before


async def test_the_soundcloud_id_joins_rows_of_other_addresses(run_flow, sandbox_factory):
    """A done row with the same id, whose address was renamed since, is the keeper."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Low Tide", "Nova", seconds=30)
    done = database.add(
        Title="Low Tide",
        SoundCloud_URL="https://soundcloud.com/nova/old-name",
        SoundCloud_ID=str(track.id),
        DL=True,
        Eagle_File_ID="EAGLEITEM0002",
    )
    again = database.add(Title="Low Tide", SoundCloud_URL=track.url, SoundCloud_ID=str(track.id))
    summary = await run_flow(library_sync, sandbox)
    assert [r.dedupe_keeper_id for r in summary.results if r.page_id == again] == [done]
    assert sandbox.ledger.entries(service="eagle", kind="item.add") == []


async def test_in_a_batch_the_fuller_row_is_worked_on(run_flow, sandbox_factory):
    """Three rows of one track, none done: one download, two rows that point to it."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    url = database.world.soundcloud.catalogue.add_track("Night Bus", "Nova", seconds=30).url
    first = database.add(Title="Night Bus", SoundCloud_URL=url)
    second = database.add(Title="Night Bus", SoundCloud_URL=f"{url}?si=1")
    third = database.add(Title="Night Bus", SoundCloud_URL=f"{url}/", WAV_Fingerprint="a" * 64)
    summary = await run_flow(library_sync, sandbox, parallel=True)
    assert summary.counts["processed"] == 1
    assert summary.counts["skipped_duplicate"] == 2
    keepers = {r.dedupe_keeper_id for r in summary.results if r.dedupe_redirected}
    assert keepers == {third}
    assert len(sandbox.ledger.entries(service="eagle", kind="item.add")) == 2
    for page_id in (first, second):
        assert database.values(page_id)["Audio Processing Status"] == ["Duplicate"]


async def test_a_row_that_another_machine_works_on_waits(run_flow, sandbox_factory):
    """The keeper is locked: neither row changes, the next run finds them again."""
    merge = Merge(sandbox_factory, types())
    lock = f"77:Other-Mac.local:0badcafe:{datetime.now(UTC).replace(microsecond=0).isoformat()}"
    merge.sandbox.world.update_row(merge.done, {"Processing Lock": lock})
    before = merge.states()
    result = await merged(run_flow, merge)
    assert result.status is TrackStatus.SKIPPED_LOCKED
    assert merge.states() == before
    assert journalled_runs(merge.state_dir) == []


# ---- decided on the rows as they are, never on a listing


async def redirected(
    merge: Merge,
    keeper: str,
    other: str,
    meanwhile: Callable[[], object] = lambda: None,
    **settings: Any,
) -> Any:
    """What a run makes of a pair that its listing showed before `meanwhile`."""
    settings = {"notion_requests_per_minute": 100_000} | settings
    of_run = replace(load_settings(merge.sandbox.environment, env_file=None), **settings)
    session_options.set(SessionOptions(settings=of_run, timing=ALONE))
    async with open_session(with_eagle=False) as run:
        notion, schema = run.connections.notion, run.connections.schema
        listed = [to_track(await notion.page(page_id), schema) for page_id in (keeper, other)]
        meanwhile()
        return await redirect(run.connections, run.state.folder, *listed)


async def test_a_row_whose_address_was_corrected_meanwhile_is_no_duplicate(
    prefect_server, sandbox_factory
):
    """It shows another song by now; marked, no filter would ever look at it again."""
    merge = Merge(sandbox_factory, types())
    corrected = {"SoundCloud URL": "https://soundcloud.com/nova/another-song"}

    def correct() -> None:
        merge.sandbox.world.update_row(merge.again, corrected)

    _, before = merge.states()
    assert await redirected(merge, merge.done, merge.again, correct) is None
    assert merge.states()[1] == before | corrected
    assert journalled_runs(merge.state_dir) == []


async def test_machines_that_disagree_on_the_keeper_redirect_one_row(
    prefect_server, sandbox_factory
):
    """One listing is older than the other; both decide by the rows as they are."""
    merge = Merge(sandbox_factory, types())
    first = await redirected(merge, merge.again, merge.done)
    assert (first.page_id, first.dedupe_keeper_id) == (merge.again, merge.done)
    assert await redirected(merge, merge.again, merge.done) is None
    keeper, other = merge.rows()
    assert "Duplicate" not in keeper["Audio Processing Status"]
    assert other["Audio Processing Status"] == ["Duplicate"]


async def test_a_row_whose_keeper_was_redirected_meanwhile_is_no_duplicate(
    prefect_server, sandbox_factory
):
    merge = Merge(sandbox_factory, types())
    marked = {"Audio Processing Status": ["Duplicate"]}

    def mark() -> None:
        merge.sandbox.world.update_row(merge.done, marked)

    assert await redirected(merge, merge.done, merge.again, mark) is None
    assert merge.rows()[1]["Audio Processing Status"] == []


async def test_a_row_whose_trashing_got_no_answer_is_not_trashed_again(
    prefect_server, sandbox_factory
):
    """A copy that lands late would take back what a person restored meanwhile."""
    merge = Merge(sandbox_factory, types())
    no_answer = {"fault": "unavailable_saved", "body": "in_trash", "times": 5}
    merge.sandbox.use_faults(notion={"aimed": [no_answer]})
    result = await redirected(merge, merge.done, merge.again, dedupe_archive=True)
    assert result.status is TrackStatus.SKIPPED_DUPLICATE
    trashed = merge.sandbox.ledger.entries(event="commit", kind="page.trash")
    assert len(trashed) == 1


async def test_an_undone_merge_is_not_made_again(run_flow, sandbox_factory):
    """What a person took back is a decision: the pair stays apart, and the list says so."""
    merge = Merge(sandbox_factory, types())
    await merged(run_flow, merge)
    (run,) = merging_runs(merge.state_dir)
    assert not run.is_undone
    assert len(run.merges) == 1
    states = merge.states()
    assert await undo_run(run.name, dry_run=True) == 2
    assert merge.states() == states
    assert await undo_run(run.name) == 2
    (run,) = merging_runs(merge.state_dir)
    assert run.is_undone
    assert run.lines()[0].endswith("(undone)")
    summary = await run_flow(library_sync, merge.sandbox, filter=TrackFilter.ALL)
    assert summary.counts["skipped_duplicate"] == 0


async def test_two_rows_can_be_kept_apart_without_a_merge(run_flow, sandbox_factory):
    """By their links; nothing is asked of Notion."""
    merge = Merge(sandbox_factory, types())
    session_options.set(SessionOptions(settings=settings_of(merge.sandbox)))
    await keep_apart([f"https://www.notion.so/Row-{merge.done.replace('-', '')}", merge.again])
    summary = await run_flow(library_sync, merge.sandbox, filter=TrackFilter.ALL)
    assert summary.counts["skipped_duplicate"] == 0


async def test_two_rows_with_sixty_playlists_each_are_merged_as_far_as_they_fit(
    run_flow, sandbox_factory, caplog
):
    """Notion takes a hundred related pages at once: the rest is named, the row is redirected."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    url = database.world.soundcloud.catalogue.add_track("Night Bus", "Nova", seconds=5).url
    names = [f"List {number:03}" for number in range(120)]
    ids = database.playlists(*names)
    kept = database.add(
        Title="Night Bus", SoundCloud_URL=url, DL=True, Eagle_File_ID="E1", Playlists=ids[:60]
    )
    again = database.add(Title="Night Bus", SoundCloud_URL=f"{url}?si=1", Playlists=ids[60:])
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["skipped_duplicate"] == 1
    assert database.values(again)["Audio Processing Status"] == ["Duplicate"]
    assert len(database.values(kept)["Playlists"]) == 100
    assert "List 119" in caplog.text


async def test_a_share_link_is_followed_before_rows_are_compared(run_flow, sandbox_factory):
    """It leads to a track that another row has: redirected, nothing is downloaded."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    catalogue = database.world.soundcloud.catalogue
    track = catalogue.add_track("Night Bus", "Nova", seconds=5)
    done = database.add(Title="Night Bus", SoundCloud_URL=track.url, DL=True, Eagle_File_ID="E1")
    shared = database.add(Title="", SoundCloud_URL=catalogue.add_short_link(track))
    summary = await run_flow(library_sync, sandbox)
    assert [r.dedupe_keeper_id for r in summary.results if r.page_id == shared] == [done]
    assert sandbox.ledger.entries(service="eagle", kind="item.add") == []
