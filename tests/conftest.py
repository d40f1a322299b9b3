"""Fixtures for every test: sandboxes over real HTTP, each with a world of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from notion_client import Client
from notion_client.helpers import collect_paginated_api

from sandbox.threaded import RunningSandbox, SandboxFactory, running_sandbox
from tasks.notion.rows import plain_text


@pytest.fixture
def sandbox_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxFactory]:
    """Starts sandboxes that run until the test ends; `sandbox_factory(tracks=3)` takes 20 ms."""
    with contextlib.ExitStack() as running:

        def start(**options: Any) -> RunningSandbox:
            folder = tmp_path_factory.mktemp("sandbox")
            return running.enter_context(running_sandbox(folder, **options))

        yield start


@pytest.fixture
def rows_of() -> Callable[[RunningSandbox], list[dict[str, Any]]]:
    """`rows_of(sandbox)`: every row of the tracks database as plain values, by property name."""

    def read(sandbox: RunningSandbox) -> list[dict[str, Any]]:
        environment = sandbox.environment
        client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
        database = client.databases.retrieve(environment["TRACKS_DB_ID"])
        source = database["data_sources"][0]["id"]
        pages = collect_paginated_api(client.data_sources.query, data_source_id=source)
        return [{"id": page["id"]} | _plain(page["properties"]) for page in pages]

    return read


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value["checkbox"]
        if value["type"] == "checkbox"
        else [option["name"] for option in value["multi_select"]]
        if value["type"] == "multi_select"
        else plain_text(value)
        for name, value in properties.items()
    }
