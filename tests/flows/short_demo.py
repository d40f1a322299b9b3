"""`python -m tests.flows.short_demo`: `library-sync demo`, with few tracks, of seconds."""

from __future__ import annotations

import sys

from flows.__main__ import main
from sandbox import builders
from tests.flows.small_world import short_samples

if __name__ == "__main__":
    builders.samples = short_samples
    builders.DEMO_TRACKS = 2  # beside every trouble
    sys.exit(main(["demo"]))
