"""`library-sync follow` and `unfollow`: what is followed, listed, added and taken away."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from flows.following.memory import ListMemory
from flows.following.sources import FollowedList, Sources
from flows.session.clients import Services, opened_services
from flows.settings import Settings
from tasks.errors import BadAddress
from tasks.notion.playlists import PlaylistNames
from tasks.shown_text import counted
from tasks.soundcloud.listing import read_list
from tasks.soundcloud.lists import ListAddress, parse_list_address

_log = logging.getLogger("flows.follow")


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A list that is followed, as a person sees it. `known` counts its tracks that came already.

    `hint` is how every machine would see it, said as it is followed; "" if each does.
    """

    url: str
    playlist: str
    is_in_notion: bool
    known: int = 0
    troubled_on: str = ""
    hint: str = ""

    def line(self) -> str:
        """As a terminal shows it."""
        where = "in Notion" if self.is_in_notion else "on this machine"
        trouble = f"; could not be read on {self.troubled_on}" if self.troubled_on else ""
        known = counted(self.known, "track")
        return f"{self.url} into {self.playlist!r} ({where}, {known} known{trouble})"


async def follow_list(settings: Settings, url: str, playlist: str) -> Subscription:
    """Follow the list at `url` into `playlist`, or into a playlist of its own title.

    Raises BadAddress if it is none, SourceError if SoundCloud does not show it, NotionError.
    """
    async with opened_services(settings) as services:
        address = await _address(services, url)
        # Its title, and a proof that it can be read; its tracks come with the next sync.
        found = await read_list(services.source, address, first_page_only=True)
        name = playlist or found.title or address.shown
        if settings.dry_run:
            return _as_subscription(settings, FollowedList(address=address, playlist=name))
        followed = await _sources(services).add(address, name, services.rows())
        return replace(_as_subscription(settings, followed), hint=_hint(followed))


async def unfollow_list(settings: Settings, url: str) -> ListAddress:
    """Stop following the list at `url`; its rows and files stay. Raises BadAddress if it was not
    followed.
    """
    async with opened_services(settings) as services:
        address = await _address(services, url)
        sources = _sources(services)
        followed = {each.address.key for each in await sources.all()}
        if address.key not in followed:
            raise BadAddress(
                f"{address.shown} is not followed.",
                remedy="`library-sync follow --list` says what is.",
            )
        if not settings.dry_run:
            await sources.remove(address)
        return address


async def followed_lists(settings: Settings) -> list[Subscription]:
    """Everything that is followed. Raises NotionError."""
    async with opened_services(settings) as services:
        return [_as_subscription(settings, each) for each in await _sources(services).all()]


async def _address(services: Services, url: str) -> ListAddress:
    return parse_list_address(await services.source.expand(url))


def _hint(followed: FollowedList) -> str:
    if followed.page_id:
        return ""
    if followed.is_crowded_out:
        return (
            "The playlist's page in Notion names another list already, so this one is followed "
            "by this machine alone. Give it a playlist of its own with --playlist."
        )
    return (
        "A property named SoundCloud URL (of type URL) in your playlists database lets every "
        "machine see what a playlist follows; then follow it again."
    )


def _sources(services: Services) -> Sources:
    memory = ListMemory(services.settings.state_dir)
    notion, schema = services.notion, services.schema
    names = PlaylistNames(notion, schema)
    return Sources(services.settings, notion, schema, names, memory, _log.warning)


def _as_subscription(settings: Settings, followed: FollowedList) -> Subscription:
    remembered = ListMemory(settings.state_dir).of(followed.address)
    return Subscription(
        url=followed.address.url,
        playlist=followed.playlist or remembered.name,
        is_in_notion=bool(followed.page_id),
        known=len(remembered.numbers),
        troubled_on=remembered.troubled_on,
    )
