"""The settings: one table, read from the environment and from `.env` files."""

from flows.settings.reading import given_variables, load_settings, load_what_works
from flows.settings.retired import RETIRED
from flows.settings.table import VARIABLES, Settings, Variable

__all__ = [
    "RETIRED",
    "VARIABLES",
    "Settings",
    "Variable",
    "given_variables",
    "load_settings",
    "load_what_works",
]
