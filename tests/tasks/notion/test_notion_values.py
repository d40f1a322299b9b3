"""Values read from and written to properties of every type the user's database may have."""

import pytest

from tasks.errors import ConfigurationError
from tasks.notion.filters import query_filter, wants
from tasks.notion.properties import Field
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.notion.statuses import COMPLETE, status_value
from tasks.notion.writes import property_values
from tasks.tracks import Track, TrackFilter


def schema_of(**types: str) -> Schema:
    """A schema whose properties have these types, by name with underscores for spaces."""
    names = {name.replace("_", " "): kind for name, kind in types.items()}
    base = {"Title": "title", "SoundCloud URL": "url", "DL": "checkbox"}
    properties = {
        name: {"id": f"id-{name}", "name": name, "type": kind, kind: {}}
        for name, kind in (base | names).items()
    }
    return Schema.of({"id": "source", "title": [], "properties": properties})


def test_a_missing_required_property_is_named():
    """The user is told which property to add, and of what type."""
    with pytest.raises(ConfigurationError, match="'SoundCloud URL'") as caught:
        Schema.of({"id": "s", "title": [], "properties": {"Title": {"id": "t", "type": "title"}}})
    assert "type url" in caught.value.remedy


def test_the_first_name_that_exists_wins():
    """Aliases are tried in the order of the schema."""
    schema = schema_of(Artist="rich_text", Artist_Name="rich_text")
    assert schema[Field.ARTIST].name == "Artist Name"


def test_all_segments_of_a_text_are_read_and_sentinels_are_empty():
    """The original read only the first segment, and wrote the word None."""
    schema = schema_of(WAV_File_Path="rich_text", AIFF_File_Path="rich_text")
    page = {
        "id": "p",
        "properties": {
            "Title": {"type": "title", "title": [{"plain_text": "Two "}, {"plain_text": "parts"}]},
            "SoundCloud URL": {"type": "url", "url": None},
            "DL": {"type": "checkbox", "checkbox": False},
            "WAV File Path": {"type": "rich_text", "rich_text": [{"plain_text": "None"}]},
            "AIFF File Path": {"type": "rich_text", "rich_text": [{"plain_text": "FILE_MISSING"}]},
        },
    }
    track = to_track(page, schema)
    assert (track.title, track.has_paths) == ("Two parts", False)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("number", 1900015855, "1900015855"),
        ("number", 1900023774.0, "1900023774"),
        ("rich_text", [{"plain_text": "soundcloud:tracks:77"}], "77"),
        ("rich_text", [{"plain_text": "1.90002e+09"}], ""),
        ("formula", {"type": "number", "number": 1900015855}, "1900015855"),
        ("number", None, ""),
    ],
)
def test_an_id_is_read_with_all_its_digits(kind, value, read):
    """Six digits of ten would make one track of thousands."""
    schema = schema_of(SoundCloud_ID=kind)
    page = {"id": "p", "properties": {"SoundCloud ID": {"type": kind, kind: value}}}
    assert to_track(page, schema).soundcloud_id == read


def test_a_whole_number_is_written_as_one():
    """Notion shows 1900015855.0 as it was sent."""
    schema = schema_of(SoundCloud_ID="number")
    written = property_values(schema, {Field.SOUNDCLOUD_ID: "1900015855"})["id-SoundCloud ID"]
    assert repr(written["number"]) == "1900015855"


@pytest.mark.parametrize(
    ("track", "filters"),
    [
        (Track(page_id="1", soundcloud_url="u"), {"unprocessed", "all"}),
        (Track(page_id="1"), {"unprocessed"}),
        (Track(page_id="1", soundcloud_url="u", wav_path="/x.wav"), {"all"}),
        (Track(page_id="1", soundcloud_url="u", downloaded=True), {"all", "missing_eagle"}),
        (Track(page_id="1", soundcloud_url="u", downloaded=True, eagle_id="E"), {"all"}),
        (Track(page_id="1", soundcloud_url="u", in_trash=True), set()),
        (Track(page_id="1", soundcloud_url="u", is_duplicate=True), set()),
    ],
)
def test_the_filters_mean_what_they_say(track, filters):
    """Which rows each filter is about, judged on a fresh row."""
    assert {f.value for f in TrackFilter if wants(track, f)} == filters


def test_a_query_uses_the_real_types_and_two_levels_at_most():
    """Notion refuses a condition of another type, and a third level."""
    schema = schema_of(WAV_File_Path="url", AIFF_File_Path="rich_text")
    conditions = query_filter(TrackFilter.UNPROCESSED, schema)["and"]
    assert conditions[0] == {"property": "id-DL", "checkbox": {"equals": False}}
    assert {"property": "id-WAV File Path", "url": {"is_empty": True}} in conditions[1]["or"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("multi_select", {"multi_select": [{"name": "Loudness Measured"}, {"name": "SC_404"}]}),
        ("select", {"select": {"name": "SC_404"}}),
        ("rich_text", "Loudness Measured\nSC_404: gone"),
    ],
)
def test_an_error_replaces_ours_and_keeps_what_is_not_ours(kind, expected):
    """Values of other programs stay beside the newest error."""
    schema = schema_of(Audio_Processing_Status=kind)
    before = ["Download_Failed", "Loudness Measured"]
    assert status_value(schema, before, "SC_404", "gone") == expected


def test_a_status_property_takes_only_what_its_schema_has():
    """Notion refuses an unknown status option, so the nearest known one is taken."""
    properties = {
        "Title": {"id": "t", "type": "title", "title": {}},
        "SoundCloud URL": {"id": "u", "type": "url", "url": {}},
        "DL": {"id": "d", "type": "checkbox", "checkbox": {}},
        "Audio Processing": {
            "id": "s",
            "type": "status",
            "status": {"options": [{"name": "Done"}, {"name": "Failed"}]},
        },
    }
    schema = Schema.of({"id": "x", "title": [], "properties": properties})
    assert status_value(schema, [], COMPLETE) == {"status": {"name": "Done"}}
    assert status_value(schema, [], "SC_404") == {"status": {"name": "Failed"}}


def test_texts_are_cut_by_utf16_units():
    """Notion counts an emoji as two of its 2,000 units."""
    schema = schema_of(WAV_File_Path="rich_text")
    value = property_values(schema, {Field.WAV_PATH: "🎵" * 1500})["id-WAV File Path"]
    lengths = [len(part["text"]["content"].encode("utf-16-le")) // 2 for part in value["rich_text"]]
    assert lengths == [2000, 1000]


def test_missing_properties_are_not_written():
    """A field without a property is left out, not an error."""
    assert property_values(schema_of(), {Field.EAGLE_ID: "X", Field.DOWNLOADED: True}) == {
        "id-DL": {"checkbox": True}
    }
