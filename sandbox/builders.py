"""What a fresh sandbox holds: nothing, N ordinary rows, or the demo with its troubles."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.sample_music import PLAYLISTS, Sample, samples
from sandbox.world import Row, World

Builder = Callable[[World], object]

DEMO_TRACKS = 12


def builder_for(*, tracks: int | None, empty: bool) -> Builder:
    """`empty`: the root page alone; `tracks`: that many ordinary rows; neither: the demo."""
    if empty:
        return build_empty
    if tracks is not None:
        return lambda world: build_plain(world, tracks)
    return build_demo


def build_empty(world: World) -> None:
    """The root page, and nothing else anywhere."""
    world.add_root_page()


def build_plain(world: World, count: int, *, seed: int = 0) -> list[Row]:
    """`count` rows that can all be downloaded, and the playlists they are in."""
    world.add_root_page()
    world.add_databases()
    for name in PLAYLISTS:
        world.add_playlist(name)
    return [_ordinary(world, sample) for sample in samples(count, seed=seed)]


def short_tracks(count: int, *, seconds: float = 5.0) -> Builder:
    """`count` ordinary rows whose tracks are all `seconds` long."""

    def build(world: World) -> None:
        build_plain(world, 0)
        for sample in samples(count, seed=0):
            world.add_track(
                sample.title, sample.artist, seconds=seconds, playlists=sample.playlists
            )

    return build


def build_demo(world: World) -> None:
    """Twelve ordinary rows and every trouble that a real library has sooner or later."""
    music = samples(DEMO_TRACKS + 9, seed=0)
    build_plain(world, DEMO_TRACKS)
    removed, blocked, preview, spotify, twice, locked, done, adopted, _ = music[DEMO_TRACKS:]
    _trouble(world, removed, "removed")
    _trouble(world, blocked, "geo_blocked")
    _trouble(world, preview, "preview_only")
    _spotify_only(world, spotify)
    _duplicates(world, twice)
    _stale_lock(world, locked)
    _done(world, done)
    _to_be_adopted(world, adopted)


def _ordinary(world: World, sample: Sample) -> Row:
    return _trouble(world, sample, "mp3_only" if sample.is_mp3_only else "ordinary")


def _trouble(
    world: World, sample: Sample, condition: str, properties: dict[str, object] | None = None
) -> Row:
    return world.add_track(
        sample.title,
        sample.artist,
        seconds=sample.seconds,
        genre=sample.genre,
        condition=condition,
        playlists=sample.playlists,
        properties=properties,
    )


def _spotify_only(world: World, sample: Sample) -> None:
    spotify_id = uuid.uuid5(uuid.NAMESPACE_URL, sample.title).hex[:22]
    world.add_row(
        {
            "Title": sample.title,
            "Artist Name": sample.artist,
            "Spotify URL": f"https://open.spotify.com/track/{spotify_id}",
            "Spotify ID": spotify_id,
        }
    )


def _duplicates(world: World, sample: Sample) -> None:
    """The same track twice: once as shared from a phone, once as in the browser."""
    row = _ordinary(world, sample)
    shared = row.url.replace("https://soundcloud.com", "https://m.soundcloud.com")
    world.add_row(
        {
            "Title": sample.title.upper(),
            "Artist Name": sample.artist,
            "SoundCloud URL": f"{shared}?utm_source=clipboard&utm_medium=text&si=0a1b2c3d",
            "Playlists": [world.add_playlist(PLAYLISTS[1])],
        }
    )


def _stale_lock(world: World, sample: Sample) -> None:
    """A machine that was switched off three hours ago, in the middle of this track."""
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    lock = f"4711:Old-MacBook.local:0badcafe:{since.isoformat()}"
    _trouble(world, sample, "ordinary", {"Processing Lock": lock})


def _done(world: World, sample: Sample) -> None:
    """Done long ago: in Eagle and ticked, but the files the row names are gone."""
    row = _ordinary(world, sample)
    wav, _ = _in_eagle(world, row, sample)
    name = f"/Volumes/OLD-DRIVE/Music/{sample.artist} - {sample.title}"
    world.update_row(
        row.page_id,
        {
            "DL": True,
            "Eagle File ID": wav,
            "WAV File Path": f"{name}.wav",
            "AIFF File Path": f"{name}.aiff",
            "Audio Processing Status": ["Metadata Enriched"],
        },
    )


def _to_be_adopted(world: World, sample: Sample) -> None:
    """Ticked and in Eagle, but the row does not say which item it is (filter missing_eagle)."""
    row = _ordinary(world, sample)
    _in_eagle(world, row, sample)
    world.update_row(row.page_id, {"DL": True})


def _in_eagle(world: World, row: Row, sample: Sample) -> tuple[str, str]:
    """The track's WAV and AIFF in Eagle, below `Playlists/`; returns the two ids."""
    folders = [world.add_eagle_folder("Playlists", name) for name in sample.playlists[:1]]
    return (
        world.add_eagle_item(row, "wav", folders=folders),
        world.add_eagle_item(row, "aiff", folders=folders),
    )
