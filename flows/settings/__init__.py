"""The settings: one table, read from the environment and from `.env` files."""

from flows.settings.reading import (
    env_files,
    given_variables,
    load_settings,
    load_what_works,
    names_in,
    places,
    text_of,
    users_file,
)
from flows.settings.table import RETIRED, VARIABLES, Settings, Variable

__all__ = [
    "RETIRED",
    "VARIABLES",
    "Settings",
    "Variable",
    "env_files",
    "given_variables",
    "load_settings",
    "load_what_works",
    "names_in",
    "places",
    "text_of",
    "users_file",
]
