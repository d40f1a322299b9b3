"""Credentials kept on a Prefect server, for workers that have none in their environment.

A block named `library-sync` of either kind fills in what environment and `.env` leave out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from flows.prefect_server.limits import has_server
from flows.settings import Settings, given_variables, load_settings

_log = logging.getLogger("flows.blocks")

BLOCK_NAME = "library-sync"


class NotionCredentials(Block):
    """The integration and the databases it works on."""

    _block_type_name: ClassVar[str | None] = "Notion Credentials (library-sync)"
    _block_type_slug: ClassVar[str | None] = "library-sync-notion-credentials"
    _description: ClassVar[str | None] = "The Notion integration and databases of library-sync."
    _logo_url: ClassVar[Any] = (
        "https://upload.wikimedia.org/wikipedia/commons/4/45/Notion_app_logo.png"
    )
    _documentation_url: ClassVar[Any] = "https://developers.notion.com/docs/authorization"

    token: SecretStr = Field(title="Token", description="NOTION_TOKEN: the integration's secret")
    tracks_db_id: str = Field(
        title="Tracks database", description="TRACKS_DB_ID: id or link of the Music Tracks database"
    )
    playlists_db_id: str = Field(
        default="",
        title="Playlists database",
        description="PLAYLISTS_DB_ID: id or link; may stay empty",
    )

    def variables(self) -> dict[str, str]:
        """The variables this block stands for, by name."""
        return {
            "NOTION_TOKEN": self.token.get_secret_value(),
            "TRACKS_DB_ID": self.tracks_db_id,
            "PLAYLISTS_DB_ID": self.playlists_db_id,
        }


class EagleConnection(Block):
    """Where the workers find Eagle, and how its machine sees their files."""

    _block_type_name: ClassVar[str | None] = "Eagle Connection (library-sync)"
    _block_type_slug: ClassVar[str | None] = "library-sync-eagle-connection"
    _description: ClassVar[str | None] = "The Eagle app that library-sync imports into."
    _logo_url: ClassVar[Any] = "https://eagle.cool/favicon.ico"
    _documentation_url: ClassVar[Any] = "https://api.eagle.cool/"

    api_base: str = Field(
        title="Address", description="EAGLE_API_BASE: Eagle's API, or `off` to work without Eagle"
    )
    token: SecretStr = Field(
        default=SecretStr(""),
        title="Token",
        description="EAGLE_TOKEN: needed when Eagle is on another machine than the worker",
    )
    library_path: str = Field(
        default="",
        title="Library",
        description="EAGLE_LIBRARY_PATH: the one library to import into; another is refused",
    )
    path_map: str = Field(
        default="",
        title="Path map",
        description="EAGLE_PATH_MAP: `here=there,...`, how Eagle's machine sees our paths",
    )

    def variables(self) -> dict[str, str]:
        """The variables this block stands for, by name."""
        return {
            "EAGLE_API_BASE": self.api_base,
            "EAGLE_TOKEN": self.token.get_secret_value(),
            "EAGLE_LIBRARY_PATH": self.library_path,
            "EAGLE_PATH_MAP": self.path_map,
        }


async def register_blocks() -> str:
    """Make both block types known to the server, so that its UI has a form for them."""
    await NotionCredentials.aregister_type_and_schema()
    await EagleConnection.aregister_type_and_schema()
    return f"Block types for credentials: there; a block named {BLOCK_NAME} of each is read."


async def has_credentials() -> bool:
    """True if the server has our block with Notion's credentials."""
    return bool(await _variables_of(NotionCredentials))


async def keep_credentials(given: Mapping[str, str]) -> str:
    """Put the credentials of `given` into the block that workers read; a sentence."""
    block = NotionCredentials(
        token=SecretStr(given["NOTION_TOKEN"]),
        tracks_db_id=given["TRACKS_DB_ID"],
        playlists_db_id=given.get("PLAYLISTS_DB_ID", ""),
    )
    await block.asave(BLOCK_NAME, overwrite=True)
    return f"The block {BLOCK_NAME} holds Notion's credentials; what a machine sets wins over it."


async def settings_with_blocks() -> Settings:
    """The environment's settings, what is missing there from the server's blocks.

    Asks nobody when no server is configured or nothing is missing. Raises ConfigurationError.
    """
    given = given_variables()
    if not has_server():
        return load_settings()
    fallback: dict[str, str] = {}
    if not (given.get("NOTION_TOKEN") and given.get("TRACKS_DB_ID")):
        fallback |= await _variables_of(NotionCredentials)
    if not given.get("EAGLE_API_BASE"):
        fallback |= await _variables_of(EagleConnection)
    return load_settings(fallback=fallback)


async def _variables_of(
    kind: type[NotionCredentials | EagleConnection],
) -> Mapping[str, str]:
    try:
        block: NotionCredentials | EagleConnection = await kind.aload(BLOCK_NAME)
    except ValueError:
        return {}
    except (httpx.HTTPError, RuntimeError) as error:
        _log.warning("The Prefect server's blocks cannot be read: %s", error)
        return {}
    return {name: value for name, value in block.variables().items() if value}
