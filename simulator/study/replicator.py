"""Paired replications by any number of processes, kept as they are done.

Futures are lived in chunks. Which process lives a chunk, in which order and with which others
changes no bit of what it comes to, so a study can be spread, interrupted and continued at will.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import get_context
from types import TracebackType
from typing import Protocol

from simulator._errors import RunError
from simulator.scenario.scenario import Scenario
from simulator.study.engines import announced_compilation, choose_engine
from simulator.study.replicate import Outcomes, Prepared, Study, joined
from simulator.study.store import NoStore, Store

__all__ = ["Listener", "Replicator", "replicate"]

Span = tuple[int, int]
_WORTH_A_PROCESS = 5.0  # seconds of work left; a process takes one or two to start


class Listener(Protocol):
    """Who wants to know how far a study is."""

    def done(self, count: int, total: int) -> None:
        """Hear how many futures are done, of how many."""

    def say(self, text: str) -> None:
        """Hear something a user wants to know."""


class _Nobody:
    def done(self, count: int, total: int) -> None:
        pass

    def say(self, text: str) -> None:
        pass


class Replicator:
    """Lives futures of one scenario; a context manager, because it may start processes.

    Args:
        scenario: a checked scenario.
        seed: makes the same futures again.
        workers: processes, this one among them; None takes one for short work and as many as
            there are processors for long.
        store: where finished chunks are kept.
        listener: hears how far the study is.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        workers: int | None = 1,
        store: Store | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.workers = workers
        self.store = store or NoStore()
        self.listener = listener or _Nobody()
        self.chosen = choose_engine(scenario.engine, self.listener.say)
        self._prepared = Prepared(scenario, seed, self.chosen)
        self._chunks: dict[Span, dict[str, Outcomes]] = self.store.load()
        self._pool: ProcessPoolExecutor | None = None
        self._under_way: dict[Future[dict[str, Outcomes]], Span] = {}
        self._seconds_a_future = 0.0  # not known yet

    def __enter__(self) -> Replicator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_pool()

    def study(self, replications: int) -> Study:
        """Return the first futures, living those that are not done yet.

        An interruption from the keyboard keeps what is done: the study has the futures up to the
        first one that is missing.

        Raises:
            KeyboardInterrupt: not even the first chunk was done.
        """
        interrupted = False
        try:
            self._live(replications)
        except KeyboardInterrupt:
            interrupted = True
            self._collect()
        spans = self._cover(replications)
        done = [span for span in spans if span in self._chunks]
        whole = done[: next((i for i, span in enumerate(spans) if span not in self._chunks), None)]
        if not whole:
            raise KeyboardInterrupt
        outcomes = {
            name: joined([self._chunks[span][name] for span in whole])
            for name in self.scenario.contracts
        }
        count = whole[-1][1]
        return Study(self.scenario, self.seed, count, outcomes, self.chosen.name, interrupted)

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
        done = replications - _futures(missing)
        if done:
            self.listener.done(done, replications)
        for span, outcomes in self._lived(missing):
            self.store.save(span, outcomes)
            self._chunks[span] = outcomes
            done += span[1] - span[0]
            self.listener.done(done, replications)

    def _lived(self, spans: list[Span]) -> Iterator[tuple[Span, dict[str, Outcomes]]]:
        """Live spans, by as many processes as were asked for, or as the first one makes worth."""
        if not spans:
            return
        workers = self.workers
        if workers is None:
            began = len(spans)
            yield spans[0], self._live_here(spans[0], spans[1:], 1)
            spans = spans[1:]
            seconds = self._seconds_a_future * _futures(spans)
            workers = processors() if seconds > _WORTH_A_PROCESS and began > 2 else 1
        if min(workers, len(spans)) > 1:
            yield from self._by_processes(spans, workers)
            return
        for index, span in enumerate(spans):
            yield span, self._live_here(span, spans[index + 1 :], 1)

    def _live_here(self, span: Span, left: Sequence[Span], workers: int) -> dict[str, Outcomes]:
        """Live a span in this process; the first one may compile the engine, and tells the time."""
        began = time.perf_counter()
        with announced_compilation(self.chosen.name, self.listener.say) as compilation:
            outcomes = self._prepared.live(*span)
        if self._seconds_a_future == 0.0:
            took = time.perf_counter() - began - compilation.seconds
            self._seconds_a_future = took / _futures([span])
            seconds = self._seconds_a_future * _futures(left) / min(workers, processors())
            if self.chosen.name == "reference" and seconds > _WORTH_A_PROCESS:
                self.listener.say(f"The SimPy engine needs about {_duration(seconds)} more.")
        return outcomes

    def _by_processes(
        self, spans: list[Span], workers: int
    ) -> Iterator[tuple[Span, dict[str, Outcomes]]]:
        """Live spans by this process and others; this one does not wait while there is work."""
        others = workers - 1
        pool = self._pool or self._start_pool(others)
        under_way = self._under_way
        left = deque(spans)
        try:
            while left or under_way:
                mine = left.popleft() if left else None
                with _deaf_to_interrupts():
                    while left and len(under_way) < 2 * others:  # one at work, one next
                        span = left.popleft()
                        under_way[pool.submit(_live, *span)] = span
                if mine is not None:
                    yield mine, self._live_here(mine, (*left, *under_way.values()), workers)
                else:
                    wait(under_way, return_when=FIRST_COMPLETED)
                for lived in [each for each in under_way if each.done()]:
                    yield under_way.pop(lived), lived.result()
        except BrokenExecutor as error:
            under_way.clear()
            raise RunError(
                "one of the processes ended before its work was done, perhaps for lack of memory; "
                "what is done is kept: run the same command again with --workers 1"
            ) from error

    def _collect(self) -> None:
        """Keep what other processes are at; they are at most two chunks each from done."""
        wait(self._under_way)
        for lived, span in self._under_way.items():
            if lived.exception() is None:
                self._chunks[span] = lived.result()
                self.store.save(span, self._chunks[span])
        self._under_way.clear()

    def _start_pool(self, processes: int) -> ProcessPoolExecutor:
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=get_context("spawn"),
            initializer=_prepare,
            initargs=(self.scenario, self.seed),
        )
        return self._pool

    def _stop_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


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


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _futures(spans: Iterable[Span]) -> int:
    return sum(last - first for first, last in spans)


def _duration(seconds: float) -> str:
    if seconds < 90:
        whole = max(1, round(seconds))
        return f"{whole} second{'s' if whole > 1 else ''}"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"


# -- in the other processes ------------------------------------------------------------------------

_prepared: Prepared | None = None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: the one that started them decides what to keep."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _prepare(scenario: Scenario, seed: int) -> None:
    global _prepared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prepared = Prepared(scenario, seed, choose_engine(scenario.engine))


def _live(first: int, last: int) -> dict[str, Outcomes]:
    assert _prepared is not None
    return _prepared.live(first, last)
