"""Which yt-dlp is in use, and how old it is: its version is its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version


@dataclass(frozen=True)
class Release:
    """A version of yt-dlp; `age_days` is None where the version is no date."""

    version: str
    age_days: int | None

    def __str__(self) -> str:
        if self.age_days is None:
            return f"yt-dlp {self.version}"
        days = "1 day" if self.age_days == 1 else f"{self.age_days} days"
        return f"yt-dlp {self.version} ({days} old)"


def installed_release() -> Release:
    """The one in this environment; asked of its metadata, which costs no import of it."""
    return release_of(version("yt-dlp"), datetime.now(UTC).date())


def release_of(version: str, today: date) -> Release:
    """A version such as `2026.10.26`, as it stands at `today`."""
    try:
        year, month, day = (int(part) for part in version.split(".")[:3])
        made = date(year, month, day)
    except ValueError:
        return Release(version, None)
    return Release(version, max(0, (today - made).days))
