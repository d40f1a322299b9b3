"""The options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from tasks.tracks import TrackFilter


def at_least_one(_type: object, number: int | None) -> None:
    """Raises ValueError for 0 and less."""
    if number is not None and number < 1:
        raise ValueError(f"It must be at least 1, not {number}.")


def _limit(_type: object, number: int | None) -> None:
    if number == 0:
        raise ValueError("0 tracks are none. For all tracks, leave --limit out.")
    at_least_one(_type, number)


def by_value(choices: type[StrEnum]) -> Callable[[str], str]:
    """Let an option take the values of `choices`, as files and Notion have them, not the names."""

    def word(name: str) -> str:
        return choices[name].value if name in choices.__members__ else name

    return word


JsonFile: TypeAlias = Annotated[
    Path | None,
    Parameter(name="--json", group="Output", help="Write it as JSON into this file; - for stdout."),
]
DryRun: TypeAlias = Annotated[
    bool, Parameter(name="--dry-run", help="Say what would be done and why; change nothing.")
]

Install: TypeAlias = Annotated[
    bool, Parameter(help="Show the unit for systemd or launchd, ask, install and start it.")
]
Uninstall: TypeAlias = Annotated[bool, Parameter(help="Stop it, and remove what was installed.")]
Yes: TypeAlias = Annotated[bool, Parameter(help="With --install: do not ask.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SyncOptions:
    """What `sync` and `batch` take; the names are those of the flows' parameters."""

    filter: Annotated[
        TrackFilter,
        Parameter(name="--filter", name_transform=by_value(TrackFilter), help="Which rows."),
    ] = TrackFilter.UNPROCESSED
    limit: Annotated[
        int | None, Parameter(name="--limit", validator=_limit, help="Process N tracks at most.")
    ] = None
    parallel: Annotated[bool, Parameter(name="--parallel", help="Several tracks at a time.")] = (
        False
    )
    workers: Annotated[
        int | None, Parameter(name="--workers", validator=at_least_one, help="How many at a time.")
    ] = None
    no_cleanup: Annotated[
        bool, Parameter(name="--no-cleanup", help="Leave the locks of crashed processes alone.")
    ] = False
    dry_run: DryRun = False
    json: JsonFile = None
