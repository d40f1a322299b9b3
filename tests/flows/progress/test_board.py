"""What one sees while a run goes on: counts, a line and a bar a track, no word cut."""

from __future__ import annotations

import io
import os
import pty
import re
from multiprocessing.connection import wait

import pytest
from rich.console import Console

from flows.progress.picture import RunSeen, picture, shortened
from flows.progress.terminal import Display, TerminalHandler, attach_terminal
from flows.progress.transfers import InWork, Stage, Transfers
from tasks.soundcloud.information import Progress
from tests.flows.short_demo import short_demo
from tests.flows.sync_process import forked

PROFILE = 'active = "tests"\n[profiles.tests]\nPREFECT_API_URL = "{}"\n'
"""Names the server of the tests: the demo hears of nobody's but through its own folder."""
LABELS = ("Vesper Hollow - Salt Flats (Oda Renn Remix)", "Kō Minase - 夜の港", "Inés - CORAZÓN")


def drawn(width: int, *, transfers: Transfers, **seen) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    run = RunSeen(**{"done": 4, "total": 12, "counts": {"brought in": 3, "failed": 1},
                     "seconds_left": 125.0, "megabytes": 20.0} | seen)  # fmt: skip
    console.print(picture(run, transfers.in_work(), width))
    return console.file.getvalue()


@pytest.fixture
def transfers():
    """Three tracks: one downloads, one is imported, one is being claimed."""
    made = Transfers()
    for number, label in enumerate(LABELS):
        made.begin(str(number), label)
    with made.watch("1") as note:
        note(Progress(2_000_000, 2_000_000))
    watching = made.watch("0")
    note = watching.__enter__()
    note(Progress(3_100_000, 8_400_000))
    yield made
    watching.__exit__(None, None, None)


def test_the_run_and_each_track_have_a_line_and_a_bar(transfers):
    """Counts, what is left, and what is being done with each track."""
    text = drawn(100, transfers=transfers)
    assert "4 of 12 tracks, 3 brought in, 1 failed, 20.0 MB, about 2 min 5 s left" in text
    assert re.search(r"Salt Flats \(Oda Renn Remix\) +downloading 3.1 of 8.4 MB +━", text)
    assert re.search(r"夜の港 +importing", text)
    assert re.search(r"CORAZÓN +claiming", text)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_breaks_inside_a_word(width, transfers):
    """Every word that is drawn is a whole one, and no line is longer than the terminal."""
    text = drawn(width, transfers=transfers)
    said = (
        "4 of 12 tracks, 3 brought in, 1 failed, 20.0 MB, about 2 min 5 s left "
        "downloading 3.1 of 8.4 MB importing claiming …"
    )
    whole = set(f"{said} {' '.join(LABELS)}".split(" "))
    for label in LABELS:
        assert " ".join(label.split()[:3]) in text
    words = {word for word in text.split() if "━" not in word and "╸" not in word}
    assert words <= whole
    assert max(map(len, text.splitlines())) <= width


def test_while_a_run_waits_it_says_for_what(transfers):
    assert "4 of 12 tracks, waiting for Notion" in drawn(
        80, transfers=transfers, pause="waiting for Notion"
    )


def test_a_download_is_followed_by_its_conversion_and_its_import():
    """The stages come from what the download reports."""
    transfers = Transfers()
    transfers.begin("1", "Song")
    assert transfers.in_work() == [InWork("Song", Stage.CLAIMING)]
    with transfers.watch("1") as note:
        note(Progress(1_000_000, 2_000_000))
        assert transfers.in_work()[0].said == "downloading 1.0 of 2.0 MB"
        note(Progress(2_000_000, 2_000_000))
        assert transfers.in_work()[0].said == "converting"
    assert (transfers.in_work()[0].said, transfers.megabytes()) == ("importing", 2.0)
    transfers.end("1")
    assert transfers.in_work() == []


def test_a_name_ends_after_a_whole_word():
    assert shortened("one two three", 9) == "one two …"
    assert shortened("Donaudampfschiff", 9) == "Donaudam…"


def test_without_a_terminal_there_are_plain_lines(capsys):
    """No picture, no colours, nothing wrapped."""
    display = attach_terminal(debug=False)
    display.show(lambda width: "never" * width)
    display.write("x" * 300)
    display.clear()
    assert capsys.readouterr().err == "x" * 300 + "\n"


def test_a_line_above_the_picture_is_wrapped_between_words():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    os.environ["COLUMNS"] = "20"
    try:
        Display(stream).write("one two three four five six")
    finally:
        del os.environ["COLUMNS"]
    assert stream.getvalue() == "one two three four \nfive six\n"
    assert TerminalHandler(Display(stream), timed=False)


@pytest.mark.parametrize("width", [40, 60])
def test_a_path_without_room_stays_in_one_piece(width, monkeypatch):
    """The terminal breaks it where it must; who copies it gets a path."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    path = "/Users/somebody/.library-sync/runs/20261126-041814-ea201eb1/report.html"
    Display(stream).write(f"   Report: {path} and some more words")
    assert stream.getvalue() == f"   Report:\n{path}\nand some more words\n"


def test_who_waits_on_a_terminal_is_told_so():
    """Where nobody looks, nothing is written."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    seen, unseen = Terminal(), io.StringIO()
    Display(seen).note("Starting.")
    Display(unseen).note("Starting.")
    assert "Starting." in seen.getvalue()
    assert unseen.getvalue() == ""


def test_on_a_terminal_a_demo_shows_its_tracks(tmp_path, prefect_server):
    """The command on a pseudo terminal of 60 columns: bars, then the closing lines."""
    home = tmp_path / "demo" / "prefect"
    home.mkdir(parents=True)
    (home / "profiles.toml").write_text(PROFILE.format(prefect_server.url))
    main_end, far_end = pty.openpty()
    environment = {
        "COLUMNS": "60",
        "TERM": "xterm-256color",
        "PREFECT_API_URL": prefect_server.url,
    }
    given = (environment, os.ttyname(far_end), tmp_path)
    with forked(short_demo, given, prefect_server.url) as process:
        shown = b""
        while wait([main_end, process.sentinel]) != [process.sentinel]:
            shown += os.read(main_end, 65536)
        process.join()
        assert process.exitcode == 0, shown.decode()
    os.close(main_end)
    os.close(far_end)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"\d+ of \d+ tracks", text)
    assert "downloading" in text
    assert "FAILED, AND WHAT TO DO" in text
    assert "Report:" in text
