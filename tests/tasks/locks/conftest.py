"""The scene that tests of claims and leases play on."""

from __future__ import annotations

import logging

import pytest

from tests.tasks.locks.scene import Scene


@pytest.fixture
def scene():
    logging.disable(logging.CRITICAL)
    scene = Scene()
    yield scene
    logging.disable(logging.NOTSET)
    scene.loop.close()
    assert not scene.loop.errors
