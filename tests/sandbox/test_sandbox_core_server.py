"""The whole sandbox over HTTP: worlds, restart, ports, administration, command line."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import notion_client
import pytest
import yt_dlp

from sandbox import cli
from sandbox.builders import build_plain
from sandbox.faults import Aimed, EaglePlan, Fault, NotionPlan
from sandbox.listener import Listener
from sandbox.server import TOKEN, Sandbox
from sandbox.threaded import RunningSandbox, SandboxFactory, running_sandbox
from sandbox.world import ROOT_PAGE_ID, TRACK_PROPERTIES, World


@pytest.fixture
def small(sandbox_factory: SandboxFactory) -> RunningSandbox:
    return sandbox_factory(tracks=3)


@contextlib.contextmanager
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.address, trust_env=False) as client:
        yield client


def notion(sandbox: Sandbox) -> notion_client.Client:
    return notion_client.Client(
        auth=TOKEN,
        base_url=sandbox.environment["NOTION_BASE_URL"],
        client=httpx.Client(trust_env=False),
        retry=False,
    )


def rows_over_http(sandbox: Sandbox) -> list[dict[str, Any]]:
    client = notion(sandbox)
    found = client.databases.retrieve(sandbox.environment["TRACKS_DB_ID"])
    source = found["data_sources"][0]["id"]
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.data_sources.query(source, page_size=100, **cursor)
        rows += page["results"]
        if not page["has_more"]:
            return rows
        cursor = {"start_cursor": page["next_cursor"]}


def test_an_empty_world_has_the_root_page_alone(sandbox_factory: SandboxFactory) -> None:
    sandbox = sandbox_factory(empty=True, eagle_library="Studio")
    page = notion(sandbox).pages.retrieve(ROOT_PAGE_ID)
    assert page["properties"]["title"]["title"][0]["plain_text"] == "Tests"
    assert [found["id"] for found in notion(sandbox).search()["results"]] == [ROOT_PAGE_ID]
    assert not {"TRACKS_DB_ID", "PLAYLISTS_DB_ID"} & set(sandbox.environment)
    with http(sandbox) as client:
        library = client.get("/api/library/info").json()["data"]
        assert library["library"]["name"] == "Studio"
        assert library["library"]["path"] == sandbox.environment["EAGLE_LIBRARY_PATH"]
        assert client.get("/api/item/list").json()["data"] == []
        assert client.get("/api/folder/list").json()["data"] == []


def test_n_tracks_give_n_ordinary_rows(sandbox_factory: SandboxFactory) -> None:
    """Every row has a SoundCloud address of its own, no state, and a track 30-200 s long."""
    sandbox = sandbox_factory(tracks=40)
    rows = rows_over_http(sandbox)
    addresses = {row["properties"]["SoundCloud URL"]["url"] for row in rows}
    assert len(rows) == len(addresses) == 40
    assert {urlsplit(address).hostname for address in addresses} == {"soundcloud.com"}
    assert not any(row["properties"]["DL"]["checkbox"] for row in rows)
    made = sandbox.world.rows
    assert {row.url for row in made} == addresses
    assert all(29 <= row.seconds <= 201 for row in made)
    assert 60 <= sum(row.seconds for row in made) / 40 <= 100
    assert {len(row.playlists) for row in made} == {0, 1, 2}
    assert len(sandbox.world.playlists) == 6
    assert len({row.condition for row in made}) == 2


def test_the_tracks_database_has_the_owners_properties(small: RunningSandbox) -> None:
    client = notion(small)
    database = client.databases.retrieve(small.environment["TRACKS_DB_ID"])
    assert database["title"][0]["plain_text"] == "Music Tracks"
    source = client.data_sources.retrieve(database["data_sources"][0]["id"])
    assert {name: kind["type"] for name, kind in source["properties"].items()} == TRACK_PROPERTIES
    playlists = client.databases.retrieve(small.environment["PLAYLISTS_DB_ID"])
    related = source["properties"]["Playlists"]["relation"]["data_source_id"]
    assert related == playlists["data_sources"][0]["id"]


def test_the_demo_has_twelve_ordinary_rows_and_every_trouble(
    sandbox_factory: SandboxFactory,
) -> None:
    sandbox = sandbox_factory()
    rows = sandbox.world.values_of_all()
    assert len(rows) == 21
    with_source = [row for row in rows if row["SoundCloud URL"]]
    assert len(with_source) == 20
    spotify_only = [row for row in rows if row["Spotify URL"]]
    assert [row["SoundCloud URL"] for row in spotify_only] == [None]
    conditions = [row.condition for row in sandbox.world.rows]
    assert all(conditions.count(trouble) == 1 for trouble in ("removed", "geo_blocked"))
    shared = [
        row["SoundCloud URL"] for row in with_source if "m.soundcloud" in row["SoundCloud URL"]
    ]
    assert len(shared) == 1
    plain = shared[0].partition("?")[0].replace("m.soundcloud", "soundcloud")
    assert plain in {row["SoundCloud URL"] for row in with_source}
    assert [row["Title"] for row in rows if row["Processing Lock"]]
    done = [row for row in rows if row["DL"]]
    assert [bool(row["Eagle File ID"]) for row in done] == [True, False]
    items = [item.record for item in sandbox.eagle.items()]
    for row in done:
        kinds = sorted(item["ext"] for item in items if item["url"] == row["SoundCloud URL"])
        assert kinds == ["aiff", "wav"]
    assert done[0]["Eagle File ID"] in {item["id"] for item in items}


def test_a_restart_finds_the_same_world(tmp_path: Path) -> None:
    """Ids, rows, what was written over HTTP, Eagle's items and the tracks outlive a restart."""
    with running_sandbox(tmp_path, tracks=2) as first:
        row = first.world.rows[0]
        checked = {"properties": {"DL": {"checkbox": True}}}
        notion(first).pages.update(row.page_id, **checked)
        item = first.eagle.add_item(None, name="Kept", ext="wav", url=row.url)
        before = first.environment
        added = first.world.add_track("Added While Running", "Polder", seconds=31)
    with running_sandbox(tmp_path, tracks=99) as second:
        assert second.world.rows == [*first.world.rows[:2], added]
        assert second.environment["TRACKS_DB_ID"] == before["TRACKS_DB_ID"]
        assert second.world.values_of(row.page_id)["DL"] is True
        assert second.eagle.find(item) is not None
        second.soundcloud.catalogue.set_condition(added.track_id, "removed")
        assert second.ledger.entries() == []


