"""`library-sync` and `python -m flows`: one command, one exit code."""

from __future__ import annotations

import logging
import sys

from flows.command_line import application
from flows.command_line.endings import Stopped, WrongWords, exit_code
from flows.prefect_server.environment import allow_damaged_env, no_telemetry
from flows.summary import ReturnCode
from tasks.errors import SyncError
from tasks.shown_text import shown

_GOES_ON = "what it had finished stays, and the next run goes on with the rest."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    no_telemetry()
    allow_damaged_env()
    try:
        call = application.parse(sys.argv[1:] if arguments is None else arguments)
    except WrongWords as wrong:
        return _refuse(wrong)
    for note in call.notes:
        print(f"library-sync: {note}", file=sys.stderr)
    try:
        return call.run() or ReturnCode.PROCESSED
    except WrongWords as wrong:
        return _refuse(wrong)
    except SyncError as error:
        return _explain(error, debug=call.is_debugging)
    except Stopped as stop:
        print(f"library-sync: {stop}; {_GOES_ON}", file=sys.stderr)
        return stop.exit_code
    except KeyboardInterrupt:
        print("library-sync: stopped by Ctrl-C before anything was begun.", file=sys.stderr)
        return 130


def _refuse(wrong: WrongWords) -> int:
    """What is not understood, and where to read on."""
    where = f"library-sync {wrong.command} --help".replace("  ", " ")
    print(f"library-sync: {wrong}\n  See {where}.", file=sys.stderr)
    return ReturnCode.WRONG_USAGE


def _explain(error: SyncError, *, debug: bool) -> int:
    """One sentence and the remedy; the traceback only for those who asked."""
    if debug:
        logging.getLogger("flows").debug("The traceback:", exc_info=error)
    print(f"library-sync: {shown(str(error))}\n  {shown(error.remedy)}", file=sys.stderr)
    return exit_code(error)


if __name__ == "__main__":
    sys.exit(main())
