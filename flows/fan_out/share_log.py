"""What a share of a distributed run brought, as artifacts on the server: readable on any machine.

A share appends a few results at a time, so that what a killed worker had done is known as well.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import Artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterType,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.sorting import ArtifactSort
from pydantic import TypeAdapter

from tasks.tracks import TrackResult

_log = logging.getLogger("flows.share")

_TYPE = "library-sync-share"
_SECONDS_BETWEEN = 5.0
_AT_MOST = 50
_PAGE = 100
_RESULT = TypeAdapter(TrackResult)


class ShareLog:
    """Results on their way to the server, a handful at a time."""

    def __init__(self) -> None:
        self._waiting: list[TrackResult] = []
        self._written_at = time.monotonic()

    async def note(self, result: TrackResult) -> None:
        """Keep one result; written with its neighbours after some seconds."""
        self._waiting.append(result)
        late = time.monotonic() - self._written_at > _SECONDS_BETWEEN
        if late or len(self._waiting) >= _AT_MOST:
            await self.write()

    async def write(self) -> None:
        """Write what is waiting. What cannot be written stays for the next time."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        self._written_at = time.monotonic()
        rows = [result.to_dict() for result in batch]
        try:
            await Artifact(type=_TYPE, description="Results of a share", data=rows).acreate()
        except (httpx.HTTPError, RuntimeError) as error:
            _log.warning("Results could not be written to the Prefect server yet: %s", error)
            self._waiting = batch + self._waiting


async def read_results(client: PrefectClient, flow_run: UUID) -> list[TrackResult]:
    """What the share `flow_run` has told so far, the last word on each page."""
    told: dict[str, TrackResult] = {}
    offset = 0
    while page := await client.read_artifacts(
        artifact_filter=ArtifactFilter(type=ArtifactFilterType(any_=[_TYPE])),
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run])),
        sort=ArtifactSort.CREATED_DESC,
        limit=_PAGE,
        offset=offset,
    ):
        for artifact in page:
            for result in _results(artifact.data):
                told.setdefault(result.page_id, result)
        offset += len(page)
    return list(told.values())


def _results(data: Any) -> Iterable[TrackResult]:
    """Newest first; the server keeps the JSON as it got it, or as its text."""
    rows = json.loads(data) if isinstance(data, str) else data
    return map(_RESULT.validate_python, reversed(rows or []))