def test_a_half_built_state_is_refused(tmp_path: Path) -> None:
    """A build that broke off must not be built over, nor served as if it were whole."""

    def breaks_off(world: World) -> None:
        build_plain(world, 1)
        raise RuntimeError("power cut")

    with (
        pytest.raises(RuntimeError, match="power cut"),
        running_sandbox(tmp_path, build=breaks_off),
    ):
        pass
    with pytest.raises(FileExistsError, match="half-built"), running_sandbox(tmp_path):
        pass


def test_two_sandboxes_run_side_by_side(sandbox_factory: SandboxFactory) -> None:
    one, other = sandbox_factory(tracks=1), sandbox_factory(tracks=2)
    assert len(rows_over_http(one)) == 1
    assert len(rows_over_http(other)) == 2
    assert one.environment["SC_PROXY"] != other.environment["SC_PROXY"]


async def test_it_serves_in_the_running_loop_and_leaves_nothing_open(tmp_path: Path) -> None:
    async with Sandbox(tmp_path, tracks=1) as sandbox:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{sandbox.address}/_sandbox/summary")
        assert answer.json()["notion"]["rows"]["all"] == 1
        ports = [
            urlsplit(sandbox.environment[name]).port
            for name in ("NOTION_BASE_URL", "EAGLE_API_BASE", "SC_PROXY")
        ]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with Sandbox(tmp_path, port=taken.getsockname()[1], empty=True):
                pass


def test_a_stopped_eagle_refuses_and_comes_back_on_the_same_port(small: RunningSandbox) -> None:
    base = small.environment["EAGLE_API_BASE"]
    with http(small) as client:
        client.post("/_sandbox/eagle", json={"stopped": True}).raise_for_status()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{base}/api/application/info", trust_env=False)
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/api/application/info")
        client.post("/_sandbox/eagle", json={"stopped": False}).raise_for_status()
    assert httpx.get(f"{base}/api/application/info", trust_env=False).status_code == 200


def test_eagles_user_opens_another_library_in_the_middle(small: RunningSandbox) -> None:
    small.set_faults("eagle", EaglePlan(switch_after=3, switch_to="Elsewhere"))
    with http(small) as client:
        names = [
            client.get("/api/library/info").json()["data"]["library"]["name"] for _ in range(4)
        ]
    assert names == ["Sandbox", "Sandbox", "Elsewhere", "Elsewhere"]
    assert small.environment["EAGLE_LIBRARY_PATH"].endswith("Sandbox.library")


