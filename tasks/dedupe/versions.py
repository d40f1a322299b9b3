"""The words that make a version another recording: remix, VIP, edit, live, part numbers.

For a DJ every version is an item of its own, and the remixer's name is part of it
(docs/facts/audio.md, "Titles").
"""

from __future__ import annotations

import re

from tasks.dedupe.titles import Words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REMIX_WORDS = _words("""
    remix mix edit reedit rework remake refix flip bootleg vip dub mashup blend cover
    version rebuild rethink redo rub retouch reboot interpretation reconstruction treatment
""")
_VERSION_WORDS = REMIX_WORDS | _words("""
    instrumental acapella live acoustic unplugged session sessions demo wip preview snippet
    clip teaser extended radio club short long full slowed reverb sped speed nightcore 8d
    karaoke orchestral piano stripped reprise reimagined revisited redux reloaded recut
    tribute variation take alternate alternative alt early rough unmastered unreleased loop
    tool tools beatless beat drum drums drumless vocal vocals vox clean dirty censored
    uncensored mono intro outro interlude dubplate special anthem cut part parts pt pts
    volume vol chapter episode act disc side no number nr rmx remixed acappella accapella
    inst instr ext extd ver bass boosted pitched chopped screwed megamix medley minimix
    mixtape set podcast show concert festival tour bbc ambient chillout lullaby symphonic
    string strings guitar lofi hardstyle jersey amapiano dnb vocalless edited mixed dj
    reimagination reconstruct reinterpretation retwist twist reload refreak mashups bootlegs
    remixes edits
""")
ASIDE_WORDS = _words("""
    beats bonus sample samples challenge rehearsal soundcheck outtake outtakes unfinished
    old new final draft test bounce premaster reverse reversed backwards slow fast half
    double solo duet choir quartet trailer skit freestyle ep lp album compilation continuous
    dubstep house techno trap drill afro garage ukg jungle hardcore trance disco funk
    english spanish french german italian japanese korean portuguese espanol deutsch
    francais italiano transition riddim studio
""")
SERIES_WORDS = _words("""
    part parts pt pts volume vol chapter episode ep act disc side no nr number take mixtape
    mix set live session sessions podcast show radio v ver version op opus movement day week
    phase stage level study sketch etude track round scene book
    untitled unknown id idea jam freestyle beat loop sample demo test recording song file
    concerto sonata suite prelude nocturne variation exercise lesson tape
""")
GENERIC_WORDS = _words("""
    intro outro interlude skit untitled unknown unnamed id track title song music audio
    recording file new test prelude reprise demo mix set live dj the a an of my sample
    loop beat idea sketch jam freestyle bonus hidden opening ending theme part one two three
""")
_COMMON_SINGLE = _words("""
    midnight paradise euphoria sunrise sunset tonight forever together journey freedom
    gravity believe breathe memories summer winter autumn spring destiny fantasy illusion
    feelings feeling shadows shadow rainbow runaway without someone everything nothing
    nobody somebody universe horizon eclipse mirage oxygen phoenix genesis revolution
    evolution emotion emotions energy infinity eternity paranoia nostalgia reflection
    reflections butterfly lullaby hurricane thunder lightning satellite wonderland
    hallelujah goodbye yesterday tomorrow sometimes promise promises addicted champion
    dreaming dreamer nightmare reality secrets starlight moonlight daylight spotlight
    afterglow overdrive overdose vertigo
""")

SMALL_WORDS = _words("""
    i me my mine you your yours u ur he him his she her we us our they them it its this that
    these is are am be was been do does did dont can cant will wont not no yes all some more
    in on at to up down out for from with by into over and or but so if as the a an of what
    who when where how why now here there one two love lover night day time life baby heart
    feel dance dream world good bad girl boy man woman go going get got let come back away
    again never always want need know tell say see make take give stay like just only
""")

