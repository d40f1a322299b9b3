"""What Eagle makes of a name before it becomes a file's name (docs/facts/eagle.md, "Names")."""

from __future__ import annotations

import re
import unicodedata

# A file system takes 255 bytes; `_thumbnail.png` and the extension need some of them.
_BYTES_LIMIT = 200
_FORBIDDEN = frozenset('/?<>\\:*|"%')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def sanitize_name(name: str) -> str:
    """`name` as Eagle stores it: no reserved, invisible or astral characters, no entities.

    At most 200 UTF-8 bytes; `_` when nothing is left or the name is one
    that Windows reserves.
    """
    text = name.replace("&amp;", "&")
    for entity, plain in (("&lt;", ""), ("&gt;", ""), ("&quot;", '"'), ("&#39;", "'")):
        text = text.replace(entity, plain)
    text = "".join(filter(_is_kept, text)).strip()
    text = _cut(text).strip()
    return "_" if not text.strip(".") or _RESERVED.fullmatch(text) else text


def _is_kept(character: str) -> bool:
    return (
        character not in _FORBIDDEN
        and ord(character) <= 0xFFFF
        and unicodedata.category(character) not in _INVISIBLE
    )


def _cut(text: str) -> str:
    return text.encode()[:_BYTES_LIMIT].decode(errors="ignore")
