"""`--install` and `--uninstall`: the unit is shown, its owner asked; it can be taken back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from flows.service.units import Service, prefect_environment, unit_for
from flows.session.preflight import require_credentials
from flows.settings import Settings, given_variables
from flows.summary import ReturnCode

_SECRETS = (
    "NOTION_TOKEN",
    "TRACKS_DB_ID",
    "SC_AUTH_TOKEN",
    "EAGLE_TOKEN",
    "PREFECT_API_AUTH_STRING",
)


def install(command: str, words: Sequence[str], settings: Settings, *, yes: bool) -> int:
    """Show the unit, ask, install it; 0 if it is installed, 1 if not. Raises ConfigurationError."""
    if command == "serve":
        require_credentials(settings)
    unit = unit_for(
        Service(
            command=command,
            words=words,
            state_dir=settings.state_dir,
            environment=prefect_environment(command),
        )
    )
    _say(f"{unit.path}:\n\n{unit.text}")
    for name in _only_in_this_shell():
        _say(f"{name} is set in this shell alone: put it into .env, where the service reads it.")
    if not yes:
        answer = input("Install it? [y/N] ") if sys.stdin.isatty() else "n"
        if answer.strip().lower() not in {"y", "yes"}:
            _say("Nothing was installed. With --yes it is, without the question.")
            return ReturnCode.FAILED
    _say(unit.install())
    _say(f"To take it back: library-sync {command} --uninstall")
    return ReturnCode.PROCESSED


def uninstall(command: str, settings: Settings) -> int:
    """Take back what `install` did."""
    _say(unit_for(Service(command=command, state_dir=settings.state_dir)).uninstall())
    return ReturnCode.PROCESSED


def _only_in_this_shell() -> list[str]:
    in_files = given_variables({})
    return [name for name in _SECRETS if os.environ.get(name) and not in_files.get(name)]


def _say(text: str) -> None:
    print(text)  # noqa: T201
