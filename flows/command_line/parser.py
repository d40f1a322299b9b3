"""The command line: sub-commands, and the same by `--mode`.

Parsing is all that happens here; nothing heavy is imported before a command is known, so that
`--help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn, TypeAlias

from flows.command_line.completion import SHELLS
from flows.settings import VARIABLES
from flows.summary import ReturnCode
from tasks.errors import ErrorType
from tasks.tracks import TrackFilter

__all__ = ["build_parser", "parse"]

_MODES = {"library-sync": "sync", "batch": "batch", "status": "status", "cleanup": "cleanup"}

_EXAMPLES = {
    "sync": """examples:
  library-sync sync                               all unprocessed tracks
  library-sync sync --limit 50 --parallel         fifty of them, four at a time
  library-sync sync --filter missing_eagle        repair rows without an Eagle id
  library-sync sync --retry-failed                try the rows that failed, all of them
  library-sync sync --retry-failed --error SC_Geo_Blocked
  library-sync sync --dry-run                     say what would be done, change nothing""",
    "batch": """examples:
  library-sync batch --limit 10                   ten tracks, in small queries
  library-sync batch                              until nothing is left""",
    "add": """examples:
  library-sync add https://soundcloud.com/artist/track
  library-sync add https://soundcloud.com/artist/sets/name --sync
  library-sync add URL URL --playlist "Late Night"  into this playlist""",
    "status": """examples:
  library-sync status                             the library at a glance
  library-sync status --html status.html          the same as a page with charts
  library-sync status --json status.json          the same for a program""",
    "cleanup": """examples:
  library-sync cleanup                            free rows of crashed processes
  library-sync cleanup --dry-run                  say which locks are stale""",
    "setup": """examples:
  library-sync setup                              ask for what is missing, then check it all
  library-sync setup --yes                        ask nothing: complete the database, then check""",
    "doctor": """examples:
  library-sync doctor                             is everything there that a sync needs?
  library-sync doctor --json doctor.json          the same for a program""",
    "undo": """examples:
  library-sync undo                               which runs merged rows
  library-sync undo 20261124-030000-1a2b3c4d      restore what that run merged""",
    "completion": """examples:
  eval "$(library-sync completion bash)"          in ~/.bashrc; zsh likewise in ~/.zshrc
  library-sync completion fish > ~/.config/fish/completions/library-sync.fish""",
    "demo": """examples:
  library-sync demo                               a whole run on the stand-ins, in ./demo""",
    "sandbox": """examples:
  library-sync sandbox --port 8765 --tracks 40    serve the stand-ins until Ctrl-C""",
}


class _Parser(argparse.ArgumentParser):
    """argparse with the exit code 64 for a wrong command line."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ReturnCode.WRONG_USAGE, f"{self.prog}: {message}\nSee {self.prog} --help.\n")


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001  (it has no public name)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the sub-commands; `parse` also takes `--mode`."""
    parser = _Parser(
        prog="library-sync",
        description="Brings every SoundCloud track of a Notion database once, whole, into Eagle.",
        epilog="The old flags work as well: library-sync --mode library-sync --parallel\n\n"
        + _environment_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    sync = _add_sync(commands, "sync", "bring all matching tracks into the library")
    _add_retry(sync)
    _add_distribute(sync)
    _add_sync(commands, "batch", "the same in small queries, for often and little")
    _add_add(commands)
    status = _add(commands, "status", "the library at a glance")
    status.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON, - for stdout")
    status.add_argument("--html", type=Path, metavar="FILE", help="write it as a page with charts")
    cleanup = _add(commands, "cleanup", "free the locks of crashed processes")
    cleanup.add_argument("--dry-run", action="store_true", help="change nothing")
    cleanup.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    setup = _add(commands, "setup", "ask for what is missing, write .env, complete the database")
    setup.add_argument("--yes", action="store_true", help="ask nothing, agree to everything")
    doctor = _add(commands, "doctor", "check everything a sync needs, with the remedies")
    doctor.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON, - for stdout")
    undo = _add(commands, "undo", "take back the merges of a run")
    undo.add_argument("run", nargs="?", metavar="RUN", help="the run's name; empty: list them")
    completion = _add(commands, "completion", "print a script that completes words in your shell")
    completion.add_argument("shell", choices=SHELLS, metavar="{" + ",".join(SHELLS) + "}")
    _add_demo(commands)
    _add_sandbox(commands)
    return parser


def parse(arguments: list[str]) -> argparse.Namespace:
    """The parsed command line; ends the process with 64 if it is wrong, 0 after `--help`."""
    parser = build_parser()
    given = parser.parse_args(_without_mode(arguments))
    if getattr(given, "error", None) and not given.retry_failed:
        parser.error("--error goes with --retry-failed")
    return given


def _without_mode(arguments: list[str]) -> list[str]:
    """`--mode M …` as the sub-command it names."""
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name != "--mode":
            continue
        mode = value if equals else next(iter(arguments[place + 1 :]), "")
        rest = arguments[:place] + arguments[place + (1 if equals else 2) :]
        if mode not in _MODES:
            build_parser().error(f"--mode must be one of {', '.join(_MODES)}, not {mode!r}")
        return [_MODES[mode], *rest]
    return arguments


def _add(
    commands: _Commands,
    name: str,
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=_EXAMPLES[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help="verbose log, tracebacks")
    parser.add_argument("--quiet", action="store_true", help="only warnings and errors")
    return parser


def _add_sync(
    commands: _Commands,
    name: str,
    summary: str,
) -> argparse.ArgumentParser:
    parser = _add(commands, name, summary)
    parser.add_argument(
        "--filter",
        dest="track_filter",
        type=TrackFilter,
        choices=list(TrackFilter),
        default=TrackFilter.UNPROCESSED,
        metavar="{" + ",".join(TrackFilter) + "}",
        help="which rows (default: unprocessed)",
    )
    parser.add_argument("--limit", type=_limit, metavar="N", help="process N tracks at most")
    parser.add_argument("--parallel", action="store_true", help="several tracks at a time")
    parser.add_argument("--workers", type=_positive, metavar="N", help="how many at a time")
    parser.add_argument("--no-cleanup", action="store_true", help="leave stale locks alone")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and why")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary as JSON")
    return parser


def _add_distribute(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--distribute",
        type=_positive,
        metavar="N",
        help="hand the work out in N shares to the workers of the Prefect server's pool",
    )


def _add_retry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="only rows that failed before, also those not due yet",
    )
    parser.add_argument(
        "--error",
        type=ErrorType,
        choices=list(ErrorType),
        metavar="ERROR",
        help="with --retry-failed: only rows with this error, e.g. SC_Geo_Blocked",
    )


def _add_add(
    commands: _Commands,
) -> None:
    parser = _add(commands, "add", "put tracks or whole playlists of SoundCloud into Notion")
    parser.add_argument("urls", nargs="+", metavar="URL", help="a track's or a set's address")
    parser.add_argument("--playlist", default="", metavar="NAME", help="default: the set's name")
    parser.add_argument("--sync", action="store_true", help="then bring these tracks in at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")


def _add_demo(
    commands: _Commands,
) -> None:
    parser = _add(commands, "demo", "a whole run on the stand-ins, nothing of yours is touched")
    parser.add_argument("--dir", type=Path, default=Path("demo"), help="where (default: ./demo)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary as JSON")


def _add_sandbox(
    commands: _Commands,
) -> None:
    parser = _add(commands, "sandbox", "serve stand-ins for Notion, Eagle and SoundCloud")
    from sandbox import cli as sandbox_cli  # noqa: PLC0415  (only its arguments; imports nothing)

    sandbox_cli.add_arguments(parser)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"must be a whole number of at least 1, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _limit(text: str) -> int | None:
    """A number of tracks; 0 means no limit, as in the original."""
    return None if text == "0" else _positive(text)


def _environment_help() -> str:
    rows = [
        f"  {name:<29}{meaning}" + (f" [{default}]" if default else "")
        for name, default, meaning in VARIABLES
    ]
    return "environment (also in a .env file):\n" + "\n".join(rows)
