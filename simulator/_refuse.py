"""The one way a model refuses a value: what was found, what is allowed, how to mend it."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

__all__ = ["refuse"]


def refuse(
    found: str, allowed: str, mend: str, at: str = "", at_key: bool = False
) -> PydanticCustomError:
    """Return the error to raise inside a pydantic validator; the reader adds file and line.

    Args:
        found: what was found.
        allowed: what is allowed.
        mend: how to mend it.
        at: the key inside the refused value that is wrong, where it is one.
        at_key: whether the key itself is wrong and not its value.
    """
    say = {"found": found, "allowed": allowed, "mend": mend, "at": at, "at_key": at_key}
    return PydanticCustomError("refused", "{found}", say)
