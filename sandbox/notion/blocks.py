"""Blocks: append, update, move to the trash.

A page or database can be trashed as a block; other changes of theirs go through their own calls.
Source: notion-api.md 2 ("Pages": `DELETE /v1/blocks/{page_or_db_id}`) and the public type
declarations of Notion's JavaScript client (blocks.ts).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.block_types import block_type, parse_content
from sandbox.notion.checks import an_array, an_id, an_object, one_of, only_keys
from sandbox.notion.errors import UNDEFINED, ApiError, invalid, validation
from sandbox.notion.ids import new_id
from sandbox.notion.objects import Objects
from sandbox.notion.records import Block, Database, Page

__all__ = [
    "add_drafts",
    "append_blocks",
    "block_drafts",
    "delete_block",
    "erase",
    "update_block",
]

Json = dict[str, Any]

_MOST_BLOCKS = 1000
_TRASHED = "Can't edit block that is archived. You must unarchive the block before editing."
_FULL = ("column_list", "table")


def append_blocks(objects: Objects, parent_id: str, body: Json, path: str) -> list[Block]:
    """The new blocks of the first level. Raises ApiError 400 or 404; nothing is added then."""
    only_keys(body, path, ("children", "after", "position"))
    drafts = block_drafts(objects, body.get("children", UNDEFINED), f"{path}.children")
    position = _position(body, path)
    parent = objects.block(parent_id)
    if isinstance(parent, Database):
        raise validation("Block does not support children.")
    if objects.is_trashed(parent):
        raise validation(_TRASHED)
    return add_drafts(objects, parent, drafts, _place(objects, parent_id, position))


def block_drafts(objects: Objects, value: object, path: str) -> list[Json]:
    """The blocks of a request, checked but not yet made. Raises ApiError 400."""
    drafts = _drafts(objects, value, path)
    if sum(_count(draft) for draft in drafts) > _MOST_BLOCKS:
        raise validation(f"{path} holds more than {_MOST_BLOCKS} blocks.")
    return drafts


def add_drafts(
    objects: Objects, parent: Block | Page, drafts: list[Json], place: int = 0
) -> list[Block]:
    """Make the blocks of `drafts` under `parent`, the first of them at `place`."""
    is_page = isinstance(parent, Page)
    added = [_make(objects, parent.id, draft, under_page=is_page) for draft in drafts]
    siblings = objects.children.get(parent.id, [])
    ids = [block.id for block in added]
    objects.order(parent.id, [*siblings[:place], *ids, *siblings[place:]])
    return added


def update_block(objects: Objects, block_id: str, body: Json) -> Block | Page | Database:
    """The block with another content, or in the trash, or out of it."""
    wish = next((body[key] for key in ("in_trash", "archived") if body.get(key) is not None), None)
    if wish is not None and not isinstance(wish, bool):
        raise invalid("body.in_trash", "a boolean", wish)
    kinds = set(body) - {"in_trash", "archived", "type", "object"}
    kind = block_type(body, "body") if kinds else None
    block = objects.block(block_id)
    if wish is None and objects.is_trashed(block):
        raise validation(_TRASHED)
    fields: Json = {} if wish is None else {"in_trash": wish}
    if kind is not None:
        if not isinstance(block, Block) or block.type != kind:
            raise invalid(f"body.{_type_of(block)}", "defined", UNDEFINED)
        fields["content"] = parse_content(kind, body[kind], f"body.{kind}", objects, block.content)
    return objects.change(block, **fields)


def delete_block(objects: Objects, block_id: str) -> Block | Page | Database:
    """The block, page or database in the trash."""
    block = objects.block(block_id)
    if block.in_trash:
        raise validation(_TRASHED)
    return objects.change(block, in_trash=True)


def erase(objects: Objects, page_id: str) -> None:
    """Move all content of a page to the trash."""
    for child in list(objects.children_of(page_id)):
        objects.change(child, in_trash=True)


def _drafts(objects: Objects, value: object, path: str) -> list[Json]:
    """The blocks of a request, checked: `{"type", "content", "children"}`."""
    drafts = []
    for index, item in enumerate(an_array(value, path)):
        where = f"{path}[{index}]"
        body = an_object(item, where)
        kind = block_type(body, where)
        content = parse_content(kind, body[kind], f"{where}.{kind}", objects)
        nested = body[kind].get("children")
        children = _drafts(objects, nested, f"{where}.{kind}.children") if nested else []
        if kind in _FULL and not children:
            raise invalid(f"{where}.{kind}.children", "defined", UNDEFINED)
        drafts.append({"type": kind, "content": content, "children": children})
    return drafts


def _count(draft: Json) -> int:
    return 1 + sum(_count(child) for child in draft["children"])


def _make(objects: Objects, parent_id: str, draft: Json, *, under_page: bool) -> Block:
    kind = "page_id" if under_page else "block_id"
    block = objects.put(
        Block(
            id=new_id(),
            parent={"type": kind, kind: parent_id},
            type=draft["type"],
            content=draft["content"],
            **objects.stamp(),
        )
    )
    if draft["children"]:
        ids = [_make(objects, block.id, child, under_page=False).id for child in draft["children"]]
        objects.order(block.id, ids)
    return block


def _position(body: Json, path: str) -> str | None:
    """The id of the block to follow, "start", or None for the end."""
    if body.get("after") is not None:
        return an_id(body["after"], f"{path}.after")
    if body.get("position") is None:
        return None
    position = an_object(body["position"], f"{path}.position")
    kind = one_of(
        position.get("type", UNDEFINED), f"{path}.position.type", ("after_block", "start", "end")
    )
    if kind == "after_block":
        where = f"{path}.position.after_block"
        return an_id(an_object(position.get(kind, UNDEFINED), where).get("id"), f"{where}.id")
    return "start" if kind == "start" else None


def _place(objects: Objects, parent_id: str, position: str | None) -> int:
    siblings = objects.children.get(parent_id, [])
    if position is None:
        return len(siblings)
    if position == "start":
        return 0
    if position not in siblings:
        raise ApiError(400, "validation_error", f"Could not find block with ID: {position}.")
    return siblings.index(position) + 1


def _type_of(block: Block | Page | Database) -> str:
    if isinstance(block, Block):
        return block.type
    return "child_page" if isinstance(block, Page) else "child_database"
