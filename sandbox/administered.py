"""What the administration and the summary need of a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sandbox.eagle.eagle import EagleApp
    from sandbox.fault_layer import FaultLayer
    from sandbox.faults import FaultPlan
    from sandbox.ledger import Ledger
    from sandbox.soundcloud import SoundCloudStandIn
    from sandbox.world import World


class Faulty(Protocol):
    """A service that follows a plan of faults."""

    @property
    def plan(self) -> FaultPlan:
        """The plan in force."""

    def use(self, plan: FaultPlan, *, seed: int = 0) -> None:
        """Follow `plan` from the next request on."""


class Administered(Protocol):
    """A sandbox that serves: its parts, and what can be done to it."""

    ledger: Ledger
    world: World
    eagle: EagleApp
    soundcloud: SoundCloudStandIn
    layers: dict[str, FaultLayer]

    @property
    def environment(self) -> dict[str, str]:
        """The environment by which a product uses the stand-ins."""

    @property
    def plans(self) -> Mapping[str, FaultPlan]:
        """The plan in force for each service."""

    def set_faults(self, service: str, plan: FaultPlan, *, seed: int = 0) -> None:
        """Follow `plan` for `service` from now on."""

    async def settle(self) -> None:
        """Wait until every late write has landed."""

    async def stop_eagle(self) -> None:
        """Quit Eagle."""

    async def start_eagle(self) -> None:
        """Start Eagle again."""
