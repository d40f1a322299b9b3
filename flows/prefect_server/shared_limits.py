"""The limits a run shares with others, without Prefect: a run opens before that is imported."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from tasks.notion.budget import SharedPermits
from tasks.soundcloud.equipment import Gate


@dataclass(frozen=True)
class SharedLimits:
    """The limits this server has; what it has not lets everything through."""

    notion: SharedPermits | None = None
    downloads: Gate = nullcontext
    conversions: Gate = nullcontext
