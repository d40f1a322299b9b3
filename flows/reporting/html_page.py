"""One self-contained page: tables, bars as inline SVG, light or dark as the reader likes. Pure.

Every text is escaped, links lead to the web only, and the page fetches and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from tasks.shown_text import shown, web_address

Cell = object

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #3b82c4; --bad: #c4473b; --soft: #8882 }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
p, h1, .bars span, .long { overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
a { color: LinkText }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem }
th, td { border-bottom: 1px solid var(--line) }
th { white-space: nowrap }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.bars { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr max-content;
  gap: .35rem .8rem; align-items: center; max-width: 52rem }
.bars div { display: contents }
.bars i { font-style: normal; text-align: right; font-variant-numeric: tabular-nums }
.bars svg { width: 100%; height: 14px; background: var(--soft); border-radius: 2px }
.bar { fill: var(--bar) } .bar.bad { fill: var(--bad) }
.c1 { fill: #c4473b } .c2 { fill: #d98b2b } .c3 { fill: #8a63c9 } .c4 { fill: #2f9e77 }
.c5 { fill: #b35a8b } .c6 { fill: #7d8590 }
.key svg { width: .8rem; height: .8rem; vertical-align: -1px; margin-right: .3rem }
.key span { margin-right: 1rem; white-space: nowrap }
@media (max-width: 600px) {
  body { margin: 1rem auto } tr.head { display: none }
  table, tbody, tr, td { display: block; width: auto }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0 }
  td, td.number { border: 0; padding: .1rem 0; text-align: left }
  td[data-name]:not(:empty)::before { content: attr(data-name) ": "; opacity: .65 }
  .bars { display: block }
  .bars div { display: grid; grid-template: "name number" "bar bar" / 1fr max-content;
    gap: .1rem .8rem; margin-bottom: .5rem }
  .bars span { grid-area: name } .bars i { grid-area: number } .bars svg { grid-area: bar }
}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_COLOURS = 6
_LONG_WORD = 24


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
    """A table; numbers are aligned to the right, None is empty. Nothing if there are no rows.

    On a phone each row becomes a card, each cell with its column's name.
    """
    body = [[_cell(cell, name) for cell, name in zip(row, head, strict=True)] for row in rows]
    if not body:
        return ""
    top = "".join(f"<th>{_text(name)}</th>" for name in head)
    lines = "\n".join(f"<tr>{''.join(row)}</tr>" for row in body)
    return f'<table><tr class="head">{top}</tr>\n{lines}</table>'


def bars(numbers: Mapping[str, int], *, bad: Iterable[str] = ()) -> str:
    """A bar a number, drawn to the largest; those named in `bad` in red."""
    if not numbers:
        return ""
    largest = max(1, *numbers.values())
    worse = set(bad)
    lines = [
        f"<div><span>{_text(name)}</span>"
        f"<svg>{_part(0, number / largest, 'bar bad' if name in worse else 'bar')}</svg>"
        f"<i>{number:,}</i></div>"
        for name, number in numbers.items()
    ]
    return f'<div class="bars" role="img" aria-label="{_said(numbers)}">{"".join(lines)}</div>'


def stacked(rows: Mapping[str, Mapping[str, int]]) -> str:
    """A bar a row, made of parts with a colour a part's name; a key below. Nothing if all is 0."""
    names = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    colours = {name: f"c{min(place, _COLOURS)}" for place, name in enumerate(names, 1)}
    largest = max((sum(parts.values()) for parts in rows.values()), default=0)
    if not largest:
        return ""
    lines = []
    for label, parts in rows.items():
        drawn, start = [], 0.0
        for name, number in parts.items():
            drawn.append(_part(start, number / largest, colours[name]))
            start += number / largest
        lines.append(
            f"<div><span>{_text(label)}</span><svg>{''.join(drawn)}</svg>"
            f"<i>{sum(parts.values()):,}</i></div>"
        )
    said = "; ".join(f"{_text(label)}: {_said(parts)}" for label, parts in rows.items())
    key = "".join(
        f"<span><svg>{_part(0, 1, colour)}</svg>{_text(name)}</span>"
        for name, colour in colours.items()
    )
    chart = f'<div class="bars" role="img" aria-label="{said}">{"".join(lines)}</div>'
    return f'{chart}<p class="key">{key}</p>'


def _said(numbers: Mapping[str, int]) -> str:
    return _text(", ".join(f"{name} {number}" for name, number in numbers.items()))


def _part(start: float, length: float, kind: str) -> str:
    place = f'x="{100 * start:.1f}%" width="{100 * length:.1f}%"'
    return f'<rect class="{kind}" {place} height="14" rx="2"/>'


def _cell(cell: Cell, column: str) -> str:
    name = f' data-name="{_text(column)}"' if column else ""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f'<td{name} class="number">{cell:,}</td>'
    text = "" if cell is None else str(cell.text if isinstance(cell, Link) else cell)
    kind = ' class="long"' if any(len(word) > _LONG_WORD for word in text.split()) else ""
    inside = _link(cell) if isinstance(cell, Link) else _text(text)
    return f"<td{name}{kind}>{inside}</td>"


def _link(link: Link) -> str:
    address = web_address(link.url)
    if not address:
        return _text(link.text)
    return f'<a href="{escape(address)}" rel="noreferrer">{_text(link.text)}</a>'


def _text(text: str) -> str:
    """`text` escaped, and without what would turn it around or hide it."""
    return escape(shown(text))
