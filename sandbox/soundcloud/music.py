"""Music that is made up: bars of a shared palette in each track's own order, and a bar of its own.

A bar is 92,160 samples of stereo at 44.1 kHz (2.09 s): 90 AAC frames and 80 MP3 frames exactly, so
encoded bars can be joined without encoding them again. Lengths come in steps of 9,216 samples
(0.209 s), the smallest that both codecs share; what a step count announces is what decodes.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 44_100
STEP = 9_216
BAR_STEPS = 10
BAR = STEP * BAR_STEPS
PALETTE = 24
OWN_EVERY = 8
SILENCE = "silence"

_EDGE = 1_536
_SCALE = (0, 2, 3, 5, 7, 8, 10)

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Score:
    """What a track plays: names of bars, the last of them for `last_steps` steps only."""

    bars: tuple[str, ...]
    last_steps: int

    @property
    def steps(self) -> int:
        """The length in steps."""
        return (len(self.bars) - 1) * BAR_STEPS + self.last_steps

    def cut(self, steps: int) -> Score:
        """The beginning, `steps` long."""
        count = -(-steps // BAR_STEPS)
        return Score(self.bars[:count], steps - (count - 1) * BAR_STEPS)


def steps_for(seconds: float) -> int:
    """The number of steps nearest to `seconds`, one at least."""
    return max(1, round(seconds * RATE / STEP))


def seconds_of(steps: int) -> float:
    """How long `steps` last, to the millisecond that the API announces."""
    return round(steps * STEP / RATE, 3)


def score_for(name: str, steps: int, *, is_silent: bool = False) -> Score:
    """The track `name` over `steps`: other names, other bars in another order."""
    count = -(-steps // BAR_STEPS)
    last = steps - (count - 1) * BAR_STEPS
    if is_silent:
        return Score((SILENCE,) * count, last)
    dice = random.Random(f"score/{name}")
    phrase = [f"palette/{dice.randrange(PALETTE)}" for _ in range(count)]
    phrase[::OWN_EVERY] = [f"own/{name}"] * len(phrase[::OWN_EVERY])
    return Score(tuple(phrase), last)


def bar_samples(name: str) -> Samples:
    """Interleaved stereo of one bar, shape (BAR, 2): chord, bass, kick and hat."""
    if name.startswith("palette/"):
        return _kept(name)
    return _compose(name)


@functools.lru_cache(maxsize=PALETTE)
def _kept(name: str) -> Samples:
    return _compose(name)


def _compose(name: str) -> Samples:
    if name == SILENCE:
        return np.zeros((BAR, 2), np.int16)
    dice = random.Random(name)
    root = 55.0 * 2 ** (dice.randrange(12) / 12)
    beat = BAR // 4
    left = np.concatenate([_beat(dice, root, beat) for _ in range(4)])
    both = np.stack([left, 0.8 * left + 0.2 * np.roll(left, 400)], axis=1)
    ramp = np.linspace(0.0, 1.0, _EDGE)[:, None]
    both[:_EDGE] *= ramp
    both[-_EDGE:] *= ramp[::-1]
    return (both * 9_000).astype(np.int16)


def _beat(dice: random.Random, root: float, length: int) -> npt.NDArray[np.float64]:
    times = np.arange(length) / RATE
    notes = [root * 2 ** ((12 * dice.randint(1, 3) + dice.choice(_SCALE)) / 12) for _ in range(3)]
    chord = sum(np.sin(2 * np.pi * note * times) for note in notes) * np.exp(-3 * times) / 3
    bass = np.sin(2 * np.pi * root * times) * np.exp(-2 * times)
    kick = np.sin(2 * np.pi * 40 * np.exp(-12 * times)) * np.exp(-18 * times)
    noise = np.random.default_rng(dice.getrandbits(32)).standard_normal(length)
    hat = noise * np.exp(-60 * np.abs(times - times[length // 2])) * 0.3
    return np.asarray(chord + 0.7 * bass + kick + hat)
