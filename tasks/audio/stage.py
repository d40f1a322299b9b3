"""Finished files: where they go (playlist folders, OUT_DIR), and how they sound."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tasks.audio.convert import aiff_from_wav, convert
from tasks.audio.decoder_pool import DecoderPool
from tasks.audio.fingerprint import AcousticFingerprint, parse_fpcalc
from tasks.audio.inspecting import inspect, pcm_hash
from tasks.audio.names import folder_name
from tasks.audio.placing import place_file
from tasks.audio.recording import Recording
from tasks.errors import ConversionError, FileError, SyncError
from tasks.stages import Bound, stage

_FPCALC_SECONDS = 30.0
# Into a file: prefect-shell hands on what it reads in pieces, and a piece may end within a number.
_FPCALC = '"$FPCALC" -raw -length "$SECONDS_TO_HEAR" "$FILE" > "$PRINTED"'
_FPCALC_IN_POWERSHELL = (
    "& $env:FPCALC -raw -length $env:SECONDS_TO_HEAR $env:FILE"
    " | Out-File -Encoding ascii $env:PRINTED"
)
_HEARD_SECONDS = 120


@stage("place-files", bound=Bound(1800.0, FileError))
async def place_in_playlists(
    source: Path,
    root: Path,
    playlists: Iterable[str],
    stem: str,
    *,
    pcm_sha256: str,
    tie_breaker: str,
    may_link: bool,
) -> list[Path]:
    """Where the file `source` now is: once in the folder of each playlist under `root`.

    An equal recording that is there already is taken; another of the same name is never
    overwritten, the new one gets `tie_breaker` into its name. `may_link` only for a file of ours.
    Raises FileError.
    """
    same = partial(_holds, pcm_sha256=pcm_sha256)
    return [
        await asyncio.to_thread(
            place_file,
            source,
            root / folder_name(playlist),
            stem,
            source.suffix,
            tie_breaker=tie_breaker,
            same=same,
            may_link=may_link,
        )
        for playlist in playlists
    ]


@stage("make-aiff", bound=Bound(1800.0, ConversionError))
async def make_aiff(decoders: DecoderPool, wav: Path, folder: Path, stem: str) -> Recording:
    """The missing AIFF of a WAV that is whole; the WAV is only read. Raises ConversionError."""
    return await decoders.run(aiff_from_wav, wav, folder / f"{stem}.aiff")


@stage("make-pair")
async def make_pair(decoders: DecoderPool, source: Path, folder: Path, stem: str) -> Recording:
    """A WAV and an AIFF of a file that is whole, in its own rate and depth; it is only read.

    Raises ConversionError.
    """
    depth = 24 if (await decoders.run(inspect, source)).bit_depth > 16 else 16
    wav, aiff = folder / f"{stem}.wav", folder / f"{stem}.aiff"
    return await decoders.run(convert, source, wav, aiff, announced_seconds=None, bit_depth=depth)


@stage("take-acoustic-fingerprint")
async def take_fingerprint(
    wav: Path, seconds: float, fpcalc: str, patience: float = _FPCALC_SECONDS
) -> AcousticFingerprint:
    """How the WAV's first two minutes sound; `seconds` is its length, which we know better.

    About 0.1 s. The path reaches the shell in the environment alone: a title is never part of a
    command. Raises ConversionError if fpcalc fails, prints something else or needs over 30 s.
    """
    try:
        async with asyncio.timeout(patience):
            words = parse_fpcalc(await _printed_by(fpcalc, wav, seconds)).words
    except (TimeoutError, RuntimeError, OSError) as error:
        raise ConversionError(
            f"{fpcalc} could not read {wav.name} ({str(error) or 'it took too long'}).",
            remedy="Install a current chromaprint, or remove fpcalc: it is optional.",
        ) from error
    return AcousticFingerprint(words, seconds)


async def _printed_by(fpcalc: str, wav: Path, seconds: float) -> str:
    """fpcalc 1.5 calls the end of a file an error, so it is told to stop before."""
    from prefect_shell import ShellOperation  # noqa: PLC0415  (only where there is fpcalc)

    with tempfile.TemporaryDirectory(prefix="library-sync-") as folder:
        printed = Path(folder) / "printed"
        length = max(1, min(_HEARD_SECONDS, int(seconds) - 1))
        operation = ShellOperation(
            commands=[_FPCALC_IN_POWERSHELL if sys.platform == "win32" else _FPCALC],
            env={
                "FPCALC": fpcalc,
                "FILE": str(wav),
                "PRINTED": str(printed),
                "SECONDS_TO_HEAR": str(length),
            },
            stream_output=False,
        )
        await operation.arun()
        return await asyncio.to_thread(printed.read_text, "ascii", "replace")


def _holds(path: Path, pcm_sha256: str) -> bool:
    """True if the file holds exactly this PCM."""
    try:
        return pcm_hash(path) == pcm_sha256
    except SyncError:
        return False
