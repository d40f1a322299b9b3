"""The untouched yt-dlp against the SoundCloud stand-in: each condition, and what it says of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import yt_dlp
from yt_dlp.extractor.soundcloud import SoundcloudBaseIE
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError, GeoRestrictedError

from sandbox.faults import Fault, SoundCloudPlan
from sandbox.ledger import Ledger
from sandbox.soundcloud import SoundCloudStandIn
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.records import SampleTrack

TOKEN = "2-290000-sandbox"
FORMAT_CALL = "api-v2.soundcloud.com/media/soundcloud:tracks:{id}"


@dataclass
class Running:
    """A stand-in that serves, and a folder for downloads."""

    standin: SoundCloudStandIn
    ledger: Ledger
    port: int
    folder: Path

    @property
    def catalogue(self) -> Catalogue:
        return self.standin.catalogue

    def add(self, title: str, **parts: Any) -> SampleTrack:
        return self.catalogue.add_track(title, "Ådne Fjeldstrøm", seconds=30, **parts)

    def information(self, url: str, *, download: bool = False, **options: Any) -> dict[str, Any]:
        SoundcloudBaseIE._HEADERS.clear()
        settings = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": Silence(),
            "proxy": f"http://127.0.0.1:{self.port}",
            "nocheckcertificate": True,
            "cachedir": str(self.folder / "cache"),
            "outtmpl": str(self.folder / "%(id)s.%(ext)s"),
            "format": "ba[format_id=download]/ba[ext=m4a][format_id!*=preview]"
            "/ba[format_id!*=preview]",
            "fixup": "never",
            "overwrites": True,
            "skip_unavailable_fragments": False,
            "retries": 0,
            "fragment_retries": 0,
            "extractor_retries": 0,
            "socket_timeout": 60,
        }
        with yt_dlp.YoutubeDL(settings | options) as downloader:
            found: dict[str, Any] = downloader.extract_info(url, download=download)
        return found

    def download(self, url: str, **options: Any) -> tuple[dict[str, Any], Path]:
        found = self.information(url, download=True, **options)
        return found, Path(found["requested_downloads"][0]["filepath"])

    def requests(self, fragment: str) -> list[dict[str, Any]]:
        entries = self.ledger.entries(event="request", service="soundcloud")
        return [entry for entry in entries if fragment in entry["path"]]

    def client(self) -> httpx.Client:
        return httpx.Client(proxy=f"http://127.0.0.1:{self.port}", verify=False)


class Silence:
    """Takes yt-dlp's messages and keeps quiet."""

    def debug(self, _: str) -> None: ...
    def warning(self, _: str) -> None: ...
    def error(self, _: str) -> None: ...


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("soundcloud")
    ledger = Ledger()
    standin = SoundCloudStandIn(folder / "state", ledger)
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        ready.set_result((await standin.start(), asyncio.get_running_loop(), stop))
        await stop.wait()
        await standin.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, loop, stop = ready.result(30)
    yield Running(standin, ledger, port, folder)
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    assert not thread.is_alive()


def decoded(path: Path) -> np.ndarray[Any, Any]:
    """All samples, shape (channels, samples)."""
    with av.open(str(path)) as file:
        planes = [
            frame.to_ndarray() for frame in file.decode(audio=0) if isinstance(frame, av.AudioFrame)
        ]
    if planes[0].shape[0] == 1:
        return np.concatenate(planes, axis=1).reshape(-1, 2).T
    return np.concatenate(planes, axis=1)


def seconds_in(path: Path) -> float:
    return decoded(path).shape[1] / 44_100


def reason(error: pytest.ExceptionInfo[DownloadError]) -> BaseException | None:
    inner = error.value.exc_info
    return inner[1] if inner else None


def test_ordinary_comes_whole_as_aac(running: Running) -> None:
    track = running.add("Salt Flats (Oda Renn Remix)", genre="Techno")
    found, path = running.download(track.url)
    assert (found["id"], found["format_id"], path.suffix) == (
        str(track.id),
        "hls_aac_160k",
        ".m4a",
    )
    assert found["duration"] == track.seconds == pytest.approx(30, abs=0.21)
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.001)
    assert (found["title"], found["artists"], found["genres"]) == (
        track.title,
        [track.artist],
        ["Techno"],
    )


