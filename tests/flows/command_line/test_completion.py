"""Completion, asked of the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
from subprocess import PIPE

import pytest

from flows.__main__ import main

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def script(capsys):
    """The script for a shell, as the command prints it."""

    def made(shell: str) -> str:
        assert main(["completion", shell]) == 0
        return capsys.readouterr().out

    return made


def told_by(shell: str, text: str, home) -> str:
    """What the shell prints when it runs `text` in an empty home; it must not complain."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    with subprocess.Popen(
        [shell], stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, text=True
    ) as asked:
        said, complaint = asked.communicate(text, timeout=120)
    assert complaint == ""
    return said


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["st"], {"status"}),
        (["sync", "--retry"], {"--retry-failed"}),
        (["sync", "--filter", "m"], {"missing_eagle"}),
        (["sync", "--error", "SC_G"], {"SC_Geo_Blocked"}),
        (["setup", "--y"], {"--yes"}),
        (["completion", "f"], {"fish"}),
    ],
)
def test_bash_offers_what_the_command_line_takes(words, offered, script, tmp_path):
    """Commands, options of the command, values of the option."""
    line = " ".join(f"'{word}'" for word in ("library-sync", *words))
    ask = (
        "\nfunction_of=$(complete -p library-sync | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        f"COMP_WORDS=({line}); COMP_CWORD={len(words)}; $function_of; echo ${{COMPREPLY[@]}}\n"
    )
    assert set(told_by("bash", script("bash") + ask, tmp_path).split()) == offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [("st", "status"), ("sync --retry", "--retry-failed"), ("sync --filter m", "missing_eagle")],
)
def test_fish_offers_what_the_command_line_takes(words, offered, script, tmp_path):
    """The same in fish, with a word on each."""
    ask = f"\ncomplete -C 'library-sync {words}'\n"
    found = told_by("fish", script("fish") + ask, tmp_path).splitlines()
    assert [line.split("\t")[0] for line in found] == [offered]


def test_zsh_knows_the_command_without_a_word(script, tmp_path):
    """Also where nobody has called compinit: no `command not found: compdef`."""
    ask = "\nprint -r -- ${+functions[$_comps[library-sync]]}\n"
    assert told_by("zsh", script("zsh") + ask, tmp_path).strip() == "1"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_knows_every_option(shell, script):
    """One that only `sync` has is in it."""
    assert "retry-failed" in script(shell)
