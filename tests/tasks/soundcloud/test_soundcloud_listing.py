"""Lists of SoundCloud, read as far as needed by yt-dlp's own extractors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tasks.errors import BadAddress, SourceDenied, TrackNotFound
from tasks.soundcloud import listing
from tasks.soundcloud.address import parse_address
from tasks.soundcloud.listing import read_list
from tasks.soundcloud.lists import ListKind, parse_list_address
from tests.tasks.soundcloud_world import SoundCloudWorld, soundcloud_world

API = "api-v2.soundcloud.com"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SoundCloudWorld]:
    async with soundcloud_world(tmp_path) as made:
        yield made


def numbers(found: listing.SourceList) -> list[str]:
    return [track.number for track in found.tracks]


async def test_a_playlist_is_read_in_its_order_with_what_it_says_of_its_tracks(world) -> None:
    """One request. Those beyond the fifth come as numbers only."""
    tracks = [world.add(f"Track {number}") for number in range(7)]
    url = world.standin.catalogue.add_set("A Set", "Some One", [*tracks, tracks[0]])
    found = await read_list(world.client(), parse_list_address(f"{url}/?si=1"))
    assert (found.title, found.is_whole) == ("A Set", True)
    assert numbers(found) == [str(track.id) for track in tracks]
    addresses = [parse_address(track.url) for track in found.tracks]
    assert [address.url for address in addresses[:5]] == [track.url for track in tracks[:5]]
    assert [address.key for address in addresses[5:]] == [
        f"soundcloud:tracks:{track.id}" for track in tracks[5:]
    ]
    assert [track.facts.title for track in found.tracks[:5] if track.facts] == [
        track.title for track in tracks[:5]
    ]
    assert found.tracks[6].facts is None
    assert len(world.requests(API)) == 1


async def test_a_playlist_is_read_by_the_embedded_players_address_as_well(world) -> None:
    """It names the playlist by its number."""
    tracks = [world.add(f"Track {number}") for number in range(2)]
    world.standin.catalogue.add_set("A Set", "Some One", tracks)
    number = world.standin.catalogue.sets[0].id
    player = "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/playlists/"
    found = await read_list(
        world.client(), parse_list_address(f"{player}soundcloud%253Aplaylists%253A{number}")
    )
    assert (found.title, numbers(found)) == ("A Set", [str(track.id) for track in tracks])


@pytest.mark.parametrize("kind", ["likes", "reposts", "tracks"])
async def test_a_list_costs_a_request_a_page_and_ends_at_the_first_known_page(world, kind) -> None:
    """Its tracks are named by the pages themselves: none is asked for one by one."""
    tracks = [world.add(f"Track {number}") for number in range(450)]
    name = "Some One" if kind == "tracks" else "Robin"
    if kind != "tracks":
        getattr(world.standin.accounts, kind.removesuffix("s"))(name, *tracks)
    address = parse_list_address(f"https://soundcloud.com/{name.replace(' ', '-').lower()}/{kind}")
    newest_first = [str(track.id) for track in tracks[::-1]]
    client = world.client()

    whole = await read_list(client, address)
    assert (numbers(whole), whole.is_whole) == (newest_first, True)
    assert {track.facts.artist for track in whole.tracks if track.facts} == {"Some One"}
    assert whole.tracks[0].facts.title == "Track 449"
    assert len(world.requests(API)) == 1 + 3

    before = len(world.requests(API))
    again = await read_list(client, address, frozenset(newest_first))
    assert (numbers(again), again.is_whole) == (newest_first[:200], False)
    assert len(world.requests(API)) - before == 2

    before = len(world.requests(API))
    gap = await read_list(client, address, frozenset(newest_first) - {newest_first[150]})
    assert numbers(gap) == newest_first[:400]
    assert len(world.requests(API)) - before == 3


async def test_playlists_that_somebody_likes_are_counted_and_left_out(world) -> None:
    track = world.add()
    world.standin.accounts.like("Robin", track)
    url = world.standin.catalogue.add_set("Mix", "Robin", [track])
    world.standin.accounts.like("Robin", world.standin.catalogue.at("robin/sets/mix"))
    assert url.endswith("robin/sets/mix")
    found = await read_list(world.client(), parse_list_address("soundcloud.com/robin/likes"))
    assert (numbers(found), found.others) == ([str(track.id)], 1)


async def test_a_list_that_is_gone_and_one_that_is_refused(world) -> None:
    """A refusal of a list holds no download back."""
    url = world.standin.accounts.like("Robin", world.add())
    client, address = world.client(), parse_list_address(url)
    world.standin.accounts.close("robin")
    with pytest.raises(TrackNotFound, match="removed, or it is private"):
        await read_list(client, address)
    world.standin.accounts.close("robin", 403)
    for _ in range(3):
        with pytest.raises(SourceDenied):
            await read_list(client, address)
    assert client._budget.paused_for == 0


async def test_without_a_browsers_looks_a_refusal_says_what_to_install(world, monkeypatch) -> None:
    monkeypatch.setattr(listing, "_BROWSER", "NotInstalled")
    url = world.standin.accounts.like("Robin", world.add())
    client, address = world.client(), parse_list_address(url)
    assert len((await read_list(client, address)).tracks) == 1
    world.standin.accounts.close("robin", 403)
    with pytest.raises(SourceDenied) as caught:
        await read_list(client, address)
    assert "pip install curl-cffi" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        ("https://soundcloud.com/Artist", ListKind.TRACKS, "https://soundcloud.com/Artist/tracks"),
        ("m.soundcloud.com/artist/likes/", ListKind.LIKES, "https://soundcloud.com/artist/likes"),
        ("www.soundcloud.com/a/reposts?x=1", ListKind.REPOSTS, "https://soundcloud.com/a/reposts"),
        ("soundcloud.com/a/Tracks#t", ListKind.TRACKS, "https://soundcloud.com/a/tracks"),
        ("soundcloud.com/a/sets/b?si=1", ListKind.SET, "https://soundcloud.com/a/sets/b"),
        ("soundcloud.com/a/sets/b/s-1", ListKind.SET, "https://soundcloud.com/a/sets/b/s-1"),
    ],
)
def test_addresses_of_lists(text: str, kind: ListKind, url: str) -> None:
    found = parse_list_address(text)
    assert (found.kind, found.url) == (kind, url)


def test_one_list_has_one_key() -> None:
    secret, plain = (parse_list_address(f"soundcloud.com/A/sets/B{end}") for end in ("/s-1", ""))
    assert secret.key == plain.key == "soundcloud.com/a/sets/b"
    assert parse_list_address("soundcloud.com/A").key == "soundcloud.com/a/tracks"


@pytest.mark.parametrize(
    "text",
    [
        "soundcloud.com/artist/title", "soundcloud.com/a/sets", "soundcloud.com/a/albums", "x",
        "soundcloud.com/discover", "soundcloud.com", "https://example.com/a/likes", "",
        "soundcloud.com/you/likes", "open.spotify.com/playlist/1", "soundcloud.com/a b/likes",
    ],
)  # fmt: skip
def test_what_cannot_be_followed(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_list_address(text)
