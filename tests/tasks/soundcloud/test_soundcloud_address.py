"""Every form of address a track may have, and what it becomes or why it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BadAddress
from tasks.soundcloud.address import (
    _NOT_TRACKS,
    _NOT_USERS,
    AddressKind,
    is_allowed_host,
    is_web_page,
    parse_address,
    parse_set_address,
)

API = "https://api-v2.soundcloud.com"
PLAYER = "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/playlists/"

TRACK = "https://soundcloud.com/artist-one/some-track"


@pytest.mark.parametrize(
    "text",
    [
        TRACK,
        "http://soundcloud.com/artist-one/some-track",
        "https://www.soundcloud.com/artist-one/some-track",
        "https://m.soundcloud.com/artist-one/some-track",
        "https://mobile.soundcloud.com/artist-one/some-track",
        "soundcloud.com/artist-one/some-track",
        "soundcloud.com/artist-one/some-track,",
        "soundcloud.com/artist-one/some-track?ref=https://example.com/x",
        *(f"{TRACK}{end}" for end in (",", ".", ")", ";", "!", ").", "”")),
        f"[Some track]({TRACK})",
        f"[Some track](<{TRACK}>),",
        f"(see {TRACK}).",
        f"“{TRACK}”",
        "//soundcloud.com/artist-one/some-track",
        "https://soundcloud.com/artist-one/some-track/",
        "https://soundcloud.com//artist-one//some-track//",
        "https://soundcloud.com/artist-one/some-track#t=0:30",
        "https://soundcloud.com/artist-one/some-track?si=abc&utm_source=x",
        "https://soundcloud.com/artist-one/some-track?in=artist-one/sets/some-set",
        "https://soundcloud.com/artist-one/some-track?si=abc#t=0:30",
        "https://soundcloud.com/artist%2Done/some%2Dtrack",
        "  https://soundcloud.com/artist-one/some-track\n",
        "\u200bhttps://soundcloud.com/artist-one/some-track\ufeff",
        "<https://soundcloud.com/artist-one/some-track>",
        "Listen to Some Track on #SoundCloud\nhttps://soundcloud.com/artist-one/some-track?si=a",
        "HTTPS://soundcloud.com/artist-one/some-track",
        "https://soundcloud.com./artist-one/some-track",
        "https://soundcloud.com:443/artist-one/some-track",
        "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/artist-one/some-track&auto_play=0",
    ],
)
def test_one_track_has_one_address(text):
    """However it was copied, it is one address and one key."""
    address = parse_address(text)
    assert (address.kind, address.url) == (AddressKind.SOUNDCLOUD, TRACK)
    assert address.key == "soundcloud.com/artist-one/some-track"


WORDS = st.sampled_from((*_NOT_USERS, *_NOT_TRACKS, "s-abc", "-", "_")) | st.text(
    "az09_-", min_size=1, max_size=6
)


@given(WORDS, WORDS)
def test_a_plain_address_is_understood_as_one_with_a_word_of_tracking_is(artist, title):
    """The first is told by one look, the other taken apart."""
    plain = f"https://soundcloud.com/{artist}/{title}"
    assert _told(plain) == _told(f"{plain}?utm_source=x")


def _told(text):
    try:
        return parse_address(text)
    except BadAddress as error:
        return str(error).replace("?utm_source=x", "")


def test_the_key_ignores_case_and_the_address_keeps_it():
    """SoundCloud's server takes any case; comparing must not see two tracks."""
    address = parse_address("https://SoundCloud.com/Artist-One/Some-Track")
    assert address.url == "https://soundcloud.com/Artist-One/Some-Track"
    assert address.key == "soundcloud.com/artist-one/some-track"


