"""What a run tells a finance director: exposure, budgets, reserves, years."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulator.report.tables import paragraph, table
from simulator.report.words import financial_year, money, percent
from simulator.scenario.scenario import Scenario

__all__ = ["finance_text"]


def finance_text(scenario: Scenario, doc: Mapping[str, Any]) -> str:
    """Return the sections on exposure, budgets, reserves and when cash moves."""
    sections = (_exposure, _budgets, _reserves, _years)
    return "\n\n".join(text for section in sections if (text := "\n".join(section(scenario, doc))))


def _who(scenario: Scenario, party: str) -> str:
    if party != "commissioners":
        return scenario.signatories.name(party)
    return "Both together" if len(scenario.commissioners) == 2 else "All together"


def _exposure(scenario: Scenario, doc: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (
            _who(scenario, row["party"]),
            scenario.title_of(row["contract"]),
            *(
                money(row[key], scenario.currency, row["mc_error"])
                for key in ("mean", "p50", "p80", "p95", "worst")
            ),
        )
        for row in _by_party(doc["finance"]["exposure"])
    ]
    yield paragraph(
        "How far the cost may go by luck alone, inputs at their central values: net cost over the "
        "term that is not passed in 50%, 80% and 95% of futures, and the mean of the dearest 5% "
        "(rounded)."
    )
    yield ""
    yield table(("Who pays", "Contract", "Mean", "50%", "80%", "95%", "Dearest 5%"), rows, texts=2)


def _budgets(scenario: Scenario, doc: Mapping[str, Any]) -> Iterator[str]:
    found = doc["finance"]["budget"]
    if not found:
        yield paragraph(
            "No commissioner has a 'budget' in the scenario, so no chance of passing it is told."
        )
        return
    yield paragraph(
        "Chance that a financial year costs more than its budget. This is on a cash basis: what is "
        "paid counts when it is paid, and what is paid after the term in its last year. It is not "
        "the year's outturn on accruals."
    )
    yield ""
    yield _by_year(scenario, found, lambda row: percent(row["p_over"], doc["replications"]))
    yield ""
    yield paragraph(
        "Worst credible year-end: a year's cost beside its budget, not passed in 95% of futures."
    )
    yield ""

    def beside_budget(row: dict[str, Any]) -> str:
        beyond = row["p95"] - row["budget"]
        shown = money(abs(beyond), scenario.currency, 100.0)  # percentiles are not known better
        return f"{shown} {'over' if beyond > 0 else 'under'}"

    yield _by_year(scenario, found, beside_budget)


def _by_year(
    scenario: Scenario, found: Sequence[dict[str, Any]], say: Callable[[dict[str, Any]], str]
) -> str:
    """Return a table with a row for each commissioner's year and a column for each contract."""
    years: dict[tuple[str, int], dict[str, str]] = {}
    for row in _by_party(found):
        years.setdefault((row["party"], row["year"]), {})[row["contract"]] = say(row)
    rows = [
        (
            _who(scenario, party),
            financial_year(year),
            *(by_contract[name] for name in scenario.contracts),
        )
        for (party, year), by_contract in years.items()
    ]
    titles = [scenario.title_of(name) for name in scenario.contracts]
    return table(("Who pays", "Financial year", *titles), rows, texts=2)


def _reserves(scenario: Scenario, doc: Mapping[str, Any]) -> Iterator[str]:
    yield paragraph(
        "Reserve that is enough with this confidence: for a provider not to run out of cash at any "
        "month end; for a commissioner the sum of what its years cost above their budgets, nothing "
        "carried forward from one year to the next (rounded)."
    )
    yield ""
    rows = [
        (
            _who(scenario, row["party"]),
            scenario.title_of(row["contract"]),
            money(row["held"], scenario.currency)
            if row["party"] in scenario.providers
            else "not stated",
            *(
                "too few" if each is None else money(each, scenario.currency, row["mc_error"])
                for each in row["needed"].values()
            ),
        )
        for row in _by_party(doc["finance"]["reserves"])
    ]
    confidences = [float(each) for each in doc["finance"]["reserves"][0]["needed"]]
    header = ("Whose", "Contract", "Held", *(f"{each:.0%}" for each in confidences))
    yield table(header, rows, texts=2)


def _years(scenario: Scenario, doc: Mapping[str, Any]) -> Iterator[str]:
    finance = doc["finance"]
    years = list(enumerate(finance["years"]))
    yield paragraph(
        "When it is paid: mean net cost to the commissioners by financial year, in pounds of the "
        f"day. Real is in prices of {finance['price_base']}, by a rise of prices of "
        f"{scenario.inflation.prices.written}. Present value is that, discounted at "
        f"{scenario.appraisal.discount_rate.written} (rounded; may not sum)."
    )
    yield ""
    costs = finance["net_cost"].values()
    named = [(financial_year(year), [row["nominal"][i] for row in costs]) for i, year in years]
    named.append(("Whole term", [sum(row["nominal"]) for row in costs]))
    named.append(("Whole term, real", [row["real"] for row in costs]))
    named.append(("Whole term, present value", [row["present_value"] for row in costs]))
    rows = [
        (
            name,
            *(
                money(cost, scenario.currency, row["mc_error"])
                for cost, row in zip(figures, costs, strict=True)
            ),
        )
        for name, figures in named
    ]
    titles = [scenario.title_of(name) for name in finance["net_cost"]]
    yield table(("Financial year", *titles), rows)


def _by_party(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows party by party, each in the order they first come in."""
    parties = list(dict.fromkeys(row["party"] for row in rows))
    return sorted(rows, key=lambda row: parties.index(row["party"]))
