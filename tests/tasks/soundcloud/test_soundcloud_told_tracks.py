"""What SoundCloud told of tracks is kept for later runs, and read once there is a question."""

from __future__ import annotations

from pathlib import Path

from tasks.soundcloud.information import SourceFacts
from tasks.soundcloud.told_tracks import ToldTracks

KEY = "soundcloud.com/nova/glass"


def test_what_was_told_is_known_to_the_next_run(tmp_path: Path) -> None:
    """Number and length; a line that is none costs only itself."""
    file = tmp_path / "tracks.jsonl"
    facts = SourceFacts(soundcloud_id="77", announced_seconds=5.0)
    ToldTracks(file).note(KEY, facts, keep=True)
    ToldTracks(file).note("youtube:abc", SourceFacts(), keep=True)
    file.write_bytes(file.read_bytes() + b'{"track": 7}\n')
    later = ToldTracks(file)
    assert later.of(KEY) == facts
    assert later.of("youtube:abc") == SourceFacts()
    assert later.of("") is None


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    """It knows the answer all the same, as long as it lasts."""
    told = ToldTracks(tmp_path / "tracks.jsonl")
    told.note(KEY, SourceFacts(soundcloud_id="77"), keep=False)
    assert told.of(KEY) == SourceFacts(soundcloud_id="77")
    assert list(tmp_path.iterdir()) == []
