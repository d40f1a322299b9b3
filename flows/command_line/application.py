"""The application: every command of `commands/`, found by its module, and the old flags.

Only modules that import at once belong to it: a command imports what it works with when it runs,
so that `--help` answers at once.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cyclopts import (
    App,
    CoercionError,
    CycloptsError,
    Group,
    MissingArgumentError,
    Parameter,
    UnusedCliTokensError,
)

from flows.command_line import command, old_flags
from flows.command_line.command import two_columns
from flows.command_line.endings import WrongWords

PROGRAM = "library-sync"
_COMMANDS = "flows.command_line.commands"
_HELP_FLAGS = ("--help", "-h")
_FLAGS = (*_HELP_FLAGS, "--version")
_PURPOSE = "Brings every SoundCloud track of a Notion database into Eagle, once and complete."
_OLD_FLAGS = (
    "The flags of the earlier script work too, such as --mode library-sync --parallel "
    "(modes: library-sync, batch, status, cleanup)."
)


class Call(NamedTuple):
    """A command line that was understood: `run()` does it and returns the exit code.

    It is None after `--help` and `--version`, which print and do nothing.
    """

    command: str
    run: Callable[[], int | None]
    options: dict[str, Any]
    notes: list[str]

    @property
    def is_debugging(self) -> bool:
        """True with `--debug`."""
        verbosity = self.options.get("verbosity")
        return verbosity is not None and bool(verbosity.debug)


@functools.cache
def all_commands() -> dict[str, command.Command]:
    """Every command by its name: one a module of `commands/`, which holds it as COMMAND."""
    folder = importlib.import_module(_COMMANDS).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(folder))
    found = {name: importlib.import_module(f"{_COMMANDS}.{name}") for name in names}
    return {name: module.COMMAND for name, module in found.items()}


def by_group(found: Mapping[str, command.Command]) -> list[tuple[str, command.Command]]:
    """The commands in the order of `--help`: by their headings, then by name."""
    order = list(command.Group)
    return sorted(found.items(), key=lambda item: (order.index(item[1].group), item[0]))


def parse(words: Iterable[str]) -> Call:
    """What the command line asks for. Raises WrongWords."""
    translated = old_flags.translate(list(words))
    words = _with_dashes(_help_words(translated.words))
    if not words:
        raise WrongWords("A command is missing.")
    if words[0].startswith("-") and words[0] not in _FLAGS:
        raise WrongWords(_no_command(words))
    app = application(with_environment=words[0] in _HELP_FLAGS)
    try:
        run, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        raise WrongWords(_sentence(error), " ".join(error.command_chain or ())) from error
    return Call(
        command=words[0],
        run=functools.partial(run, *bound.args, **bound.kwargs),
        options=dict(bound.arguments),
        notes=translated.notes,
    )


def _help_words(words: list[str]) -> list[str]:
    """`help`, as many programs know it."""
    return [*words[1:], "--help"] if words[:1] == ["help"] else words


def _with_dashes(words: list[str]) -> list[str]:
    """`--json -` as one word, because a lone dash looks like an option."""
    joined: list[str] = []
    for word in words:
        if word == "-" and joined and joined[-1].startswith("--"):
            joined[-1] += "=-"
        else:
            joined.append(word)
    return joined


def _no_command(words: list[str]) -> str:
    option = words[0].partition("=")[0]
    near = difflib.get_close_matches(option, (*_FLAGS, "--mode"), 1)
    if near:
        return f"Unknown option: {option}. Did you mean {near[0]}?"
    return f"A command is missing before {option}, for instance: {PROGRAM} sync {' '.join(words)}"


def application(*, with_environment: bool = False) -> App:
    """The command line of all commands; the settings are listed only where somebody reads them."""
    app = App(
        name=PROGRAM,
        help=_PURPOSE,
        help_epilogue="\n\n".join(_epilogue()) if with_environment else None,
        help_format="plaintext",
        version=version,
        default_parameter=Parameter(negative=(), show_default=_default),
        result_action="return_value",
    )
    groups = {group: Group.create_ordered(group.value) for group in command.Group}
    for name, one in all_commands().items():
        app.command(
            one.run,
            name=name,
            help=one.summary + ".",
            help_epilogue=one.examples_text,
            group=groups[one.group],
            version_flags=[],
        )
    return app


def version() -> str:
    """The version that is installed."""
    import importlib.metadata  # noqa: PLC0415  (a tenth of the time of `--help`)

    return f"{PROGRAM} {importlib.metadata.version(PROGRAM)}"


def _default(value: object) -> str | None:
    """What is shown as a default: nothing for a switch that is off."""
    return str(value) if value else None


def _epilogue() -> Iterable[str]:
    from flows.settings import VARIABLES  # noqa: PLC0415  (only this help reads them)

    settings = [
        (name, meaning.replace("`", "") + (f" [{default}]" if default else ""))
        for name, default, meaning in VARIABLES
    ]
    yield _OLD_FLAGS
    yield two_columns("Environment (also in a .env file):", settings)


def _sentence(error: CycloptsError) -> str:
    """What is wrong, in words of this command line."""
    match error:
        case UnusedCliTokensError():
            return f"{' '.join(error.unused_tokens or ())} is one word too many."
        case MissingArgumentError() if error.argument is not None:
            name = error.argument.name
            return f"{name} needs a value." if name.startswith("-") else f"{name} is missing."
        case CoercionError() if error.target_type is int and error.token is not None:
            return f"{error.token.keyword} must be a whole number, not {error.token.value!r}."
        case _:
            error.verbose = False
            return str(error)
