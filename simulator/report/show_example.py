"""A worked example of a contract: what a full first year as planned comes to, and two others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.account import holds
from simulator.contract.agreement import Agreement
from simulator.contract.statement import COSTS, Statement
from simulator.report.tables import paragraph, table
from simulator.report.words import money
from simulator.scenario.planned import planned_year
from simulator.scenario.scenario import Scenario

__all__ = ["example"]

_GOOD = ("good_outcomes", "handovers_made")


def example(scenario: Scenario, agreement: Agreement) -> Iterator[str]:
    """Return what each term pays in a full first year as planned, then with changed figures."""
    yield "A worked example: a full first year as planned"
    yield ""
    if agreement.unexpected:
        yield paragraph(
            f"No example: nobody says what {', '.join(agreement.unexpected)} is expected to be. "
            "Add 'expected'."
        )
        return
    signatories, currency = agreement.signatories, scenario.currency
    parties = signatories.parties
    planned = planned_year(scenario)
    begins = scenario.timetable.months[0]
    active = [holds(term, begins) for term in agreement.terms]
    try:
        payments = agreement.settle(planned, active=active)
    except SettlementError as error:
        yield paragraph(f"No example: {error}.")
        return
    rows = [
        (term.name, *(money(float(amount), currency) for amount in paid[: len(parties)]))
        for term, paid, holds_now in zip(agreement.terms, payments, active, strict=True)
        if holds_now
    ]
    for label, statement in (
        ("Left with, as planned", planned),
        ("Left with, all costs 10% higher", _scaled(planned, COSTS, 1.1)),
        ("Left with, all costs 10% lower", _scaled(planned, COSTS, 0.9)),
        ("Left with, good outcomes 10% fewer", _scaled(planned, _GOOD, 0.9)),
    ):
        left = agreement.settle(statement, active=active).sum(axis=0)[: len(parties)]
        left[signatories.provider_slice] -= statement.columns["cost"].sum(axis=1)
        rows.append((label, *(money(float(amount), currency) for amount in np.round(left))))
    yield table(("Received", *(signatories.name(party) for party in parties)), rows)
    yield paragraph(
        "Full strength, full caseloads, nobody waits. \N{MINUS SIGN} is paid. Left with: received "
        "less the provider's own cost."
    )
    if not all(active):
        yield paragraph("With the terms that hold at the start, as if they did all year.")


def _scaled(statement: Statement, names: tuple[str, ...], factor: float) -> Statement:
    columns = {
        name: values * factor if name in names else values
        for name, values in statement.columns.items()
    }
    return Statement(columns, statement.years)
