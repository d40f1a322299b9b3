"""One fact, one place: what is added in its one place shows up wherever it must.

Each test adds something made up to a copy of the product, and asks that copy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from flows.settings.table import Settings
from tasks import errors

ROOT = Path(__file__).parent.parent
EVERYTHING = """
from flows.__main__ import main
from flows.command_line.reference import env_example, tables
"""


class House:
    """A copy of the product, to build something into."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for room in ("flows", "tasks", "sandbox"):
            shutil.copytree(ROOT / room, place / room, ignore=shutil.ignore_patterns("__pycache__"))

    def insert(self, file: str, text: str, *, before: str) -> None:
        """Put `text` before the first line that begins with `before`."""
        path = self.place / file
        old = path.read_text("utf-8")
        at = old.index(f"\n{before}") + 1
        path.write_text(old[:at] + text + old[at:], "utf-8")

    def ask(self, code: str, *, ends_with: int = 0) -> str:
        """What the copy prints when it runs `code`."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", EVERYTHING + code],
            cwd=self.place,
            env=kept | {"PYTHONPATH": str(self.place), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == ends_with, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")


SETTING = '    colour: Switch = setting("COLOUR", "1", "Colours in the log")\n'


def test_a_setting_is_a_line(house):
    """Read, checked, in `--help`, the README's table, `.env.example` and what doctor knows."""
    house.insert("flows/settings/table.py", SETTING, before="    keep_runs:")
    said = house.ask("""
from pathlib import Path
from flows.doctor.machine import examine_settings
from flows.settings import load_settings, load_what_works
main(["--help"])
print("table:", "`COLOUR` | `1` | Colours in the log" in tables()["environment"])
print("example:", "# Colours in the log\\n#COLOUR=1" in env_example())
print("read:", load_settings({"COLOUR": "off"}, env_file=None).colour)
Path(".env").write_text("COLUOR=1\\n")
wrong = load_what_works({"COLOUR": "red"}, env_file=None)[1]
for finding in examine_settings(wrong):
    print("doctor:", finding.said, finding.remedy)
""")
    assert "COLOUR" in said.partition("Environment")[2]
    assert "table: True" in said
    assert "example: True" in said
    assert "read: False" in said
    assert "doctor: COLOUR must be 1 or 0, not 'red' Set COLOUR=1 or 0." in said
    assert "doctor: COLUOR is no setting; COLOUR is." in said


@pytest.mark.parametrize(
    "half",
    [
        '    colour: Switch = setting("COLOUR", "1", "")\n',
        '    colour: Switch = setting("COLOUR", "1")\n',
        '    colour = setting("COLOUR", "1", "Colours in the log")\n',
        "    colour: Switch = True\n",
        '    colour: Switch = setting("KEEP_RUNS", "1", "Colours in the log")\n',
    ],
    ids=["purpose empty", "no purpose", "no kind", "no variable", "a variable twice"],
)
def test_half_a_setting_does_not_start(half, house):
    house.insert("flows/settings/table.py", half, before="    keep_runs:")
    assert "Error" in house.ask('main(["--help"])', ends_with=1)


def test_every_setting_is_read_somewhere():
    """What the README promises of a variable, a line of the product does."""
    modules = [path for room in ("flows", "tasks") for path in (ROOT / room).rglob("*.py")]
    read = set(re.findall(r"\.(\w+)", "\n".join(path.read_text("utf-8") for path in modules)))
    assert {each.name for each in fields(Settings)} - read == set()


COMMAND = '''"""`library-sync shout`."""

from flows.command_line.command import Command, Group, Verbosity


def shout(*, loudly: bool = False, verbosity: Verbosity = Verbosity()) -> int:
    """Say it aloud."""
    print("OY!" if loudly else "oy")
    return 7


COMMAND = Command(run=shout, group=Group.TRY, examples=(("shout --loudly", "for the deaf"),))
'''


def test_a_command_is_a_module(house):
    """It runs, is in both helps, in the README's table, completed, and suggested for a typo."""
    (house.place / "flows/command_line/commands/shout.py").write_text(COMMAND, "utf-8")
    said = house.ask("""
print("code:", main(["shout", "--loudly"]))
main(["--help"])
main(["shout", "--help"])
print("table:", "| `library-sync shout` | Say it aloud |" in tables()["commands"])
main(["completion", "bash"])
print("typo:", main(["shuot"]))
""")
    assert "OY!\ncode: 7" in said
    assert said.count("Say it aloud") == 2
    assert "library-sync shout --loudly  for the deaf" in said
    assert "table: True" in said
    assert '"--loudly"' in said
    assert 'Did you mean "shout"?' in said
    assert "typo: 64" in said


