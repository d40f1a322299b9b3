"""yt-dlp's exceptions as ours: by type and status first, by text only where it has no type.

Every line is measured: docs/facts/soundcloud.md, "Errors".
"""

from __future__ import annotations

import errno

from yt_dlp.networking.exceptions import HTTPError, RequestError, SSLError, TransportError
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnavailableVideoError,
    UnsupportedError,
)

from tasks.disk.refusals import DISK_TROUBLE
from tasks.errors import (
    BadAddress,
    DiskUnavailable,
    DownloadInterrupted,
    DrmProtected,
    FileError,
    GeoBlocked,
    HostUnreachable,
    NoFormats,
    SourceDenied,
    SourceError,
    SourceRateLimited,
    SourceUnreachable,
    SourceUnreadable,
    SyncError,
    TrackNotFound,
)
from tasks.soundcloud.bounds import OutOfBounds
from tasks.soundcloud.downloader import ForeignHost, is_format_request

_BY_TYPE: tuple[tuple[type[Exception], type[SourceError], str], ...] = (
    (GeoRestrictedError, GeoBlocked, "is not available in this country"),
    (UnsupportedError, BadAddress, "is no address of a track"),
)

# yt-dlp raises a plain ExtractorError for these; its text is all there is.
_BY_TEXT: tuple[tuple[str, type[SourceError], str], ...] = (
    ("drm protected", DrmProtected, "is protected by DRM"),
    ("requested format is not available", NoFormats, "is offered in no format we take"),
    ("no video formats found", NoFormats, "is offered in no format"),
    ("geo restriction", GeoBlocked, "is not available in this country"),
)

# yt-dlp needs SoundCloud's own key of its pages to ask for anything at all.
_OF_ALL = "client id"

# An OSError that names a file is the disk's; these name none when they come from a write.
_DISK = DISK_TROUBLE | {errno.EFBIG, errno.EIO}


def translate(error: Exception, url: str, *, downloading: bool = False) -> SyncError:
    """Our error for what yt-dlp raised about `url`.

    `downloading` tells that the media were being fetched: a 403 or 404 then means that the signed
    address has expired, which passes.
    """
    inner = _innermost(error)
    if isinstance(inner, HTTPError):
        return _of_status(inner, url, downloading=downloading)
    if isinstance(inner, OutOfBounds):
        return inner.kind(f"{url} {inner.msg}.")
    if isinstance(inner, ForeignHost):
        return _foreign(inner.host, url)
    if isinstance(inner, OSError) and (inner.filename or inner.errno in _DISK):
        kind_of_disk = DiskUnavailable if inner.errno in DISK_TROUBLE else FileError
        return kind_of_disk(f"{url} could not be written ({inner.strerror}).")
    for kind, ours, what in _BY_TYPE:
        if isinstance(inner, kind):
            return ours(f"{url} {what}.")
    if isinstance(inner, SSLError):
        return SourceUnreachable(
            f"The certificate of {url} or of the proxy is not accepted.",
            remedy="Check SC_PROXY; SC_TLS_VERIFY=0 accepts a proxy's own certificates.",
        )
    if isinstance(inner, ExtractorError):
        return _of_text(inner, url)
    if isinstance(inner, RequestError | TransportError | OSError):
        return HostUnreachable(f"The connection to {url} broke off ({_kind(inner)}).")
    return _of_surprise(inner, url, downloading=downloading)


def _foreign(host: str, url: str) -> BadAddress:
    return BadAddress(
        f"{url} leads to {host}, which tracks are not downloaded from.",
        remedy="Add the host to ALLOWED_SOURCE_HOSTS if it is yours.",
    )


def _of_surprise(error: BaseException, url: str, *, downloading: bool) -> SourceError:
    """Extractors meet answers that nobody foresaw, and raise whatever Python does."""
    if downloading:
        return DownloadInterrupted(f"The download of {url} failed ({_kind(error)}).")
    return SourceUnreadable(f"Reading what was answered for {url} failed ({_kind(error)}).")


def format_refusal(error: BaseException) -> int | None:
    """The status by which the address of one format was refused; None for any other trouble."""
    inner = _innermost(error.__cause__) if error.__cause__ else None
    if isinstance(inner, HTTPError) and is_format_request(str(inner.response.url)):
        return int(inner.status)
    return None


def _innermost(error: BaseException) -> BaseException:
    """A DownloadError carries what it wraps; an ExtractorError its cause.

    An UnavailableVideoError is raised for a file that cannot be opened.
    """
    wrapped: BaseException | None = None
    if isinstance(error, UnavailableVideoError):
        wrapped = error.__context__
    elif isinstance(error, DownloadError) and error.exc_info:
        wrapped = error.exc_info[1]
    elif isinstance(error, ExtractorError) and isinstance(error.cause, RequestError):
        wrapped = error.cause
    return error if wrapped is None else _innermost(wrapped)


def _of_status(error: HTTPError, url: str, *, downloading: bool) -> SourceError:
    status = error.status
    if status == 429:
        return SourceRateLimited(
            f"SoundCloud asks us to slow down (429 for {url}).", retry_after=_retry_after(error)
        )
    if downloading and status in {401, 403, 404, 410, 416}:
        return DownloadInterrupted(f"The signed address of {url} had expired ({status}).")
    if status in {404, 410}:
        return TrackNotFound(f"SoundCloud has no track at {url}.")
    if status in {401, 403}:
        return SourceDenied(f"SoundCloud refuses {url} ({status}).")
    if status >= 500:
        return SourceUnreachable(f"SoundCloud answered {status} for {url}.")
    return DownloadInterrupted(f"SoundCloud answered {status} for {url}.")


def _of_text(error: ExtractorError, url: str) -> SourceError:
    text = str(error).lower()
    for words, kind, what in _BY_TEXT:
        if words in text:
            return kind(f"{url} {what}.")
    said = f"SoundCloud's answer for {url} could not be read"
    return SourceUnreadable(f"{said}: {error.orig_msg}.", is_of_all=_OF_ALL in text)


def _retry_after(error: HTTPError) -> float | None:
    text = error.response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _kind(error: BaseException) -> str:
    return type(error).__name__
