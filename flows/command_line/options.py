"""The options that several commands take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from flows.command_line.endings import WrongWords
from flows.settings.table import MOST_WORKERS
from tasks.tracks import TrackFilter


def up_to_most_workers(_type: object, number: int | None) -> None:
    """Raises ValueError for what no run has so many of: workers, shares."""
    if number is not None and not 1 <= number <= MOST_WORKERS:
        raise ValueError(f"It must be from 1 to {MOST_WORKERS}, not {number}.")


def _limit(_type: object, number: int | None) -> None:
    if number == 0:
        raise ValueError("0 tracks are none. For all tracks, leave --limit out.")
    if number is not None and number < 1:
        raise ValueError(f"It must be at least 1, not {number}.")


def by_value(choices: type[StrEnum]) -> Callable[[str], str]:
    """Let an option take the values of `choices`, as files and Notion have them, not the names."""

    def word(name: str) -> str:
        return choices[name].value if name in choices.__members__ else name

    return word


JsonFile: TypeAlias = Annotated[
    Path | None,
    Parameter(name="--json", group="Output", help="Write the result as JSON; - for stdout."),
]
DryRun: TypeAlias = Annotated[
    bool, Parameter(name="--dry-run", help="Say what would be done and why; change nothing.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Installation:
    """A command as a service of the user's system: what `serve` and `worker` take."""

    install: Annotated[
        bool,
        Parameter(
            name="--install",
            help="Show the unit for systemd or launchd, ask, install and start it.",
        ),
    ] = False
    uninstall: Annotated[
        bool, Parameter(name="--uninstall", help="Stop it, and remove what was installed.")
    ] = False
    yes: Annotated[bool, Parameter(name="--yes", help="With --install: do not ask.")] = False

    def run(self, command: str, words: Sequence[str]) -> int | None:
        """The exit code of what was asked for; None if nothing was.

        `words` are the options that the service runs `command` with. Raises WrongWords.
        """
        if self.install and self.uninstall:
            raise WrongWords("--install and --uninstall contradict each other.", command)
        if not (self.install or self.uninstall):
            return None
        from flows.service import installing  # noqa: PLC0415  (not for --help)
        from flows.settings import load_settings  # noqa: PLC0415

        if self.uninstall:
            return installing.uninstall(command, load_settings())
        return installing.install(command, words, load_settings(), yes=self.yes)


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
        int | None,
        Parameter(name="--workers", validator=up_to_most_workers, help="How many at a time."),
    ] = None
    no_cleanup: Annotated[
        bool, Parameter(name="--no-cleanup", help="Leave the locks of crashed processes alone.")
    ] = False
    dry_run: DryRun = False
    json: JsonFile = None
