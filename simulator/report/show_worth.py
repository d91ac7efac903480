"""What better work pays under a contract, in a year as it is expected to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.agreement import Agreement
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS
from simulator.parties.worth import Limited, Worth, limits_reached, worth_of_work
from simulator.report.pounds import in_pounds
from simulator.report.tables import paragraph, table
from simulator.report.words import in_percent, money
from simulator.scenario.scenario import Scenario

__all__ = ["NODES", "better_work", "limits_table"]

NODES = 512
"""Nodes at which limits are looked at: a chance is right to a percentage point or two."""


def better_work(scenario: Scenario, agreement: Agreement) -> Iterator[str]:
    """Return what one more outcome, hand-over and pound saved is worth to each provider."""
    if agreement.unexpected:
        return
    try:
        found, limits = _worth(scenario, agreement)
    except SettlementError:  # the worked example says why
        return
    currency, name = scenario.currency, scenario.signatories.name
    header = ["One more of:", "who completes", "good outcomes"]
    header += ["hand-overs"] if scenario.handovers else []
    header += [f"{currency}1 of cost less"]
    rows = []
    for party, worth in zip(scenario.providers, found, strict=True):
        figures = [money(worth.completed, currency), money(worth.outcome, currency)]
        figures += [money(worth.handover, currency)] if scenario.handovers else []
        rows.append((name(party), *figures, in_pounds(round(100 * worth.saved), currency)))
    yield "What better work is worth to the provider itself"
    yield ""
    yield table(header, rows)
    yield paragraph(
        "By the contract's own rules, in a year as expected, with demand, outcomes and costs "
        "uncertain: where a cap or a floor is likely reached, a rate counts for little."
        + ("" if scenario.behaves else " With behaviour 'none' nobody works differently for it.")
    )
    if limits:
        yield ""
        yield limits_table(scenario, [("", limits)])
        yield paragraph(
            "How likely a payment would lie beyond its most or its least in the same year, with "
            "everybody working as observed. There more or better work changes nothing."
            + (" 'alliance check' tells it where parties come to rest." if scenario.behaves else "")
        )


def limits_table(scenario: Scenario, limits: Sequence[tuple[str, Sequence[Limited]]]) -> str:
    """Return how likely limits are to be reached.

    Args:
        scenario: whose providers.
        limits: with the title of each contract; empty where there is but one.
    """
    titled = any(title for title, _ in limits)
    rows: list[tuple[str, ...]] = []
    for title, some in limits:
        for each in some:
            number = each.provider
            who = "all" if number is None else list(scenario.providers.values())[number].name
            sides = (each.most, each.least)
            chances = ("-" if chance is None else in_percent(chance) for chance in sides)
            rows.append((*((title,) if titled else ()), each.term, who, *chances))
    header = ("Payment", "Of", "Beyond the most", "Below the least")
    return table(("Contract", *header) if titled else header, rows, texts=2 + titled)


def _worth(scenario: Scenario, agreement: Agreement) -> tuple[list[Worth], list[Limited]]:
    """Return the worth of better work in the second year, or in the only one, and its limits."""
    # one row for two years is done by NumPy before Numba is loaded
    parties = Parties(scenario, compiled=False)
    year = parties.typical_year(agreement)
    profile = np.zeros((1, len(scenario.signatories.parties), len(LEVERS)))
    few, many = (parties.plan(agreement, year, nodes)(profile) for nodes in (None, NODES))
    return worth_of_work(few, agreement), limits_reached(many, agreement)
