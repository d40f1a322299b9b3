"""Music that nobody made: artists, titles, genres and playlists invented for the sample world.

All recordings are distinct; some are versions of one another (remix, VIP, edit), which must never
be taken for the same. Lengths are 30-200 s with a mean near 80 s.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PLAYLISTS = (
    "Warehouse Opening",
    "Sunday Slow",
    "Peak Time",
    "Nachtfahrt: Ein Weg",
    "Terrasse d'été",
    "Drum & Bass / Rollers",
)

GENRES = ("House", "Techno", "Drum & Bass", "Ambient", "Electro", "Breaks")

# Artist, title: written by hand for what real libraries hold.
_WRITTEN = (
    ("Marlo Quill", "Copper Lanterns"),
    ("Ådne Fjeldstrøm", "Nordlys Transit"),
    ("Vesper Hollow", "Salt Flats"),
    ("Vesper Hollow", "Salt Flats (Oda Renn Remix)"),
    ("Oda Renn", "Paper Tigers"),
    ("Kō Minase", "夜の港"),
    ("Tessellate Unit", "Grid Failure"),
    ("Tessellate Unit", "Grid Failure (VIP)"),
    ("Dara Okonjo", "Harmattan"),
    ("Dara Okonjo & Marlo Quill", "Two Rivers (Extended Mix)"),
    ("Lumen Pøbel", "Ærø by Night"),
    ("Ruta Žemaitė", "Žvaigždės"),
    ("The Quiet Arcade", "Insert Coin"),
    ("The Quiet Arcade", "Insert Coin (Radio Edit)"),
    ("Søren Vale", "Understory"),
    ("Søren Vale", "Understory (Ådne Fjeldstrøm Dub)"),
    ("Inés Calatrava", "Corazón de Neón"),
    ("Brackish", "Tidewrack"),
    ("Brackish", "Tidewrack (Live at Pier Nine)"),
    ("Halden Moor", "Signal // Noise"),
    ("Halden Moor", "What Remains?"),
    ("Мира Лесная", "Белый шум"),
    ("Polder", "Dijk"),
    ("Polder", "Dijk (Halden Moor Edit)"),
    ("Juniper Static", "Ferns"),
    ("Juniper Static feat. Inés Calatrava", "Second Skin"),
    ("Okra & the Lines", "100%"),
    ("Okra & the Lines", "AC/DC Coupling"),
    ("Noor Haddad", "ليل طويل"),
    ("Noor Haddad", "Cedar Smoke"),
    ("Glasswing", "Overture in Blue"),
    ("Glasswing", "Overture in Blue (Club Mix)"),
    ("Tin Cathedral", "Bellows"),
    ("Tin Cathedral", "Bellows (Juniper Static Rework)"),
    ("Eun-ji Park", "새벽 Drive"),
    ("Wend", "Dust: A Study"),
    ("Wend", "Dust: A Study (Reprise)"),
    ("Fallow", "Long Grass"),
    ("Fallow", "Long Grass (Bootleg)"),
    ("Ondine Marsh", "Ghost Pier"),
)

_ARTISTS = tuple(dict.fromkeys(artist for artist, _ in _WRITTEN))
_FIRST = (
    "Amber", "Basalt", "Cobalt", "Drifting", "Ember", "Faded", "Gilded", "Hollow", "Iron", "Jade",
    "Kindled", "Lunar", "Marble", "Northern", "Opal", "Pale", "Quartz", "Rusted", "Silver",
    "Tangled", "Umber", "Velvet", "Woven", "Zephyr",
)  # fmt: skip
_SECOND = (
    "Avenue", "Beacon", "Canyon", "Delta", "Echo", "Foundry", "Garden", "Horizon", "Island",
    "Junction", "Kiln", "Ladder", "Meridian", "Needle", "Orchard", "Parade", "Quarry", "Ravine",
    "Summit", "Tunnel", "Undertow", "Viaduct", "Window",
)  # fmt: skip
_NUMERALS = ("", " II", " III", " IV", " V", " VI", " VII", " VIII")


@dataclass(frozen=True)
class Sample:
    """One recording: `seconds` long, in `playlists` (names; often one, sometimes two or none)."""

    artist: str
    title: str
    seconds: float
    genre: str
    playlists: tuple[str, ...]
    is_mp3_only: bool


def samples(count: int, *, seed: int = 0) -> list[Sample]:
    """The first `count` recordings; a longer list begins with the shorter one."""
    return [_sample(index, random.Random(f"{seed}/music/{index}")) for index in range(count)]


def _sample(index: int, dice: random.Random) -> Sample:
    artist, title = _WRITTEN[index] if index < len(_WRITTEN) else _composed(index - len(_WRITTEN))
    return Sample(
        artist=artist,
        title=title,
        seconds=round(30 + 170 * dice.betavariate(1.2, 2.9), 2),
        genre=GENRES[index % len(GENRES)],
        playlists=_playlists(index),
        is_mp3_only=index % 4 == 2,
    )


def _composed(index: int) -> tuple[str, str]:
    """Every pair of words once, then the same with numerals: 4,416 titles, then numbers."""
    round_, place = divmod(index, len(_FIRST) * len(_SECOND))
    first = _FIRST[place % len(_FIRST)]
    second = _SECOND[(place // len(_FIRST) + place) % len(_SECOND)]
    numeral = _NUMERALS[round_] if round_ < len(_NUMERALS) else f" No. {round_ + 1}"
    return _ARTISTS[(index * 7) % len(_ARTISTS)], f"{first} {second}{numeral}"


def _playlists(index: int) -> tuple[str, ...]:
    if index % 8 == 5:
        return ()
    first = PLAYLISTS[index % len(PLAYLISTS)]
    if index % 9 == 4:
        return first, PLAYLISTS[(index + 2) % len(PLAYLISTS)]
    return (first,)
