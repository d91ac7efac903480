"""Studies over processes: the same bytes whoever lived them, in any order, with interruptions."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from simulator._errors import Interrupted, RunError
from simulator.scenario.scenario import Scenario
from simulator.study import crew
from simulator.study import replicator as module
from simulator.study.crew import Crew
from simulator.study.replicate import PEOPLE, Outcomes, Prepared, Study, joined
from simulator.study.replicator import Replicator, replicate
from simulator.study.store import ChunkStore
from tests.conftest import FULL, ROOT, scenario_from

FLAGSHIP = (ROOT / "scenarios" / "staying-well.yaml").read_text(encoding="utf-8")
FLAGSHIP = FLAGSHIP.replace("behaviour: full", "behaviour: none")


def as_bytes(study: Study) -> bytes:
    """Return every figure of a study as bytes."""
    parts = [str(study.replications).encode()]
    for name in sorted(study.outcomes):
        outcomes = study.outcomes[name]
        parts += [
            getattr(outcomes, each.name).tobytes()
            for each in fields(Outcomes)
            if each.name != "people"
        ]
        parts += [outcomes.people[column].tobytes() for column in PEOPLE]
    return b"".join(parts)


class Heard:
    """A listener that remembers, and can interrupt after so many futures."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.counts: list[int] = []
        self.said: list[str] = []
        self.stop_after = stop_after

    def done(self, count: int, total: int) -> None:
        self.counts.append(count)
        if self.stop_after is not None and count >= self.stop_after:
            self.stop_after = None
            raise KeyboardInterrupt

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def flagship() -> Scenario:
    return scenario_from(FLAGSHIP)


@pytest.fixture(scope="module")
def serial(flagship: Scenario) -> Study:
    return replicate(flagship, 180, seed=7)


def test_progress_is_told(smallest: Scenario) -> None:
    heard = Heard()
    replicate(smallest, 120, seed=1, listener=heard)
    assert heard.counts == [50, 100, 120]


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_processes_gives_the_same_bytes(
    flagship: Scenario, serial: Study, workers: int
) -> None:
    assert as_bytes(replicate(flagship, 180, seed=7, workers=workers)) == as_bytes(serial)


def test_any_order_and_any_grouping_gives_the_same_bytes(flagship: Scenario, serial: Study) -> None:
    with Replicator(flagship, 7) as replicator:
        prepared = Prepared(flagship, 7, replicator.chosen)
    spans = [(0, 1), (1, 8), (8, 50), (50, 53), (53, 120), (120, 180)]
    lived = {span: prepared.live(*span) for span in reversed(spans)}
    outcomes = {name: joined([lived[span][name] for span in spans]) for name in flagship.contracts}
    assert as_bytes(Study(flagship, 7, 180, outcomes)) == as_bytes(serial)


def test_both_engines_give_the_same_bytes(flagship: Scenario) -> None:
    slow = scenario_from(FLAGSHIP + "engine: reference\n")
    futures = 7 if FULL else 3  # the readable engine takes two seconds for each
    compiled, reference = (replicate(each, futures, seed=3) for each in (flagship, slow))
    assert (compiled.engine, reference.engine) == ("compiled", "reference")
    assert as_bytes(compiled) == as_bytes(reference)


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_and_continued_gives_the_same_bytes(
    flagship: Scenario, serial: Study, tmp_path: Path, workers: int
) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(flagship, 7, workers, store, Heard(stop_after=50)) as replicator:
        part = replicator.study(180)
    assert part.interrupted
    assert 0 < part.replications < 180
    assert as_bytes(part) == as_bytes(replicate(flagship, part.replications, seed=7))

    heard = Heard()
    with Replicator(flagship, 7, workers, store, heard) as replicator:
        whole = replicator.study(180)
    assert not whole.interrupted
    assert heard.counts[0] >= part.replications, "what was done is not lived again"
    assert as_bytes(whole) == as_bytes(serial)


