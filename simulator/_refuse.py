"""The one way a model refuses a value: what was found, what is allowed, how to mend it."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

__all__ = ["refuse"]


def refuse(found: str, allowed: str, mend: str) -> PydanticCustomError:
    """Return the error to raise inside a pydantic validator; the reader adds file and line."""
    return PydanticCustomError(
        "refused", "{found}", {"found": found, "allowed": allowed, "mend": mend}
    )
