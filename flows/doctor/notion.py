"""`doctor` looks at Notion: token, database, properties, playlists, locks, clock.

What a check needs from an earlier one is handed on; where it is missing the check is left out,
for the earlier one has said why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from flows.doctor.findings import Finding, fail, ok, warn
from flows.session.clients import notion_client
from flows.session.preflight import missing_credentials, no_database
from flows.settings import Settings
from tasks.errors import (
    ConfigurationError,
    NotionError,
    NotionNotFound,
    NotionRefused,
    NotionUnauthorized,
)
from tasks.locks.timing import LockTiming
from tasks.locks.value import is_live, parse
from tasks.notion.client import NotionClient
from tasks.notion.filters import query_filter, wants
from tasks.notion.properties import FIELDS, NOT_WRITTEN, Field, FieldSpec
from tasks.notion.queries import iterate_locked, matching_pages
from tasks.notion.rows import to_track
from tasks.notion.schema import Property, Schema
from tasks.notion.source import data_source_id, tracks_source
from tasks.retrying import RetryPolicy, retrying
from tasks.shown_text import counted
from tasks.tracks import Track, TrackFilter

_BRIEFLY = RetryPolicy(attempts=3, longest=5.0)
_CLOCK_SECONDS = 30
_NO_PAGE = "00000000-0000-0000-0000-000000000000"


async def examine_notion(
    settings: Settings, on_waiting: Callable[[list[Track]], object]
) -> list[Finding]:
    """Every check of Notion; errors become findings. `on_waiting` is given the rows that wait."""
    found = _credentials(settings)
    if not settings.notion_token:
        return found
    async with notion_client(settings) as client:
        try:
            found += await _with_token(client, settings, on_waiting)
        except NotionError as error:
            found.append(fail("Notion", str(error), error.remedy))
    return found


def _credentials(settings: Settings) -> list[Finding]:
    checks = {"NOTION_TOKEN": "Notion token", "TRACKS_DB_ID": "Tracks database"}
    missing = missing_credentials(settings)
    return [fail(checks[name], str(error), error.remedy) for name, error in missing.items()]


async def _with_token(
    client: NotionClient, settings: Settings, on_waiting: Callable[[list[Track]], object]
) -> list[Finding]:
    try:
        me = await retrying(lambda: client.send("GET", "users/me"), _BRIEFLY)
    except NotionUnauthorized as error:
        remedy = "Copy the integration's secret again and set NOTION_TOKEN to it."
        return [fail("Notion token", f"Notion does not accept it: {error}", remedy)]
    except NotionError as error:
        return [fail("Notion", str(error), "Check the network and NOTION_BASE_URL.")]
    found = [ok("Notion token", f"accepted, as {me.get('name') or 'the integration'}")]
    found.append(judge_clock(client.clock_offset))
    if not settings.tracks_db_id:
        return found
    schema = await _database(client, settings)
    if isinstance(schema, Finding):
        return [*found, schema]
    said = f"{schema.title or 'untitled'} ({settings.tracks_db_id})"
    found += [ok("Tracks database", said), await _may_update(client), *judge_properties(schema)]
    found.append(await _playlists(client, settings, schema))
    if Field.DOWNLOADED in schema and Field.SOUNDCLOUD_URL in schema:
        on_waiting(await _waiting(client, schema))
    if Field.LOCK in schema and schema[Field.LOCK].type == "rich_text":
        found.append(await _locks(client, schema, settings))
    return found


async def _database(client: NotionClient, settings: Settings) -> Schema | Finding:
    name = "Tracks database"
    try:
        return Schema.unchecked(await tracks_source(client, settings.tracks_db_id, _BRIEFLY))
    except ConfigurationError as error:
        return fail(name, str(error), error.remedy)
    except (NotionNotFound, NotionRefused, NotionUnauthorized):
        absent = no_database(settings)
        return fail(name, str(absent), absent.remedy)


async def _may_update(client: NotionClient) -> Finding:
    """Whether the integration may change rows, asked of a page that does not exist."""
    name = "Capabilities"
    try:
        await retrying(lambda: client.update_page(_NO_PAGE, {}), _BRIEFLY)
    except NotionUnauthorized:
        said = "The integration may read and not write: every row would fail."
        remedy = (
            "In Notion open notion.so/my-integrations, choose the integration, and tick the "
            "capability 'Update content'."
        )
        return fail(name, said, remedy)
    except (NotionNotFound, NotionRefused):
        pass  # it looked for the page, or at what we sent: it would have let us write
    except NotionError as error:
        return warn(name, f"Writing could not be tried: {error}", "Run doctor again.")
    return ok(name, "reads and updates content")


def judge_properties(schema: Schema) -> list[Finding]:
    """One finding a property the product knows: the schema's own answer about it."""
    found = [fail("Property", str(problem), problem.remedy) for problem in schema.problems()]
    named = {f.said for f in found}
    there = schema.found
    for kind, spec in FIELDS.items():
        if kind not in there:
            if not spec.required:
                found.append(_missing(spec))
        elif not any(repr(there[kind].name) in said for said in named):
            found.append(_seen(spec, there[kind]))
            found += [_twin(there[kind], twin) for twin in schema.twins.get(kind, ())]
    if Field.SOUNDCLOUD_URL in schema and Field.DOWNLOADED in schema:
        found.append(_status_options(schema))
    return found


