"""What a run over many finished rows asks of Notion: the listing, and little beside it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from flows.batch_sync import batch_sync
from flows.library_sync import library_sync
from sandbox.world import World
from tasks.notion.statuses import COMPLETE
from tasks.tracks import TrackFilter
from tests.conftest import FAULTS

_ROWS = 1_000
_PLAYLISTS = ("Dawn", "Dusk", "Noon", "Midnight", "Warmup", "Encore")


def finished_rows(world: World) -> None:
    """A thousand rows that lack nothing, each with its two items in its playlist's folder."""
    world.add_root_page()
    world.add_databases()
    folders = {name: world.add_eagle_folder("Playlists", name) for name in _PLAYLISTS}
    pages = {name: world.add_playlist(name) for name in _PLAYLISTS}
    for number in range(_ROWS):
        _add(world, number, pages, folders)


def _add(world: World, number: int, pages: dict[str, str], folders: dict[str, str]) -> None:
    name, url = f"Nova - Track {number}", f"https://soundcloud.com/nova/track-{number}"
    playlist = _PLAYLISTS[number % len(_PLAYLISTS)]
    ids = [
        world.eagle.add_item(
            name=name,
            ext=ext,
            url=url,
            tags=[playlist, "Nova", ext, "SoundCloud"],
            folders=[folders[playlist]],
            size=40_000_000,
            duration=240.0,
        )
        for ext in ("wav", "aiff")
    ]
    world.add_row(
        {
            "Title": f"Track {number}",
            "Artist Name": "Nova",
            "SoundCloud URL": url,
            "DL": True,
            "Playlists": [pages[playlist]],
            "Audio Duration (seconds)": 240,
            "Eagle File ID": ids[0],
            "Audio Processing Status": [COMPLETE],
        }
    )


def asked_of_notion(sandbox: Any) -> Counter[str]:
    """Requests so far, by what they were."""
    entries = sandbox.ledger.entries(event="request", service="notion")
    return Counter(entry["path"].split("/")[2] + " " + entry["method"] for entry in entries)


@pytest.mark.skipif(bool(FAULTS), reason="under which some are sent again")
@pytest.mark.parametrize("flow", [batch_sync, library_sync])
async def test_a_thousand_finished_rows_cost_their_listing(run_flow, sandbox_factory, flow):
    """Given nothing to do, then twelve queries at most: ten list a thousand rows."""
    sandbox = sandbox_factory(build=finished_rows)
    summary = await run_flow(flow, sandbox, filter=TrackFilter.ALL)
    assert summary.counts["skipped_done"] == summary.found == _ROWS
    asked = asked_of_notion(sandbox)
    assert asked["data_sources POST"] <= 12
    assert asked["pages GET"] + asked["pages PATCH"] == 0
    assert asked.total() <= 15
