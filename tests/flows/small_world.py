"""Sandboxes with tracks of a few seconds, for tests that are about something else than sound."""

from __future__ import annotations

from sandbox.builders import Builder
from sandbox.sample_music import PLAYLISTS, samples
from sandbox.world import World


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
