"""The text of a lock: written, read back, and when it hinders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.locks.value import LockValue, is_live, parse

NOW = datetime(2026, 1, 16, 11, 0, tzinfo=UTC)
T = timedelta(minutes=30)
LONG_AGO = "2026-01-01T00:00:00.000Z"


@given(
    pid=st.integers(0, 2**31),
    host=st.from_regex(r"[A-Za-z0-9._:-]{1,40}", fullmatch=True),
    uuid=st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    seconds=st.integers(0, 10**9),
)
def test_a_value_is_read_back_as_it_was_written(pid, host, uuid, seconds):
    value = LockValue(pid, host, uuid, datetime.fromtimestamp(seconds, UTC))
    assert parse(str(value)) == value


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("12345:MacBook-Pro:a1b2c3d4:2026-01-16T10:30:00+00:00", "MacBook-Pro"),
        ("12345:MacBook-Pro:a1b2c3d4:2026-01-16T10:30:00.123456+00:00", "MacBook-Pro"),
        ("1:fe80::1:a1b2c3d4:2026-01-16T10:30:00Z", "fe80::1"),
        ("1:2:3:4:a1b2c3d4:2026-01-16T12:30:00+02:00", "2:3:4"),
        (" 1:my host:a1b2c3d4:2026-01-16T10:30:00+00:00\n", "my host"),
    ],
)
def test_hosts_with_colons_fractions_and_other_offsets_are_read(text, host):
    value = parse(text)
    assert value is not None
    assert value.host == host
    assert value.taken_at.replace(microsecond=0) == datetime(2026, 1, 16, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "busy",
        "12345:MacBook-Pro:a1b2c3d4",
        "x:MacBook-Pro:a1b2c3d4:2026-01-16T10:30:00+00:00",
        "12345::a1b2c3d4:2026-01-16T10:30:00+00:00",
        "12345:MacBook-Pro:a1b2c3d4:2026-01-16T10:30:00",
        "12345:MacBook-Pro:a1b2c3d4:2026-13-45T10:30:00+00:00",
        "12345:MacBook-Pro:a1b2c3d4:0001-01-01T00:00:00+23:00",
    ],
)
def test_what_is_no_lock_is_none(text):
    assert parse(text) is None


def _lock(taken_at: datetime) -> str:
    return str(LockValue(1, "host", "a1b2c3d4", taken_at))


@pytest.mark.parametrize(
    ("lock", "live"),
    [
        ("", False),
        ("  ", False),
        (_lock(NOW - T + timedelta(seconds=1)), True),
        (_lock(NOW - T), False),
        (_lock(NOW + timedelta(minutes=5)), True),
    ],
)
def test_a_lock_hinders_for_its_time_out(lock, live):
    assert is_live(lock, now=NOW, timeout=T, last_edited=LONG_AGO) is live


@pytest.mark.parametrize("lock", ["busy", _lock(NOW + timedelta(hours=5))])
@pytest.mark.parametrize(
    ("last_edited", "live"),
    [
        (LONG_AGO, False),
        ("2026-01-16T10:29:00.000Z", False),
        ("2026-01-16T10:30:00.000Z", True),
        ("2026-01-16T10:59:00.000Z", True),
        ("", True),
        ("yesterday", True),
        ("2026-01-16T00:00:00", True),
    ],
)
def test_a_value_without_a_believable_time_hinders_until_long_after_the_last_edit(
    lock, last_edited, live
):
    """Notion rounds the time of the last edit down to the minute; what cannot be read hinders."""
    assert is_live(lock, now=NOW, timeout=T, last_edited=last_edited) is live


def test_each_renewal_is_another_text_even_within_one_second():
    first = LockValue(1, "host", "a1b2c3d4", NOW)
    second = first.renewed(NOW + timedelta(milliseconds=300))
    third = second.renewed(NOW - timedelta(hours=1))
    assert second.taken_at == NOW + timedelta(seconds=1)
    assert third.taken_at == NOW + timedelta(seconds=2)
    assert len({str(first), str(second), str(third)}) == 3