def test_default_formats_cost_one_call_each_and_one_format_costs_one(running: Running) -> None:
    track = running.add("Counted")
    running.information(track.url)
    call = FORMAT_CALL.format(id=track.id)
    assert len(running.requests(call)) == 3
    running.information(track.url, extractor_args={"soundcloud": {"formats": ["hls_aac"]}})
    assert len(running.requests(call)) == 4


def test_mp3_only_comes_whole_by_either_protocol(running: Running) -> None:
    track = running.add("Only MP3", condition="mp3_only")
    found, path = running.download(track.url)
    assert (found["format_id"], path.suffix) == ("http_mp3_0_0", ".mp3")
    progressive = path.read_bytes()
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.001)
    _, path = running.download(track.url, format="hls_mp3_0_0")
    assert path.read_bytes() == progressive


def test_tracks_differ_and_both_codecs_hold_the_same_music(running: Running) -> None:
    track = running.add("One")
    one = decoded(running.download(track.url)[1])
    other = decoded(running.download(running.add("Two").url)[1])
    mp3 = decoded(running.download(track.url, format="http_mp3_0_0")[1])[:, : one.shape[1]]
    likeness = np.corrcoef(one[0, :400_000], mp3[0, :400_000])[0, 1]
    assert not np.array_equal(one, other)
    assert likeness > 0.5 > abs(np.corrcoef(one[0], other[0])[0, 1])


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "mp3"])
def test_original_comes_to_those_who_may(running: Running, kind: str) -> None:
    track = running.add(f"Original {kind}", original=kind, original_needs_login=False)
    found, path = running.download(track.url)
    assert (found["format_id"], path.suffix) == ("download", f".{kind}")
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.06)


def test_original_of_an_account_needs_the_login(running: Running) -> None:
    track = running.add("For members", condition="original")
    assert running.information(track.url)["format_id"] == "hls_aac_160k"
    member = running.information(track.url, username="oauth", password=TOKEN)
    assert member["format_id"] == "download"


def test_an_account_gets_the_better_format_and_a_wrong_one_none(running: Running) -> None:
    track = running.add("Go")
    best = {"format": "hls_aac_256k", "username": "oauth"}
    found, path = running.download(track.url, password=TOKEN, **best)
    assert found["format_id"] == "hls_aac_256k"
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.001)
    with pytest.raises(DownloadError):
        running.information(track.url, password="2-0-unknown", **best)


def test_private_needs_its_secret(running: Running) -> None:
    track = running.add("Not for you", condition="private")
    assert track.url.endswith(f"/{track.secret}")
    assert running.information(track.url)["id"] == str(track.id)
    by_id = f"https://api.soundcloud.com/tracks/{track.id}?secret_token={track.secret}"
    assert running.information(by_id)["id"] == str(track.id)
    with pytest.raises(DownloadError) as error:
        running.information(track.url.removesuffix(f"/{track.secret}"))
    assert isinstance(found := reason(error), HTTPError)
    assert found.status == 404


@pytest.mark.parametrize(
    ("condition", "details", "status"),
    [("removed", {}, 404), ("denied", {}, 403), ("denied", {"status": 401}, 401)],
)
def test_refused_at_the_resolve(
    running: Running, condition: str, details: dict[str, int], status: int
) -> None:
    track = running.add("Refused", condition=condition, **details)
    with pytest.raises(DownloadError) as error:
        running.information(track.url)
    assert isinstance(found := reason(error), HTTPError)
    assert found.status == status


def test_geo_blocked(running: Running) -> None:
    with pytest.raises(DownloadError) as error:
        running.information(running.add("Elsewhere", condition="geo_blocked").url)
    assert isinstance(reason(error), GeoRestrictedError)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("drm_only", "DRM protected"),
        ("processing", "No video formats found"),
        ("preview_only", "Requested format is not available"),
    ],
)
def test_nothing_to_download(running: Running, condition: str, words: str) -> None:
    with pytest.raises(DownloadError, match=words):
        running.information(running.add("Nothing", condition=condition).url)


@pytest.mark.parametrize("wanted", ["http_mp3_0_0_preview", "hls_mp3_0_0_preview"])
def test_a_preview_says_it_is_the_whole(running: Running, wanted: str) -> None:
    """What makes previews dangerous: length announced and length decoded agree."""
    track = running.catalogue.add_track("Snippet", "A", seconds=70, condition="preview_only")
    found, path = running.download(track.url, format=wanted)
    assert track.seconds == pytest.approx(70, abs=0.21)
    assert found["duration"] == pytest.approx(30, abs=0.21)
    assert seconds_in(path) == pytest.approx(found["duration"], abs=0.001)


