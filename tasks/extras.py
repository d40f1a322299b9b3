"""How an optional package is added to the environment that runs us, by what made that."""

from __future__ import annotations

import sys
from pathlib import Path

_MARKS = {"uv": "uv-receipt.toml", "pipx": "pipx_metadata.json"}


def how_to_add(extra: str, package: str, prefix: str = sys.prefix) -> str:
    """A sentence with the command for `extra`, which is `package`.

    uv installs the whole project again: its command is for the folder that was installed from.
    """
    made_by = next((tool for tool, mark in _MARKS.items() if (Path(prefix) / mark).is_file()), "")
    if made_by == "uv":
        return f'Run `uv tool install ".[{extra}]"` in the folder you installed it from.'
    if made_by == "pipx":
        return f"Run `pipx inject library-sync {package}`."
    return f"Run `{Path(prefix) / 'bin' / 'python'} -m pip install {package}`."
