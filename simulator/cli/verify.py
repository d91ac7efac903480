"""`alliance verify`: a run or a sweep made again from its folder, and compared."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from simulator._errors import CheckFailed, Interrupted, Problem, ScenarioError, UsageError
from simulator._kinds import plain
from simulator.cli.progress import Told, told
from simulator.cli.run import draw, files_of_run
from simulator.report.sweep import Asked, make_sweep
from simulator.report.tables import paragraph
from simulator.report.words import number
from simulator.scenario.build import build
from simulator.scenario.yaml_text import Document
from simulator.study.files import read_documents
from simulator.study.folder import MANIFEST, digest, run_identity, software_identity
from simulator.study.replicator import Replicator
from simulator.study.verify import Recorded, first_difference, read_run

__all__ = ["scenario_of", "verify"]


def verify(folder: Path, workers: int | None, as_json: bool) -> None:
    """Make a run again from its folder alone, and compare every file."""
    recorded, read = scenario_of(folder)
    asked = _asked(folder, recorded)
    command = None if asked is None else asked.command()
    seed, replications = recorded.manifest["seed"], recorded.manifest["replications"]
    drawn = recorded.manifest.get("drawn", 0)
    software, now = recorded.manifest["software"], software_identity()
    made_now = run_identity(read.tree, replications, seed, now, command, drawn)
    if asked is not None:
        with told("Points") as listener:
            again = _sweep_again(read, asked, replications, seed, workers, made_now, listener)
    else:
        again = _run_again(read, replications, drawn, seed, workers, made_now)
    difference = first_difference(recorded, again, made_now, now)
    if difference is not None:
        other = f" It was made with version {software}; this is {now}." if software != now else ""
        raise CheckFailed(f"{folder / difference.file}{difference.told}.{other}")
    count = len(recorded.hashes)
    if as_json:
        result = {
            "schema": "alliance-verify/1",
            "run_id": made_now,
            "replications": replications,
            "verified": True,
            "files": list(recorded.hashes),
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return
    futures = f"{number(replications)} simulated futures"
    futures += f" and {number(drawn)} with inputs drawn" if drawn else ""
    what = futures if asked is None else f"a {asked.kind} of {futures} a point"
    beside = ", ".join(map(plain, recorded.strangers))
    note = f" Not part of it, and not looked at: {beside}." if beside else ""
    told_of = f"Run {made_now}: {what} made again, all {count} files the same to the byte."
    sys.stdout.write(paragraph(told_of + note) + "\n")


def scenario_of(folder: Path) -> tuple[Recorded, Document]:
    """Return a run as its folder tells it, and its scenario, which is as the run wrote it.

    Raises:
        ScenarioError: it is no run folder.
        CheckFailed: the scenario is missing or was changed.
    """
    recorded = read_run(folder)
    scenario_file = recorded.files["scenario.yaml"]
    if scenario_file is None:
        raise CheckFailed(f"{folder}: scenario.yaml is missing from the folder")
    if digest(scenario_file) != recorded.hashes["scenario.yaml"]:
        raise CheckFailed(
            f"{folder}: scenario.yaml was changed after the run wrote it; the run cannot be made "
            "again from it"
        )
    return recorded, read_documents(folder / "scenario.yaml")


def _asked(folder: Path, recorded: Recorded) -> Asked | None:
    """Return what a sweep was asked for; None for a run."""
    command = recorded.manifest.get("command")
    if command is None:
        return None
    try:
        return Asked.of(command)
    except ValueError as error:
        file = str(folder / MANIFEST)
        found = f"its command cannot be understood: {error}"
        raise ScenarioError([Problem(file, 0, 0, "command", found, "", "restore it")]) from None


def _sweep_again(
    read: Document,
    asked: Asked,
    replications: int,
    seed: int,
    workers: int | None,
    identity: str,
    listener: Told,
) -> Mapping[str, str]:
    """Return the files of a sweep as they come out now."""
    try:
        return make_sweep(read, asked, replications, seed, workers, identity, listener).files
    except UsageError as error:  # the manifest asks for it, not the command line
        found = f"its command cannot be done: {error}"
        raise ScenarioError([Problem(MANIFEST, 0, 0, "command", found)]) from None


def _run_again(
    read: Document,
    replications: int,
    futures: int,
    seed: int,
    workers: int | None,
    identity: str,
) -> Mapping[str, str]:
    """Return the files of a run as they come out now; so many futures have inputs drawn."""
    scenario = build(read)
    with told() as listener, Replicator(scenario, seed, workers, listener=listener) as replicator:
        study = replicator.study(replications)
    drawn = None if study.interrupted else draw(read, futures, seed, workers)
    if study.interrupted or (drawn.replications if drawn else 0) < futures:
        raise Interrupted("Interrupted; nothing was compared.")
    return files_of_run(scenario, read, study, drawn, identity)
