"""From a read document to a scenario: suggestions, positions, and all mistakes at once."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator._errors import AllianceError, ScenarioError
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document, read_yaml

EVERY_KEY = Path(__file__).parent / "every_key.yaml"


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return the text with each first part replaced by the second; it must stand there once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def problems_of(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        build(read_yaml(text, "town.yaml"))
    return str(caught.value).splitlines()


# did you mean


@pytest.mark.parametrize(
    ("meant", "old", "new"),
    [
        ("baseline", "baseline:", "base_line:"),
        ("services", "services:", "service:"),
        ("reserves", "{reserves: £90,000}", "{reserve: £90,000}"),
        ("caseload", "caseload: 35", "case_load: 35"),
        ("worker_cost", "worker_cost:", "workers_cost:"),
        ("mean", "lasts: 13 weeks", "lasts: {men: 13 weeks}"),
        ("at_first", "caseload: 35", "caseload: 35\n    drop_out: {at_frist: 2% a week}"),
        ("council_share", "council_share: 50%", "councils_share: 50%"),
        ("mobilisation", "cap: 5%", "cap: 5%, mobilization: 1 month"),
        ("unit price", "form: unit price", "form: unit_price"),
        ("completed", "per: completed", "per: complete"),
        ("completed.support", "per: completed", "per: completed.suport"),
        ("alliance", "baseline: output", "baseline: aliance"),
        ("north", "{north: 5, south: 3}", "{noth: 5, south: 3}"),
    ],
)
def test_the_word_that_was_meant(meant: str, old: str, new: str, smallest_text: str) -> None:
    assert f"did you mean '{meant}'?" in "\n".join(problems_of(changed(smallest_text, (old, new))))


def test_without_a_near_word_all_words_are_told(smallest_text: str) -> None:
    text = changed(smallest_text, ("lasts: 13 weeks", "lasts: {mean: 13 weeks, xyz: 1}"))
    expected = (
        "town.yaml:13:29: services.support.lasts.xyz: found the unknown key 'xyz'; "
        "the keys here are mean, shape, variation; remove it"
    )
    assert [expected] == problems_of(text)


def test_the_key_of_a_council_that_was_meant(smallest_text: str) -> None:
    text = changed(smallest_text, ("{name: Council}", "{nam: Council}"))
    (problem,) = problems_of(text)
    assert "did you mean 'name'?" in problem


def test_the_key_of_another_form_is_not_suggested(smallest_text: str) -> None:
    text = changed(smallest_text, ("per: completed", "per: completed, council_share: 50%"))
    (problem,) = problems_of(text)
    assert "did you mean" not in problem


# where a mistake stands

WRITTEN_OUT = """\
output:
    title: By the case
    terms:
      - form: unit price
        price: £480
        per: completed
      - name: Bonus
        measure: total(good_outcomes)
        bands: [{rate: £20}]
        split: equal"""


def long_contract(text: str, *changes: tuple[str, str]) -> str:
    short = "output: {form: unit price, price: £480, per: completed}"
    return changed(text, (short, changed(WRITTEN_OUT, *changes)))


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        ("17:37: contracts.output.price", "price: £480", "price: 480 weeks"),
        ("17:48: contracts.output.per", "per: completed", "per: [completed]"),
        ("17:59: contracts.output.titel", "per: completed", "per: completed, titel: x"),
        ("17:67: contracts.output.uplift", "per: completed", "per: completed, uplift: 2%"),
        ("17:11: contracts.output", "price: £480, ", ""),
        ("17:11: contracts.output", "form: unit price", "form: by the case"),
        ("18:70: contracts.alliance.council_share", "share: 50%", "share: 50"),
        ("18:80: contracts.alliance.cap", "cap: 5%", "cap: 5 weeks"),
        ("18:91: contracts.alliance.split", "cap: 5%", "cap: 5%, split: {north: 90%}"),
    ],
)
def test_where_a_mistake_in_a_form_stands(
    expected: str, old: str, new: str, smallest_text: str
) -> None:
    (problem,) = problems_of(changed(smallest_text, (old, new)))
    assert problem.startswith(f"town.yaml:{expected}: ")


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        ("21:16: contracts.output.terms.0.price", "£480", "480 weeks"),
        (
            "25:16: contracts.output.terms.1.bands",
            "bands: [{rate: £20}]",
            "bands: [{up_to: 1, rate: 1}]",
        ),
        ("25:24: contracts.output.terms.1.bands.0.rate", "rate: £20", "rate: plenty"),
        ("24:18: contracts.output.terms.1.measure", "good_outcomes", "good_outcome"),
        ("27:9: contracts.output.terms.1.sized", "split: equal", "split: equal\n        sized: 1"),
        ("26:16: contracts.output.terms.1.split", "split: equal", "split: fairly"),
        ("26:13: contracts.output.terms.1.to", "split: equal", "to: noth"),
    ],
)
def test_where_a_mistake_in_a_list_of_terms_stands(
    expected: str, old: str, new: str, smallest_text: str
) -> None:
    (problem,) = problems_of(long_contract(smallest_text, (old, new)))
    assert problem.startswith(f"town.yaml:{expected}: ")


def test_an_unknown_name_in_a_form_is_told_where_it_is_written(smallest_text: str) -> None:
    form = "output:\n    form: unit price\n    price: £480\n    per: complete"
    short = "output: {form: unit price, price: £480, per: completed}"
    (problem,) = problems_of(changed(smallest_text, (short, form)))
    assert problem.startswith("town.yaml:20:10: contracts.output.per: ")


@pytest.mark.parametrize(
    ("expected", "council"),
    [
        ("4:33: council.funds", "{name: Council, funds: 99%}"),
        ("4:17: council.name", "{name: [Council]}"),
        ("4:26: council.email", "{name: Council, email: x}"),
        ("4:10: council", "Council"),
        ("4:9: council", ""),
    ],
)
def test_where_a_mistake_in_a_single_council_stands(
    expected: str, council: str, smallest_text: str
) -> None:
    text = changed(smallest_text, ("council: {name: Council}", f"council: {council}".strip()))
    (problem,) = problems_of(text)
    assert problem.startswith(f"town.yaml:{expected}: ")


@pytest.mark.parametrize(
    ("expected", "evidence"),
    [
        ("13:14", "value: plenty"),
        ("14:14", "value: 35\n      range: [40, 50]"),
        ("14:17", "value: 35\n      evidence: F"),
        ("14:7", "value: 35\n      sauce: audit"),
    ],
)
def test_where_a_mistake_in_evidence_stands(
    expected: str, evidence: str, smallest_text: str
) -> None:
    text = changed(smallest_text, ("caseload: 35", f"caseload:\n      {evidence}"))
    (problem,) = problems_of(text)
    assert problem.startswith(f"town.yaml:{expected}: services.support.caseload")


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        ("18:92: contracts.alliance.split.nowhere", "cap: 5%", "cap: 5%, split: {nowhere: 100%}"),
        ("11:25: services.support.workers.soth", "south: 3}", "soth: 3}"),
        ("8:3: providers.hmrc", "services:", "  hmrc:\n    reserves: £1\nservices:"),
        ("6:3: providers.council", "providers:", "providers:\n  council:\n    reserves: £1"),
    ],
)
def test_a_wrong_name_is_told_where_it_stands(
    expected: str, old: str, new: str, smallest_text: str
) -> None:
    (problem,) = problems_of(changed(smallest_text, (old, new)))
    assert problem.startswith(f"town.yaml:{expected}: ")


def test_where_an_unknown_name_in_a_list_stands(smallest_text: str) -> None:
    risk = """\
