"""What is put before a person as perhaps the same: near misses, and none of the old disaster."""

from __future__ import annotations

import time

from tasks.dedupe.suggestions import look_alikes


def pairs(*titles: str) -> list[tuple[str, str]]:
    return [(s.one, s.other) for s in look_alikes({title: title for title in titles})]


def test_a_slip_of_the_keyboard_is_suggested_and_never_certain() -> None:
    (found,) = look_alikes({"a": "Mara Lune - Glass Harbour", "b": "Mara Lune - Glass Harbuor"})
    assert (found.one, found.other, found.certain) == ("a", "b", False)
    assert found.likeness >= 0.9


def test_titles_that_agree_come_first_as_certain() -> None:
    found = look_alikes(
        {"a": "Mara Lune - Glass Harbuor", "b": "Mara Lune - Glass Harbour", "c": "glass harbour"}
    )
    assert [(s.one, s.other, s.certain) for s in found] == [("b", "c", True), ("a", "b", False)]


def test_versions_numbers_and_shared_suffixes_make_no_pair() -> None:
    assert pairs("Japan Enhanced", "unkno Enhanced", "mint Enhanced") == []
    assert pairs("Mara Lune - Harbour Mix 12", "Mara Lune - Harbour Mix 13") == []
    assert pairs("Mara Lune - Glass Harbour", "Mara Lune - Glass Harbour (Live)") == []
    assert pairs("???", "!!!", "") == []


def test_two_thousand_titles_take_seconds() -> None:
    titles = {str(n): f"Artist {n % 300} - Name{n % 1700} Of{n % 900} Track" for n in range(2000)}
    began = time.process_time()
    assert len(look_alikes(titles)) == 50
    assert time.process_time() - began < 10
