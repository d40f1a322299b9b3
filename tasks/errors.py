"""Every way a track can fail, as one tree.

    SyncError
    ├── ConfigurationError          the run cannot start; exit 78
    ├── SourceError                 what SoundCloud (or another source) answered
    │   ├── TrackNotFound           SC_404
    │   ├── GeoBlocked              SC_Geo_Blocked
    │   ├── PreviewOnly             SC_Preview_Only
    │   ├── DrmProtected            SC_DRM
    │   ├── NoFormats               SC_No_Formats
    │   ├── BadAddress              Bad_URL
    │   ├── SourceRateLimited       SC_Rate_Limited      retried
    │   ├── SourceDenied            Download_Failed      retried
    │   ├── DownloadInterrupted     Download_Failed      retried
    │   │   └── SourceUnreachable   Download_Failed      retried, waited for
    │   │       └── HostUnreachable a host of it: others tell whose fault it is
    │   ├── SourceUnreadable        Download_Failed      retried; others tell whose fault it is
    │   ├── SourceChanged           Download_Failed      stops the run
    │   ├── TooLarge                Download_Failed
    │   └── IncompleteRecording     Download_Failed      retried
    ├── ConversionError             Conversion_Failed
    ├── MetadataError               Metadata_Failed
    ├── FileError                   Conversion_Failed    a folder not writable, a name too long
    │   └── DiskUnavailable         Conversion_Failed    disk full or gone: waited for
    ├── EagleError                  Eagle_Import_Failed
    │   ├── EagleUnavailable        retried, waited for
    │   │   └── EagleMalformed      an answer of another shape
    │   ├── EagleRefused
    │   ├── EagleImportLost
    │   └── EagleLibraryChanged     stops every import of the run
    ├── NotionError                 Notion_Update_Failed
    │   ├── NotionUnavailable       retried, waited for
    │   │   └── NotionMalformed     an answer of another shape
    │   ├── NotionRateLimited       retried
    │   ├── NotionConflict          retried
    │   ├── NotionRefused
    │   ├── NotionNotFound
    │   ├── NotionUnauthorized
    │   ├── ListingIncomplete
    │   └── WriteNotVerified
    ├── LockError                   Lock_Conflict
    │   ├── LockedElsewhere
    │   ├── ClaimLost
    │   ├── LeaseLost
    │   │   └── TakenOver
    │   ├── RowChanged
    │   └── ShareLost               its worker died, or is out of sight: the row is left to it
    ├── LockTooShort                Conversion_Failed    the import would outlast every lock
    ├── DedupeError                 Dedup_Failed
    └── ServiceAway                 a service did not come back: stops the run, marks no row

Each class carries its value for Notion, whether another attempt can help (`retryable`) and what a
person should do (`remedy`). The first class with a value says what is true of all that have it:
what it means, whether it will not pass by itself (`is_lasting`), and whether it is the track's
own, so that its row is tried less often (`is_about_track`; tasks/attempts.py has the days).
`ErrorType`, the README's table and `--error` come from the classes. A vendor's exception is
translated at the edge of the client that talks to that vendor, by type and code, and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar


class Service(StrEnum):
    """What a run cannot do without; the value is its name in a sentence."""

    NOTION = "Notion"
    EAGLE = "Eagle"
    SOURCE = "SoundCloud"
    DISK = "The disk"


class SyncError(Exception):
    """An expected failure. `str(error)` says what happened, `remedy` what to do next.

    `retry_after` is in seconds and set where the service named a time. `maybe_applied` tells that a
    change may have been made, or may still be, although this error was the answer: False for a
    refused connection, True for a time-out or a dropped one.
    """

    value: ClassVar[str] = "Unknown_Error"
    meaning: ClassVar[str] = "An error nobody foresaw; the log has the details"
    is_lasting: ClassVar[bool] = False
    is_about_track: ClassVar[bool] = True
    service: ClassVar[Service | None] = None
    retryable: ClassVar[bool] = False
    is_away: ClassVar[bool] = False
    stops_run: ClassVar[bool] = False
    marks_row: ClassVar[bool] = True
    default_remedy: ClassVar[str] = "Run again with --debug and read the log."

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        retry_after: float | None = None,
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(message)
        self.remedy = remedy or self.default_remedy
        self.retry_after = retry_after
        self.maybe_applied = maybe_applied

    def __init_subclass__(cls) -> None:
        """Raises TypeError for a class that is only half made."""
        own = vars(cls)
        first = _FIRST.setdefault(cls.value, cls)
        if first is cls and not (own.get("meaning") and cls.default_remedy):
            raise TypeError(f"{cls.__name__} does not say what {cls.value} means, or what to do")
        for fact in ("meaning", "is_lasting", "is_about_track"):
            if fact in own and first is not cls:
                raise TypeError(f"{cls.__name__} has a {fact}; {first.__name__} says {cls.value}'s")

    @property
    def error_type(self) -> ErrorType:
        """What is written into the row."""
        return ErrorType(self.value)


_FIRST = {SyncError.value: SyncError}
"""Each value's first class, in the order of the classes."""


