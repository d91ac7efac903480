"""Everything that can go wrong, as one tree; each leaf has its exit code.

AllianceError                 1  something we did not foresee
├── UsageError                2  the command was not understood
├── ScenarioError             3  a scenario or data file is wrong; carries every Problem found
├── RunError                  4  the run could not be done
│   └── SettlementError       4  a contract gave a payment that is not a number
├── CheckFailed               6  a comparison or check did not hold
└── Interrupted             130  stopped from the keyboard; what was done is kept
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AllianceError",
    "CheckFailed",
    "Interrupted",
    "Problem",
    "RunError",
    "ScenarioError",
    "SettlementError",
    "UsageError",
    "did_you_mean",
]


class AllianceError(Exception):
    """Base of all errors the simulator raises on purpose."""

    exit_code = 1


class UsageError(AllianceError):
    """The command line asked for something that cannot be understood."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: where it stands, what was found, what is allowed, how to mend it.

    ``line`` and ``column`` count from 1; line 0 means the file as a whole, and column 0 that
    ``line`` is the row of a table, as a spreadsheet numbers it.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    allowed: str = ""
    mend: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        if self.line and not self.column:
            where = f"{self.file}, row {self.line}"
        say = "; ".join(part for part in (self.found, self.allowed, self.mend) if part)
        path = self.path if len(self.path) <= 150 else f"{self.path[:147]}..."
        text = f"{where}: {path}: {say}" if path else f"{where}: {say}"
        # what was found may hold anything, and must not reach the terminal as a command to it
        return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


class ScenarioError(AllianceError):
    """A scenario or data file holds mistakes; ``problems`` has all of them, in file order."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RunError(AllianceError):
    """The run could not be done or could not be written."""

    exit_code = 4


class SettlementError(RunError):
    """A contract gave a payment that is not a finite number."""


class CheckFailed(AllianceError):
    """A check that was asked for did not hold."""

    exit_code = 6


class Interrupted(AllianceError):
    """The user stopped long work; what was done by then is kept, and told."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest of the known words, or an empty string."""
    import difflib  # slow to import, and only needed when something is wrong

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
