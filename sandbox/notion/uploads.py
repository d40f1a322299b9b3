"""File uploads: create, send, complete. What is sent is measured, not kept.

Source: the public type declarations of Notion's JavaScript client (file-uploads.ts).
"""

from __future__ import annotations

import mimetypes
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sandbox.notion.checks import one_of, only_keys, string
from sandbox.notion.errors import invalid, validation
from sandbox.notion.ids import new_id
from sandbox.notion.objects import Objects
from sandbox.notion.records import Upload

__all__ = ["complete_upload", "create_upload", "receive_upload"]

Json = dict[str, Any]

_MODES = ("single_part", "multi_part", "external_url")
_KEYS = ("mode", "filename", "content_type", "number_of_parts", "external_url")


def create_upload(objects: Objects, body: Json) -> Upload:
    """A pending upload; one from an outside address is there at once."""
    only_keys(body, "body", _KEYS)
    mode = one_of(body.get("mode", "single_part"), "body.mode", _MODES)
    name, kind = (_text(body, key) for key in ("filename", "content_type"))
    parts = body.get("number_of_parts")
    if parts is not None and (isinstance(parts, bool) or not isinstance(parts, int)):
        raise invalid("body.number_of_parts", "a number or `undefined`", parts)
    guessed = mimetypes.guess_type(name)[0] if name else None
    return objects.put(
        Upload(
            id=new_id(),
            parent={},
            filename=name,
            content_type=kind or guessed,
            mode=mode,
            status="uploaded" if mode == "external_url" else "pending",
            parts_total=parts,
            **objects.stamp(),
        )
    )


def receive_upload(objects: Objects, upload_id: str, content_type: str, payload: bytes) -> Upload:
    """The upload after a multipart form with `file` came. Raises ApiError 400 or 404."""
    upload = objects.upload(upload_id)
    if upload.status != "pending":
        raise validation(f"File upload {upload.id} is not pending: its status is {upload.status}.")
    name, kind, size = _file_in(content_type, payload)
    return objects.change(
        upload,
        filename=upload.filename or name,
        content_type=upload.content_type or kind,
        content_length=(upload.content_length or 0) + size,
        parts_sent=upload.parts_sent + 1,
        status="pending" if upload.mode == "multi_part" else "uploaded",
    )


def complete_upload(objects: Objects, upload_id: str) -> Upload:
    """The upload of several parts, done."""
    upload = objects.upload(upload_id)
    if upload.mode != "multi_part" or upload.status != "pending" or not upload.parts_sent:
        raise validation(f"File upload {upload.id} cannot be completed.")
    return objects.change(upload, status="uploaded")


def _text(body: Json, key: str) -> str | None:
    return None if body.get(key) is None else string(body[key], f"body.{key}")


def _file_in(content_type: str, payload: bytes) -> tuple[str | None, str | None, int]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + payload)
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            size = len(content) if isinstance(content, bytes) else 0
            return part.get_filename(), part.get_content_type(), size
    raise invalid("body.file", "defined", None)