class ConfigurationError(SyncError):
    """The run cannot start as things are set up (exit code 78)."""

    default_remedy = "Correct the setting and start again."


class SourceError(SyncError):
    """The source did not give us the recording."""

    value = "Download_Failed"
    meaning = "General download failure"
    service = Service.SOURCE
    default_remedy = "Open the address in a browser; if it plays, run the sync again."


class TrackNotFound(SourceError):
    """The track was removed, is private, or the address is wrong."""

    value = "SC_404"
    meaning = "SoundCloud track not found"
    is_lasting = True
    default_remedy = "Correct the SoundCloud URL in Notion; a private track needs its s-… part."


class GeoBlocked(SourceError):
    """The track is not offered where this machine is."""

    value = "SC_Geo_Blocked"
    meaning = "Region restricted content"
    is_lasting = True
    default_remedy = "Set SC_PROXY to a proxy in a country where the track plays."


class PreviewOnly(SourceError):
    """Only a snippet is offered without a subscription."""

    value = "SC_Preview_Only"
    meaning = "SoundCloud offers only a 30-second preview"
    is_lasting = True
    default_remedy = "Set SC_AUTH_TOKEN to a SoundCloud Go+ account's token, or buy the track."


class DrmProtected(SourceError):
    """Every format is encrypted."""

    value = "SC_DRM"
    meaning = "The track is protected by DRM"
    is_lasting = True
    default_remedy = "It cannot be downloaded; buy the track and import the file yourself."


class NoFormats(SourceError):
    """The track exists, but no audio is offered (yet)."""

    value = "SC_No_Formats"
    meaning = "SoundCloud offers no audio for it (often: still processing)"
    default_remedy = "SoundCloud may still be processing the upload; the next run tries again."


class BadAddress(SourceError):
    """The address is no single track on an allowed host."""

    value = "Bad_URL"
    meaning = "The address does not name one track"
    is_lasting = True
    default_remedy = "Give the address of one track, like https://soundcloud.com/artist/title."


class SourceRateLimited(SourceError):
    """The source answered 429."""

    value = "SC_Rate_Limited"
    meaning = "SoundCloud asked us to slow down"
    is_about_track = False
    retryable = True
    default_remedy = "Wait ten minutes, or use fewer workers."


class SourceDenied(SourceError):
    """The source answered 401 or 403: a passing block, or a token that is not accepted."""

    retryable = True
    default_remedy = "If it stays, check SC_AUTH_TOKEN and SC_PROXY."


class DownloadInterrupted(SourceError):
    """The transfer broke off, timed out, or a signed address expired."""

    retryable = True
    default_remedy = "The next run tries again."


class SourceUnreachable(DownloadInterrupted):
    """No connection to the source, or it answers 5xx: it is away, or the network is."""

    is_away = True
    default_remedy = "Check the network and SC_PROXY; the next run tries again."


