"""Notifications by apprise, to a receiver on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tasks.errors import ConfigurationError
from tasks.notifications.client import NotificationFailed, Notifier
from tests.tasks.notification_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


async def test_a_message_arrives_at_each_address(receiver: Receiver) -> None:
    address = f"json://127.0.0.1:{receiver.port}"
    await Notifier(f"{address}/one, {address}/two").send("3 new", "Nova - Ünïcode: gone.")
    assert [(each["title"], each["message"]) for each in receiver.received] == [
        ("3 new", "Nova - Ünïcode: gone.")
    ] * 2


async def test_a_refusal_names_the_address_without_its_secrets(receiver: Receiver) -> None:
    receiver.status = 500
    notifier = Notifier(f"json://robin:hunter2secret@127.0.0.1:{receiver.port}/")
    with pytest.raises(NotificationFailed) as caught:
        await notifier.send("t", "b")
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2secret" not in str(caught.value)
    assert "?" not in str(caught.value), "apprise's own settings are no part of it"


def test_who_is_told_of_a_run_is_not_told_of_apprises_imports() -> None:
    """It imports modules that Python is to lose."""
    code = "from tasks.notifications.client import Notifier; Notifier('json://127.0.0.1:9')"
    done = subprocess.run(
        [sys.executable, "-W", "default::DeprecationWarning", "-c", code],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "apprise" not in done.stderr


async def test_an_address_that_nobody_answers_fails(receiver: Receiver) -> None:
    port = receiver.port
    receiver.server.server_close()
    with pytest.raises(NotificationFailed):
        await Notifier(f"json://127.0.0.1:{port}").send("t", "b")


@pytest.mark.parametrize("text", ["nonsense", "", "json://127.0.0.1, hopeless://x"])
def test_an_address_that_apprise_does_not_know_is_a_setting_to_correct(text: str) -> None:
    with pytest.raises(ConfigurationError, match="NOTIFY"):
        Notifier(text)
