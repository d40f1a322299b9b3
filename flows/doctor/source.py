"""`doctor` looks at SoundCloud: yt-dlp's age, the front page, and whether tracks can be read."""

from __future__ import annotations

from collections.abc import Sequence

from flows.doctor.findings import Finding, fail, ok, warn
from flows.session.clients import source_client
from flows.settings import Settings
from tasks.errors import BadAddress, SourceError, SourceUnreadable
from tasks.facts import source_of
from tasks.soundcloud.client import SoundCloudClient
from tasks.soundcloud.update import Release, installed_release
from tasks.tracks import Track

_NAME = "SoundCloud"
_OLD_DAYS = 60
_UPDATE = "Run `library-sync update`."
_READ_AT_MOST = 2


def judge_ytdlp(release: Release) -> Finding:
    """SoundCloud changes, and old releases stop working."""
    name = "yt-dlp"
    if release.age_days is not None and release.age_days > _OLD_DAYS:
        return warn(name, f"{release}; SoundCloud may have changed since.", _UPDATE)
    return ok(name, str(release))


async def examine_soundcloud(settings: Settings) -> list[Finding]:
    """yt-dlp's age, and SoundCloud's front page through the proxy that downloads use."""
    found = [judge_ytdlp(installed_release())]
    through = f" through {_without_password(settings.sc_proxy)}" if settings.sc_proxy else ""
    try:
        await source_client(settings).reach()
    except SourceError as error:
        remedy = "Check the network and SC_PROXY; SC_TLS_VERIFY=0 accepts a proxy's certificates."
        return [*found, fail(_NAME, f"It cannot be reached{through}: {error}", remedy)]
    return [*found, ok(_NAME, f"reachable{through}")]


async def examine_reading(settings: Settings, waiting: Sequence[Track]) -> list[Finding]:
    """Whether yt-dlp understands what SoundCloud says of a row that waits; no audio is fetched."""
    client = source_client(settings)
    problem: SourceUnreadable | None = None
    for track in [t for t in waiting if t.soundcloud_url][:_READ_AT_MOST]:
        problem = await _reading(client, settings, track)
        if problem is None:
            return []
    if problem is None:
        return []
    said = f"Its answers cannot be read ({problem}) by {installed_release()}."
    return [fail(_NAME, said, _UPDATE)]


async def _reading(
    client: SoundCloudClient, settings: Settings, track: Track
) -> SourceUnreadable | None:
    try:
        await client.probe(source_of(track, settings.allowed_source_hosts))
    except SourceUnreadable as error:
        return error
    except (SourceError, BadAddress):
        return None
    return None


def _without_password(proxy: str) -> str:
    return proxy.rsplit("@", 1)[-1]
