"""A Prefect server that does not answer: what its client raises, and how long it is left alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx
from prefect.exceptions import ObjectNotFound

from flows.prefect_server.environment import is_embedded, prefect_home, server_address
from flows.prefect_server.own_server import GONE, give_up
from tasks.errors import ConfigurationError

_log = logging.getLogger("flows.prefect_server")

OUT_OF_REACH = (httpx.HTTPError, RuntimeError, ObjectNotFound)
"""What Prefect's client raises when its server does not answer, answers only with errors, or has
lost the record that is asked for: somebody may delete a run while it works.
"""

_OUTAGE_SECONDS = 60.0


class Outage:
    """Whether the server failed a minute ago: asking it again costs each track two more.

    Our own server is never asked again: what fails there stays broken for the run.
    """

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        """True for a minute after `begin`."""
        return GONE.is_set() or monotonic() < self._until

    def begin(self, error: Exception) -> None:
        """The server just failed with `error`, after all of the client's attempts."""
        self._until = monotonic() + _OUTAGE_SECONDS
        give_up(in_short(error))


def in_short(error: Exception) -> str:
    """The first line of what Prefect's client says, without the addresses it adds."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    return (str(error) or type(error).__name__).splitlines()[0]


def no_server(error: Exception) -> ConfigurationError:
    """What a command says that cannot do without the server that is named."""
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in {401, 403}:
        return ConfigurationError(
            f"The Prefect server at {server_address()} does not accept our password.",
            remedy="Set PREFECT_API_AUTH_STRING to what its PREFECT_SERVER_API_AUTH_STRING is "
            "(PREFECT_API_KEY in Prefect Cloud).",
        )
    if is_embedded():
        return ConfigurationError(
            "The Prefect server that this run started for itself ended before it knew of the run.",
            remedy=f"Run again. {prefect_home() / 'library-sync-server.log'} may say why it ended.",
        )
    return ConfigurationError(
        f"The Prefect server at {server_address()} does not answer: {in_short(error)}.",
        remedy="Start it, or correct PREFECT_API_URL; unset, a run starts a server of its own.",
    )


@contextmanager
def record_gap(what: str, outage: Outage | None = None) -> Iterator[None]:
    """A server that does not answer costs a line in the log, never the run."""
    try:
        yield
    except OUT_OF_REACH as error:
        if outage is not None:
            outage.begin(error)
        _log.warning("The Prefect server did not take %s: %s", what, in_short(error))