@pytest.mark.parametrize(
    "text",
    [
        f"{TRACK}/s-AbC123",
        f"{TRACK}/s-AbC123?si=xyz",
        f"{TRACK}?secret_token=s-AbC123",
        f"{TRACK}/s-AbC123/",
    ],
)
def test_a_private_tracks_token_stays_in_its_path(text):
    """yt-dlp drops `?secret_token=` of a web address, so it is moved."""
    address = parse_address(text)
    assert address.url == f"{TRACK}/s-AbC123"
    assert address.secret == "s-AbC123"
    assert address.key == parse_address(TRACK).key


@pytest.mark.parametrize(
    "text",
    [
        "https://api.soundcloud.com/tracks/123456",
        "https://api-v2.soundcloud.com/tracks/123456",
        "https://api.soundcloud.com/tracks/soundcloud:tracks:123456",
        "https://api.soundcloud.com/tracks/soundcloud%3Atracks%3A123456",
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/123456&color=0",
    ],
)
def test_addresses_of_the_api_carry_the_id(text):
    """The numeric id is the true key."""
    assert parse_address(text).key == "soundcloud:tracks:123456"


def test_a_private_track_of_the_player_keeps_its_token():
    """The player may carry the token beside the track's address."""
    text = "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/9&secret_token=s-q"
    assert parse_address(text).url.endswith("/tracks/9?secret_token=s-q")


@pytest.mark.parametrize("host", ["on.soundcloud.com", "soundcloud.app.goo.gl"])
def test_short_links_are_told_apart(host):
    """They lead to a track only when asked."""
    address = parse_address(f"https://{host}/AbCdE?utm=1")
    assert (address.kind, address.url) == (AddressKind.SHORT_LINK, f"https://{host}/AbCdE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://soundcloud.com/artist/sets/mix", "playlist"),
        ("https://soundcloud.com/artist/likes", "likes"),
        ("https://soundcloud.com/artist/tracks", "tracks"),
        ("https://soundcloud.com/artist/reposts", "reposts"),
        ("https://soundcloud.com/artist", "user's page"),
        ("https://soundcloud.com/", "front page"),
        ("https://soundcloud.com/you/library", "your own pages"),
        ("https://soundcloud.com/search?q=x", "a search"),
        ("https://soundcloud.com/discover/sets/x", "recommendations"),
        ("https://soundcloud.com/artist/track/comments", "comments"),
        ("https://api.soundcloud.com/playlists/1", "playlist"),
        ("https://w.soundcloud.com/player/", "without a track"),
        ("https://open.spotify.com/track/1", "Spotify"),
        ("spotify:track:1", "Spotify"),
        ("https://soundcloud.com/artist?q=track", "user's page"),
        ("https://soundcloud.com/artist/sets", "playlists"),
        ("https://m.soundcloud.com/artist/albums/", "albums"),
        ("https://soundcloud.com/artist/a%2Fb", "no address that SoundCloud"),
        ("https://soundcloud.com/stations/track/artist/some-track", "station"),
        ("https://w.soundcloud.com/player/?url=https%3A//evil.example/a", "something else"),
        (
            "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/playlists/1",
            "playlist",
        ),
        ("https://on.soundcloud.com/", "share link"),
        ("https://on.soundcloud.com/a/../b", "share link"),
        ("http://2130706433/a.mp3", "2130706433"),
        ("http://[fe80::1]/a.mp3", "private network"),
        ("http://printer.local/a.mp3", "private network"),
        ("https://soundcloud.com:bad/a/b", "no web address"),
        ("data:audio/mpeg;base64,AAAA", "no web address"),
        ("https://www.youtube.com/watch", "YouTube"),
        ("https://example.com/a.mp3", "example.com"),
        ("file:///etc/passwd", "no web address"),
        ("javascript:alert(1)", "no web address"),
        ("http://127.0.0.1/a.mp3", "private network"),
        ("http://[::1]/a.mp3", "private network"),
        ("http://192.168.1.7/a.mp3", "private network"),
        ("http://localhost/a.mp3", "private network"),
        ("https://user:pw@soundcloud.com/a/b", "user name"),
        ("https://soundcloud.com.evil.example/a/b", "evil.example"),
        ("", "no address"),
        ("not an address", ""),
    ],
)
def test_what_is_not_one_track_is_refused_with_its_reason(text, said):
    """A row for one track takes no sets, users, searches or foreign hosts."""
    with pytest.raises(BadAddress) as caught:
        parse_address(text)
    assert said in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3", "youtube:dQw4w9WgXcQ"),
        ("https://youtu.be/dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ"),
        ("https://music.youtube.com/watch?v=dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ"),
    ],
)
def test_youtube_is_taken_as_it_is(text, key):
    """A row may name YouTube instead."""
    assert parse_address(text).key == key


