"""Whose likes and reposts there are, and which lists are closed, kept as lines of JSON.

An account is there as soon as it has a track, a like or a repost; it bears the name it was first
given. What it uploaded is the catalogue's.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, Literal

from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.records import SampleSet, SampleTrack, slug_of

Shelf = Literal["likes", "reposts"]


class Accounts:
    """Read from `file` at start and appended to; safe to use from several threads."""

    def __init__(self, file: Path, catalogue: Catalogue) -> None:
        self._file = file
        self._catalogue = catalogue
        self._guard = threading.RLock()
        self._names: dict[str, str] = {}
        self._shelves: dict[tuple[str, str], list[int]] = {}
        self._closed: dict[str, int] = {}
        if file.exists():
            for line in file.read_text("utf-8").splitlines():
                self._take(json.loads(line))

    def like(self, name: str, *liked: SampleTrack | SampleSet) -> str:
        """The account `name` likes these, one after the other; the address of its likes."""
        return self._add(name, "likes", liked)

    def repost(self, name: str, *posted: SampleTrack | SampleSet) -> str:
        """The account `name` reposts these; the address of its reposts."""
        return self._add(name, "reposts", posted)

    def remove(self, name: str, shelf: Shelf, track: SampleTrack) -> None:
        """The account takes a like or repost back."""
        self._keep({"remove": {"slug": slug_of(name), "shelf": shelf, "track": track.id}})

    def close(self, path: str, status: int = 404) -> None:
        """Answer `status` for the account or set at `path` (`artist`, `artist/sets/name`)."""
        self._keep({"close": {"path": path.lower(), "status": status}})

    def open(self, path: str) -> None:
        """Answer for `path` again."""
        self._keep({"close": {"path": path.lower(), "status": 0}})

    def closed(self, path: str) -> int:
        """The status that `path` is answered with; 0 if it is open."""
        with self._guard:
            return self._closed.get(path.lower(), 0)

    def name(self, slug: str) -> str | None:
        """What the account with this slug is called; None if there is none."""
        with self._guard:
            if slug in self._names:
                return self._names[slug]
        return next((t.artist for t in self._catalogue.tracks if t.artist_slug == slug), None)

    def slugs(self) -> list[str]:
        """All accounts."""
        uploaders = [track.artist_slug for track in self._catalogue.tracks]
        with self._guard:
            return list(dict.fromkeys([*self._names, *uploaders]))

    def shelf(self, slug: str, shelf: Shelf) -> list[SampleTrack | SampleSet]:
        """An account's likes or reposts, newest first."""
        with self._guard:
            numbers = self._shelves.get((slug, shelf), [])[::-1]
        found = [self._catalogue.track(each) or self._catalogue.set(each) for each in numbers]
        return [each for each in found if each]

    def uploads(self, slug: str) -> list[SampleTrack]:
        """An account's own tracks, newest first."""
        return [track for track in self._catalogue.tracks[::-1] if track.artist_slug == slug]

    def _add(self, name: str, shelf: Shelf, added: tuple[SampleTrack | SampleSet, ...]) -> str:
        slug = slug_of(name)
        ids = [each.id for each in added]
        self._keep({"add": {"name": name, "slug": slug, "shelf": shelf, "ids": ids}})
        return f"https://soundcloud.com/{slug}/{shelf}"

    def _keep(self, entry: dict[str, Any]) -> None:
        with self._guard:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        if fields := entry.get("add"):
            self._names.setdefault(fields["slug"], fields["name"])
            key = (fields["slug"], fields["shelf"])
            self._shelves[key] = [*self._shelves.get(key, []), *fields["ids"]]
        elif fields := entry.get("remove"):
            key = (fields["slug"], fields["shelf"])
            self._shelves[key] = [
                each for each in self._shelves.get(key, []) if each != fields["track"]
            ]
        elif fields := entry.get("close"):
            self._closed[fields["path"]] = fields["status"]
