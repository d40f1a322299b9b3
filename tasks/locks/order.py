"""In which order a machine asks for rows, so that machines seldom ask for the same one.

Pure. Every machine weighs every row by a hash of both (rendezvous hashing); a row belongs to the
machine that weighs it most. Each takes its own part first, heaviest rows first, and then helps
with the others' rows, those their owners come to last before the rest. Measured in docs/lock.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b

from tasks.locks.value import parse

__all__ = ["machine_name", "machines_in", "own_part_first"]


def own_part_first(
    page_ids: Iterable[str], machine: str, machines: Collection[str] = ()
) -> list[str]:
    """`page_ids` in the order `machine` should ask for them; the same for the same arguments.

    `machines` are those known to be at work; none need be known, nor know of this one.
    """
    others = sorted(set(machines) - {machine})
    own: list[tuple[float, str]] = []
    rest: list[tuple[float, str]] = []
    for page_id in page_ids:
        weight = _weight(machine, page_id)
        theirs = max((_weight(other, page_id) for other in others), default=0.0)
        if weight >= theirs:
            own.append((-weight, page_id))
        else:
            rest.append((theirs - weight, page_id))
    return [page_id for _, page_id in sorted(own) + sorted(rest)]


def machine_name(host: str, pid: int) -> str:
    """What one process is called here: two on one host are two machines."""
    return f"{pid}@{host}"


def machines_in(locks: Iterable[str]) -> frozenset[str]:
    """The machines whose locks are among `locks`, the texts of a listing's rows."""
    values = (parse(lock) for lock in locks)
    return frozenset(machine_name(value.host, value.pid) for value in values if value)


def _weight(machine: str, page_id: str) -> float:
    digest = blake2b(f"{machine}\0{page_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
