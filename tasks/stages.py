"""The one kind of Prefect task this project has: a stage.

A stage is thin: it calls a client and pure modules. Its inputs are never hashed (they are clients
and large objects), and it is retried only for errors that say another attempt can help.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from tasks.errors import SyncError
from tasks.retrying import RetryPolicy, log_wait

P = ParamSpec("P")
R = TypeVar("R")

SOURCE_RETRIES = RetryPolicy(attempts=4, first=2.0)


def may_help(policy: RetryPolicy) -> Callable[..., Coroutine[Any, Any, bool]]:
    """What Prefect asks before it retries a stage: can another attempt cure the error?

    A service that is away is none of its business: the whole run waits for it.
    """

    async def ask(_task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
        outcome = await state.aresult(raise_on_failure=False)
        if not isinstance(outcome, SyncError) or not outcome.retryable or outcome.is_away:
            return False
        if run.run_count < policy.attempts:
            seconds = policy.delays[max(0, run.run_count - 1)]
            log_wait(outcome, seconds, run.run_count + 1, policy.attempts)
        return True

    return ask


class Stage(Protocol):
    """What turns a coroutine function into a Prefect task and keeps its types."""

    def __call__(
        self, run: Callable[P, Coroutine[Any, Any, R]], /
    ) -> Task[P, Coroutine[Any, Any, R]]:
        """The task that runs it."""


@dataclass(frozen=True)
class Bound:
    """How long an attempt may take, in seconds, and the error that it raises if it takes longer.

    Its parts have bounds of their own; this one is for what hangs between them.
    """

    seconds: float
    error: type[SyncError]


def stage(name: str, retries: RetryPolicy | None = None, bound: Bound | None = None) -> Stage:
    """A decorator that makes a coroutine function a stage called `name`."""
    plain = partial(task, name=name, cache_policy=NO_CACHE, persist_result=False)
    if retries is not None:
        plain = partial(
            plain,
            retries=retries.attempts - 1,
            retry_delay_seconds=retries.delays,
            retry_jitter_factor=retries.jitter,
            retry_condition_fn=may_help(retries),
        )
    made: Stage = plain()
    if bound is None:
        return made

    def bounded(run: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, Coroutine[Any, Any, R]]:
        return made(_within(name, bound, run))

    return bounded


def _within(
    name: str, bound: Bound, run: Callable[P, Coroutine[Any, Any, R]]
) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(run)
    async def bounded(*args: P.args, **given: P.kwargs) -> R:
        try:
            async with asyncio.timeout(bound.seconds) as timeout:
                return await run(*args, **given)
        except TimeoutError as error:
            if not timeout.expired():
                raise
            minutes = bound.seconds / 60
            raise bound.error(f"{name} was not done after {minutes:g} minutes.") from error

    return bounded
