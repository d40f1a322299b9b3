"""One look at a data source: of every property, how it is read, how written, or why not.

`doctor`, `setup`, the check before a run and the run itself ask this one answer. Properties are
addressed by their ids, so that one renamed while a run goes on is still found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from tasks.errors import ConfigurationError
from tasks.notion.properties import FIELDS, Field, FieldSpec, Holds

_NEVER_WRITTEN = {
    "formula", "rollup", "unique_id", "button", "verification", "created_by", "last_edited_by",
    "created_time", "last_edited_time", "place", "people", "files",
}  # fmt: skip


class Property(NamedTuple):
    """A property of the database: name, id, type, configuration, and what can be done with it.

    `why_not` completes "… is of type x, …" where it is not read or not written.
    """

    name: str
    id: str
    type: str
    config: Mapping[str, Any]
    is_read: bool = True
    is_written: bool = True
    why_not: str = ""

    @property
    def sentence(self) -> str:
        """What a person should know of it, "" if all is well."""
        if not self.why_not:
            return ""
        return f"The property {self.name!r} is of type {self.type}, {self.why_not}."


@dataclass(frozen=True)
class Schema:
    """The properties of one data source that the product uses.

    `properties` can be read; `unusable` were found by name and can not. `twins` are further
    properties that say the same: a row ticked in any of them is ticked.
    """

    data_source_id: str
    title: str
    properties: Mapping[Field, Property]
    unusable: Mapping[Field, Property] = field(default_factory=dict)
    twins: Mapping[Field, tuple[Property, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, data_source: Mapping[str, Any]) -> Schema:
        """The schema in a data source object.

        Raises ConfigurationError naming each required property that is missing or of a wrong type.
        """
        schema = cls.unchecked(data_source)
        for problem in schema.problems():
            raise problem
        return schema

    @classmethod
    def unchecked(cls, data_source: Mapping[str, Any]) -> Schema:
        """The schema as it is, fit for the product or not; `doctor` names what is wrong in it."""
        there, own_id = data_source["properties"], data_source["id"]
        found = {known: _candidates(spec, there, own_id) for known, spec in FIELDS.items()}
        best = {known: _best(some) for known, some in found.items() if some}
        return cls(
            data_source_id=own_id,
            title="".join(part.get("plain_text", "") for part in data_source.get("title", [])),
            properties={known: one for known, one in best.items() if one.is_read},
            unusable={known: one for known, one in best.items() if not one.is_read},
            twins={
                known: tuple(one for one in found[known] if one.is_read and one is not best[known])
                for known in best
                if FIELDS[known].holds is Holds.FLAG
            },
        )

    def as_by_now(self, data_source: Mapping[str, Any]) -> Schema:
        """The same properties by their ids, as `data_source` has them by now: renamed ones are
        still ours, those that are gone or of another type are not, and new ones are found by name.
        """
        by_id = {value["id"]: name for name, value in data_source["properties"].items()}
        fresh = Schema.unchecked(data_source)

        def kept(known: Field, before: Property) -> Property | None:
            name, there = by_id.get(before.id), data_source["properties"]
            if name is None:
                return None
            return _looked_at(FIELDS[known], name, there[name], fresh.data_source_id)

        ours = {known: now for known, one in self.properties.items() if (now := kept(known, one))}
        found = {**fresh.found, **ours}
        return replace(
            fresh,
            properties={known: one for known, one in found.items() if one.is_read},
            unusable={known: one for known, one in found.items() if not one.is_read},
        )

    def problems(self) -> list[ConfigurationError]:
        """What makes the database unusable: a required property that is missing or cannot serve,
        and a lock that could not be written.
        """
        missing = [
            _lacks(self.title, spec)
            for known, spec in FIELDS.items()
            if spec.required and known not in self.found
        ]
        return missing + [
            _wrong_type(found, FIELDS[known])
            for known, found in self.found.items()
            if _must_serve(FIELDS[known]) and not _serves(FIELDS[known], found)
        ]

    def gaps(self) -> list[str]:
        """A sentence for each property that is there and cannot be written as it should."""
        return [
            found.sentence
            for known, found in self.found.items()
            if found.why_not and (FIELDS[known].is_written or not found.is_read)
        ]

    @property
    def found(self) -> Mapping[Field, Property]:
        """Every property that was found by its name, whether it can be used or not."""
        return {**self.properties, **self.unusable}

    def __contains__(self, known: Field) -> bool:
        return known in self.properties

    def __getitem__(self, known: Field) -> Property:
        return self.properties[known]

    def writes(self, known: Field) -> bool:
        """True if the field has a property that can be written."""
        return known in self.properties and self.properties[known].is_written

    def flags(self, known: Field) -> tuple[Property, ...]:
        """All properties that tell yes or no of one thing, the one that is written first."""
        return (self.properties[known], *self.twins.get(known, ()))

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The ids of all properties in use, for `filter_properties`, which takes them decoded."""
        twins = (one for some in self.twins.values() for one in some)
        return tuple(unquote(found.id) for found in (*self.properties.values(), *twins))

    def options(self, known: Field) -> frozenset[str]:
        """The option names a select, multi_select or status property has."""
        found = self.properties[known]
        return frozenset(option["name"] for option in found.config.get("options", ()))


