"""`library-sync completion`: the words that a shell can complete."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.summary import ReturnCode

# zsh has no `compdef` before compinit was called, which a ~/.zshrc of its own may never do.
_ZSH_END = """
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef FUNCTION library-sync
"""


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(name="SHELL", help="Your shell.")],
    /,
    *,
    verbosity: Verbosity = Verbosity(),  # noqa: ARG001  (as every command has it)
) -> int:
    """Print the script that completes commands in your shell."""
    from flows.command_line.application import PROGRAM, application

    script = application().generate_completion(prog_name=PROGRAM, shell=shell)
    if shell == "zsh":
        script += _ZSH_END.replace("FUNCTION", script.partition("()")[0].split()[-1])
    sys.stdout.write(script)
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=completion,
    group=Group.SET_UP,
    examples=(
        ("completion bash >> ~/.bashrc", "in every bash from now on"),
        ("completion zsh >> ~/.zshrc", "in every zsh from now on"),
        ("completion fish > ~/.config/fish/completions/library-sync.fish", "in every fish"),
    ),
)
