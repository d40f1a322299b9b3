"""The table of who made it and what it is called."""

import pytest

from tasks.soundcloud.credit import credit

CASES = [
    # row artist, row title, publisher's artist, title, uploader -> artist, title
    ("", "", "", "Some Artist - Some Song (Other Remix)", "Some Label",
     "Some Artist", "Some Song (Other Remix)"),
    ("", "", "", "Some Artist \u2013 Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist \u2014 Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Song", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "", "Some-Song", "Some Artist", "Some Artist", "Some-Song"),
    ("", "", "", "Some Artist - Some Song", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "", "Some Song - Some Artist", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "Registered", "Some Artist - Some Song", "Some Label",
     "Registered", "Some Artist - Some Song"),
    ("", "", "Some Artist", "Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("Mine", "", "Registered", "Some Song", "Some Label", "Mine", "Some Song"),
    ("Mine", "", "", "Some Artist - Some Song", "Some Label", "Mine", "Some Artist - Some Song"),
    ("Mine", "Mine \u2013 My Song", "", "x", "y", "Mine", "My Song"),
    ("", "Some Artist - My Song", "", "Whatever", "Some Label", "Some Artist", "My Song"),
    ("", "My Song", "", "Whatever", "Some Artist", "Some Artist", "My Song"),
    ("", "", "", "Some Song - Radio Edit", "Some Artist", "Some Artist", "Some Song - Radio Edit"),
    ("", "", "", "Some Song - Original Mix", "Some Artist",
     "Some Artist", "Some Song - Original Mix"),
    ("", "", "", "Some Song - Live at Home", "Some Artist",
     "Some Artist", "Some Song - Live at Home"),
    ("", "", "", "Some Artist - Live Forever", "Some Label", "Some Artist", "Live Forever"),
    ("", "", "", "01 - Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "07 - Some Song", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "", "PREMIERE: Some Artist - Some Song [Some Label]", "A Magazine",
     "Some Artist", "Some Song [Some Label]"),
    ("", "", "", "Some Artist - Some Song.wav", "Some Label", "Some Artist", "Some Song"),
    ("A", "evil.wav", "", "", "", "A", "evil"),
    ("", "", "", "\u7c73\u6d25\u7384\u5e2b - \u611f\u96fb", "Label",
     "\u7c73\u6d25\u7384\u5e2b", "\u611f\u96fb"),
    ("", "", "", "Some Song -", "Some Artist", "Some Artist", "Some Song -"),
    ("", "", "", "", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[3] or case[1])
def test_who_made_it_and_what_it_is_called(case):
    """The row, then the publisher, then the title, then the uploader."""
    row_artist, row_title, publisher, title, uploader, *expected = case
    found = credit(
        row_artist=row_artist,
        row_title=row_title,
        publisher=publisher,
        title=title,
        uploader=uploader,
    )
    assert list(found) == expected
