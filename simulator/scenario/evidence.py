"""Who says so: the numbers of a scenario with their evidence, and the defaults it took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.contract.contract import Contract
from simulator.contract.curve import Frozen
from simulator.quantities import Evidence, Figure
from simulator.scenario.behaviour import BEHAVIOUR, DISCRETION
from simulator.scenario.layers import dotted
from simulator.scenario.scenario import Scenario

__all__ = ["Default", "Sourced", "defaults_taken", "numbers_with_evidence"]

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Default:
    """A value nobody wrote, and where it comes from."""

    path: str
    value: str
    provenance: str


@dataclass(frozen=True)
class Sourced:
    """A number somebody wrote; evidence where they gave it."""

    path: str
    written: str
    value: float
    kind: str
    evidence: Evidence | None


def defaults_taken(scenario: Scenario) -> list[Default]:
    """Return every default with a provenance that the scenario took, in order of its fields.

    Those of behaviour only where somebody changes what they do, those of discretion only where a
    contract leaves something to the commissioners.
    """
    return [
        Default(
            dotted(path), _written(value).replace("£", scenario.currency), _provenance(model, name)
        )
        for path, value, model, name in _fields(scenario)
        if name and name not in model.model_fields_set and _provenance(model, name)
        if scenario.behaves or not _is_marked(model, name, BEHAVIOUR)
        if scenario.leaves_discretion or not _is_marked(model, name, DISCRETION)
    ]


def numbers_with_evidence(scenario: Scenario) -> list[Sourced]:
    """Return every number the scenario wrote, with its evidence or None."""
    return [
        Sourced(dotted(path), value.written, float(value), value.kind, value.evidence)
        for path, value, model, name in _fields(scenario)
        if isinstance(value, Figure) and (not name or name in model.model_fields_set)
    ]


def _provenance(model: Frozen, name: str) -> str:
    extra = type(model).model_fields[name].json_schema_extra
    return str(extra.get("provenance", "")) if isinstance(extra, dict) else ""


def _is_marked(model: Frozen, name: str, mark: str) -> bool:
    extra = type(model).model_fields[name].json_schema_extra
    return isinstance(extra, dict) and mark in extra


def _written(value: Any) -> str:
    if isinstance(value, Figure):
        return value.written
    if isinstance(value, Frozen):
        main = next(iter(value.__dict__.values()))  # the group's main key stands first
        return _written(main)
    return {None: "by caseworkers", True: "true", False: "false"}.get(value, str(value))


def _fields(model: Frozen, path: Path = ()) -> Iterator[tuple[Path, Any, Any, str]]:
    """Yield (path, value, model, field) for every field, depth first; defaults are not entered."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        here = (*path, info.alias or name)
        yield here, value, model, name
        if name in model.model_fields_set or not _provenance(model, name):
            if isinstance(model, Contract) and name == "terms" and model.is_shorthand:
                yield from _inside(value[0], path)
            else:
                yield from _inside(value, here)


def _inside(value: Any, path: Path) -> Iterator[tuple[Path, Any, Any, str]]:
    if isinstance(value, Frozen):
        yield from _fields(value, path)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if isinstance(entry, Figure):
                yield (*path, key), entry, None, ""
            yield from _inside(entry, (*path, key))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _inside(entry, (*path, index))
