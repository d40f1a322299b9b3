"""Names of runs in Prefect's lists: what, which rows, when; unless somebody has named the run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import coolname
from coolname.loader import load_config
from prefect.context import FlowRunContext


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
