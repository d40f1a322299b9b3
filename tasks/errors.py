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
    │   └── IncompleteRecording     Download_Failed      retried
    ├── ConversionError             Conversion_Failed
    ├── MetadataError               Metadata_Failed
    ├── FileError                   Conversion_Failed    disk full, folder not writable
    ├── EagleError                  Eagle_Import_Failed
    │   ├── EagleUnavailable        retried
    │   ├── EagleRefused
    │   ├── EagleImportLost
    │   └── EagleLibraryChanged     stops every import of the run
    ├── NotionError                 Notion_Update_Failed
    │   ├── NotionUnavailable       retried
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
    │   └── LeaseLost
    └── DedupeError                 Dedup_Failed

Each class carries its value for Notion (`error_type`), whether another attempt can help
(`retryable`) and what a person should do (`remedy`). A vendor's exception is translated at the
edge of the client that talks to that vendor, by type and code, and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

__all__ = [
    "BadAddress",
    "ClaimLost",
    "ConfigurationError",
    "ConversionError",
    "DedupeError",
    "DownloadInterrupted",
    "DrmProtected",
    "EagleError",
    "EagleImportLost",
    "EagleLibraryChanged",
    "EagleRefused",
    "EagleUnavailable",
    "ErrorType",
    "FileError",
    "GeoBlocked",
    "IncompleteRecording",
    "LeaseLost",
    "ListingIncomplete",
    "LockError",
    "LockedElsewhere",
    "MetadataError",
    "NoFormats",
    "NotionConflict",
    "NotionError",
    "NotionNotFound",
    "NotionRateLimited",
    "NotionRefused",
    "NotionUnauthorized",
    "NotionUnavailable",
    "PreviewOnly",
    "SourceDenied",
    "SourceError",
    "SourceRateLimited",
    "SyncError",
    "TrackNotFound",
    "WriteNotVerified",
    "is_retryable",
]


class ErrorType(StrEnum):
    """The values written to Notion's "Audio Processing Status".

    The first ten are values of the old script, which rows still hold; the rest name a cause that
    the original lumped into `Download_Failed`.
    """

    SC_404 = "SC_404"
    SC_GEO_BLOCKED = "SC_Geo_Blocked"
    DOWNLOAD_FAILED = "Download_Failed"
    CONVERSION_FAILED = "Conversion_Failed"
    EAGLE_IMPORT_FAILED = "Eagle_Import_Failed"
    NOTION_UPDATE_FAILED = "Notion_Update_Failed"
    DEDUP_FAILED = "Dedup_Failed"
    LOCK_CONFLICT = "Lock_Conflict"
    METADATA_FAILED = "Metadata_Failed"
    UNKNOWN_ERROR = "Unknown_Error"
    SC_PREVIEW_ONLY = "SC_Preview_Only"
    SC_DRM = "SC_DRM"
    SC_NO_FORMATS = "SC_No_Formats"
    SC_RATE_LIMITED = "SC_Rate_Limited"
    BAD_URL = "Bad_URL"

    @property
    def meaning(self) -> str:
        """One line for a person, as printed in the README's table."""
        return _MEANINGS[self]


_MEANINGS = {
    ErrorType.SC_404: "SoundCloud track not found",
    ErrorType.SC_GEO_BLOCKED: "Region restricted content",
    ErrorType.DOWNLOAD_FAILED: "General download failure",
    ErrorType.CONVERSION_FAILED: "The audio could not be converted or stored",
    ErrorType.EAGLE_IMPORT_FAILED: "Eagle import failure",
    ErrorType.NOTION_UPDATE_FAILED: "Notion API error",
    ErrorType.DEDUP_FAILED: "Deduplication error",
    ErrorType.LOCK_CONFLICT: "Locked by another process",
    ErrorType.METADATA_FAILED: "Tags could not be written",
    ErrorType.UNKNOWN_ERROR: "An error nobody foresaw; the log has the details",
    ErrorType.SC_PREVIEW_ONLY: "SoundCloud offers only a 30-second preview",
    ErrorType.SC_DRM: "The track is protected by DRM",
    ErrorType.SC_NO_FORMATS: "SoundCloud offers no audio for it (often: still processing)",
    ErrorType.SC_RATE_LIMITED: "SoundCloud asked us to slow down",
    ErrorType.BAD_URL: "The address does not name one track",
}


