"""Which data source a database has, remembered from run to run: a request less before each.

A data source names its database, so what is remembered is proven by the request that is made
anyway; where it is not that any more, Notion is asked as if nothing had been known.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from tasks.errors import NotionNotFound
from tasks.notion.client import NotionClient
from tasks.retrying import PATIENT, retrying

__all__ = ["data_source_id", "recall_source", "remember_source"]


async def data_source_id(notion: NotionClient, database_id: str) -> str:
    """The first data source of a database; an id of a data source serves as well."""
    try:
        database = await retrying(lambda: notion.database(database_id), PATIENT)
    except NotionNotFound:
        return database_id
    return str(database["data_sources"][0]["id"])


def recall_source(state_dir: Path, database_id: str) -> str:
    """The data source that `database_id` had last, "" if none is known."""
    return _all(state_dir).get(database_id, "")


def remember_source(state_dir: Path, database_id: str, source_id: str) -> None:
    """Write it down; a disk that refuses costs a request next time, and nothing now."""
    known = _all(state_dir) | {database_id: source_id}
    file = _file(state_dir)
    fresh = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        state_dir.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known), "utf-8")
        fresh.replace(file)


def _file(state_dir: Path) -> Path:
    return state_dir / "notion-sources.json"


def _all(state_dir: Path) -> dict[str, str]:
    try:
        known = json.loads(_file(state_dir).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
