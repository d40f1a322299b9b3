"""The Prefect server that is named: prepared, and offered the credentials for its workers."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from flows.prefect_server.environment import names_a_server, prepare_prefect, server_address
from flows.settings import given_variables
from flows.setup.dialogue import Dialogue

_OPEN = (
    "This server asks nobody for a password: whoever reaches its port can read the token from the "
    "block, and so all that the integration sees in Notion. Set PREFECT_SERVER_API_AUTH_STRING on "
    "the server first (docs/operating.md)."
)
_KEEPS = (
    "This server keeps every run forever. To delete those older than 90 days, start it with "
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=true (docs/operating.md)."
)


async def prepare_named_server(dialogue: Dialogue, *, must: bool = False) -> None:
    """Pool, limits, automations and blocks on the server that the environment or Prefect's profile
    names; nothing without one. Raises ConfigurationError if it does not answer and `must` be.
    """
    if not names_a_server():
        return
    prepare_prefect()
    from flows.prefect_server.objects import prepare_server  # noqa: PLC0415  (Prefect takes seconds)
    from flows.prefect_server.outage import no_server  # noqa: PLC0415

    try:
        for sentence in await prepare_server():
            dialogue.say(sentence)
        if not await _deletes_old_runs():
            dialogue.say(_KEEPS)
        await _offer_block(dialogue, given_variables())
    except (httpx.HTTPError, RuntimeError) as error:
        trouble = no_server(error)
        if must:
            raise trouble from error
        dialogue.say(f"{trouble} {trouble.remedy}")


async def _offer_block(dialogue: Dialogue, given: Mapping[str, str]) -> None:
    """The credentials into a block, for workers that have none; `--yes` does not agree to that."""
    from flows.prefect_server.blocks import has_credentials, keep_credentials  # noqa: PLC0415

    known = given.get("NOTION_TOKEN") and given.get("TRACKS_DB_ID")
    if not known or not dialogue.is_open or dialogue.yes or await has_credentials():
        return
    question = "Keep the Notion token on the Prefect server, for workers that have none?"
    if not dialogue.agrees(question, unless_said=False):
        return
    if await _asks_for_no_password():
        dialogue.say(_OPEN)
        if not dialogue.agrees("Put the token there all the same?", unless_said=False):
            return
    dialogue.say(await keep_credentials(given))


async def _asks_for_no_password() -> bool:
    address = f"{server_address().rstrip('/')}/flow_runs/count"
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.post(address, json={})).is_success


async def _deletes_old_runs() -> bool:
    """What the server says of itself; True where it does not say."""
    from prefect import get_client  # noqa: PLC0415

    async with get_client() as client:
        answer = await client._client.get("/admin/settings")  # noqa: SLF001  (no other way to ask)
    if not answer.is_success:
        return True
    kinds = answer.json()["server"]["services"]["db_vacuum"]["enabled"]
    return kinds is True or (isinstance(kinds, list) and "flow_runs" in kinds)
