"""A run that was given fields its flow does not have: it ends as Failed, and says which.

Prefect checks the values of the fields it knows, and lets others through to the run, whose process
dies of them: the page shows a crash and a traceback.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.states import Failed


async def refuse_unknown(run: UUID) -> bool:
    """True if the run has fields that its deployment's form does not; it has its end then."""
    async with get_client() as client:
        given, known = await _fields(client, run)
        if unknown := sorted(given - known):
            said = refusal(unknown, known)
            await client.set_flow_run_state(run, Failed(message=said), force=True)
    return bool(unknown)


async def _fields(client: PrefectClient, run: UUID) -> tuple[set[str], set[str]]:
    """The names that the run was given, and those of its form; both empty without a form."""
    found = await client.read_flow_run(run)
    if found.deployment_id is None:
        return set(), set()
    deployment = await client.read_deployment(found.deployment_id)
    form = (deployment.parameter_openapi_schema or {}).get("properties")
    return (set(), set()) if form is None else (set(found.parameters), set(form))


def refusal(unknown: Collection[str], known: Collection[str]) -> str:
    """The sentence for a person."""
    fields = "no field" if len(unknown) == 1 else "no fields"
    return (
        f"This flow has {fields} {', '.join(unknown)}; it has {', '.join(sorted(known))}. "
        "Start a run with those."
    )
