"""What a worker's run was asked for: fields its flow does not have end it as Failed, by name.

Prefect checks the values of the fields it knows, and lets others through to the run, whose process
dies of them: the page shows a crash and a traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.states import Failed


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields a run was given, those of its form (None: it has none), and its entry point."""

    given: frozenset[str]
    known: frozenset[str] | None
    entrypoint: str

    @property
    def unknown(self) -> list[str]:
        """Fields that the flow does not have."""
        return [] if self.known is None else sorted(self.given - self.known)

    @property
    def is_of_file(self) -> bool:
        """True for `flows/library_sync.py:library_sync`, False for a module's flow."""
        return ":" in self.entrypoint

    @property
    def refusal(self) -> str:
        """The sentence for a person."""
        fields = "no field" if len(self.unknown) == 1 else "no fields"
        return (
            f"This flow has {fields} {', '.join(self.unknown)}; it has "
            f"{', '.join(sorted(self.known or ()))}. Start a run with those."
        )


async def asked_of(run: UUID) -> Asked:
    """What a deployment's run was asked for; one with unknown fields has its end afterwards."""
    async with get_client() as client:
        asked = await _read(client, run)
        if asked.unknown:
            await client.set_flow_run_state(run, Failed(message=asked.refusal), force=True)
    return asked


async def _read(client: PrefectClient, run: UUID) -> Asked:
    found = await client.read_flow_run(run)
    if found.deployment_id is None:
        return Asked(given=frozenset(), known=None, entrypoint="")
    deployment = await client.read_deployment(found.deployment_id)
    form = (deployment.parameter_openapi_schema or {}).get("properties")
    return Asked(
        given=frozenset(found.parameters),
        known=None if form is None else frozenset(form),
        entrypoint=deployment.entrypoint or "",
    )
