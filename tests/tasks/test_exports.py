"""Playlists and the library as players and rekordbox read them, read back by other readers."""

from __future__ import annotations

import string
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tasks.eagle.paths import PathMap
from tasks.errors import FileError
from tasks.exports import m3u, rekordbox
from tasks.exports.deck_track import DeckPlaylist, DeckTrack, deck_track, look_at
from tasks.exports.writing import write_export
from tasks.tracks import Track

if TYPE_CHECKING:
    from pyrekordbox.rbxml import RekordboxXml


def a_track(number: int, path: Path, **facts: Any) -> DeckTrack:
    given = {"title": f"Title {number}", "artist": f"Artist {number}", "seconds": 61.4}
    return DeckTrack(page_id=f"page-{number}", path=path, **{**given, **facts})


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "Artist - Title.wav"
    soundfile.write(path, np.zeros((48_000, 2)), 48_000, subtype="PCM_16")
    return path


def test_a_row_and_its_file_make_a_deck_track(wav: Path) -> None:
    row = Track(page_id="p", title="T", artist="A", created_time="2026-11-25T10:00:00.000Z")
    facts = look_at(wav)
    assert facts is not None
    made = deck_track(row, wav, facts)
    assert (made.size, made.sample_rate, made.seconds) == (wav.stat().st_size, 48_000, 1.0)
    assert made.added == "2026-11-25"


def test_a_file_is_looked_into_again_only_if_it_changed(wav: Path) -> None:
    facts = look_at(wav)
    assert look_at(wav, facts) is facts
    soundfile.write(wav, np.zeros((96_000, 2)), 48_000, subtype="PCM_16")
    again = look_at(wav, facts)
    assert again is not None
    assert again.seconds == 2.0
    assert look_at(wav.with_name("gone.wav")) is None
    (wav.with_name("text.wav")).write_text("no audio")
    assert look_at(wav.with_name("text.wav")) is None


def test_a_playlist_file_has_relative_paths_in_the_playlists_order(tmp_path: Path) -> None:
    """Beside its copies, one playlist's file may lie in another's folder."""
    folder = tmp_path / "Late Night"
    tracks = (
        a_track(2, folder / "Artist 2 - Title 2.wav"),
        a_track(1, tmp_path / "Früh" / "ä & ö.wav", title="Zwei\nZeilen", artist=""),
        a_track(3, folder / "#1 hit.wav"),
    )
    text = m3u.playlist_text(DeckPlaylist(name="Late Night", tracks=tracks), folder)
    assert text.splitlines() == [
        "#EXTM3U",
        "#LIBRARY-SYNC:replaced when the playlist changes",
        "#PLAYLIST:Late Night",
        "#EXTINF:61,Artist 2 - Title 2",
        "Artist 2 - Title 2.wav",
        "#EXTINF:61,Zwei Zeilen",
        "../Früh/ä & ö.wav",
        "#EXTINF:61,Artist 3 - Title 3",
        "./#1 hit.wav",
    ]


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_title_breaks_a_playlist_file(title: str, artist: str) -> None:
    one = a_track(1, Path("/music/a.wav"), title=title, artist=artist)
    text = m3u.playlist_text(DeckPlaylist(name=title, tracks=(one, one)), Path("/music"))
    assert len(text.splitlines()) == 7


def library() -> tuple[list[DeckTrack], list[DeckPlaylist]]:
    tracks = [
        a_track(1, Path("/music/A & B/Ü?ber #1 100%.wav"), album="Al", genre="House", bpm=128.04),
        a_track(2, Path("/music/two.aiff"), key="F# Minor", size=4_000, sample_rate=44_100),
        a_track(3, Path("/music/three.wav"), title="a\x00b\x0b<&>'\"", added="2026-01-01"),
    ]
    playlists = [
        DeckPlaylist(name="Warm-up", tracks=(tracks[1], tracks[0])),
        DeckPlaylist(name="After", tracks=(tracks[2], tracks[0], tracks[1])),
    ]
    return tracks, playlists


def read_back(data: bytes, folder: Path) -> RekordboxXml:
    from pyrekordbox.rbxml import RekordboxXml  # noqa: PLC0415  (half a second, for each process)

    file = folder / "library.xml"
    file.write_bytes(data)
    return RekordboxXml(file)


def test_the_library_reads_back_equal(tmp_path: Path) -> None:
    tracks, playlists = library()
    read = read_back(rekordbox.library_xml(tracks, playlists, str), tmp_path)
    by_name = {track["Name"]: track for track in read.get_tracks()}
    assert set(by_name) == {"Title 1", "Title 2", "ab<&>'\""}
    first, second = by_name["Title 1"], by_name["Title 2"]
    assert (first["Artist"], first["Album"], first["Genre"]) == ("Artist 1", "Al", "House")
    assert (first["AverageBpm"], first["TotalTime"], first["Kind"]) == (128.04, 61, "WAV File")
    assert (second["Tonality"], second["Size"], second["SampleRate"]) == ("F#m", 4_000, 44_100.0)
    assert f"/{first['Location']}" == str(tracks[0].path)
    folder = read.get_playlist(rekordbox.FOLDER)
    names = {node.name: node.get_tracks() for node in folder.get_playlists()}
    ids = {track["Name"]: track["TrackID"] for track in read.get_tracks()}
    assert names == {
        "After": [ids["ab<&>'\""], ids["Title 1"], ids["Title 2"]],
        "Warm-up": [ids["Title 2"], ids["Title 1"]],
    }


