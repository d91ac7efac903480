"""Paired replications by any number of processes, kept as they are done.

Futures are lived in chunks. Which process lives a chunk, in which order and with which others
changes no bit of what it comes to, so a study can be spread, interrupted and continued at will.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from simulator._errors import Interrupted
from simulator.parties.calibration import refuse_unsound
from simulator.scenario.scenario import Scenario
from simulator.study.crew import Crew, processors
from simulator.study.engines import Chosen, announced_compilation, choose_engine
from simulator.study.replicate import Kept, Outcomes, Prepared, Study, joined
from simulator.study.store import NoStore, Store

__all__ = ["Listener", "Lives", "Replicator", "Spread", "duration", "replicate"]

Span = tuple[int, int]
AnyKept = TypeVar("AnyKept", bound=Kept)
_WORTH_A_PROCESS = 5.0  # seconds of work left; a process takes one or two to start


class Listener(Protocol):
    """Who wants to know how far a study is."""

    def done(self, count: int, total: int) -> None:
        """Hear how many futures are done, of how many."""

    def say(self, text: str) -> None:
        """Hear something a user wants to know."""


class Lives(Protocol[AnyKept]):
    """What lives futures, in any order and any grouping with the same outcome."""

    @property
    def side_by_side(self) -> int:
        """How many futures it is best to live at a time."""

    def live(self, first: int, last: int) -> dict[str, AnyKept]:
        """Live the futures from ``first`` to before ``last``; what is kept of them, by name."""


class _Nobody:
    def done(self, count: int, total: int) -> None:
        pass

    def say(self, text: str) -> None:
        pass


class Spread(Generic[AnyKept]):
    """Lives futures; a context manager, because it may start processes.

    Args:
        chosen: the engine.
        prepare: returns what lives futures, called once in each process; a function of a module.
        arguments: what ``prepare`` is called with; they are pickled.
        workers: processes, this one among them; None takes one for short work and as many as
            there are processors for long.
        store: where finished chunks are kept.
        listener: hears how far the study is.
    """

    def __init__(
        self,
        chosen: Chosen,
        prepare: Callable[..., Lives[AnyKept]],
        arguments: tuple[Any, ...],
        workers: int | None,
        store: Store[AnyKept] | None,
        listener: Listener | None,
    ) -> None:
        self.chosen = chosen
        self.workers = workers
        self.store: Store[AnyKept] = store or NoStore()
        self.listener = listener or _Nobody()
        self._arguments = (prepare, *arguments)
        self._prepared = prepare(*arguments)
        self._chunks: dict[Span, dict[str, AnyKept]] = self.store.load()
        self._crew: Crew[Span, dict[str, AnyKept]] | None = None
        self._to_do = 0  # futures
        self._seconds_a_future = 0.0  # not known yet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._crew is not None:
            self._crew.stop()
            self._crew = None

    def futures(self, replications: int) -> tuple[list[dict[str, AnyKept]], int, bool]:
        """Return the first futures in chunks, living those that are not done yet.

        An interruption from the keyboard keeps what is done: then there are the futures up to the
        first one that is missing.

        Returns:
            What is kept by name, chunk by chunk; how many futures; whether more were asked for.

        Raises:
            Interrupted: something is kept, but not the first chunk.
            KeyboardInterrupt: nothing is.
        """
        interrupted = False
        self.store.expect(replications)
        try:
            self._live(replications)
        except KeyboardInterrupt:
            interrupted = True
            if self._crew is not None and self._crew.is_busy:
                self.listener.say("Interrupted; waiting for the other processes.")
                for span, lived in self._crew.collect():
                    self._keep(span, lived)
        spans = self._cover(replications)
        done = [span for span in spans if span in self._chunks]
        whole = done[: next((i for i, span in enumerate(spans) if span not in self._chunks), None)]
        if not whole:
            if not self._chunks or isinstance(self.store, NoStore):
                raise KeyboardInterrupt
            raise Interrupted(
                f"Interrupted: {_futures(self._chunks):,} simulated futures are done and kept, not "
                "the first ones, so there is no result yet. The same command goes on from there."
            )
        return [self._chunks[span] for span in whole], whole[-1][1], interrupted

    def _cover(self, replications: int) -> list[Span]:
        """Return the spans that make up the first futures: those that are done, and new ones."""
        ends: dict[int, int] = {}
        for first, last in self._chunks:
            if last <= replications:
                ends[first] = max(last, ends.get(first, 0))
        spans = []
        first = 0
        size = self._prepared.side_by_side
        while first < replications:
            last = ends.get(first) or min(replications, (first // size + 1) * size)
            spans.append((first, last))
            first = last
        return spans

    def _live(self, replications: int) -> None:
        missing = [span for span in self._cover(replications) if span not in self._chunks]
        self._to_do = _futures(missing)
        if self._to_do < replications:
            self.listener.done(replications - self._to_do, replications)
        for span, outcomes in self._lived(missing):
            self._keep(span, outcomes)
            self._to_do -= _futures([span])
            self.listener.done(replications - self._to_do, replications)

    def _keep(self, span: Span, outcomes: dict[str, AnyKept]) -> None:
        self._chunks[span] = outcomes
        self.store.save(span, outcomes)

    def _lived(self, spans: list[Span]) -> Iterator[tuple[Span, dict[str, AnyKept]]]:
        """Live spans, by as many processes as were asked for, or as the first one makes worth."""
        if not spans:
            return
        workers = self.workers
        if workers is None:
            began = len(spans)
            yield spans[0], self._live_here(spans[0])
            spans = spans[1:]
            seconds = self._seconds_a_future * self._to_do
            workers = processors() if seconds > _WORTH_A_PROCESS and began > 2 else 1
        if self._crew is None or self._crew.processes < workers:
            self._crew = Crew(workers, _begin, self._arguments, self._live_here)
        yield from self._crew.work(spans)

    def _live_here(self, span: Span) -> dict[str, AnyKept]:
        """Live a span in this process; the first one may compile the engine, and tells the time."""
        began = time.perf_counter()
        with announced_compilation(self.chosen.name, self.listener.say) as compilation:
            outcomes = self._prepared.live(*span)
        if self._seconds_a_future == 0.0:
            took = time.perf_counter() - began - compilation.seconds
            self._seconds_a_future = took / _futures([span])
            left = self._to_do - _futures([span])
            seconds = (
                self._seconds_a_future * left / min(self.workers or processors(), processors())
            )
            if self.chosen.name == "reference" and seconds > _WORTH_A_PROCESS:
                self.listener.say(f"The SimPy engine needs about {duration(seconds)} more.")
        return outcomes


class Replicator(Spread[Outcomes]):
    """Lives futures of one scenario.

    Args:
        scenario: a checked scenario.
        seed: makes the same futures again.
        workers: as of :class:`Spread`.
        store: as of :class:`Spread`.
        listener: as of :class:`Spread`.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        workers: int | None = 1,
        store: Store[Outcomes] | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        listener = listener or _Nobody()
        chosen = choose_engine(scenario.engine, listener.say)
        # first what refuses contracts that no future can tell the figures of
        super().__init__(chosen, _prepared, (scenario, seed), workers, store, listener)
        refuse_unsound(scenario)

    def study(self, replications: int) -> Study:
        """Return the first futures as a study; see :meth:`Spread.futures`."""
        chunks, count, interrupted = self.futures(replications)
        outcomes = {name: joined([chunk[name] for chunk in chunks]) for name in chunks[0]}
        companions = {
            name: outcomes.pop(name)
            for name in list(outcomes)
            if name not in self.scenario.contracts
        }
        return Study(
            self.scenario, self.seed, count, outcomes, self.chosen.name, interrupted, companions
        )