def test_rate_limited_for_a_number_of_calls(running: Running) -> None:
    track = running.add("Slow down", condition="rate_limited", times=2)
    for _ in range(2):
        with pytest.raises(HTTPError) as error:
            running.information(track.url)
        assert error.value.status == 429
    assert running.information(track.url)["id"] == str(track.id)


def test_format_budget(running: Running) -> None:
    track = running.add("Budget")
    only = {"extractor_args": {"soundcloud": {"formats": ["hls_aac"]}}}
    given = len(running.standin._api._given)
    running.catalogue.format_budget = given + 1
    running.information(track.url, **only)
    with pytest.raises(HTTPError, match="429"):
        running.information(track.url, **only)
    running.catalogue.format_budget = None
    running.information(track.url, **only)


def test_expired_address_once_and_always(running: Running) -> None:
    track = running.add("Too late", condition="expired_url")
    with pytest.raises(DownloadError) as error:
        running.download(track.url)
    assert isinstance(found := reason(error), HTTPError)
    assert found.status == 403
    assert seconds_in(running.download(track.url)[1]) == pytest.approx(track.seconds, abs=0.001)
    running.catalogue.set_condition(track.id, "expired_url", times=None)
    for _ in range(2):
        with pytest.raises(DownloadError, match="403"):
            running.download(track.url)


def test_addresses_expire_and_cannot_be_made_up(running: Running) -> None:
    url = running.information(running.add("Signed").url, format="http_mp3_0_0")["url"]
    with running.client() as client:
        assert client.get(url).status_code == 200
        assert client.get(url.replace("expires=1", "expires=2")).status_code == 403
        running.catalogue.url_lifetime = -1
        late = running.information(running.add("Signed late").url, format="http_mp3_0_0")["url"]
        running.catalogue.url_lifetime = 1_800
        assert client.get(late).status_code == 403


def test_truncated(running: Running) -> None:
    track = running.add("Cut", condition="truncated")
    with pytest.raises(DownloadError, match=r"bytes read, \d+ more expected"):
        running.download(track.url)
    running.catalogue.set_condition(track.id, "truncated", times=1)
    path = running.download(track.url, retries=2)[1]
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.001)


def test_missing_fragment_and_what_comes_of_skipping_it(running: Running) -> None:
    track = running.add("Gap", condition="missing_fragment")
    with pytest.raises(DownloadError, match="404"):
        running.download(track.url)
    found, path = running.download(track.url, skip_unavailable_fragments=True)
    assert found["duration"] - seconds_in(path) == pytest.approx(10.45, abs=0.01)


def test_html_instead_of_audio_passes_unnoticed(running: Running) -> None:
    track = running.add("Page", condition="html")
    for wanted in ("hls_aac_160k", "http_mp3_0_0"):
        _, path = running.download(track.url, format=wanted)
        assert path.read_bytes().startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("wanted", ["hls_aac_160k", "http_mp3_0_0"])
def test_stall(running: Running, wanted: str) -> None:
    track = running.add("Stands still", condition="stall")
    with pytest.raises(DownloadError, match="timed out"):
        running.download(track.url, format=wanted, socket_timeout=0.5)
    running.catalogue.set_condition(track.id, "stall", seconds=0.3)
    path = running.download(track.url, format=wanted)[1]
    assert seconds_in(path) == pytest.approx(track.seconds, abs=0.001)


def test_silent(running: Running) -> None:
    track = running.add("Nothing to hear", condition="silent")
    for wanted in ("hls_aac_160k", "http_mp3_0_0"):
        samples = decoded(running.download(track.url, format=wanted)[1])
        assert samples.shape[1] / 44_100 == pytest.approx(track.seconds, abs=0.001)
        assert not np.abs(samples).max()


def test_every_condition_can_be_set_and_taken_back(running: Running) -> None:
    track = running.add("Changing")
    for condition in Condition:
        assert running.catalogue.set_condition(track.id, condition).condition is condition
    running.catalogue.set_condition(track.id, "ordinary")
    assert running.information(track.url)["id"] == str(track.id)
    with pytest.raises(ValueError, match="there are ordinary"):
        running.catalogue.set_condition(track.id, "lost")
    with pytest.raises(ValueError, match="no share"):
        running.catalogue.set_condition(track.id, "html", share=0.5)
    with pytest.raises(KeyError):
        running.catalogue.set_condition(1, "html")


