"""Contracts in words: what `alliance show` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from simulator.contract.agreement import Agreement
from simulator.contract.amounts import Adjustment
from simulator.contract.limits import Limits, holds_all_year, yearly_limits
from simulator.contract.live.needs import needs_of, smallest_period
from simulator.contract.live.period_names import day_in_words
from simulator.contract.phrases import sum_words, words
from simulator.contract.remedies import Remedies
from simulator.contract.shape import turns
from simulator.contract.wording import sentence, sentences_of_measures
from simulator.parties.levers import LEVERS, PLACE
from simulator.quantities import Figure
from simulator.report.show_example import example
from simulator.report.show_worth import better_work
from simulator.report.tables import paragraph, table
from simulator.report.words import money
from simulator.scenario.planned import planned_yearly_cost
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile

__all__ = ["show_text"]


def show_text(scenario: Scenario | ContractFile) -> str:
    """Return every contract of a scenario in words, with each party's limits by rule."""
    parts = [scenario.title]
    for name, agreement in scenario.agreements().items():
        parts.append("\n".join(_contract(scenario, name, agreement)))
    return "\n\n".join(parts)


def _contract(scenario: Scenario | ContractFile, name: str, agreement: Agreement) -> Iterator[str]:
    contract = scenario.contracts[name]
    is_baseline = isinstance(scenario, Scenario) and name == scenario.baseline
    title = scenario.title_of(name) + (" (baseline)" if is_baseline else "")
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
            f"Amounts and unit prices rise by {100 * contract.uplift:.4g}% on each 1 April after "
            "the contract starts."
        )
    yield paragraph(f"Settlements are paid within {contract.paid_within.written}.")
    if contract.mobilisation:
        yield paragraph(f"Caseworkers come into post over {contract.mobilisation.written}.")
    for change in agreement.adjustments:
        yield paragraph(_adjustment(change, agreement))
    if contract.remedies is not None:
        yield paragraph(_remedies(contract.remedies, agreement, scenario.currency))
    if isinstance(scenario, Scenario):
        yield from _seen(scenario, agreement)
    yield ""
    yield from _limits(scenario, agreement)
    found = turns(agreement)
    if found:
        yield ""
        yield "Where payments turn (kink) or jump (cliff)"
        yield ""
        yield table(
            ("", "Where", "What happens"),
            [(each.kind.capitalize(), each.where, each.what) for each in found],
            texts=2,
            prose=1,
        )
    if isinstance(scenario, Scenario):
        yield ""
        yield from better_work(scenario, agreement)
        yield ""
        yield from example(scenario, agreement)
    else:
        yield ""
        yield paragraph(_needed(scenario, agreement))


def _needed(scenario: ContractFile, agreement: Agreement) -> str:
    needs = needs_of(agreement, scenario.currency)
    listed = ", ".join(dict.fromkeys(need.measure for need in needs)) or "nothing"
    return (
        f"To settle it, each {smallest_period(agreement)} needs: {listed}. "
        "'alliance settle --template' writes an empty file."
    )


def _remedies(remedies: Remedies, agreement: Agreement, currency: str) -> str:
    """Return what happens to a provider that keeps missing a standard, in a few sentences."""
    standards = "; ".join(
        f"{words(each.measure, agreement)} at "
        + (
            f"least {each.at_least.written}"
            if each.at_least is not None
            else f"most {each.at_most.written if each.at_most is not None else ''}"
        )
        for each in remedies.standards.values()
    )
    lead = agreement.signatories.name(agreement.signatories.commissioners[0])
    after, within = int(remedies.after), int(remedies.within)
    return (
        f"Each provider keeps to, in every quarter: {standards}. A quarter below that is a breach "
        f"where {lead} insists. After {_quarters(after)} in breach, with none between in which all "
        f"is kept, it is given notice and a plan of support, which costs {lead} "
        f"{money(remedies.support, currency)}. A second notice within {_quarters(within)} ends "
        f"its part with a chance of {remedies.termination.written}. {lead} then steps in for "
        f"{remedies.gap.written}, at {money(remedies.step_in, currency)} beside the service "
        "itself, until a successor begins."
    )