def _candidates(spec: FieldSpec, there: Mapping[str, Any], own_id: str) -> list[Property]:
    """The properties that may be meant, in the order of the entry's names.

    Every database has one title, whatever it is called.
    """
    names: Iterable[str] = [name for name in spec.names if name in there]
    if spec.holds is Holds.TITLE:
        names = [name for name, value in there.items() if value["type"] == "title"]
    return [_looked_at(spec, name, there[name], own_id) for name in names]


def _best(found: list[Property]) -> Property:
    """The first that can be read and written, else the first that can be read."""
    return min(found, key=lambda one: (not one.is_read, not one.is_written))


def _looked_at(spec: FieldSpec, name: str, value: Mapping[str, Any], own_id: str) -> Property:
    kind = str(value["type"])
    config = value.get(kind) or {}
    is_read = kind in spec.holds.readable and not _leads_elsewhere(spec, kind, config, own_id)
    is_written = is_read and kind in spec.holds.writable
    why_not = "" if is_written else _why_not(spec, kind, is_read=is_read)
    return Property(name, value["id"], kind, config, is_read, is_written, why_not)


def _leads_elsewhere(spec: FieldSpec, kind: str, config: Mapping[str, Any], own_id: str) -> bool:
    """A relation that should lead to rows of this very data source, and does not."""
    return spec.holds is Holds.ROW and kind == "relation" and config.get("data_source_id") != own_id


def _why_not(spec: FieldSpec, kind: str, *, is_read: bool) -> str:
    if is_read:
        reason = "which Notion computes" if kind in {"formula", "rollup"} else "which is read only"
        return f"{reason}: it is read and not written"
    if kind in _NEVER_WRITTEN:
        return f"which cannot hold {spec.holds.value}: it is left alone"
    return f"which does not hold {spec.holds.value}: it is left alone"


def _must_serve(spec: FieldSpec) -> bool:
    return spec.required or spec.holds is Holds.LOCK


def _serves(spec: FieldSpec, found: Property) -> bool:
    return found.is_written if _needs_writing(spec) else found.is_read


def _needs_writing(spec: FieldSpec) -> bool:
    return spec.is_written or spec.holds is Holds.LOCK


def _lacks(title: str, spec: FieldSpec) -> ConfigurationError:
    return ConfigurationError(
        f"The database {title!r} has no property {spec.names[0]!r}.",
        remedy=f"Add a property named {spec.names[0]!r} of type {spec.create_as} in Notion, "
        "or let `library-sync setup` add it.",
    )


def _wrong_type(found: Property, spec: FieldSpec) -> ConfigurationError:
    allowed = spec.holds.writable if _needs_writing(spec) else spec.holds.readable
    return ConfigurationError(
        f"The property {found.name!r} is of type {found.type}; it must be "
        f"{' or '.join(sorted(allowed))}.",
        remedy=f"Change the type of {found.name!r} in Notion.",
    )
