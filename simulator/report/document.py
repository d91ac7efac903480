"""The run as one versioned document, for other programs."""

from __future__ import annotations

import calendar
from dataclasses import asdict
from typing import Any

from simulator.parties.levers import LEVERS, level_of
from simulator.report.drawn import drawn_document
from simulator.report.words import likelihood
from simulator.scenario.evidence import defaults_taken
from simulator.study.drawn import DrawnStudy
from simulator.study.finance import (
    CONFIDENCES,
    EXPOSURES,
    budget_years,
    exposures,
    reserves,
)
from simulator.study.replicate import (
    PEOPLE,
    Study,
    first_months_of_years,
    present_value_factors,
    real_factors,
)
from simulator.study.split import Split, gained_outcomes, splits, value_of
from simulator.study.summary import compare, mc_error, summarise

__all__ = ["SCHEMA", "document"]

SCHEMA = "alliance-run/1"
"""Name and version of the document; the number rises when a field changes its meaning."""


def document(
    study: Study, run_id: str, software: str, drawn: DrawnStudy | None = None
) -> dict[str, Any]:
    """Return the study as plain values, ready for JSON; money in nominal pounds over the term.

    Args:
        study: futures of luck alone.
        run_id: identity of the run.
        software: what made it.
        drawn: futures with inputs drawn; None where there are none.
    """
    scenario = study.scenario
    timetable = scenario.timetable
    return {
        "schema": SCHEMA,
        "run_id": run_id,
        "software": software,
        "scenario": scenario.title,
        "illustrative": scenario.illustrative,
        "behaviour": scenario.behaviour,
        "starts": timetable.starts.isoformat(),
        "ends_before": timetable.ends.isoformat(),
        "currency": scenario.currency,
        "seed": study.seed,
        "replications": study.replications,
        "baseline": scenario.baseline,
        "contracts": {name: _contract(study, name) for name in scenario.contracts},
        "comparison": {
            name: {
                "net_position": comparison.net_position.as_dict(),
                "net_position_intervals": comparison.net_position.intervals(),
                "present_value": comparison.present_value.as_dict(),
                "p_costs_less": comparison.p_costs_less,
                "p_costs_same": comparison.p_costs_same,
                "likelihood": likelihood(comparison.p_costs_less),
                "parties": {
                    party: summary.as_dict() for party, summary in comparison.by_party.items()
                },
            }
            for name, comparison in compare(study).items()
        },
        "split": {name: _split(split) for name, split in splits(study).items()},
        **({"drawn": drawn_document(scenario, drawn)} if drawn else {}),
        "finance": _finance(study),
        "assumptions": {
            "defaults": [
                {"path": row.path, "value": row.value, "provenance": row.provenance}
                for row in defaults_taken(scenario)
            ],
        },
    }


def _contract(study: Study, name: str) -> dict[str, Any]:
    scenario, outcomes = study.scenario, study.outcomes[name]
    signatories = scenario.signatories
    payers = len(signatories.commissioners)
    together = summarise(outcomes.net[:, :payers].sum(axis=1))
    parties: dict[str, Any] = {}
    for index, party in enumerate(signatories.parties):
        parties[party] = {
            "name": signatories.name(party),
            "role": "commissioner" if index < payers else "provider",
            "net_position": summarise(outcomes.net[:, index]).as_dict(),
            "present_value": summarise(outcomes.present_value[:, index]).as_dict(),
        }
        if index >= payers:
            place = index - payers
            parties[party]["notices"] = float(outcomes.notices[:, place].mean())
            parties[party]["p_replaced"] = float((outcomes.replaced[:, place] > 0).mean())
            lowest = outcomes.lowest_cash[:, place]
            parties[party]["p_cash_below_zero"] = float((lowest < 0).mean())
            parties[party]["lowest_cash"] = summarise(lowest).as_dict()
    return {
        "title": scenario.title_of(name),
        "parties": parties,
        "commissioners": {
            "net_position": together.as_dict(),
            "net_position_intervals": together.intervals(),
            "present_value": summarise(outcomes.present_value[:, :payers].sum(axis=1)).as_dict(),
        },
        "outside": {
            account: summarise(outcomes.net[:, index]).as_dict()
            for index, account in enumerate(signatories.accounts)
            if index >= payers + len(signatories.providers)
        },
        "p_any_cash_below_zero": float((outcomes.lowest_cash < 0).any(axis=1).mean()),
        "notices": float(outcomes.notices.sum(axis=1).mean()),
        "p_any_replaced": float((outcomes.replaced > 0).any(axis=1).mean()),
        "paid_to_providers": summarise(outcomes.paid).as_dict(),
        "payments_sum": float(abs(outcomes.payments_sum).max()),
        "people": people(study, name),
        **(_conduct(study, name) if scenario.behaves else {}),
        "services": {
            service: people(study, name, index) for index, service in enumerate(scenario.services)
        },
    }


