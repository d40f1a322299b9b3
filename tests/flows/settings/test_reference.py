"""The README and .env.example say what the code does."""

from pathlib import Path

from flows.command_line.reference import env_example, fill_tables, tables

ROOT = Path(__file__).parents[3]


def test_the_readmes_tables_equal_the_code():
    """Every generated table stands in the README, and as the code has it now."""
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in tables():
        assert f"<!-- table: {name} -->" in readme
    assert fill_tables(readme) == readme, "run: python -m flows.command_line.reference"


def test_env_example_names_every_variable():
    """`.env.example` is what the code would write."""
    assert (ROOT / ".env.example").read_text("utf-8") == env_example()