class HostUnreachable(SourceUnreachable):
    """No connection to a host that the source's audio comes from; the source itself may answer."""


class SourceUnreadable(SourceError):
    """The source answered, and its answer says nothing that yt-dlp understands.

    `is_of_all` tells that no track could have been read.
    """

    retryable = True
    default_remedy = "The next run tries again; if it stays, run `library-sync update`."

    def __init__(self, message: str, *, is_of_all: bool = False, **told: Any) -> None:
        super().__init__(message, **told)
        self.is_of_all = is_of_all


class SourceChanged(SourceError):
    """yt-dlp understands the source's answers for no track any more."""

    stops_run = True
    marks_row = False
    default_remedy = "Run `library-sync update`, which brings the newest yt-dlp, then sync again."


class TooLarge(SourceError):
    """More is sent than a recording of that length can be; it would fill the disk."""

    default_remedy = "Open the address in a browser: it may be a radio station, or no audio at all."


class IncompleteRecording(SourceError):
    """What arrived is not the whole recording."""

    retryable = True
    default_remedy = "The next run tries again; if it stays, the upload itself is damaged."


class ConversionError(SyncError):
    """The audio could not be decoded or written."""

    value = "Conversion_Failed"
    meaning = "The audio could not be converted or stored"
    default_remedy = "Play the track on SoundCloud; if it plays there, run with --debug."


class FileError(SyncError):
    """A file or folder of the library could not be written."""

    value = ConversionError.value
    service = Service.DISK
    default_remedy = "Check free space and that the folder's disk is mounted and writable."


class DiskUnavailable(FileError):
    """The disk is full, read-only or gone: other files would meet the same.

    `folder` is where it was found out, None for the staging area.
    """

    is_away = True

    def __init__(self, message: str, *, folder: Path | None = None, **told: Any) -> None:
        super().__init__(message, **told)
        self.folder = folder


class MetadataError(SyncError):
    """Tags could not be written into a file."""

    value = "Metadata_Failed"
    meaning = "Tags could not be written"


class EagleError(SyncError):
    """Eagle did not take the recording."""

    value = "Eagle_Import_Failed"
    meaning = "Eagle import failure"
    is_about_track = False
    service = Service.EAGLE
    default_remedy = "Check that Eagle runs and the right library is open, then run again."


class EagleUnavailable(EagleError):
    """Eagle does not answer, or has no library open."""

    retryable = True
    is_away = True
    default_remedy = "Start Eagle and open the library, then run again."


class EagleMalformed(EagleUnavailable):
    """What answers is not Eagle, or not well: its answer has another shape."""

    default_remedy = "Check EAGLE_API_BASE: does Eagle itself answer there?"


class EagleRefused(EagleError):
    """Eagle answered with an error."""


class EagleImportLost(EagleError):
    """Eagle accepted an import, and the item never appeared."""

    default_remedy = "Check that Eagle can read OUT_DIR (see EAGLE_PATH_MAP), then run again."


class EagleLibraryChanged(EagleError):
    """Another library is open than the one this run began with."""

    stops_run = True
    default_remedy = "Open the library named in the message again; the next run goes on."


class NotionError(SyncError):
    """Notion did not do what we asked.

    `maybe_applied` is False for 400, 401, 404, 429, 529 and a refused connection, True for
    time-outs, dropped connections, 409 and 5xx (docs/facts/notion.md, "Requests and errors").
    """

    value = "Notion_Update_Failed"
    meaning = "Notion API error"
    is_about_track = False
    service = Service.NOTION
    default_remedy = "The next run tries again."


class NotionUnavailable(NotionError):
    """No answer, or 5xx."""

    retryable = True
    is_away = True


class NotionMalformed(NotionUnavailable):
    """An answer of 200 whose shape is not Notion's, as a proxy in between may give it."""


class NotionRateLimited(NotionError):
    """429 or 529; `retry_after` has Notion's own figure."""

    retryable = True


class NotionConflict(NotionError):
    """409: Notion was saving something else at that moment."""

    retryable = True