def test_other_forms_of_the_address(running: Running) -> None:
    track = running.add("Forms")
    path = track.url.removeprefix("https://soundcloud.com")
    for url in (
        f"https://m.soundcloud.com{path}?utm_source=clipboard&si=0a1b",
        f"http://www.soundcloud.com{path.upper()}",
        f"https://api-v2.soundcloud.com/tracks/{track.id}",
        f"https://api.soundcloud.com/tracks/soundcloud%3Atracks%3A{track.id}",
        running.catalogue.add_short_link(track),
    ):
        assert running.information(url)["id"] == str(track.id), url


@pytest.mark.parametrize("is_private", [False, True])
def test_a_set_lists_its_tracks(running: Running, is_private: bool) -> None:
    tracks = [running.add(f"Of the set {number}") for number in range(7)]
    url = running.catalogue.add_set("Warehouse", "Oda Renn", tracks, is_private=is_private)
    found = running.information(url, extract_flat=True)
    assert [entry["id"] for entry in found["entries"]] == [str(track.id) for track in tracks]
    assert found["title"] == "Warehouse"


def test_a_set_by_its_number(running: Running) -> None:
    track = running.add("By number")
    url = running.catalogue.add_set("Numbered", "Oda Renn", [track])
    made = running.catalogue.at(url.removeprefix("https://soundcloud.com/"))
    assert made is not None
    listed = running.information(
        f"https://api.soundcloud.com/playlists/{made.id}", extract_flat=True
    )
    assert [entry["id"] for entry in listed["entries"]] == [str(track.id)]


def test_a_set_grows_and_shrinks(running: Running) -> None:
    first, second, third = (running.add(f"Growing {number}") for number in range(3))
    url = running.catalogue.add_set("Growing", "Oda Renn", [first, second])
    running.catalogue.change_set(url, [third, second])
    listed = running.information(url, extract_flat=True)["entries"]
    assert [entry["id"] for entry in listed] == [str(third.id), str(second.id)]


@pytest.mark.parametrize("shelf", ["likes", "reposts"])
def test_likes_and_reposts_come_newest_first_by_linked_pages(running: Running, shelf: str) -> None:
    """As yt-dlp's own extractor asks for them: two hundred a page."""
    track = running.add(f"Among the {shelf}")
    others = [running.catalogue.add_track(f"{shelf} {n}", "Many", seconds=5) for n in range(250)]
    add = running.standin.accounts.like if shelf == "likes" else running.standin.accounts.repost
    url = add("Robin Digger", *others)
    assert add("Robin Digger", track) == url == f"https://soundcloud.com/robin-digger/{shelf}"
    before = len(running.requests("/users/"))
    found = running.information(url, extract_flat=True)
    ids = [entry["id"] for entry in found["entries"]]
    assert ids == [str(each.id) for each in (track, *others[::-1])]
    assert found["title"] == f"Robin Digger ({shelf.capitalize()})"
    assert len(running.requests("/users/")) - before == 2


def test_an_account_lists_its_tracks_and_all_it_posted(running: Running) -> None:
    own = [running.catalogue.add_track(f"Own {n}", "Vega Lind", seconds=5) for n in range(3)]
    other = running.add("Reposted by Vega")
    running.standin.accounts.repost("Vega Lind", other)
    user = "https://soundcloud.com/vega-lind"
    tracks = running.information(f"{user}/tracks", extract_flat=True)["entries"]
    assert [entry["id"] for entry in tracks] == [str(each.id) for each in own[::-1]]
    posted = running.information(user, extract_flat=True)["entries"]
    assert [entry["url"] for entry in posted] == [each.url for each in (*own[::-1], other)]


@pytest.mark.parametrize(("path", "status"), [("nadia-ferro", 404), ("nadia-ferro/likes", 403)])
def test_a_list_is_closed_and_opened(running: Running, path: str, status: int) -> None:
    accounts = running.standin.accounts
    url = accounts.like("Nadia Ferro", running.add(f"Liked before {status}"))
    accounts.close(path, status)
    with pytest.raises(DownloadError) as caught:
        running.information(url, extract_flat=True)
    assert f"HTTP Error {status}" in str(caught.value)
    accounts.open(path)
    assert running.information(url, extract_flat=True)["entries"]


def test_latency_comes_before_each_answer(running: Running) -> None:
    running.catalogue.latency = 0.2
    with running.client() as client:
        assert client.get("https://soundcloud.com/").elapsed.total_seconds() >= 0.2
    running.catalogue.latency = 0.0


