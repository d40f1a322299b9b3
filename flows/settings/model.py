"""The table as a model of pydantic-settings: the environment over the files, each by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import Field, ValidationError, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.settings import kinds
from flows.settings.table import VARIABLES, Settings, Variable
from tasks.errors import ConfigurationError

_BY_NAME = {variable.name: variable for variable in VARIABLES}


class _FromTheEnvironment(BaseSettings):
    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore")


def _field(variable: Variable) -> Any:
    return Field(
        default=variable.default,
        validation_alias=variable.name,
        validate_default=True,
        description=variable.meaning,
    )


_HINTS = get_type_hints(Settings, localns=vars(kinds), include_extras=True)
_DEFINITIONS: dict[str, Any] = {
    one.name: (_HINTS[one.name], _field(one.metadata["variable"])) for one in fields(Settings)
}
_Model: Any = create_model("_Model", __base__=_FromTheEnvironment, **_DEFINITIONS)


class NotUsable(Exception):
    """The variables that cannot work, each with its error, in the order of the table."""

    def __init__(self, errors: Mapping[str, ConfigurationError]) -> None:
        super().__init__(*errors)
        self.errors = errors


def read(given: Mapping[str, str]) -> Settings:
    """The settings from `given`, else the environment, else defaults.

    Raises NotUsable.
    """
    try:
        model = _Model(**dict(given))
    except ValidationError as error:
        raise NotUsable(_translated(error)) from None  # its text holds what was given, secrets too
    return Settings(**{one.name: getattr(model, one.name) for one in fields(Settings)})


def _translated(error: ValidationError) -> dict[str, ConfigurationError]:
    found: dict[str, ConfigurationError] = {}
    for one in error.errors(include_url=False, include_input=False):
        name = str(one["loc"][0])
        cause = one.get("ctx", {}).get("error")
        said = str(cause) if isinstance(cause, kinds.Unusable) else f"cannot work: {one['msg']}"
        remedy = cause.remedy if isinstance(cause, kinds.Unusable) else "Set {name} to {default}."
        default = _BY_NAME[name].default
        found[name] = ConfigurationError(
            f"{name} {said}", remedy=remedy.format(name=name, default=default)
        )
    return {name: found[name] for name in _BY_NAME if name in found}
