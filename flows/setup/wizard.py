"""`library-sync setup`: asks for what is missing, keeps it in `.env`, completes the database.

Asks only on a terminal. Without one, `--yes` lets it do what needs no answer; else it says what
is missing and ends with 78.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from flows.doctor import examine as doctor
from flows.prefect_server.environment import require_server
from flows.session.clients import eagle_client, notion_client
from flows.settings import Settings, load_what_works
from flows.setup.databases import (
    SharedDatabase,
    looks_like_tracks,
    missing_properties,
    property_bodies,
    shared_databases,
)
from flows.setup.dialogue import Dialogue
from flows.setup.nightly import offer_every_night
from flows.setup.server import prepare_named_server
from flows.summary import ReturnCode
from tasks.errors import ConfigurationError, EagleError, NotionError, NotionUnauthorized
from tasks.notion.properties import FIELDS
from tasks.notion.schema import Schema
from tasks.notion.source import data_source_id

_ATTEMPTS = 3
_LOOKS = 9
_CTRL_C = 130
_GO_ON = "What was answered is kept. Run `library-sync setup` again to go on."
_DATABASE = "TRACKS_DB_ID"
_REQUIRED = ("NOTION_TOKEN", _DATABASE)
_SHORTER_THAN_AN_ID = 6
_YES, _NO = frozenset({"", "y", "yes"}), frozenset({"n", "no"})


def run(*, yes: bool, server: bool = False) -> int:
    """Ask, write, complete, then `doctor`; its exit code, or 78 for what only a person can say.

    With `server` only the Prefect server is prepared, which needs no credentials.
    """
    dialogue = Dialogue(is_open=sys.stdin.isatty(), yes=yes)
    if server:
        require_server("setup --server")
        asyncio.run(prepare_named_server(dialogue, must=True))
        return ReturnCode.PROCESSED
    try:
        missing = asyncio.run(set_up(dialogue))
    except KeyboardInterrupt:
        _say(f"\nlibrary-sync: setup was stopped by Ctrl-C.\n  {_GO_ON}")
        return _CTRL_C
    except EOFError:
        _say(f"\nlibrary-sync: setup was stopped: the input ended.\n  {_GO_ON}")
        return ReturnCode.WRONG_CONFIGURATION
    if missing:
        remedy = _GO_ON if dialogue.is_open else "Run it on a terminal, or see --help for --yes."
        _say(f"library-sync: setup is missing {'; '.join(missing)}.\n  {remedy}")
        return ReturnCode.WRONG_CONFIGURATION
    dialogue.say("")
    return doctor.run()


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


async def set_up(dialogue: Dialogue) -> list[str]:
    """Everything up to `doctor`; what is still missing. Raises ConfigurationError."""
    await _change_what_is_set(dialogue)
    for name, step in _STEPS.items():
        settings = _settings()
        if not _is_set(step, settings):
            await step.ask(dialogue, settings)
        if name in _REQUIRED and not _is_set(step, _settings()):
            break
    settings = _settings()
    missing = [name for name in _REQUIRED if not _is_set(_STEPS[name], settings)]
    if missing:
        return missing
    properties = await _properties(dialogue, settings)
    await prepare_named_server(dialogue)
    if properties.can_sync:
        offer_every_night(dialogue)
    return properties.missing


async def _change_what_is_set(dialogue: Dialogue) -> None:
    """Show what is set already; keep it, or ask for the one whose number is given."""
    while dialogue.is_open and not dialogue.yes:
        settings = _settings()
        known = [(name, step) for name, step in _STEPS.items() if _is_set(step, settings)]
        if not known:
            return
        dialogue.say("What is set now:")
        for number, (name, step) in enumerate(known, 1):
            where = ", by the environment" if name in os.environ else ""
            dialogue.say(f"   {number}. {name}: {step.shown(settings)}{where}")
        answer = dialogue.answer("Keep all of it? Enter for yes, or the number to change: ")
        if answer.lower() in _YES:
            return
        if answer.lower() in _NO:
            dialogue.say(f"   Which one? Its number, 1 to {len(known)}.")
            continue
        if not (answer.isdecimal() and 1 <= int(answer) <= len(known)):
            dialogue.say(f"   There is no {answer} in the list: 1 to {len(known)}, or Enter.")
            continue
        name, step = known[int(answer) - 1]
        if name in os.environ:
            dialogue.say(f"   {name} is set by the environment, which wins: change it there.")
            continue
        await step.ask(dialogue, settings)


@dataclass(frozen=True)
class _Step:
    """One setting that is asked for: how, and how its value is shown."""

    ask: Callable[[Dialogue, Settings], Awaitable[None]]
    value: Callable[[Settings], object]

    def shown(self, settings: Settings) -> str:
        value = self.value(settings)
        return "set (not shown)" if isinstance(value, SecretStr) else str(value)


def _is_set(step: _Step, settings: Settings) -> bool:
    return bool(step.value(settings))


def _settings() -> Settings:
    return load_what_works()[0]


async def _token(dialogue: Dialogue, settings: Settings) -> None:
    if not dialogue.is_open:
        return
    dialogue.say("Create an internal integration at notion.so/my-integrations; copy its secret.")
    for _ in range(_ATTEMPTS):
        token = dialogue.secret("NOTION_TOKEN (not shown): ")
        if not token:
            dialogue.say("   Nothing was entered.")
        elif await _is_accepted(dialogue, settings, token):
            dialogue.keep("NOTION_TOKEN", token)
            return


async def _is_accepted(dialogue: Dialogue, settings: Settings, token: str) -> bool:
    async with notion_client(replace(settings, notion_token=SecretStr(token))) as client:
        try:
            await client.send("GET", "users/me")
        except NotionUnauthorized:
            dialogue.say("   Notion does not accept that token.")
            return False
        except NotionError as error:
            dialogue.say(f"   It could not be tried: {error}")
    return True


async def _tracks_database(dialogue: Dialogue, settings: Settings) -> None:
    if not settings.notion_token or not dialogue.is_open:
        return
    known = await _listed(dialogue, settings)
    for _ in range(_LOOKS):
        answer = dialogue.answer("Its number, or its link (Enter to look again): ")
        if not answer:
            known = await _listed(dialogue, settings)
        elif chosen := _chosen(dialogue, answer, known):
            dialogue.keep(_DATABASE, chosen)
            return


async def _listed(dialogue: Dialogue, settings: Settings) -> list[SharedDatabase]:
    """The databases that are shared now, shown with their numbers."""
    async with notion_client(settings) as client:
        known = await shared_databases(client)
    dialogue.say("Which database holds your tracks? In Notion, share it: ··· > Connections.")
    for number, database in enumerate(known, 1):
        dialogue.say(f"   {number}. {database.line}")
    if not known:
        dialogue.say("   None is shared with the integration yet.")
    return known


def _chosen(dialogue: Dialogue, answer: str, known: Sequence[SharedDatabase]) -> str:
    """The id of the database that is meant; "" if there is none, or the user thinks again."""
    named = [one for one in known if one.title.casefold() == answer.casefold()]
    if len(named) == 1:
        return _taken(dialogue, named[0])
    if answer.isdecimal() and len(answer) < _SHORTER_THAN_AN_ID:
        if 1 <= int(answer) <= len(known):
            return _taken(dialogue, known[int(answer) - 1])
        span = f": 1 to {len(known)}" if known else ""
        dialogue.say(f"   There is no {answer} in the list{span}.")
        return ""
    found, wrong = load_what_works({_DATABASE: answer}, env_file=None)
    if wrong:
        dialogue.say(f"   {answer!r} is neither in the list nor a link to a database of Notion.")
    return found.tracks_db_id


def _taken(dialogue: Dialogue, database: SharedDatabase) -> str:
    """Its id; "" if it does not look like tracks and the user thinks again."""
    doubt = f"{database.title!r} has no SoundCloud URL: it does not look like tracks. Take it?"
    is_meant = database.has_address or dialogue.agrees(doubt, unless_said=False)
    return database.id if is_meant else ""


async def _eagle_library(dialogue: Dialogue, settings: Settings) -> None:
    """The library that is open now becomes the only one that is ever imported into."""
    if not settings.eagle_enabled:
        return
    try:
        async with eagle_client(settings) as eagle:
            path = (await eagle.library()).path
    except (ConfigurationError, EagleError) as error:
        dialogue.say(f"{error} Setup goes on without it.")
        return
    if dialogue.agrees(f"Eagle has {path} open. Import into this library only?"):
        dialogue.keep("EAGLE_LIBRARY_PATH", path)


async def _playlist_folder(dialogue: Dialogue, settings: Settings) -> None:
    if not dialogue.is_open or dialogue.yes:
        return
    old = settings.playlist_tracks_dir
    answer = dialogue.answer(f"Folder for WAV copies by playlist (Enter for {old or 'none'}): ")
    if answer:
        dialogue.keep("PLAYLIST_TRACKS_DIR", _from_any_folder(answer))


def _from_any_folder(path: str) -> str:
    """A path that means the same wherever a sync is started."""
    return path if path.startswith("~") else str(Path(path).absolute())


class _Properties(NamedTuple):
    """What is `missing` because nobody was there to ask, and whether a sync can work now."""

    missing: list[str]
    can_sync: bool


async def _properties(dialogue: Dialogue, settings: Settings) -> _Properties:
    """Offer the properties that the database lacks."""
    async with notion_client(settings) as client:
        try:
            source_id = await data_source_id(client, settings.tracks_db_id)
            schema = Schema.unchecked(await client.data_source(source_id))
            lacking = missing_properties(schema)
            names = ", ".join(FIELDS[kind].names[0] for kind in lacking)
            if lacking and _may_create(dialogue, schema, names):
                bodies = await property_bodies(client, settings.playlists_db_id, lacking)
                await client.send("PATCH", f"data_sources/{source_id}", {"properties": bodies})
                dialogue.say(f"   Created in {schema.title!r}: {', '.join(bodies)}.")
                lacking = []
        except NotionError as error:
            raise ConfigurationError(str(error), remedy=error.remedy) from error
    missing = [f"the properties {names} of {schema.title!r}"] if lacking else []
    can_sync = not any(FIELDS[kind].required for kind in lacking)
    return _Properties([] if dialogue.is_open else missing, can_sync)


def _may_create(dialogue: Dialogue, schema: Schema, names: str) -> bool:
    """Asked once of a tracks database, twice of one that does not look like one."""
    them = "them" if ", " in names else "it"
    question = f"{schema.title!r} has no {names}. Create {them}?"
    if dialogue.yes or looks_like_tracks(schema):
        return dialogue.agrees(question)
    doubt = f"{schema.title!r} does not look like tracks. Really create {them} in {schema.title!r}?"
    return dialogue.agrees(question, unless_said=False) and dialogue.agrees(
        doubt, unless_said=False
    )


_STEPS = {
    "NOTION_TOKEN": _Step(_token, lambda settings: settings.notion_token),
    _DATABASE: _Step(_tracks_database, lambda settings: settings.tracks_db_id),
    "EAGLE_LIBRARY_PATH": _Step(_eagle_library, lambda settings: settings.eagle_library_path),
    "PLAYLIST_TRACKS_DIR": _Step(_playlist_folder, lambda settings: settings.playlist_tracks_dir),
}
