"""The live line: counts, bytes, and how long it will take."""

import io

from flows.progress.board import Board
from flows.progress.terminal import ProgressLine
from flows.progress.transfers import Transfers
from tasks.soundcloud.information import Progress
from tasks.tracks import Track


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_transfers_count_what_arrived_and_what_is_under_way():
    """Bytes of finished downloads stay in the sum."""
    transfers = Transfers()
    assert transfers.text() == ""
    with transfers.watch("one") as note:
        note(Progress(2_500_000, 5_000_000))
        assert transfers.text() == "1 downloading, 2.5 MB"
    assert transfers.text() == "2.5 MB"


async def test_the_live_line_shows_the_downloads():
    """On a terminal the line has counts and bytes, and is cleared."""
    stream = Terminal()
    transfers = Transfers()
    board = Board(3, ProgressLine(stream), transfers, None)
    with transfers.watch("one") as note:
        note(Progress(1_000_000, None))
        board.begin(Track(page_id="1", title="Song", artist="Somebody"))
    assert "[0/3] starting | 1 downloading, 1.0 MB" in stream.getvalue()
