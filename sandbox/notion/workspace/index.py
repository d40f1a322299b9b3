"""What queries see: for each row the version the index has caught up with.

GET is always fresh; a query shows a changed row's older version until the lag of that change is
over (docs/facts/notion.md, "Queries lag behind writes").
"""

from __future__ import annotations

import heapq
from collections.abc import Collection

from sandbox.notion.workspace.records import Page


class RowIndex:
    """Rows by data source; times are seconds of Notion's clock."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Page]] = {}
        self._pending: list[tuple[float, int, Page]] = []

    def take(self, page: Page, visible_at: float | None = None) -> None:
        """A new version of a row, seen by queries from `visible_at` on (None: at once)."""
        if page.data_source_id is None:
            return
        if visible_at is None:
            self._show(page)
        else:
            heapq.heappush(self._pending, (visible_at, page.revision, page))

    def rows(self, data_source_id: str, now: float) -> Collection[Page]:
        """The rows a query sees at `now`, in no order."""
        self._catch_up(now)
        return self._rows.get(data_source_id, {}).values()

    def row(self, data_source_id: str, page_id: str) -> Page | None:
        """A row as the last query saw it."""
        return self._rows.get(data_source_id, {}).get(page_id)

    def _catch_up(self, now: float) -> None:
        while self._pending and self._pending[0][0] <= now:
            self._show(heapq.heappop(self._pending)[2])

    def _show(self, page: Page) -> None:
        assert page.data_source_id is not None
        shelf = self._rows.setdefault(page.data_source_id, {})
        shown = shelf.get(page.id)
        if shown is None or shown.revision < page.revision:
            shelf[page.id] = page
