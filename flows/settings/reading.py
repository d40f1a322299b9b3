"""The settings read: the environment, and under it the `.env` files that are there.

The environment wins over `.env` here, and that over the one in the user's configuration folder. A
person may have put anything into these files: a bad line is left out, and the others count.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from flows.settings.table import VARIABLES, Settings
from tasks.errors import ConfigurationError

_DEFAULTS = {variable.name: variable.default for variable in VARIABLES}
# A hook's `${LIBRARY_SYNC_TITLE}` is for its shell, and a token may hold any character.
_VERBATIM = {
    one.metadata["variable"].name
    for one in fields(Settings)
    if one.type in {"Secret", "ShellCommand"}
}
_HERE = Path(".env")
_log = logging.getLogger("flows.settings")
_said: set[tuple[Path, int]] = set()


def users_file() -> Path:
    """The `.env` of this user, which is read wherever the command is started."""
    from platformdirs import user_config_path  # noqa: PLC0415  (the table alone is read at once)

    return user_config_path("library-sync", appauthor=False) / ".env"


def places() -> str:
    """Where settings are looked for, for a sentence."""
    return f"the environment, {_HERE.absolute()} and {users_file()}"


def env_files(env_file: Path | None = _HERE) -> list[Path]:
    """The files that are there, the one that counts last: the user's, then the one here.

    Another file is read alone; None is for no file.
    """
    if env_file is None:
        return []
    files = [users_file(), _HERE] if env_file == _HERE else [env_file]
    return [file for file in files if file.is_file()]


def load_settings(
    environment: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = _HERE,
    fallback: Mapping[str, str] | None = None,
) -> Settings:
    """The settings from `environment` (default: the process's) over those of `env_file`.

    `fallback` stands for what both leave out. Raises ConfigurationError naming the variable that
    cannot work.
    """
    from flows.settings.model import NotUsable, read  # noqa: PLC0415  (the table alone is read at once)

    given = _given(environment, env_files(env_file))
    if fallback:
        known = given_variables(environment, env_file=env_file)
        given |= {name: value for name, value in fallback.items() if not known.get(name)}
    try:
        return read(given)
    except NotUsable as error:
        raise next(iter(error.errors.values())) from None


def load_what_works(
    environment: Mapping[str, str] | None = None, *, env_file: Path | None = _HERE
) -> tuple[Settings, dict[str, ConfigurationError]]:
    """The settings with the default for each variable that cannot work, and what is wrong with it.

    For `doctor` and `setup`, which must not fail on what they are asked to look at.
    """
    from flows.settings.model import NotUsable, read  # noqa: PLC0415

    given = _given(environment, env_files(env_file))
    try:
        return read(given), {}
    except NotUsable as error:
        defaults = {name: _DEFAULTS[name] for name in error.errors}
        return read(given | defaults), dict(error.errors)


def given_variables(
    environment: Mapping[str, str] | None = None, *, env_file: Path | None = _HERE
) -> dict[str, str]:
    """What `environment` (default: the process's) and, under it, `env_file` say, unchecked."""
    given: dict[str, str] = {}
    for file in env_files(env_file):
        given |= values_in(file) | values_in(file, only=_VERBATIM)
    return given | dict(os.environ if environment is None else environment)


def _given(environment: Mapping[str, str] | None, files: Sequence[Path]) -> dict[str, str]:
    """What is not left to pydantic-settings: all but the process's environment, which wins."""
    known = os.environ if environment is None else environment
    given: dict[str, str] = {} if environment is None else dict(_DEFAULTS)
    for file in files:
        found = values_in(file) | values_in(file, only=_VERBATIM)
        given |= {n: v for n, v in found.items() if n in _DEFAULTS and n not in known}
    if environment is not None:
        given |= {name: value for name, value in environment.items() if name in _DEFAULTS}
    return given


def values_in(file: Path, only: set[str] | None = None) -> dict[str, str]:
    """The variables in a file; those of `only` without putting others' values into them.

    A line that is no text is left out and named once. Raises ConfigurationError if the file cannot
    be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415  (only where there is a file)

    text = io.StringIO(text_of(file))
    found = dotenv_values(stream=text, interpolate=only is None)
    return {n: v for n, v in found.items() if v is not None and (only is None or n in only)}


def names_in(file: Path) -> list[str]:
    """The names in a file, also of lines without a value."""
    from dotenv import dotenv_values  # noqa: PLC0415

    return list(dotenv_values(stream=io.StringIO(text_of(file)), interpolate=False))


def text_of(file: Path) -> str:
    """Its lines that are text. Raises ConfigurationError if it cannot be read."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({os.strerror(error.errno or 0)}).",
            remedy="Let your user read it, or move it away.",
        ) from error
    return "\n".join(_read(line, number, file) for number, line in enumerate(lines, 1))


def _read(line: bytes, number: int, file: Path) -> str:
    """The line; empty where it is no UTF-8, or has NUL characters, which no variable may have."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    if (file, number) not in _said:
        _said.add((file, number))
        _log.warning("%s, line %d is no text and is not read: write it anew.", file, number)
    return ""
