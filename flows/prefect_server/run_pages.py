"""A run on Prefect's pages: its name, its log lines, and how it ends.

Prefect shows an exception that leaves a flow as a Python traceback, and names the state by the
exception's class. Here an expected error is one sentence with what to do. Prefect sends the log
lines of `PREFECT_LOGGING_EXTRA_LOGGERS`, which our commands and deployments set. We send those of a
flow that was deployed or served in another way.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import coolname
from coolname.loader import load_config
from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.logging.handlers import APILogHandler
from prefect.states import Completed, Failed

from tasks.errors import SyncError
from tasks.shown_text import shown, without_secrets

_LOGGERS = ("flows", "tasks")

NO_RESULTS: dict[str, Any] = {"persist_result": False, "result_storage": Path(gettempdir())}
"""For the decorator of a flow that a person starts: what it returns is kept nowhere. Where that is
not said, Prefect asks its server three times a run where to keep it.
"""


class Verdict:
    """The state that a flow returns."""

    state: State[Any]


@contextmanager
def verdict() -> Iterator[Verdict]:
    """Around a flow's work, which sets the verdict's state; a SyncError makes it Failed.

    The error is the state's data: who called the flow raises it from there.
    """
    ending = Verdict()
    try:
        yield ending
    except SyncError as error:
        said = public(f"{error} {error.remedy}")
        get_run_logger().error("%s", said)
        ending.state = Failed(message=said, data=error)


def done(data: dict[str, Any], *said: str) -> State[Any]:
    """A run that went well; what it did, in words, and as data for who called the flow."""
    return Completed(message=public(*said), data=data)


def public(*parts: str) -> str:
    """Text that may stand on Prefect's server, which others may read."""
    return without_secrets(shown(". ".join(part for part in parts if part)))


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


def named(what: str) -> Callable[[], str]:
    """A flow's `flow_run_name`: `what`, the filter if it has one, and the local time.

    A name given in the form or by `--flow-run-name` stays.
    """

    def name() -> str:
        context = FlowRunContext.get()
        run = context.flow_run if context else None
        if run is not None and run.name and not is_generated(run.name):
            return run.name
        chosen = ((context.parameters if context else None) or {}).get("filter")
        at = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        return " ".join([what, *([str(chosen)] if chosen else []), at])

    return name


def is_generated(name: str) -> bool:
    """True for what Prefect calls a run that nobody named: two words of its list."""
    words = name.split("-")
    return len(words) >= 2 and all(word in _words() for word in words)


@functools.cache
def _words() -> frozenset[str]:
    lists: dict[str, Any] = load_config(str(Path(coolname.__file__).parent / "data"))
    words = [str(word) for one in lists.values() for word in one.get("words", ())]
    phrases = [word for one in lists.values() for words in one.get("phrases", ()) for word in words]
    return frozenset(words + [str(word) for word in phrases])
