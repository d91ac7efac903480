"""What is told beside a settlement and is no part of it: rows left out, and likely mistakes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.cli.desk import Desk, Shown
from simulator.contract.live.doubts import Doubt
from simulator.contract.live.facts import Actual

__all__ = ["Notes"]

_MOST_WARNINGS = 20  # lines a screen holds; --json lists them all


@dataclass(frozen=True)
class Notes:
    """What is told beside a settlement.

    Attributes:
        left_out: rows of later periods, which it does not use, the earliest first.
        warnings: figures that are likely mistakes.
    """

    left_out: Sequence[Actual]
    warnings: Sequence[Doubt]

    @classmethod
    def of(cls, desk: Desk, shown: Shown) -> Notes:
        """Return the notes on a settlement; what was settled in several is not doubted again."""
        if shown.entered_by:
            return cls((), ())
        before = desk.before(shown.record)
        figures = before[-1].figures if before else {}
        doubts = desk.live.doubts(shown.record.figures, figures, shown.record.entries)
        return cls(desk.left_out, doubts)

    def say(self) -> None:
        """Tell them on standard error."""
        rows, warnings = self.left_out, self.warnings
        if len(rows) == 1:
            sys.stderr.write(f"1 row of a later period, {rows[0].period}, was left out.\n")
        elif rows:
            sys.stderr.write(
                f"{len(rows):,} rows of later periods, from {rows[0].period}, were left out.\n"
            )
        for each in warnings[:_MOST_WARNINGS]:
            sys.stderr.write(f"Warning: {each}\n")
        if len(warnings) > _MOST_WARNINGS:
            more = len(warnings) - _MOST_WARNINGS
            sys.stderr.write(f"Warning: {more:,} more figures; --json lists them all.\n")

    def document(self) -> dict[str, Any]:
        """Return them for JSON."""
        rows = self.left_out
        return {
            "left_out": {"rows": len(rows), "from": rows[0].period} if rows else None,
            "warnings": [
                {
                    "source": each.source,
                    "period": each.period,
                    "measure": each.fact.measure,
                    "party": each.fact.party,
                    "service": each.fact.service,
                    "what": each.said,
                }
                for each in self.warnings
            ],
        }
