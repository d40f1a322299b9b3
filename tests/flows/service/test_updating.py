"""`serve` brings the newest yt-dlp a while before its nightly run; the trial is a real download."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from flows.command_line import trial
from flows.service.serving import seconds_until


@pytest.mark.parametrize(
    ("now", "minutes"),
    [("02:00", 45), ("02:44", 1), ("02:45", 24 * 60), ("03:00", 24 * 60 - 15), ("23:45", 180)],
)
def test_a_quarter_of_an_hour_before_the_run(now, minutes):
    at = datetime.fromisoformat(f"2026-11-25T{now}").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert seconds_until("03:00", at) == minutes * 60


def test_the_yt_dlp_in_use_brings_in_a_track_of_the_stand_in():
    assert trial.main() == 0