@pytest.mark.parametrize(
    "missing",
    [
        '    """Say it aloud."""\n',
        '("shout --loudly", "for the deaf"),',
        "COMMAND = ",
        ", verbosity: Verbosity = Verbosity()",
    ],
)
def test_half_a_command_does_not_start(missing, house):
    half = COMMAND.replace(missing, "")
    (house.place / "flows/command_line/commands/shout.py").write_text(half, "utf-8")
    assert "Error" in house.ask('main(["--help"])', ends_with=1)


ERROR = '''class TrackAsleep(SourceError):
    """The track is asleep."""

    value = "SC_Asleep"
    meaning = "SoundCloud says the track sleeps"
    is_lasting = True
    default_remedy = "Wake it."


'''


def test_a_way_to_fail_is_a_class(house):
    """Its value, the README's table, `--error`, the rest after it, its place in a result."""
    house.insert("tasks/errors.py", ERROR, before="class ConversionError")
    said = house.ask("""
from datetime import date
from pathlib import Path
from tasks.attempts import Attempts
from tasks.errors import ErrorType, TrackAsleep
from tasks.tracks import Track, TrackResult, TrackStatus
error = TrackAsleep("it sleeps")
print("value:", ErrorType.SC_ASLEEP == error.error_type == "SC_Asleep", error.remedy)
print("table:", "| `SC_Asleep` | SoundCloud says the track sleeps |" in tables()["errors"])
main(["sync", "--help"])
track = Track(page_id="p", title="t", soundcloud_url="https://soundcloud.com/a/t")
result = TrackResult.of(track, TrackStatus.FAILED, error=error)
journal = Attempts(Path("attempts.jsonl"), "", date(2026, 1, 1))
journal.note(track, result)
print("rests:", journal.resting(track).reason())
""")
    assert "value: True Wake it." in said
    assert "table: True" in said
    assert "SC_Asleep" in said.partition("--error")[2]
    assert "rests: not due before 2026-01-02 (SC_Asleep, 1 attempt)" in said


def test_an_error_that_is_of_no_single_track_leaves_its_row_as_it_was(house):
    """The class says so, and no other place."""
    of_all = ERROR.replace("is_lasting = True", "is_about_track = False")
    house.insert("tasks/errors.py", of_all, before="class ConversionError")
    said = house.ask("""
from pathlib import Path
from tasks.attempts import Attempts
from tasks.errors import TrackAsleep
from tasks.tracks import Track, TrackResult, TrackStatus
track = Track(page_id="p", title="t", soundcloud_url="https://soundcloud.com/a/t")
journal = Attempts(Path("attempts.jsonl"), "")
for _ in range(3):
    journal.note(track, TrackResult.of(track, TrackStatus.FAILED, error=TrackAsleep("it sleeps")))
print("rests:", journal.resting(track))
""")
    assert "rests: None" in said


@pytest.mark.parametrize("fact", ['meaning = "x"', "is_lasting = True", "is_about_track = False"])
def test_what_a_value_means_is_said_once(fact, house):
    """A second class with the value says neither what it means nor whether its row rests."""
    second = ERROR.partition("    value")[0] + f'    value = "SC_404"\n    {fact}\n\n\n'
    house.insert("tasks/errors.py", second, before="class ConversionError")
    assert "TrackNotFound says SC_404's" in house.ask("pass", ends_with=1)


@pytest.mark.parametrize("missing", ['    value = "SC_Asleep"\n', "    meaning = "])
def test_half_a_way_to_fail_does_not_start(missing, house):
    half = ERROR.replace(missing, "    other = " if missing.endswith("= ") else "")
    house.insert("tasks/errors.py", half, before="class ConversionError")
    assert "Error" in house.ask("pass", ends_with=1)


def test_the_tree_at_the_head_of_the_errors_is_the_classes():
    """Every class is drawn below its own parent."""
    above: list[str] = []
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+)", line)
        if found and hasattr(errors, found[2]):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            drawn[found[2]] = above[depth - 1] if depth else "Exception"
    classes = {
        name: one.__base__.__name__
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, Exception)
    }
    assert drawn == classes
