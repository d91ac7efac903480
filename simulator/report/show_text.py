"""Contracts in words: what `alliance show` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.contract.agreement import Agreement
from simulator.contract.limits import yearly_limits
from simulator.contract.wording import sentence, sentences_of_measures
from simulator.engine.books import planned_yearly_cost
from simulator.report.tables import paragraph, table
from simulator.report.words import money
from simulator.scenario.scenario import Scenario

__all__ = ["show_text"]


def show_text(scenario: Scenario) -> str:
    """Return every contract of a scenario in words, with each party's limits by rule."""
    parts = [scenario.title]
    for name, agreement in scenario.agreements().items():
        parts.append("\n".join(_contract(scenario, name, agreement)))
    return "\n\n".join(parts)


def _contract(scenario: Scenario, name: str, agreement: Agreement) -> Iterator[str]:
    contract = scenario.contracts[name]
    title = scenario.title_of(name) + (" (baseline)" if name == scenario.baseline else "")
    yield title
    yield "=" * len(title)
    signatories = agreement.signatories
    if len(signatories.commissioners) > 1:
        funded = " and ".join(
            f"{signatories.name(party)} {100 * signatories.funding[party]:.4g}%"
            for party in signatories.commissioners
        )
        yield paragraph(f"The commissioners pay together: {funded}.")
        yield ""
    for index, term in enumerate(agreement.terms, 1):
        yield paragraph(f"{index}. {term.name}: {sentence(term, agreement)}")
    measures = sentences_of_measures(agreement)
    if measures:
        yield ""
        yield "In these terms:"
        for key, words in measures:
            yield paragraph(f"'{key}' is {words}.", "  ")
    yield ""
    if contract.uplift:
        yield paragraph(
            f"Amounts and unit prices rise by {100 * contract.uplift:.4g}% on each 1 April."
        )
    yield paragraph(f"Settlements are paid within {contract.paid_within.written}.")
    if contract.mobilisation:
        yield paragraph(f"Caseworkers come into post over {contract.mobilisation.written}.")
    yield ""
    yield from _limits(scenario, agreement)


def _limits(scenario: Scenario, agreement: Agreement) -> Iterator[str]:
    """Tell what the rules alone allow, beside what delivering as planned costs."""
    currency, name = scenario.currency, agreement.signatories.name
    limits = yearly_limits(agreement)
    payers = [each for each in limits if each.party in scenario.commissioners]
    yield "By rule, in a full first year"
    yield ""
    yield table(
        ("Commissioner", "Pays at least", "Pays at most"),
        [
            (name(each.party), _amount(-each.most, currency), _amount(-each.least, currency))
            for each in payers
        ],
    )
    yield paragraph("The limits of all terms added up; they need not come together.")
    yield ""
    planned = planned_yearly_cost(scenario)
    rows = []
    for each in limits:
        if each.party in scenario.providers:
            cost = planned[each.party]
            own = 0.0 if each.reimbursed else cost
            rows.append(
                (
                    name(each.party),
                    _amount(each.least, currency),
                    _amount(each.most, currency),
                    money(cost, currency),
                    _amount((each.worst if each.reimbursed else each.least) - own, currency),
                    _amount(each.best - own, currency),
                )
            )
    yield table(
        (
            "Provider",
            "Is paid at least",
            "Is paid at most",
            "Planned cost",
            "At worst",
            "At best",
        ),
        rows,
    )
    if limits[-1].reimbursed:
        yield paragraph(
            "At worst and at best: its largest loss and gain by rule. Cost is reimbursed, so these "
            "are what the other terms add to it."
        )
    else:
        yield paragraph(
            "At worst and at best: the least and the most it can be paid by rule, less its planned "
            "cost at full caseloads. A provider that spends more than planned bears that too."
        )


def _amount(value: float, currency: str) -> str:
    return "no limit" if math.isinf(value) else money(value, currency)
