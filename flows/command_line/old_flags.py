"""The flags of the script that was there before: `--mode M …` as the command it names.

They go on working as they were: behind `--mode`, `--limit 0` means all tracks.
"""

from __future__ import annotations

from typing import NamedTuple

from flows.command_line.endings import WrongWords

_MODES = {"library-sync": "sync", "batch": "batch", "status": "status", "cleanup": "cleanup"}
_REPLACED = {"single": "sync", "all": "sync", "reprocess": "sync --filter all"}
_DROPPED = {
    "--no-sort": "The rows are taken oldest first.",
    "--sort-asc": "The rows are taken oldest first.",
}
ALL_TRACKS = "--limit 0 means no limit here: all tracks."


class Translated(NamedTuple):
    """The words of today, and what is to be said about those of yesterday."""

    words: list[str]
    notes: list[str]


def translate(words: list[str]) -> Translated:
    """`words` without `--mode`. Raises WrongWords for a mode that there is not."""
    place = next((n for n, word in enumerate(words) if _is(word, "--mode")), None)
    if place is None:
        _require_none_dropped(words)
        return Translated(words, [])
    mode, behind = _value(words, place)
    rest = words[:place] + behind
    if mode not in _MODES:
        raise WrongWords(_no_such_mode(mode, rest))
    _require_none_dropped(rest)
    rest, is_unlimited = _without_zero(rest)
    return Translated([_MODES[mode], *rest], [ALL_TRACKS] if is_unlimited else [])


def _require_none_dropped(words: list[str]) -> None:
    for word in words:
        if word in _DROPPED:
            raise WrongWords(f"{word} is no longer needed. {_DROPPED[word]} Leave it out.")


def _no_such_mode(mode: str, rest: list[str]) -> str:
    if mode not in _REPLACED:
        return f"--mode must be one of {', '.join(_MODES)}, not {mode!r}."
    kept = [word for word in rest if word not in _DROPPED]
    if mode == "single" and not any(_is(word, "--limit") for word in kept):
        kept = ["--limit", "1", *kept]
    return f"--mode {mode} is gone. Use: {' '.join(['library-sync', _REPLACED[mode], *kept])}"


def _without_zero(words: list[str]) -> tuple[list[str], bool]:
    for place, word in enumerate(words):
        if _is(word, "--limit"):
            value, behind = _value(words, place)
            if value == "0":
                return words[:place] + behind, True
    return words, False


def _is(word: str, option: str) -> bool:
    return word.partition("=")[0] == option


def _value(words: list[str], place: int) -> tuple[str, list[str]]:
    """The value of the option at `place`, and the words behind it."""
    _, equals, value = words[place].partition("=")
    if equals:
        return value, words[place + 1 :]
    return next(iter(words[place + 1 :]), ""), words[place + 2 :]