def replicate(
    scenario: Scenario,
    replications: int,
    seed: int,
    workers: int | None = 1,
    listener: Listener | None = None,
) -> Study:
    """Live the same futures under every contract.

    Args:
        scenario: a checked scenario.
        replications: number of simulated futures.
        seed: makes them the same again.
        workers: processes; with more than one, call this below ``if __name__ == "__main__":``.
            None takes one for short work and as many as there are processors for long.
        listener: hears how far the study is.
    """
    with Replicator(scenario, seed, workers, listener=listener) as replicator:
        return replicator.study(replications)


def _futures(spans: Iterable[Span]) -> int:
    return sum(last - first for first, last in spans)


def duration(seconds: float) -> str:
    """Return how long something takes, in words."""
    if seconds < 90:
        whole = max(1, round(seconds))
        return f"{whole} second{'s' if whole > 1 else ''}"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"


def _prepared(scenario: Scenario, seed: int) -> Prepared:
    return Prepared(scenario, seed, choose_engine(scenario.engine), companions=True)


def _begin(
    prepare: Callable[..., Lives[AnyKept]], *arguments: Any
) -> Callable[[Span], dict[str, AnyKept]]:
    """Prepare another process to live spans."""
    prepared = prepare(*arguments)
    return lambda span: prepared.live(*span)
