"""Every night: `library-sync serve` installed for this user."""

from __future__ import annotations

import subprocess
import sys

from flows.setup.dialogue import Dialogue

_AT = "03:00"


def offer_every_night(dialogue: Dialogue) -> None:
    """One question. `serve` shows what it installs, and asks before it does."""
    if not dialogue.is_open or dialogue.yes:
        return
    if not dialogue.agrees("Run every night at 3:00?", unless_said=False):
        return
    words = ["serve", "--install", "--nightly", _AT]
    done = subprocess.run([sys.executable, "-m", "flows", *words], check=False)  # noqa: S603
    if done.returncode == 0:
        dialogue.say("   To undo it: library-sync serve --uninstall")
    else:
        dialogue.say(f"   It was not installed. Later: library-sync {' '.join(words)}")
