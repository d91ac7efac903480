"""Putting one scenario together from its layers.

Order of precedence, the weakest first: the parent named by ``extends``, the file itself, values
given by ``--set path=value``. Further files given beside the first stand on its level: they may
add, never contradict. Groups merge key by key; lists and values replace.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from simulator._errors import Problem, ScenarioError, UsageError, did_you_mean
from simulator._kinds import take_apart
from simulator.contract.live.names import meant_by, ways_of
from simulator.scenario.yaml_text import Document, Path, read_value

__all__ = ["beside", "over", "set_values"]

_SIDES = ("commissioners", "providers")


def over(parent: Document, child: Document) -> Document:
    """Return the child laid over its parent."""
    merged = _copy(parent)
    _lay(merged, child, (), child.tree, _replaces)
    return merged


def beside(first: Document, second: Document) -> Document:
    """Return two files of one level together.

    Raises:
        ScenarioError: both give a value for the same path and the values differ.
    """
    problems = []
    for path in _contradictions(first.tree, second.tree, ()):
        file, line, column = second.place(path)
        other, other_line, _ = first.place(path)
        problems.append(
            Problem(
                file,
                line,
                column,
                dotted(path),
                f"found a second value; {other}:{other_line} gives another",
                "files given side by side add to each other and do not contradict",
                "remove one, or let this file extend the other with 'extends'",
            )
        )
    if problems:
        raise ScenarioError(problems)
    merged = _copy(first)
    _lay(merged, second, (), second.tree, lambda old, new: False)
    return merged


def _contradictions(first: Any, second: Any, path: Path) -> Iterator[Path]:
    """Yield the paths at which two trees give different values."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in second:
            if key in first:
                yield from _contradictions(first[key], second[key], (*path, key))
    elif first != second:
        yield path


def set_values(document: Document, settings: Iterable[str]) -> Document:
    """Return the document with ``path=value`` settings laid over it.

    A path runs through keys and list positions: ``contracts.alliance.cap=8%``,
    ``contracts.output.terms.0.price=£500``. ``parties.north`` finds a party on either side, by its
    key or its name. The value is read as YAML. Of a number's evidence its unit stays, and its
    range where the new value lies inside; its source does not.

    Raises:
        UsageError: a setting has no ``=``, its path leads through something without keys, or it
            names a party that there is not.
    """
    result = _copy(document)
    for setting in settings:
        path_text, equals, value_text = setting.partition("=")
        given = tuple(_step(part) for part in path_text.strip().split("."))
        if not equals or not all(str(part) for part in given):
            raise UsageError(
                f"--set {setting}: found no 'path=value'; write for example "
                "--set contracts.alliance.cap=8%"
            )
        value = read_value(value_text, f"--set {path_text.strip()}")
        path = _on_its_side(given, result.tree)
        _set(result, path, value, setting, _option(given, path))
    return result


def _on_its_side(path: Path, tree: Any) -> Path:
    """Return a path through 'parties' as one through the side that the party is on.

    Raises:
        UsageError: there is no such party.
    """
    if len(path) < 2 or path[0] != "parties" or not isinstance(tree, dict):
        return path
    payers, providers = ([str(key) for key in _keys(tree.get(side))] for side in _SIDES)
    party = _meant(str(path[1]), tree)
    if party in payers:
        return ("commissioners", party, *path[2:])
    if party == "council" and "council" in tree:
        return (party, *path[2:])
    if party in providers:
        return ("providers", party, *path[2:])
    known = [*payers, *(["council"] if "council" in tree else []), *providers]
    near = did_you_mean(party, known)
    raise UsageError(
        f"{_option(path, path)}: found '{party}'; the parties are {', '.join(known)}"
        + (f"; {near}" if near else "")
    )


def _meant(party: str, tree: dict[Any, Any]) -> str:
    """Return the key of the party that has this key or name; as given where it is not just one."""
    council = {key: each for key, each in tree.items() if key == "council"}
    groups = [council, *(tree.get(side) for side in _SIDES)]
    called = {
        str(key): str((isinstance(each, dict) and each.get("name")) or str(key).replace("_", " "))
        for group in groups
        if isinstance(group, dict)
        for key, each in group.items()
    }
    ways = ways_of((way, key) for key, name in called.items() for way in (key, name))
    found = meant_by(party, ways)
    return found[0] if len(found) == 1 else party


