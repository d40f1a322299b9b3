"""Text as it is shown: times, and from outside titles, file names, addresses, what services say.

It reaches terminals, logs, pages and Prefect's UI. So it is one line, its control characters are
visible marks, and nothing in it turns the reading direction of what follows. An address that holds
a private track's secret is shown without it.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from urllib.parse import quote, urlsplit

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_LINE_ENDS = dict.fromkeys((0x0A, 0x0D, 0x2028, 0x2029, 0x85), "␤")
_UNSEEN = dict.fromkeys(
    (
        *range(0x80, 0xA0),  # C1 controls
        0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # direction
        *range(0xD800, 0xE000),  # halves of characters
        0xFEFF, *range(0xFFF9, 0xFFFC),
    ),
    "�",
)  # fmt: skip
_SHOWN: dict[int, int | str] = {**_PICTURES, **_UNSEEN, **_LINE_ENDS, 0x09: " "}
_SECRET = re.compile(r"(?<![\w-])s-[A-Za-z0-9]{4,}|(?<=secret_token=)[\w-]+")
_PRIVATE = "s-…"


def counted(number: int, noun: str) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown(text: str) -> str:
    """`text` in one line, every character of it harmless and visible."""
    return text if text.isprintable() else text.translate(_SHOWN)


def without_secrets(text: str) -> str:
    """`text` whose addresses of private tracks lack what opens them."""
    return _SECRET.sub(_PRIVATE, text) if "s-" in text or "secret_token" in text else text


def web_address(url: str) -> str:
    """An address of the web that can stand in a link; "" for any other, such as `javascript:`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        return ""
    return quote(url, safe="/:?#@!$&'*+,;=%~-._")


class ShownLogRecord(logging.LogRecord):
    """A record whose message is shown text, whoever handles it: one record is one line.

    It may go into Prefect's database, which others may read.
    """

    def getMessage(self) -> str:  # noqa: N802  (logging's name)
        """The message, its arguments filled in."""
        return without_secrets(shown(super().getMessage()))


def show_logs_as_text(*projects: str) -> None:
    """Make the records of these loggers, and of those below them, `ShownLogRecord`s."""
    before = logging.getLogRecordFactory()

    def made(name: str, *arguments: object, **named: object) -> logging.LogRecord:
        is_ours = name.partition(".")[0] in projects
        factory = ShownLogRecord if is_ours else before
        return factory(name, *arguments, **named)  # type: ignore[arg-type]

    logging.setLogRecordFactory(made)


def local(moment: datetime | str) -> str:
    """`2026-11-25 23:10` in this machine's time zone; text that is no time stays as it is."""
    try:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return str(moment)
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