def test_further_hosts_may_be_allowed_with_their_port():
    """ALLOWED_SOURCE_HOSTS opens exactly the host and port it names."""
    allowed = frozenset({"127.0.0.1:8765"})
    assert parse_address("http://127.0.0.1:8765/a.mp3", allowed_hosts=allowed).url
    with pytest.raises(BadAddress):
        parse_address("http://127.0.0.1:8766/a.mp3", allowed_hosts=allowed)
    assert is_allowed_host("https://cf-hls-media.sndcdn.com/x", frozenset())
    assert not is_allowed_host("https://sndcdn.com.evil.example/x", frozenset())


def test_soundclouds_own_forms_stay_when_its_host_is_listed():
    """ALLOWED_SOURCE_HOSTS cannot take the canonical form away."""
    allowed = frozenset({"soundcloud.com", "www.youtube.com"})
    assert parse_address(f"{TRACK}/?si=1", allowed_hosts=allowed).url == TRACK


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://soundcloud.com/artist/sets/mix", "https://soundcloud.com/artist/sets/mix"),
        ("m.soundcloud.com/artist/sets/mix/?si=1", "https://soundcloud.com/artist/sets/mix"),
        ("https://soundcloud.com/a/sets/mix/s-Ab1?x=1", "https://soundcloud.com/a/sets/mix/s-Ab1"),
        ("soundcloud.com/a/sets/mix?secret_token=s-Ab1", "https://soundcloud.com/a/sets/mix/s-Ab1"),
        (
            "https://soundcloud.com/discover/sets/weekly::x",
            "https://soundcloud.com/discover/sets/weekly::x",
        ),
        ("api.soundcloud.com/playlists/17", f"{API}/playlists/17"),
        ("https://api-v2.soundcloud.com/playlists/soundcloud:playlists:17", f"{API}/playlists/17"),
        (
            "https://api.soundcloud.com/playlists/soundcloud%3Aplaylists%3A17?secret_token=s-Ab1",
            f"{API}/playlists/17?secret_token=s-Ab1",
        ),
        (
            f"{PLAYER}soundcloud%253Aplaylists%253A17&secret_token=s-Ab1&color=%23ff5500",
            f"{API}/playlists/17?secret_token=s-Ab1",
        ),
        (
            "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/artist/sets/mix",
            "https://soundcloud.com/artist/sets/mix",
        ),
    ],
)
def test_a_playlist_has_one_address_too(text, url):
    """Its token stays in its path, as a track's does."""
    assert parse_set_address(text) == url


@pytest.mark.parametrize(
    "text",
    [
        TRACK,
        "https://soundcloud.com/artist/sets",
        "https://example.com/artist/sets/mix",
        "https://soundcloud.com/artist/sets/a%2F..%2Fb",
    ],
)
def test_what_is_no_playlist_is_refused(text):
    """With a hint how one looks."""
    with pytest.raises(BadAddress):
        parse_set_address(text)


def test_a_page_is_told_from_a_short_link():
    """Where a short link's redirects end."""
    assert is_web_page("https://m.soundcloud.com/artist-one/some-track")
    assert not is_web_page("https://on.soundcloud.com/AbCdE")
