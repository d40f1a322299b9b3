"""What SoundCloud told of single tracks, by address: each is asked for once on this machine.

A row whose item has another name and another address is asked about whenever it is looked at, and
the number of an upload does not change.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.soundcloud.information import SourceFacts


class ToldTracks:
    """The journal of one machine, read by the first question."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)

    @cached_property
    def _known(self) -> dict[str, SourceFacts]:
        return dict(self._journal.read_or_lose(_entry, "SoundCloud is asked once more."))

    def of(self, key: str) -> SourceFacts | None:
        """Number and length of the track with this address's key; None if nobody has asked."""
        return self._known.get(key)

    def note(self, key: str, facts: SourceFacts, *, keep: bool) -> None:
        """Remember what was told; for later runs only where it is to be kept."""
        self._known[key] = facts
        if keep:
            told = {"number": facts.soundcloud_id, "seconds": facts.announced_seconds}
            self._journal.note({"track": key, **told})


def _entry(line: dict[str, Any]) -> tuple[str, SourceFacts]:
    seconds = line["seconds"]
    return str(line["track"]), SourceFacts(
        soundcloud_id=str(line["number"]),
        announced_seconds=None if seconds is None else float(seconds),
    )
