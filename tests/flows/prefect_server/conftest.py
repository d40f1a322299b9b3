"""For tests of what Prefect reads when it is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from prefect import context
from prefect.context import SettingsContext


@pytest.fixture
def as_imported_now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Call it, and Prefect has the settings that its import here and now would find."""

    def read() -> None:
        monkeypatch.setattr(context, "GLOBAL_SETTINGS_CONTEXT", context.root_settings_context())

    inherited = SettingsContext.__var__.set(None)
    yield read
    SettingsContext.__var__.reset(inherited)
