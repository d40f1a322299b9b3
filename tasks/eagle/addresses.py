"""The canonical key of an item's address, the same as the row's it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tasks.errors import BadAddress
from tasks.soundcloud.address import parse_address

KeyOf = Callable[[str], str]
"""The key of an address, equal for every way to write it; "" for no address."""


def address_keys(allowed_hosts: frozenset[str] = frozenset()) -> KeyOf:
    """A function that gives the key of `parse_address`; other addresses are their own key.

    `allowed_hosts` are the further hosts that tracks come from, as for `parse_address`.
    """

    @lru_cache(maxsize=1024)
    def key_of(url: str) -> str:
        try:
            return parse_address(url, allowed_hosts=allowed_hosts).key
        except BadAddress:
            return url.strip().partition("#")[0]

    return key_of
