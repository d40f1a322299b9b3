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
    ("", "", "", "Some Song -", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "", "- Some Song", "Some Artist", "Some Artist", "Some Song"),
    ("", "", "", "", "", "", ""),
    # Dashes with a space on one side, and the wide one.
    ("", "", "", "Some Artist- Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist -Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist \uff0d Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Song (Re- Edit)", "Some Artist", "Some Artist", "Some Song (Re- Edit)"),
    ("", "", "", "Part -2", "Some Artist", "Some Artist", "Part -2"),
    # What magazines and labels write around it.
    ("", "", "", "PREMIERE - Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "[PREMIERE] Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "Mag Premiere: Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "Exclusive Premiere: Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "[FREE DL] Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist - Some Song [FREE DL]", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist - Some Song *FREE DOWNLOAD*", "Mag", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist - Some Song // OUT NOW on Label", "Label",
     "Some Artist", "Some Song"),
    ("", "", "", "Some Artist - Some Song (OUT NOW)", "Label", "Some Artist", "Some Song"),
    ("", "", "", "Some Artist - Out Now", "Some Label", "Some Artist", "Out Now"),
    ("", "", "", "Premiere", "Some Artist", "Some Artist", "Premiere"),
    ("", "My Song [FREE DL]", "", "x", "Some Artist", "Some Artist", "My Song [FREE DL]"),
    ("", "", "Mag", "PREMIERE: Some Artist - Some Song", "Mag", "Some Artist", "Some Song"),
    ("", "", "Some Artist", "Some Song - Part One", "Some Artist",
     "Some Artist", "Some Song - Part One"),
    # Numbers that are none of the artist's.
    ("", "", "", "01. Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "A1. Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "A1 - Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "[SL001] Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "SL001 - Some Artist - Some Song", "Some Label", "Some Artist", "Some Song"),
    ("", "", "", "A1 - Take It", "Some Label", "A1", "Take It"),
    ("", "", "", "UB40 - Some Song - Remastered", "Some Label", "UB40", "Some Song - Remastered"),
    # Names said twice, in other words, in quotes, in decoration.
    ("", "", "", "Some Artist - Some Artist - Some Song", "Some Artist",
     "Some Artist", "Some Song"),
    ("", "", "", "Some Artist \u2013 \u201cSome Song\u201d", "Label", "Some Artist", "Some Song"),
    ("", "", "", "\U0001f525 Some Artist - Some Song \U0001f525", "Label",
     "Some Artist", "Some Song"),
    ("", "", "", "Some Song \U0001f319", "Some Artist", "Some Artist", "Some Song \U0001f319"),
    ("", "", "", "Some Artist - This &amp; That", "Label", "Some Artist", "This & That"),
    ("", "", "One, Two", "One & Two - Some Song", "Label", "One, Two", "Some Song"),
    ("", "", "One, Two", "One - Some Song", "Label", "One, Two", "Some Song"),
    ("", "", "One", "One x Two - Some Song", "Label", "One x Two", "Some Song"),
    ("One", "", "", "One & Two - Some Song", "Label", "One", "Some Song"),
    # A festival's uploads.
    ("", "", "", "Some Artist - Live at Some Festival 2024", "Some Festival",
     "Some Artist", "Live at Some Festival 2024"),
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
