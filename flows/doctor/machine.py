"""`doctor` looks at this machine: settings, folders and what is kept there, space, Prefect."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import httpx
from rich.filesize import decimal

from flows.doctor.findings import Finding, fail, ok, warn
from flows.session.preflight import writable_folder
from flows.settings import RETIRED, VARIABLES, Settings, env_files, names_in
from tasks.audio.fingerprint import find_fpcalc
from tasks.disk.journal import Journal
from tasks.disk.volumes import free_bytes
from tasks.disk.whole_files import files_set_aside
from tasks.errors import ConfigurationError, FileError
from tasks.notifications.client import Notifier
from tasks.shown_text import counted
from tasks.tracks import Track

_MB = 1_000_000
_MB_A_MINUTE = 32.0
_USUAL_MB = 160.0
_LEAST_MB = 50.0
_SECONDS = 5.0
# One or two letters in a name of ten; NOTION_TIMEOUT is no NOTION_TOKEN.
_A_SLIP = 0.8
_STATE = "State"


def examine_settings(wrong: Mapping[str, ConfigurationError]) -> list[Finding]:
    """The variables that cannot work, and what is odd about the `.env` files."""
    found = [fail(name, str(error), error.remedy) for name, error in wrong.items()]
    if not wrong:
        found.append(ok("Settings", "each can work"))
    return found + [one for file in env_files() for one in _env_file(file)]


def examine_notify(settings: Settings) -> list[Finding]:
    """Whether apprise understands NOTIFY, where it is set; nothing is sent."""
    addresses = settings.notify.get_secret_value()
    if not addresses:
        return []
    try:
        Notifier(addresses)
    except ConfigurationError as error:
        return [fail("NOTIFY", str(error), error.remedy)]
    return [ok("NOTIFY", "apprise understands it")]


def _env_file(env_file: Path) -> list[Finding]:
    found = []
    if os.name == "posix" and env_file.stat().st_mode & 0o077:
        said = f"{env_file} can be read by other users, and holds secrets."
        found.append(warn(".env", said, f"chmod 600 {env_file}"))
    names = names_in(env_file)
    for name in names:
        found += _variable(name, names, env_file)
    return found


def _variable(name: str, names: Collection[str], env_file: Path) -> list[Finding]:
    """What is odd about a line's name: the earlier script's, or a slip of the finger."""
    known = [variable.name for variable in VARIABLES]
    if name in known:
        return []
    if name in RETIRED:
        now = RETIRED[name]
        said = f"{name} was the earlier script's and is not read."
        do = f"Rename it to {now}" if now and now not in names else "Remove it"
        return [warn(".env", said, f"{do} in {env_file}.")]
    if near := difflib.get_close_matches(name, known, n=1, cutoff=_A_SLIP):
        said = f"{name} is no setting; {near[0]} is."
        return [warn(".env", said, f"Rename {name} in {env_file} to {near[0]}.")]
    return []


def examine_folders(settings: Settings) -> list[Finding]:
    """The folders a run writes to: made where they are missing, never an unmounted volume."""
    folders = {"OUT_DIR": settings.out_dir, "LIBRARY_SYNC_STATE": settings.state_dir}
    if settings.playlist_tracks_dir is not None:
        folders["PLAYLIST_TRACKS_DIR"] = settings.playlist_tracks_dir
    return [_folder(name, folder) for name, folder in folders.items()]


def _folder(name: str, folder: Path) -> Finding:
    try:
        writable_folder(name, folder)
    except ConfigurationError as error:
        return fail(name, str(error), error.remedy)
    return ok(name, f"{folder} can be written")


def bytes_needed(waiting: Sequence[Track]) -> tuple[int, int]:
    """(least, likely) bytes for WAV, AIFF and a playlist copy of the rows waiting.

    About 160 MB for five minutes of 16-bit audio at 44.1 kHz; 50 MB a track at the least.
    """
    likely = sum(
        max(_LEAST_MB, t.duration_seconds / 60 * _MB_A_MINUTE) if t.duration_seconds else _USUAL_MB
        for t in waiting
    )
    return round(len(waiting) * _LEAST_MB * _MB), round(likely * _MB)


def judge_space(free: int, waiting: Sequence[Track], folder: Path) -> Finding:
    """Is `free` (bytes at `folder`) enough for the rows waiting?"""
    name = "Free space"
    least, likely = bytes_needed(waiting)
    needed = f"{counted(len(waiting), 'row')} waiting: about {decimal(likely)}"
    said = f"{decimal(free)} free at {folder}; {needed}"
    remedy = "Free some space, set OUT_DIR to a larger disk, or sync with --limit."
    if free < least:
        return fail(name, f"{said}.", remedy)
    if free < likely:
        return warn(name, f"{said}.", remedy)
    return ok(name, said)


def examine_space(folder: Path, waiting: Sequence[Track]) -> Finding:
    """Is there room at `folder` for the rows waiting?"""
    try:
        return judge_space(free_bytes(folder), waiting, folder)
    except FileError as error:
        return fail("Free space", str(error), error.remedy)


def examine_fpcalc() -> Finding:
    """Chromaprint is optional: it recognises other uploads of a recording by their sound."""
    found = find_fpcalc()
    if found is None:
        return ok("fpcalc", "not installed: it recognises other uploads by their sound (optional)")
    return ok("fpcalc", found)


async def examine_prefect(api_url: str) -> list[Finding]:
    """Prefect's server, where one is named; without one each run has its own."""
    name = "Prefect"
    if not api_url:
        return [ok(name, "no server is named: each run starts one of its own")]
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as http, asyncio.timeout(2 * _SECONDS):
            answer = await http.get(f"{api_url.rstrip('/')}/health")
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        said = f"No Prefect server answers at {api_url} ({type(error).__name__})."
        remedy = "Start it (`prefect server start`), or unset PREFECT_API_URL."
        return [fail(name, said, remedy)]
    if answer.status_code >= 400:
        said = f"{api_url} answers {answer.status_code} to /health."
        remedy = "Check PREFECT_API_URL (it ends in /api) and PREFECT_API_KEY."
        return [fail(name, said, remedy)]
    return [await _as_us(name, api_url)]


async def _as_us(name: str, api_url: str) -> Finding:
    """Whether the server takes our password; its health it tells everybody."""
    from prefect import get_client  # noqa: PLC0415  (takes seconds, and there may be no server)

    from flows.prefect_server.outage import OUT_OF_REACH, no_server  # noqa: PLC0415

    try:
        async with get_client() as client:
            await client.api_version()
    except OUT_OF_REACH as error:
        trouble = no_server(error)
        return fail(name, str(trouble), trouble.remedy)
    return ok(name, f"the server at {api_url} answers")


def examine_state(state_dir: Path) -> list[Finding]:
    """What was set aside because it could not be read, and journals that hold other lines."""
    found = [_set_aside(file) for file in files_set_aside(state_dir)]
    for path in sorted(state_dir.rglob("*.jsonl")):
        found += _journal(path)
    return found or [ok(_STATE, f"{state_dir} can be read")]


def _set_aside(file: Path) -> Finding:
    said = f"{file} could not be read and was set aside; the runs go on without it."
    return warn(_STATE, said, "Look at it, or delete it.")


def _journal(path: Path) -> list[Finding]:
    journal = Journal(path)
    try:
        journal.read_on(dict)
    except FileError as error:
        return [warn(_STATE, str(error), error.remedy)]
    if not journal.unread:
        return []
    said = f"{path} has {counted(journal.unread, 'line')} not to be read; the others count."
    return [warn(_STATE, said, "Nothing to do; delete the lines, or the file, to be rid of this.")]
