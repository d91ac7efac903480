"""Text into values by YAML 1.2, each with the line and column where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import ScenarioError
from simulator.scenario.yaml_text import MAX_CHARACTERS, Document, read_value, read_yaml
from simulator.study.files import read_text

SMALL = """\
title: Our town
providers:
  north: {reserves: £200,000, quality: 0}
  south:
    reserves: £90,000
handovers:
  - from: support
    to: groups
  - {from: groups, to: support}
"""


def read(text: str) -> Document:
    return read_yaml(text, "town.yaml")


def value_of(text: str) -> object:
    return read(f"key: {text}\n").tree["key"]


def problems_of(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        # YAML 1.1 would read these as truths, sexagesimal numbers, octal numbers and dates.
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("12:30", "12:30"),
        (12, "012"),
        ("2026-04-01", "2026-04-01"),
        ("1_000", "1_000"),
        ("=", "="),
        # the core schema
        (True, "true"),
        (False, "FALSE"),
        (None, "null"),
        (None, "~"),
        (None, ""),
        (12, "12"),
        (-12, "-12"),
        (12, "+12"),
        (1e6, "1e6"),
        (0.5, ".5"),
        (5.0, "5."),
        (-0.125, "-1.25e-1"),
        (math.inf, ".inf"),
        (-math.inf, "-.Inf"),
        # quantities are text
        ("45%", "45%"),
        ("£200,000", "£200,000"),
        ("1,200 a year", "1,200 a year"),
        ("−5%", "−5%"),
        # what stands in quotes is text
        ("12", "'12'"),
        ("true", '"true"'),
        ("", "''"),
        ("null", '"null"'),
        # too long for an integer that anybody meant
        (1e25, "1" + "0" * 25),
        (math.inf, "9" * 400),
    ],
)
def test_a_scalar(expected: object, text: str) -> None:
    found = value_of(text)
    assert expected == found
    assert type(expected) is type(found)


def test_not_a_number_is_read_as_such() -> None:
    found = value_of(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("word", ["no", "yes", "on", "off"])
def test_a_key_that_other_readers_take_for_a_truth(word: str) -> None:
    # 'on' is a key of a dated risk
    assert {word: 1} == read(f"{word}: 1\n").tree


@pytest.mark.parametrize("key", ["2026", "true", "1.5", "~"])
def test_a_key_is_a_word(key: str) -> None:
    rest = "as a key; a key is a word; rename it, beginning with a letter"
    expected = f"town.yaml:2:1: found '{key}' {rest}"
    assert [expected] == problems_of(f"a: 1\n{key}: 2\n")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"reserves": "£200,000"}, "{reserves: £200,000}"),
        ({"reserves": "£1,200,000", "quality": 0}, "{reserves: £1,200,000, quality: 0}"),
        ({"reserves": "£200,000", "quality": 0}, "{reserves: £200,000,quality: 0}"),
        (["1,250 a year", "1,700 a year"], "[1,250 a year, 1,700 a year]"),
        ([100, 200], "[100, 200]"),
        ([30, 50], "[30,50]"),
        ([1, 2, 3], "[1,2,3]"),
        # The price of it: three digits after a comma are taken for thousands.
        (["100,200"], "[100,200]"),
        ("£200,000", "£200,000"),
        ("about 1,000 clients, 30 a week", '"about 1,000 clients, 30 a week"'),
        ({"1,000 clients": 1}, "{'1,000 clients': 1}"),
    ],
)
def test_a_comma_between_thousands_is_kept_between_braces(expected: object, text: str) -> None:
    assert expected == value_of(text)


def test_columns_stay_true_behind_a_comma_between_thousands() -> None:
    document = read(SMALL)
    assert document.keys["providers", "north", "quality"] == ("town.yaml", 3, 31)
    assert document.values["providers", "north", "quality"] == ("town.yaml", 3, 40)


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ((1, 1), (1, 8), ("title",)),
        ((2, 1), (3, 3), ("providers",)),
        ((3, 3), (3, 10), ("providers", "north")),
        ((3, 11), (3, 21), ("providers", "north", "reserves")),
        ((4, 3), (5, 5), ("providers", "south")),
        ((5, 5), (5, 15), ("providers", "south", "reserves")),
        ((6, 1), (7, 3), ("handovers",)),
        ((7, 5), (7, 11), ("handovers", 0, "from")),
        ((8, 5), (8, 9), ("handovers", 0, "to")),
        ((9, 20), (9, 24), ("handovers", 1, "to")),
    ],
)
def test_line_and_column(
    key: tuple[int, int], value: tuple[int, int], path: tuple[str | int, ...]
) -> None:
    document = read(SMALL)
    assert ("town.yaml", *key) == document.place_of_key(path)
    assert ("town.yaml", *value) == document.place(path)


def test_what_is_not_there_stands_in_the_nearest_group() -> None:
    document = read(SMALL)
    assert document.place(("providers", "south", "quality", "value")) == ("town.yaml", 5, 5)
    assert document.place_of_key(("nowhere",)) == ("town.yaml", 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="Windows"),
        pytest.param(lambda text: text.replace("\n", "\r"), id="old Macintosh"),
        pytest.param(lambda text: "\ufeff" + text, id="byte order mark"),
        pytest.param(lambda text: "\ufeff" + text.replace("\n", "\r\n"), id="both"),
        pytest.param(lambda text: text.rstrip("\n"), id="no last line end"),
    ],
)
def test_line_ends_and_byte_order_marks_change_nothing(
    change: Callable[[str], str], tmp_path: Path
) -> None:
    file = tmp_path / "town.yaml"
    file.write_bytes(change(SMALL).encode("utf-8"))
    document = read(read_text(file))
    assert read(SMALL).tree == document.tree
    assert read(SMALL).values == document.values
    assert read(SMALL).keys == document.keys


@pytest.mark.parametrize(
    ("expected", "data"),
    [
        ("2:8: found the byte 0xA3", b"title: a\nmoney: \xa35\n"),
        ("1:1: found the byte 0xFF", "title: a\n".encode("utf-16")),
        ("2:8: found the byte 0xA3", b"\xef\xbb\xbftitle: a\nmoney: \xa35\n"),
        ("1:9: found the byte 0xA3", "title: £".encode() + b"\xa3\n"),
    ],
)
def test_where_a_file_is_not_utf_8(expected: str, data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "town.yaml"
    file.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        read_text(file)
    assert f"{file}:{expected}, which is not UTF-8" in str(caught.value)


def test_every_duplicate_is_told() -> None:
    mend = "a key stands once in a group; remove one of the two"
    expected = [
        f"town.yaml:2:11: b: found the key 'c' again; it stands in line 2 already; {mend}",
        f"town.yaml:3:1: found the key 'a' again; it stands in line 1 already; {mend}",
        f"town.yaml:4:1: found the key 'a' again; it stands in line 1 already; {mend}",
    ]
    assert expected == problems_of("a: 1\nb: {c: 1, c: 2}\na: 3\n'a': 4\n")


def test_the_same_key_in_two_groups_is_no_duplicate() -> None:
    assert read("a: {c: 1}\nb: {c: 1}\n").tree == {"a": {"c": 1}, "b": {"c": 1}}


def test_twenty_levels_are_enough() -> None:
    brackets = 19  # the file itself is the first level
    assert value_of("[" * (brackets - 1) + "]" * (brackets - 1)) is not None
    (problem,) = problems_of("key: " + "[" * brackets + "x" + "]" * brackets)
    assert "found more than 20 levels of nesting" in problem


def test_too_many_values() -> None:
    (problem,) = problems_of("key: [" + "a, " * 50_000 + "]")
    assert "found more than 50,000 values" in problem


def test_too_many_characters() -> None:
    (problem,) = problems_of("#" * (MAX_CHARACTERS + 1))
    assert "the file has more than 1,000,000 characters" in problem


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("8%", "8%"),
        (8, "8"),
        ("£1,000", "£1,000"),
        ({"value": 8, "source": "audit"}, "{value: 8, source: audit}"),
        (["a", "b"], "[a, b]"),
        ("a=b", "a=b"),
        (None, ""),
        ("no", "no"),
    ],
)
def test_one_value(expected: object, text: str) -> None:
    assert expected == read_value(text, "--set x").tree["value"]


def read_or_refused(text: str) -> bool:
    """Tell whether a text gives a group of keys, or else problems and no other error."""
    try:
        return isinstance(read(text).tree, dict)
    except ScenarioError as error:
        return len(error.problems) > 0


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_read_or_refused_with_its_problems(text: str) -> None:
    assert read_or_refused(text)


@given(st.text("ab:[]{},'\"|>-?&*!%#@`~ \n\t<", max_size=40))
def test_any_punctuation_is_read_or_refused_with_its_problems(text: str) -> None:
    assert read_or_refused(text)


WORDS = st.text("abcdefgh_", min_size=1, max_size=6)
TREES = st.dictionaries(
    WORDS,
    st.recursive(
        st.integers(-9_999, 9_999) | WORDS | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def written(tree: object) -> str:
    """Write a tree on one line, with its words in quotes."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"'{key}': {written(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(written(value) for value in tree) + "]"
    plain = {None: "null", True: "true", False: "false"}
    is_plain = tree is None or isinstance(tree, bool)
    return plain[tree] if is_plain else f"'{tree}'" if isinstance(tree, str) else str(tree)


@given(TREES)
def test_what_is_written_is_read(tree: dict[str, object]) -> None:
    assert tree == read(written(tree)).tree
