"""What `bench.fuzz` does with a damaged file, in a child of the decoder pool."""

from __future__ import annotations

import resource
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import soundfile

from tasks.audio.convert import aiff_from_wav, convert
from tasks.audio.inspecting import inspect, is_whole, pcm_hash
from tasks.audio.recording import LENGTH_TOLERANCE
from tasks.audio.tags import Tags
from tasks.errors import SyncError

_TAGS = Tags(title="Fuzz", artist="library-sync", artwork=b"\xff\xd8\xff" + bytes(3000))


@dataclass(frozen=True)
class Verdict:
    """What a child found: a class, or the traceback of an error that has none."""

    kind: str
    trace: str = ""
    peak_mb: float = 0.0


def tried(file: Path, announced: float | None, bit_depth: int, is_tagged: bool) -> Verdict:  # noqa: FBT001
    """In a child: everything that is done with a file of somebody else's."""
    wav, aiff = file.parent / "t.wav", file.parent / "t.aiff"
    tags = _TAGS if is_tagged else None
    kinds, traces = [], []
    for step in (
        partial(_convert, file, wav, aiff, announced, bit_depth, tags),
        partial(_repair, file, file.parent / "made.aiff"),
        partial(inspect, file),
        partial(is_whole, file, announced),
        partial(pcm_hash, file),
    ):
        try:
            step()
            kinds.append("whole")
        except SyncError as error:
            kinds.append(type(error).__name__)
        except Exception:  # noqa: BLE001 - this is what must not happen
            kinds.append("no class")
            traces.append(traceback.format_exc(limit=-3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Verdict(kinds[0], "\n".join(traces), peak / (1e6 if sys.platform == "darwin" else 1e3))


def _convert(
    file: Path,
    wav: Path,
    aiff: Path,
    announced: float | None,
    bit_depth: int,
    tags: Tags | None,
) -> None:
    try:
        made = convert(file, wav, aiff, announced_seconds=announced, bit_depth=bit_depth, tags=tags)
    except SyncError:
        assert not wav.exists()
        assert not aiff.exists()
        raise
    for path in (wav, aiff):
        _require_whole(path, made.samples, made.sample_rate, announced)
        assert pcm_hash(path) == made.pcm_sha256
        path.unlink()


def _repair(file: Path, aiff: Path) -> None:
    """The missing AIFF of a file that is taken for a WAV."""
    made = aiff_from_wav(file, aiff)
    _require_whole(aiff, made.samples, made.sample_rate, None)
    aiff.unlink()


def _require_whole(path: Path, samples: int, rate: int, announced: float | None) -> None:
    """An independent reader finds all of it."""
    found = soundfile.info(path)
    assert (found.frames, found.samplerate) == (samples, rate)
    assert announced is None or abs(found.frames / rate - announced) <= LENGTH_TOLERANCE
