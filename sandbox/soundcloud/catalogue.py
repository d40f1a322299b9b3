"""The tracks, sets and short links that the stand-in knows, kept as lines of JSON.

What a track is never changes; what is the matter with it may, while the stand-in serves, and so may
what a playlist holds.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.soundcloud.conditions import Condition, Details, condition_from
from sandbox.soundcloud.music import seconds_of, steps_for
from sandbox.soundcloud.records import ORIGINAL_KINDS, WEB, SampleSet, SampleTrack, slug_of

SHORT = "https://on.soundcloud.com"

_FIRST_TRACK = 1_900_000_017
_FIRST_SET = 1_700_000_023


class Catalogue:
    """Read from `file` at start and appended to; safe to use from several threads.

    Knobs for all tracks: `latency` (seconds before each answer), `format_budget` (format
    addresses given out within ten minutes before the answer is 429; None: no limit),
    `url_lifetime` (seconds until a media address expires), `client_id` (another one makes the
    API refuse those who hold the old), `oauth_tokens` (accounts that may log in).
    """

    def __init__(self, file: Path, *, seed: int = 0) -> None:
        self.seed = seed
        self.latency = 0.0
        self.format_budget: int | None = None
        self.url_lifetime = 1_800.0
        self.client_id = self.token("client", 32)
        self.is_client_id_hidden = False
        self.oauth_tokens: set[str] = {"2-290000-sandbox"}
        self._file = file
        self._guard = threading.RLock()
        self._tracks: dict[int, SampleTrack] = {}
        self._sets: dict[int, SampleSet] = {}
        self._paths: dict[str, SampleTrack | SampleSet] = {}
        self._links: dict[str, int] = {}
        self._used: dict[tuple[int, str], int] = {}
        if file.exists():
            self._load()

    def hide_client_id(self, *, is_hidden: bool) -> None:
        """Let the scripts name no client id, and refuse the one they named; or name it again."""
        self.is_client_id_hidden = is_hidden
        self.client_id = self.token("hidden" if is_hidden else "client", 32)

    @property
    def tracks(self) -> list[SampleTrack]:
        """All tracks, in the order they were added, as they are now."""
        with self._guard:
            return list(self._tracks.values())

    @property
    def sets(self) -> list[SampleSet]:
        """All playlists, in the order they were added, as they are now."""
        with self._guard:
            return list(self._sets.values())

    def add_track(
        self,
        title: str,
        artist: str,
        *,
        seconds: float = 40.0,
        genre: str = "House",
        condition: str = "ordinary",
        original: str | None = None,
        original_needs_login: bool = True,
        **details: float | None,
    ) -> SampleTrack:
        """A new track; its `seconds` are the nearest length that can be made (steps of 0.21 s).

        `original` is the uploaded file's kind (wav, aiff, flac, mp3), offered for download as
        well, to guests only if it needs no login. `details` belong to the condition
        (`conditions.DETAILS`). Raises ValueError for a condition, detail or kind that is unknown.
        """
        state, details_now = condition_from(condition, details)
        kind = original or ("wav" if state is Condition.ORIGINAL else "")
        if kind and kind not in ORIGINAL_KINDS:
            raise ValueError(f"Originals are {', '.join(ORIGINAL_KINDS)}, not {kind!r}.")
        with self._guard:
            number = _FIRST_TRACK + 7_919 * len(self._tracks)
            artist_slug = slug_of(artist) or f"user-{self.token(artist, 9, '0123456789')}"
            slug = self._free_slug(artist_slug, slug_of(title) or f"track-{len(self._tracks) + 1}")
            secret = f"s-{self.token(f'secret/{number}', 11)}" if state is Condition.PRIVATE else ""
            track = SampleTrack(
                id=number,
                url="/".join(part for part in (WEB, artist_slug, slug, secret) if part),
                title=title,
                artist=artist,
                seconds=seconds_of(steps_for(seconds)),
                genre=genre,
                condition=state,
                details=details_now,
                artist_slug=artist_slug,
                slug=slug,
                secret=secret,
                original=kind,
                original_needs_login=original_needs_login,
            )
            self._keep({"track": dataclasses.asdict(track)})
        return track

    def add_set(
        self,
        title: str,
        artist: str,
        tracks: Sequence[SampleTrack],
        *,
        is_private: bool = False,
    ) -> str:
        """The address of a new playlist of `tracks`."""
        with self._guard:
            number = _FIRST_SET + 104_729 * len(self._sets)
            artist_slug = slug_of(artist) or f"user-{self.token(artist, 9, '0123456789')}"
            slug = self._free_slug(f"{artist_slug}/sets", slug_of(title) or "set")
            secret = f"s-{self.token(f'secret/{number}', 11)}" if is_private else ""
            path = f"{artist_slug}/sets/{slug}"
            made = SampleSet(
                id=number,
                url="/".join(part for part in (WEB, path, secret) if part),
                title=title,
                artist=artist,
                artist_slug=artist_slug,
                slug=slug,
                tracks=tuple(track.id for track in tracks),
                secret=secret,
            )
            self._keep({"set": dataclasses.asdict(made)})
        return made.url

    def change_set(self, url: str, tracks: Sequence[SampleTrack]) -> None:
        """The playlist at `url` holds `tracks` from now on. Raises KeyError if there is none."""
        with self._guard:
            found = next((each for each in self._sets.values() if each.url == url), None)
            if found is None:
                raise KeyError(f"SoundCloud has no playlist at {url}.")
            changed = dataclasses.replace(found, tracks=tuple(track.id for track in tracks))
            self._keep({"set": dataclasses.asdict(changed)})

    def add_short_link(self, track: SampleTrack | SampleSet) -> str:
        """An on.soundcloud.com address that leads to a track or playlist."""
        with self._guard:
            code = self.token(f"link/{len(self._links)}", 20)
            self._keep({"link": {"code": code, "track": track.id}})
        return f"{SHORT}/{code}"

    def set_condition(self, track_id: int, condition: str, **details: float | None) -> SampleTrack:
        """Change what is the matter with a track, from the next request on; counts begin anew.

        Raises ValueError for an unknown condition or detail, KeyError for an unknown track. A
        track keeps the address it has: `private` takes effect on tracks that were added so.
        """
        state, details_now = condition_from(condition, details)
        with self._guard:
            if track_id not in self._tracks:
                raise KeyError(f"SoundCloud has no track {track_id}.")
            self._keep(
                {"condition": {"track": track_id, "condition": state, "details": details_now}}
            )
            return self._tracks[track_id]

    def track(self, track_id: int) -> SampleTrack | None:
        """The track with this id as it is now."""
        with self._guard:
            return self._tracks.get(track_id)

    def set(self, set_id: int) -> SampleSet | None:
        """The playlist with this id."""
        with self._guard:
            return self._sets.get(set_id)

    def at(self, path: str) -> SampleTrack | SampleSet | None:
        """What lies at `artist/title` or `artist/sets/title`, in any case."""
        with self._guard:
            found = self._paths.get(path.lower())
            return self._tracks[found.id] if isinstance(found, SampleTrack) else found

    def linked(self, code: str) -> SampleTrack | SampleSet | None:
        """What a short link leads to."""
        with self._guard:
            number = self._links.get(code, 0)
            return self._tracks.get(number) or self._sets.get(number)

    def strikes(self, track: SampleTrack, kind: str = "") -> bool:
        """True if the track's trouble happens this time: `times` times for each `kind`."""
        times = track.details.get("times")
        if times is None:
            return True
        with self._guard:
            used = self._used.get((track.id, kind), 0)
            self._used[track.id, kind] = used + 1
        return used < times

    def token(self, name: str, length: int, alphabet: str = "") -> str:
        """Letters and digits that only `name` and `seed` decide."""
        letters = alphabet or "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=64).digest()
        return "".join(letters[byte % len(letters)] for byte in digest[:length])

    def _free_slug(self, artist_slug: str, slug: str) -> str:
        number, candidate = 1, slug
        while f"{artist_slug}/{candidate}" in self._paths:
            number += 1
            candidate = f"{slug}-{number}"
        return candidate

    def _load(self) -> None:
        for line in self._file.read_text("utf-8").splitlines():
            self._take(json.loads(line))

    def _keep(self, entry: dict[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(entry, ensure_ascii=False)
        with self._file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
        self._take(json.loads(line))

    def _take(self, entry: dict[str, Any]) -> None:
        if fields := entry.get("track"):
            track = SampleTrack(**fields | {"condition": Condition(fields["condition"])})
            self._tracks[track.id] = track
            self._paths[track.path] = track
        elif fields := entry.get("set"):
            made = SampleSet(**fields | {"tracks": tuple(fields["tracks"])})
            self._sets[made.id] = made
            self._paths[made.path] = made
        elif fields := entry.get("link"):
            self._links[fields["code"]] = fields["track"]
        elif fields := entry.get("condition"):
            self._change(fields["track"], Condition(fields["condition"]), fields["details"])

    def _change(self, track_id: int, condition: Condition, details: Details) -> None:
        before = self._tracks[track_id]
        original = before.original or ("wav" if condition is Condition.ORIGINAL else "")
        self._tracks[track_id] = dataclasses.replace(
            before, condition=condition, details=details, original=original
        )
        for key in [key for key in self._used if key[0] == track_id]:
            del self._used[key]
