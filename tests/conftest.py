"""Fixtures for every test: sandboxes over real HTTP, each with a world of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.threaded import RunningSandbox, SandboxFactory, running_sandbox


@pytest.fixture
def sandbox_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxFactory]:
    """Starts sandboxes that run until the test ends; `sandbox_factory(tracks=3)` takes 20 ms."""
    with contextlib.ExitStack() as running:

        def start(**options: Any) -> RunningSandbox:
            folder = tmp_path_factory.mktemp("sandbox")
            return running.enter_context(running_sandbox(folder, **options))

        yield start