def _missing(spec: FieldSpec) -> Finding:
    name = f"Property {spec.names[0]}"
    if not spec.is_missed:
        without = spec.lost_without or "it is simply not used"
        return ok(name, f"absent (optional, {spec.create_as}); {without}")
    remedy = f"Add it in Notion as {spec.create_as}, or let `library-sync setup` add it."
    return warn(name, f"is missing: {spec.lost_without}.", remedy)


def _seen(spec: FieldSpec, found: Property) -> Finding:
    """How a property is read and written, or why not."""
    name = f"Property {found.name}"
    if not found.why_not:
        return ok(name, found.type)
    if found.is_read and not spec.is_written:
        return ok(name, f"{found.type}, {found.why_not}")
    is_said = spec.lost_without in {"", NOT_WRITTEN}
    lost = "" if is_said else f"; {spec.lost_without}"
    remedy = f"Change its type in Notion to {spec.create_as}, or rename it."
    return warn(name, f"is of type {found.type}, {found.why_not}{lost}.", remedy)


def _twin(first: Property, twin: Property) -> Finding:
    said = f"is read beside {first.name!r}: a row ticked in either is done; {first.name!r} is set."
    return warn(f"Property {twin.name}", said, "Keep one of the two boxes.")


def _status_options(schema: Schema) -> Finding:
    """A `status` property takes only options that exist, and the API cannot add any."""
    name = "Status options"
    if not schema.writes(Field.STATUS) or schema[Field.STATUS].type != "status":
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
        source_id = await data_source_id(client, wanted, _BRIEFLY)
        source = await retrying(lambda: client.data_source(source_id), _BRIEFLY)
    except NotionError:
        if settings.playlists_db_id:
            remedy = f"Check PLAYLISTS_DB_ID. {remedy}"
        return fail(name, f"Notion shows no database {wanted}: names are unknown.", remedy)
    if related and source["id"] != related:
        remedy = "Set PLAYLISTS_DB_ID to the database that the property relates to, or leave it."
        return warn(name, "PLAYLISTS_DB_ID is not the database the rows relate to.", remedy)
    title = "".join(part.get("plain_text", "") for part in source.get("title", []))
    return ok(name, title or str(wanted))


async def _waiting(client: NotionClient, schema: Schema) -> list[Track]:
    conditions = query_filter(TrackFilter.UNPROCESSED, schema)
    pages = matching_pages(client, schema, conditions, _BRIEFLY)
    tracks = [to_track(page, schema) async for page in pages]
    return [t for t in tracks if t.soundcloud_url and wants(t, TrackFilter.UNPROCESSED)]


async def _locks(client: NotionClient, schema: Schema, settings: Settings) -> Finding:
    rows = [row async for row in iterate_locked(client, schema, _BRIEFLY)]
    locks = [(row.lock, row.last_edited) for row in rows]
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
            f"{counted(len(overdue), 'lock')} in use, not renewed within a third of "
            f"PROCESS_LOCK_TIMEOUT_MINUTES={timeout_minutes:g} (of {', '.join(overdue)})."
        )
        remedy = (
            "Set the same PROCESS_LOCK_TIMEOUT_MINUTES on all machines. A process that was "
            "killed leaves such a lock as well: it is freed when its time is over."
        )
        return warn(name, said, remedy)
    if stale:
        return warn(name, f"{counted(stale, 'lock')} left over from ended processes.", cleanup)
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
        return ok(name, f"{round(seconds):+d} s to Notion's")
    where = "behind" if seconds > 0 else "ahead of"
    said = f"This machine's clock is {abs(seconds):.0f} s {where} Notion's."
    return warn(name, said, "Let the system set the time by network.")
