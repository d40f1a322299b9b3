"""One answer to "which server?" for every command, and what is read from it and told to it."""

from __future__ import annotations

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from prefect import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.__main__ import main
from flows.prefect_server import blocks
from flows.prefect_server.credentials import command_settings
from flows.prefect_server.run_pages import is_generated
from flows.setup.dialogue import Dialogue
from flows.setup.server import prepare_named_server

pytestmark = pytest.mark.usefixtures("server_of_its_own")

GIVEN = {"NOTION_TOKEN": "secret-of-a-block", "TRACKS_DB_ID": "1" * 32}


@pytest.fixture
def bare(monkeypatch, tmp_path, named_server):
    """A machine that knows the server and nothing else; the server has no block of ours."""
    named_server()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in (*GIVEN, "EAGLE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    yield
    asyncio.run(_forget_block())


async def _forget_block() -> None:
    async with get_client() as client:
        for document in await client.read_block_documents():
            if document.name == blocks.BLOCK_NAME:
                await client.delete_block_document(document.id)


def test_credentials_in_a_block_work_in_every_command(bare):
    """What the environment leaves out is read from the server, as a worker's run does."""
    asyncio.run(blocks.keep_credentials(GIVEN))
    settings = command_settings()
    assert settings.notion_token.get_secret_value() == GIVEN["NOTION_TOKEN"]


@pytest.mark.parametrize("words", [["status"], ["why"], ["doctor"], ["cleanup"]], ids=" ".join)
def test_a_command_finds_its_database_by_the_block(words, bare, sandbox_factory, monkeypatch):
    """Where Notion answers is the machine's; who we are to it is the server's."""
    sandbox = sandbox_factory(tracks=1)
    given = {name: sandbox.environment[name] for name in GIVEN}
    for name, value in sandbox.environment.items():
        if name not in given:
            monkeypatch.setenv(name, value)
    asyncio.run(blocks.keep_credentials(given))
    row = [sandbox.world.rows[0].page_id] if words == ["why"] else []
    assert main([*words, *row]) == 0


def test_a_server_is_prepared_without_credentials(bare, limits_of_server_sync, capsys):
    """`setup --server` makes what is missing, and says how long runs are kept."""
    assert main(["setup", "--server"]) == 0
    said = capsys.readouterr().out
    assert "Work pool library-sync" in said
    assert "DB_VACUUM" in said


@pytest.mark.parametrize(("answers", "kept"), [(["y", "n"], False), (["y", "y"], True)])
def test_a_token_goes_to_an_open_server_only_if_it_is_said_twice(
    answers, kept, bare, limits_of_server_sync, monkeypatch
):
    """The second question says what an open port gives away."""
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    asked = iter(answers)
    dialogue = Dialogue(is_open=True, yes=False, ask=lambda _: next(asked), say=said.append)
    asyncio.run(prepare_named_server(dialogue))
    assert any("asks nobody for a password" in text for text in said)
    assert asyncio.run(blocks.has_credentials()) is kept


def test_a_name_that_somebody_gave_is_no_generated_one():
    """Prefect's own are two words of its list."""
    assert is_generated("qualified-porpoise")
    assert not is_generated("my-nightly")
    assert not is_generated("Sunday")


@pytest.fixture
def limits_of_server_sync(prefect_server):
    """For tests that give the session's server limits."""
    yield

    async def delete() -> None:
        async with get_client() as client:
            for limit in await client.read_global_concurrency_limits(limit=200):
                await client.delete_global_concurrency_limit_by_name(limit.name)

    asyncio.run(delete())


class _Refusing(BaseHTTPRequestHandler):
    """A server behind a password, which is not ours: only its health is for everybody."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/health") else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815  (the name is http.server's)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def refusing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/api"
    server.shutdown()


@pytest.mark.parametrize("words", ["worker", "deploy", "setup --server", "doctor"])
def test_a_password_that_is_not_accepted_is_said(words, refusing, bare, monkeypatch, capfd):
    """One sentence and where the password belongs, whichever command meets it first."""
    monkeypatch.setenv("PREFECT_API_URL", refusing)
    with temporary_settings({PREFECT_API_URL: refusing}):
        code = main(words.split())
    said = " ".join("".join(capfd.readouterr()).split())
    assert "does not accept our password" in said
    assert "PREFECT_API_AUTH_STRING" in said
    assert "Traceback" not in said
    assert code == (1 if words == "doctor" else 78)
