"""Eagle's envelopes, and the items of a long list one by one.

A list of 250,000 items is 300 MB of JSON, mostly colours of pictures; read at once it would take
gigabytes. Here each record is decoded as it arrives and dropped again (docs/facts/eagle.md,
"V1 lists").
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import Any

from tasks.disk.strict_json import parse_json
from tasks.errors import EagleMalformed, EagleRefused

Json = dict[str, Any]

_ARRAY = re.compile(r'"data"\s*:\s*\[')
_HEAD_CHARS = 4096
_decoder = json.JSONDecoder()


def unwrap(text: str, *, status: int, what: str) -> Any:
    """The `data` of an envelope, None if it has none.

    Raises EagleRefused if it says anything but success (the HTTP status alone proves nothing), and
    EagleMalformed for what is no envelope.
    """
    try:
        envelope = parse_json(text)
    except ValueError as error:
        raise EagleMalformed(f"Eagle answered {what} with HTTP {status} and no JSON.") from error
    if not isinstance(envelope, Mapping):
        raise EagleMalformed(f"Eagle answered {what} with HTTP {status} and no envelope.")
    if envelope.get("status") != "success" or status >= 400:
        reason = envelope.get("message") or envelope.get("data") or envelope.get("error")
        told = reason if isinstance(reason, str) and reason else f"HTTP {status}"
        raise EagleRefused(f"Eagle refused {what}: {told}")
    return envelope.get("data")


async def records_in(chunks: AsyncIterable[str], *, status: int, what: str) -> AsyncIterator[Json]:
    """The objects of the envelope's `data` array, in order, as their text arrives.

    Raises EagleRefused at the end if the envelope tells of an error or was cut short: only what
    ends without an error is complete.
    """
    source = aiter(chunks)
    text = ""
    while (start := _ARRAY.search(text)) is None:
        more = await anext(source, None)
        if more is None or len(text) > _HEAD_CHARS:
            unwrap(
                text + "".join([more or "", *[c async for c in source]]), status=status, what=what
            )
            raise EagleRefused(f"Eagle answered {what} without a list.")
        text += more
    head, text = text[: start.end()], text[start.end() :]
    while True:
        records, at_end, text = _decode(text)
        for record in records:
            yield record
        if at_end:
            break
        more = await anext(source, None)
        if more is None:
            raise EagleRefused(f"Eagle's answer to {what} was cut short.")
        text += more
    tail = text + "".join([chunk async for chunk in source])
    unwrap(head + tail, status=status, what=what)


def _decode(text: str) -> tuple[list[Json], bool, str]:
    """The whole objects at the start of `text`, whether the array ended, and what is left."""
    records: list[Json] = []
    at = 0
    while True:
        while at < len(text) and text[at] in ", \t\r\n":
            at += 1
        if at < len(text) and text[at] == "]":
            return records, True, text[at:]
        try:
            record, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return records, False, text[at:]
        if isinstance(record, dict):
            records.append(record)
