"""From a read document to a checked scenario, with every problem told at its line."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypeAliasType

from simulator._errors import Problem, ScenarioError, did_you_mean
from simulator._kinds import CURRENCIES, plain
from simulator.contract.contract import FORMS, Contract
from simulator.contract.finding import Finding
from simulator.contract.term import Term
from simulator.scenario.checks import check_scenario, check_signed
from simulator.scenario.layers import dotted
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile, Signed
from simulator.scenario.world import Commissioner
from simulator.scenario.yaml_text import Document, Path

__all__ = ["build", "build_signed"]

AnySigned = TypeVar("AnySigned", bound=Signed)


def build(document: Document) -> Scenario:
    """Validate a document.

    Raises:
        ScenarioError: with all problems, of form and of reference, sorted by line.
    """
    return _build(document, Scenario, check_scenario)


def build_signed(document: Document) -> Scenario | ContractFile:
    """Validate a document that may do without a world, as settling does.

    Raises:
        ScenarioError: with all problems, of form and of reference, sorted by line.
    """
    if isinstance(document.tree.get("services"), dict):
        return build(document)
    return _build(document, ContractFile, check_signed)


def _build(
    document: Document, model: type[AnySigned], check: Callable[[AnySigned], Iterator[Finding]]
) -> AnySigned:
    currency = document.tree.get("currency", "£")
    if currency not in CURRENCIES:
        currency = "£"  # the wrong sign is told by its own field
    try:
        found = model.model_validate(document.tree, context={"currency": currency})
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [problem for each in details for problem in _tell(each, document, model)]
        wrong = {_walk_to(detail["loc"], document.tree)[0] for detail in details}
        unknown = {
            _walk_to(detail["loc"], document.tree)[0]
            for detail in details
            if detail["type"] == "extra_forbidden"
        }
        # the cross-checks run although numbers are wrong or keys unknown, where that is possible
        lenient = {"currency": currency, "lenient": True}
        with suppress(ValidationError):
            found = model.model_validate(_without(document.tree, unknown), context=lenient)
            problems += [
                _place(finding, document)
                for finding in check(found)
                if not any(_touches(path, finding.path) for path in wrong)
            ]
        raise ScenarioError(problems) from None
    findings = list(check(found))
    if findings:
        raise ScenarioError(_place(finding, document) for finding in findings)
    return found


def _touches(wrong: Path, found: Path) -> bool:
    shorter = min(len(wrong), len(found))
    return wrong[:shorter] == found[:shorter]


def _without(tree: Any, paths: set[Path], here: Path = ()) -> Any:
    """Return the tree without the keys at these paths."""
    if isinstance(tree, dict):
        return {
            key: _without(value, paths, (*here, key))
            for key, value in tree.items()
            if (*here, key) not in paths
        }
    if isinstance(tree, list):
        return [_without(value, paths, (*here, index)) for index, value in enumerate(tree)]
    return tree


def _place(finding: Finding, document: Document) -> Problem:
    path = _walk_to(finding.path, document.tree)[0]
    file, line, column = document.place_of_key(path) if finding.at_key else document.place(path)
    return Problem(file, line, column, dotted(path), finding.found, finding.allowed, finding.mend)


def _walk_to(loc: tuple[int | str, ...], tree: Any) -> tuple[Path, Any]:
    """Follow a location through the tree, leaving out the steps that only the models know."""
    path: Path = ()
    for step in loc:
        if isinstance(tree, dict) and step == "commissioners" and step not in tree:
            continue  # written as 'council: {...}'
        if isinstance(tree, dict):
            inside = step in tree
        else:
            inside = isinstance(tree, list) and isinstance(step, int) and step < len(tree)
        if inside:
            tree = tree[step]
            path = (*path, step)
    return path, tree


def _tell(detail: ErrorDetails, document: Document, model: type[Signed]) -> Iterator[Problem]:
    loc, kind = detail["loc"], detail["type"]
    context: dict[str, Any] = detail.get("ctx") or {}
    path, found = _walk_to((*loc, context.get("at", "")), document.tree)
    name = str(loc[-1]) if loc else ""
    is_key = kind == "extra_forbidden" or name == "[key]" or context.get("at_key", False)
    file, line, column = document.place_of_key(path) if is_key else document.place(path)

    def problem(found: str, allowed: str, mend: str) -> Problem:
        return Problem(file, line, column, dotted(path), found, allowed, mend)

    if "found" in context:
        yield problem(context["found"], context["allowed"], context["mend"])
    elif kind == "extra_forbidden":
        known = _keys_at(path[:-1], document.tree, model) or []
        near = did_you_mean(name, known)
        yield problem(
            f"found the unknown key '{name}'",
            "" if near else f"the keys here are {', '.join(known)}",
            near or "remove it",
        )
    elif kind == "missing":
        short = ", or 'council: {name: ...}' where there is one" if name == "commissioners" else ""
        yield problem(f"found no '{name}'", "this key is needed", f"add '{name}'{short}")
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        form = str(found.get("form")) if isinstance(found, dict) else ""
        yield problem(
            f"found the form '{form}'",
            f"the ready-made forms are {', '.join(FORMS)}",
            did_you_mean(form, FORMS) or "or leave 'form' out and write the term out",
        )
    elif "in a word" in loc:
        yield problem(
            f"found {_shown(found)}",
            f"{context.get('expected', '')}, a share for each provider, or {{by: measure}}",
            "write for example 'split: equal'",
        )
    elif kind == "literal_error" and name == "[key]":
        yield problem(f"found '{loc[-2]}'", f"allowed is {context['expected']}", "rename it")
    elif kind == "literal_error":
        yield problem(f"found {_shown(found)}", f"allowed is {context['expected']}", "choose one")
    elif kind == "string_pattern_mismatch":
        yield problem(
            f"found the name '{loc[-2] if name == '[key]' else found}'",
            "names are small letters, digits and underscores, beginning with a letter",
            "rename it; what readers see goes into 'name' or 'title'",
        )
    elif kind.startswith("bool"):
        yield problem(f"found {_shown(found)}", "allowed is true or false", "write true or false")
    elif kind in ("dict_type", "model_type", "model_attributes_type"):
        mend = _example_of(path, document.tree, model)
        yield problem(f"found {_shown(found)}", "a group of keys stands here", mend)
    elif kind in ("tuple_type", "list_type"):
        yield problem(f"found {_shown(found)}", "a list stands here", "write [first, second]")
    elif kind in ("too_short", "string_too_short"):
        yield problem("found nothing here", "at least one entry is needed", "add one")
    elif kind in ("too_long", "string_too_long"):
        limit = context.get("max_length", "")
        yield problem("found too much here", f"at most {limit} are allowed", "shorten it")
    elif kind == "string_type":
        yield problem(f"found {_shown(found)}", "text stands here", "put it in quotes")
    else:
        yield problem(f"found {_shown(found)}", detail["msg"], "see the scenario's schema")


def _example_of(path: Path, tree: Any, model: type[Signed]) -> str:
    known = _keys_at(path, tree, model)
    return f"write some of {', '.join(known)}" if known else "write 'name: {...}'"


def _shown(found: Any) -> str:
    return f"'{found}'" if isinstance(found, int | float) else plain(found)


def _keys_at(path: Path, tree: Any, model: type[Signed]) -> list[str] | None:
    """Return the keys allowed at a path of the YAML, or None where any name may stand."""
    kinds: list[Any] = [model]
    for step in path:  # a path that was followed in the tree, so every step is in it
        kinds = [inner for kind in kinds for inner in _step_into(kind, step)]
        tree = tree[step]
        kinds = _as_written(kinds, tree)
    if any(typing.get_origin(kind) is dict for kind in kinds):
        return None
    keys: list[str] = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += [info.alias or key for key, info in kind.model_fields.items()]
    keys += ["council", "extends"] if model in kinds else []
    return list(dict.fromkeys(keys)) or None


def _as_written(kinds: list[Any], tree: Any) -> list[Any]:
    """Keep of the forms of a contract only the one that the tree names.

    A contract in short has the keys of its form beside its own.
    """
    form = tree.get("form") if isinstance(tree, dict) else None
    named = FORMS.get(form) if isinstance(form, str) else None
    kept = [kind for kind in kinds if kind not in FORMS.values() or kind is named]
    if named is not None and Term in kept:
        kept.remove(Term)
    return [*kept, named] if Contract in kinds and named is not None else kept


def _step_into(kind: Any, step: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for key, info in kind.model_fields.items():
            if step in (key, info.alias):
                return _choices(info.annotation)
        return [Commissioner] if step == "council" and issubclass(kind, Signed) else []
    arguments = typing.get_args(kind)
    return _choices(arguments[1 if typing.get_origin(kind) is dict else 0]) if arguments else []


def _choices(annotation: Any) -> list[Any]:
    """Take annotations and unions apart into the models and containers they may be."""
    if isinstance(annotation, TypeAliasType):
        return []
    if typing.get_origin(annotation) is typing.Annotated:
        return _choices(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [kind for part in typing.get_args(annotation) for kind in _choices(part)]
    return [annotation]
