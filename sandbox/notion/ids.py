"""Identifiers as Notion has them: UUIDs with dashes, and short property ids.

Source: docs/facts/notion.md, "Versions and objects" and "Property ids".
"""

from __future__ import annotations

import random
import re
import string
import uuid
from collections.abc import Container
from urllib.parse import quote

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
)
_NIL = "0" * 32
_ALPHABET = string.ascii_letters + "<>=?@[]^_`{|}~:;"


def new_id() -> str:
    """A fresh random UUID, dashed."""
    return str(uuid.uuid4())


def new_property_id(taken: Container[str]) -> str:
    """Four characters that are not among `taken`, not percent-encoded."""
    while True:
        fresh = "".join(random.choices(_ALPHABET, k=4))
        if fresh not in taken:
            return fresh


def new_option_id() -> str:
    """The id of a select, multi-select or status option."""
    return str(uuid.uuid4())


def parse_id(text: object) -> str | None:
    """`text` dashed and in lower case, or None if Notion would not take it for a UUID."""
    if not isinstance(text, str):
        return None
    bare = text.replace("-", "")
    if bare != _NIL and not _UUID.fullmatch(text):
        return None
    return str(uuid.UUID(bare))


def hex_of(object_id: str) -> str:
    """The id without dashes, as it stands in page addresses."""
    return object_id.replace("-", "")


def encoded(property_id: str) -> str:
    """A property id as responses show it (`?B:W` is `%3FB%3AW`)."""
    return quote(property_id, safe="!~*'()")
