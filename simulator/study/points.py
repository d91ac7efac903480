"""Many variants of one scenario, each lived over the same futures and reduced to a few figures.

A point is a variant: some settings laid over the scenario. All points have the same people with the
same luck, so the difference between two of them is a paired one. What a point comes to is kept on
disk under a name that follows from everything that goes into it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from simulator._errors import AllianceError, Interrupted, RunError, ScenarioError, UsageError
from simulator.scenario.build import build
from simulator.scenario.layers import set_values
from simulator.scenario.yaml_text import Document
from simulator.study.crew import Crew, processors
from simulator.study.engines import announced_compilation, choose_engine
from simulator.study.estimate import Estimate
from simulator.study.folder import study_identity
from simulator.study.measures import Measure
from simulator.study.replicate import Prepared, joined
from simulator.study.replicator import Listener, duration
from simulator.study.store import UNFINISHED, read_whole, remove_if_empty, write_whole

__all__ = ["Answer", "PointStore", "Points", "Recipe", "Refused", "Settings"]

Settings = tuple[tuple[str, str], ...]
"""A point: pairs of path and written value, laid over the scenario."""


@dataclass(frozen=True)
class Refused:
    """A point that cannot be lived, and why."""

    problem: str


Answer = tuple[Estimate, ...] | Refused
"""One estimate for each measure."""


@dataclass(frozen=True)
class Recipe:
    """What every point shares.

    Attributes:
        document: the scenario before any settings.
        measures: what is looked at.
        replications: futures of each point.
        seed: makes them.
    """

    document: Document
    measures: tuple[Measure, ...]
    replications: int
    seed: int

    def answer(self, point: Settings) -> Answer:
        """Live one point in this process."""
        settings = [f"{path}={text}" for path, text in point]
        try:
            laid = set_values(self.document, settings) if settings else self.document
            scenario = build(laid)
        except ScenarioError as error:
            first, *more = error.problems
            rest = f" (and {len(more)} more)" if more else ""
            return Refused(f"{first.path}: {first.found}; {first.allowed}{rest}")
        except AllianceError as error:
            return Refused(str(error))
        prepared = Prepared(scenario, self.seed, choose_engine(scenario.engine))
        size = prepared.side_by_side
        try:
            lived = [
                prepared.live(first, min(first + size, self.replications))
                for first in range(0, self.replications, size)
            ]
        except RunError as error:
            return Refused(str(error))
        outcomes = {name: joined([part[name] for part in lived]) for name in scenario.contracts}
        return tuple(measure.estimate(scenario, outcomes) for measure in self.measures)

    def key(self, point: Settings) -> str:
        """Return a name for what a point comes to, beside those of the same scenario and seed."""
        measures = [str(measure) for measure in self.measures]
        content = json.dumps([point, measures, self.replications])
        return hashlib.sha256(content.encode("ascii")).hexdigest()[:32]


class PointStore:
    """A folder with a file for each point that is done."""

    def __init__(self, beside: Path, recipe: Recipe, engine: str) -> None:
        identity = study_identity(recipe.document.tree, recipe.seed, engine)
        self.folder = beside / UNFINISHED / f"{identity}-points"
        self.recipe = recipe
        self._used: set[Path] = set()

    def get(self, point: Settings) -> Answer | None:
        """Return what is kept of a point; None where nothing is."""
        file = self._file(point)
        content = read_whole(file)
        if content is None:
            return None
        self._used.add(file)
        kept = json.loads(content)
        if "refused" in kept:
            return Refused(kept["refused"])
        return tuple(
            Estimate(value, np.array(deviations, dtype=np.float64), *rest)
            for value, deviations, *rest in kept["known"]
        )

    def put(self, point: Settings, answer: Answer) -> None:
        """Keep what a point came to; numbers come back to the last bit."""
        kept: dict[str, Any]
        if isinstance(answer, Refused):
            kept = {"refused": answer.problem}
        else:
            known = [astuple(each) for each in answer]
            kept = {"known": [(value, each.tolist(), *rest) for value, each, *rest in known]}
        file = self._file(point)
        write_whole(file, json.dumps(kept).encode("ascii"))
        self._used.add(file)

    def clear(self) -> None:
        """Remove the points that were asked for or kept by this: they are needed no more."""
        for file in (*self._used, *self.folder.glob(".*.point-*")):  # and drafts left behind
            file.unlink(missing_ok=True)
        remove_if_empty(self.folder)

    def _file(self, point: Settings) -> Path:
        return self.folder / f"{self.recipe.key(point)}.point"


class Points:
    """Lives points by several processes; a context manager, because it may start them.

    Args:
        recipe: what they share.
        workers: processes, this one among them; None takes as many as there are processors.
        store: where what is done is kept; None keeps nothing.
        listener: hears how far it is.
        resume: whether something must be kept already.
    """

    def __init__(
        self,
        recipe: Recipe,
        workers: int | None,
        store: PointStore | None,
        listener: Listener,
        resume: bool = False,
    ) -> None:
        self.recipe = recipe
        self.workers = workers or processors()
        self.store = store
        self.listener = listener
        self.resume = resume
        engine = build(recipe.document).engine
        self.engine = choose_engine(engine, listener.say).name
        self._crew: Crew[Settings, Answer] = Crew(
            self.workers, _begin, (recipe,), self._answer_here
        )
        self._done = self._total = 0
        self._here = 0  # points lived in this process

    def __enter__(self) -> Points:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the other processes; an interruption from the keyboard keeps what is done."""
        if kind is KeyboardInterrupt and self._crew.is_busy:
            self.listener.say("Interrupted; waiting for the other processes.")
        for point, answer in self._crew.collect():
            self._keep(point, answer)
            self._done += 1
        self._crew.stop()
        if kind is not KeyboardInterrupt or self.store is None or not self._done:
            return
        raise Interrupted(
            f"Interrupted: {self._done:,} of {max(self._total, self._done):,} points are done and "
            "kept. The same command with --resume goes on from there."
        ) from None

    def expect(self, points: Sequence[Settings]) -> None:
        """Say how many points there will be in all; called before the first is lived.

        Raises:
            UsageError: to be resumed, and nothing is kept.
        """
        self._total = len(points)
        futures = self._total * self.recipe.replications
        self.listener.say(
            f"{self._total:,} point{'s' if self._total > 1 else ''} of "
            f"{self.recipe.replications:,} simulated futures each, {futures:,} in all."
        )
        kept = sum(self._kept(point) is not None for point in points)
        if self.resume and not kept:
            raise UsageError(
                "--resume: nothing is kept of this, for this scenario, seed, number of futures, "
                "measures and version; leave --resume out to begin"
            )
        if kept:
            self.listener.say(f"{kept:,} of them are kept from before and are not lived again.")

    def answers(self, points: Sequence[Settings]) -> Iterator[tuple[Settings, Answer]]:
        """Yield each point with what it came to, those that are kept first."""
        missing = []
        for point in dict.fromkeys(points):
            kept = self._kept(point)
            if kept is None:
                missing.append(point)
            else:
                self._tell()
                yield point, kept
        for point, answer in self._crew.work(missing):
            self._keep(point, answer)
            self._tell()
            yield point, answer

    def answer(self, point: Settings) -> Answer:
        """Return what one point comes to."""
        ((_, answer),) = self.answers([point])
        return answer

    def _answer_here(self, point: Settings) -> Answer:
        """Live a point in this process; the first one compiles, the second tells the time."""
        began = time.perf_counter()
        with announced_compilation(self.engine, self.listener.say):
            answer = self.recipe.answer(point)
        self._here += 1
        if self._here == 2:
            seconds = time.perf_counter() - began
            left = (self._total - self._done - 1) / min(self.workers, processors())
            if left > 0:
                self.listener.say(f"That takes about {duration(left * seconds)} more.")
        return answer

    def _kept(self, point: Settings) -> Answer | None:
        return None if self.store is None else self.store.get(point)

    def _keep(self, point: Settings, answer: Answer) -> None:
        if self.store is not None:
            self.store.put(point, answer)

    def _tell(self) -> None:
        self._done += 1
        self.listener.done(self._done, max(self._total, self._done))


def _begin(recipe: Recipe) -> Callable[[Settings], Answer]:
    """Prepare another process to live points."""
    return recipe.answer
