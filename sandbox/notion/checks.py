"""Small checks of request bodies, each refusing in Notion's words.

`path` is where the value stands (`body.properties.Name.title[0].text`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import parse_id

LONGEST_ARRAY = 100


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units, which is what Notion counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def an_object(value: object, path: str) -> dict[str, Any]:
    """`value`, which has to be a JSON object."""
    if not isinstance(value, dict):
        expected = "defined" if value is UNDEFINED else "an object"
        raise invalid(path, expected, value)
    return value


def an_array(value: object, path: str, *, longest: int = LONGEST_ARRAY) -> list[Any]:
    """`value`, which has to be an array of at most `longest` elements."""
    if not isinstance(value, list):
        raise invalid(path, "defined" if value is UNDEFINED else "an array", value)
    if len(value) > longest:
        raise _too_many(path, longest, len(value))
    return value


def string(value: object, path: str, *, longest: int | None = None) -> str:
    """`value`, which has to be a string of at most `longest` UTF-16 units."""
    if not isinstance(value, str):
        raise invalid(path, "defined" if value is UNDEFINED else "a string", value)
    if longest is not None:
        within(value, path, longest)
    return value


def within(text: str, path: str, longest: int) -> None:
    """Refuse a text of more than `longest` UTF-16 units."""
    if units(text) > longest:
        raise _too_many(path, longest, units(text))


def boolean(value: object, path: str) -> bool:
    """`value`, which has to be true or false."""
    if not isinstance(value, bool):
        raise invalid(path, "a boolean", value)
    return value


def an_id(value: object, path: str) -> str:
    """`value` as a dashed UUID; it has to be one, with or without dashes."""
    parsed = parse_id(value)
    if parsed is None:
        raise invalid(path, "defined" if value is UNDEFINED else "a valid uuid", value)
    return parsed


def one_of(value: object, path: str, allowed: Collection[str]) -> str:
    """`value`, which has to be one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise invalid(path, alternatives(allowed), value)
    return value


def alternatives(allowed: Iterable[str]) -> str:
    """`"a"`, `"b"`, or `"c"`: how Notion lists what it would have taken."""
    quoted = [f'`"{word}"`' for word in allowed]
    if len(quoted) == 1:
        return quoted[0]
    comma = "," if len(quoted) > 2 else ""
    return f"{', '.join(quoted[:-1])}{comma} or {quoted[-1]}"


def only_keys(value: Mapping[str, Any], path: str, allowed: Collection[str]) -> None:
    """Refuse keys that are not among `allowed`."""
    for key in value:
        if key not in allowed:
            raise invalid(f"{path}.{key}", "not present", value[key])


def not_null(value: Mapping[str, Any], path: str, expected: Mapping[str, str]) -> None:
    """Refuse null where a key may only be left out; `expected` says what each key takes."""
    for key, what in expected.items():
        if key in value and value[key] is None:
            raise invalid(f"{path}.{key}", f"{what} or `undefined`", None)


def absent(value: Mapping[str, Any], path: str, *keys: str) -> None:
    """Refuse `keys`, which another version of the API had."""
    only_keys(value, path, set(value) - set(keys))


def _too_many(path: str, longest: int, length: int) -> Exception:
    where = path.split(".", maxsplit=1)[0]
    return validation(
        f"{where} failed validation: {path}.length should be ≤ `{longest}`, instead was `{length}`."
    )
