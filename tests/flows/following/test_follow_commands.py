"""follow, follow --list, unfollow: what they say, and where it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.__main__ import main
from flows.settings import VARIABLES
from sandbox.builders import short_tracks
from sandbox.notion.databases import update_data_source
from sandbox.notion.pages import update_page


@pytest.fixture
def sandbox(sandbox_factory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A sandbox that the environment names, with a playlist of three tracks on SoundCloud."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)
    made = sandbox_factory(build=short_tracks(0))
    catalogue = made.soundcloud.catalogue
    tracks = [catalogue.add_track(f"New {n}", "Nova", seconds=5) for n in range(3)]
    made.set_url = catalogue.add_set("Late Night", "Robin", tracks)
    made.tracks = tracks
    for name, value in (made.environment | {"NOTION_REQUESTS_PER_MINUTE": "100000"}).items():
        monkeypatch.setenv(name, value)
    return made


def with_property(sandbox: Any, kind: str = "url") -> None:
    """The playlists database has a property for addresses."""
    objects = sandbox.notion.objects
    source = objects.databases[sandbox.world.playlists_db].data_sources[0]
    with objects.guard:
        update_data_source(objects, source, {"properties": {"SoundCloud URL": {kind: {}}}})
        objects.flush()


def playlist_page(sandbox: Any, name: str) -> str:
    (source,) = sandbox.notion.find_data_sources("Playlists")
    return next(p for p, row in sandbox.notion.rows(source).items() if row["Name"] == name)


def listed(tmp_path: Any) -> list[dict[str, Any]]:
    assert main(["follow", "--list", "--json", str(tmp_path / "f.json")]) == 0
    found: list[dict[str, Any]] = json.loads((tmp_path / "f.json").read_text())["followed"]
    return found


def test_a_list_is_followed_on_this_machine_and_let_go(sandbox: Any, tmp_path: Any, capsys) -> None:
    """Where the playlists database has no property for it. Twice is once."""
    for _ in range(2):
        assert main(["follow", f"{sandbox.set_url}?si=1"]) == 0
    assert "Following" in capsys.readouterr().err
    (one,) = listed(tmp_path)
    assert (one["url"], one["playlist"], one["is_in_notion"]) == (
        sandbox.set_url, "Late Night", False,
    )  # fmt: skip
    assert main(["unfollow", sandbox.set_url.replace("https://", "m.")]) == 0
    assert listed(tmp_path) == []
    assert main(["unfollow", sandbox.set_url]) == 1
    assert "is not followed" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["url", "rich_text"])
def test_a_list_is_followed_in_notion_where_every_machine_sees_it(
    sandbox: Any, tmp_path: Any, kind: str
) -> None:
    with_property(sandbox, kind)
    assert main(["follow", sandbox.set_url, "--playlist", "Nights"]) == 0
    page_id = playlist_page(sandbox, "Nights")
    assert sandbox.notion.row(page_id)["SoundCloud URL"] == sandbox.set_url
    (one,) = listed(tmp_path)
    assert (one["playlist"], one["is_in_notion"]) == ("Nights", True)
    assert main(["unfollow", sandbox.set_url]) == 0
    assert not sandbox.notion.row(page_id)["SoundCloud URL"]
    assert listed(tmp_path) == []


def test_a_page_that_follows_another_list_keeps_it(sandbox: Any, tmp_path: Any, capsys) -> None:
    """The second list into one playlist is followed from this machine, and we say why."""
    with_property(sandbox)
    likes = sandbox.soundcloud.accounts.like("Robin", *sandbox.tracks)
    assert main(["follow", sandbox.set_url, "--playlist", "Nights"]) == 0
    assert main(["follow", likes, "--playlist", "Nights"]) == 0
    assert [(each["url"], each["is_in_notion"]) for each in listed(tmp_path)] == [
        (sandbox.set_url, True), (likes, False),
    ]  # fmt: skip
    said = capsys.readouterr().err
    assert "names another list already" in said
    assert "A property named" not in said


def test_a_page_with_room_names_both_lists_and_keeps_one_when_the_other_goes(
    sandbox: Any, tmp_path: Any
) -> None:
    """A property of type text. The list that the page names already is not named twice."""
    with_property(sandbox, "rich_text")
    likes = sandbox.soundcloud.accounts.like("Robin", *sandbox.tracks)
    for url in (sandbox.set_url, likes, sandbox.set_url):
        assert main(["follow", url, "--playlist", "Nights"]) == 0
    assert {(each["url"], each["is_in_notion"]) for each in listed(tmp_path)} == {
        (sandbox.set_url, True), (likes, True),
    }  # fmt: skip
    page_id = playlist_page(sandbox, "Nights")
    assert len(sandbox.notion.row(page_id)["SoundCloud URL"].split()) == 2
    assert main(["unfollow", sandbox.set_url]) == 0
    assert sandbox.notion.row(page_id)["SoundCloud URL"] == likes
    assert [each["url"] for each in listed(tmp_path)] == [likes]


def test_two_lists_that_a_person_put_into_one_link_are_let_go_one_by_one(
    sandbox: Any, tmp_path: Any
) -> None:
    with_property(sandbox)
    likes = sandbox.soundcloud.accounts.like("Robin", *sandbox.tracks)
    assert main(["follow", sandbox.set_url, "--playlist", "Nights"]) == 0
    page_id, objects = playlist_page(sandbox, "Nights"), sandbox.notion.objects
    both = {"SoundCloud URL": {"url": f"{sandbox.set_url} {likes}"}}
    with objects.guard:
        update_page(objects, page_id, {"properties": both})
        objects.flush()
    assert main(["follow", likes, "--playlist", "Nights"]) == 0
    assert main(["unfollow", sandbox.set_url]) == 0
    assert sandbox.notion.row(page_id)["SoundCloud URL"] == likes
    assert [each["url"] for each in listed(tmp_path)] == [likes]


def test_nothing_is_written_under_dry_run(sandbox: Any, tmp_path: Any, monkeypatch) -> None:
    with_property(sandbox)
    monkeypatch.setenv("DRY_RUN", "1")
    commits = len(sandbox.ledger.entries(event="commit", service="notion"))
    assert main(["follow", sandbox.set_url]) == 0
    assert listed(tmp_path) == []
    assert len(sandbox.ledger.entries(event="commit", service="notion")) == commits


def test_what_cannot_be_followed_is_said(sandbox: Any, capsys) -> None:
    assert main(["follow", sandbox.tracks[0].url]) == 1
    assert "no list that can be followed" in capsys.readouterr().err
    assert main(["follow", "https://soundcloud.com/robin/sets/nowhere"]) == 1
    assert "removed, or it is private" in capsys.readouterr().err
    assert main(["follow"]) == 64
    assert "or --list" in capsys.readouterr().err
    assert main(["follow", sandbox.set_url, "--list"]) == 64


def test_a_share_link_of_a_playlist_is_followed(sandbox: Any, tmp_path: Any) -> None:
    """As phones give it."""
    link = sandbox.soundcloud.catalogue.add_short_link(
        sandbox.soundcloud.catalogue.at("robin/sets/late-night")
    )
    assert main(["follow", link]) == 0
    assert [each["url"] for each in listed(tmp_path)] == [sandbox.set_url]
