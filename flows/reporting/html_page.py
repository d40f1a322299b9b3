"""What a page holds: paragraphs, tables, charts, in sections; `page.html.jinja` draws them.

Every text is escaped and harmless, links lead to the web only, and the page fetches nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tasks.shown_text import shown, web_address

if TYPE_CHECKING:
    from jinja2 import Template

_COLOURS = 6
_LONG_WORD = 24


class Link(NamedTuple):
    """A text that leads to `url`, where that is an address of the web."""

    text: str
    url: str

    @property
    def address(self) -> str:
        """Where it leads; "" for nowhere."""
        return web_address(self.url)


class Paragraph(NamedTuple):
    """One paragraph."""

    text: str


class Table(NamedTuple):
    """A table; numbers are aligned to the right, None is empty, `Link`s are links.

    On a phone each row becomes a card, each cell with its column's name.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[object]]

    def is_number(self, column: int) -> bool:
        """True if the column holds numbers, so that its name stands above them."""
        return any(isinstance(row[column], int | float) for row in self.rows)


class Bars(NamedTuple):
    """A bar a number, drawn to the largest; those named in `bad` in red."""

    numbers: Mapping[str, int]
    bad: Collection[str] = ()

    @property
    def largest(self) -> int:
        """The number that fills the width."""
        return max(1, *self.numbers.values())


class Stacked(NamedTuple):
    """A bar a row, made of parts with a colour a part's name; a key below."""

    rows: Mapping[str, Mapping[str, int]]

    @property
    def largest(self) -> int:
        """The sum that fills the width; 0 where there is nothing to draw."""
        return max((sum(parts.values()) for parts in self.rows.values()), default=0)

    @property
    def colours(self) -> dict[str, str]:
        """The class of each name's colour."""
        names = dict.fromkeys(name for parts in self.rows.values() for name in parts)
        return {name: f"c{min(place, _COLOURS)}" for place, name in enumerate(names, 1)}


Part: TypeAlias = Paragraph | Table | Bars | Stacked


class Section(NamedTuple):
    """A heading ("" for none) and what stands below it."""

    title: str
    parts: Sequence[Part]


def page(title: str, *sections: Section) -> str:
    """The whole HTML document. What has nothing to show is left out, and so is its heading."""
    filled = [Section(each.title, list(filter(_has_content, each.parts))) for each in sections]
    return _template().render(title=title, sections=[each for each in filled if each.parts])


def _has_content(part: Part) -> bool:
    match part:
        case Paragraph(text=text):
            return bool(text)
        case Bars(numbers=numbers):
            return bool(numbers)
        case Stacked():
            return part.largest > 0
        case Table(rows=rows):
            return bool(rows)


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415  (only where a page is made)

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, finalize=_harmless
    )
    environment.tests["long"] = _has_long_word
    return environment.get_template("page.html.jinja")


def _harmless(value: object) -> object:
    """Text from outside without what would turn it around or hide it; jinja escapes it."""
    return shown(str(value)) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _has_long_word(cell: object) -> bool:
    text = cell.text if isinstance(cell, Link) else cell
    return any(len(word) > _LONG_WORD for word in str(text).split())
