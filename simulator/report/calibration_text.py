"""Whether a scenario's behaviour makes sense, as its author reads it before any run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator._errors import RunError
from simulator.contract.agreement import Agreement
from simulator.parties.calibration import (
    HOW_TO_REST,
    Calibrated,
    Resting,
    calibrate,
    driving_in_words,
    rests,
)
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS
from simulator.parties.worth import Limited, limits_reached
from simulator.report.show_worth import NODES, limits_table
from simulator.report.tables import paragraph, table
from simulator.report.words import decimal, money
from simulator.scenario.planned import planned_yearly_cost
from simulator.scenario.scenario import Scenario

__all__ = [
    "Calibration",
    "calibration_document",
    "calibration_of",
    "calibration_text",
    "limits_document",
]

_REFUSED = "'alliance run' refuses this scenario"
_LEAST_RATIO, _MOST_RATIO = 0.3, 4.0
_FAR = 1.5
_NO_GAIN_MEANT = ("selection", "padding", "enforcement", "audit")
"""Levers that are moved at the cost of others."""


@dataclass(frozen=True)
class Calibration:
    """What moves the parties, looked at in a typical year.

    Attributes:
        levers: what one level of each is worth and takes.
        resting: where the parties come to rest, by contract.
        limits: how likely the limits of payments are to be reached there, by contract.
        warnings: what does not look right, in sentences.
        refused: why a run refuses the scenario; empty where it does not.
    """

    levers: tuple[Calibrated, ...]
    resting: Mapping[str, Resting]
    limits: Mapping[str, list[Limited]]
    warnings: tuple[str, ...]
    refused: str = ""


def calibration_of(scenario: Scenario) -> Calibration:
    """Return what moves the parties of a scenario in which somebody changes what they do."""
    # a few rows are done by NumPy before Numba is loaded
    parties, agreements = Parties(scenario, compiled=False), scenario.agreements()
    known = {name: each for name, each in agreements.items() if not each.unexpected}
    passed_over = [_passed_over(scenario, each) for each in agreements.values() if each.unexpected]
    if not known or scenario.observed_under in agreements.keys() - known.keys():
        return Calibration((), {}, {}, tuple(passed_over))
    try:
        parties.refuse_far_norm()
    except RunError as error:
        return Calibration((), {}, {}, tuple(passed_over), f"{_REFUSED}: {error}.")
    looked_at = scenario.baseline if scenario.baseline in known else next(iter(known))
    levers = tuple(calibrate(parties, known[looked_at]))
    resting = {name: rests(parties, agreement) for name, agreement in known.items()}
    limits = {name: _limits_at(parties, known[name], at) for name, at in resting.items()}
    restless = [scenario.title_of(name) for name, each in resting.items() if each.is_restless]
    refused = ""
    if restless:
        refused = f"{_REFUSED}: its parties do not come to rest under {' and '.join(restless)}."
    found = (*passed_over, *_warnings(scenario, levers, resting), *_more_than_all(scenario))
    return Calibration(levers, resting, limits, found, refused)


def _limits_at(parties: Parties, agreement: Agreement, rest: Resting) -> list[Limited]:
    """Return how likely limits are to be reached where the parties come to rest."""
    plan = parties.plan(agreement, parties.typical_year(agreement), NODES)
    return limits_reached(plan(rest.own[None]), agreement)


def _passed_over(scenario: Scenario, agreement: Agreement) -> str:
    """Say that a contract is not looked at, because nobody says what it counts."""
    unknown = ", ".join(agreement.unexpected)
    return (
        f"{scenario.title_of(agreement.name)} is passed over: nobody says what {unknown} is "
        "expected to be, so it can be settled and not run. Add 'expected' to "
        f"contracts.{agreement.name}.data.{agreement.unexpected[0]}."
    )


def _more_than_all(scenario: Scenario) -> Iterator[str]:
    """Warn of levers that would save more than everything costs, where they go far down."""
    planned = sum(planned_yearly_cost(scenario).values())
    for lever in LEVERS:
        given = getattr(scenario.levers, lever.name)
        cash = 0.0 if given is None else float(given.cash)
        if lever.low < 0.0 and 2.0 * cash > planned:
            yield (
                f"{lever.title.capitalize()}: a level takes {money(cash, scenario.currency)} a "
                f"year of the {money(planned, scenario.currency)} that everything costs, so that "
                f"two levels less would save more than all of it. Lower levers.{lever.name}.cash."
            )


def _warnings(
    scenario: Scenario, levers: tuple[Calibrated, ...], resting: Mapping[str, Resting]
) -> Iterator[str]:
    for name, each in resting.items():
        if not each.driving:
            continue
        title = scenario.title_of(name)
        driving = driving_in_words(_named(scenario, *one) for one in each.driving)
        if each.is_restless:
            yield (
                f"Under {title} parties do not come to rest: {driving}. {HOW_TO_REST.capitalize()}."
            )
            continue
        (party, lever), *_ = each.driving
        levels = [at[party, lever] for at in (each.own, *each.others)]
        rests_at = " or ".join(decimal(float(level), 2) for level in levels)
        yield (
            f"Under {title} parties can come to rest in more than one way: {driving}. "
            f"{_named(scenario, party, lever)} rests at {rests_at}; runs begin at "
            "observed practice."
        )
    for lever, title in enumerate(_titles()):
        of = [each for each in levers if each.lever == lever and each.ratio is not None]
        if not of or LEVERS[lever].name in _NO_GAIN_MEANT:
            continue
        ratios = [each.ratio or 0.0 for each in of]
        if max(ratios) > _MOST_RATIO:
            yield (
                f"{title}: one level is worth up to {decimal(max(ratios), 1)} times what it takes. "
                "That is a free lunch, and trust will decide everything: give it a cost under "
                f"levers.{LEVERS[lever].name}, or lower outcome_value."
            )
        elif max(ratios) < _LEAST_RATIO:
            yield (
                f"{title}: one level is worth at most {decimal(max(ratios), 1)} times what it "
                "takes, so best for all is little of it."
            )
        far = max((each.joint for each in of), key=abs)
        if abs(far) > _FAR:
            beyond = (
                "beyond what any named peer achieves (1)"
                if far > 0
                else "as far below what is observed (0) as nobody has seen it"
            )
            yield f"{title}: best for all is a level of {decimal(far, 1)}, {beyond}."


def calibration_text(scenario: Scenario, found: Calibration) -> str:
    """Return what moves the parties, as two tables."""
    currency, name = scenario.currency, scenario.signatories.name
    parties = scenario.signatories.parties
    titles = _titles()
    worth = [
        (
            name(parties[each.party]),
            titles[each.lever],
            money(each.gain, currency),
            money(each.takes, currency),
            "n/a" if each.ratio is None else decimal(each.ratio, 1),
            decimal(each.norm, 2),
            decimal(each.joint, 2),
        )
        for each in found.levers
    ]
    rest = [
        (
            name(parties[each.party]),
            titles[each.lever],
            *(decimal(at.own[each.party, each.lever], 2) for at in found.resting.values()),
        )
        for each in found.levers
    ]
    heading = paragraph(
        "What one level more (from observed practice to a peer's best) is worth to all parties "
        "in a typical year, before what it takes in cash and private effort; the level a party "
        "keeps to without incentive; and the level that is best for all."
    )
    header = ("Party", "What", "Worth", "Takes", "Ratio", "Norm", "Best for all")
    second = paragraph(
        "Where each comes to rest by its own advantage, before trust: 0 is observed practice."
    )
    rest_header = ("Party", "What", *(scenario.title_of(each) for each in found.resting))
    parts = [heading, table(header, worth, texts=2), second, table(rest_header, rest, texts=2)]
    limits = [(scenario.title_of(name), some) for name, some in found.limits.items() if some]
    if limits:
        third = paragraph(
            "How likely a payment would lie beyond its most or its least there: whoever is sure of "
            "that has nothing to gain by more or better work."
        )
        parts += [third, limits_table(scenario, limits)]
    return "\n\n".join(parts)


def calibration_document(scenario: Scenario, found: Calibration) -> list[dict[str, Any]]:
    """Return what moves the parties as plain values, ready for JSON."""
    parties = scenario.signatories.parties
    return [
        {
            "party": parties[each.party],
            "lever": LEVERS[each.lever].name,
            "gain": each.gain,
            "takes": each.takes,
            "ratio": each.ratio,
            "norm": each.norm,
            "joint": each.joint,
            "rests_at": {
                name: float(at.own[each.party, each.lever]) for name, at in found.resting.items()
            },
        }
        for each in found.levers
    ]


def limits_document(scenario: Scenario, found: Calibration) -> list[dict[str, Any]]:
    """Return how likely limits are to be reached as plain values, ready for JSON."""
    providers = scenario.signatories.providers
    return [
        {
            "contract": name,
            "term": each.term,
            "provider": None if each.provider is None else providers[each.provider],
            "beyond_most": each.most,
            "below_least": each.least,
        }
        for name, some in found.limits.items()
        for each in some
    ]


def _titles() -> list[str]:
    return [lever.title.capitalize() for lever in LEVERS]


def _named(scenario: Scenario, party: int, lever: int) -> str:
    who = scenario.signatories.name(scenario.signatories.parties[party])
    return f"{who}'s {LEVERS[lever].title}"
