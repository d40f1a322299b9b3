"""Exports of a library that was really synced: made after runs, by command, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from flows.__main__ import main
from flows.exporting import finished_rows, making
from flows.exporting.making import export_library
from flows.following.memory import ListMemory
from flows.library_sync import library_sync
from flows.settings import VARIABLES
from sandbox.builders import short_tracks
from tasks.errors import ConfigurationError
from tasks.exports.kinds import ExportKind
from tasks.soundcloud.lists import parse_list_address
from tests.flows.conftest import settings_of
from tests.flows.database_world import put_in_trash


def playlist_of(file: Path) -> list[tuple[str, Path]]:
    """Labels and files of an M3U8, each path resolved as a player does."""
    lines = [line for line in file.read_text("utf-8").splitlines() if line]
    labels = [line.partition(",")[2] for line in lines if line.startswith("#EXTINF")]
    paths = [(file.parent / line).resolve() for line in lines if not line.startswith("#")]
    return list(zip(labels, paths, strict=True))


def notion_requests(sandbox: Any) -> int:
    return len(sandbox.ledger.entries(event="request", service="notion"))


@pytest.fixture
def library(sandbox_factory: Any, request: pytest.FixtureRequest) -> Any:
    """Two short tracks (or as many as are asked for) in one playlist, the last of them in a second,
    none of them synced yet.
    """
    sandbox = sandbox_factory(build=short_tracks(0))
    last = getattr(request, "param", 2) - 1
    for number in range(last + 1):
        playlists = ["Night & Day", "B"] if number == last else ["Night & Day"]
        facts = {"Tempo": 120 + number, "Key": "A Minor", "Album": "Al"}
        sandbox.world.add_track(
            f"Song {number}", "Nova", seconds=5, playlists=playlists, properties=facts
        )
    return sandbox


async def test_a_run_leaves_a_playlist_beside_its_copies_and_the_xml(
    library: Any, run_flow: Any
) -> None:
    """A playlist's own copies, or another's where it has none; a second run changes nothing."""
    summary = await run_flow(library_sync, library)
    assert summary.counts["processed"] == 2
    root = library.state / "playlist-tracks"
    listed = playlist_of(root / "Night & Day" / "Night & Day.m3u8")
    assert [label for label, _ in listed] == ["Nova - Song 0", "Nova - Song 1"]
    assert all(path.is_file() for _, path in listed)
    assert {path.parent for _, path in listed} == {(root / "Night & Day").resolve()}
    ((label, path),) = playlist_of(root / "B" / "B.m3u8")
    assert (label, path) == ("Nova - Song 1", listed[1][1])

    tree = ET.parse(root / "library-sync.xml").getroot()
    tracks = tree.findall("COLLECTION/TRACK")
    by_name = {track.attrib["Name"]: track.attrib for track in tracks}
    assert by_name.keys() == {"Song 0", "Song 1"}
    one = by_name["Song 1"]
    assert (one["AverageBpm"], one["Tonality"], one["Album"]) == ("121.00", "Am", "Al")
    file = Path(unquote(urlsplit(one["Location"]).path))
    assert (file.is_file(), file.stat().st_size, one["SampleRate"]) == (
        True, int(one["Size"]), "44100",
    )  # fmt: skip
    nodes = {n.attrib["Name"]: len(n) for n in tree.iter("NODE") if n.attrib["Type"] == "1"}
    assert nodes == {"B": 1, "Night & Day": 2}

    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    await run_flow(library_sync, library)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("library", [3], indirect=True)
@pytest.mark.parametrize("small", [0, 1_000])
async def test_a_later_run_asks_only_for_what_changed(
    library: Any, run_flow: Any, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """In a large library; a row that is edited or unticked in Notion is followed all the same."""
    monkeypatch.setattr(finished_rows, "_SMALL", small)
    await run_flow(library_sync, library, limit=2)
    library.world.update_row(library.world.rows[0].page_id, {"Title": "Renamed"})
    library.world.update_row(library.world.rows[1].page_id, {"DL": False, "WAV File Path": "x"})
    await run_flow(library_sync, library)
    root = library.state / "playlist-tracks"
    listed = playlist_of(root / "Night & Day" / "Night & Day.m3u8")
    assert [label for label, _ in listed] == ["Nova - Renamed", "Nova - Song 2"]
    assert all(path.is_file() for _, path in listed)


async def test_an_unchanged_library_gives_identical_bytes_by_command_too(
    library: Any, run_flow: Any, tmp_path: Path
) -> None:
    await run_flow(library_sync, library)
    settings = settings_of(library)
    root = library.state / "playlist-tracks"
    for kind in ExportKind:
        made = await export_library(settings, kind)
        assert (made.replaced, made.problems) == (0, [])
    xml = (root / "library-sync.xml").read_bytes()
    out = tmp_path / "other.xml"
    assert (await export_library(settings, ExportKind.REKORDBOX, out=out)).replaced == 1
    assert out.read_bytes() == xml
    inside = await export_library(settings, ExportKind.REKORDBOX, out=tmp_path)
    assert (inside.files, inside.replaced) == ([tmp_path / "library-sync.xml"], 1)


async def test_a_followed_lists_order_is_its_playlists_order(library: Any, run_flow: Any) -> None:
    """And that of the rows where nothing is followed."""
    catalogue = library.soundcloud.catalogue
    tracks = [catalogue.tracks[n] for n in (1, 0)]
    url = catalogue.add_set("Set", "Robin", tracks)
    memory = ListMemory(library.state / "machine")
    remembered = memory.of(parse_list_address(url))
    remembered.is_ours, remembered.playlist = True, "Night & Day"
    memory.save(remembered)
    await run_flow(library_sync, library)
    file = library.state / "playlist-tracks" / "Night & Day" / "Night & Day.m3u8"
    assert [label for label, _ in playlist_of(file)] == ["Nova - Song 1", "Nova - Song 0"]


async def test_playlists_that_a_mac_takes_for_one_have_one_file(
    sandbox_factory: Any, run_flow: Any, tmp_path: Path
) -> None:
    """Names that differ in case alone: neither's file replaces the other's, at any place."""
    sandbox = sandbox_factory(build=short_tracks(0))
    for number, name in enumerate(("Late Night", "late night")):
        sandbox.world.add_track(f"Song {number}", "Nova", seconds=5, playlists=[name])
    await run_flow(library_sync, sandbox)
    root = sandbox.state / "playlist-tracks"
    assert [file.name for file in root.rglob("*.m3u8")] == ["Late Night.m3u8"]
    listed = playlist_of(root / "Late Night" / "Late Night.m3u8")
    assert [label for label, _ in listed] == ["Nova - Song 0", "Nova - Song 1"]
    assert all(path.is_file() for _, path in listed)
    stick = tmp_path / "stick.m3u8"
    made = await export_library(settings_of(sandbox), ExportKind.M3U, "LATE NIGHT", stick)
    assert (made.files, made.tracks) == ([stick], 2)
    assert made.lines()[-1].endswith("1 file (1 new or changed), 2 tracks.")


async def test_a_playlist_that_its_last_track_left_has_no_dead_entry(
    library: Any, run_flow: Any
) -> None:
    """Its file stays, and so does one of the user's own beside it."""
    await run_flow(library_sync, library)
    root = library.state / "playlist-tracks"
    own = root / "Mine" / "Mine.m3u8"
    own.parent.mkdir()
    own.write_text("#EXTM3U\nmine.wav\n")
    night = library.world.playlists["Night & Day"]
    library.world.update_row(library.world.rows[1].page_id, {"Playlists": [night]})
    await export_library(settings_of(library), ExportKind.M3U)
    assert playlist_of(root / "B" / "B.m3u8") == []
    assert len(playlist_of(root / "Night & Day" / "Night & Day.m3u8")) == 2
    assert own.read_text() == "#EXTM3U\nmine.wav\n"


