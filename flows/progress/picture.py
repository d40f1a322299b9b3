"""The picture of a run in progress: a bar for the run, and one for each track in work.

Words are never cut: a line that is too long ends after a whole word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from flows.progress.transfers import InWork, Stage
from tasks.retrying import said_time
from tasks.shown_text import counted

_WIDE = 72
_SAID_WIDTH = 29
_BAR_WIDTH = 16
_TRACKS = 8
_STYLE: dict[str, Any] = {"complete_style": "cyan", "finished_style": "green"}


@dataclass(frozen=True)
class RunSeen:
    """A run at one moment: tracks done of all, what became of them, seconds left (None: not
    known), megabytes so far, and for what it waits.
    """

    done: int
    total: int
    counts: Mapping[str, int]
    seconds_left: float | None
    megabytes: float
    pause: str = ""


def picture(run: RunSeen, in_work: Sequence[InWork], width: int) -> RenderableType:
    """The run's line and bar, and a line and bar a track."""
    working = [one for one in in_work if one.stage is not Stage.CLAIMING]
    claiming = [one for one in in_work if one.stage is Stage.CLAIMING]
    shown = [*working, *claiming][:_TRACKS]
    more = len(in_work) - len(shown)
    parts: list[RenderableType] = [
        Text(_run_line(run)),
        _line(ProgressBar(total=max(1, run.total), completed=run.done, width=width - 1, **_STYLE)),
    ]
    parts += [_track(one, width) for one in shown]
    if more > 0:
        parts.append(Text(f"  and {more} more in work", style="dim"))
    return Group(*parts)


def _line(bar: ProgressBar) -> Table:
    """The bar on a line of its own: alone it does not end its line."""
    line = Table.grid()
    line.add_row(bar)
    return line


def _run_line(run: RunSeen) -> str:
    parts = [f"{run.done} of {counted(run.total, 'track')}"]
    parts += [f"{number} {what}" for what, number in run.counts.items() if number]
    if run.megabytes:
        parts.append(f"{run.megabytes:.1f} MB")
    if run.pause:
        return f"{parts[0]}, {run.pause}"
    if run.seconds_left is not None and run.done < run.total:
        parts.append(f"about {said_time(run.seconds_left)} left")
    return ", ".join(parts)


def _track(one: InWork, width: int) -> RenderableType:
    bar = _bar(one)
    if width < _WIDE:
        rest = width - len(one.said) - 6
        below = Table.grid(padding=(0, 1))
        line: list[RenderableType] = [Text(f"    {one.said}", style="dim")]
        if bar is not None and rest >= 8:
            bar.width = min(rest, _BAR_WIDTH)
            line.append(bar)
        below.add_row(*line)
        return Group(Text(f"  {shortened(one.label, width - 3)}"), below)
    name_width = width - _SAID_WIDTH - _BAR_WIDTH - 6
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=name_width, no_wrap=True)
    grid.add_column(width=_SAID_WIDTH, no_wrap=True)
    grid.add_column(width=_BAR_WIDTH)
    said = Text(one.said, style="dim")
    grid.add_row(Text(f"  {shortened(one.label, name_width - 2)}"), said, bar or Text(""))
    return grid


def _bar(one: InWork) -> ProgressBar | None:
    """The download's bar; a moving one where its length is not known. None for other stages."""
    if one.stage is not Stage.DOWNLOADING or one.progress is None:
        return None
    total = one.progress.total
    return ProgressBar(
        total=total or 1,
        completed=one.progress.done,
        width=_BAR_WIDTH,
        pulse=not total,
        **_STYLE,
    )


def shortened(text: str, width: int) -> str:
    """`text`, or as many whole words of it as fit; one word that does not fit alone is cut. A
    Chinese character is two wide.
    """
    if cell_len(text) <= width:
        return text
    words = text.split()
    while len(words) > 1:
        words.pop()
        if cell_len(" ".join(words)) + 2 <= width:
            return " ".join(words) + " …"
    return set_cell_size(text, max(1, width - 1)) + "…"