def _seen(scenario: Scenario, agreement: Agreement) -> Iterator[str]:
    """Say how often the lead commissioner insists, and what clauses bring to light."""
    contract = scenario.contracts[agreement.name]
    if agreement.is_at_discretion:
        lead = agreement.signatories.name(agreement.signatories.commissioners[0])
        observed = scenario.levers.enforcement.observed.written
        yield paragraph(f"As observed, {lead} insists in {observed} of quarters.")
    for name, clause in contract.clauses.items():
        caught = ", ".join(
            f"{share.written} of departures in {LEVERS[PLACE[lever]].title}"
            for lever, share in clause.catches.items()
        )
        yield paragraph(
            f"'{name.replace('_', ' ')}' brings to light, of what nobody would notice: {caught}."
        )


def _quarters(count: int) -> str:
    """Return a number of quarters in words."""
    return f"{count} quarter{'s' if count > 1 else ''}"


def _adjustment(change: Adjustment, agreement: Agreement) -> str:
    """Return a change of an amount in a sentence."""
    new = change.to if change.to is not None else change.by
    assert new is not None
    if isinstance(new, Figure):
        said = sum_words(new)
    else:
        name = agreement.signatories.name
        said = ", ".join(f"{name(party)} {sum_words(each)}" for party, each in new.items())
    verb = f"becomes {said}" if change.to is not None else f"rises by {said}"
    reason = f": {change.why}" if change.why else ""
    clause = f" (Clause {change.clause}.)" if change.clause else ""
    day, amount = day_in_words(change.on), change.amount.replace("_", " ")
    return f"On {day} the {amount} {verb}{reason}.{clause}"


def _limits(scenario: Scenario | ContractFile, agreement: Agreement) -> Iterator[str]:
    """Tell what the rules alone allow, beside what delivering as planned costs."""
    timetable = scenario.timetable
    limits = yearly_limits(agreement, timetable)
    payers = [each for each in limits if each.party in scenario.commissioners]
    providers = [each for each in limits if each.party in scenario.providers]
    is_reimbursed = limits[0].reimbursed
    yield "By rule, in a full first year"
    yield ""
    columns = {
        "Pays at least": [-each.most for each in payers],
        "Pays at most": [-each.least for each in payers],
    }
    if is_reimbursed:
        columns["Beyond cost, at least"] = [-each.best for each in payers]
        columns["Beyond cost, at most"] = [-each.worst for each in payers]
    yield _by_party("Commissioner", payers, columns, scenario)
    yield paragraph("The limits of all terms added up; they need not come together.")
    if is_reimbursed:
        yield paragraph(
            "Beyond cost: what a commissioner pays on top of its part of the providers' cost, "
            "whatever that cost is. With a minus sign it pays that much less than its part."
        )
    if not all(holds_all_year(term, timetable) for term in agreement.terms):
        yield paragraph(
            "Terms that hold for a part of the first year count for that part, later ones not at "
            "all."
        )
    if agreement.adjustments:
        yield paragraph("They are those of the contract as signed, before its adjustments.")
    yield ""
    columns = {
        "Is paid at least": [each.least for each in providers],
        "Is paid at most": [each.most for each in providers],
    }
    if isinstance(scenario, Scenario):
        planned = planned_yearly_cost(scenario)
        columns["Planned cost"] = [planned[each.party] for each in providers]
    if is_reimbursed:
        columns["At worst"] = [each.worst for each in providers]
        columns["At best"] = [each.best for each in providers]
    elif isinstance(scenario, Scenario):
        columns["At worst"] = [each.least - planned[each.party] for each in providers]
        columns["At best"] = [each.most - planned[each.party] for each in providers]
    yield _by_party("Provider", providers, columns, scenario)
    if is_reimbursed:
        yield paragraph(
            "At worst and at best: its largest loss and gain by rule. Cost is reimbursed, so these "
            "are what the other terms add to it."
        )
    elif isinstance(scenario, Scenario):
        yield paragraph(
            "At worst and at best: the least and the most it can be paid by rule, less its planned "
            "cost at full caseloads. A provider that spends more than planned bears that too."
        )


def _by_party(
    side: str,
    parties: list[Limits],
    columns: Mapping[str, list[float]],
    scenario: Scenario | ContractFile,
) -> str:
    """Return a table of amounts, a row for each party."""
    names = [scenario.signatories.name(each.party) for each in parties]
    texts = ([_amount(each, scenario.currency) for each in column] for column in columns.values())
    return table((side, *columns), list(zip(names, *texts, strict=True)))


def _amount(value: float, currency: str) -> str:
    return "no limit" if math.isinf(value) else money(value, currency)
