"""The people and the bot of the workspace: they are fixed."""

from __future__ import annotations

from typing import Any

from sandbox.notion.errors import INTEGRATION_NAME

BOT_ID = "2d6f1c52-6a0e-4a55-9a3e-0b7c5f6f0b01"
PERSON_ID = "2d6f1c52-6a0e-4a55-9a3e-0b7c5f6f0b02"
OTHER_PERSON_ID = "2d6f1c52-6a0e-4a55-9a3e-0b7c5f6f0b03"
WORKSPACE_ID = "2d6f1c52-6a0e-4a55-9a3e-0b7c5f6f0b04"
_FIVE_GIBIBYTES = 5 * 1024**3


def _person(person_id: str, name: str, email: str) -> dict[str, Any]:
    return {
        "object": "user",
        "id": person_id,
        "name": name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": email},
    }


USERS: dict[str, dict[str, Any]] = {
    PERSON_ID: _person(PERSON_ID, "Robin Keeper", "robin@example.com"),
    OTHER_PERSON_ID: _person(OTHER_PERSON_ID, "Sasha Digger", "sasha@example.com"),
    BOT_ID: {
        "object": "user",
        "id": BOT_ID,
        "name": INTEGRATION_NAME,
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_id": WORKSPACE_ID,
            "workspace_limits": {"max_file_upload_size_in_bytes": _FIVE_GIBIBYTES},
            "workspace_name": "Sandbox",
        },
    },
}


def partial_user(user_id: str) -> dict[str, Any]:
    """`{"object": "user", "id"}`, as in created_by of an object."""
    return {"object": "user", "id": user_id}


def full_user(user_id: str) -> dict[str, Any]:
    """The whole user as in people values and mentions; the partial one if it is unknown."""
    return USERS.get(user_id) or partial_user(user_id)


def user_name(user_id: str) -> str:
    """The name of a user, or `Anonymous`."""
    return str(full_user(user_id).get("name", "Anonymous"))
