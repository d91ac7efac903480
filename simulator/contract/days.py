"""Days as people write them in a scenario."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from simulator._kinds import plain
from simulator._refuse import refuse

__all__ = ["Date"]

_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # wide of any contract; the calendar's own ends are not
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _read_date(found: object) -> datetime.date:
    if isinstance(found, datetime.date):
        return found
    if isinstance(found, str) and _ISO.fullmatch(found):
        try:
            day = datetime.date.fromisoformat(found)
        except ValueError:
            pass
        else:
            if _FIRST_YEAR <= day.year <= _LAST_YEAR:
                return day
    raise refuse(
        f"found {plain(found)}",
        f"a date is written year-month-day, from {_FIRST_YEAR} to {_LAST_YEAR}",
        "write for example '2026-04-01'",
    )


Date = Annotated[
    datetime.date,
    BeforeValidator(_read_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-04-01"]}),
]
"""A day, written 2026-04-01."""
