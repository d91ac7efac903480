"""A settlement laid out line by line: every figure is an input or follows from lines above.

The lines are made from the same terms that calculate the payment, and each is an expression over
earlier ones. So one sheet can be read by a person, written into a workbook as live formulas, and
worked out again to see that it comes to what was settled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.contract.expression import Expression
from simulator.contract.statement import Array

__all__ = ["Line", "Sheet", "TermLines", "Unit", "Where", "evaluate", "made"]

Unit = Literal["money", "share", "number"]
Where = Callable[[str], str]
"""Says where a name comes from: rows of the actuals, a line of the contract, or nothing."""


@dataclass(frozen=True)
class Line:
    """One line of the sheet.

    Attributes:
        number: from 1.
        label: what it is.
        expression: how it follows from earlier lines, by the names ``L1``, ``L2``; none in an
            input.
        values: one for each provider, shape ``(providers,)``, or one for all, ``(1,)``.
        unit: what it counts in.
        source: where an input comes from.
        note: what a limit changed.
        or_nought: whether it is nought where there is nothing to measure (0/0).
        of: the contract's name of an input.
        limits: number of the line that it limits; 0 where it limits none.
    """

    number: int
    label: str
    expression: Expression | None
    values: Array
    unit: Unit
    source: str = ""
    note: str = ""
    or_nought: bool = False
    of: str = ""
    limits: int = 0

    @property
    def name(self) -> str:
        """How later lines call it."""
        return f"L{self.number}"


@dataclass(frozen=True)
class TermLines:
    """Where the lines of a term end.

    Attributes:
        index: of the term.
        receipts: number of the line that says what each provider receives, in pounds; where no
            provider is on either side, what passes from the payer to the payee.
        has_providers: whether a provider is on a side.
    """

    index: int
    receipts: int
    has_providers: bool


@dataclass(frozen=True)
class Sheet:
    """All lines of one window, and where each term's end."""

    lines: tuple[Line, ...]
    terms: tuple[TermLines, ...]

    def line(self, number: int) -> Line:
        """Return the line of a number."""
        return self.lines[number - 1]


def made(text: str) -> Expression:
    """Return an expression made here, which needs no check."""
    tree = ast.parse(text, mode="eval").body
    return Expression(ast.unparse(tree), tree)


def evaluate(expression: Expression, lines: Sequence[Line]) -> Array:
    """Return what an expression over lines comes to."""
    return expression.evaluate(lambda name: lines[int(name[1:]) - 1].values)
