"""Eagle's transport against the stand-in over HTTP: complete lists, honest errors, no leaks."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.listener import Listener
from tasks.eagle.client import EagleClient
from tasks.eagle.paths import PathMap
from tasks.eagle.wire import records_in
from tasks.errors import ConfigurationError, EagleMalformed, EagleRefused, EagleUnavailable
from tests.tasks.eagle_world import World, eagle_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with eagle_world(tmp_path) as made:
        yield made


def seed(world: World, count: int) -> None:
    """Records without files; seeding files would only slow the test down."""
    for number in range(count):
        world.app.add_item(None, name=f"Track {number}", ext="wav", duration=1.0)


async def test_the_library_and_the_app_tell_who_they_are(world: World) -> None:
    assert (await world.client.application_info())["version"] == "4.0.0"
    library = await world.client.library()
    assert library.name == "Sandbox"
    assert library.path == str(world.app.library.path)


async def test_a_list_longer_than_the_default_page_comes_whole_in_one_request(world: World) -> None:
    seed(world, 321)
    trashed = world.app.add_item(None, name="gone", ext="wav")
    world.app.trash([trashed])
    items = await world.client.list_items()
    assert len({item.id for item in items}) == len(items) == 321
    assert world.wire.count("item/list") == 1


async def test_a_round_number_of_items_is_checked_for_a_hidden_cap(world: World) -> None:
    seed(world, 200)
    assert len(await world.client.list_items()) == 200
    assert world.wire.count("item/list") == 1
    assert world.wire.count("v2/item/countAll") == 1


async def test_a_server_that_caps_its_lists_is_read_to_the_end(world: World) -> None:
    """Eagle documents no maximum; should a version have one, nothing may be missing."""
    seed(world, 250)
    inner = world.wire.app

    async def capped(scope, receive, send):  # type: ignore[no-untyped-def]
        query = scope["query_string"].replace(b"limit=1000000", b"limit=100")
        await inner(scope | {"query_string": query}, receive, send)

    world.wire.app = capped
    assert len({item.id for item in await world.client.list_items()}) == 250


async def test_the_newest_items_come_first(world: World) -> None:
    seed(world, 30)
    newest = world.app.add_item(None, name="newest", ext="wav", modification_time=2**41)
    recent = await world.client.recent_items(3)
    assert recent[0].id == newest
    assert len(recent) == 3


async def test_an_unknown_item_is_none(world: World) -> None:
    assert await world.client.item("MKBAC8F1BAVW2") is None


async def test_tags_are_added_and_the_users_are_kept(world: World) -> None:
    item_id = world.app.add_item(None, name="a", ext="wav", tags=["mine", "both"])
    item = await world.client.extend(item_id, tags=["both", "ours"])
    assert item.tags == ("mine", "both", "ours")
    await world.client.extend(item_id, tags=["ours"])
    assert world.wire.count("item/update") == 1


async def test_an_existing_item_is_put_into_a_folder_where_v2_is_offered(world: World) -> None:
    mine, ours = world.app.create_folder("Mine"), world.app.create_folder("Ours")
    item_id = world.app.add_item(None, name="a", ext="wav", folders=[mine])
    item = await world.client.extend(item_id, tags=["new"], folder_id=ours)
    assert (item.tags, item.folders) == (("new",), (mine, ours))
    assert world.wire.count("v2/item/update") == 1
    assert world.wire.count("item/update") == 0


async def test_a_missing_file_is_refused_in_eagles_words(world: World) -> None:
    with pytest.raises(EagleRefused, match=r"addFromPath.*no such file") as caught:
        await world.client.add_from_path(world.folder / "none.wav", name="none")
    assert not caught.value.retryable


async def test_a_stopped_eagle_is_unavailable_and_certainly_changed_nothing(world: World) -> None:
    await world.listener.close()
    with pytest.raises(EagleUnavailable, match="does not answer") as caught:
        await world.client.create_folder("Playlists")
    assert caught.value.maybe_applied is False


async def test_a_lost_answer_to_a_change_may_have_been_applied(world: World) -> None:
    world.wire.lose_answers["folder/create"] = 1
    with pytest.raises(EagleUnavailable) as caught:
        await world.client.create_folder("Playlists")
    assert caught.value.maybe_applied is True
    assert [folder.name for folder in await world.client.folders()] == ["Playlists"]


async def test_the_token_is_sent_but_never_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "tasks.eagle.client")
    seen: list[str] = []
    inner = world.wire.app

    async def noting(scope, receive, send):  # type: ignore[no-untyped-def]
        seen.append(scope["query_string"].decode())
        await inner(scope, receive, send)

    world.wire.app = noting
    async with EagleClient(world.listener.address, "s3cr3t-t0ken") as client:
        await client.library()
        await client.list_items()
        await world.listener.close()
        with pytest.raises(EagleUnavailable) as caught:
            await client.library()
    assert all("token=s3cr3t-t0ken" in query for query in seen)
    told = [str(caught.value), repr(caught.value), repr(client), caplog.text]
    assert "GET library/info: 200" in caplog.text
    assert not any("s3cr3t" in text for text in told)


async def answers(text: str, status: int = 200) -> AsyncIterator[EagleClient]:
    """A client for a server that says `text` to everything."""

    async def say(_request: Request) -> Response:
        return PlainTextResponse(text, status)

    listener = Listener(Starlette(routes=[Route("/{path:path}", say, methods=["GET", "POST"])]))
    await listener.open()
    async with EagleClient(listener.address) as client:
        yield client
    await listener.close()


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ('{"status":"error","message":"from V2"}', 500, "from V2"),
        ('{"status":"error","data":"from V1"}', 500, "from V1"),
        ('{"status":"error","data":"though 200"}', 200, "though 200"),
        ('{"status":"error","code":7}', 500, "HTTP 500"),
        ("<html>proxy</html>", 200, "no JSON"),
        ("[]", 200, "no envelope"),
    ],
)
async def test_every_kind_of_error_envelope_is_an_error(text: str, status: int, told: str) -> None:
    async for client in answers(text, status):
        with pytest.raises((EagleRefused, EagleMalformed), match=told):
            await client.application_info()
        with pytest.raises((EagleRefused, EagleMalformed)):
            await client.list_items()


async def test_no_open_library_is_said_in_our_words() -> None:
    async for client in answers(
        '{"status":"error","data":"No library have been opened yet."}', 500
    ):
        with pytest.raises(EagleUnavailable, match="no library open"):
            await client.library()


async def test_an_eagle_without_v2_still_takes_the_tags(world: World) -> None:
    ours = world.app.create_folder("Ours")
    item_id = world.app.add_item(None, name="a", ext="wav")
    inner = world.wire.app

    async def v1_only(scope, receive, send):  # type: ignore[no-untyped-def]
        path = scope["path"].replace("/api/v2/", "/api/unknown/")
        await inner(scope | {"path": path}, receive, send)

    world.wire.app = v1_only
    client = world.client
    item = await client.extend(item_id, tags=["new"], folder_id=ours)
    assert (item.tags, item.folders) == (("new",), ())
    assert await client.has_v2() is False
    assert world.wire.count("v2/app/info") == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
async def test_records_are_read_whole_however_they_arrive(size: int) -> None:
    text = '{"status" : "success", "data" : [{"id":"A","n":"]},{\\""}, {"id":"夜"}\n] }'

    async def chunks() -> AsyncIterator[str]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    found = [record async for record in records_in(chunks(), status=200, what="item/list")]
    assert [record["id"] for record in found] == ["A", "夜"]


@pytest.mark.parametrize("cut", [35, 60, 80])
async def test_a_list_that_was_cut_short_is_no_list(cut: int) -> None:
    text = '{"status":"success","data":[{"id":"A","name":"x"},{"id":"B","name":"y"},{"id":"C"}]}'

    async def chunks() -> AsyncIterator[str]:
        yield text[:cut]

    with pytest.raises(EagleRefused):
        [record async for record in records_in(chunks(), status=200, what="item/list")]


def test_paths_are_translated_both_ways_by_the_longest_folder() -> None:
    paths = PathMap.parse(r"/home/me/music=/Volumes/VIBES/music, /home/me/music/eagle=E:\Eagle")
    assert paths.to_eagle(Path("/home/me/music/a b/c.wav")) == "/Volumes/VIBES/music/a b/c.wav"
    assert paths.to_eagle(Path("/home/me/music/eagle/x/ü.wav")) == r"E:\Eagle\x\ü.wav"
    assert paths.to_eagle(Path("/home/me/musicals/c.wav")) == "/home/me/musicals/c.wav"
    assert paths.from_eagle(r"e:\eagle\L.library") == Path("/home/me/music/eagle/L.library")
    assert paths.from_eagle("/Volumes/VIBES/music/x") == Path("/home/me/music/x")
    assert paths.from_eagle("/elsewhere/x") == Path("/elsewhere/x")


def test_a_share_and_a_bare_drive_are_targets_too() -> None:
    share = PathMap.parse(r"/mnt/nas=\\nas\music")
    assert share.to_eagle(Path("/mnt/nas/a/b.wav")) == r"\\nas\music\a\b.wav"
    assert share.from_eagle(r"\\NAS\music\a\b.wav") == Path("/mnt/nas/a/b.wav")
    assert PathMap.parse("/data=D:/").to_eagle(Path("/data/a.wav")) == r"D:\a.wav"
    assert PathMap.parse("/data=/").to_eagle(Path("/data/a.wav")) == "/a.wav"
    assert PathMap.parse("").to_eagle(Path("/data/a.wav")) == "/data/a.wav"


@pytest.mark.parametrize("text", ["/only-one", "relative=/there", "/here=there", "=", "/a=/b,x"])
def test_a_path_map_that_maps_nothing_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="EAGLE_PATH_MAP"):
        PathMap.parse(text)
