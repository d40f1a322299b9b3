"""Downloads by the real yt-dlp from the stand-in: what arrives, and the class of each refusal."""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from sandbox.faults import Aimed, Fault, SoundCloudPlan
from tasks.errors import (
    DownloadInterrupted,
    DrmProtected,
    FileError,
    GeoBlocked,
    IncompleteRecording,
    NoFormats,
    PreviewOnly,
    SourceDenied,
    SourceRateLimited,
    TrackNotFound,
    is_retryable,
)
from tasks.retrying import RetryPolicy, retrying
from tasks.soundcloud.address import AddressKind, parse_address
from tasks.soundcloud.budget import SourceBudget
from tests.tasks.soundcloud_world import ACCOUNT, SoundCloudWorld, soundcloud_world

FORMAT = "api-v2.soundcloud.com/media/"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SoundCloudWorld]:
    async with soundcloud_world(tmp_path) as running:
        yield running


def seconds_of(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / 44_100


async def test_the_whole_track_arrives_with_what_its_source_says(world):
    """AAC, its facts and cover; one format request, and nothing else in the folder."""
    track = world.add("Ålesund % Nights", genre="Deep House", seconds=25)
    found = await world.download(track.url)
    assert (found.format_id, found.path.suffix) == ("hls_aac_160k", ".m4a")
    assert (found.title, found.artist, found.genre) == (track.title, "Some One", "Deep House")
    assert found.soundcloud_id == str(track.id)
    assert found.announced_seconds == pytest.approx(track.seconds, abs=0.001)
    assert seconds_of(found.path) == pytest.approx(track.seconds, abs=0.05)
    assert found.artwork is not None
    assert found.artwork.startswith(b"\xff\xd8")
    assert list(found.path.parent.iterdir()) == [found.path]
    assert len(world.requests(FORMAT)) == 1


async def test_where_there_is_no_aac_one_mp3_is_asked_for(world):
    """Of progressive and HLS, one."""
    found = await world.download(world.add(condition="mp3_only").url)
    assert (found.format_id, found.path.suffix) == ("http_mp3_0_0", ".mp3")
    assert len(world.requests(FORMAT)) == 1


@pytest.mark.parametrize("kind", ["wav", "mp3"])
async def test_an_original_that_guests_may_have_is_preferred(world, kind):
    """The uploaded file is the best there is."""
    track = world.add(original=kind, original_needs_login=False)
    found = await world.download(track.url)
    assert (found.format_id, found.path.suffix) == ("download", f".{kind}")


async def test_an_original_for_accounts_is_no_trouble_for_guests(world):
    """The 401 of the original is not the track's."""
    found = await world.download(world.add(condition="original").url)
    assert found.format_id == "hls_aac_160k"


@pytest.mark.parametrize(
    ("condition", "details", "expected", "may_pass"),
    [
        ("removed", {}, TrackNotFound, False),
        ("geo_blocked", {}, GeoBlocked, False),
        ("drm_only", {}, DrmProtected, False),
        ("preview_only", {}, PreviewOnly, False),
        ("processing", {}, NoFormats, False),
        ("rate_limited", {}, SourceRateLimited, True),
        ("denied", {"status": 403}, SourceDenied, True),
        ("denied", {"status": 401}, SourceDenied, True),
        ("expired_url", {"times": None}, DownloadInterrupted, True),
        ("truncated", {}, DownloadInterrupted, True),
        ("missing_fragment", {"fragment": 0}, DownloadInterrupted, True),
        ("html", {}, IncompleteRecording, True),
    ],
)
async def test_each_trouble_has_its_class(world, condition, details, expected, may_pass):
    """What a row's error says, and whether another attempt is made, hangs on the class."""
    track = world.add(condition=condition, **details)
    with pytest.raises(expected) as caught:
        await world.download(track.url)
    assert is_retryable(caught.value) is may_pass
    assert track.url in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("condition", ["expired_url", "truncated", "missing_fragment", "html"])
async def test_a_trouble_that_passes_is_gone_at_the_next_attempt(world, condition):
    """Each attempt gets a fresh signed address and a fresh folder."""
    client = world.client()
    track = world.add(condition=condition, times=1 if condition == "expired_url" else 4)
    for _ in range(5):
        try:
            found = await world.download(track.url, client)
            break
        except (DownloadInterrupted, IncompleteRecording):
            continue
    assert seconds_of(found.path) == pytest.approx(track.seconds, abs=0.05)


async def test_a_body_that_stands_still_is_given_up(world):
    """Nothing comes for longer than a host may be silent."""
    track = world.add(condition="stall", seconds=25)
    began = time.monotonic()
    with pytest.raises(DownloadInterrupted):
        await world.download(track.url, world.client(socket_seconds=0.3))
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("status", [403, 500])
async def test_the_next_format_is_tried_where_the_address_of_the_best_is_refused(world, status):
    """AAC is refused again and again; MP3 is offered as well."""
    found = await world.download(world.add(condition="aac_denied", status=status).url)
    assert found.path.suffix == ".mp3"
    assert seconds_of(found.path) == pytest.approx(5, abs=0.1)


async def test_a_servers_error_at_a_formats_address_that_passes_costs_no_quality(world):
    """It is asked for once more, and AAC comes."""
    found = await world.download(world.add(condition="aac_denied", status=503, times=1).url)
    assert found.path.suffix == ".m4a"
    assert len(world.requests(FORMAT)) == 2


async def test_a_cover_that_is_not_there_in_the_best_size_comes_in_the_next(world):
    """Not every picture is in every size."""
    world.standin.use(SoundCloudPlan(aimed=(Aimed(fault=Fault.UNAVAILABLE, path="t500x500"),)))
    found = await world.download(world.add().url)
    assert found.artwork is not None
    assert found.artwork.startswith(b"\xff\xd8")
    assert len(world.requests("artworks-")) > 1


async def test_a_private_track_needs_its_token(world):
    """Without the s- part there is no such track."""
    track = world.add(condition="private")
    assert (await world.download(track.url)).soundcloud_id == str(track.id)
    with pytest.raises(TrackNotFound):
        await world.download(track.url.rpartition("/")[0])


async def test_an_account_gets_what_guests_do_not_and_lends_it_to_no_one(world):
    """yt-dlp's login is a class attribute; a client after, and one beside, must stay a guest."""
    track = world.add(condition="preview_only", seconds=40)
    account, guest = world.client(auth_token=ACCOUNT), world.client()
    found = await world.download(track.url, account)
    assert found.format_id.startswith("hls_aac_256k")
    results = await asyncio.gather(
        world.download(track.url, guest),
        world.download(track.url, account),
        world.download(track.url, guest),
        return_exceptions=True,
    )
    kinds = [type(result).__name__ for result in results]
    assert kinds == ["PreviewOnly", "Download", "PreviewOnly"]
    assert ACCOUNT not in repr(account)


async def test_a_changed_client_id_is_fetched_anew(world):
    """SoundCloud changes it now and then; the kept one is refused then."""
    client = world.client()
    await world.download(world.add("One").url, client)
    world.standin.catalogue.client_id = "b" * 32
    assert (await world.download(world.add("Two").url, client)).title == "Two"


async def test_four_at_once_do_not_mix(world):
    """Each gets its own recording, into its own folder."""
    client = world.client()
    tracks = [world.add(f"Track {number}", seconds=5 + number) for number in range(8)]
    limit = asyncio.Semaphore(4)

    async def one(track):
        async with limit:
            return await world.download(track.url, client)

    found = await asyncio.gather(*(one(track) for track in tracks))
    for track, download in zip(tracks, found, strict=True):
        assert download.soundcloud_id == str(track.id)
        assert seconds_of(download.path) == pytest.approx(track.seconds, abs=0.05)
    assert len(world.requests(FORMAT)) == len(tracks)


async def test_progress_grows_to_the_whole(world):
    """Bytes so far never shrink, and end at the file's size or a fragment's sum."""
    seen = []
    folder = Path(tempfile.mkdtemp(dir=world.folder))
    track = world.add(condition="mp3_only", seconds=30)
    found = await world.client().download(parse_address(track.url), folder, on_progress=seen.append)
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1].done == seen[-1].total == found.path.stat().st_size