def test_faults_are_set_shown_and_ended_by_calls(small: RunningSandbox) -> None:
    with http(small) as client:
        plan = {"rates": {"bad_gateway": 1.0}, "query_lag": [1, 2], "cursor_lifetime": 9}
        shown = client.post("/_sandbox/faults", json={"service": "notion", "plan": plan}).json()
        assert shown["notion"]["rates"] == {"bad_gateway": 1.0}
        assert (small.notion.query_lag, small.notion.cursor_lifetime) == ((1, 2), 9)
        assert client.get(f"/v1/pages/{ROOT_PAGE_ID}").status_code == 502
        assert client.get("/_sandbox/summary").json()["faults"] == {"notion": {"bad_gateway": 1}}
        assert client.delete("/_sandbox/faults").json()["notion"]["rates"] == {}
        assert (small.notion.query_lag, small.notion.cursor_lifetime) == ((0, 0), None)
        assert client.get(f"/v1/pages/{ROOT_PAGE_ID}").status_code == 401
        rough = client.post("/_sandbox/faults", json={"preset": "rough", "seed": 4}).json()
        assert rough["eagle"]["import_delay"] == [0.2, 4.0]
        assert small.eagle.import_delay == (0.2, 4.0)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"preset": "dreadful"}),
        ("faults", {"service": "notion", "plan": {"rates": {"boredom": 1}}}),
        ("faults", {"plan": {"rates": {"late": 1}}}),
        ("faults", []),
        ("eagle", {"asleep": True}),
        ("eagle", {"library": "/nowhere/None.library"}),
        ("soundcloud/77/condition", {"condition": "removed"}),
        ("soundcloud/77/condition", {}),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(
    small: RunningSandbox, path: str, body: object
) -> None:
    with http(small) as client:
        answer = client.post(f"/_sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_queries_lag_while_get_is_fresh(small: RunningSandbox) -> None:
    small.set_faults("notion", NotionPlan(query_lag=(30, 30)))
    page = small.world.rows[0].page_id
    notion(small).pages.update(page, properties={"DL": {"checkbox": True}})
    assert notion(small).pages.retrieve(page)["properties"]["DL"]["checkbox"] is True
    assert not any(row["properties"]["DL"]["checkbox"] for row in rows_over_http(small))


def test_a_write_that_lands_late_is_in_the_ledger(small: RunningSandbox) -> None:
    aim = Aimed(fault=Fault.LATE, method="PATCH", after=0.2)
    small.set_faults("notion", NotionPlan(aimed=(aim,), late_hold_seconds=(0, 0)))
    page = small.world.rows[0].page_id
    with pytest.raises(httpx.RemoteProtocolError):
        notion(small).pages.update(page, properties={"DL": {"checkbox": True}})
    assert small.world.values_of(page)["DL"] is False
    small.wait_for(small.settle())
    assert small.world.values_of(page)["DL"] is True
    with http(small) as client:
        found = client.get("/_sandbox/ledger", params={"kind": "late.landed"}).json()
        assert [entry["status"] for entry in found] == [200]
        last = client.get("/_sandbox/ledger", params={"event": "request", "last": 1}).json()
    assert (last[0]["fault"], last[0]["status"], last[0]["service"]) == ("late", 0, "notion")


def test_the_summary_counts_what_happened(small: RunningSandbox, tmp_path: Path) -> None:
    row = small.world.rows[0]
    lock = "1:host:0a0b0c0d:2026-01-16T10:30:00+00:00"
    small.world.update_row(row.page_id, {"Processing Lock": lock})
    notion(small).pages.update(row.page_id, properties={"DL": {"checkbox": True}})
    wav = tmp_path / "a.wav"
    wav.write_bytes(b"RIFF" + bytes(400))
    with http(small) as client:
        sent = {"path": str(wav), "name": "A", "website": row.url}
        client.post("/api/item/addFromPath", json=sent).raise_for_status()
        deadline = time.monotonic() + 60
        while not (summary := client.get("/_sandbox/summary").json())["eagle"]["imports"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert summary["notion"]["rows"] == {"all": 3, "done": 1, "with_eagle_id": 0, "with_paths": 0}
    assert summary["notion"]["locks"] == [{"title": row.title, "lock": lock}]
    assert summary["eagle"]["items"] == {"wav": 1}
    assert summary["requests"]["notion"] == {"PATCH /v1/pages/{id}": 1}
    assert summary["requests"]["eagle"] == {"POST /api/item/addFromPath": 1}


def test_lists_of_soundcloud_are_made_and_changed_while_it_serves(small: RunningSandbox) -> None:
    accounts, catalogue = small.soundcloud.accounts, small.soundcloud.catalogue
    place = "/_sandbox/soundcloud"
    with http(small) as client:
        new = {"title": "Made Now", "artist": "Nova", "seconds": 5}
        track = client.post(f"{place}/tracks", json=new).json()
        assert track in client.get(f"{place}/tracks").json()
        liked = client.post(f"{place}/likes", json={"account": "Robin", "tracks": [track["id"]]})
        assert liked.json() == {"url": "https://soundcloud.com/robin/likes"}
        made = client.post(f"{place}/sets", json={"title": "S", "artist": "Robin", "tracks": []})
        grown = {"url": made.json()["url"], "tracks": [track["id"]]}
        assert client.post(f"{place}/sets", json=grown).json()["url"] == grown["url"]
        client.post(f"{place}/closed", json={"path": "robin/likes", "status": 403})
        unknown = client.post(f"{place}/likes", json={"account": "Robin", "tracks": [1]})
        assert (unknown.status_code, "no track 1" in unknown.json()["error"]) == (400, True)
    assert [each.id for each in accounts.shelf("robin", "likes")] == [track["id"]]
    assert catalogue.at("robin/sets/s").tracks == (track["id"],)
    assert accounts.closed("robin/likes") == 403


def test_plain_audio_lies_at_direct_addresses(small: RunningSandbox) -> None:
    with http(small) as client:
        listed = client.get("/audio/").json()
        answer = client.get("/audio/plain-chant.wav")
        part = client.get("/audio/plain-chant.wav", headers={"range": "bytes=0-99"})
        assert client.get("/audio/none.mp3").status_code == 404
        assert client.get("/audio/..%2fworld.json").status_code == 404
    assert part.status_code == 206
    assert part.content == answer.content[:100]
    with av.open(io.BytesIO(answer.content)) as sound:
        samples = sum(frame.samples for frame in sound.decode(audio=0))
    assert samples / 44_100 == pytest.approx(listed["plain-chant.wav"], abs=0.01)


def test_yt_dlp_gets_a_row_whole_through_the_proxy(small: RunningSandbox, tmp_path: Path) -> None:
    """The environment's SC_PROXY and the row's ordinary address are all it takes."""
    row = min(small.world.rows, key=lambda row: row.seconds)
    options = {
        "proxy": small.environment["SC_PROXY"],
        "nocheckcertificate": True,
        "quiet": True,
        "cachedir": False,
        "format": "ba",
        "outtmpl": str(tmp_path / "%(id)s.%(ext)s"),
    }
    with yt_dlp.YoutubeDL(options) as downloader:
        info = downloader.extract_info(row.url)
    assert info["id"] == str(row.track_id)
    assert info["title"] == row.title
    with av.open(info["requested_downloads"][0]["filepath"]) as sound:
        stream = sound.streams.audio[0]
        samples = sum(frame.samples for frame in sound.decode(stream))
        assert samples / stream.rate == pytest.approx(row.seconds, abs=0.1)


def test_a_tracks_condition_can_be_changed_while_it_serves(small: RunningSandbox) -> None:
    row = small.world.rows[0]
    with http(small) as client:
        answer = client.post(
            f"/_sandbox/soundcloud/{row.track_id}/condition",
            json={"condition": "truncated", "share": 0.3, "times": 1},
        )
    assert answer.json()["details"] == {"share": 0.3, "times": 1}
    track = small.soundcloud.catalogue.track(row.track_id)
    assert track is not None
    assert track.condition == "truncated"


def test_faults_of_all_three_keep_their_seed_and_reach_soundcloud(small: RunningSandbox) -> None:
    small.use_faults("rough", seed=3, notion={"rates": {}}, soundcloud={"format_budget": 7})
    assert small.faults["notion"].plan.rates == {}
    assert small.soundcloud.catalogue.format_budget == 7
    assert Fault.DROPPED in small.soundcloud.plan.rates
    small.use_faults()
    assert not any(small.faults[name].plan.rates for name in small.faults)
    assert small.soundcloud.catalogue.format_budget is None


def test_the_command_line_prints_its_environment_and_ends_with_zero(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--tracks", "40", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        environment = json.loads(process.stdout.readline())
        answer = httpx.get(f"{environment['NOTION_BASE_URL']}/_sandbox/summary", trust_env=False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert answer.json()["notion"]["rows"]["all"] == 40
    assert environment["OUT_DIR"] == str(tmp_path / "out")


def test_the_command_line_says_what_is_wrong_with_its_port(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.run(cli.Options(empty=True, port=port, state=tmp_path)) == 78
    assert "--port" in capsys.readouterr().err


async def test_a_listener_closes_at_once_though_a_request_hangs() -> None:
    asked = asyncio.Event()

    async def hangs(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    listener = Listener(hangs)
    await listener.open()
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    await asked.wait()
    await asyncio.wait_for(listener.close(), 60)
    writer.close()


async def test_nobody_gets_the_port_of_what_is_shut_for_a_while() -> None:
    """Beside other processes that look for free ports, it opens again on its own."""

    async def refuses(*_: object) -> None:
        raise AssertionError

    listener = Listener(refuses)
    await listener.open()
    await listener.shut()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", listener.port)
    with socket.socket() as another, pytest.raises(OSError, match="in use"):
        another.bind(("127.0.0.1", listener.port))
    await listener.open()
    await listener.close()
    with socket.socket() as another:
        another.bind(("127.0.0.1", listener.port))
