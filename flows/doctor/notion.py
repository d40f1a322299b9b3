"""`doctor` looks at Notion: token, database, properties, playlists, locks, clock.

What a check needs from an earlier one is handed on; where it is missing the check is left out,
for the earlier one has said why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.doctor.findings import Finding, fail, ok, warn
from flows.settings import Settings
from tasks.errors import NotionError, NotionNotFound, NotionRefused, NotionUnauthorized
from tasks.locks.timing import LockTiming
from tasks.locks.value import is_live, parse
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.filters import locked_rows, wants
from tasks.notion.listing import list_rows
from tasks.notion.rows import to_track
from tasks.notion.schema import FIELDS, Field, Schema
from tasks.retrying import RetryPolicy, retrying
from tasks.tracks import Track, TrackFilter

__all__ = ["NotionSeen", "examine_notion", "judge_clock", "judge_locks", "judge_properties"]

_BRIEFLY = RetryPolicy(attempts=3, longest=5.0)
_READ_ONLY = {"formula", "rollup", "files", "people", "relation", "date", "unique_id", "button"}
_WRITTEN = (
    Field.TITLE, Field.ARTIST, Field.WAV_PATH, Field.AIFF_PATH, Field.EAGLE_ID,
    Field.EAGLE_AIFF_ID, Field.SOUNDCLOUD_ID, Field.FINGERPRINT, Field.DURATION,
)  # fmt: skip
_PLAYLIST_TYPES = {"relation", "rich_text", "select", "multi_select"}
_LOST_WITHOUT = {
    Field.LOCK: "locking is off, so two machines may work on one track",
    Field.STATUS: "errors are not shown in Notion",
    Field.EAGLE_ID: "rows are not tied to their items in Eagle",
    Field.PLAYLISTS: "every track goes to the playlist Unassigned",
}
_CLOCK_SECONDS = 30
_NOTICEABLE = (
    Field.LOCK, Field.STATUS, Field.EAGLE_ID, Field.PLAYLISTS, Field.WAV_PATH, Field.AIFF_PATH,
    Field.ARTIST,
)  # fmt: skip


@dataclass(kw_only=True)
class NotionSeen:
    """What the checks found, and the rows waiting, for the estimate of the disk."""

    findings: list[Finding] = field(default_factory=list)
    waiting: list[Track] = field(default_factory=list)
    was_listed: bool = False


async def examine_notion(settings: Settings) -> NotionSeen:
    """Every check of Notion; errors become findings."""
    seen = NotionSeen(findings=_credentials(settings))
    if not settings.notion_token:
        return seen
    budget = RequestBudget(settings.notion_requests_per_minute)
    client = NotionClient(settings.notion_token, base_url=settings.notion_base_url, budget=budget)
    async with client:
        try:
            await _with_token(client, settings, seen)
        except NotionError as error:
            seen.findings.append(fail("Notion", str(error), error.remedy))
    return seen


def _credentials(settings: Settings) -> list[Finding]:
    found = []
    if not settings.notion_token:
        remedy = "Create an integration at notion.so/my-integrations, then `library-sync setup`."
        found.append(fail("Notion token", "NOTION_TOKEN is not set.", remedy))
    if not settings.tracks_db_id:
        remedy = "Open the Music Tracks database in Notion, copy its link, set TRACKS_DB_ID."
        found.append(fail("Tracks database", "TRACKS_DB_ID is not set.", remedy))
    return found


async def _with_token(client: NotionClient, settings: Settings, seen: NotionSeen) -> None:
    try:
        me = await retrying(lambda: client.send("GET", "users/me"), _BRIEFLY)
    except NotionUnauthorized as error:
        remedy = "Copy the integration's secret again and set NOTION_TOKEN to it."
        seen.findings.append(fail("Notion token", f"Notion does not accept it: {error}", remedy))
        return
    except NotionError as error:
        remedy = "Check the network and NOTION_BASE_URL."
        seen.findings.append(fail("Notion", str(error), remedy))
        return
    name = me.get("name") or "the integration"
    seen.findings.append(ok("Notion token", f"accepted, as {name}"))
    seen.findings.append(judge_clock(client.clock_offset))
    schema = await _database(client, settings, seen) if settings.tracks_db_id else None
    if schema is None:
        return
    seen.findings += judge_properties(schema)
    seen.findings.append(await _playlists(client, settings, schema))
    if Field.DOWNLOADED in schema and Field.SOUNDCLOUD_URL in schema:
        await _rows(client, schema, seen)
    if Field.LOCK in schema and schema[Field.LOCK].type == "rich_text":
        seen.findings.append(await _locks(client, schema, settings))


async def _database(client: NotionClient, settings: Settings, seen: NotionSeen) -> Schema | None:
    wanted = settings.tracks_db_id
    try:
        source = await _data_source(client, wanted)
    except (NotionNotFound, NotionRefused, NotionUnauthorized):
        remedy = (
            "Check TRACKS_DB_ID, and share the database with the integration: in Notion open it, "
            "then ··· > Connections."
        )
        said = f"Notion shows no database {wanted} (TRACKS_DB_ID)."
        seen.findings.append(fail("Tracks database", said, remedy))
        return None
    schema = Schema.unchecked(source)
    seen.findings.append(ok("Tracks database", f"{schema.title or 'untitled'} ({wanted})"))
    return schema


async def _data_source(client: NotionClient, database_id: str) -> Mapping[str, Any]:
    try:
        database = await retrying(lambda: client.database(database_id), _BRIEFLY)
        source_id = str(database["data_sources"][0]["id"])
    except NotionNotFound:
        source_id = database_id
    return await retrying(lambda: client.data_source(source_id), _BRIEFLY)


def judge_properties(schema: Schema) -> list[Finding]:
    """One finding a property the product knows; the types by which every write would fail."""
    found = [fail("Property", str(problem), problem.remedy or "") for problem in schema.problems()]
    named = {f.said for f in found}
    for kind, spec in FIELDS.items():
        if kind not in schema:
            if not spec.required:
                found.append(_missing(kind))
        elif not any(repr(schema[kind].name) in said for said in named):
            found.append(_type_of(kind, schema))
    if Field.SOUNDCLOUD_URL in schema and Field.DOWNLOADED in schema:
        found.append(_status_options(schema))
    return found


def _missing(kind: Field) -> Finding:
    spec = FIELDS[kind]
    name = f"Property {spec.names[0]}"
    if kind not in _NOTICEABLE:
        return ok(name, f"absent (optional, {spec.create_as}); it is simply not used")
    lost = _LOST_WITHOUT.get(kind, "it is not written")
    remedy = f"Add it in Notion as {spec.create_as}, or let `library-sync setup` add it."
    return warn(name, f"is missing: {lost}.", remedy)


def _type_of(kind: Field, schema: Schema) -> Finding:
    found, spec = schema[kind], FIELDS[kind]
    name = f"Property {found.name}"
    if kind in _WRITTEN and not _is_writable(kind, found.type):
        said = f"is of type {found.type}, which cannot hold it: every track would fail."
        return fail(name, said, f"Change its type in Notion to {spec.create_as}, or rename it.")
    if kind is Field.PLAYLISTS and found.type not in _PLAYLIST_TYPES:
        remedy = "Make it a relation to your playlists, text, select or multi-select."
        return warn(name, f"is of type {found.type}; playlists cannot be read from it.", remedy)
    return ok(name, found.type)


def _is_writable(kind: Field, of_type: str) -> bool:
    if kind is Field.DURATION:
        return of_type in {"number", "rich_text"}
    return of_type not in _READ_ONLY | {"number", "checkbox", "status"}


def _status_options(schema: Schema) -> Finding:
    """A `status` property takes only options that exist, and the API cannot add any."""
    name = "Status options"
    if Field.STATUS not in schema or schema[Field.STATUS].type != "status":
        return ok(name, "made as they are needed")
    options = schema.options(Field.STATUS)
    if options & {"Failed", "Error"} and options & {"Complete", "Completed", "Done"}:
        return ok(name, "has options for done and failed")
    remedy = "Add the options Complete and Failed to it in Notion."
    return warn(name, f"{schema[Field.STATUS].name!r} has none for done or failed.", remedy)


async def _playlists(client: NotionClient, settings: Settings, schema: Schema) -> Finding:
    """The playlists database: the one the rows relate to, or the one that is named."""
    name = "Playlists database"
    related = ""
    if Field.PLAYLISTS in schema and schema[Field.PLAYLISTS].type == "relation":
        related = str(schema[Field.PLAYLISTS].config.get("data_source_id", ""))
    wanted = settings.playlists_db_id or related
    if not wanted:
        return ok(name, "none; playlists are read from the rows")
    remedy = "Share the playlists database with the integration (··· > Connections in Notion)."
    try:
        source = await _data_source(client, wanted)
    except NotionError:
        if settings.playlists_db_id:
            remedy = f"Check PLAYLISTS_DB_ID. {remedy}"
        return fail(name, f"Notion shows no database {wanted}: names are unknown.", remedy)
    if related and source["id"] != related:
        remedy = "Set PLAYLISTS_DB_ID to the database that the property relates to, or leave it."
        return warn(name, "PLAYLISTS_DB_ID is not the database the rows relate to.", remedy)
    title = "".join(part.get("plain_text", "") for part in source.get("title", []))
    return ok(name, title or str(wanted))


async def _rows(client: NotionClient, schema: Schema, seen: NotionSeen) -> None:
    """The rows waiting, for the estimate of the disk."""
    by_box = {"property": schema[Field.DOWNLOADED].name, "checkbox": {"equals": False}}
    conditions = {"and": [by_box] if schema[Field.DOWNLOADED].type == "checkbox" else []}
    rows = list_rows(client, schema.data_source_id, conditions, only=schema.names, policy=_BRIEFLY)
    tracks = [to_track(page, schema) async for page in rows]
    seen.waiting = [t for t in tracks if t.soundcloud_url and wants(t, TrackFilter.UNPROCESSED)]
    seen.was_listed = True


async def _locks(client: NotionClient, schema: Schema, settings: Settings) -> Finding:
    rows = list_rows(
        client, schema.data_source_id, locked_rows(schema), only=schema.names, policy=_BRIEFLY
    )
    locks = [(to_track(page, schema).lock, page.get("last_edited_time", "")) async for page in rows]
    now = datetime.now(UTC) + client.clock_offset
    return judge_locks(locks, now, settings.lock_timeout_minutes)


def judge_locks(locks: Sequence[tuple[str, str]], now: datetime, timeout_minutes: float) -> Finding:
    """`locks` are (text, last_edited_time). Reports a live one that is not renewed as ours are."""
    name = "Locks"
    timeout = timedelta(minutes=timeout_minutes)
    live = [text for text, at in locks if is_live(text, now=now, timeout=timeout, last_edited=at)]
    stale = len(locks) - len(live)
    cleanup = "Run `library-sync cleanup`."
    if overdue := _overdue(live, now, timeout_minutes):
        said = (
            f"{len(overdue)} live locks were not renewed within a third of "
            f"PROCESS_LOCK_TIMEOUT_MINUTES={timeout_minutes:g} (of {', '.join(overdue)})."
        )
        remedy = (
            "Set the same PROCESS_LOCK_TIMEOUT_MINUTES on all machines. A process that was "
            "killed leaves such a lock as well: it is freed when its time is over."
        )
        return warn(name, said, remedy)
    if stale:
        return warn(name, f"{stale} stale, {len(live)} live.", cleanup)
    return ok(name, f"{len(live)} live" if live else "none")


def _overdue(live: Iterable[str], now: datetime, timeout_minutes: float) -> list[str]:
    """The hosts of locks that our own renewals would have made younger."""
    timing = LockTiming(timeout=max(5.0, timeout_minutes) * 60)
    oldest = timedelta(seconds=timing.renew_every + timing.renew_again + timing.landing)
    values = [parse(text) for text in live]
    return sorted({value.host for value in values if value and now - value.taken_at > oldest})


def judge_clock(offset: timedelta) -> Finding:
    """Locks go by Notion's time; a clock far off shows wrong times in logs and reports."""
    name, seconds = "Clock", offset.total_seconds()
    if abs(seconds) <= _CLOCK_SECONDS:
        return ok(name, f"{seconds:+.0f} s to Notion's")
    where = "behind" if seconds > 0 else "ahead of"
    said = f"This machine's clock is {abs(seconds):.0f} s {where} Notion's."
    return warn(name, said, "Let the system set the time by network.")
