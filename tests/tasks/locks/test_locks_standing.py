"""What `status` says of a lock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tasks.locks.standing import OwnLocks, standing

NOW = datetime(2026, 1, 16, 22, 55, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


def token(pid: int, host: str = "Studio", taken: str = "22:51") -> str:
    return f"{pid}:{host}:a1b2c3d4:2026-01-16T{taken}:00+00:00"


OWN = OwnLocks(
    names={"Studio", "Studio-2"}, living={token(1)}, dead={token(2)}, importing={token(3)}
)


@pytest.fixture
def in_berlin():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (token(1), "a process of this machine works on it"),
        (token(2), "the next run frees the row"),
        (token(3), "died while Eagle was importing"),
        (token(4), "cannot be proven dead; expires 00:21"),
        (token(4, "Studio-2"), "cannot be proven dead; expires 00:21"),
        (token(1, "MacBook"), "another machine; expires 00:21 unless"),
        (token(1, "MacBook", "20:00"), "its time is over"),
        ("hands off!", "it holds the row until 30 min after its last edit"),
    ],
)
def test_whose_it_is_and_until_when(text, said, in_berlin):
    """Times are this machine's: an hour ahead of UTC here."""
    edited = "2026-01-16T22:50:00.000Z"
    seen = standing(text, now=NOW, timeout=HALF_AN_HOUR, last_edited=edited, own=OWN)
    assert said in seen.known
    assert seen.is_stale == ("over" in seen.known)