def test_the_file_keeps_the_formats_rules() -> None:
    """Each Location is a file URL, each key names a track that is there, all counts agree."""
    tracks, playlists = library()
    root = ET.fromstring(rekordbox.library_xml(tracks, playlists, str))
    assert (root.tag, root.attrib["Version"]) == ("DJ_PLAYLISTS", "1.0.0")
    collection = root.find("COLLECTION")
    assert collection is not None
    assert int(collection.attrib["Entries"]) == len(collection) == 3
    ids = [track.attrib["TrackID"] for track in collection]
    assert len(set(ids)) == 3
    for track in collection:
        url = urlsplit(track.attrib["Location"])
        assert (url.scheme, url.netloc, url.query, url.fragment) == ("file", "localhost", "", "")
        assert PurePosixPath(unquote(url.path)) in {PurePosixPath(t.path) for t in tracks}
    top = root.find("PLAYLISTS/NODE")
    assert top is not None
    assert top.attrib["Name"] == "ROOT"
    for node in root.iter("NODE"):
        of_kind = "Count" if node.attrib["Type"] == "0" else "Entries"
        assert int(node.attrib[of_kind]) == len(node)
        assert {child.attrib["Key"] for child in node.findall("TRACK")} <= set(ids)


def test_the_same_library_gives_the_same_bytes_in_whatever_order_it_is_listed() -> None:
    tracks, playlists = library()
    once = rekordbox.library_xml(tracks, playlists, str)
    assert rekordbox.library_xml(tracks[::-1], playlists[::-1], str) == once


@pytest.mark.parametrize(
    ("there", "url"),
    [
        ("D:\\Music", "file://localhost/D:/Music/two.aiff"),
        ("\\\\nas\\music", "file://localhost//nas/music/two.aiff"),
        ("/Users/dj/Music", "file://localhost/Users/dj/Music/two.aiff"),
    ],
)
def test_locations_are_named_as_the_djs_machine_names_them(there: str, url: str) -> None:
    path_map = PathMap.parse(f"/music={there}")
    made = rekordbox.library_xml(library()[0], [], path_map.to_eagle)
    assert f'Location="{url}"' in made.decode()


def test_two_rows_with_one_file_are_one_track() -> None:
    tracks = [a_track(1, Path("/a.wav")), a_track(2, Path("/a.wav"))]
    playlist = DeckPlaylist(name="P", tracks=tuple(tracks))
    root = ET.fromstring(rekordbox.library_xml(tracks, [playlist], str))
    assert len(root.findall("COLLECTION/TRACK")) == 1
    assert len(root.findall(".//NODE/TRACK")) == 1


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("A Minor", "Am"), ("G Major", "G"), ("F♯ minor", "F#m"), ("Eb maj", "Eb"), ("bbm", "Bbm"),
        ("8A", "8A"), ("C", "C"), ("CM", "C"), ("Unknown", ""), ("", ""),
    ],
)  # fmt: skip
def test_keys_are_written_as_rekordbox_writes_them(key: str, shown: str) -> None:
    assert rekordbox.tonality(key) == shown


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(string.ascii_letters),
)
def test_no_text_breaks_the_xml(text: str, letter: str) -> None:
    one = a_track(1, Path(f"/music/{letter}.wav"), title=text, artist=text, key=text, genre=text)
    made = rekordbox.library_xml([one], [DeckPlaylist(name=text, tracks=(one,))], str)
    assert len(ET.fromstring(made).findall("COLLECTION/TRACK")) == 1


def test_an_export_is_replaced_only_when_it_changed_and_only_if_it_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "New" / "list.m3u8"
    mark = m3u.MARK.encode()
    assert write_export(file, b"#EXTM3U\n" + mark, mark=mark)
    before = file.stat().st_mtime_ns
    assert not write_export(file, b"#EXTM3U\n" + mark, mark=mark)
    assert file.stat().st_mtime_ns == before
    assert write_export(file, b"#EXTM3U\n" + mark + b"\nmore", mark=mark)
    own = tmp_path / "own.m3u8"
    own.write_text("#EXTM3U\nmy own.wav\n")
    with pytest.raises(FileError, match="was not made by library-sync"):
        write_export(own, b"#EXTM3U\n" + mark, mark=mark)
    assert own.read_text() == "#EXTM3U\nmy own.wav\n"
    assert [path.name for path in file.parent.iterdir()] == ["list.m3u8"]
