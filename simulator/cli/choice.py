"""`alliance explain RUN`: why a party did what it did, in one future and one quarter of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator._errors import UsageError, did_you_mean
from simulator.cli.verify import scenario_of
from simulator.contract.live.names import meant_by, ways_of_parties
from simulator.contract.live.period_names import find_period, period_dates, period_name, read_period
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
    """Explain what a party does in a quarter, as it decided at the meeting before it."""
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
    chooser = _party(scenario, party)
    review, dates = _review(scenario, quarter)
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    plan = next(each for each in plans if each.watch.agreement.name == name)
    seed = recorded.manifest["seed"]
    chosen = choose_engine(scenario.engine)
    found = looked_at_again(plan, seed, future - 1, review, chooser, chosen)
    if as_json:
        document = {
            "schema": "alliance-choice/1",
            "run_id": recorded.manifest["run_id"],
            "future": future,
            "contract": name,
            "party": chooser,
            "quarter": quarter,
            "choices": choice_document(found),
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    title = scenario.signatories.name(chooser)
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


def _party(scenario: Scenario, given: str) -> str:
    """Return the party that is meant by its key or its title, in whatever case."""
    titles = {key: scenario.signatories.name(key) for key in scenario.signatories.parties}
    found = meant_by(given, ways_of_parties(scenario.signatories, titles))
    if len(found) == 1:
        return found[0]
    near = did_you_mean(given, [*titles, *titles.values()])
    known = ", ".join(f"{key} ({title})" for key, title in titles.items())
    raise UsageError(
        f"explain: found --party {given}; it is one of {known}" + (f"; {near}" if near else "")
    )


def _review(scenario: Scenario, quarter: str) -> tuple[int, str]:
    """Return the review at which a quarter is decided, from 1, and its dates in words."""
    written = read_period(quarter)
    timetable = scenario.timetable
    quarters = timetable.periods("quarter")
    of_quarter = written if written is not None and written[0] == "quarter" else None
    period = find_period(timetable, *of_quarter) if of_quarter else None
    if period is None:
        first, last = (period_name(quarters[place], "quarter") for place in (0, -1))
        raise UsageError(
            f"explain: found --quarter {quarter}; a quarter of a financial year is written 2027Q3 "
            f"(October to December 2027), and the run has the quarters {first} to {last}"
        )
    review = quarters.index(period)
    if review == 0:
        raise UsageError(
            "explain: in the first quarter everybody does as observed; nothing is decided before "
            "the meeting at its end"
        )
    return review, period_dates(period)
