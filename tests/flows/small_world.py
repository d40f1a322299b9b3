"""Sandboxes with tracks of a few seconds, for tests that are about something else than sound."""

from __future__ import annotations

from dataclasses import replace

from sandbox.builders import Builder
from sandbox.sample_music import PLAYLISTS, Sample, samples
from sandbox.world import World


def short_samples(count: int, *, seed: int = 0) -> list[Sample]:
    """The sandbox's sample tracks, of 4 to 11 s instead of 30 to 200."""
    music = samples(count, seed=seed)
    return [replace(each, seconds=round(3 + each.seconds / 25, 2)) for each in music]


def short_tracks(count: int, *, seconds: float = 5.0) -> Builder:
    """`count` ordinary rows whose tracks are `seconds` long."""

    def build(world: World) -> None:
        world.add_root_page()
        world.add_databases()
        for name in PLAYLISTS:
            world.add_playlist(name)
        for sample in samples(count, seed=0):
            world.add_track(
                sample.title, sample.artist, seconds=seconds, playlists=sample.playlists
            )

    return build
