"""CONTRIBUTING.md says what is there: rooms, their order, paths, commands, links."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("*/**/*.md"))]
MODULES_IN_A_FOLDER = 22
OURS = ("docs", "sandbox", "tests", "bench", "simulation")
RUN = re.compile(r"`python -m ((?:bench|simulation|flows|sandbox)[\w.]*)")
LINK = re.compile(r"\]\(([^)#\s]+)")


def column(section: str, number: int = 0) -> list[str]:
    """The cells of a column of every table in a section."""
    body = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert body, section
    rows = [line for line in body[1].splitlines() if line.startswith("|")]
    return [row.strip("| ").split("|")[number].strip() for row in rows if "---" not in row]


def quoted(cells: list[str]) -> list[str]:
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def our_pages() -> list[Path]:
    return [
        page for page in PAGES if page.parent == ROOT or page.relative_to(ROOT).parts[0] in OURS
    ]


def test_the_rooms_are_the_folders_that_exist():
    rooms = set(quoted(column("Rooms")))
    folders = {f"flows/{init.parent.name}" for init in ROOT.glob("flows/*/__init__.py")}
    assert {room for room in rooms if room.startswith("flows/") and "." not in room} == folders
    assert all((ROOT / room).exists() for room in rooms)


def test_the_duty_of_a_room_is_the_first_line_of_its_package():
    duties = dict(zip(column("Rooms"), column("Rooms", 1), strict=True))
    for init in ROOT.glob("flows/*/__init__.py"):
        said = init.read_text("utf-8").split('"""')[1].splitlines()[0].rstrip(".")
        assert duties[f"`flows/{init.parent.name}`"] == said


def test_no_folder_holds_more_modules_than_one_can_overlook():
    folders = Counter(
        module.parent
        for room in ("flows", "tasks", "sandbox")
        for module in ROOT.glob(f"{room}/**/*.py")
    )
    assert {folder: many for folder, many in folders.items() if many > MODULES_IN_A_FOLDER} == {}


def test_the_order_of_the_rooms_is_the_linters():
    """Where the linter's layers name a room, the page has it in the same place."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    rooms = quoted(column("Rooms"))
    for contract in config["contracts"]:
        layers = [re.split(r"\s*[|:]\s*", layer) for layer in contract.get("layers", [])]
        places = [
            [rooms.index(path) for path in map(_path_of, layer) if path in rooms]
            for layer in layers
        ]
        known = [place for place in places if place]
        assert all(max(one) < min(two) for one, two in itertools.pairwise(known)), contract


def _path_of(module: str) -> str:
    path = module.strip("() ").replace(".", "/")
    return f"{path}.py" if (ROOT / f"{path}.py").is_file() else path


def test_every_path_on_the_page_exists():
    paths = [name for name in re.findall(r"`([^`\s]+)`", TEXT) if "/" in name and "<" not in name]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_make_target_on_a_page_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in our_pages():
        for words in re.findall(r"`make ([a-z -]+?)[`A-Z]", page.read_text("utf-8")):
            assert set(words.split()) <= targets, f"{page.name}: make {words}"


def test_every_module_that_a_page_runs_exists():
    for page in our_pages():
        for name in RUN.findall(page.read_text("utf-8")):
            place = ROOT / name.replace(".", "/")
            found = place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
            assert found, f"{page.name}: python -m {name}"


@pytest.mark.parametrize("page", our_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_can_be_reached_from_the_readme():
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop().resolve()
        if page not in seen and page.suffix == ".md" and page.is_file():
            seen.add(page)
            links = LINK.findall(page.read_text("utf-8"))
            left += [page.parent / link for link in links if "://" not in link]
    missing = {page for page in our_pages() if page.name != "CHANGELOG.md"} - seen
    assert not missing