class SyncError(Exception):
    """An expected failure. `str(error)` says what happened, `remedy` what to do next.

    `retry_after` is in seconds and set where the service named a time.
    """

    error_type: ClassVar[ErrorType] = ErrorType.UNKNOWN_ERROR
    retryable: ClassVar[bool] = False
    default_remedy: ClassVar[str] = "Run again with --debug and read the log."

    def __init__(
        self, message: str, *, remedy: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.remedy = remedy or self.default_remedy
        self.retry_after = retry_after


class ConfigurationError(SyncError):
    """The run cannot start as things are set up (exit code 78)."""

    default_remedy = "Correct the setting and start again."


class SourceError(SyncError):
    """The source did not give us the recording."""

    error_type = ErrorType.DOWNLOAD_FAILED
    default_remedy = "Open the address in a browser; if it plays, run the sync again."


class TrackNotFound(SourceError):
    """The track was removed, is private, or the address is wrong."""

    error_type = ErrorType.SC_404
    default_remedy = "Correct the SoundCloud URL in Notion; a private track needs its s-… part."


class GeoBlocked(SourceError):
    """The track is not offered where this machine is."""

    error_type = ErrorType.SC_GEO_BLOCKED
    default_remedy = "Set SC_PROXY to a proxy in a country where the track plays."


class PreviewOnly(SourceError):
    """Only a snippet is offered without a subscription."""

    error_type = ErrorType.SC_PREVIEW_ONLY
    default_remedy = "Set SC_AUTH_TOKEN to a SoundCloud Go+ account's token, or buy the track."


class DrmProtected(SourceError):
    """Every format is encrypted."""

    error_type = ErrorType.SC_DRM
    default_remedy = "It cannot be downloaded; buy the track and import the file yourself."


class NoFormats(SourceError):
    """The track exists, but no audio is offered (yet)."""

    error_type = ErrorType.SC_NO_FORMATS
    default_remedy = "SoundCloud may still be processing the upload; the next run tries again."


class BadAddress(SourceError):
    """The address is no single track on an allowed host."""

    error_type = ErrorType.BAD_URL
    default_remedy = "Put the address of one track into the row's SoundCloud URL."


class SourceRateLimited(SourceError):
    """The source answered 429."""

    error_type = ErrorType.SC_RATE_LIMITED
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


class IncompleteRecording(SourceError):
    """What arrived is not the whole recording."""

    retryable = True
    default_remedy = "The next run tries again; if it stays, the upload itself is damaged."


class ConversionError(SyncError):
    """The audio could not be decoded or written."""

    error_type = ErrorType.CONVERSION_FAILED
    default_remedy = "Play the track on SoundCloud; if it plays there, run with --debug."


class FileError(SyncError):
    """A file or folder of the library could not be written."""

    error_type = ErrorType.CONVERSION_FAILED
    default_remedy = "Check free space and that the folder's disk is mounted and writable."


class MetadataError(SyncError):
    """Tags could not be written into a file."""

    error_type = ErrorType.METADATA_FAILED


class EagleError(SyncError):
    """Eagle did not take the recording."""

    error_type = ErrorType.EAGLE_IMPORT_FAILED
    default_remedy = "Check that Eagle runs and the right library is open, then run again."


class EagleUnavailable(EagleError):
    """Eagle does not answer, or has no library open.

    `maybe_applied` tells whether a change may have been made, or may still be, although this error
    was the answer: False for a refused connection, True for a time-out or a dropped one.
    """

    retryable = True
    default_remedy = "Start Eagle and open the library, then run again."

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        retry_after: float | None = None,
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)
        self.maybe_applied = maybe_applied


class EagleRefused(EagleError):
    """Eagle answered with an error."""


class EagleImportLost(EagleError):
    """Eagle accepted an import, and the item never appeared."""

    default_remedy = "Check that Eagle can read OUT_DIR (see EAGLE_PATH_MAP), then run again."


class EagleLibraryChanged(EagleError):
    """Another library is open than the one this run began with."""

    default_remedy = "Open the library named in the message again; the next run goes on."


class NotionError(SyncError):
    """Notion did not do what we asked.

    `maybe_applied` tells whether a write may have landed, or may still land, although this error
    was the answer: False for 400, 401, 404, 429, 529 and a refused connection, True for time-outs,
    dropped connections, 409 and 5xx (docs/facts/notion.md, "Requests and errors").
    """

    error_type = ErrorType.NOTION_UPDATE_FAILED
    default_remedy = "The next run tries again."

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        retry_after: float | None = None,
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)
        self.maybe_applied = maybe_applied


class NotionUnavailable(NotionError):
    """No answer, or 5xx."""

    retryable = True


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

    default_remedy = "Check NOTION_TOKEN, and the integration's capabilities in Notion."


class ListingIncomplete(NotionError):
    """A listing ended before its end; acting on a part would be wrong."""


class WriteNotVerified(NotionError):
    """A write was answered, but the page does not show what was written."""


class LockError(SyncError):
    """The track's lock is not ours."""

    error_type = ErrorType.LOCK_CONFLICT
    default_remedy = "Nothing to do: another process works on it, or `cleanup` frees it."


class LockedElsewhere(LockError):
    """A live lock of another process (or of an earlier attempt) stands on the row."""


class ClaimLost(LockError):
    """Our claim could not be proven in time, so it does not count."""


class LeaseLost(LockError):
    """The lease ran out, or could not be renewed in time; the work was stopped."""


class DedupeError(SyncError):
    """Duplicate rows could not be brought together."""

    error_type = ErrorType.DEDUP_FAILED
    default_remedy = "Nothing was merged; compare the two rows by hand."


def is_retryable(error: BaseException) -> bool:
    """True if another attempt within this run can help."""
    return isinstance(error, SyncError) and error.retryable
