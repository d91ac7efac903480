"""`alliance run`: the main job."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator._errors import Interrupted
from simulator.cli.progress import Told, told
from simulator.contract.live.period_names import period_name
from simulator.parties.policies import POLICIES
from simulator.report.charts import cash_chart
from simulator.report.document import document
from simulator.report.draw import check_chart, drawn, made_from
from simulator.report.run_tables import run_tables
from simulator.report.run_text import run_text
from simulator.report.tables import paragraph
from simulator.report.tabular import Table, csv_text
from simulator.report.words import money_in_words, number
from simulator.scenario.build import build
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document
from simulator.study.drawn import MOST_BY_DEFAULT, DrawnOutcomes, DrawnStudy, draw_futures
from simulator.study.draws import Draws
from simulator.study.files import read_documents
from simulator.study.folder import (
    MANIFEST,
    check_folder,
    manifest,
    run_identity,
    software_identity,
    study_identity,
    write_file,
    write_folder,
)
from simulator.study.replicate import Study
from simulator.study.replicator import Replicator
from simulator.study.store import UNFINISHED, Chunks, ChunkStore, Store
from simulator.study.summary import known_within

__all__ = ["Asked", "draw", "files_of_run", "run"]

_RESULTS = Path("results")
_FIRST_FUTURES = 200  # and the first count at which a tolerance is looked at, then doubled
_A_YEAR = 365  # days, after which the second year begins
_MOST_FUTURES = 25_600  # 200 doubled seven times: a hundredth of the error of two or three futures


@dataclass(frozen=True)
class Asked:
    """What a run was asked for.

    Attributes:
        replications: futures of luck alone, or at most so many; None where nobody says.
        tolerance: pounds within which the mean difference is to be known.
        drawn: futures with inputs drawn; None where nobody says.
        seed: makes the same futures again.
        workers: processes; None where nobody says.
        out: the folder to write.
    """

    replications: int | None
    tolerance: float | None
    drawn: int | None
    seed: int
    workers: int | None
    out: Path | None

    def draws(self, inputs: int, replications: int) -> int:
        """Return how many futures have inputs drawn.

        Args:
            inputs: how many there are to draw.
            replications: futures of luck alone.
        """
        if not inputs:
            return 0
        return min(replications, MOST_BY_DEFAULT) if self.drawn is None else self.drawn

    def kept(self, tree: dict[str, Any], engine: str, ending: str = "") -> Path:
        """Return where what is done is kept until all is."""
        beside = self.out.absolute().parent if self.out is not None else _RESULTS
        return beside / UNFINISHED / f"{study_identity(tree, self.seed, engine)}{ending}"


def run(
    files: list[Path], asked: Asked, settings: list[str], chart: Path | None, as_json: bool
) -> None:
    """Run, write the run folder, print the result."""
    read = read_documents(files, settings)
    scenario = build(read)
    inputs = Draws(read, scenario).inputs
    if asked.out is not None or asked.tolerance is None:
        count = asked.replications or _FIRST_FUTURES
        meant = run_identity(read.tree, count, asked.seed, drawn=asked.draws(inputs, count))
        check_folder(asked.out or _RESULTS / meant)
    if chart is not None:
        check_chart(chart)
    with told() as listener:
        study, store = _study(scenario, read.tree, asked, listener)
    futures = 0 if study.interrupted else asked.draws(inputs, study.replications)
    drawn_store = Chunks(asked.kept(read.tree, scenario.engine, "-drawn"), DrawnOutcomes)
    drawn = draw(read, futures, asked.seed, asked.workers, drawn_store)
    interrupted = study.interrupted or (drawn.replications if drawn else 0) < futures
    identity = run_identity(
        read.tree, study.replications, asked.seed, drawn=drawn.replications if drawn else 0
    )
    folder = asked.out or _RESULTS / identity
    if asked.out is not None and interrupted:  # the place asked for stays free for the whole
        name = f"{asked.out.name}-first-{study.replications}-{identity}"
        folder = asked.out.with_name(name)
    doc = document(study, identity, software_identity(), drawn)
    tables = run_tables(read, study, doc)
    written = _files(scenario, read, study, doc, tables)
    recorded = json.dumps(manifest(doc, study.engine, written), indent=2) + "\n"
    write_folder(folder, written | {MANIFEST: recorded})
    if not interrupted:
        store.clear(study.replications)
        drawn_store.clear(futures)
    if chart is not None:
        _draw(chart, scenario, doc, tables)
    if as_json:
        sys.stdout.write(written["run.json"])
    else:
        text, _, _ = written["run.txt"].rpartition("\n\n")
        closing = paragraph(
            f"Run {identity}, seed {asked.seed}. Written to {folder}: run.txt is this page; "
            "the .csv files open in a spreadsheet. "
            f"'alliance verify {folder}' makes it again and compares."
            + (f" The chart is {chart}." if chart else "")
        )
        sys.stdout.write(f"{text}\n\n{closing}\n{_how_to_ask_why(scenario, folder)}")
    if interrupted:
        sys.stdout.flush()
        beside = f" and {number(drawn.replications)} with inputs drawn" if drawn else ""
        raise Interrupted(
            f"Interrupted: this is over the {number(study.replications)} simulated futures{beside} "
            "that were done. The same command goes on from there."
        )


def _how_to_ask_why(scenario: Scenario, folder: Path) -> str:
    """Return a command that explains a choice in the run; nothing where nobody makes one."""
    quarters = scenario.timetable.periods("quarter")
    decide = [
        name
        for name, posts in scenario.signatories.caseworkers.items()
        if scenario.behaves and posts and POLICIES[scenario.policies[name]].moves
    ]
    if not decide or len(quarters) < 2:  # in the first quarter nothing is decided
        return ""
    starts = scenario.timetable.starts
    later = [each for each in quarters if (each.first - starts).days >= _A_YEAR]
    quarter = period_name(later[0] if later else quarters[-1], "quarter")
    others = [name for name in scenario.contracts if name != scenario.baseline]
    contract = f" --contract {others[0]}" if others else ""
    where = f'"{folder}"' if " " in str(folder) else str(folder)
    return (
        "Why a provider did what it did, for example:\n"
        f"  alliance explain {where} --future 1 --party {decide[0]} --quarter {quarter}{contract}\n"
    )


def draw(
    read: Document,
    futures: int,
    seed: int,
    workers: int | None,
    store: Store[DrawnOutcomes] | None = None,
) -> DrawnStudy | None:
    """Live futures with inputs drawn; None for none of them, or where not one was done."""
    if not futures:
        return None
    with told("Futures with inputs drawn") as listener, suppress(KeyboardInterrupt, Interrupted):
        return draw_futures(read, futures, seed, workers, store, listener)
    return None


def _study(
    scenario: Scenario, tree: dict[str, Any], asked: Asked, listener: Told
) -> tuple[Study, ChunkStore]:
    """Live the futures asked for, or as many as a tolerance needs."""
    store = ChunkStore(asked.kept(tree, scenario.engine))
    replications, tolerance = asked.replications, asked.tolerance
    with Replicator(scenario, asked.seed, asked.workers, store, listener) as replicator:
        if tolerance is None:
            return replicator.study(replications or _FIRST_FUTURES), store
        most = replications or _MOST_FUTURES
        count = min(_FIRST_FUTURES, most)
        while True:
            study = replicator.study(count)
            within = known_within(study)
            known = _how_well_known(study, within)
            if study.interrupted or within <= tolerance:
                listener.say(f"{known}.")
                return study, store
            if count >= most:
                meant = money_in_words(tolerance, scenario.currency)
                listener.say(f"{known}, not the {meant} asked for; --replications allows more.")
                return study, store
            count = min(2 * count, most)
            listener.say(f"{known}; going on to {number(count)}.")


def _how_well_known(study: Study, within: float) -> str:
    """Say how well the answer is known after so many futures."""
    count = study.replications
    after = f"After {number(count)} simulated future{'s' if count > 1 else ''} the mean "
    after += "difference" if len(study.outcomes) > 1 else "net cost"
    if count == 1:
        return f"{after} is not known within any amount: one future says nothing about others"
    if within == 0.0:
        # "rule of three": what never occurred in n futures has a chance below 3 / n (95%)
        rare = f"; what comes in fewer than one future in {number(count / 3)} may be missed (95%)"
        return f"{after} has no spread: it was the same in all{rare}"
    shown = money_in_words(within, study.scenario.currency)
    return f"{after} is known within {shown} either way (95%)"


def files_of_run(
    scenario: Scenario, read: Document, study: Study, drawn: DrawnStudy | None, identity: str
) -> dict[str, str]:
    """Return what a run folder holds beside its manifest."""
    doc = document(study, identity, software_identity(), drawn)
    return _files(scenario, read, study, doc, run_tables(read, study, doc))


def _files(
    scenario: Scenario,
    read: Document,
    study: Study,
    doc: dict[str, Any],
    tables: Sequence[Table],
) -> dict[str, str]:
    text = run_text(scenario, doc)
    return {
        "run.json": json.dumps(doc, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "run.txt": f"{text}\n\nRun {doc['run_id']}, seed {study.seed}.\n",
        "scenario.yaml": plain_yaml(read.tree),
        **{f"{each.name}.csv": csv_text(each) for each in tables},
    }


def _draw(chart: Path, scenario: Scenario, doc: dict[str, Any], tables: Sequence[Table]) -> None:
    """Draw each party's cash since the start, with the table beside it on a page."""
    cash = next(each for each in tables if each.name == "cash")
    parties = (*scenario.commissioners, *scenario.providers)
    names = {party: scenario.signatories.name(party) for party in parties}
    called = Counter(scenario.title_of(name) for name in scenario.contracts)
    titles = {
        name: f"{title} ({name})" if called[title := scenario.title_of(name)] > 1 else title
        for name in scenario.contracts
    }
    held = {party: float(each.reserves) for party, each in scenario.providers.items()}
    short = {
        (name, party): float(contract["parties"][party]["p_cash_below_zero"])
        for name, contract in doc["contracts"].items()
        for party in scenario.providers
    }
    note = made_from(scenario, doc["replications"], doc["seed"], doc["run_id"])
    spec = cash_chart(cash, names, titles, held, short, scenario.currency, note)
    write_file(chart, drawn(chart, [spec], [cash]))