async def test_a_row_thrown_away_leaves_with_the_next_export(library: Any, run_flow: Any) -> None:
    await run_flow(library_sync, library)
    put_in_trash(library, library.world.rows[0].page_id)
    made = await export_library(settings_of(library), ExportKind.M3U, playlist="night & day")
    assert (len(made.files), made.replaced, made.tracks) == (1, 1, 1)


async def test_files_that_are_not_here_and_files_that_are_not_ours(
    library: Any, run_flow: Any
) -> None:
    """The first are counted; the second stay, and are told."""
    await run_flow(library_sync, library)
    library.world.update_row(
        library.world.rows[0].page_id,
        {"WAV File Path": "/nowhere/a.wav", "AIFF File Path": "/nowhere/a.aiff"},
    )
    own = library.state / "playlist-tracks" / "B" / "B.m3u8"
    own.write_text("#EXTM3U\nmine.wav\n")
    made = await export_library(settings_of(library), ExportKind.M3U)
    assert made.unseen == 1
    assert any("was not made by library-sync" in problem for problem in made.problems)
    assert own.read_text() == "#EXTM3U\nmine.wav\n"


async def test_what_no_export_can_be_made_for(library: Any, run_flow: Any, monkeypatch) -> None:
    settings = settings_of(library)
    with pytest.raises(ConfigurationError, match="No finished track is in a playlist"):
        await export_library(settings, ExportKind.M3U, playlist="Nowhere")
    without = settings_of(library, playlist_tracks_dir=None)
    with pytest.raises(ConfigurationError, match="PLAYLIST_TRACKS_DIR is not set"):
        await export_library(without, ExportKind.M3U)
    monkeypatch.setattr(making.rekordbox, "is_installed", lambda: False)
    summary = await run_flow(library_sync, library)
    assert summary.warnings == ()
    assert not (library.state / "playlist-tracks" / "library-sync.xml").exists()


def test_the_command(library: Any, monkeypatch, tmp_path: Path, capsys) -> None:
    """It says which files it made; nothing to make is exit code 2."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, value in library.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["export", "m3u"]) == 2
    assert main(["export", "rekordbox", "--out", str(tmp_path / "x" / "a.xml")]) == 0
    assert str(tmp_path / "x" / "a.xml") in capsys.readouterr().err
    assert main(["export", "serato"]) == 64
    assert main(["export"]) == 64
