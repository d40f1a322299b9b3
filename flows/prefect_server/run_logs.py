"""The project's log lines on the page of the run they belong to.

Prefect sends those of `PREFECT_LOGGING_EXTRA_LOGGERS`, which our own commands and deployments set.
A flow that was deployed or served in another way has them all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.logging.handlers import APILogHandler

_LOGGERS = ("flows", "tasks")


@contextmanager
def sent_to_the_run() -> Iterator[None]:
    """In the block, what the project logs goes to Prefect's server, once."""
    handler = APILogHandler()
    handler.setLevel(logging.INFO)
    silent = [logger for logger in map(logging.getLogger, _LOGGERS) if not _is_sent(logger)]
    for logger in silent:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in silent:
            logger.removeHandler(handler)


def _is_sent(logger: logging.Logger) -> bool:
    return any(isinstance(handler, APILogHandler) for handler in logger.handlers)
