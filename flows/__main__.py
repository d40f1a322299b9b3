"""`library-sync` and `python -m flows`: one command, one exit code."""

from __future__ import annotations

import argparse
import logging
import sys

from flows.command_line import parser as cli
from flows.command_line.signals import Stopped
from flows.summary import ReturnCode
from tasks.errors import ConfigurationError, SyncError

__all__ = ["main"]

_log = logging.getLogger("flows.main")

_GOES_ON = "what it had finished stays, and the next run goes on with the rest."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code (`ReturnCode`)."""
    given = cli.parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except ConfigurationError as error:
        return _explain(error, given, ReturnCode.WRONG_CONFIGURATION)
    except SyncError as error:
        return _explain(error, given, ReturnCode.FAILED)
    except Stopped as stop:
        print(f"library-sync: {stop}; {_GOES_ON}", file=sys.stderr)  # noqa: T201
        return stop.exit_code
    except KeyboardInterrupt:
        print("library-sync: stopped by Ctrl-C before anything was begun.", file=sys.stderr)  # noqa: T201
        return 130


def _run(given: argparse.Namespace) -> int:
    """Import what the command needs, and nothing else, and run it."""
    if given.command == "sandbox":
        from sandbox import cli as sandbox_cli  # noqa: PLC0415

        return sandbox_cli.run(given)
    if given.command == "demo":
        from flows.command_line import demo  # noqa: PLC0415

        return demo.run(given)
    if given.command == "completion":
        from flows.command_line import completion  # noqa: PLC0415

        sys.stdout.write(completion.script(cli.build_parser(), given.shell))
        return ReturnCode.PROCESSED
    if given.command == "doctor":
        from flows.doctor import examine as doctor  # noqa: PLC0415
        from flows.progress import terminal  # noqa: PLC0415

        terminal.attach_terminal(debug=given.debug, quiet=given.quiet)
        return doctor.run(json_file=given.json)
    if given.command == "setup":
        from flows.setup import wizard as setup_wizard  # noqa: PLC0415

        return setup_wizard.run(yes=given.yes)
    from flows.command_line import commands  # noqa: PLC0415

    return commands.run(given)


def _explain(error: SyncError, given: argparse.Namespace, code: ReturnCode) -> int:
    """One sentence and the remedy; the traceback only for those who asked."""
    if given.debug:
        logging.getLogger("flows").debug("The traceback:", exc_info=error)
    print(f"library-sync: {error}\n  {error.remedy}", file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
