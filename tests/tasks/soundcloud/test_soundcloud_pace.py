"""A download that comes in drops."""

import pytest

from tasks.errors import DownloadInterrupted
from tasks.soundcloud.bounds import Pace


def test_drops_are_given_up_and_a_slow_stream_is_not():
    """Ten bytes a second are too few; a kilobyte a second is enough."""
    now = 0.0
    slow, drops = Pace(clock=lambda: now), Pace(clock=lambda: now)
    for second in range(59):
        now = float(second)
        slow.mind(second * 1_024)
        drops.mind(second * 10)
    for second in range(59, 200):
        now = float(second)
        slow.mind(second * 1_024)
    with pytest.raises(DownloadInterrupted):
        drops.mind(2_000)


def test_a_second_file_begins_anew():
    """Bytes are counted from zero again when another piece begins."""
    now = 0.0
    pace = Pace(period=10, clock=lambda: now)
    pace.mind(100_000)
    now = 9.0
    pace.mind(0)
    pace.mind(40_000)
    now = 18.0
    pace.mind(40_100)
    now = 19.0
    with pytest.raises(DownloadInterrupted):
        pace.mind(40_200)
