"""Pages into Notion's trash, and out of it."""

from __future__ import annotations

from tasks.notion.client import NotionClient
from tasks.retrying import PATIENT, retrying, surely_not_applied


async def set_in_trash(client: NotionClient, page_id: str, *, is_trashed: bool) -> None:
    """Asked for again only where it surely was not done: a late copy of the request could undo what
    a person did meanwhile. Raises a NotionError.
    """
    await retrying(
        lambda: client.set_in_trash(page_id, is_trashed=is_trashed),
        PATIENT,
        repeats=surely_not_applied,
    )
