"""Tables as Parquet, for other programs. Needs the extra 'report'."""

from __future__ import annotations

import io
from typing import Any

from simulator.report.draw import needs_report
from simulator.report.tabular import Table

__all__ = ["parquet"]


def parquet(table: Table) -> bytes:
    """Return a table as a Parquet file: texts, whole numbers and floats, nothing for no data.

    Raises:
        RunError: the library is missing.
    """
    try:
        import polars
    except ImportError as error:
        raise needs_report("Parquet", error) from None
    kinds: dict[str, Any] = {"text": polars.String, "whole": polars.Int64}
    frame = polars.DataFrame(
        [list(row) for row in table.rows],
        schema={column.name: kinds.get(column.kind, polars.Float64) for column in table.columns},
        orient="row",
        strict=False,
    )
    page = io.BytesIO()
    frame.write_parquet(page, compression="zstd")
    return page.getvalue()
