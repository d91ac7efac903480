"""Files to be written: their names end as what stands in them does."""

from __future__ import annotations

from pathlib import Path

from simulator._errors import UsageError

__all__ = ["check_ending"]


def check_ending(option: str, file: Path | None, ending: str) -> None:
    """Refuse a file whose name says that it is of another kind, before anything is done.

    Args:
        option: the option that names it.
        file: where to; None where it is not asked for.
        ending: what its name ends in, with the point; letter case does not matter.

    Raises:
        UsageError: it ends in something else.
    """
    if file is not None and file.suffix.lower() != ending:
        found = f"the ending '{file.suffix}'" if file.suffix else "no ending"
        raise UsageError(
            f"{option} {file}: found {found}; the file ends in {ending}; write for example "
            f"{option} {file.with_suffix(ending) if file.suffix else f'{file}{ending}'}"
        )
