"""SQLite under the embedded server: every transaction that may write asks for its turn first.

Prefect begins most of them deferred: they read, then write, and where another has written in
between, SQLite refuses at once, whatever the busy time-out. The server answers 503, and its client
tries again after 2, 4, 8 s: those are the stalls (docs/performance-orchestration.md).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

__all__ = ["write_in_turn"]


class InTurn(AioSqliteConfiguration):
    """SQLite with immediate transactions: who writes waits for who writes already."""

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = True,  # noqa: ARG002, FBT001, FBT002  (Prefect's signature)
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """Begin immediately, whatever was asked for."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def write_in_turn() -> None:
    """Let this process's Prefect server use `InTurn`, if its database is SQLite at all."""
    address = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if address.startswith("sqlite"):
        MODELS_DEPENDENCIES["database_config"] = InTurn(connection_url=address)
