"""What this machine has heard: the acoustic fingerprints of Eagle's items, found by their sound.

One line a recording in an append-only file, which several processes may write. An inverted index
on the upper 28 bits of each word finds the few recordings worth comparing among thousands
(docs/facts/audio.md, "Fingerprints"); whether one is the same is for `fingerprint` to say.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.audio.fingerprint import (
    AcousticFingerprint,
    Comparison,
    compare,
    is_same_music,
    same_audio,
)
from tasks.disk.journal import Journal

_IGNORED_BITS = np.uint32(4)
_COMMON = 200
"""A word that more recordings have (silence) tells nothing."""
_LEAST_SHARED = 3
_COMPARED = 8
_NEWEST = 256

Words = NDArray[np.uint32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Heard:
    """A recording that Eagle holds: its WAV's item, the hash of that PCM, how it sounds."""

    eagle_id: str
    pcm_sha256: str
    fingerprint: AcousticFingerprint


@dataclass(frozen=True, eq=False)
class Likeness:
    """A recording that sounds like another; `is_same` if it is the same edit, else only the same
    music with another length or beginning.
    """

    heard: Heard
    comparison: Comparison
    is_same: bool


class AcousticStore:
    """The recordings in `file`, read when they are first needed. Safe to use from threads.

    Of 7,000 recordings (36 MB on disk, read in 2 s) one is found in 5 ms.
    """

    def __init__(self, file: Path) -> None:
        self._journal = Journal(file)
        self._guard = threading.Lock()
        self._heard: list[Heard] = []
        self._known: set[tuple[str, str]] = set()
        self._index = _Index()

    def __len__(self) -> int:
        with self._guard:
            self._catch_up()
            return len(self._heard)

    def add(self, heard: Heard) -> None:
        """Keep it, unless the same PCM of this item is known. Raises FileError."""
        with self._guard:
            self._catch_up()
            if (heard.eagle_id, heard.pcm_sha256) not in self._known:
                self._journal.append(_entry(heard))

    def like(self, fingerprint: AcousticFingerprint) -> list[Likeness]:
        """The recordings with the same music, the same edits first, then the most alike."""
        with self._guard:
            self._catch_up()
            candidates = [self._heard[place] for place in self._index.candidates(fingerprint.words)]
        found = [_likeness(heard, fingerprint) for heard in candidates]
        alike = [one for one in found if is_same_music(one.comparison)]
        return sorted(alike, key=lambda one: (not one.is_same, one.comparison.bit_error_rate))

    def _catch_up(self) -> None:
        """Take in what this process or another has appended. Raises FileError."""
        for heard in self._journal.read_on(_heard):
            key = (heard.eagle_id, heard.pcm_sha256)
            if key not in self._known:
                self._known.add(key)
                self._heard.append(heard)
                self._index.add(heard.fingerprint.words)


class _Index:
    """Numbers of recordings by the words they have: two sorted arrays, and the newest apart."""

    def __init__(self) -> None:
        self._keys: Words = np.empty(0, np.uint32)
        self._places: Words = np.empty(0, np.uint32)
        self._newest: list[tuple[Words, Words]] = []
        self._count = 0

    def add(self, words: Words) -> None:
        keys = _keys(words)
        self._newest.append((keys, np.full(len(keys), self._count, np.uint32)))
        self._count += 1

    def candidates(self, words: Words) -> list[int]:
        """The numbers of the recordings that share the most words, the likeliest first."""
        if len(self._newest) > _NEWEST:
            self._sort()
        wanted = _keys(words)
        shared = self._among_sorted(wanted)
        for keys, places in self._newest:
            if len(keys):
                shared[places[0]] += np.isin(wanted, keys, assume_unique=True).sum()
        best = np.argsort(-shared, kind="stable")[:_COMPARED]
        return [int(place) for place in best if shared[place] >= _LEAST_SHARED]

    def _among_sorted(self, wanted: Words) -> NDArray[np.int64]:
        shared = np.zeros(self._count, np.int64)
        first = np.searchsorted(self._keys, wanted, "left")
        last = np.searchsorted(self._keys, wanted, "right")
        for start, end in zip(first, last, strict=True):
            if 0 < end - start <= _COMMON:
                shared[self._places[start:end]] += 1
        return shared

    def _sort(self) -> None:
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._newest)])
        places = np.concatenate([self._places, *(places for _, places in self._newest)])
        order = np.argsort(keys, kind="stable")
        self._keys, self._places = keys[order], places[order]
        self._newest = []


def _keys(words: Words) -> Words:
    return np.unique(words >> _IGNORED_BITS)


def _likeness(heard: Heard, fingerprint: AcousticFingerprint) -> Likeness:
    comparison = compare(heard.fingerprint, fingerprint)
    return Likeness(heard, comparison, same_audio(heard.fingerprint, fingerprint))


def _entry(heard: Heard) -> Mapping[str, Any]:
    words = heard.fingerprint.words.astype("<u4").tobytes()
    return {
        "item": heard.eagle_id,
        "pcm": heard.pcm_sha256,
        "seconds": round(heard.fingerprint.seconds, 3),
        "words": base64.b64encode(words).decode(),
    }


def _heard(entry: Mapping[str, Any]) -> Heard:
    words = np.frombuffer(base64.b64decode(entry["words"], validate=True), "<u4")
    return Heard(
        eagle_id=str(entry["item"]),
        pcm_sha256=str(entry["pcm"]),
        fingerprint=AcousticFingerprint(words.astype(np.uint32), float(entry["seconds"])),
    )
