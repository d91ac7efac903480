"""`alliance explain RUN`: why a party did what it did, in one future and one quarter of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator._errors import UsageError, did_you_mean
from simulator.cli.verify import scenario_of
from simulator.contract.live.period_names import ALLOWED, find_period, period_dates, read_period
from simulator.engine.life import plan_lives
from simulator.engine.network import build_network
from simulator.parties.levers import at_norm
from simulator.report.choice_text import choice_document, choice_text
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.study.choice import looked_at_again
from simulator.study.engines import choose_engine

__all__ = ["explain_choice"]


def explain_choice(
    folder: Path, future: int, quarter: str, party: str, contract: str | None, as_json: bool
) -> None:
    """Explain what a provider does in a quarter, as it decided at the meeting before it."""
    recorded, read = scenario_of(folder)
    scenario = build(read)
    if not scenario.behaves:
        raise UsageError("explain: nobody decides anything in this run (behaviour: none)")
    replications = recorded.manifest["replications"]
    if not 1 <= future <= replications:
        raise UsageError(
            f"explain: found --future {future}; the run has the futures 1 to {replications:,}"
        )
    name = _one_of("--contract", contract, list(scenario.contracts))
    provider = _one_of("--party", party, list(scenario.providers))
    review, dates = _review(scenario, quarter)
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    plan = next(each for each in plans if each.watch.agreement.name == name)
    seed = recorded.manifest["seed"]
    chosen = choose_engine(scenario.engine)
    found = looked_at_again(plan, seed, future - 1, review, provider, chosen)
    if as_json:
        document = {
            "schema": "alliance-choice/1",
            "run_id": recorded.manifest["run_id"],
            "future": future,
            "contract": name,
            "party": provider,
            "quarter": quarter,
            "choices": choice_document(found),
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    title = scenario.signatories.name(provider)
    heading = (
        f"{scenario.title_of(name)}, future {future:,} of run {recorded.manifest['run_id']}: what "
        f"{title} does from {dates}, decided at the meeting before"
    )
    sys.stdout.write(choice_text(heading, title, found, scenario.currency) + "\n")


def _one_of(option: str, given: str | None, known: list[str]) -> str:
    if given is None:
        if len(known) == 1:
            return known[0]
        raise UsageError(f"explain: add {option}, one of {', '.join(known)}")
    if given not in known:
        near = did_you_mean(given, known)
        raise UsageError(
            f"explain: found {option} {given}; it is one of {', '.join(known)}"
            + (f"; {near}" if near else "")
        )
    return given


def _review(scenario: Scenario, quarter: str) -> tuple[int, str]:
    """Return the review at which a quarter is decided, from 1, and its dates in words."""
    written = read_period(quarter)
    if written is None or written[0] != "quarter":
        raise UsageError(f"explain: found --quarter {quarter}; {ALLOWED}")
    timetable = scenario.timetable
    period = find_period(timetable, *written)
    if period is None:
        raise UsageError(
            f"explain: found --quarter {quarter}; the term runs from {timetable.starts} and ends "
            f"before {timetable.ends}"
        )
    review = timetable.periods("quarter").index(period)
    if review == 0:
        raise UsageError(
            "explain: in the first quarter everybody does as observed; nothing is decided before "
            "the meeting at its end"
        )
    return review, period_dates(period)
