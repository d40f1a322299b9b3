"""The transport of notifications: any address that apprise understands.

Addresses hold tokens, so that messages name them as apprise does for other eyes (`privacy`).
"""

from __future__ import annotations

import asyncio
import logging
import re
import warnings
from typing import Any

from tasks.errors import ConfigurationError, SyncError

_SECONDS = 20.0
_BETWEEN = re.compile(r"[\s,;]+(?=[\w+-]+://)")
"""What divides addresses: an address may have commas itself."""


class NotificationFailed(SyncError):
    """A message could not be delivered."""

    default_remedy = "Check NOTIFY, and that the service answers."


class Notifier:
    """The addresses in `text`, divided by commas or spaces.

    Raises ConfigurationError if apprise understands none of it. Building one imports apprise, a
    fifth of a second.
    """

    def __init__(self, text: str) -> None:
        # Its plugins import modules that Python is to lose, which is no news for a user.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"apprise\.")
        import apprise  # noqa: PLC0415  (a fifth of a second, for those who set NOTIFY)

        # Its log lines hold whole addresses; NotificationFailed says what went wrong without them.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        addresses = _BETWEEN.split(text.strip())
        found = [apprise.Apprise.instantiate(address) for address in addresses]
        if not found or not all(found):
            place = next((n for n, one in enumerate(found, 1) if not one), 1)
            raise ConfigurationError(
                f"NOTIFY: apprise does not understand address {place} of {max(1, len(found))}.",
                remedy="Write it as apprise does, for instance "
                "mailto://user:password@example.com, ntfy://topic or discord://id/token.",
            )
        self._services: list[Any] = found

    async def send(self, title: str, body: str) -> None:
        """Deliver to each address. Raises NotificationFailed if one did not take it."""
        taken = await asyncio.gather(*(self._deliver(each, title, body) for each in self._services))
        refused = [
            str(service.url(privacy=True)).partition("?")[0]
            for service, is_taken in zip(self._services, taken, strict=True)
            if not is_taken
        ]
        if refused:
            raise NotificationFailed(f"The notification did not reach {', '.join(refused)}.")

    async def _deliver(self, service: Any, title: str, body: str) -> bool:
        sending = asyncio.to_thread(service.notify, body=body, title=title)
        try:
            return bool(await asyncio.wait_for(sending, _SECONDS))
        except (TimeoutError, OSError, TypeError):  # TypeError: apprise's way to refuse a message
            return False
