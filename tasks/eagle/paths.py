"""How a path of this machine is called on Eagle's, and back (EAGLE_PATH_MAP). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tasks.errors import ConfigurationError

_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/]|$)")


@dataclass(frozen=True, slots=True)
class PathMap:
    """Pairs of folders, (here, on Eagle's machine); the longest that fits a path is used."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The map written as `here=there,...`; empty text maps nothing.

        Raises ConfigurationError for an entry that is no pair of absolute paths.
        """
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return cls(tuple(_pair(entry) for entry in entries))

    def to_eagle(self, path: Path) -> str:
        """How Eagle's machine names `path`, in the syntax of that machine."""
        here = str(path.expanduser().absolute())
        return _translate(here, self.pairs) or here

    def from_eagle(self, path: str) -> Path:
        """Where `path` of Eagle's machine is on this one, if it is mapped; else the same path."""
        back = tuple((there, here) for here, there in self.pairs)
        return Path(_translate(path, back) or path)


def _pair(entry: str) -> tuple[str, str]:
    here, divider, there = entry.partition("=")
    here, there = here.strip(), there.strip()
    if not divider or not _is_absolute(here) or not _is_absolute(there):
        raise ConfigurationError(
            f"EAGLE_PATH_MAP: {entry!r} is no pair of absolute paths.",
            remedy="Write it as /path/here=/path/on/eagles/machine, pairs divided by commas.",
        )
    return here, there


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\\\", "~/")) or _DRIVE.match(path) is not None


def _translate(path: str, pairs: tuple[tuple[str, str], ...]) -> str | None:
    if not pairs:
        return None
    parts = _parts(path)
    fitting = [
        (len(_parts(source)), source, target)
        for source, target in pairs
        if _fits(parts, _parts(source), windows=_is_windows(source))
    ]
    if not fitting:
        return None
    length, _, target = max(fitting)
    separator = "\\" if _is_windows(target) else "/"
    rest = separator.join(parts[length:])
    base = str(Path(target).expanduser()) if target.startswith("~/") else target
    base = base.rstrip("\\/")
    return f"{base}{separator}{rest}" if rest or not base or base.endswith(":") else base


def _parts(path: str) -> list[str]:
    if path.startswith("~/"):
        path = str(Path(path).expanduser())
    text = path.replace("\\", "/") if _is_windows(path) else path
    root = ["//"] if text.startswith("//") else ["/"] if text.startswith("/") else []
    return root + [part for part in text.split("/") if part not in {"", "."}]


def _is_windows(path: str) -> bool:
    return path.startswith("\\\\") or _DRIVE.match(path) is not None


def _fits(parts: list[str], source: list[str], *, windows: bool) -> bool:
    start = parts[: len(source)]
    if windows:  # its file names ignore case
        return [part.casefold() for part in start] == [part.casefold() for part in source]
    return start == source
