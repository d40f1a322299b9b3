"""Text from outside reaches no terminal, log or page as anything but text."""

from __future__ import annotations

import logging

import pytest

from flows.reporting.artifacts import summary_markdown, table_rows
from flows.reporting.html_page import Link, Section, Table, page
from flows.summary import SyncSummary
from tasks.shown_text import shown, web_address, without_secrets
from tasks.tracks import TrackResult, TrackStatus

HOSTILE = "Red\x1b[31m\x00\x9b2J\u202egnp.exe\r\nINFO forged\u2028line"
PRIVATE = "https://soundcloud.com/someone/a-track/s-AbCdEf12345"


@pytest.mark.parametrize("text", ["Glass Harbour", "夜に駆ける 🎧", "Ünïcödé — ok", ""])
def test_ordinary_text_stays_as_it_is(text):
    assert shown(text) == text


def test_nothing_that_acts_is_left():
    text = shown(HOSTILE)
    assert text.isprintable()
    assert text == "Red␛[31m␀�2J�gnp.exe␤␤INFO forged␤line"


def test_a_log_record_is_one_line_and_keeps_no_secret(caplog):
    logger = logging.getLogger("flows.somewhere")
    with caplog.at_level(logging.INFO):
        logger.info("%s at %s", HOSTILE, PRIVATE)
    assert caplog.messages == [f"{shown(HOSTILE)} at https://soundcloud.com/someone/a-track/s-…"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x",
        "http://",
        "http://[",
        "",
    ],
)
def test_only_addresses_of_the_web_are_linked(url):
    assert web_address(url) == ""


def test_an_address_cannot_leave_its_link():
    assert web_address("https://a.b/x)[y](javascript:z)\n<") == (
        "https://a.b/x%29%5By%5D%28javascript:z%29%0A%3C"
    )


def test_what_opens_a_private_track_is_left_out():
    said = f"No track at {PRIVATE}?secret_token=s-AbCdEf12345."
    assert "AbCdEf" not in without_secrets(said)
    assert without_secrets("It is 2-step, s-bahn and 80s-style") == (
        "It is 2-step, s-… and 80s-style"
    )


def _summary() -> SyncSummary:
    result = TrackResult(
        page_id="p",
        title=HOSTILE,
        artist="A",
        status=TrackStatus.FAILED,
        error_message=f"No track at {PRIVATE}",
        page_url=")[x](javascript:alert(1))",
        source_url=PRIVATE,
    )
    return SyncSummary(mode="library-sync", track_filter="all", found=1, results=(result,))


def test_the_uis_tables_hold_no_live_address_and_no_secret():
    (row,) = table_rows(_summary())
    text = summary_markdown(_summary())
    assert row["Source"] == "[source](https://soundcloud.com/someone/a-track/s-%E2%80%A6)"
    for cell in (*map(str, row.values()), text):
        assert "](javascript:" not in cell
        assert "AbCdEf" not in cell
        assert "\x1b" not in cell


def test_a_page_shows_text_and_links_the_web_only():
    html = page("T", Section("", [Table(("Track",), [(Link(HOSTILE, "javascript:alert(1)"),)])]))
    assert "javascript" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
