"""The index: which of Eagle's items are a recording, by which reason, and which never are."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tasks.eagle.addresses import address_keys
from tasks.eagle.identity import RecordingIdentity
from tasks.eagle.index import EagleIndex, Match, MatchReason
from tasks.eagle.records import EagleItem, import_tags
from tasks.tracks import Track
from tests.tasks.eagle_world import key_of

URL = "https://soundcloud.com/mara-lune/glass-harbour"
HASH = "0123456789abcdef" * 4
_numbers = itertools.count()


def item(**facts: object) -> EagleItem:
    """A WAV of 300 s unless told otherwise; each newer than the last."""
    number = next(_numbers)
    told = {"id": f"ID{number:011}", "name": "x", "ext": "wav", "duration": 300.0}
    told |= {"size": 52_920_044, "modification_time": number}
    return EagleItem(**(told | facts))  # type: ignore[arg-type]


def match(*items: EagleItem, **identity: object) -> Match:
    return EagleIndex.of(items, key_of).match(RecordingIdentity(**identity))  # type: ignore[arg-type]


UPLOAD = RecordingIdentity(
    url_keys=("soundcloud.com/mara-lune/glass-harbour",),
    soundcloud_id="77",
    artist="Mara Lune",
    title="Glass Harbour",
    duration_seconds=300.0,
)
NAMED = {"artist": "Mara Lune", "title": "Glass Harbour", "duration_seconds": 300.0}


def test_the_reasons_come_in_their_order() -> None:
    """Each stronger reason wins over all weaker ones, whichever item is older."""
    by_name = item(name="Mara Lune - Glass Harbour")
    by_hash = item(tags=(f"fingerprint:{HASH}",))
    by_url = item(url=f"{URL}?in=set")
    by_id = item(tags=("soundcloud:77",))
    by_row = item()
    identity = {
        "url_keys": (URL,), "soundcloud_id": "77", "fingerprint": HASH, "eagle_id": by_row.id,
    } | NAMED  # fmt: skip
    expected = [
        (by_row, MatchReason.EAGLE_ID),
        (by_id, MatchReason.SOUNDCLOUD_ID),
        (by_url, MatchReason.ADDRESS),
        (by_hash, MatchReason.FINGERPRINT),
        (by_name, MatchReason.NAME),
    ]
    items = [by_name, by_hash, by_url, by_id, by_row]
    for found, reason in expected:
        assert (match(*items, **identity).wav, match(*items, **identity).reason) == (found, reason)
        items.remove(found)
    assert match(**identity) == Match()


def test_the_two_files_are_found_separately_and_the_oldest_of_each_counts() -> None:
    wav, aiff = item(url=URL), item(url=URL, ext="aif", duration=None)
    later = item(url=URL)
    found = match(later, aiff, wav, item(url=URL, ext="mp3"), url_keys=(URL,))
    assert (found.wav, found.aiff) == (wav, aiff)


def test_the_soundcloud_id_may_stand_in_the_annotation() -> None:
    one = item(annotation="imported soundcloud:77 today")
    assert match(one, soundcloud_id="77").wav == one
    assert match(one, soundcloud_id="7").wav is None


def test_an_old_short_fingerprint_meets_the_long_one_and_only_its_own() -> None:
    old = item(tags=(f"fingerprint:{HASH[:32].upper()}",))
    assert match(old, fingerprint=HASH).wav == old
    other = item(tags=(f"fingerprint:{HASH[:32]}{'f' * 32}",))
    assert match(other, fingerprint=HASH).wav is None
    assert match(other, fingerprint=HASH[:32]).wav == other
    assert match(other, fingerprint="").wav is None


def test_items_in_the_trash_are_never_found() -> None:
    gone = item(url=URL, tags=(f"fingerprint:{HASH}",), is_deleted=True)
    assert match(gone, url_keys=(URL,), fingerprint=HASH, eagle_id=gone.id) == Match()
    index = EagleIndex.of([item(id="A" * 13, url=URL)], key_of)
    index.add(item(id="A" * 13, url=URL, is_deleted=True))
    assert index.find(url_key=URL) == []
    assert len(index) == 0


def test_an_address_used_again_for_another_upload_is_another_recording() -> None:
    assert (
        match(item(url=URL, tags=("soundcloud:5",)), url_keys=(URL,), soundcloud_id="6").wav is None
    )


TIDE = "https://soundcloud.com/ada/tide"
FIRST = item(name="Ada - Tide Machine", url=TIDE, tags=("soundcloud:77",))


@pytest.mark.parametrize(
    "facts",
    [{}, {"title": ""}, {"artist": "", "title": "Machine"}, {"title": "Tide Machine"},
     {"artist": "Ada", "title": "Tide Machine (Bo Remix)"}],
)  # fmt: skip
def test_a_copied_rows_id_is_its_first_songs(facts: dict[str, str]) -> None:
    """The number stands in the row, and address and name are another song's by now."""
    index = EagleIndex.of([FIRST], address_keys(frozenset()))
    assert index.match(replace(UPLOAD, **facts)).wav is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts",
    [{"is_id_told": True}, {"url_keys": ("soundcloud.com/ada/tide",)}, {"url_keys": ()},
     {"artist": "Ada", "title": "Tide Machine (Original Mix)"},
     {"artist": "", "title": "Ada - Tide Machine"}],
)  # fmt: skip
def test_a_renamed_uploads_id_counts(facts: dict[str, object]) -> None:
    """SoundCloud tells the number, or one of address and name is still the item's."""
    index = EagleIndex.of([FIRST], address_keys(frozenset()))
    assert index.match(replace(UPLOAD, **facts)).wav == FIRST  # type: ignore[arg-type]


