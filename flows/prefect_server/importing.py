"""Imports of Prefect's size, without the garbage collector looking at them again and again.

Importing Prefect makes half a million objects that all stay. Collections during the import find
nothing, and each later full collection would walk through all of them: together a tenth of a
run's start and some percent of its work (docs/performance.md, "What was tried, and what it gave").
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Nothing is collected in the block; what exists at its end is never collected."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
