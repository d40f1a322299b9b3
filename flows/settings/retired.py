"""Variables of the earlier script that are no longer read, and what stands in their place."""

from __future__ import annotations

from collections.abc import Mapping

# The new name; empty where nothing stands in its place and the line can go.
RETIRED: Mapping[str, str] = {
    "NOTION_API_KEY": "NOTION_TOKEN",
    "NOTION_API_TOKEN": "NOTION_TOKEN",
    "VV_AUTOMATIONS_WS_TOKEN": "NOTION_TOKEN",
    "DATABASE_ID": "TRACKS_DB_ID",
    "MUSIC_TRACKS_DB_ID": "TRACKS_DB_ID",
    "MUSIC_PLAYLISTS_DB_ID": "PLAYLISTS_DB_ID",
    "EAGLE_BASE_URL": "EAGLE_API_BASE",
    "SC_AUTH_HEADER": "SC_AUTH_TOKEN",
    "NOTION_TIMEOUT": "",
    "NOTION_VERSION": "",
    "ARTISTS_DB_ID": "",
    "TEMP_DIR": "",
    "EAGLE_ONLY_OUTPUT": "",
    "EAGLE_APP_PATH": "",
    "EAGLE_AUTO_LAUNCH": "",
    "NOTION_RATE_LIMIT": "NOTION_REQUESTS_PER_MINUTE",
    "SC_DEDUP_DRY_RUN": "DRY_RUN",
}
