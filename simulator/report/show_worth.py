"""What better work pays under a contract, in a year as it is expected to go."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.agreement import Agreement
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS
from simulator.parties.worth import Worth, worth_of_work
from simulator.report.pounds import in_pounds
from simulator.report.tables import paragraph, table
from simulator.report.words import money
from simulator.scenario.scenario import Scenario

__all__ = ["better_work"]


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
        "uncertain: where a cap or a floor is likely reached, a rate counts for little."
        + ("" if scenario.behaves else " With behaviour 'none' nobody works differently for it.")
    )


def _worth(scenario: Scenario, agreement: Agreement) -> list[Worth]:
    """Return the worth of better work in the second year, or in the only one."""
    # one row for two years is done by NumPy before Numba is loaded
    parties = Parties(scenario, compiled=False)
    plan = parties.plan(agreement, parties.typical_year(agreement))
    profile = np.zeros((1, len(scenario.signatories.parties), len(LEVERS)))
    return worth_of_work(plan(profile), agreement)