def _conduct(study: Study, name: str) -> dict[str, Any]:
    """Return what outcomes are worth, and what the parties do: levels of their levers."""
    scenario, outcomes = study.scenario, study.outcomes[name]
    conduct: dict[str, Any] = {}
    for place, party in enumerate(scenario.signatories.parties):
        side = "providers" if party in scenario.providers else "commissioners"
        if side == "commissioners" and place > 0:
            continue  # the first decides for all
        conduct[party] = {}
        for lever in LEVERS:
            if lever.by != side:
                continue
            levels = level_of(outcomes.course[:, :-1, place], lever.name)  # by quarter
            conduct[party][lever.name] = {
                "mean": float(levels.mean()) + 0.0,
                "by_quarter": [float(each) + 0.0 for each in levels.mean(axis=0)],
            }
    return {
        "gained_outcomes": summarise(gained_outcomes(scenario, outcomes)).as_dict(),
        "value": summarise(value_of(scenario, outcomes)).as_dict(),
        "conduct": conduct,
    }


def _split(split: Split) -> dict[str, Any]:
    """Return where a difference comes from."""
    leads = (
        "difference",
        "money",
        "behaviour",
        "check",
        "without_collaboration",
        "equally_open",
        "other_norm",
    )
    shown: dict[str, Any] = {}
    for name in leads:
        lead = getattr(split, name)
        shown[name] = None
        if lead is not None:
            shown[name] = {
                "cash": lead.cash.as_dict(),
                "value": lead.value.as_dict(),
                "p_costs_less": lead.p_costs_less,
                "p_worth_more": lead.p_worth_more,
                "outcomes": lead.outcomes.as_dict(),
            }
    for name in ("interaction", "luck"):
        shown[name] = {key: each.as_dict() for key, each in getattr(split, name).items()}
    return shown


def _finance(study: Study) -> dict[str, Any]:
    """Return exposure, budgets, reserves and yearly cost; cash by month is a table of its own."""
    scenario = study.scenario
    months = scenario.timetable.months
    first_months = first_months_of_years(scenario.timetable)
    payers = len(scenario.commissioners)
    costs = {}
    for name, outcomes in study.outcomes.items():
        everybody = outcomes.net[:, :payers].sum(axis=1)
        total = -outcomes.month_total[:, :payers].sum(axis=1) / study.replications
        costs[name] = {
            "nominal": [float(each) + 0.0 for each in -outcomes.yearly.sum(axis=2).mean(axis=0)],
            "real": float(total @ real_factors(scenario, len(total))),
            "present_value": float(total @ present_value_factors(scenario, len(total))),
            "mc_error": mc_error(everybody),
        }
    return {
        "discount_rate": float(scenario.appraisal.discount_rate),
        "price_base": f"{calendar.month_name[scenario.starts.month]} {scenario.starts.year}",
        "years": [months[first].financial_year for first in first_months],
        "net_cost": costs,
        "exposure": [
            {
                "contract": row.contract,
                "party": row.party,
                "mean": row.mean,
                "mc_error": row.error,
            }
            | {f"p{100 * share:.0f}": at for share, at in zip(EXPOSURES, row.at, strict=True)}
            | {
                f"p{100 * share:.0f}_interval": interval
                for share, interval in zip(EXPOSURES, row.intervals, strict=True)
            }
            | {"worst": row.worst}
            for row in exposures(study)
        ],
        "budget": [asdict(row) for row in budget_years(study)],
        "reserves": [
            {
                "contract": row.contract,
                "party": row.party,
                "held": row.held,
                "mc_error": row.error,
                "needed": {
                    f"{share:g}": at for share, at in zip(CONFIDENCES, row.needed, strict=True)
                },
            }
            for row in reserves(study)
        ],
    }


def people(study: Study, name: str, service: int | None = None) -> dict[str, float]:
    """Return what became of the people, means over futures; of one service or of all.

    ``mean_wait_days`` is over everyone who started, in all futures.
    """
    counts = study.outcomes[name].people
    totals = {
        column: counts[column] if service is None else counts[column][:, [service]]
        for column in PEOPLE
    }
    means = {column: float(values.sum(axis=1).mean()) for column, values in totals.items()}
    if service is not None:
        del means["on_the_way"]
    wait, stay = means.pop("wait_days"), means.pop("service_days")
    means["mean_wait_days"] = wait / means["started"] if means["started"] else 0.0
    means["mean_stay_days"] = stay / means["completed"] if means["completed"] else 0.0
    return means
