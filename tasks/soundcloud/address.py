"""The one form of every address that names a track (docs/facts/soundcloud.md, "Addresses"). Pure.

`url` is what is downloaded; `key` is what is compared: two rows with one key are one track.
SoundCloud takes slugs in any case, so the key is case-folded; the s- token of a private track is
part of the address but not of the track.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from tasks.errors import BadAddress

SOUNDCLOUD_HOSTS = ("soundcloud.com", "sndcdn.com", "soundcloud.cloud", "soundcloud.app.goo.gl")

_WEB_HOSTS = frozenset({"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"}) | {
    "mobile.soundcloud.com"
}
_API_HOSTS = frozenset({"api.soundcloud.com", "api-v2.soundcloud.com"})
_PLAYER_HOSTS = frozenset({"w.soundcloud.com", "player.soundcloud.com", "p.soundcloud.com"})
_SHORT_HOSTS = frozenset({"on.soundcloud.com", "soundcloud.app.goo.gl"})
_YOUTUBE_HOSTS = frozenset(
    {"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be"}
)
_YOUTUBE_API = ("youtubei.googleapis.com",)
_SPOTIFY_HOSTS = frozenset({"open.spotify.com", "spotify.com", "spotify.link", "play.spotify.com"})

_PLAIN = re.compile(r"https://(soundcloud\.com/([a-z0-9_-]+)/([a-z0-9_-]+))")
"""As SoundCloud itself writes a track's address: nearly all of them, told apart by one look."""
_API_TRACK = re.compile(r"/tracks/(?:soundcloud:tracks:)?(\d+)/?", re.ASCII)
_API_SET = re.compile(r"/playlists/(?:soundcloud:playlists:)?(\d+)/?", re.ASCII)
_SLUG = re.compile(r"[\w-]+")
_SET_SLUG = re.compile(r"[\w:-]+")
_SECRET = re.compile(r"s-[\w-]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HTTP = re.compile(r"\W*(?=https?://)", re.IGNORECASE)
_MARKDOWN = re.compile(r"\[[^\]]*\]\(\s*<?([^\s<>]+?)>?\s*\)[.,;]?")
_SENTENCE_ENDS = ".,;:!]}>\"'”»"
_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)

_NOT_USERS = {
    "you": "your own pages", "discover": "a page of recommendations", "stream": "your stream",
    "search": "a search", "charts": "a chart", "upload": "the upload page", "feed": "your feed",
    "stations": "a station", "tags": "a tag's page", "pages": "an information page",
    "settings": "your settings", "messages": "your messages", "notifications": "a notification",
    "signin": "the sign-in page", "terms-of-use": "an information page", "popular": "a chart",
}  # fmt: skip
_NOT_TRACKS = {
    "tracks": "a user's tracks", "albums": "a user's albums", "sets": "a user's playlists",
    "reposts": "a user's reposts", "likes": "a user's likes", "spotlight": "a user's spotlight",
    "comments": "a user's comments", "popular-tracks": "a user's popular tracks",
    "followers": "a user's followers", "following": "whom a user follows",
}  # fmt: skip
_OF_A_TRACK = {
    "comments": "a track's comments", "likes": "a track's likes", "reposts": "a track's reposts",
    "recommended": "what is recommended beside a track", "sets": "the playlists of a track",
    "albums": "the albums of a track",
}  # fmt: skip

TRACK_KEY = "soundcloud:tracks:"
"""How the key of a track begins that is known by its number alone."""

ONE_TRACK = "Give the address of one track, like https://soundcloud.com/artist/title."
_ADD_TAKES_THEM = "`library-sync add` takes playlists"


class AddressKind(StrEnum):
    """What is behind an address."""

    SOUNDCLOUD = "soundcloud"
    SHORT_LINK = "short_link"
    YOUTUBE = "youtube"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A track's address: where it is, and a `key` that is equal for every way to write it."""

    kind: AddressKind
    url: str
    key: str
    secret: str | None = None


def parse_address(text: str, *, allowed_hosts: frozenset[str] = frozenset()) -> Address:
    """The canonical address in `text`.

    `allowed_hosts` are further hosts to download from, as `host` or `host:port`. Raises
    BadAddress, with a hint, for whatever is not one track on an allowed host.
    """
    return _parsed(text, allowed_hosts)


@lru_cache(maxsize=4096)  # one row's address is asked for many times in a row
def _parsed(text: str, allowed_hosts: frozenset[str]) -> Address:
    plain = _PLAIN.fullmatch(text)
    if plain and plain[2] not in _NOT_USERS and plain[3] not in _NOT_TRACKS:
        return Address(kind=AddressKind.SOUNDCLOUD, url=text, key=plain[1])
    parts = _split(text)
    host = (parts.hostname or "").rstrip(".")
    if host in _WEB_HOSTS:
        return _web_address(parts, text)
    if host in _API_HOSTS:
        return _api_address(parts, text)
    if host in _PLAYER_HOSTS:
        return _player_address(parts, text)
    if host in _SHORT_HOSTS:
        return _short_link(parts, host, text)
    if host in _YOUTUBE_HOSTS:
        return _youtube_address(parts, host, text)
    if _is_listed(parts, allowed_hosts):
        url = parts._replace(netloc=parts.netloc.lower(), fragment="").geturl()
        return Address(kind=AddressKind.OTHER, url=url, key=url)
    raise _refused_host(text, host)


def parse_set_address(text: str) -> str:
    """The canonical address of the playlist in `text`: a page of SoundCloud's site, its API's
    number, or the embedded player's. Raises BadAddress if it is none.
    """
    parts = _split(text)
    if (parts.hostname or "") in _PLAYER_HOSTS:
        parts = _played(parts, text)
    if (parts.hostname or "") in _API_HOSTS and (found := _API_SET.fullmatch(unquote(parts.path))):
        secret = _secret("", parts)
        url = f"https://api-v2.soundcloud.com/playlists/{found[1]}"
        return url + (f"?secret_token={secret}" if secret else "")
    words = [unquote(word).strip() for word in parts.path.split("/") if word.strip()]
    is_web = (parts.hostname or "").rstrip(".") in _WEB_HOSTS
    if not (is_web and len(words) > 2 and words[1].lower() == "sets"):
        raise BadAddress(
            f"{text.strip()!r} is no playlist on SoundCloud.",
            remedy="Give an address like https://soundcloud.com/artist/sets/name.",
        )
    if not (_SLUG.fullmatch(words[0]) and _SET_SLUG.fullmatch(words[2])):
        raise BadAddress(f"{text.strip()!r} is no address that SoundCloud would give a playlist.")
    secret = _secret(words[3] if len(words) > 3 else "", parts)
    url = f"https://soundcloud.com/{words[0]}/sets/{words[2]}"
    return url + (f"/{secret}" if secret else "")


def account_words(text: str) -> tuple[str, ...]:
    """`artist`, or `artist` and what of theirs is meant, in an address of SoundCloud's site.

    Empty for any other address, a page of SoundCloud's own, or none. Raises BadAddress for no
    address at all.
    """
    parts = _split(text)
    words = tuple(unquote(word).strip() for word in parts.path.split("/") if word.strip())
    is_web = (parts.hostname or "").rstrip(".") in _WEB_HOSTS
    if not (is_web and words) or words[0].lower() in _NOT_USERS:
        return ()
    return words if all(_SLUG.fullmatch(word) for word in words[:2]) else ()


def is_web_page(url: str) -> bool:
    """True for a page of SoundCloud's site, where a short link ends."""
    return (urlsplit(url).hostname or "").rstrip(".") in _WEB_HOSTS


def is_allowed_host(url: str, allowed_hosts: frozenset[str]) -> bool:
    """True if a request to `url`, after a redirect too, may be sent."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return False
    host = (parts.hostname or "").rstrip(".").lower()
    known = (
        *SOUNDCLOUD_HOSTS,
        "youtube.com",
        "youtu.be",
        "googlevideo.com",
        "ytimg.com",
        *_YOUTUBE_API,
    )
    if any(host == name or host.endswith(f".{name}") for name in known):
        return True
    return _is_listed(parts, allowed_hosts)


def _bare(text: str) -> str:
    """The address in what was pasted: apps put a sentence before it, editors marks around it."""
    plain = _INVISIBLE.sub("", text).strip()
    if linked := _MARKDOWN.fullmatch(plain):
        plain = linked[1]
    words = [_trimmed(word) for word in plain.split() if _HTTP.match(word)]
    return words[0] if len(words) == 1 else _trimmed(plain)


def _trimmed(word: str) -> str:
    """Without what belongs to the sentence around it; a bracket stays if it was opened within."""
    if (before := _HTTP.match(word)) is not None:
        word = word[before.end() :]
    word = word.strip("<>\"'").rstrip(_SENTENCE_ENDS)
    while word.endswith(")") and word.count("(") < word.count(")"):
        word = word[:-1].rstrip(_SENTENCE_ENDS)
    return word


def _split(text: str) -> SplitResult:
    plain = _bare(text)
    if not plain:
        raise BadAddress("There is no address.", remedy=ONE_TRACK)
    if plain.lower().startswith("spotify:"):
        raise _refused_host(text, "open.spotify.com")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", plain) or re.match(r"[\w.-]+:\d", plain):
        plain = "https://" + plain.lstrip("/")
    try:
        parts = urlsplit(plain)
        _ = parts.port
    except ValueError as error:
        raise BadAddress(f"{text!r} is no web address.", remedy=ONE_TRACK) from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise BadAddress(f"{text!r} is no web address.", remedy=ONE_TRACK)
    if parts.username or parts.password:
        raise BadAddress("An address with a user name in it is not fetched.", remedy=ONE_TRACK)
    return parts


def _is_listed(parts: SplitResult, allowed_hosts: frozenset[str]) -> bool:
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return host in allowed_hosts or f"{host}:{port}" in allowed_hosts


def _web_address(parts: SplitResult, text: str) -> Address:
    """`soundcloud.com/artist/title[/s-token]`."""
    words = [unquote(word).strip() for word in parts.path.split("/") if word.strip()]
    if not words:
        raise _no_track(text, "SoundCloud's front page")
    artist = words[0].lower()
    if artist in _NOT_USERS:
        raise _no_track(text, _NOT_USERS[artist])
    if len(words) == 1:
        raise _no_track(text, "a user's page", "add the track's name to it")
    title = words[1].lower()
    if title in _NOT_TRACKS:
        what = "a playlist" if title == "sets" and len(words) > 2 else _NOT_TRACKS[title]
        hint = _ADD_TAKES_THEM if title == "sets" else ""
        raise _no_track(text, what, hint)
    if len(words) > 2 and words[2].lower() in _OF_A_TRACK:
        raise _no_track(text, _OF_A_TRACK[words[2].lower()], "cut off what follows its name")
    if not all(_SLUG.fullmatch(word) for word in words[:2]):
        raise _no_track(text, "no address that SoundCloud would give a track")
    secret = _secret(words[2] if len(words) > 2 else "", parts)
    path = "/".join(words[:2])  # not percent-encoded: yt-dlp takes word characters only
    url = f"https://soundcloud.com/{path}" + (f"/{secret}" if secret else "")
    key = f"soundcloud.com/{words[0].casefold()}/{words[1].casefold()}"
    return Address(kind=AddressKind.SOUNDCLOUD, url=url, key=key, secret=secret)


def _secret(word: str, parts: SplitResult) -> str | None:
    """The token of a private track, from the path or from `?secret_token=`, which is dropped."""
    given = word or parse_qs(parts.query).get("secret_token", [""])[0]
    return given if _SECRET.fullmatch(given) else None


def _api_address(parts: SplitResult, text: str) -> Address:
    found = _API_TRACK.fullmatch(unquote(parts.path))
    if found is None:
        if "playlists" in parts.path:
            raise _no_track(text, "a playlist", _ADD_TAKES_THEM)
        raise _no_track(text, "no track of SoundCloud's API")
    number = int(found[1])
    secret = _secret("", parts)
    url = f"https://api-v2.soundcloud.com/tracks/{number}"
    return Address(
        kind=AddressKind.SOUNDCLOUD,
        url=url + (f"?secret_token={secret}" if secret else ""),
        key=f"{TRACK_KEY}{number}",
        secret=secret,
    )


def _player_address(parts: SplitResult, text: str) -> Address:
    inner = _played(parts, text)
    if (inner.hostname or "") in _WEB_HOSTS:
        return _web_address(inner, text)
    if (inner.hostname or "") in _API_HOSTS:
        return _api_address(inner, text)
    raise _no_track(text, "a player of something else")


def _played(parts: SplitResult, text: str) -> SplitResult:
    """What the embedded player names in `?url=`, with its secret token."""
    query = parse_qs(parts.query)
    inner = query.get("url", [""])[0]
    if not inner:
        raise _no_track(text, "a player without a track")
    token = query.get("secret_token", [""])[0]
    if token and "secret_token" not in inner:
        inner += ("&" if "?" in inner else "?") + f"secret_token={token}"
    return _split(inner)


def _short_link(parts: SplitResult, host: str, text: str) -> Address:
    word = parts.path.strip("/")
    if not re.fullmatch(r"[\w-]+", word, re.ASCII):
        raise _no_track(text, "no share link")
    url = f"https://{host}/{word}"
    return Address(kind=AddressKind.SHORT_LINK, url=url, key=f"{host}/{word}")


def _youtube_address(parts: SplitResult, host: str, text: str) -> Address:
    number = ""
    if host == "youtu.be":
        number = parts.path.strip("/")
    elif parts.path.rstrip("/") == "/watch":
        number = parse_qs(parts.query).get("v", [""])[0]
    elif found := re.fullmatch(r"/(?:shorts|live|embed)/([^/]+)/?", parts.path):
        number = found[1]
    if not _YOUTUBE_ID.fullmatch(number):
        raise _no_track(text, "no single video of YouTube")
    url = f"https://www.youtube.com/watch?v={number}"
    return Address(kind=AddressKind.YOUTUBE, url=url, key=f"youtube:{number}")


def _no_track(text: str, what: str, hint: str = "") -> BadAddress:
    also = f" ({hint})" if hint else ""
    said = f"{text.strip()!r} is {what}"
    is_said = what.startswith("no ")
    return BadAddress(f"{said}." if is_said else f"{said}, not one track.", remedy=ONE_TRACK + also)


def _refused_host(text: str, host: str) -> BadAddress:
    if host in _SPOTIFY_HOSTS:
        return BadAddress(
            "Spotify's audio is protected and cannot be downloaded.",
            remedy="Find the track on SoundCloud and give its address.",
        )
    if "." not in host and ":" not in text:
        return BadAddress(f"{text.strip()!r} is a word, not an address.", remedy=ONE_TRACK)
    if _is_private(host):
        why = f"{host} is an address of a private network."
    else:
        why = f"{host or text!r} is not a host that tracks are downloaded from."
    return BadAddress(why, remedy=f"{ONE_TRACK} Or add the host to ALLOWED_SOURCE_HOSTS.")


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".local", ".internal", ".localhost")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
