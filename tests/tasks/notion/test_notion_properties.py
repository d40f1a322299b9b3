"""One entry a property, one look at the schema: everything that asks gets the same answer."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from flows.command_line.reference import tables
from flows.doctor.notion import judge_properties
from flows.setup.databases import missing_properties
from tasks.notion.filters import query_filter, rows_with_addresses
from tasks.notion.links import id_in
from tasks.notion.properties import FIELDS, Field, FieldSpec, Holds
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.notion.values import names_in, names_text, playlist_key
from tasks.notion.writes import property_values
from tasks.tracks import Track, TrackFilter

ROOT = Path(__file__).parents[3]
REQUIRED = {"Title": "title", "SoundCloud URL": "url", "DL": "checkbox"}


def schema_of(properties: dict[str, Any], *, checked: bool = False) -> Schema:
    """The schema of a data source with these properties; a type, or (type, configuration)."""
    source = {
        "id": "source",
        "title": [{"plain_text": "Music"}],
        "properties": {
            name: {"id": f"id-{name}", "name": name, "type": kind, kind: config}
            for name, (kind, config) in (
                (name, kind if isinstance(kind, tuple) else (kind, {}))
                for name, kind in properties.items()
            )
        },
    }
    return Schema.of(source) if checked else Schema.unchecked(source)


def page_of(**values: Any) -> dict[str, Any]:
    """A page whose properties have these values: (type, value), by name with underscores."""
    named = {name.replace("_", " "): value for name, value in values.items()}
    return {
        "id": "p",
        "properties": {
            name: {"id": f"id-{name}", "type": kind, kind: value}
            for name, (kind, value) in named.items()
        },
    }


def test_a_made_up_property_shows_up_everywhere(monkeypatch):
    """One entry, and the query, the schema, the writes, doctor, setup and the README know it."""
    mood = FieldSpec(
        names=("Mood",),
        holds=Holds.TEXT,
        create_as="select",
        is_written=True,
        is_missed=True,
        lost_without="nobody knows the mood",
    )
    monkeypatch.setitem(FIELDS, "mood", mood)  # type: ignore[arg-type]
    without, has_it = schema_of(REQUIRED), schema_of(REQUIRED | {"Mood": "select"})
    wrong = schema_of(REQUIRED | {"Mood": "button"})
    assert "mood" in missing_properties(without)
    assert "id-Mood" in has_it.asked_for
    assert property_values(has_it, {"mood": "calm"}) == {"id-Mood": {"select": {"name": "calm"}}}  # type: ignore[dict-item]
    assert [f.level for f in judge_properties(without) if "Mood" in f.check] == ["warn"]
    assert "nobody knows" in next(f.said for f in judge_properties(without) if "Mood" in f.check)
    assert [f.level for f in judge_properties(has_it) if "Mood" in f.check] == ["ok"]
    assert any("Mood" in sentence for sentence in wrong.gaps())
    assert "`Mood`" in tables()["properties"]


@pytest.mark.parametrize(
    "half",
    [
        {"names": ()},
        {"create_as": "button"},
        {"is_written": True},
        {"is_written": True, "create_as": "formula", "lost_without": "x"},
        {"is_missed": True},
    ],
)
def test_a_half_made_property_is_refused(half):
    """An entry without a name, with a type that cannot hold it, or silent about its absence."""
    whole = {"names": ("Mood",), "holds": Holds.TEXT, "create_as": "select"}
    with pytest.raises(ValueError, match=r"Mood|name"):
        FieldSpec(**(whole | half))


def test_every_field_is_an_attribute_of_a_track():
    """What is read of a row has a place in `Track`; a property of the class is none."""
    attributes = {each.name for each in fields(Track)}
    assert [field for field in FIELDS if field.value not in attributes] == []


def test_every_field_that_is_written_is_given_a_value_somewhere():
    """An entry says `is_written`, so a line of the product sets it."""
    own = ROOT / "tasks/notion/properties.py"
    modules = [path for room in ("flows", "tasks") for path in (ROOT / room).rglob("*.py")]
    product = "\n".join(path.read_text("utf-8") for path in modules if path != own)
    set_somewhere = set(re.findall(r"\bField\.(\w+)(?:: |\] = )", product))
    written = {field.name for field, spec in FIELDS.items() if spec.is_written}
    assert written - set_somewhere == set()


UNWRITABLE = {
    "Artist Name": ["relation", "people", "formula", "rollup", "button", "created_by"],
    "Eagle File ID": ["relation", "unique_id", "files", "checkbox", "people"],
    "WAV File Path": ["files", "formula", "date", "place"],
    "SoundCloud ID": ["unique_id", "rollup", "verification"],
    "Audio Processing Status": ["formula", "people", "relation", "last_edited_by"],
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kinds in UNWRITABLE.items() for kind in kinds]
)
def test_a_type_that_cannot_be_written_is_said_and_never_written(name, kind):
    """The check before a run, doctor and the write give one answer; the rest works."""
    schema = schema_of(REQUIRED | {name: kind}, checked=True)
    field = next(field for field, spec in FIELDS.items() if name in spec.names)
    assert property_values(schema, {field: "x", Field.DOWNLOADED: True}) == {
        "id-DL": {"checkbox": True}
    }
    assert [sentence for sentence in schema.gaps() if repr(name) in sentence]
    assert [f.level for f in judge_properties(schema) if f.check == f"Property {name}"] == ["warn"]


def test_boxes_named_wav_and_aiff_are_no_paths():
    """A text of a later name is taken in their place, if there is one."""
    boxes = schema_of(REQUIRED | {"WAV": "checkbox", "AIFF": "checkbox"}, checked=True)
    assert Field.WAV_PATH not in boxes
    both = schema_of(REQUIRED | {"WAV": "checkbox", "WAV Path": "rich_text"})
    assert both[Field.WAV_PATH].name == "WAV Path"
    assert query_filter(TrackFilter.UNPROCESSED, boxes)["and"] == [
        {"property": "id-DL", "checkbox": {"equals": False}}
    ]


def test_the_title_property_is_the_title():
    """Whatever it is called, and whatever else is called Name."""
    schema = schema_of({"Song": "title", "Name": "rich_text", **REQUIRED} | {"Title": "rich_text"})
    assert schema[Field.TITLE].name == "Song"


def test_a_property_is_read_by_its_id():
    """Renamed while a run goes on, it is still the same property."""
    schema = schema_of(REQUIRED | {"Artist Name": "rich_text"})
    page = page_of(Artist_Name=("rich_text", [{"plain_text": "Nova"}]))
    page["properties"]["Performer"] = page["properties"].pop("Artist Name")
    assert to_track(page, schema).artist == "Nova"


def test_an_id_in_a_query_is_decoded():
    """Notion shows ids encoded for an address, and encodes what it is asked for once more."""
    schema = schema_of(REQUIRED)
    odd = schema.properties[Field.TITLE]._replace(id="%3FB%3AW")
    assert "?B:W" in Schema("s", "", {Field.TITLE: odd}).asked_for


ADDRESS = "https://soundcloud.com/nova/glass"
RICH_LINK = [{"plain_text": "Listen", "href": ADDRESS}]
ROLLED = {"type": "array", "array": [{"type": "url", "url": ADDRESS}], "function": "show_original"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("url", ADDRESS),
        ("rich_text", [{"plain_text": ADDRESS, "href": None}]),
        ("rich_text", RICH_LINK),
        ("formula", {"type": "string", "string": ADDRESS}),
        ("rollup", ROLLED),
        ("files", [{"name": "Glass", "type": "external", "external": {"url": ADDRESS}}]),
    ],
)
def test_an_address_is_read_from_every_type_that_has_one(kind, value):
    """A text that is only linked leads where its link leads; a formula and a rollup are read."""
    schema = schema_of(REQUIRED | {"SoundCloud URL": kind}, checked=True)
    assert to_track(page_of(SoundCloud_URL=(kind, value)), schema).soundcloud_url == ADDRESS


def test_a_formula_is_asked_by_its_result_and_a_rollup_not_at_all():
    """Notion refuses a condition of another type; what is not asked, `wants` decides."""
    formula = schema_of(REQUIRED | {"SoundCloud URL": "formula"})
    rollup = schema_of(REQUIRED | {"SoundCloud URL": "rollup"})
    assert query_filter(TrackFilter.ALL, formula)["and"] == [
        {"property": "id-SoundCloud URL", "formula": {"string": {"is_not_empty": True}}}
    ]
    assert query_filter(TrackFilter.ALL, rollup) == {"and": []}
    assert rows_with_addresses(rollup, ["nova/glass"]) == {"and": []}


TEXTS = {
    "people": ([{"name": "Ada"}, {"name": "Teo"}], "Ada, Teo"),
    "created_by": ({"name": "Ada"}, "Ada"),
    "rollup": ({"type": "array", "array": [{"type": "select", "select": {"name": "A"}}]}, "A"),
    "formula": ({"type": "number", "number": 12345678901}, "12345678901"),
    "unique_id": ({"prefix": "TRK", "number": 3}, "TRK-3"),
    "place": ({"name": "Berlin"}, "Berlin"),
    "relation": ([{"id": "x"}], ""),
    "button": ({}, ""),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_read_where_a_type_has_one(kind):
    """What a person reads in Notion; a relation and a button have no text of their own."""
    value, text = TEXTS[kind]
    schema = schema_of(REQUIRED | {"Artist Name": kind})
    assert to_track(page_of(Artist_Name=(kind, value)), schema).artist == text


def test_a_row_ticked_in_either_box_is_done():
    """Both `DL` and `Downloaded` exist: `DL` is written, both are read and asked for."""
    schema = schema_of(REQUIRED | {"Downloaded": "checkbox"})
    for dl, downloaded in ((True, False), (False, True)):
        page = page_of(DL=("checkbox", dl), Downloaded=("checkbox", downloaded))
        assert to_track(page, schema).downloaded
    assert property_values(schema, {Field.DOWNLOADED: True}) == {"id-DL": {"checkbox": True}}
    assert json.dumps(query_filter(TrackFilter.UNPROCESSED, schema)).count('"checkbox"') == 2
    said = [f.said for f in judge_properties(schema) if f.check == "Property Downloaded"]
    assert "either" in said[0]


@pytest.mark.parametrize("names", [["Drum, Bass & Co"], ["A", "B"], ["A, B", "C"], ["A; B"]])
def test_names_in_a_text_are_read_back_as_they_were(names):
    """A comma in a name makes no two playlists of it."""
    text = names_text(names)
    read = names_in({"type": "rich_text", "rich_text": [{"plain_text": text}]})
    assert [playlist_key(name) for name in read] == [playlist_key(name) for name in names]


def test_genres_are_one_name_each():
    """Two options are two genres."""
    schema = schema_of(REQUIRED | {"Genre": "multi_select"})
    page = page_of(Genre=("multi_select", [{"name": "House"}, {"name": "Techno"}]))
    assert to_track(page, schema).genres == ("House", "Techno")


HEX = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    "link",
    [
        HEX,
        DASHED,
        HEX.upper(),
        f"https://www.notion.so/{HEX}?v={'f' * 32}",
        f"https://www.notion.so/workspace/Music-Tracks-{HEX}?v={'f' * 32}&pvs=4",
        f"https://app.notion.com/p/Music-Database-{HEX}?source=copy_link",
        f"https://app.notion.com/p/Music-Tracks-2026-{HEX}",
        f"https://app.notion.com/p/Techno-Feed-{HEX}#{'a' * 32}",
        f"https://site.notion.site/{DASHED}/",
        f"notion://www.notion.so/workspace/{HEX}",
        f"collection://{DASHED}",
        f" <https://www.notion.so/Facade-{HEX}> ",
    ],
)
def test_a_link_of_any_form_names_the_database(link):
    """The last 32 hex digits of the path's last part, whatever the title looks like."""
    assert id_in(link) == DASHED


@pytest.mark.parametrize(
    "text", ["", "nonsense", "https://www.notion.so/", f"https://x.y/?v={HEX}"]
)
def test_what_names_no_database_is_told(text):
    """A view's id is not the database's."""
    assert id_in(text) == ""
