"""Changed figures of a live contract, and the periods it is settled by."""

from __future__ import annotations

import pytest

from simulator._errors import UsageError
from simulator.contract.live.facts import Fact
from simulator.contract.live.statements import Figures, Known
from simulator.scenario.build import build_signed
from simulator.scenario.signed import ContractFile
from simulator.scenario.yaml_text import read_yaml
from simulator.study.live import LiveContract, what_if

TEXT = """\
title: Quality
starts: 2026-04-01
years: 2
council: {name: Council}
providers: {north: {name: North}}
contracts:
  quality:
    data:
      quality: {over_time: latest, highest: 1}
      credit: {lowest: null}
    terms:
      - {name: Cost, measure: cost * quality + credit, bands: [{rate: 50%}], settled: SETTLED}
"""
QUARTERS = ("2026Q1", "2026Q2", "2026Q3", "2026Q4")
COST, QUALITY = Fact("cost", "north", ""), Fact("quality", "", "")
CREDIT = Fact("credit", "", "")
FIGURES: Figures = {
    name: {
        COST: Known(cost, False, "a.csv"),
        QUALITY: Known(quality, False, "a.csv"),
        CREDIT: Known(0.0, False, "a.csv"),
    }
    for name, cost, quality in zip(
        QUARTERS, (100, 200, 300, 400), (0.5, 0.6, 0.7, 0.8), strict=True
    )
}


def live(settled: str = "quarterly") -> LiveContract:
    return LiveContract.of(
        build_signed(read_yaml(TEXT.replace("SETTLED", settled), "q.yaml")), None
    )


def changed(*changes: str, period: str = "2026-27") -> dict[Fact, float]:
    """Return the figures of the last quarter after changes, and check that no other changes."""
    contract = live()
    found, said = what_if(FIGURES, changes, contract, contract.period(period))
    assert [each.partition(" (")[0] for each in said] == list(changes)
    assert all(found[name] == FIGURES[name] for name in QUARTERS[:3])
    return {fact: known.value for fact, known in found["2026Q4"].items()}


@pytest.mark.parametrize(
    ("change", "value"),
    [("quality=+10%", 0.88), ("quality=-0.1", 0.7), ("quality=0.9", 0.9), ("quality=90%", 0.9)],
)
def test_of_a_level_the_latest_figure_changes(change: str, value: float) -> None:
    for period in ("2026-27", "2026Q4"):
        assert changed(change, period=period)[QUALITY] == pytest.approx(value)


def test_what_adds_up_changes_as_a_whole() -> None:
    assert changed("cost.north=+10%")[COST] == pytest.approx(500)
    assert changed("cost.north=1200")[COST] == pytest.approx(600)
    assert changed("cost.north=-400")[COST] == 0
    assert changed("cost.north=+10%", period="2026Q4")[COST] == pytest.approx(440)


def test_changes_build_on_each_other() -> None:
    assert changed("cost.north=+100", "cost.north=+100")[COST] == 600
    assert changed("cost.north=2000", "cost.north=+10%")[COST] == pytest.approx(1600)
    assert changed("quality=0.5", "quality=+10%")[QUALITY] == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("quality=+50%", "makes 'quality' 1.2 in 2026Q4; 'quality' is from 0 to 1"),
        ("quality=-1", "'quality' is from 0 to 1"),
        ("cost.north=-500", "makes 'cost' of north -100 in 2026Q4; 'cost' is at least 0"),
        ("cost.north=+1000000000000", "at most a million million"),
    ],
)
def test_changes_beyond_the_limits_are_refused(change: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"--what-if: found .*{told}"):
        changed(change)


PARTIES = """\
title: Parties
starts: 2026-04-01
years: 1
council: {name: County Council}
providers:
  north: {name: St. Ann's North}
  south: {name: South Side}
  west: {name: Care}
  east: {name: Care}
services: [one_to_one, advice]
contracts:
  prices:
    terms: [{name: Price, measure: completed.advice + cost, settled: quarterly}]
"""
SEVERAL = LiveContract.of(build_signed(read_yaml(PARTIES, "p.yaml")), None)


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        ("cost.north", ["cost north "]),
        ("Cost.NORTH", ["cost north "]),
        ("cost.South  side", ["cost south "]),
        ('cost."South Side"', ["cost south "]),
        ("cost.st. ann's NORTH", ["cost north "]),
        ("completed.St. Ann's North.one to one", ["completed north one_to_one"]),
        ("completed.advice.south side", ["completed south advice"]),
        ('completed."South Side"', ["completed south one_to_one", "completed south advice"]),
    ],
)
def test_a_change_names_parties_and_services_as_actuals_do(place: str, changed: list[str]) -> None:
    until = SEVERAL.period("2026Q1")
    facts = {
        Fact(need.measure, need.party, need.service): Known(5, False, "a.csv")
        for need in SEVERAL.needs
    }
    before = dict.fromkeys(SEVERAL.names_until(until), facts)
    found, _ = what_if(before, [f"{place}=7"], SEVERAL, until)
    (*_, last) = found.values()
    assert changed == [
        f"{fact.measure} {fact.party} {fact.service}"
        for fact, known in last.items()
        if known != facts[fact]
    ]


def test_a_change_of_a_name_that_several_bear() -> None:
    until = SEVERAL.period("2026Q1")
    with pytest.raises(UsageError, match="--what-if: found 'Care', which means west or east"):
        what_if({"2026Q1": {}}, ["cost.Care=7"], SEVERAL, until)


@pytest.mark.parametrize(
    ("written", "party"),
    [
        ("council", "council"),
        ("COUNTY  council ", "council"),
        ("North", "north"),
        ("st. ann's north", "north"),
        ("West", "west"),
    ],
)
def test_parties_by_identifier_or_name(written: str, party: str) -> None:
    assert SEVERAL.party(written) == party


def test_parties_that_are_none_or_several() -> None:
    with pytest.raises(UsageError, match=r"found 'Suoth'; the parties are .*did you mean 'south'"):
        SEVERAL.party("Suoth")
    with pytest.raises(UsageError, match=r"'care', which several are called; .*: west or east"):
        SEVERAL.party("care")


def test_what_may_be_below_nought_may_become_so() -> None:
    assert changed("credit=-50")[CREDIT] == -50


@pytest.mark.parametrize(
    ("settled", "period", "told"),
    [
        ("annually", "2026-05", "the month 2026-05; .* by year: write --period 2026-27"),
        ("annually", "2027Q4", "the quarter 2027Q4; .* by year: write --period 2027-28"),
        ("quarterly", "2027-03", "by quarter: write --period 2026Q4"),
        ("quarterly", "2036-03", "by quarter: write for example --period 2026Q1"),
    ],
)
def test_a_period_of_another_kind_is_told_how_to_write(
    settled: str, period: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        live(settled).period(period)


def test_a_contract_with_dates_has_a_digest_without_warnings() -> None:
    term = {"form": "block", "amount": "£9 a year", "split": "equal", "ends": "2027-03-31"}
    signed = ContractFile.model_validate(
        {
            "title": "T",
            "starts": "2026-04-01",
            "years": 2,
            "council": {"name": "Council"},
            "providers": {"north": {"name": "North"}},
            "contracts": {"one": {"terms": [term]}},
        }
    )
    assert len(LiveContract.of(signed, None).fingerprint) == 64
