"""What yt-dlp may ask: hosts, redirects and the account's token, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from yt_dlp.networking import Request
from yt_dlp.networking._urllib import UrllibRH

import tasks.soundcloud.downloader as downloader_module
from tasks.errors import BadAddress
from tasks.soundcloud.address import is_allowed_host, parse_address
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient
from tasks.soundcloud.downloader import Downloader, ForeignHost, Guard, Landed, Stopped


class Server(ThreadingHTTPServer):
    """Notes each request; `/to/URL` redirects there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str | None]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    running = (Server(), Server())
    yield running
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["requests", "urllib"])
def open_downloader(request, monkeypatch):
    """Opens a Downloader by either of yt-dlp's ways to speak HTTP."""
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.delenv("HTTP_PROXY", raising=False)

    def start(guard: Guard) -> Downloader:
        downloader = Downloader({}, guard, extractors=("Soundcloud",), auth_token="TOK-A")
        if request.param == "urllib":
            director = downloader.build_request_director([UrllibRH])
            downloader.__dict__["_request_director"] = director
        return downloader

    return start


def guard_for(*servers: Server, **options) -> Guard:
    allowed = frozenset(server.host for server in servers)
    return Guard(lambda url: is_allowed_host(url, allowed), **options)


def test_a_redirect_to_a_foreign_host_is_not_followed(servers, open_downloader):
    """The foreign host hears nothing of us."""
    ours, foreign = servers
    with open_downloader(guard_for(ours)) as downloader, pytest.raises(ForeignHost):
        downloader.urlopen(f"http://{ours.host}/to/http://{foreign.host}/x")
    assert foreign.seen == []
    assert len(ours.seen) == 1


def test_a_redirect_within_the_allowed_hosts_is_followed(servers, open_downloader):
    """To another port as well, if that is allowed; a token in the request stays behind."""
    ours, other = servers
    request = Request(
        f"http://{ours.host}/to/http://{other.host}/x", headers={"Authorization": "OAuth TOK-A"}
    )
    with open_downloader(guard_for(ours, other)) as downloader:
        assert downloader.urlopen(request).status == 200
    assert ours.seen[0][1] is None
    assert other.seen == [("/x", None)]


def test_a_redirect_leaves_the_token_behind(servers, open_downloader, monkeypatch):
    """yt-dlp's urllib handler alone would bring it along to the next host."""
    ours, other = servers
    monkeypatch.setattr(downloader_module, "_may_see_token", lambda url: url.startswith(home))
    home = f"http://{ours.host}/"
    request = Request(f"{home}to/http://{other.host}/x", headers={"Authorization": "OAuth TOK-A"})
    with open_downloader(guard_for(ours, other)) as downloader:
        downloader.urlopen(request)
    assert ours.seen[0][1] == "OAuth TOK-A"
    assert other.seen == [("/x", None)]


def test_a_foreign_host_is_not_asked(servers, open_downloader):
    """Nor a file."""
    ours, foreign = servers
    with open_downloader(guard_for(ours)) as downloader:
        for url in (f"http://{foreign.host}/x", "file:///etc/passwd", "ftp://127.0.0.1/x"):
            with pytest.raises(ForeignHost):
                downloader.urlopen(url)
    assert foreign.seen == []


def test_a_redirect_can_be_learnt_without_following_it(servers, open_downloader):
    """What resolving a short link does."""
    ours, other = servers
    guard = guard_for(ours, other, is_goal=lambda url: url.endswith("/goal"))
    with open_downloader(guard) as downloader, pytest.raises(Landed) as caught:
        downloader.urlopen(
            Request(f"http://{ours.host}/to/http://{other.host}/goal", method="HEAD")
        )
    assert caught.value.url == f"http://{other.host}/goal"
    assert other.seen == []


def test_nothing_is_asked_once_stopped(servers, open_downloader):
    """The next request is where a download without progress ends."""
    ours, _ = servers
    with open_downloader(guard_for(ours, stop=lambda: True)) as downloader, pytest.raises(Stopped):
        downloader.urlopen(f"http://{ours.host}/x")
    assert ours.seen == []


async def test_an_address_that_leads_elsewhere_says_where(servers, tmp_path, monkeypatch):
    """The client's error names the host and the setting."""
    monkeypatch.delenv("http_proxy", raising=False)
    ours, foreign = servers
    allowed = frozenset({ours.host})
    client = SoundCloudClient(cache_dir=tmp_path, budget=SourceBudget(), allowed_hosts=allowed)
    url = f"http://{ours.host}/to/http://{foreign.host}/a.mp3"
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(BadAddress) as caught:
        await client.download(parse_address(url, allowed_hosts=allowed), folder)
    assert "127.0.0.1" in str(caught.value)
    assert "ALLOWED_SOURCE_HOSTS" in caught.value.remedy
    assert foreign.seen == []
