"""Which call of the API a method and a path stand for."""

from __future__ import annotations

import re

from sandbox.notion import endpoints as on

_ROUTES: tuple[tuple[str, str, on.Endpoint], ...] = (
    ("POST", "pages", on.create_page),
    ("GET", "pages/{page_id}", on.retrieve_page),
    ("PATCH", "pages/{page_id}", on.update_page),
    ("GET", "pages/{page_id}/properties/{property_id}", on.retrieve_property),
    ("POST", "databases", on.create_database),
    ("GET", "databases/{database_id}", on.retrieve_database),
    ("PATCH", "databases/{database_id}", on.update_database),
    ("POST", "data_sources", on.create_data_source),
    ("GET", "data_sources/{data_source_id}", on.retrieve_data_source),
    ("PATCH", "data_sources/{data_source_id}", on.update_data_source),
    ("POST", "data_sources/{data_source_id}/query", on.query_data_source),
    ("GET", "blocks/{block_id}", on.retrieve_block),
    ("DELETE", "blocks/{block_id}", on.delete_block),
    ("GET", "blocks/{block_id}/children", on.list_children),
    ("GET", "users/me", on.retrieve_me),
    ("POST", "search", on.search_titles),
)
_NAME = re.compile(r"{(\w+)}")
_PATTERNS = [
    (method, re.compile("/v1/" + _NAME.sub(r"(?P<\1>[^/]+)", path) + "/?"), endpoint)
    for method, path, endpoint in _ROUTES
]


def endpoint_for(method: str, path: str) -> tuple[on.Endpoint, dict[str, str]] | None:
    """The function for a request and the named parts of its path; None if there is no such call."""
    for wanted, pattern, endpoint in _PATTERNS:
        match = pattern.fullmatch(path) if wanted == method else None
        if match is not None:
            return endpoint, match.groupdict()
    return None
