"""Work spread over processes: this one and others that it starts.

Which process does a task, and when, must change nothing about its result.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, resource_tracker
from typing import Any, Generic, TypeVar

from simulator._errors import RunError

__all__ = ["Crew", "processors"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class Crew(Generic[Task, Result]):
    """Does tasks in this process and in others, which are started when there is work for them.

    Args:
        processes: how many, this one among them.
        prepare: returns what does a task; called once in each of the other processes. A function
            of a module, so that it can be named to a process that is newly started.
        arguments: what ``prepare`` is called with; they and all results are pickled.
        here: does a task in this process.
    """

    def __init__(
        self,
        processes: int,
        prepare: Callable[..., Callable[[Task], Result]],
        arguments: tuple[Any, ...],
        here: Callable[[Task], Result],
    ) -> None:
        self.processes = processes
        self._begin = (prepare, arguments)
        self._here = here
        self._pool: ProcessPoolExecutor | None = None
        self._under_way: dict[Future[Result], Task] = {}

    def work(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Yield each task with its result as it is done; this process works, too.

        Raises:
            RunError: one of the processes ended before its work was done.
        """
        others = min(self.processes, len(tasks)) - 1
        if others < 1:
            for task in tasks:
                yield task, self._here(task)
            return
        pool = self._pool or self._start_pool()
        under_way = self._under_way
        left = deque(tasks)
        try:
            while left or under_way:
                mine = [left.popleft()] if left else []
                with _deaf_to_interrupts():
                    while left and len(under_way) < 2 * others:  # one at work, one next
                        task = left.popleft()
                        under_way[pool.submit(_work, task)] = task
                for task in mine:
                    yield task, self._here(task)
                if not mine:
                    wait(under_way, return_when=FIRST_COMPLETED)
                for done in [each for each in under_way if each.done()]:
                    yield under_way[done], done.result()
                    del under_way[done]  # not before: whoever is interrupted may ask again
        except BrokenExecutor as error:
            whole = [each for each in under_way if each.done() and each.exception() is None]
            for each in whole:
                yield under_way[each], each.result()
            under_way.clear()
            raise RunError(
                "one of the processes ended before its work was done, perhaps for lack of memory; "
                "what is done is kept: run the same command again with --workers 1"
            ) from error

    @property
    def is_busy(self) -> bool:
        """Whether other processes are at work."""
        return bool(self._under_way)

    def collect(self) -> Iterator[tuple[Task, Result]]:
        """Wait for what the other processes are at, at most two tasks each, and yield it."""
        wait(self._under_way)
        for done, task in self._under_way.items():
            if done.exception() is None:
                yield task, done.result()
        self._under_way.clear()

    def stop(self) -> None:
        """End the other processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _start_pool(self) -> ProcessPoolExecutor:
        if os.name == "posix":
            resource_tracker.ensure_running()  # it would hear Ctrl-C again when it starts
        self._pool = ProcessPoolExecutor(
            self.processes - 1,
            mp_context=get_context("spawn"),
            initializer=_prepare,
            initargs=self._begin,
        )
        return self._pool


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: the one that started them decides what to keep.

    An interruption meanwhile is not lost: it is raised at the end. A new process inherits on POSIX
    that the signal is blocked; on Windows it makes itself deaf as soon as it can.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    mask = None
    if hasattr(signal, "pthread_sigmask"):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if heard:
        raise KeyboardInterrupt


# -- in the other processes ------------------------------------------------------------------------

_does: Callable[[Any], Any] | None = None


def _prepare(prepare: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _does
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    _does = prepare(*arguments)


def _work(task: Any) -> Any:
    assert _does is not None
    return _does(task)


def _end_with_the_first() -> None:
    """End this process when the one that started it has ended, however that came about."""
    first = parent_process()
    if first is not None:
        first.join()
        os._exit(1)