_NO_MIX_NEEDED = _words("extended vip instrumental dub acapella")
_NO_VERSION_NEEDED = _NO_MIX_NEEDED | {"acoustic", "live", "demo"}
_JOINED_NUMBER = re.compile(r"([a-z]+)(\d{1,4})")
_SYNONYMS = {
    "rmx": "remix",
    "rmix": "remix",
    "ext": "extended",
    "extd": "extended",
    "inst": "instrumental",
    "instr": "instrumental",
    "acappella": "acapella",
    "accapella": "acapella",
    "accappella": "acapella",
    "pt": "part",
    "vol": "volume",
    "orig": "original",
    "ver": "version",
    "ft": "feat",
    "featuring": "feat",
}
_PAIRS: dict[tuple[str, str], Words] = {
    ("a", "cappella"): ("acapella",),
    ("a", "capella"): ("acapella",),
    ("re", "edit"): ("reedit",),
    ("mash", "up"): ("mashup",),
    ("original", "mix"): (),
    ("original", "version"): (),
    ("radio", "version"): ("radio", "edit"),
}
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_SPELLED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = {
    name: str(value) for names in (_ROMAN, _SPELLED) for value, name in enumerate(names, start=1)
}
_COUNTED = _words("part volume chapter episode act disc side movement")
_REMIXED_BY = re.compile(r"\b(?:remix|remixed|rmx) by ([^()\[\]]+)(?=$|[)\]])")
_POSSESSIVE = re.compile(
    r"'s(?= (?:[^\W_]+ ){0,2}(?:remix|rmx|edit|re-edit|rework|flip|bootleg|vip|dub|mix|refix)\b)"
)


def rewrite_credits(folded: str) -> str:
    """`x's remix` and `remixed by x` as `x remix`; takes folded text with its punctuation."""
    return _REMIXED_BY.sub(r"\1 remix", _POSSESSIVE.sub("", folded))


def canonical(words: Words) -> Words:
    """The words with one spelling for each version term, counts as plain numbers.

    `original mix` vanishes; `extended mix` is `extended`; `pt. iv` is `part 4`; `007` is `7`.
    """
    out: list[str] = []
    parts = (part for word in words for part in _parted(word))
    for word in (_SYNONYMS.get(part, part) for part in parts):
        previous = out[-1] if out else ""
        if previous and (previous, word) in _PAIRS:
            out[-1:] = _PAIRS[previous, word]
        elif (previous in _NO_MIX_NEEDED and word == "mix") or (
            previous in _NO_VERSION_NEEDED and word == "version"
        ):
            continue
        elif previous in _COUNTED and word in _COUNTS:
            out.append(_COUNTS[word])
        else:
            out.append(str(int(word)) if word.isascii() and word.isdigit() else word)
    return tuple(out)


def _parted(word: str) -> Words:
    """`pt2` as `pt`, `2`; only behind words that are counted."""
    found = _JOINED_NUMBER.fullmatch(word)
    counted = found is not None and (found[1] in SERIES_WORDS or found[1] in _VERSION_WORDS)
    return (found[1], found[2]) if found is not None and counted else (word,)


def has_version(words: Words) -> bool:
    """True if any word says which version this is."""
    return any(word in _VERSION_WORDS for word in words)


def version_words(words: Words) -> frozenset[str]:
    """Those of the words that say which version or which number of a series this is."""
    return frozenset(word for word in words if word.isdigit() or word in _VERSION_WORDS)


def telling(words: Words) -> Words:
    """The words that no version, number or generic title accounts for."""
    return tuple(word for word in words if _names_something(word) and word not in _COUNTS)


def is_name(words: Words) -> bool:
    """True if the words can name a recording at all: not only `Intro`, `Untitled` or a number."""
    return sum(_weight(word) for word in words if _names_something(word)) >= 2


def is_distinct(words: Words) -> bool:
    """True if the words alone point to one recording even where an artist is unknown.

    Two words that name something, or one long word that few titles share.
    """
    telling = [word for word in words if _names_something(word) and word not in SMALL_WORDS]
    if len(telling) >= 2:
        return sum(map(_weight, telling)) >= 6
    return len(telling) == 1 and _weight(telling[0]) >= 7 and telling[0] not in _COMMON_SINGLE


def _names_something(word: str) -> bool:
    return not (word.isdigit() or word in GENERIC_WORDS or word in _VERSION_WORDS)


def _weight(word: str) -> int:
    """Letters of a word; a sign of a script without spaces counts for two or three letters."""
    return sum(1 if char < "\u2e80" else 3 for char in word)
