"""The kinds of value a setting may have: what their text means, and which text cannot work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, SecretStr
from pydantic_core import PydanticUseDefault
from pydantic_settings import NoDecode

from tasks.notion.links import id_in


class Unusable(ValueError):
    """A text that cannot work. `remedy` says what to set; {name} and {default} are filled in."""

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said)
        self.remedy = remedy


def of_text(meaning: Callable[[str], object]) -> BeforeValidator:
    """What a text means, without the spaces around it."""
    return BeforeValidator(lambda text: meaning(text.strip()))


def at_least(least: int, most: int | None = None) -> BeforeValidator:
    """A whole number from `least` to `most`; empty text is the default."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def number(text: str) -> int:
        if not text:
            raise PydanticUseDefault
        if not text.isdecimal() or not least <= int(text) <= (most or int(text)):
            raise Unusable(
                f"must be a whole number {bounds}, not {text!r}",
                "Set {name} to {default}, its default.",
            )
        return int(text)

    return of_text(number)


def _switch(text: str) -> bool:
    value = text.lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise Unusable(f"must be 1 or 0, not {value!r}", "Set {name}=1 or 0.")


def _database_id(text: str) -> str:
    """The dashed id in an id or a Notion link; empty stays empty."""
    found = id_in(text)
    if text and not found:
        raise Unusable(
            f"is no Notion database id: {text!r}",
            "Open the database in Notion, copy its link, and set {name} to it.",
        )
    return found


def _eagle_address(text: str) -> str:
    return "" if text.lower() in {"", "off", "0", "none"} else text.rstrip("/")


def _folder(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _needed_folder(text: str) -> Path:
    if not text:
        raise PydanticUseDefault
    return Path(text).expanduser()


def _hosts(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def _sample_rate(text: str) -> int | None:
    if text.lower() in {"", "source"}:
        return None
    if not text.isdecimal() or int(text) < 8000:
        raise Unusable(
            f"must be source or a rate of at least 8000 Hz, not {text!r}",
            "Set {name} to {default}, its default.",
        )
    return int(text)


def one_of(*allowed: str) -> BeforeValidator:
    """One of these words; empty text is the default."""

    def word(text: str) -> str:
        if not text:
            raise PydanticUseDefault
        if text.lower() not in allowed:
            choices = " or ".join(allowed)
            raise Unusable(
                f"must be {choices}, not {text.lower()!r}", f"Set {{name}} to {choices}."
            )
        return text.lower()

    return of_text(word)


Text: TypeAlias = Annotated[str, of_text(str)]
ShellCommand: TypeAlias = Annotated[str, of_text(str)]
Secret: TypeAlias = Annotated[SecretStr, of_text(str)]
Switch: TypeAlias = Annotated[bool, of_text(_switch)]
DatabaseId: TypeAlias = Annotated[str, of_text(_database_id)]
Address: TypeAlias = Annotated[str, of_text(lambda text: text.rstrip("/"))]
EagleAddress: TypeAlias = Annotated[str, of_text(_eagle_address)]
Folder: TypeAlias = Annotated[Path | None, of_text(_folder)]
NeededFolder: TypeAlias = Annotated[Path, of_text(_needed_folder)]
Hosts: TypeAlias = Annotated[frozenset[str], NoDecode, of_text(_hosts)]
SampleRate: TypeAlias = Annotated[int | None, of_text(_sample_rate)]
BitDepth: TypeAlias = Annotated[int, one_of("16", "24")]
PlaylistCopies: TypeAlias = Annotated[Literal["first", "all"], one_of("first", "all")]
