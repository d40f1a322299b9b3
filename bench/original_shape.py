"""A run shaped like the original: one track after another, and everything asked for again.

The original makes about 40 Notion calls a new track and reads Eagle's whole library at least twice.
This makes as many, half of them writes, waits for each, and
downloads and converts as the bare loop does. It shares no code with the product, and does less than
the original did: nothing is compared, fingerprinted or imported.

`python -m bench.original_shape FOLDER TRACKS` prints the seconds each track took, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from bench.bare_loop import fetch_and_convert

NOTION_CALLS = 40
LIBRARY_READS = 2

_VERSION = {"Notion-Version": "2025-09-03"}


def main() -> None:
    """Work on the first rows that Notion lists."""
    folder, tracks = Path(sys.argv[1]), int(sys.argv[2])
    token = os.environ["NOTION_TOKEN"]
    headers = _VERSION | {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=120, trust_env=False) as http:
        seconds = []
        for place, page in enumerate(_new_rows(http, tracks)):
            began = time.monotonic()
            _work(http, page, folder / str(place))
            seconds.append(time.monotonic() - began)
    sys.stdout.write(json.dumps(seconds))


def _notion(http: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    answer = http.request(method, f"{os.environ['NOTION_BASE_URL']}/v1/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def _new_rows(http: httpx.Client, count: int) -> list[Any]:
    database = _notion(http, "GET", f"databases/{os.environ['TRACKS_DB_ID']}")
    source = database["data_sources"][0]["id"]
    body = {"filter": {"property": "DL", "checkbox": {"equals": False}}, "page_size": count}
    found: list[Any] = _notion(http, "POST", f"data_sources/{source}/query", body)["results"]
    return found


def _work(http: httpx.Client, page: Any, folder: Path) -> None:
    for _ in range(LIBRARY_READS):
        items = http.get(f"{os.environ['EAGLE_API_BASE']}/api/item/list", params={"limit": "50000"})
        items.json()
    properties = {"Genre": page["properties"]["Genre"]}
    for _ in range(NOTION_CALLS // 2):
        _notion(http, "GET", f"pages/{page['id']}")
        _notion(http, "PATCH", f"pages/{page['id']}", {"properties": _written(properties)})
    url = page["properties"]["SoundCloud URL"]["url"]
    fetch_and_convert(url, folder, os.environ["SC_PROXY"], folder.parent / "cache")


def _written(properties: Any) -> Any:
    return {
        name: {"select": {"name": value["select"]["name"]}} for name, value in properties.items()
    }


if __name__ == "__main__":
    main()
