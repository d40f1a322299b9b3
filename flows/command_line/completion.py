"""`library-sync completion bash|zsh|fish`: a script for the shell, made from the parser itself."""

from __future__ import annotations

import argparse
from typing import NamedTuple

__all__ = ["SHELLS", "script"]

SHELLS = ("bash", "zsh", "fish")


class _Option(NamedTuple):
    name: str
    help: str
    choices: tuple[str, ...]
    takes_file: bool


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The completion script; `eval "$(library-sync completion bash)"` puts it to use."""
    commands = _commands(parser)
    if shell == "fish":
        return _fish(commands)
    head = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return head + _bash(commands)


def _commands(parser: argparse.ArgumentParser) -> dict[str, tuple[str, list[_Option]]]:
    """Every command with its summary and its options."""
    found = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001  (argparse offers no other way)
    summaries = {choice.dest: choice.help or "" for choice in found._choices_actions}  # noqa: SLF001
    return {
        name: (summaries.get(name, ""), _options(command))
        for name, command in found.choices.items()
    }


def _options(command: argparse.ArgumentParser) -> list[_Option]:
    return [
        _Option(
            action.option_strings[-1],
            (action.help or "").replace("'", ""),
            tuple(str(choice) for choice in action.choices or ()),
            action.metavar in {"FILE", "DIR"},
        )
        for action in command._actions  # noqa: SLF001
        if action.option_strings and action.option_strings[-1].startswith("--")
    ]


def _bash(commands: dict[str, tuple[str, list[_Option]]]) -> str:
    by_command = "\n".join(
        f'    {name}) words="{" ".join(option.name for option in options)}" ;;'
        for name, (_, options) in commands.items()
    )
    with_choices = {
        option.name: option.choices
        for _, options in commands.values()
        for option in options
        if option.choices
    }
    by_option = "\n".join(
        f'    {name}) COMPREPLY=($(compgen -W "{" ".join(choices)}" -- "$word")); return ;;'
        for name, choices in with_choices.items()
    )
    files = "|".join(
        sorted({o.name for _, options in commands.values() for o in options if o.takes_file})
    )
    return f"""_library_sync() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(commands)}" -- "$word"))
    return
  fi
  case "$before" in
{by_option}
    {files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case "${{COMP_WORDS[1]}}" in
{by_command}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _library_sync library-sync
"""


def _fish(commands: dict[str, tuple[str, list[_Option]]]) -> str:
    lines = ["complete -c library-sync -f"]
    for name, (summary, options) in commands.items():
        lines.append(f"complete -c library-sync -n __fish_use_subcommand -a {name} -d '{summary}'")
        lines += [_fish_option(name, option) for option in options]
    return "\n".join(lines) + "\n"


def _fish_option(command: str, option: _Option) -> str:
    wanted = f"-n '__fish_seen_subcommand_from {command}'"
    line = f"complete -c library-sync {wanted} -l {option.name[2:]} -d '{option.help}'"
    if option.choices:
        return f"{line} -x -a '{' '.join(option.choices)}'"
    return f"{line} -r -F" if option.takes_file else line
