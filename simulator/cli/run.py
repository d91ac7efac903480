"""`alliance run` and `alliance verify`: the main job, and the same again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from simulator._errors import CheckFailed, Interrupted
from simulator.cli.progress import Told, told
from simulator.report.document import document
from simulator.report.run_tables import run_tables
from simulator.report.run_text import run_text
from simulator.report.tables import paragraph
from simulator.report.tabular import csv_text
from simulator.report.words import money_in_words, number
from simulator.scenario.build import build
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document
from simulator.study.files import read_documents
from simulator.study.folder import (
    MANIFEST,
    check_folder,
    digest,
    manifest,
    run_identity,
    software_identity,
    study_identity,
    write_folder,
)
from simulator.study.replicate import Study
from simulator.study.replicator import Replicator
from simulator.study.store import UNFINISHED, ChunkStore
from simulator.study.summary import known_within
from simulator.study.verify import first_difference, read_run

__all__ = ["run", "verify"]

_RESULTS = Path("results")
_FIRST_FUTURES = 200  # and the first count at which a tolerance is looked at, then doubled
_MOST_FUTURES = 25_600  # 200 doubled seven times: a hundredth of the error of two or three futures


def run(
    files: list[Path],
    replications: int | None,
    tolerance: float | None,
    seed: int,
    workers: int | None,
    out: Path | None,
    settings: list[str],
    chart: Path | None,
    as_json: bool,
) -> None:
    """Run, write the run folder, print the result."""
    read = read_documents(files, settings)
    scenario = build(read)
    if out is not None or tolerance is None:
        asked = run_identity(read.tree, replications or _FIRST_FUTURES, seed)
        check_folder(out or _RESULTS / asked)
    with told() as listener:
        study, store = _study(
            scenario, read.tree, replications, tolerance, seed, workers, out, listener
        )
    identity = run_identity(read.tree, study.replications, seed)
    folder = out or _RESULTS / identity
    if out is not None and study.interrupted:  # the place asked for stays free for the whole
        folder = out.with_name(f"{out.name}-first-{study.replications}-{identity}")
    written = _files(scenario, read, study, identity)
    write_folder(folder, written | {MANIFEST: _manifest(written, study.engine)})
    if not study.interrupted:
        store.clear(study.replications)
    if as_json:
        sys.stdout.write(written["run.json"])
    else:
        text, _, _ = written["run.txt"].rpartition("\n\n")
        closing = paragraph(
            f"Run {identity}, seed {seed}. Written to {folder}: run.txt is this page; "
            "the .csv files open in a spreadsheet. "
            f"'alliance verify {folder}' makes it again and compares."
        )
        sys.stdout.write(f"{text}\n\n{closing}\n")
    if study.interrupted:
        sys.stdout.flush()
        raise Interrupted(
            f"Interrupted: this is over the {number(study.replications)} simulated futures that "
            "were done. The same command goes on from there."
        )


def _study(
    scenario: Scenario,
    tree: dict[str, Any],
    replications: int | None,
    tolerance: float | None,
    seed: int,
    workers: int | None,
    out: Path | None,
    listener: Told,
) -> tuple[Study, ChunkStore]:
    """Live the futures asked for, or as many as a tolerance needs."""
    beside = out.absolute().parent if out is not None else _RESULTS
    kept = beside / UNFINISHED / study_identity(tree, seed, scenario.engine)
    store = ChunkStore(kept)
    with Replicator(scenario, seed, workers, store, listener) as replicator:
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
                asked = money_in_words(tolerance, scenario.currency)
                listener.say(f"{known}, not the {asked} asked for; --replications allows more.")
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


def _files(scenario: Scenario, read: Document, study: Study, identity: str) -> dict[str, str]:
    """Return what a run folder holds beside its manifest."""
    doc = document(study, identity, software_identity())
    text = run_text(scenario, doc)
    return {
        "run.json": json.dumps(doc, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "run.txt": f"{text}\n\nRun {identity}, seed {study.seed}.\n",
        "scenario.yaml": plain_yaml(read.tree),
        **{f"{each.name}.csv": csv_text(each) for each in run_tables(read, study, doc)},
    }


def _manifest(written: dict[str, str], engine: str) -> str:
    doc = json.loads(written["run.json"])
    return json.dumps(manifest(doc, engine, written), indent=2) + "\n"


def verify(folder: Path, workers: int | None, as_json: bool) -> None:
    """Make a run again from its folder alone, and compare every file."""
    recorded = read_run(folder)
    scenario_file = recorded.files["scenario.yaml"]
    if scenario_file is None:
        raise CheckFailed(f"{folder}: scenario.yaml is missing from the folder")
    if digest(scenario_file) != recorded.hashes["scenario.yaml"]:
        raise CheckFailed(
            f"{folder}: scenario.yaml was changed after the run wrote it; the run cannot be made "
            "again from it"
        )
    read = read_documents(folder / "scenario.yaml")
    scenario = build(read)
    seed, replications = recorded.manifest["seed"], recorded.manifest["replications"]
    with told() as listener, Replicator(scenario, seed, workers, listener=listener) as replicator:
        study = replicator.study(replications)
    if study.interrupted:
        raise Interrupted("Interrupted; nothing was compared.")
    software = software_identity()
    other = (
        f" It was made with version {recorded.manifest['software']}; this is {software}."
        if recorded.manifest["software"] != software
        else ""
    )
    identity = run_identity(read.tree, replications, seed)
    made_by = run_identity(read.tree, replications, seed, recorded.manifest["software"])
    difference = first_difference(recorded, _files(scenario, read, study, identity), made_by)
    if difference is not None:
        raise CheckFailed(f"{folder / difference.file}{difference.told}.{other}")
    count = len(recorded.hashes)
    if as_json:
        result = {
            "schema": "alliance-verify/1",
            "run_id": recorded.manifest["run_id"],
            "replications": replications,
            "verified": True,
            "files": list(recorded.hashes),
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return
    sys.stdout.write(
        paragraph(
            f"Run {made_by}: {number(replications)} simulated futures made "
            f"again, all {count} files the same to the byte."
        )
        + "\n"
    )
