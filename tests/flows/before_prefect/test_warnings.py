"""What recordings are fetched with meanwhile is as quiet beside Prefect's import as after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
STARTED = """
import warnings
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning
from flows.prefect_server.environment import heavy_imports

with heavy_imports():
    with warnings.catch_warnings():  # a hundred of these are in Prefect's import
        disable_warnings(InsecureRequestWarning)  # a download begins in another thread
warnings.warn("Unverified HTTPS request is being made to host 'proxy'.", InsecureRequestWarning)
"""


def test_certificates_that_need_not_be_verified_are_not_spoken_of():
    """Given SC_TLS_VERIFY=0, when Prefect's import undoes what yt-dlp has set for it, then the
    terminal has none of urllib3's warnings.
    """
    told = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stderr == ""
