"""What this machine remembers of the lists it follows: a file of JSON a list, replaced whole.

Which tracks a list held, in its order, and the rows they became. A track that is remembered is not
new, whatever became of its row: a row that the user threw away does not come back.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tasks.disk.file_lock import alone
from tasks.disk.whole_files import read_document, write_whole
from tasks.errors import BadAddress
from tasks.soundcloud.lists import ListAddress, ListKind, SourceList, parse_list_address


@dataclass(kw_only=True)
class RememberedList:
    """One list. `playlist` is the name it was given ("": its own title), `is_ours` says that it is
    followed from this machine and not by a playlist's page in Notion.

    `numbers` are its tracks in its order, `rows` the page ids of their rows. `is_whole` says that
    every track of it has been brought once. `troubled_on` is the last day on which it could not be
    read, as ISO text.
    """

    url: str
    playlist: str = ""
    title: str = ""
    is_ours: bool = False
    numbers: list[str] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    is_whole: bool = False
    troubled_on: str = ""

    @property
    def address(self) -> ListAddress:
        """Its address. Raises BadAddress if the file was spoilt."""
        return parse_list_address(self.url)

    @property
    def name(self) -> str:
        """The playlist its tracks are in."""
        return self.playlist or self.title

    def left(self, found: SourceList) -> list[str]:
        """Tracks that were in the list and no longer are, as far as was read."""
        now = {track.number for track in found.tracks}
        return [number for number in self.numbers if number not in now] if found.is_whole else []

    def take(self, found: SourceList, done: dict[str, str]) -> None:
        """Note what was read, and the tracks of it that are dealt with, with their rows ("": none).

        Those that are not stay unknown, so that they are new again next time.
        """
        self.title = found.title or self.title
        known = set(self.numbers) | done.keys()
        now = [track.number for track in found.tracks if track.number in known]
        is_complete = all(track.number in known for track in found.tracks)
        if not found.is_whole:
            seen = set(now)
            now += [number for number in self.numbers if number not in seen]
        self.is_whole = is_complete and (found.is_whole or self.is_whole)
        self.numbers = now
        kept = set(now)
        self.rows = {n: page for n, page in (self.rows | done).items() if n in kept and page}


class ListMemory:
    """The files in the state folder's `followed`."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "followed"

    def of(self, address: ListAddress) -> RememberedList:
        """What is known of a list; a blank page for an unknown one."""
        return self._read(self._file(address)) or RememberedList(url=address.url)

    def all(self) -> list[RememberedList]:
        """Every list that is known, by address."""
        found = [self._read(file) for file in sorted(self._folder.glob("*.json"))]
        return sorted((each for each in found if each), key=lambda each: each.url)

    def save(self, remembered: RememberedList) -> None:
        """Write it down. Raises OSError."""
        text = json.dumps(asdict(remembered), ensure_ascii=False, indent=1)
        write_whole(self._file(remembered.address), text)

    def forget(self, address: ListAddress) -> None:
        """Know nothing of a list any more."""
        self._file(address).unlink(missing_ok=True)

    def alone(self) -> AbstractContextManager[bool]:
        """True within it if no other process of this machine is within it."""
        return alone(self._folder / ".lock")

    def _file(self, address: ListAddress) -> Path:
        words = address.key.split("/")
        name = "-".join(words[1:] if address.kind is not ListKind.SET else words[1::2])
        digest = hashlib.sha256(address.key.encode()).hexdigest()[:8]
        return self._folder / f"{name[:60]}-{digest}.json"

    def _read(self, file: Path) -> RememberedList | None:
        return read_document(file, _understood)


def _understood(plain: Any) -> RememberedList:
    """Raises ValueError and the like for what is no list of ours."""
    known = {each.name for each in fields(RememberedList)}
    found = RememberedList(**{name: value for name, value in plain.items() if name in known})
    try:
        _ = found.address
    except BadAddress as error:
        raise ValueError(str(error)) from error
    return found