risks:
  surge:
    chance: 10% a year
    demand: +20%
    lasts: 1 month
    services:
      - support
      - groups
contracts:"""
    (problem,) = problems_of(changed(smallest_text, ("contracts:", risk)))
    assert problem.startswith("town.yaml:23:9: ")


# all mistakes at once

NOWHERE = ("contracts:", "handovers: [{from: support, to: x, share: 1%, success: 1%}]\ncontracts:")
HANDOVER = "found 'x'; the services are support"
BASELINE = ("baseline: output", "baseline: nothing")


@pytest.mark.parametrize(
    ("told", "old", "new"),
    [
        ("found 'plenty'", "reserves: £90,000", "reserves: plenty"),
        ("found 50, which is out of range", "council_share: 50%", "council_share: 50"),
        ("found 'dear'", "price: £480", "price: dear"),
        ("found 'long'", "lasts: 13 weeks", "lasts: long"),
        ("found 'often'", "referrals: 1,200 a year", "referrals: often"),
        ("found 'many'", "caseload: 35", "caseload: many"),
        ("found 'some'", "{north: 5, south: 3}", "{north: some, south: 3}"),
        ("found 2.5, which is out of range", "years: 5", "years: 2.5"),
        ("found the unknown key 'x'", "caseload: 35", "caseload: 35\n    x: 1"),
        ("found the unknown key 'x'", "cap: 5%", "cap: 5%, x: 1"),
        ("found 'dear'", "target: £480,000 a year", "target: dear"),
        ("found the unknown key 'x'", "title:", "x: 1\ntitle:"),
        ("found the unknown key 'x'", "{reserves: £90,000}", "{reserves: £90,000, x: {y: 1}}"),
        ("found the unknown key 'x'", "{name: Council}", "{name: Council, x: 1}"),
    ],
)
def test_references_are_checked_although_something_is_wrong(
    told: str, old: str, new: str, smallest_text: str
) -> None:
    problems = problems_of(changed(smallest_text, (old, new), NOWHERE, BASELINE))
    assert len(problems) == 3, problems
    for part in (told, HANDOVER, "found 'nothing'; the contracts are output, alliance"):
        assert any(part in problem for problem in problems)


def test_problems_stand_in_the_order_of_their_lines(smallest_text: str) -> None:
    problems = problems_of(
        changed(
            smallest_text,
            ("years: 5", "years: 12"),
            ("reserves: £200,000", "reserves: plenty, x: 1"),
            NOWHERE,
            BASELINE,
            ("cap: 5%", "cap: 500%"),
        )
    )
    places = [tuple(map(int, problem.split(":")[1:3])) for problem in problems]
    assert sorted(places) == places
    assert len(places) == 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cap: 5%", "cap: 5%, split: {north: 160%, south: 40%}"),
        ("{north: 5, south: 3}", "{north: 5, south: 3}\n    referred_to: {north: x, south: 40%}"),
        ("caseload: 35", "caseload: 0.01"),
        ("years: 5", "years: -3"),
        ("1,200 a year", "1,200 a yaer"),
        ("cap: 5%", "cap: 5%, mobilisation: 90 years"),
    ],
)
def test_a_wrong_number_is_told_once(old: str, new: str, smallest_text: str) -> None:
    assert len(problems_of(changed(smallest_text, (old, new)))) == 1


def test_no_mistake_in_every_key() -> None:
    scenario = build(read_yaml(EVERY_KEY.read_text(encoding="utf-8"), "every_key.yaml"))
    assert isinstance(scenario, Scenario)


# any value in any place

Path_ = tuple[str | int, ...]


def paths(tree: object, here: Path_ = ()) -> Iterator[Path_]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)  # type: ignore[arg-type]
    for step, value in pairs:
        yield (*here, step)
        if isinstance(value, dict | list):
            yield from paths(value, (*here, step))


def put(tree: Any, path: Path_, value: object) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


VALUES = (
    *(None, True, math.nan, -1, "3 weeks", "9999-12-31", "9" * 330, "cost # all"),
    *(1e19, [1], {"form": [1]}),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:20])
def test_any_value_in_any_place_is_read_or_refused(value: object) -> None:
    document = read_yaml(EVERY_KEY.read_text(encoding="utf-8"), "every_key.yaml")
    unforeseen = []
    for path in paths(document.tree):
        tree = copy.deepcopy(document.tree)
        put(tree, path, copy.deepcopy(value))
        try:
            build(Document(tree, document.values, document.keys))
        except AllianceError:
            pass
        except Exception as error:  # what this test is about
            unforeseen.append(f"{'.'.join(map(str, path))}: {type(error).__name__}: {error}")
    assert unforeseen == []
