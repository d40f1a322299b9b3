"""The settings: one table, read from the environment and from `.env` files."""

from flows.settings.env_lines import names_in, text_of
from flows.settings.reading import (
    env_files,
    given_variables,
    load_settings,
    load_what_works,
    places,
    users_file,
)
from flows.settings.retired import RETIRED
from flows.settings.table import VARIABLES, Settings, Variable

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