def test_a_preview_of_the_recording_is_told_but_not_taken() -> None:
    preview = item(url=URL, duration=30.0)
    found = match(preview, url_keys=(URL,), duration_seconds=300.0)
    assert found.wav is None
    assert found.other_length == (preview,)
    assert match(preview, url_keys=(URL,)).wav == preview


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("Mara Lune - Glass Harbour", ()),
        ("Mara Lune - Glass Harbour (Original Mix) Enhanced.1.2", ()),
        ("Mara_Lune_-_Glass_Harbour_(WAV)", ()),
        ("Glass Harbour", ("Mara Lune",)),
        ("Glass Harbour (1)", ("BPM124", "mara lune")),
    ],
)
def test_the_exact_name_with_the_same_length_is_the_recording(
    name: str, tags: tuple[str, ...]
) -> None:
    one = item(name=name, tags=tags, duration=300.9)
    assert match(one, **NAMED).wav == one


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Mara Lune - Glass Harbour", "duration": 302.5},
        {"name": "Mara Lune - Glass Harbour", "duration": None},
        {"name": "Mara Lune - Glass Harbour (Ada Remix)"},
        {"name": "Mara Lune - Glass Harbours"},
        {"name": "Teo Varr - Glass Harbour"},
        {"name": "Teo Varr - Glass Harbour", "tags": ("Mara Lune",)},
        {"name": "Glass Harbour"},
        {"name": "Glass Harbour", "tags": ("Teo Varr",)},
    ],
)
def test_a_name_that_differs_or_lacks_artist_or_length_is_not(facts: dict[str, object]) -> None:
    assert match(item(**facts), **NAMED) == Match()


@pytest.mark.parametrize(
    "facts",
    [
        {"tags": ("soundcloud:78",)},
        {"url": "https://soundcloud.com/somebody/glass-harbour"},
        {"url": "https://soundcloud.com/somebody/glass-harbour", "tags": ("soundcloud:78",)},
    ],
)
def test_a_name_is_no_proof_for_another_upload(facts: dict[str, object]) -> None:
    """A person gave the row another address and kept its title: only the sound can tell."""
    named = item(name="Mara Lune - Glass Harbour", **facts)
    assert EagleIndex.of([named], address_keys(frozenset())).match(UPLOAD) == Match()


@pytest.mark.parametrize("url", ["", "https://somebody.bandcamp.com/track/glass"])
def test_a_name_counts_where_no_other_upload_is_meant(url: str) -> None:
    named = item(name="Mara Lune - Glass Harbour", url=url)
    assert EagleIndex.of([named], address_keys(frozenset())).match(UPLOAD).wav == named


def test_a_row_without_artist_or_length_matches_no_name() -> None:
    one = item(name="Mara Lune - Glass Harbour")
    assert match(one, artist="Mara Lune", title="Glass Harbour").wav is None
    assert match(one, title="Mara Lune - Glass Harbour", duration_seconds=300.0).wav is None


