"""One self-contained page: tables, bars as inline SVG, light or dark as the reader likes. Pure.

Every text is escaped, links lead to the web only, and the page fetches and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from tasks.shown_text import shown, web_address

__all__ = ["Link", "bars", "page", "paragraph", "section", "table"]

Cell = object

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #3b82c4; --bad: #c4473b; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem }
th, td { border-bottom: 1px solid var(--line) }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
svg { max-width: 100%; height: auto } svg text { fill: currentColor; font-size: 13px }
.bar { fill: var(--bar) } .bar.bad { fill: var(--bad) }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_ROW, _LABEL, _WIDTH = 24, 210, 640


class Link(NamedTuple):
    """A text that leads to `url`, where that is an address of the web."""

    text: str
    url: str


def page(title: str, *parts: str) -> str:
    """The whole HTML document."""
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
    )
    return f"{head}<body><h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it; nothing if nothing does."""
    inside = "\n".join(part for part in parts if part)
    return f"<h2>{escape(title)}</h2>\n{inside}" if inside else ""


def paragraph(text: str) -> str:
    """One paragraph."""
    return f"<p>{_text(text)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table; numbers are aligned to the right, None is empty. Nothing if there are no rows."""
    body = [[_cell(cell) for cell in row] for row in rows]
    if not body:
        return ""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "\n".join(f"<tr>{''.join(row)}</tr>" for row in body)
    return f'<div class="scroll"><table><tr>{top}</tr>\n{lines}</table></div>'


def bars(numbers: Mapping[str, int], *, bad: Iterable[str] = ()) -> str:
    """A bar a number, drawn to the largest; those named in `bad` in red."""
    if not numbers:
        return ""
    largest = max(1, *numbers.values())
    worse = set(bad)
    height = _ROW * len(numbers)
    said = ", ".join(f"{name} {number}" for name, number in numbers.items())
    lines = [
        _bar(name, number, largest, place * _ROW, is_bad=name in worse)
        for place, (name, number) in enumerate(numbers.items())
    ]
    return (
        f'<svg role="img" aria-label="{_text(said)}" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}">' + "".join(lines) + "</svg>"
    )


def _bar(name: str, number: int, largest: int, top: int, *, is_bad: bool) -> str:
    length = round((_WIDTH - _LABEL - 80) * number / largest, 1)
    kind = "bar bad" if is_bad else "bar"
    return (
        f'<text x="0" y="{top + 16}">{_text(name)}</text>'
        f'<rect class="{kind}" x="{_LABEL}" y="{top + 5}" width="{length}" height="14" rx="2"/>'
        f'<text x="{_LABEL + length + 8}" y="{top + 16}">{number:,}</text>'
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f"<td>{_link(cell)}</td>"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f'<td class="number">{cell:,}</td>'
    return f"<td>{_text('' if cell is None else str(cell))}</td>"


def _text(text: str) -> str:
    return escape(shown(text))


def _link(link: Link) -> str:
    address = web_address(link.url)
    if not address:
        return _text(link.text)
    return f'<a href="{escape(address)}" rel="noreferrer">{_text(link.text)}</a>'
