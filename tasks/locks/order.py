"""In which order a machine asks for rows, so that machines seldom ask for the same one.

Pure. A machine alone goes through the rows as they are listed, oldest first. Where others are at
work, every machine weighs every row by a hash of both (rendezvous hashing); a row belongs to the
machine that weighs it most. Each takes its own part first, oldest first in it, and then helps with
the others' rows, those their owners come to last before the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b

from tasks.locks.value import parse


def own_part_first(
    page_ids: Iterable[str], machine: str, machines: Collection[str] = ()
) -> list[str]:
    """`page_ids`, given oldest first, in the order `machine` should ask for them.

    `machines` are those known to be at work; none need be known, nor know of this one.
    """
    others = sorted(set(machines) - {machine})
    own: list[str] = []
    rest: list[str] = []
    for page_id in page_ids:
        theirs = max((_weight(other, page_id) for other in others), default=0.0)
        (own if _weight(machine, page_id) >= theirs else rest).append(page_id)
    return own + rest[::-1]


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
