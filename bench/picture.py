"""`python -m bench.picture`: the README's picture, a real run of the demo in a terminal.

Runs `library-sync demo` in a temporary folder and writes docs/images/demo.svg.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"
_SHOWN_AT_START = 24
_SHOWN_AT_END = 34


def main() -> int:
    """Run the demo, draw what it printed; the demo's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "flows", "demo", "--dir", f"{folder}/demo"]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    printed = done.stdout.decode().replace(folder, "/home/dj")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    _draw(printed.splitlines())
    print(f"{TARGET} written, exit code {done.returncode}")
    return done.returncode


def _draw(lines: list[str]) -> None:
    console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold"))
    middle = len(lines) - _SHOWN_AT_START - _SHOWN_AT_END
    shown = [*lines[:_SHOWN_AT_START], f"   ... {middle} lines ...", *lines[-_SHOWN_AT_END:]]
    for line in shown if middle > 0 else lines:
        console.print(Text(line, style=_style(line), no_wrap=True, overflow="ellipsis"))
    picture = console.export_svg(title="library-sync")
    # The reader's own monospace font will do; nothing is fetched from elsewhere.
    TARGET.write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), "utf-8")


def _style(line: str) -> str:
    if line.startswith("Warning:"):
        return "yellow"
    if line.isupper() or line.startswith(("Step", "FULL", "TRACKS")):
        return "bold cyan"
    return "green" if line.strip().startswith("processed:") else ""


if __name__ == "__main__":
    sys.exit(main())
