"""A sandbox in numbers: what its services hold, and what they were asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.administered import Administered
    from sandbox.ledger import Ledger
    from sandbox.world import World


def summary_of(sandbox: Administered) -> dict[str, Any]:
    """`notion`, `eagle`, `requests`, `faults`, `commits`, `late_writes_under_way`, as plain JSON.

    `notion.rows` counts the rows of Music Tracks that are not in the trash, by state; `locks` are
    those with a value in Processing Lock. `eagle.items` counts by extension, the trash left out.
    Requests are counted by service, method and route.
    """
    return {
        "notion": _rows(sandbox.world),
        "eagle": _library(sandbox),
        "commits": dict(_commits(sandbox.ledger)),
        "requests": _requests(sandbox.ledger),
        "faults": _faults(sandbox.ledger),
        "late_writes_under_way": sum(layer.writes_under_way for layer in sandbox.layers.values()),
    }


def _rows(world: World) -> dict[str, Any]:
    rows = world.values_of_all()
    statuses = Counter(name for row in rows for name in row["Audio Processing Status"])
    return {
        "rows": {
            "all": len(rows),
            "done": sum(bool(row["DL"]) for row in rows),
            "with_eagle_id": sum(bool(row["Eagle File ID"]) for row in rows),
            "with_paths": sum(bool(row["WAV File Path"] or row["AIFF File Path"]) for row in rows),
        },
        "statuses": dict(statuses),
        "locks": [
            {"title": row["Title"], "lock": row["Processing Lock"]}
            for row in rows
            if row["Processing Lock"]
        ],
    }


def _library(sandbox: Administered) -> dict[str, Any]:
    records = [item.record for item in sandbox.eagle.items()]
    live = [record for record in records if not record.get("isDeleted")]
    return {
        "library": str(sandbox.eagle.library.path),
        "stopped": sandbox.eagle.stopped,
        "items": dict(Counter(record["ext"] for record in live)),
        "trashed": len(records) - len(live),
        "imports": len(sandbox.ledger.entries(event="commit", kind="item.add")),
        "lost_imports": len(sandbox.eagle.lost),
    }


def _commits(ledger: Ledger) -> Counter[str]:
    return Counter(
        f"{entry['service']} {entry['kind']}" for entry in ledger.entries(event="commit")
    )


def _requests(ledger: Ledger) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for entry in ledger.entries(event="request"):
        route = f"{entry['method']} {entry.get('route', entry['path'])}"
        counted.setdefault(entry["service"], Counter())[route] += 1
    return {service: dict(routes) for service, routes in counted.items()}


def _faults(ledger: Ledger) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for entry in ledger.entries(event="request"):
        if "fault" in entry:
            counted.setdefault(entry["service"], Counter())[entry["fault"]] += 1
    return {service: dict(names) for service, names in counted.items()}
