"""`library-sync why`: what is known of one row, in sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.__main__ import main
from flows.library_sync import library_sync
from flows.rows.why import why
from flows.session.opening import SessionOptions, session_options
from tasks.errors import ConfigurationError
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, types


async def told(sandbox: Any, given: str) -> str:
    """All that is said of the rows."""
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    return "\n".join(text for row in await why(given) for text in row.lines())


async def test_a_row_is_found_by_its_link_and_by_its_tracks_address(run_flow, sandbox_factory):
    """What it is, what a sync would do, and why; before and after it came in."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    page = database.add(audio="Glass", Title="Glass", Artist_Name="Nova")
    address = database.values(page)["SoundCloud URL"]
    link = f"https://www.notion.so/Glass-{page.replace('-', '')}"
    assert "would download: Eagle does not have it" in await told(sandbox, link)
    await run_flow(library_sync, sandbox)
    after = await told(sandbox, f"{address}?si=1")
    assert after == await told(sandbox, page)
    assert "ticked as downloaded, names files" in after
    assert "would leave it alone: the row is complete" in after
    assert f"has the WAV {database.values(page)['Eagle File ID']}" in after


async def test_a_lock_an_attempt_and_a_twin_are_told(run_flow, sandbox_factory):
    """Whose lock it is, when it is tried again, and which other rows name the track."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    lost = database.add(Title="Lost", SoundCloud_URL="https://soundcloud.com/nova/never-was")
    await run_flow(library_sync, sandbox)
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    lock = f"77:Other-Mac.local:0badcafe:{since}"
    database.add(
        Title="Lost too",
        SoundCloud_URL="https://m.soundcloud.com/nova/never-was",
        Processing_Lock=lock,
    )
    said = await told(sandbox, lost)
    assert "SC_404" in said
    assert "waits: not due before" in said
    assert "Lost too" in said
    assert "process 77 on Other-Mac.local" in await told(sandbox, "soundcloud.com/nova/never-was")


async def test_a_lock_that_nobody_can_read_is_over_in_time(sandbox_factory):
    """It is no lock of ours: the row's last edit tells its age."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    page = database.add(Title="Held", audio="Glass", Processing_Lock="hands off!")
    assert "holds the row until 30 min after its last edit" in await told(sandbox, page)
    objects = sandbox.notion.objects
    with objects.guard:
        objects.change(objects.page(page), edited=objects.page(page).edited - 3_600_000)
        objects.flush()
    assert "its time is over" in await told(sandbox, page)


async def test_what_names_no_row_is_said(sandbox_factory):
    """An address that no row has, and one that is none."""
    sandbox = sandbox_factory(tracks=1)
    for given in ("https://soundcloud.com/nova/nobody", "0" * 31 + "1", "https://example.com/x"):
        with pytest.raises(ConfigurationError):
            await told(sandbox, given)


def test_the_command_prints_and_writes_json(sandbox_factory, monkeypatch, tmp_path, capsys):
    """The same words, and the same facts for a program."""
    sandbox = sandbox_factory(tracks=1)
    monkeypatch.chdir(tmp_path)
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    page = sandbox.world.rows[0].page_id
    assert main(["why", page, "--json", "why.json"]) == 0
    (row,) = json.loads(Path("why.json").read_text())["rows"]
    assert row["page_id"] == page
    assert row["label"] in capsys.readouterr().out
