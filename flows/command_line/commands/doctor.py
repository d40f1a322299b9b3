"""`library-sync doctor`: is everything there that a sync needs?"""

from __future__ import annotations

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import JsonFile


def doctor(
    *,
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Check everything a sync needs, and say how to mend it."""
    from flows.doctor import examine

    verbosity.attach()
    return examine.run(json_file=json)


COMMAND = Command(
    run=doctor,
    group=Group.SET_UP,
    examples=(
        ("doctor", "is everything there that a sync needs?"),
        ("doctor --json doctor.json", "the same for a program"),
    ),
)
