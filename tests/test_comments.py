"""Comments and docstrings cite only documents, and sections, that are in this repository."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("flows", "tasks", "sandbox", "bench", "simulation", "tests")
CITED = re.compile(r'([\w./-]+\.md)((?:,? (?:and )?"[^"]+")*)')
SEED = re.compile(
    r"""\bthe seed\b|\bseed's\b|\(seed[,)]|\(\d+\.\d+\)|\bin the reference\b|reference's table""",
    re.IGNORECASE,
)


@cache
def remarks_in(folder: str) -> list[tuple[Path, int, str]]:
    """Every remark of a folder, with its file and line."""
    return [
        (file, line, remark)
        for file in sorted((ROOT / folder).rglob("*.py"))
        for line, remark in remarks(file.read_text("utf-8"))
    ]


def remarks(text: str) -> Iterator[tuple[int, str]]:
    """Every comment and every string that stands alone, with its line; white space as blanks."""
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begins = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and begins):
            yield token.start[0], " ".join(token.string.replace("\n", " ").split())
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.type


@cache
def headings(page: Path) -> set[str]:
    return {line.lstrip("# ") for line in page.read_text("utf-8").splitlines() if line[:1] == "#"}


def wrong_citations(remark: str) -> Iterator[str]:
    for path, sections in CITED.findall(remark):
        page = ROOT / path
        if not page.is_file():
            yield f"{path} does not exist"
            continue
        for section in re.findall(r'"([^"]+)"', sections):
            if section not in headings(page):
                yield f'{path} has no section "{section}"'


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_cited_document_and_section_exists(folder):
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {what}"
        for file, line, remark in remarks_in(folder)
        for what in wrong_citations(remark)
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_rule_is_stated_and_not_attributed_to_the_specification(folder):
    """What was the specification is not in the repository, nor are its numbered sections; a seed of
    random numbers is `seed`.
    """
    told = [
        f"{file.relative_to(ROOT)}:{line}"
        for file, line, remark in remarks_in(folder)
        if SEED.search(re.sub(r"`[^`]*`", "", remark)) and file != Path(__file__)
    ]
    assert told == []


def test_a_citation_of_something_absent_is_found():
    assert list(wrong_citations("as docs/moods.md says")) == ["docs/moods.md does not exist"]
    wrong = 'docs/facts/notion.md, "Filters" and "Moods"'
    assert list(wrong_citations(wrong)) == ['docs/facts/notion.md has no section "Moods"']