async def test_a_cancelled_download_ends_before_its_cancellation_does(world):
    """The thread is at rest when the coroutine returns; the folder may be deleted then."""
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    folder = Path(tempfile.mkdtemp(dir=world.folder))
    client = world.client()
    address = parse_address(world.add(seconds=120).url)
    world.standin.catalogue.latency = 0.05
    task = asyncio.create_task(
        client.download(
            address, folder, on_progress=lambda _step: loop.call_soon_threadsafe(began.set)
        )
    )
    await asyncio.wait_for(began.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    at_rest = {file.name: file.stat().st_size for file in folder.iterdir()}
    asked = len(world.requests(""))
    await asyncio.sleep(0.3)
    assert {file.name: file.stat().st_size for file in folder.iterdir()} == at_rest
    assert len(world.requests("")) <= asked + 4


async def test_a_cancelled_transfer_ends_at_its_next_piece(world):
    """One body of 50 pieces: no more than the one at hand is written."""
    seen = []
    loop = asyncio.get_running_loop()
    folder = Path(tempfile.mkdtemp(dir=world.folder))
    address = parse_address(world.add(condition="mp3_only", seconds=200).url)

    def cancel_at_first(step):
        seen.append(step)
        loop.call_soon_threadsafe(task.cancel)
        time.sleep(0.2)

    task = asyncio.create_task(
        world.client().download(address, folder, on_progress=cancel_at_first)
    )
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(seen) == 1


async def test_every_format_request_is_charged_to_the_budget(world):
    """An account is offered two kinds of AAC, and yt-dlp asks for both."""
    budget = SourceBudget()
    client = world.client(budget=budget, auth_token=ACCOUNT)
    await world.download(world.add().url, client)
    assert len(world.requests(FORMAT)) == len(budget._taken) == 2


async def test_a_refusal_makes_all_wait_and_then_they_go_on(world):
    """The budget of format addresses runs out: no request is made until the pause is over."""
    client = world.client()
    tracks = [world.add(f"Track {number}") for number in range(3)]
    world.standin.catalogue.format_budget = 1
    await world.download(tracks[0].url, client)
    with pytest.raises(SourceRateLimited):
        await world.download(tracks[1].url, client)
    world.standin.catalogue.format_budget = None
    began = time.monotonic()
    await world.download(tracks[2].url, client)
    assert time.monotonic() - began >= 0.19


async def test_a_short_link_is_resolved_by_one_request(world):
    """The marks of sharing are gone; the page it leads to is not asked for."""
    track = world.add()
    link = world.standin.catalogue.add_short_link(track)
    address = await world.client().resolve(parse_address(link))
    assert (address.kind, address.url) == (AddressKind.SOUNDCLOUD, track.url)
    assert len(world.requests("")) == 1


async def test_a_short_link_to_nothing_is_a_track_that_is_not_there(world):
    """404 on the short link's host."""
    with pytest.raises(TrackNotFound):
        await world.client().resolve(parse_address("https://on.soundcloud.com/nothing"))


async def test_a_short_links_host_may_fail_once(world):
    """It is asked before a row's attempts are counted, so it is asked again at once."""
    track = world.add()
    link = world.standin.catalogue.add_short_link(track)
    world.standin.use(SoundCloudPlan(aimed=(Aimed(fault=Fault.UNAVAILABLE),)))
    assert (await world.client().resolve(parse_address(link))).url == track.url
    assert len(world.requests("")) == 2


async def test_a_rough_network_costs_attempts_and_no_track(world):
    """Every attempt ends with the whole track or an error that says another may help."""
    world.standin.use(SoundCloudPlan(rates={Fault.UNAVAILABLE: 0.04, Fault.DROPPED: 0.04}), seed=3)
    client = world.client()
    policy = RetryPolicy(attempts=8, first=0.01, longest=0.01)
    for number in range(6):
        track = world.add(f"Rough {number}", seconds=25)
        found = await retrying(lambda url=track.url: world.download(url, client), policy)
        assert seconds_of(found.path) == pytest.approx(track.seconds, abs=0.05)
    faults = [entry for entry in world.ledger.entries(event="request") if "fault" in entry]
    assert len(faults) >= 2


async def test_any_other_address_is_resolved_without_a_request(world):
    """It leads to itself."""
    address = parse_address(world.add().url)
    assert await world.client().resolve(address) == address
    assert world.requests("") == []


async def test_a_probe_costs_no_format_request(world):
    """Facts only."""
    track = world.add("Probe Me", genre="Dub")
    facts = await world.client().probe(parse_address(track.url))
    assert (facts.soundcloud_id, facts.title, facts.genre) == (str(track.id), "Probe Me", "Dub")
    assert facts.announced_seconds == pytest.approx(track.seconds, abs=0.001)
    assert world.requests(FORMAT) == []


async def test_reaching_soundcloud_and_not(world):
    """What `doctor` asks."""
    await world.client().reach()
    with pytest.raises(DownloadInterrupted) as caught:
        await world.client(tls_verify=True).reach()
    assert "SC_TLS_VERIFY" in caught.value.remedy
    with pytest.raises(DownloadInterrupted):
        await world.client(proxy="http://127.0.0.1:9").reach()


async def test_nothing_is_printed_and_no_token_is_logged(world, caplog, capfd):
    """yt-dlp's own messages are for --debug; the account's token is for nobody."""
    caplog.set_level(logging.DEBUG)
    client = world.client(auth_token=ACCOUNT)
    await world.download(world.add(condition="original").url, client)
    with pytest.raises(TrackNotFound):
        await world.download(world.add("Gone", condition="removed").url, client)
    assert capfd.readouterr() == ("", "")
    assert ACCOUNT not in caplog.text
    shown = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert [record for record in shown if record.name.startswith("tasks.soundcloud")] == []


async def test_a_folder_that_cannot_be_written_is_the_disks_trouble(world):
    """It is not the source's, and is not retried as if it were."""
    folder = world.folder / "file"
    folder.write_bytes(b"")
    with pytest.raises(FileError):
        await world.client().download(parse_address(world.add().url), folder)