def test_artwork_is_a_picture_in_every_size(running: Running) -> None:
    track = next(t for n in range(8) if (t := running.add(f"Cover {n}")).id % 4 == 0)
    found = running.information(track.url)
    sizes = {picture["id"]: picture["url"] for picture in found["thumbnails"]}
    assert sizes["original"].endswith(".png")
    with running.client() as client:
        for name, width in (("t500x500", 500), ("original", 600)):
            target = running.folder / name
            target.write_bytes(client.get(sizes[name]).content)
            with av.open(str(target)) as picture:
                assert picture.streams.video[0].width == width


def test_a_client_id_that_was_changed_is_fetched_anew(running: Running) -> None:
    track = running.add("Rotated")
    running.information(track.url)
    running.catalogue.client_id = "0" * 32
    assert running.information(track.url)["id"] == str(track.id)
    resolves = running.requests("api-v2.soundcloud.com/resolve")
    assert [entry["status"] for entry in resolves[-2:]] == [401, 200]


def test_ranges(running: Running) -> None:
    url = running.information(running.add("Ranges").url, format="http_mp3_0_0")["url"]
    with running.client() as client:
        whole = client.get(url).content
        part = client.get(url, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        assert client.get(url, headers={"Range": "bytes=-10"}).content == whole[-10:]
        past = client.get(url, headers={"Range": f"bytes={len(whole)}-"})
        assert past.status_code == 416
        head = client.head(url)
        assert (head.headers["content-length"], head.content) == (str(len(whole)), b"")


def test_the_proxy_reaches_this_machine_only(running: Running) -> None:
    with running.client() as client:
        assert client.get("http://example.org/").status_code == 502
        with pytest.raises(httpx.ProxyError):
            client.get("https://example.org/")


async def test_plain_requests_to_this_machine_are_passed_on(running: Running) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = f"http://127.0.0.1:{running.port}"
    async with server, httpx.AsyncClient(proxy=proxy) as client:
        answered = await client.get(f"http://127.0.0.1:{port}/audio/x.mp3?y=1")
    assert answered.text == "/audio/x.mp3?y=1"


def test_faults_strike_by_plan_and_are_told_in_the_ledger(running: Running) -> None:
    track = running.add("Faulty")
    running.standin.use(SoundCloudPlan(rates={Fault.UNAVAILABLE: 1.0}, format_budget=9))
    with pytest.raises(DownloadError, match="503"):
        running.information(track.url)
    assert running.catalogue.format_budget == 9
    running.standin.use(SoundCloudPlan(rates={Fault.DROPPED: 1.0}))
    with pytest.raises(DownloadError):
        running.information(track.url)
    running.standin.use(SoundCloudPlan())
    assert running.catalogue.format_budget is None
    faults = [entry.get("fault") for entry in running.requests("resolve")]
    assert {"unavailable", "dropped"} <= set(faults)
    assert running.information(track.url)["id"] == str(track.id)


async def test_a_restart_serves_the_same_tracks(tmp_path: Path) -> None:
    first = SoundCloudStandIn(tmp_path, Ledger())
    track = first.catalogue.add_track("夜の港", "Kō Minase", seconds=31, original="flac")
    twin = first.catalogue.add_track("夜の港", "Kō Minase", seconds=31)
    gone = first.catalogue.add_track("Gone", "Kō Minase", seconds=31)
    link = first.catalogue.add_short_link(track)
    address = first.catalogue.add_set("Set", "Kō Minase", [track, gone])
    first.catalogue.set_condition(gone.id, "stall", share=0.25)
    first.accounts.like("Robin", track, twin)
    first.accounts.remove("Robin", "likes", track)
    first.accounts.close("robin/likes", 403)
    port = await first.start()
    await first.stop()
    second = SoundCloudStandIn(tmp_path, Ledger())
    assert await second.start(port) == port
    await second.stop()
    assert second.catalogue.tracks == first.catalogue.tracks
    assert second.accounts.shelf("robin", "likes") == [twin]
    assert second.accounts.closed("Robin/likes") == 403
    assert second.catalogue.linked(link.rpartition("/")[2]) == track
    listed = second.catalogue.at(address.removeprefix("https://soundcloud.com/"))
    assert listed is not None
    assert track.url != twin.url
    assert second.catalogue.client_id == first.catalogue.client_id
