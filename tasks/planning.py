"""What to do with a row, decided from facts alone: the same for a dry run and a real one.

A recording that Eagle has is adopted, never downloaded again; a file that is here is imported
rather than fetched; everything else is downloaded. A row that a person or another machine has
finished is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tasks.tracks import Track, TrackStatus


class Action(StrEnum):
    """What a run does with a row."""

    DOWNLOAD = "download"
    IMPORT_FILE = "import_file"
    COMPLETE_PAIR = "complete_pair"
    ADOPT = "adopt"
    SKIP_DONE = "skip_done"
    SKIP_NO_SOURCE = "skip_no_source"

    @property
    def skipped_as(self) -> TrackStatus | None:
        """The status of a row that is skipped, None for work."""
        return _SKIPS.get(self)

    @property
    def verb(self) -> str:
        """What a sync would do, for a person."""
        return _VERBS[self]


_SKIPS = {
    Action.SKIP_DONE: TrackStatus.SKIPPED_ALREADY_DONE,
    Action.SKIP_NO_SOURCE: TrackStatus.SKIPPED_NO_SOURCE,
}
_VERBS = {
    Action.DOWNLOAD: "download",
    Action.IMPORT_FILE: "import the local file",
    Action.COMPLETE_PAIR: "import the missing file",
    Action.ADOPT: "write Eagle's ids",
    Action.SKIP_DONE: "leave it alone",
    Action.SKIP_NO_SOURCE: "leave it alone",
}
_DONE = {
    Action.DOWNLOAD: "downloaded and imported",
    Action.IMPORT_FILE: "imported, nothing was downloaded",
    Action.COMPLETE_PAIR: "the missing one was added",
    Action.ADOPT: "adopted, nothing was downloaded",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a row's recording before anything is done.

    `eagle_wav` and `eagle_aiff` are ids of Eagle items of this recording, `match_reason` why they
    are taken for it, `wav_is_recent` that the WAV was imported within a day. `is_trashed` says that
    the item the row names lies in Eagle's trash, `eagle_other` which format Eagle has instead.
    `local_wav` and `local_aiff` are paths of the row's that exist on this machine; `is_gone` says
    that the row's item and files were here and are lost. `has_source` is False for rows without an
    address we can download from; `source_problem` says why.
    """

    eagle_enabled: bool
    eagle_wav: str | None = None
    eagle_aiff: str | None = None
    match_reason: str = ""
    wav_is_recent: bool = False
    local_wav: str | None = None
    local_aiff: str | None = None
    is_gone: bool = False
    is_trashed: bool = False
    eagle_other: str = ""
    has_source: bool = True
    source_problem: str = ""


@dataclass(frozen=True)
class Plan:
    """An action and the reason for it, as a sentence for the user; `file` is the one to import."""

    action: Action
    reason: str
    file: str = ""

    @property
    def done(self) -> str:
        """What was done, once the work is."""
        if self.action is Action.DOWNLOAD:
            return _DONE[self.action]
        return f"{self.reason.replace('Eagle has', 'Eagle had')}: {_DONE[self.action]}"


def plan_track(track: Track, facts: Facts) -> Plan:
    """What to do with `track`, a row that the run's filter wants."""
    if not facts.eagle_enabled:
        return _plan_without_eagle(track, facts)
    if facts.eagle_wav and facts.eagle_aiff:
        if track.downloaded and track.eagle_id in {facts.eagle_wav, facts.eagle_aiff}:
            return Plan(Action.SKIP_DONE, "the row is complete and its item is in Eagle")
        why = f"Eagle has both files already ({facts.match_reason})"
        return Plan(Action.ADOPT, f"{_TRASHED} {why}" if facts.is_trashed else why)
    if track.downloaded and track.eagle_id and not facts.eagle_wav and not facts.is_gone:
        return Plan(Action.SKIP_DONE, "the row names an item of another Eagle library")
    if facts.eagle_wav or facts.eagle_aiff:
        return _plan_for_half(track, facts)
    for kind, file in (("WAV", facts.local_wav), ("AIFF", facts.local_aiff)):
        if file:
            why = f"the {kind} is here already: {file}"
            return Plan(Action.IMPORT_FILE, f"{_TRASHED} {why}" if facts.is_trashed else why, file)
    if facts.is_trashed:
        return _plan_download(facts, f"{_TRASHED} Eagle has no other of it")
    if facts.eagle_other:
        return _plan_download(facts, f"Eagle has only its {facts.eagle_other}, no WAV and no AIFF")
    return _plan_download(facts, "Eagle does not have it")


_TRASHED = "the row's item is in Eagle's trash;"


def _plan_for_half(track: Track, facts: Facts) -> Plan:
    """Eagle has one of the two files.

    A finished row of older days keeps what it has; it only gets its id. A recent WAV without its
    AIFF is what a crash between the two imports leaves behind, and is completed.
    """
    if facts.eagle_wav and track.downloaded and not facts.wav_is_recent:
        if track.eagle_id == facts.eagle_wav:
            return Plan(Action.SKIP_DONE, "the row is complete and its WAV is in Eagle")
        return Plan(Action.ADOPT, f"Eagle has the WAV ({facts.match_reason})")
    has, lacks = ("WAV", "AIFF") if facts.eagle_wav else ("AIFF", "WAV")
    return Plan(
        Action.COMPLETE_PAIR, f"Eagle has the {has} ({facts.match_reason}), the {lacks} is missing"
    )


def _plan_without_eagle(track: Track, facts: Facts) -> Plan:
    if track.downloaded and (track.has_paths or not facts.has_source):
        return Plan(Action.SKIP_DONE, "the row is complete")
    return _plan_download(facts, "there is no file of it here")


def _plan_download(facts: Facts, reason: str) -> Plan:
    if facts.has_source:
        return Plan(Action.DOWNLOAD, reason)
    return Plan(Action.SKIP_NO_SOURCE, facts.source_problem)
