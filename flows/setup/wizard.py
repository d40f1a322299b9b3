"""`library-sync setup`: asks for what is missing, writes `.env`, completes the database.

Asks only on a terminal. Without one, `--yes` lets it do what needs no answer; else it says what
is missing and ends with 78.
"""

from __future__ import annotations

import asyncio
import getpass
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from flows.doctor import examine as doctor
from flows.prefect_server.environment import prepare_prefect
from flows.settings import Settings, load_what_works
from flows.setup.env_file import write_env_file
from flows.summary import ReturnCode
from tasks.eagle.client import EagleClient
from tasks.errors import ConfigurationError, EagleError, NotionError, NotionUnauthorized
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.schema import FIELDS, Schema
from tasks.notion.setup_properties import missing_properties, property_bodies
from tasks.notion.source import data_source_id

__all__ = ["Dialogue", "run"]

_ENV_FILE = Path(".env")
_ATTEMPTS = 3
_SHOWN = 9


@dataclass(frozen=True)
class Dialogue:
    """How the user is asked. `is_open` is False where nobody can answer; `yes` agrees to all."""

    is_open: bool
    yes: bool
    ask: Callable[[str], str] = input
    ask_secret: Callable[[str], str] = getpass.getpass
    say: Callable[[str], object] = print

    def agrees(self, question: str) -> bool:
        """True if the user agrees, or has agreed to all beforehand."""
        if self.yes:
            return True
        return self.is_open and self.ask(f"{question} [Y/n] ").strip().lower() in {"", "y", "yes"}


def run(*, yes: bool) -> int:
    """Ask, write, complete, then `doctor`; its exit code, or 78 for what only a person can say."""
    dialogue = Dialogue(is_open=sys.stdin.isatty(), yes=yes)
    try:
        missing = asyncio.run(set_up(dialogue))
    except EOFError:
        missing = ["an answer: the input ended"]
    if missing:
        print(f"library-sync: setup is missing {'; '.join(missing)}.", file=sys.stderr)  # noqa: T201
        print("  Run it on a terminal, or see --help for --yes.", file=sys.stderr)  # noqa: T201
        return ReturnCode.WRONG_CONFIGURATION
    dialogue.say("")
    return doctor.run()


async def set_up(dialogue: Dialogue) -> list[str]:
    """Everything up to `doctor`; what is still missing. Raises ConfigurationError."""
    for step in (_token, _tracks_database, _eagle_library, _playlist_folder):
        await step(dialogue, _settings())
    settings = _settings()
    required = {"NOTION_TOKEN": settings.notion_token, "TRACKS_DB_ID": settings.tracks_db_id}
    missing = [name for name, value in required.items() if not value]
    if missing:
        return missing
    missing = await _properties(dialogue, settings)
    for sentence in await _prefect_objects():
        dialogue.say(sentence)
    return missing


def _settings() -> Settings:
    return load_what_works(env_file=_ENV_FILE)[0]


def _keep(dialogue: Dialogue, name: str, value: str) -> None:
    write_env_file(_ENV_FILE, {name: value})
    dialogue.say(f"   {name} is in {_ENV_FILE.absolute()} now.")


def _notion(settings: Settings, token: str) -> NotionClient:
    budget = RequestBudget(settings.notion_requests_per_minute)
    return NotionClient(token, base_url=settings.notion_base_url, budget=budget)


async def _token(dialogue: Dialogue, settings: Settings) -> None:
    if settings.notion_token or not dialogue.is_open:
        return
    dialogue.say("Create an internal integration at notion.so/my-integrations; copy its secret.")
    for _ in range(_ATTEMPTS):
        token = dialogue.ask_secret("NOTION_TOKEN (not shown): ").strip()
        if token and await _is_accepted(dialogue, settings, token):
            _keep(dialogue, "NOTION_TOKEN", token)
            return


async def _is_accepted(dialogue: Dialogue, settings: Settings, token: str) -> bool:
    async with _notion(settings, token) as client:
        try:
            await client.send("GET", "users/me")
        except NotionUnauthorized:
            dialogue.say("   Notion does not accept that token.")
            return False
        except NotionError as error:
            dialogue.say(f"   It could not be tried: {error}")
    return True


