"""Completion, asked of the shells themselves."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from flows.command_line import completion
from flows.command_line import parser as cli


def asked_of_bash(*words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    made = completion.script(cli.build_parser(), "bash")
    line = " ".join(f"'{word}'" for word in ("library-sync", *words))
    ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words)}; _library_sync; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(
        ["bash", "-c", made + ask], capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["st"], {"status"}),
        (["s"], {"sync", "status", "setup", "sandbox"}),
        (["sync", "--retry"], {"--retry-failed"}),
        (["sync", "--filter", "m"], {"missing_eagle"}),
        (["sync", "--error", "SC_G"], {"SC_Geo_Blocked"}),
        (["setup", "--y"], {"--yes"}),
    ],
)
def test_bash_offers_what_the_parser_takes(words, offered):
    """Commands, options of the command, values of the option."""
    assert asked_of_bash(*words) == offered


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script_is_one_of_that_shell(shell):
    """The shell itself parses it, where it is installed."""
    made = completion.script(cli.build_parser(), shell)
    assert "retry-failed" in made
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n"], input=made, text=True, check=True, timeout=20)
