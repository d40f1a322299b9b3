"""Sandboxes with tracks of a few seconds, for tests that are about something else than sound."""

from __future__ import annotations

from dataclasses import replace

from sandbox.sample_music import Sample, samples


def short_samples(count: int, *, seed: int = 0) -> list[Sample]:
    """The sandbox's sample tracks, of 4 to 11 s instead of 30 to 200."""
    music = samples(count, seed=seed)
    return [replace(each, seconds=round(3 + each.seconds / 25, 2)) for each in music]
