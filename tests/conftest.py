"""Fixtures for every test: sandboxes over real HTTP, each with a world of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

import pytest

from sandbox.builders import Builder
from sandbox.threaded import RunningSandbox, running_sandbox


class SandboxFactory(Protocol):
    """Starts a sandbox that runs until the test ends; the arguments are `Sandbox`'s."""

    def __call__(
        self,
        *,
        tracks: int | None = None,
        empty: bool = False,
        eagle_library: str = "Sandbox",
        seed: int = 0,
        build: Builder | None = None,
    ) -> RunningSandbox: ...


@pytest.fixture
def sandbox_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxFactory]:
    """A `SandboxFactory`; `sandbox_factory(tracks=3)` takes some 20 ms."""
    with contextlib.ExitStack() as running:

        def start(
            *,
            tracks: int | None = None,
            empty: bool = False,
            eagle_library: str = "Sandbox",
            seed: int = 0,
            build: Builder | None = None,
        ) -> RunningSandbox:
            return running.enter_context(
                running_sandbox(
                    tmp_path_factory.mktemp("sandbox"),
                    tracks=tracks,
                    empty=empty,
                    eagle_library=eagle_library,
                    seed=seed,
                    build=build,
                )
            )

        yield start
