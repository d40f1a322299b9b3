"""yt-dlp's exceptions, and the errors they become by type and status."""

import errno
import io
from contextlib import suppress

import pytest
import yt_dlp
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnavailableVideoError,
    UnsupportedError,
)

from tasks.errors import (
    BadAddress,
    DiskUnavailable,
    DownloadInterrupted,
    DrmProtected,
    ErrorType,
    FileError,
    GeoBlocked,
    HostUnreachable,
    NoFormats,
    SourceDenied,
    SourceRateLimited,
    SourceUnreachable,
    SourceUnreadable,
    SyncError,
    TrackNotFound,
)
from tasks.soundcloud.client import translated
from tasks.soundcloud.downloader import ForeignHost
from tasks.soundcloud.translation import translate

URL = "https://soundcloud.com/someone/track"


def answered(status: int, **headers: str) -> HTTPError:
    return HTTPError(Response(io.BytesIO(), URL, headers, status=status))


def wrapped(inner: Exception) -> DownloadError:
    """As extract_info raises it: the innermost exception in exc_info."""
    return DownloadError(f"ERROR: {inner}", (type(inner), inner, None))


def unopened(refused: OSError) -> UnavailableVideoError:
    """As yt-dlp raises it for a file that cannot be opened."""
    error = UnavailableVideoError(refused)
    error.__context__ = refused
    return error


def because(cause: Exception) -> ExtractorError:
    return ExtractorError("Unable to download JSON metadata", cause=cause)


@pytest.mark.parametrize(
    ("error", "downloading", "expected"),
    [
        (wrapped(answered(404)), False, TrackNotFound),
        (wrapped(answered(410)), False, TrackNotFound),
        (wrapped(answered(401)), False, SourceDenied),
        (wrapped(answered(403)), False, SourceDenied),
        (wrapped(because(answered(403))), False, SourceDenied),
        (wrapped(answered(429)), False, SourceRateLimited),
        (answered(429), False, SourceRateLimited),
        (wrapped(answered(500)), False, SourceUnreachable),
        (wrapped(answered(503)), False, SourceUnreachable),
        (wrapped(answered(403)), True, DownloadInterrupted),
        (wrapped(answered(404)), True, DownloadInterrupted),
        (wrapped(answered(416)), True, DownloadInterrupted),
        (wrapped(answered(429)), True, SourceRateLimited),
        (wrapped(GeoRestrictedError("no")), False, GeoBlocked),
        (wrapped(UnsupportedError(URL)), False, BadAddress),
        (
            wrapped(ExtractorError("This video is DRM protected", expected=True)),
            False,
            DrmProtected,
        ),
        (wrapped(ExtractorError("No video formats found!")), False, NoFormats),
        (wrapped(ExtractorError("anything new")), False, SourceUnreadable),
        (wrapped(because(TransportError("timed out"))), False, HostUnreachable),
        (wrapped(because(ForeignHost("https://evil.example/x"))), False, BadAddress),
        (wrapped(CertificateVerifyError("self-signed")), False, SourceUnreachable),
        (
            DownloadError("ERROR: Got error: 5 bytes read, 9 more expected"),
            True,
            DownloadInterrupted,
        ),
        (wrapped(OSError(errno.ENOSPC, "No space left on device")), True, DiskUnavailable),
        (unopened(OSError(errno.ENOSPC, "No space left on device", "/x")), True, DiskUnavailable),
        (wrapped(unopened(OSError(errno.EROFS, "Read-only", "/x"))), True, DiskUnavailable),
        (wrapped(PermissionError(errno.EACCES, "Permission denied", "/x")), True, FileError),
        (wrapped(ConnectionResetError(errno.ECONNRESET, "reset")), True, HostUnreachable),
    ],
)
def test_each_exception_has_its_error(error, downloading, expected):
    """Every line of docs/facts/soundcloud.md, "Errors", and what else yt-dlp may raise."""
    found = translate(error, URL, downloading=downloading)
    assert type(found) is expected
    assert URL in str(found)


def test_a_named_time_is_kept():
    """`Retry-After` in seconds; a date is left to the back-off."""
    found = translate(wrapped(answered(429, **{"Retry-After": "17"})), URL)
    assert found.retry_after == 17
    dated = answered(429, **{"Retry-After": "Tue, 24 Nov 2026 12:00:00 GMT"})
    assert translate(dated, URL).retry_after is None


def every_kind(module) -> list[type[Exception]]:
    return sorted(
        {kind for kind in vars(module).values()
         if isinstance(kind, type) and issubclass(kind, Exception)},
        key=lambda kind: kind.__name__,
    )  # fmt: skip


KINDS = [*every_kind(yt_dlp.utils), *every_kind(yt_dlp.networking.exceptions)]


def raised(kind: type[Exception]) -> Exception:
    """One of the kind, whatever it takes to make it."""
    answer = Response(io.BytesIO(), URL, {}, status=500)
    for arguments in ((), ("no",), ("no", "no"), (answer,), ([], [])):
        with suppress(TypeError, AttributeError):
            return kind(*arguments)
    return kind(partial=1, expected=2)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("downloading", [False, True])
def test_each_error_of_yt_dlp_has_a_class(kind, downloading):
    """Alone, and wrapped as extract_info raises it."""
    error = raised(kind)
    for each in (error, wrapped(error), because(error)):
        ours = translate(each, URL, downloading=downloading)
        assert isinstance(ours, SyncError)
        assert URL in str(ours) or isinstance(ours, FileError)
        assert ours.error_type is not ErrorType.UNKNOWN_ERROR


@pytest.mark.parametrize("kind", [KeyError, TypeError, AttributeError, ValueError, MemoryError])
def test_an_error_of_pythons_own_has_a_class(kind):
    """Extractors meet answers that nobody foresaw."""
    with pytest.raises(SourceUnreadable, match="Reading what was answered"), translated(URL):
        raise kind("title")
