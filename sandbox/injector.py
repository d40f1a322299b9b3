"""Decides, request by request, what goes wrong: by a plan and a seed, and doing nothing else.

The n-th request's dice depend on `seed`, the service and n alone, so the same sequence of
requests meets the same faults, whatever became of the ones before.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.faults import Aimed, Asked, EaglePlan, Fault, FaultPlan, NotionPlan


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do with one request; all times in seconds.

    `number` counts the service's requests from 1. `delay_before` comes before the request takes
    effect, `delay_after` between that and the answer.
    """

    number: int
    fault: Fault | None = None
    delay_before: float = 0.0
    delay_after: float = 0.0
    retry_after: int = 0
    lands_after: float = 0.0
    hold: float = 0.0
    switch_to: str = ""


class Injector:
    """Decides for one service, by its plan and seed. `clock` gives seconds, monotonic."""

    def __init__(
        self, service: str, plan: FaultPlan, *, seed: int = 0, clock: Callable[[], float]
    ) -> None:
        self.service = service
        self.plan = plan
        self.seed = seed
        self._clock = clock
        self._count = 0
        self._windows: dict[str, tuple[int, int]] = {}
        self._blocked_until: float | None = None
        self._seen = [0] * len(plan.aimed)
        self._began = clock()

    def decide(self, asked: Asked) -> Decision:
        """What happens to the next request."""
        self._count += 1
        plan = self.plan
        dice = random.Random(f"{self.seed}/{self.service}/{self._count}")
        chance, share = dice.random(), dice.random()
        latency = plan.latency.draw(dice) if plan.latency else 0.0
        fault, retry_after, after = self._choose(asked, chance, dice)
        return Decision(
            number=self._count,
            fault=fault,
            delay_before=latency * share,
            delay_after=latency * (1 - share),
            retry_after=retry_after,
            lands_after=dice.uniform(*plan.late_seconds) if after is None else after,
            hold=dice.uniform(*plan.late_hold_seconds),
            switch_to=self._switch(),
        )

    def _choose(
        self, asked: Asked, chance: float, dice: random.Random
    ) -> tuple[Fault | None, int, float | None]:
        limited = self._limited(asked)
        if limited is not None:
            return *limited, None
        aimed = self._aimed(asked)
        fault = aimed.fault if aimed else self._by_rate(asked, chance)
        pause = math.ceil(dice.uniform(*self.plan.retry_after_seconds))
        return fault, pause, aimed.after if aimed else None

    def _limited(self, asked: Asked) -> tuple[Fault, int] | None:
        plan = self.plan
        if not isinstance(plan, NotionPlan):
            return None
        blocked = self._workspace_block(plan)
        if blocked is not None:
            return Fault.WORKSPACE_LIMITED, blocked
        if plan.requests_per_window is None:
            return None
        elapsed = self._clock() - self._began
        window = int(elapsed // plan.window_seconds)
        last, used = self._windows.get(asked.caller, (window, 0))
        used = used + 1 if last == window else 1
        self._windows[asked.caller] = (window, used)
        if used <= plan.requests_per_window:
            return None
        return Fault.RATE_LIMITED, max(1, math.ceil((window + 1) * plan.window_seconds - elapsed))

    def _workspace_block(self, plan: NotionPlan) -> int | None:
        if plan.workspace_limit_after is None or self._count <= plan.workspace_limit_after:
            return None
        if self._blocked_until is None:
            self._blocked_until = self._clock() + plan.workspace_limit_seconds
        left = self._blocked_until - self._clock()
        return math.ceil(left) if left > 0 else None

    def _aimed(self, asked: Asked) -> Aimed | None:
        chosen = None
        for index, aimed in enumerate(self.plan.aimed):
            if not aimed.fits(asked):
                continue
            self._seen[index] += 1
            due = aimed.skip < self._seen[index] <= aimed.skip + aimed.times
            if due and chosen is None:
                chosen = aimed
        return chosen

    def _by_rate(self, asked: Asked, chance: float) -> Fault | None:
        for fault in Fault:
            if fault.writes_only and not asked.is_write:
                continue
            chance -= self.plan.rates.get(fault, 0.0)
            if chance < 0:
                return fault
        return None

    def _switch(self) -> str:
        plan = self.plan
        if isinstance(plan, EaglePlan) and self._count == plan.switch_after:
            return plan.switch_to
        return ""
