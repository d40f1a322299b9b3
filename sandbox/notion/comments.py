"""Comments: create, list, update, delete.

Source: the public type declarations of Notion's JavaScript client (comments.ts).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_array, an_id, an_object, one_of, only_keys, string
from sandbox.notion.errors import INTEGRATION_NAME, UNDEFINED, invalid, not_found, validation
from sandbox.notion.ids import new_id
from sandbox.notion.media import parse_file
from sandbox.notion.objects import Objects
from sandbox.notion.records import Comment, Database
from sandbox.notion.richtext import parse_rich_text, text_item
from sandbox.notion.users import PERSON_ID, user_name

__all__ = ["comments_on", "create_comment", "delete_comment", "update_comment"]

Json = dict[str, Any]

_KEYS = ("rich_text", "markdown", "attachments", "display_name", "parent", "discussion_id")
_MOST_ATTACHMENTS = 3


def create_comment(objects: Objects, body: Json) -> Comment:
    """A comment that begins a discussion or answers in one."""
    only_keys(body, "body", _KEYS)
    text = _text(objects, body)
    parent, discussion_id = _where(objects, body)
    return objects.put(
        Comment(
            id=new_id(),
            parent=parent,
            discussion_id=discussion_id,
            rich_text=text,
            display_name=_display_name(body.get("display_name")),
            attachments=_attachments(objects, body.get("attachments") or []),
            **objects.stamp(),
        )
    )


def update_comment(objects: Objects, comment_id: str, body: Json) -> Comment:
    """The comment with another text."""
    only_keys(body, "body", ("rich_text", "markdown"))
    text = _text(objects, body)
    return objects.change(_present(objects, comment_id), rich_text=text)


def delete_comment(objects: Objects, comment_id: str) -> Comment:
    """The comment, which is gone from now on."""
    return objects.change(_present(objects, comment_id), in_trash=True)


def comments_on(objects: Objects, block_id: str) -> list[Comment]:
    """The comments on a page or block, oldest first. Raises ApiError 404."""
    objects.block(block_id)
    found = [each for each in objects.comments.values() if block_id in each.parent.values()]
    return sorted((each for each in found if not each.in_trash), key=lambda each: each.sequence)


def _present(objects: Objects, comment_id: str) -> Comment:
    comment = objects.comment(comment_id)
    if comment.in_trash:
        raise not_found("comment", comment_id)
    return comment


def _text(objects: Objects, body: Json) -> list[Json]:
    if body.get("markdown") is not None and body.get("rich_text") is None:
        return [text_item(str(body["markdown"]))]
    return parse_rich_text(body.get("rich_text", UNDEFINED), "body.rich_text", objects)


def _where(objects: Objects, body: Json) -> tuple[Json, str]:
    if body.get("discussion_id") is not None:
        discussion_id = an_id(body["discussion_id"], "body.discussion_id")
        for comment in objects.comments.values():
            if comment.discussion_id == discussion_id:
                return comment.parent, discussion_id
        raise not_found("discussion", discussion_id)
    parent = an_object(body.get("parent", UNDEFINED), "body.parent")
    for kind in ("page_id", "block_id"):
        if kind in parent:
            parent_id = an_id(parent[kind], f"body.parent.{kind}")
            above = objects.page(parent_id) if kind == "page_id" else objects.block(parent_id)
            if isinstance(above, Database):
                raise validation("A database cannot be commented on.")
            return {"type": kind, kind: parent_id}, new_id()
    raise invalid("body.parent.page_id", "defined", UNDEFINED)


def _display_name(value: object) -> Json:
    if value is None:
        return {"type": "integration", "resolved_name": INTEGRATION_NAME}
    given = an_object(value, "body.display_name")
    if given.get("type") == "custom":
        custom = an_object(given.get("custom", UNDEFINED), "body.display_name.custom")
        name = string(custom.get("name", UNDEFINED), "body.display_name.custom.name")
        return {"type": "custom", "resolved_name": name}
    kind = given.get("type", UNDEFINED)
    one_of(kind, "body.display_name.type", ("integration", "user", "custom"))
    name = INTEGRATION_NAME if kind == "integration" else user_name(PERSON_ID)
    return {"type": kind, "resolved_name": name}


def _attachments(objects: Objects, value: object) -> list[Json]:
    found = []
    for index, item in enumerate(an_array(value, "body.attachments", longest=_MOST_ATTACHMENTS)):
        path = f"body.attachments[{index}]"
        upload_id = an_id(
            an_object(item, path).get("file_upload_id", UNDEFINED), f"{path}.file_upload_id"
        )
        category = (objects.upload(upload_id).content_type or "").split("/")[0]
        file = parse_file({"file_upload": {"id": upload_id}}, path, objects)
        known = category if category in {"audio", "image", "video"} else "productivity"
        found.append({"category": known, "file": file["file"]})
    return found
