"""Which data source a database has, remembered from run to run: a request less before each.

A data source names its database, so what is remembered is proven by the request that is made
anyway; where it is not that any more, Notion is asked as if nothing had been known.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.disk.whole_files import read_document, write_whole
from tasks.errors import ConfigurationError, NotionNotFound
from tasks.notion.client import NotionClient
from tasks.notion.schema import Schema
from tasks.retrying import PATIENT, RetryPolicy, retrying


async def data_source_id(
    notion: NotionClient, database_id: str, policy: RetryPolicy = PATIENT
) -> str:
    """The first data source of a database. Raises NotionNotFound if none is shown."""
    return (await _source_ids(notion, database_id, policy))[0]


async def tracks_source(
    notion: NotionClient, database_id: str, policy: RetryPolicy = PATIENT
) -> Mapping[str, Any]:
    """The data source that holds the tracks, with its schema.

    Of several, the one that has what a tracks database needs. Raises ConfigurationError, naming
    them, where that is not exactly one; NotionNotFound if none is shown.
    """
    ids = await _source_ids(notion, database_id, policy)
    found = [await _read(notion, source_id, policy) for source_id in ids]
    if len(found) == 1:
        return found[0]
    fitting = [source for source in found if not Schema.unchecked(source).problems()]
    if len(fitting) == 1:
        return fitting[0]
    named = "; ".join(f"{Schema.unchecked(s).title or 'untitled'} ({s['id']})" for s in found)
    which = "more than one" if fitting else "none"
    raise ConfigurationError(
        f"The database {database_id} has several data sources, {which} of which fits: {named}.",
        remedy="Set TRACKS_DB_ID to the id of the data source that holds your tracks.",
    )


async def _source_ids(notion: NotionClient, database_id: str, policy: RetryPolicy) -> list[str]:
    """The data sources of a database; an id of a data source serves as well."""
    try:
        database = await retrying(lambda: notion.database(database_id), policy)
    except NotionNotFound:
        return [database_id]
    ids = [str(source["id"]) for source in database.get("data_sources") or ()]
    if not ids:
        raise NotionNotFound(f"Notion shows no data source in the database {database_id}.")
    return ids


async def _read(notion: NotionClient, source_id: str, policy: RetryPolicy) -> Mapping[str, Any]:
    return await retrying(lambda: notion.data_source(source_id), policy)


def recall_source(state_dir: Path, database_id: str) -> str:
    """The data source that `database_id` had last, "" if none is known."""
    return _all(state_dir).get(database_id, "")


def remember_source(state_dir: Path, database_id: str, source_id: str) -> None:
    """Write it down; if the disk refuses, the next run makes one request more."""
    known = _all(state_dir) | {database_id: source_id}
    with contextlib.suppress(OSError):
        write_whole(_file(state_dir), json.dumps(known))


def _file(state_dir: Path) -> Path:
    return state_dir / "notion-sources.json"


def _all(state_dir: Path) -> dict[str, str]:
    return read_document(_file(state_dir), _understood) or {}


def _understood(known: Any) -> dict[str, str]:
    return {str(database): str(source) for database, source in known.items()}
