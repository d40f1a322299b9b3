"""The Notion stand-in's state: the workspace, what queries see of it, and the knobs.

Seeding goes through the same functions as requests do, without HTTP.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.notion.databases import create_database
from sandbox.notion.pages import create_page
from sandbox.notion.paging import Sessions
from sandbox.notion.properties.reading import plain_values
from sandbox.notion.times import utc_now
from sandbox.notion.workspace.index import RowIndex
from sandbox.notion.workspace.journal import Journal
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import Page

Json = dict[str, Any]

RESULT_LIMIT = 10_000
_MANY = 1_000


class NotionStore:
    """A workspace, kept in `folder` (None: in memory alone).

    `query_lag` is the span of seconds by which queries see a change late, drawn anew for each
    change by `seed`; `cursor_lifetime` the seconds after which a query's cursors are refused
    (None: never); `result_limit` how many rows one query gives at most.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> None:
        self.query_lag: tuple[float, float] = (0.0, 0.0)
        self.cursor_lifetime: float | None = None
        self.result_limit = RESULT_LIMIT
        self.index = RowIndex()
        self.sessions = Sessions()
        self._random = random.Random(seed)
        self._clock = clock
        self.objects = Objects(Journal(folder), clock, self._index)
        if len(self.objects.pages) > _MANY:
            # What was restored is here to stay; walking it costs a request 150 ms now and then.
            gc.collect()
            gc.freeze()

    def create_root_page(self, page_id: str, title: str) -> str:
        """A page at the top of the workspace, unless it is there already; its id."""
        with self.objects.guard:
            if page_id not in self.objects.pages:
                parent = {"type": "workspace", "workspace": True}
                values = {"title": title}
                stamp = self.objects.stamp()
                self.objects.put(Page(id=page_id, parent=parent, values=values, **stamp))
                self.objects.flush()
        return page_id

    def create_database(
        self, parent_page_id: str, title: str, properties_schema: Mapping[str, Any]
    ) -> tuple[str, str]:
        """A database under a page: its id and its data source's. Raises ApiError."""
        body: Json = {
            "parent": {"type": "page_id", "page_id": parent_page_id},
            "title": [{"type": "text", "text": {"content": title}}],
            "initial_data_source": {"properties": dict(properties_schema)},
        }
        with self.objects.guard:
            database = create_database(self.objects, body)
            self.objects.flush()
        return database.id, database.data_sources[0]

    def create_page(self, data_source_id: str, properties: Mapping[str, Any]) -> str:
        """A row, from `properties` as the API takes them; its id. Raises ApiError."""
        parent = {"type": "data_source_id", "data_source_id": data_source_id}
        with self.objects.guard:
            page = create_page(self.objects, {"parent": parent, "properties": dict(properties)})
            self.objects.flush()
        return page.id

    def rows(self, data_source_id: str) -> dict[str, Json]:
        """Page id → property name → plain value, of the rows not in the trash, oldest first."""
        with self.objects.guard:
            return {
                page.id: plain_values(self.objects, page)
                for page in self.objects.rows(data_source_id)
                if not page.in_trash
            }

    def row(self, page_id: str) -> Json:
        """Property name → plain value of one page. Raises ApiError 404."""
        with self.objects.guard:
            return plain_values(self.objects, self.objects.page(page_id))

    def find_data_sources(self, title: str) -> list[str]:
        """The ids of the data sources with this title, oldest first."""
        with self.objects.guard:
            found = [each for each in self.objects.data_sources if not self._is_gone(each)]
            return [each for each in found if self.objects.title_of(each) == title]

    def close(self) -> None:
        """Keep what is still to be kept, and let go of the folder."""
        with self.objects.guard:
            self.objects.close()

    def _is_gone(self, data_source_id: str) -> bool:
        return self.objects.is_trashed(self.objects.data_sources[data_source_id])

    def _index(self, page: Page) -> None:
        shortest, longest = self.query_lag
        if longest <= 0:
            self.index.take(page)
            return
        lag = self._random.uniform(shortest, longest)
        self.index.take(page, self._clock().timestamp() + lag)
