"""What a check finds wrong, and where."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "Path"]

Path = tuple[str | int, ...]
"""The keys that lead to a place in a contract."""


@dataclass(frozen=True)
class Finding:
    """A mistake at a path below the thing checked."""

    path: Path
    found: str
    allowed: str
    mend: str
    at_key: bool = False
    """Whether the key at the path is wrong and not its value."""
