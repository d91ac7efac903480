"""A settlement laid out line by line: every figure is an input or follows from lines above.

The lines are made from the same terms that calculate the payment, and each is an expression over
earlier ones. So one sheet can be read by a person, written into a workbook as live formulas, and
worked out again to see that it comes to what was settled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from simulator.contract.expression import Expression
from simulator.contract.statement import Array

__all__ = ["Line", "Sheet", "TermLines", "Unit", "Where", "evaluate", "made", "renumbered"]

Unit = Literal["money", "share", "number"]
_LINE = re.compile(r"\bL(\d+)\b")

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
        said: how it follows in words, where the expression is hard to read; other lines by name.
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
    said: str = ""

    @property
    def name(self) -> str:
        """How later lines call it."""
        return f"L{self.number}"

    @property
    def follows_from(self) -> list[int]:
        """The numbers of the lines that its expression names."""
        names = self.expression.names() if self.expression else ()
        return [int(name[1:]) for name in names]


@dataclass(frozen=True)
class TermLines:
    """Where the lines of a term end.

    Attributes:
        index: of the term.
        receipts: number of the line that says what each provider receives, in pounds; where no
            provider is on either side, what passes from the payer to the payee.
        has_providers: whether a provider is on a side.
        replaced: numbers of the lines that say what it stands instead of.
    """

    index: int
    receipts: int
    has_providers: bool
    replaced: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """All lines of one window, and where each term's end."""

    lines: tuple[Line, ...]
    terms: tuple[TermLines, ...]

    def line(self, number: int) -> Line:
        """Return the line of a number."""
        return self.lines[number - 1]

    def needed(self, end: int) -> list[int]:
        """Return the numbers of the lines that a line follows from, in order, with its own."""
        found: set[int] = set()
        left = [end]
        while left:
            number = left.pop()
            if number not in found:
                found.add(number)
                left += self.line(number).follows_from
        return sorted(found)

    def only(self, terms: Collection[int]) -> Sheet:
        """Return the lines that some terms need, numbered anew; ``terms`` are their indices."""
        ends = [end for end in self.terms if end.index in terms]
        kept = sorted({number for end in ends for number in self.needed(end.receipts)})
        new = {number: place for place, number in enumerate(kept, 1)}
        lines = []
        for number in kept:
            line = self.line(number)
            text = "" if line.expression is None else line.expression.text
            renamed = renumbered(text, lambda each: f"L{new[each]}")
            lines.append(
                replace(
                    line,
                    number=new[number],
                    expression=made(renamed) if renamed else None,
                    limits=new.get(line.limits, 0),  # a limit needs the line that it limits
                    said=renumbered(line.said, lambda each: f"L{new[each]}"),
                )
            )
        moved = [
            replace(
                end,
                receipts=new[end.receipts],
                replaced=tuple(new[number] for number in end.replaced),
            )
            for end in ends
        ]
        return Sheet(tuple(lines), tuple(moved))


def renumbered(text: str, name: Callable[[int], str]) -> str:
    """Return a text with each name of a line, such as ``L3``, by another."""
    return _LINE.sub(lambda found: name(int(found[1])), text)


def made(text: str) -> Expression:
    """Return an expression made here, which needs no check."""
    tree = ast.parse(text, mode="eval").body
    return Expression(ast.unparse(tree), tree)


def evaluate(expression: Expression, lines: Sequence[Line]) -> Array:
    """Return what an expression over lines comes to."""
    return expression.evaluate(lambda name: lines[int(name[1:]) - 1].values)
