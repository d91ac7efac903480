"""Which engine carries the people: the compiled one, or plain SimPy where that is asked or all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulator.engine.caseload import Engine

__all__ = [
    "COMPILING",
    "Chosen",
    "EngineName",
    "announced_compilation",
    "choose_engine",
    "keep_memory",
]

EngineName = Literal["compiled", "reference"]

COMPILING = (
    "Compiling the engine for this computer. It is done once and takes about ten seconds; "
    "later runs start at once."
)
_WITHOUT_NUMBA = (
    "The compiled engine is not to be had here ({reason}). The SimPy engine runs instead: the same "
    "figures, about eighty times slower."
)


@dataclass(frozen=True)
class Chosen:
    """An engine.

    Attributes:
        name: what it is called in scenarios.
        engine: makes the people.
        side_by_side: futures it lives best at a time; has no effect on any figure.
    """

    name: EngineName
    engine: Engine
    side_by_side: int


def choose_engine(wanted: EngineName, say: Callable[[str], None] = lambda text: None) -> Chosen:
    """Return the engine asked for, or the SimPy engine where Numba cannot be imported.

    Args:
        wanted: 'compiled' or 'reference'.
        say: is told when it is another engine than asked for.
    """
    if wanted == "compiled":
        try:
            from simulator.engine.compiled import CompiledPeople
        except ImportError as error:
            say(_WITHOUT_NUMBA.format(reason=_reason(error)))
        else:
            return Chosen("compiled", CompiledPeople, 50)
    from simulator.engine.people import ReferencePeople

    return Chosen("reference", ReferencePeople, 5)


def _reason(error: ImportError) -> str:
    if error.name == "numba":
        return "Numba is not installed"
    return f"Numba cannot be imported: {error}"


def keep_memory() -> None:
    """Have the C library keep what large arrays leave behind, instead of giving it back each time.

    The system clears memory whenever it hands it out, which takes half the time of a review. glibc
    learns from the largest array that was freed, up to 32 MB; elsewhere it changes nothing.
    """
    np.empty(31 * 2**20, dtype=np.uint8)


@dataclass
class Compilation:
    """How long compiling took, seconds; 0 where the cache of an earlier process served."""

    seconds: float = 0.0


@contextmanager
def announced_compilation(name: EngineName, say: Callable[[str], None]) -> Iterator[Compilation]:
    """Say so when the engine is compiled rather than read from the cache of an earlier process."""
    compilation = Compilation()
    if name == "reference":
        yield compilation
        return
    from numba.core import event

    class Announce(event.Listener):
        """Compilations nest: a function compiles those it calls."""

        depth = 0
        began = 0.0

        def on_start(self, _: event.Event) -> None:
            if self.depth == 0:
                self.began = time.perf_counter()
                if not compilation.seconds:
                    say(COMPILING)
            self.depth += 1

        def on_end(self, _: event.Event) -> None:
            self.depth -= 1
            if self.depth == 0:
                compilation.seconds += time.perf_counter() - self.began

    with event.install_listener("numba:compile", Announce()):
        yield compilation