def test_the_aiff_beside_a_found_wav_is_told_by_its_size() -> None:
    """Eagle knows no length of AIFF (docs/facts/eagle.md, "Records")."""
    wav = item(name="Mara Lune - Glass Harbour")
    aiff = item(name="Mara Lune - Glass Harbour", ext="aiff", duration=None, size=52_921_000)
    other = item(name="Mara Lune - Glass Harbour", ext="aiff", duration=None, size=30_000_000)
    assert match(other, wav, aiff, **NAMED).aiff == aiff
    assert match(other, wav, **NAMED).aiff is None
    assert match(aiff, **NAMED).aiff is None


def test_the_old_systems_disaster_matches_nothing() -> None:
    """A shared suffix, a shared beginning, a likeness over a third item: no reasons."""
    names = ["unkno Enhanced", "stop Enhanced", "The Sound of Snow", "Mara Lune - Glass Houses"]
    library = [item(name=name, tags=("Mara Lune",)) for name in names]
    for title in ("Japan Enhanced", "The Sound of Rain", "Glass Harbour"):
        assert match(*library, **(NAMED | {"title": title})) == Match()


def test_the_index_follows_our_own_imports() -> None:
    index = EagleIndex.of([], key_of)
    identity = RecordingIdentity(url_keys=(URL,), **NAMED)  # type: ignore[arg-type]
    assert index.match(identity) == Match()
    named = item(name="Mara Lune - Glass Harbour")
    index.add(named)
    assert index.match(identity).reason is MatchReason.NAME
    index.add(item(id=named.id, name=named.name, url=URL))
    assert index.match(identity).reason is MatchReason.ADDRESS
    assert len(index) == 1


def test_broken_records_are_read_as_far_as_they_go() -> None:
    broken = EagleItem.of(
        {"id": "A", "name": None, "ext": "WAV", "tags": ["ok", 5, ""], "duration": "x", "size": "1"}
    )
    assert broken == EagleItem(id="A", name="", ext="wav", tags=("ok",))


def test_tags_say_what_is_known_in_order_and_once() -> None:
    track = Track(
        page_id="p", title="t", artist="Mara Lune", genres=("House",), bpm=123.6, key="F Minor",
        playlists=("Night", "House"), soundcloud_url=URL, soundcloud_id="77",
    )  # fmt: skip
    assert import_tags(track, ext=".WAV", fingerprint=HASH.upper()) == [
        "Night", "House", "BPM124", "F Minor", "Mara Lune", "wav", "SoundCloud",
        f"fingerprint:{HASH}", "soundcloud:77",
    ]  # fmt: skip
    assert import_tags(Track(page_id="p"), ext="aiff", fingerprint="junk") == ["aiff"]


def doubted(one: EagleItem, **facts: object) -> list[bool]:
    """Whether the item that a row names is doubted, and if so whether it speaks against the row."""
    index = EagleIndex.of([one], address_keys(frozenset()))
    identity = replace(UPLOAD, **facts)  # type: ignore[arg-type]
    return [doubt.is_against for doubt in index.doubts(identity, [one])]


def test_an_item_is_doubted_by_its_name_and_address() -> None:
    """Its number alone is enough, where it is another; one of the two that agrees is, too."""
    assert doubted(FIRST) == [True]
    assert doubted(FIRST, artist="Ada", title="Tide Machine") == []
    assert doubted(FIRST, url_keys=("soundcloud.com/ada/tide",)) == []
    assert doubted(item(name="Tide Machine", tags=("soundcloud:5",))) == [True]
    assert doubted(item(name="Tide Machine")) == [False]
    assert doubted(item(name="Tide Machine"), title="") == [False]


def test_another_version_of_the_title_was_chosen_by_its_owner() -> None:
    """A file that was bought has no address of SoundCloud's, and the version that was sold."""
    assert doubted(item(name="Mara Lune - Glass Harbour (Extended Mix)")) == []
    assert doubted(item(name="glass harbour 01")) == []
    assert doubted(item(name="Glass Harbour (Dub)", url="https://shop.example/1")) == []
    assert doubted(item(name="Glass Harbour (Dub)", url=TIDE)) == [True]
