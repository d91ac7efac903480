"""Reading YAML text into plain values that remember where they stood.

Built on the pure-Python loader of PyYAML, because its C twin drops the guards below. What YAML
can do and a scenario never needs is refused: aliases, merges, tags, several documents, deep
nesting, huge files. Scalars follow YAML 1.2, so that ``no`` and ``12:30`` stay text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from simulator._errors import Problem, ScenarioError
from simulator._kinds import plain

__all__ = ["MAX_CHARACTERS", "Document", "Place", "read_value", "read_yaml"]

MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 20
_MAX_NODES = 50_000

Path = tuple[str | int, ...]
Place = tuple[str, int, int]
"""File, line and column, the last two from 1."""


@dataclass
class Document:
    """A read file: its values, and where each value and each key stood."""

    tree: dict[str, Any]
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Return where a path stands; for one that is not there, the nearest group above it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.values:
                return self.values[path[:end]]
        return ("", 0, 0)

    def place_of_key(self, path: Path) -> Place:
        """Return where the key of a path stands."""
        return self.keys.get(path) or self.place(path)


def read_yaml(text: str, file: str) -> Document:
    """Read the text of one YAML file.

    Args:
        text: the whole file.
        file: its name, for messages.

    Raises:
        ScenarioError: with every problem that can be told from the text alone.
    """
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError([too_large(file)])
    root = _compose(text, file)
    if root is None:
        raise ScenarioError(
            [
                Problem(
                    file,
                    0,
                    0,
                    "",
                    "the file is empty",
                    "a scenario has at least title, starts, years, providers, services, "
                    "contracts and baseline",
                    "start from a template: alliance new FILE --template smallest",
                )
            ]
        )
    document = Document({})
    problems: list[Problem] = []
    tree = _build(root, (), document, file, problems)
    if not isinstance(tree, dict) and not problems:
        line, column = _mark(root)
        problems.append(
            Problem(
                file,
                line,
                column,
                "",
                "found " + ("a list" if isinstance(tree, list) else f"'{tree}'"),
                "a scenario is a group of keys with values",
                "write for example 'title: Social prescribing in our town'",
            )
        )
    if problems:
        raise ScenarioError(problems)
    document.tree = tree
    return document


def read_value(text: str, file: str) -> Document:
    """Read one value as it would stand after a colon; the tree is ``{"value": ...}``."""
    root = _compose(text, file)
    document = Document({"value": None})
    problems: list[Problem] = []
    if root is not None:
        document.tree["value"] = _build(root, (), document, file, problems)
    if problems:
        raise ScenarioError(problems)
    return document


def too_large(file: str) -> Problem:
    """Return the problem of a file beyond the size limit."""
    return Problem(
        file,
        0,
        0,
        "",
        f"the file has more than {MAX_CHARACTERS:,} characters",
        f"a scenario has at most {MAX_CHARACTERS:,}",
        "check that this is the file you meant",
    )


class _Refused(Exception):
    def __init__(self, mark: Any, found: str, allowed: str, mend: str) -> None:
        self.problem = (mark.line + 1, mark.column + 1, found, allowed, mend)


class _Loader(yaml.SafeLoader):
    """Composes nodes within limits; construction is done by :func:`_build`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(
                event.start_mark,
                f"found the alias '*{event.anchor}'",
                "a scenario repeats nothing by reference",
                "write the value out, or share it through a parent file with 'extends'",
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise _Refused(
                event.start_mark,
                f"found the tag '{event.tag}'",
                "a scenario has no YAML tags",
                "remove the tag",
            )
        self._nodes += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
            what = "levels of nesting" if self._depth > _MAX_DEPTH else "values"
            limit = _MAX_DEPTH if self._depth > _MAX_DEPTH else _MAX_NODES
            raise _Refused(
                event.start_mark,
                f"found more than {limit:,} {what}",
                f"a scenario has at most {limit:,}",
                "check that this is the file you meant",
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


# A comma inside a number ("£200,000") would end the value between braces. It is kept out of the
# scanner's sight by a stand-in of the same width, so that lines and columns stay true.
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_STAND_IN = "\ue000"


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        loader = _Loader(_THOUSANDS.sub(_STAND_IN, text))
        return loader.get_single_node()
    except (ValueError, OverflowError):  # an escape such as \\U that names no character
        found = "found an escape that names no character"
        problem = Problem(file, 0, 0, "", found, "", "use single quotes around the text")
    except _Refused as refused:
        line, column, found, allowed, mend = refused.problem
        problem = Problem(file, line, column, "", found, allowed, mend)
    except yaml.MarkedYAMLError as error:
        mark, found, mend = _yaml_mistake(error)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = Problem(file, line, column, "", found, "", mend)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = Problem(
            file,
            line,
            column,
            "",
            f"found the control character U+{error.character:04X}",
            "a scenario is plain text",
            "remove the character",
        )
    raise ScenarioError([problem])


def _yaml_mistake(error: yaml.MarkedYAMLError) -> tuple[Any, str, str]:
    """Return where a file stops being YAML, what is wrong there and how to mend it."""
    what, context = error.problem or "", error.context or ""
    here, opened = error.problem_mark or error.context_mark, error.context_mark
    if "unknown escape" in what or "escape sequence" in what:
        return here, "found a backslash that begins nothing YAML knows", "use single quotes"
    if "quoted scalar" in context:
        return opened, "found a quote that is opened here and never closed", "close it"
    if "\\t" in what:
        return here, "found a tab", "indent with spaces"
    if "another document" in what:
        return here, "found a second document", "keep one: remove the line '---' inside the file"
    if "flow mapping" in context or "flow sequence" in context:
        found = "found a brace or bracket that is opened here and not closed in order"
        return opened, found, "close it, and put commas between its entries"
    if "could not find expected ':'" in what:
        found = "found a line without a colon and a space after its key"
        return opened or here, found, "write 'key: value'"
    if "mapping values are not allowed" in what:
        found = "found a colon where no key can stand"
        return here, found, "put text that holds a colon in quotes, and check the indentation"
    if "block" in what or "block" in context:
        found = "found a line that is not indented like its neighbours"
        return here, found, "give all keys of one group the same indentation"
    found = "found something that does not read as YAML" + (f": {what}" if what else "")
    return here, found, "check the colons, quotes and indentation here and in the line before"


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _build(
    node: yaml.Node, path: Path, document: Document, file: str, problems: list[Problem]
) -> Any:
    line, column = _mark(node)
    document.values[path] = (file, line, column)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document, file, problems)
    if isinstance(node, yaml.SequenceNode):
        return [
            _build(item, (*path, index), document, file, problems)
            for index, item in enumerate(node.value)
        ]
    value = node.value.replace(_STAND_IN, ",")
    if not re.sub("[\n\t\u00a0\u202f]", "", value).isprintable():
        found = f"found {plain(value)}, which holds characters that cannot be printed"
        where = ".".join(str(part) for part in path)
        problems.append(
            Problem(file, line, column, where, found, "a scenario is plain text", "remove them")
        )
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return _scalar(value) if is_plain else value


def _build_mapping(
    node: yaml.MappingNode, path: Path, document: Document, file: str, problems: list[Problem]
) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line, column = _mark(key_node)

        def refuse(
            found: str, allowed: str, mend: str, line: int = line, column: int = column
        ) -> None:
            where = ".".join(str(part) for part in path)
            problems.append(Problem(file, line, column, where, found, allowed, mend))

        key = key_node.value
        if isinstance(key, str):
            key = key.replace(_STAND_IN, ",")
        if not isinstance(key_node, yaml.ScalarNode) or not isinstance(_scalar(key), str):
            shown = f"'{key}'" if isinstance(key, str) else "a group"
            mend = "rename it, beginning with a letter"
            refuse(f"found {shown} as a key", "a key is a word", mend)
            continue
        if key == "<<":
            refuse(
                "found the merge key '<<'",
                "a scenario merges nothing by reference",
                "write the keys out, or share them through a parent file with 'extends'",
            )
            continue
        if key in tree:
            first = document.keys[(*path, key)][1]
            refuse(
                f"found the key '{key}' again; it stands in line {first} already",
                "a key stands once in a group",
                "remove one of the two",
            )
            continue
        document.keys[(*path, key)] = (file, line, column)
        tree[key] = _build(value_node, (*path, key), document, file, problems)
    return tree


_INTEGER = re.compile(r"[-+]?\d+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", re.ASCII)
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)
_WORDS |= dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)
for _sign, _value in (("", math.inf), ("+", math.inf), ("-", -math.inf)):
    _WORDS |= dict.fromkeys((f"{_sign}.inf", f"{_sign}.Inf", f"{_sign}.INF"), _value)


def _scalar(text: str) -> Any:
    """Read a plain scalar by the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else float(text)
    return float(text) if _FLOAT.fullmatch(text) else text