def test_an_interruption_before_anything_is_done_has_no_result(smallest: Scenario) -> None:
    with Replicator(smallest, 1) as replicator, pytest.MonkeyPatch.context() as patch:
        patch.setattr(replicator._prepared, "live", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            replicator.study(60)


def _interrupt(first: int, last: int) -> dict[str, Outcomes]:
    raise KeyboardInterrupt


def test_a_study_grows_by_what_is_missing(flagship: Scenario, serial: Study) -> None:
    heard = Heard()
    with Replicator(flagship, 7, listener=heard) as replicator:
        short = replicator.study(70)
        whole = replicator.study(180)
        again = replicator.study(180)
    assert short.replications == 70
    assert as_bytes(whole) == as_bytes(again) == as_bytes(serial)
    # 50 and 20, then from 70 on; the last time nothing is lived
    assert heard.counts == [50, 70, 70, 100, 150, 180, 180]


def test_chunks_on_disk_are_used_and_damaged_ones_lived_again(
    smallest: Scenario, tmp_path: Path
) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(smallest, 1, store=store) as replicator:
        expected = as_bytes(replicator.study(130))
    files = sorted(store.folder.glob("*.chunk"))
    assert [file.name for file in files] == [
        "0000000-0000050.chunk",
        "0000050-0000100.chunk",
        "0000100-0000130.chunk",
    ]
    damaged = bytearray(files[1].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    files[1].write_bytes(damaged)
    files[2].write_bytes(files[2].read_bytes()[:100])
    (store.folder / "notes.txt").write_text("not a chunk", encoding="utf-8")
    assert set(store.load()) == {(0, 50)}
    heard = Heard()
    with Replicator(smallest, 1, store=ChunkStore(store.folder), listener=heard) as replicator:
        assert as_bytes(replicator.study(130)) == expected
    assert heard.counts == [50, 100, 130]


def test_a_chunk_comes_back_as_it_was(smallest: Scenario, tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(smallest, 1) as replicator:
        study = replicator.study(3)
    store.save((0, 3), study.outcomes)
    (loaded,) = store.load().values()
    assert as_bytes(Study(smallest, 1, 3, loaded)) == as_bytes(study)
    store.clear(3)
    assert list(tmp_path.iterdir()) == []


def test_a_short_run_leaves_what_a_longer_one_keeps(smallest: Scenario, tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(smallest, 1, store=store, listener=Heard(stop_after=50)) as replicator:
        assert replicator.study(200).interrupted
    store.clear(100)
    assert set(store.load()) == {(0, 50)}
    with Replicator(smallest, 1, store=ChunkStore(store.folder)) as replicator:
        replicator.study(60)
    store.clear(60)
    assert set(store.load()) == {(0, 50), (50, 60)}
    store.clear(200)
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_counts_only_under_its_own_name(smallest: Scenario, tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(smallest, 1, store=store) as replicator:
        expected = as_bytes(replicator.study(100))
    first = store.folder / "0000000-0000050.chunk"
    for name in ("0000050-0000100", "0000000-0000100", "0000050-0000050", "0000100-0000050"):
        (store.folder / f"{name}.chunk").write_bytes(first.read_bytes())
    (store.folder / "0000200-0000250.chunk").mkdir()
    assert set(store.load()) == {(0, 50)}
    with Replicator(smallest, 1, store=store) as replicator:
        assert as_bytes(replicator.study(100)) == expected


def test_what_is_kept_but_not_from_the_first_on_is_told(smallest: Scenario, tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "kept")
    with Replicator(smallest, 1) as replicator:
        store.save((50, 100), replicator._prepared.live(50, 100))
    with Replicator(smallest, 1, store=store) as replicator, pytest.MonkeyPatch.context() as patch:
        patch.setattr(replicator._prepared, "live", _interrupt)
        with pytest.raises(Interrupted, match="50 simulated futures are done and kept"):
            replicator.study(150)


def test_a_process_that_dies_is_told(smallest: Scenario) -> None:
    with pytest.MonkeyPatch.context() as patch, Replicator(smallest, 1, 2) as replicator:
        patch.setattr(crew, "_work", _die)
        with pytest.raises(RunError, match="ended before its work was done"):
            replicator.study(150)


def _die(task: object) -> None:
    import os

    os._exit(1)


def test_long_work_is_spread_and_short_work_is_not(smallest: Scenario) -> None:
    used: list[int] = []

    def work(
        self: Crew[tuple[int, int], dict[str, Outcomes]], spans: list[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], dict[str, Outcomes]]]:
        used.append(self.processes)
        for span in spans:
            yield span, self._here(span)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Crew, "work", work)
        patch.setattr(module, "processors", lambda: 4)
        with Replicator(smallest, 1, workers=None) as replicator:
            replicator.study(150)
        patch.setattr(module, "_WORTH_A_PROCESS", 0.0)
        with Replicator(smallest, 1, workers=None) as replicator:
            replicator.study(150)
        assert used == [1, 4]


# -- without Numba, and at the first use of it -----------------------------------------------------

WITHOUT_NUMBA = "import sys; sys.modules['numba'] = None\n"
RUN = """
import sys
from simulator.cli import main
sys.argv = ['alliance', 'run', {scenario!r}, '--replications', '6', '--json', *{more!r}]
main()
"""


def run_in_a_new_process(
    folder: Path, before: str = "", more: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    import os

    scenario = str(ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml")
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-c", before + RUN.format(scenario=scenario, more=more)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | environment,
    )


def test_without_numba_the_simpy_engine_runs_says_so_and_tells_its_time(tmp_path: Path) -> None:
    impatient = "import simulator.study.replicator as r; r._WORTH_A_PROCESS = 0.0\n"
    without = run_in_a_new_process(
        tmp_path / "without", WITHOUT_NUMBA + impatient, ("--workers", "1")
    )
    assert without.returncode == 0, without.stderr
    said = without.stderr.splitlines()
    assert said[0] == (
        "The compiled engine is not to be had here (Numba is not installed). The SimPy engine runs "
        "instead: the same figures, about eighty times slower."
    )
    assert re.fullmatch(r"The SimPy engine needs about \d+ seconds? more\.", said[1])
    with_numba = run_in_a_new_process(tmp_path / "with")
    assert with_numba.returncode == 0, with_numba.stderr
    assert with_numba.stdout == without.stdout, "the same figures to the byte"


def test_the_first_compilation_is_announced_and_the_second_process_has_it(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    first = run_in_a_new_process(tmp_path / "first", NUMBA_CACHE_DIR=cache)
    second = run_in_a_new_process(tmp_path / "second", NUMBA_CACHE_DIR=cache)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stderr.startswith("Compiling the engine for this computer.")
    assert second.stderr == ""
    assert first.stdout == second.stdout


def test_a_broken_numba_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text(
        "raise ImportError('Numba needs NumPy 2.1 or less', name='numpy')\n", encoding="utf-8"
    )
    before = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    done = run_in_a_new_process(tmp_path / "run", before)
    assert done.returncode == 0
    assert "(Numba cannot be imported: Numba needs NumPy 2.1 or less)" in done.stderr


def test_a_prediction_is_in_words() -> None:
    words = [module.duration(seconds) for seconds in (0.2, 1.4, 89, 91, 3_600, 10_000)]
    assert words == [
        "1 second",
        "1 second",
        "89 seconds",
        "2 minutes",
        "60 minutes",
        "2.8 hours",
    ]


def test_futures_of_one_study_are_the_first_of_a_longer_one(smallest: Scenario) -> None:
    short, long = (replicate(smallest, count, seed=5) for count in (2, 75))
    for name in smallest.contracts:
        assert np.array_equal(short.outcomes[name].net, long.outcomes[name].net[:2])
