"""What better work pays under a contract, in a year as it is expected to go."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.agreement import Agreement
from simulator.parties.expectation import Expectation
from simulator.parties.levers import LEVERS
from simulator.parties.service_plan import Ahead, ServicePlan
from simulator.parties.worth import Worth, worth_of_work
from simulator.report.pounds import in_pounds
from simulator.report.tables import paragraph, table
from simulator.report.words import money
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario

__all__ = ["better_work"]

_DEMAND_SPREAD = 0.05
"""Standard deviation of a year's demand, a share of it: an assumption."""


def better_work(scenario: Scenario, agreement: Agreement) -> Iterator[str]:
    """Return what one more outcome, hand-over and pound saved is worth to each provider."""
    if agreement.unexpected:
        return
    try:
        found = _worth(scenario, agreement)
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
        "uncertain: where a cap or a floor is likely reached, a rate counts for little. In this "
        "version nobody works differently for it."
    )


def _worth(scenario: Scenario, agreement: Agreement) -> list[Worth]:
    """Return the worth of better work in the second year, or in the only one."""
    # one row for two years is done by NumPy before Numba is loaded
    expectation, months = Expectation(scenario, compiled=False), scenario.timetable.months
    mobilisation = float(scenario.contracts[agreement.name].mobilisation)
    posts = [expectation.in_post(month, mobilisation) for month in months]
    levers = np.zeros((expectation.providers, len(LEVERS)))
    levers[:, 0] = [float(provider.quality) for provider in scenario.providers.values()]
    first = 12 if len(months) >= 24 else 0
    people = expectation.nobody()
    if first:
        _, people = expectation.months(levers, people, months[:first], posts[:first])
    last = first + min(12, len(months))
    ahead = Ahead(people, months[first:last], posts[first:last], {})
    payers = len(scenario.commissioners)
    plan = ServicePlan(
        expectation,
        CostRates(scenario),
        ahead,
        payers,
        _DEMAND_SPREAD,
        agreement.data_used,
        dict.fromkeys(term.assessed for term in agreement.terms),
        sum(month.years for month in months),
    )
    profile = np.zeros((1, payers + expectation.providers, len(LEVERS)))
    profile[:, payers:] = levers
    return worth_of_work(plan(profile), agreement)
