"""How an optional package is added, by what made the environment."""

from pathlib import Path

import pytest

from tasks.extras import how_to_add


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("uv-receipt.toml", '`uv tool install ".[rekordbox]"`'),
        ("pipx_metadata.json", "`pipx inject library-sync pyrekordbox`"),
        ("pyvenv.cfg", "bin/python -m pip install pyrekordbox`"),
    ],
)
def test_the_command_of_the_tool_that_made_it(mark: str, said: str, tmp_path: Path) -> None:
    (tmp_path / mark).touch()
    assert said in how_to_add("rekordbox", "pyrekordbox", str(tmp_path))