async def _tracks_database(dialogue: Dialogue, settings: Settings) -> None:
    if settings.tracks_db_id or not settings.notion_token or not dialogue.is_open:
        return
    known = await _shared_databases(settings)
    dialogue.say("Which database holds your tracks? In Notion, share it: ··· > Connections.")
    for number, (title, _) in enumerate(known, 1):
        dialogue.say(f"   {number}. {title}")
    for _ in range(_ATTEMPTS):
        answer = dialogue.ask("Its number, or its link: ").strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(known):
            answer = known[int(answer) - 1][1]
        found, wrong = load_what_works({"TRACKS_DB_ID": answer}, env_file=None)
        if found.tracks_db_id:
            _keep(dialogue, "TRACKS_DB_ID", found.tracks_db_id)
            return
        for error in wrong.values():
            dialogue.say(f"   {error}")


async def _shared_databases(settings: Settings) -> list[tuple[str, str]]:
    """(title, database id) of what is shared with the integration, nine at most."""
    body = {"filter": {"property": "object", "value": "data_source"}, "page_size": _SHOWN}
    async with _notion(settings, settings.notion_token.get_secret_value()) as client:
        try:
            answer = await client.send("POST", "search", body)
        except NotionError:
            return []
    return [_named(source) for source in answer["results"]]


def _named(source: dict[str, Any]) -> tuple[str, str]:
    title = "".join(part.get("plain_text", "") for part in source.get("title", []))
    return title or "Untitled", str(source.get("parent", {}).get("database_id") or source["id"])


async def _eagle_library(dialogue: Dialogue, settings: Settings) -> None:
    """The library that is open now becomes the only one that is ever imported into."""
    if settings.eagle_library_path is not None or not settings.eagle_enabled:
        return
    async with httpx.AsyncClient(trust_env=False) as http:
        client = EagleClient(http, settings.eagle_api_base, settings.eagle_token.get_secret_value())
        try:
            path = (await client.library()).path
        except EagleError as error:
            dialogue.say(f"{error} Setup goes on without it.")
            return
    if dialogue.agrees(f"Eagle has {path} open. Import into this library only?"):
        _keep(dialogue, "EAGLE_LIBRARY_PATH", path)


async def _playlist_folder(dialogue: Dialogue, settings: Settings) -> None:
    if settings.playlist_tracks_dir is not None or not dialogue.is_open or dialogue.yes:
        return
    answer = dialogue.ask("Folder for WAV copies by playlist (empty for none): ").strip()
    if answer:
        _keep(dialogue, "PLAYLIST_TRACKS_DIR", answer)


async def _properties(dialogue: Dialogue, settings: Settings) -> list[str]:
    """Offer the properties the database lacks; what is missing because nobody was there to ask."""
    async with _notion(settings, settings.notion_token.get_secret_value()) as client:
        try:
            source_id = await data_source_id(client, settings.tracks_db_id)
            schema = Schema.unchecked(await client.data_source(source_id))
            lacking = missing_properties(schema)
            if not lacking:
                return []
            names = ", ".join(FIELDS[kind].names[0] for kind in lacking)
            if dialogue.agrees(f"{schema.title!r} has no {names}. Create them?"):
                bodies = await property_bodies(client, settings.playlists_db_id, lacking)
                await client.send("PATCH", f"data_sources/{source_id}", {"properties": bodies})
                dialogue.say(f"   Created in {schema.title!r}: {', '.join(bodies)}.")
                return []
        except NotionError as error:
            raise ConfigurationError(str(error), remedy=error.remedy) from error
    return [] if dialogue.is_open else [f"the properties {names} of {schema.title!r}"]


async def _prefect_objects() -> Iterable[str]:
    """What `prefect_server.objects` makes in the Prefect server that PREFECT_API_URL names."""
    if not os.environ.get("PREFECT_API_URL"):
        return ()
    if importlib.util.find_spec("flows.prefect_server.objects") is None:
        return ()
    prepare_prefect()
    from flows.prefect_server.objects import prepare_server  # noqa: PLC0415  (Prefect takes seconds)

    try:
        return await prepare_server()
    except (httpx.HTTPError, RuntimeError) as error:
        return [f"Prefect's objects were not created: {error}"]