def _keys(group: Any) -> list[Any]:
    return list(group) if isinstance(group, dict) else []


def dotted(path: Path) -> str:
    """Return a path as people write it."""
    return ".".join(str(part) for part in path)


def _step(part: str) -> str | int:
    return int(part) if part.isascii() and part.isdigit() and len(part) < 7 else part


def _option(given: Path, path: Path) -> str:
    """Return the option that a setting of a path was given by, as it was written or as it is."""
    decides = given[:1] == ("parties",) and given[2:] == ("policy",)
    return "--policy" if decides else f"--set {dotted(path)}"


def _set(document: Document, path: Path, value: Document, setting: str, option: str) -> None:
    group: Any = document.tree
    for depth, part in enumerate(path[:-1]):
        if isinstance(group, dict):
            group = group.setdefault(str(part), {})
        elif isinstance(group, list) and isinstance(part, int) and part < len(group):
            group = group[part]
        else:
            group = None
        if not isinstance(group, dict | list):
            raise UsageError(
                f"--set {setting}: '{dotted(path[: depth + 1])}' holds no keys; "
                f"a path leads through groups, as in 'services.support.caseload'"
            )
    if path == ("extends",):
        raise UsageError(f"--set {setting}: 'extends' stands in a file and cannot be set")
    last = path[-1]
    if isinstance(group, dict):
        last = str(last)
    fits = isinstance(group, dict) or (
        isinstance(group, list) and isinstance(last, int) and last < len(group)
    )
    if not fits:
        raise UsageError(f"--set {setting}: there is no '{last}' in '{dotted(path[:-1])}'")
    new = value.tree["value"]
    old = group.get(last) if isinstance(group, dict) else group[last]
    if isinstance(old, dict) and "value" in old and not isinstance(new, dict):
        # the old source does not speak for the new value
        kept = {key: old[key] for key in ("unit", "price_year") if key in old}
        if _in_range(new, old.get("range")):
            kept["range"] = old["range"]
        new = {"value": new, "source": "set on the command line", **kept}
    group[last] = new
    place = (option, 0, 0)
    for stale in _paths(old, path):
        document.values.pop(stale, None)
    for end in range(1, len(path) + 1):
        document.values.setdefault(path[:end], place)
        document.keys.setdefault(path[:end], place)
    for inner in value.values:
        document.values[path + inner] = place


def _in_range(value: Any, ends: Any) -> bool:
    """Tell whether a value lies inside a range written in the same units."""
    if not isinstance(ends, list) or len(ends) != 2:
        return False
    low, new, high = (take_apart(each) for each in (ends[0], value, ends[1]))
    if low is None or new is None or high is None:
        return False
    units = {(each.currency, each.percent, each.unit, each.per) for each in (low, new, high)}
    return len(units) == 1 and low.value <= new.value <= high.value


def _copy(document: Document) -> Document:
    return Document(copy.deepcopy(document.tree), dict(document.values), dict(document.keys))


Rule = Callable[[dict[str, Any], dict[str, Any]], bool]


def _lay(into: Document, child: Document, path: Path, tree: dict[str, Any], replaces: Rule) -> None:
    """Lay a tree over the one at the same path; ``replaces`` tells which groups come whole."""
    into.values[path] = child.place(path)
    target: Any = into.tree
    for part in path:
        target = target[part]
    for key, value in tree.items():
        here = (*path, key)
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not replaces(old, value):
            into.keys[here] = child.place_of_key(here)
            _lay(into, child, here, value, replaces)
            continue
        for stale in _paths(old, here):
            into.values.pop(stale, None)
        target[key] = copy.deepcopy(value)
        for new in _paths(value, here):
            into.values[new] = child.place(new)
            into.keys[new] = child.place_of_key(new)


def _replaces(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """A number with its evidence and a contract of another form come whole, never in part."""
    return "value" in new or new.get("form", old.get("form")) != old.get("form")


def _paths(tree: Any, path: Path) -> Iterable[Path]:
    yield path
    if isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for part, value in pairs:
            yield from _paths(value, (*path, part))
