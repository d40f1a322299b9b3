"""What may be the matter with a track, and the details each trouble takes.

The troubles are those of docs/facts/soundcloud.md, "Formats and previews" and "Errors".
"""

from __future__ import annotations

from enum import StrEnum

Details = dict[str, int | float | None]


class Condition(StrEnum):
    """The value is the name in the administration and in the catalogue's file."""

    ORDINARY = "ordinary"
    ORIGINAL = "original"
    MP3_ONLY = "mp3_only"
    PRIVATE = "private"
    REMOVED = "removed"
    GEO_BLOCKED = "geo_blocked"
    DRM_ONLY = "drm_only"
    PREVIEW_ONLY = "preview_only"
    PROCESSING = "processing"
    SILENT = "silent"
    RATE_LIMITED = "rate_limited"
    DENIED = "denied"
    AAC_DENIED = "aac_denied"
    EXPIRED_URL = "expired_url"
    TRUNCATED = "truncated"
    MISSING_FRAGMENT = "missing_fragment"
    HTML = "html"
    STALL = "stall"


DETAILS: dict[Condition, Details] = {
    Condition.RATE_LIMITED: {"times": None},
    Condition.DENIED: {"status": 403},
    Condition.AAC_DENIED: {"status": 403, "times": None},
    Condition.EXPIRED_URL: {"times": 1},
    Condition.TRUNCATED: {"times": None, "share": 0.55},
    Condition.MISSING_FRAGMENT: {"times": None, "fragment": None},
    Condition.HTML: {"times": None},
    Condition.STALL: {"times": None, "share": 0.55, "seconds": None},
}
"""What `set_condition` takes beside the condition, with what is meant when it is left out.

`times`: how often it happens before all is well (None: always). `share`: how much of the body
comes. `fragment`: which one is missing, from 0 (None: the middle one). `seconds`: how long the
body stands still before it goes on (None: until the client leaves).
"""


def condition_from(name: str, details: Details) -> tuple[Condition, Details]:
    """The condition called `name` with all its details; ValueError says which names there are."""
    try:
        condition = Condition(name)
    except ValueError:
        names = ", ".join(Condition)
        raise ValueError(f"There is no condition {name!r}; there are {names}.") from None
    known = DETAILS.get(condition, {})
    unknown = set(details) - set(known)
    if unknown:
        raise ValueError(f"{condition} has no {', '.join(sorted(unknown))}.")
    return condition, known | details