class NotionRefused(NotionError):
    """400: the request does not fit the database."""

    default_remedy = "Compare the database's properties with the README's table (`doctor` does)."


class NotionNotFound(NotionError):
    """404: the page is gone, or not shared with the integration."""

    default_remedy = "Share the database with the integration in Notion."


class NotionUnauthorized(NotionError):
    """401 or 403: the token is not accepted, or may not do this."""

    stops_run = True
    default_remedy = (
        "Check NOTION_TOKEN, and that the integration has the capabilities 'Read content', 'Update "
        "content' and 'Insert content' in Notion."
    )


class ListingIncomplete(NotionError):
    """A listing ended before its end; acting on a part would be wrong."""


class WriteNotVerified(NotionError):
    """A write was answered, but the page does not show what was written."""


class LockError(SyncError):
    """The track's lock is not ours."""

    value = "Lock_Conflict"
    meaning = "Locked by another process"
    is_about_track = False
    default_remedy = "Nothing to do: another process works on it, or `cleanup` frees it."


class LockedElsewhere(LockError):
    """A live lock of another process (or of an earlier attempt) stands on the row."""


class ClaimLost(LockError):
    """Our claim could not be proven in time, so it does not count."""


class LeaseLost(LockError):
    """The lease ran out, or could not be renewed in time; the work was stopped."""


class TakenOver(LeaseLost):
    """Another process has the row since; the work was stopped."""

    default_remedy = "Nothing to do: the other process works on it. The next run looks again."


class RowChanged(LockError):
    """The row was given another address, or put into the trash, while its track was worked on."""

    default_remedy = "Nothing to do: the next run brings what the row asks for now."


class ShareLost(LockError):
    """The share that had the track ended, or was lost from sight, before it told of it. The row is
    its own as long as its lock stands.
    """

    marks_row = False
    default_remedy = "Run again: what the share finished is found done, the rest is done then."


class LockTooShort(SyncError):
    """A file so large that its import may take Eagle longer than a lock ever lasts.

    Nobody has the row: with the same settings, the same file meets it again.
    """

    value = ConversionError.value
    default_remedy = "Set PROCESS_LOCK_TIMEOUT_MINUTES higher, the same on all machines."


class DedupeError(SyncError):
    """Duplicate rows could not be brought together."""

    value = "Dedup_Failed"
    meaning = "Deduplication error"
    is_about_track = False
    default_remedy = "Nothing was merged; compare the two rows by hand."


class ServiceAway(SyncError):
    """A service the run waited for has not come back. The rows are left as they were.

    `cause` is what it said last, or what was said of it.
    """

    stops_run = True
    marks_row = False

    def __init__(self, message: str, error: SyncError) -> None:
        super().__init__(message, remedy=error.remedy)
        self.cause = error

    @property
    def error_type(self) -> ErrorType:
        """Of what the service said last."""
        return self.cause.error_type


def is_retryable(error: BaseException) -> bool:
    """True if another attempt within this run can help."""
    return isinstance(error, SyncError) and error.retryable


class _ErrorValue(StrEnum):
    """A value of "Audio Processing Status", as the first class that has it describes it."""

    @property
    def meaning(self) -> str:
        """One line for a person, as printed in the README's table."""
        return _FIRST[self.value].meaning

    @property
    def is_lasting(self) -> bool:
        """True if it will not pass by itself, so that the row waits from the first failure on."""
        return _FIRST[self.value].is_lasting

    @property
    def is_about_track(self) -> bool:
        """True if it is the track's own; False if every track of that hour would meet it."""
        return _FIRST[self.value].is_about_track


_UNKNOWN, *_KNOWN = _FIRST

if TYPE_CHECKING:
    ErrorType = _ErrorValue
else:
    ErrorType = _ErrorValue(
        "ErrorType", [(value.upper(), value) for value in (*_KNOWN, _UNKNOWN)], module=__name__
    )
    ErrorType.__doc__ = 'The values written to Notion\'s "Audio Processing Status".'
