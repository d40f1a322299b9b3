"""What yt-dlp says of formats and lengths, judged."""

import pytest

from tasks.errors import NoFormats, PreviewOnly
from tasks.soundcloud.information import artwork_urls, best_whole, refuse_suspected_preview

AAC = {"format_id": "hls_aac_160k", "ext": "m4a", "acodec": "mp4a.40.2", "vcodec": "none"}
MP3 = {"format_id": "http_mp3_0_0", "ext": "mp3", "vcodec": "none"}
ORIGINAL = {"format_id": "download", "ext": "wav", "vcodec": "none"}
PREVIEW = {"format_id": "hls_aac_160k_preview", "ext": "m4a", "vcodec": "none"}
UNMARKED = MP3 | {"url": "https://cf-preview-media.sndcdn.com/preview/0/30/x.128.mp3"}
VIDEO = {"format_id": "18", "ext": "mp4", "acodec": "mp4a.40.2", "vcodec": "avc1"}
MUTE = {"format_id": "137", "ext": "mp4", "acodec": "none", "vcodec": "avc1"}


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ([MP3, AAC], AAC),
        ([AAC, MP3], AAC),
        ([AAC, MP3, ORIGINAL], ORIGINAL),
        ([PREVIEW, MP3], MP3),
        ([MUTE, VIDEO, MP3], MP3),
        ([MUTE, VIDEO], VIDEO),
        ([MP3, MP3 | {"format_id": "hls_mp3_0_0"}], MP3 | {"format_id": "hls_mp3_0_0"}),
    ],
)
def test_the_best_whole_format_is_taken(offered, expected):
    """The original, then AAC, then yt-dlp's own order, whose best comes last."""
    assert list(best_whole("url", {"formats": offered})) == [expected]


@pytest.mark.parametrize("offered", [[PREVIEW], [UNMARKED], [PREVIEW, UNMARKED, MUTE]])
def test_previews_alone_are_refused(offered):
    """Marked by yt-dlp, or by their address alone."""
    with pytest.raises(PreviewOnly):
        list(best_whole("url", {"formats": offered}))


def test_pictures_alone_are_no_track():
    """Nothing that has sound."""
    with pytest.raises(NoFormats):
        list(best_whole("url", {"formats": [MUTE]}))


@pytest.mark.parametrize(
    ("announced", "known", "is_suspect"),
    [
        (30.0, 240.0, True),
        (30.0, 31.0, False),
        (30.0, None, False),
        (None, 240.0, False),
        (120.0, 240.0, False),
    ],
)
def test_thirty_seconds_of_a_longer_track_are_a_preview(announced, known, is_suspect):
    """The length in Notion gives away a preview that nothing marks."""
    try:
        refuse_suspected_preview("url", announced, known)
    except PreviewOnly:
        assert is_suspect
    else:
        assert not is_suspect


@pytest.mark.parametrize("protocol", ["rtmp", "rtmp_ffmpeg", "ism", "websocket_frag", "mhtml"])
def test_what_another_program_would_fetch_is_left(protocol):
    """It would ask any host, and go on when the download is cancelled."""
    foreign = AAC | {"protocol": protocol}
    assert list(best_whole("url", {"formats": [MP3, foreign]})) == [MP3]
    with pytest.raises(NoFormats, match=protocol):
        list(best_whole("url", {"formats": [foreign]}))


def test_the_cover_nearest_to_500_pixels_comes_first():
    """The original has no size, and may be huge; not every picture is there in every size."""
    sizes = [{"url": f"u{width}", "width": width} for width in (100, 300, 500)]
    found = artwork_urls({"thumbnails": [*sizes, {"url": "original"}]})
    assert found == ["u500", "u300", "u100", "original"]
    assert artwork_urls({"thumbnails": [{"url": "original"}]}) == ["original"]
    assert artwork_urls({}) == []
