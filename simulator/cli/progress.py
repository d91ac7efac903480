"""Telling a user on stderr how far long work is, and how much longer it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["Told", "told"]


class Told:
    """Passes on what a study says; with a bar where stderr is a terminal."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._task = None if bar is None else bar.add_task("work", total=None)

    def done(self, count: int, total: int) -> None:
        """Show how much is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=count, total=total)

    def say(self, text: str) -> None:
        """Show a line; it stays."""
        with suppress(OSError):  # nobody listens any more: the work goes on
            if self._bar is not None:
                self._bar.console.print(text, highlight=False, markup=False)
            else:
                print(text, file=sys.stderr, flush=True)


@contextmanager
def told(what: str = "Simulated futures") -> Iterator[Told]:
    """Show a bar with the time left on stderr; plain lines where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield Told()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Told(bar)
