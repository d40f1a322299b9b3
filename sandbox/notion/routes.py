"""Which call of the API a method and a path stand for."""

from __future__ import annotations

import re

from sandbox.notion import endpoints as on

__all__ = ["endpoint_for"]

_ROUTES: tuple[tuple[str, str, on.Endpoint], ...] = (
    ("POST", "pages", on.create_page),
    ("GET", "pages/{page_id}", on.retrieve_page),
    ("PATCH", "pages/{page_id}", on.update_page),
    ("POST", "pages/{page_id}/move", on.move_page),
    ("GET", "pages/{page_id}/properties/{property_id}", on.retrieve_property),
    ("POST", "databases", on.create_database),
    ("GET", "databases/{database_id}", on.retrieve_database),
    ("PATCH", "databases/{database_id}", on.update_database),
    ("POST", "data_sources", on.create_data_source),
    ("GET", "data_sources/{data_source_id}", on.retrieve_data_source),
    ("PATCH", "data_sources/{data_source_id}", on.update_data_source),
    ("POST", "data_sources/{data_source_id}/query", on.query_data_source),
    ("GET", "data_sources/{data_source_id}/templates", on.list_templates),
    ("GET", "blocks/{block_id}", on.retrieve_block),
    ("PATCH", "blocks/{block_id}", on.update_block),
    ("DELETE", "blocks/{block_id}", on.delete_block),
    ("GET", "blocks/{block_id}/children", on.list_children),
    ("PATCH", "blocks/{block_id}/children", on.append_children),
    ("GET", "users", on.list_users),
    ("GET", "users/me", on.retrieve_me),
    ("GET", "users/{user_id}", on.retrieve_user),
    ("POST", "search", on.search_titles),
    ("POST", "comments", on.create_comment),
    ("GET", "comments", on.list_comments),
    ("GET", "comments/{comment_id}", on.retrieve_comment),
    ("PATCH", "comments/{comment_id}", on.update_comment),
    ("DELETE", "comments/{comment_id}", on.delete_comment),
    ("POST", "file_uploads", on.create_upload),
    ("GET", "file_uploads", on.list_uploads),
    ("GET", "file_uploads/{file_upload_id}", on.retrieve_upload),
    ("POST", "file_uploads/{file_upload_id}/send", on.send_upload),
    ("POST", "file_uploads/{file_upload_id}/complete", on.complete_upload),
    ("GET", "custom_emojis", on.list_custom_emojis),
    ("POST", "views", on.create_view),
    ("GET", "views", on.list_views),
    ("GET", "views/{view_id}", on.retrieve_view),
    ("PATCH", "views/{view_id}", on.update_view),
    ("DELETE", "views/{view_id}", on.delete_view),
    ("POST", "views/{view_id}/queries", on.begin_view_query),
    ("GET", "views/{view_id}/queries/{query_id}", on.view_query_results),
    ("DELETE", "views/{view_id}/queries/{query_id}", on.end_view_query),
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
