"""Who prepares and who approves: names as they are kept and compared.

Nobody is asked to prove who they are; this keeps a slip of the keyboard, or a trick with letters,
from passing for a second person.
"""

from __future__ import annotations

import unicodedata

from simulator._errors import UsageError

__all__ = ["name_of", "reason_of", "same_person"]

_LONGEST_NAME = 100
_LONGEST_REASON = 500
_ALIKE = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE"})
_UNSEEN = "\u115f\u1160\u3164\uffa0"  # letters by their class that print as nothing


def name_of(written: str, option: str) -> str:
    """Return the name of a person as it is kept.

    Raises:
        UsageError: it is empty, too long, or hides what it says.
    """
    name = " ".join(unicodedata.normalize("NFC", written).split())
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{option}: found a name that is too long or holds control characters")
    if written and not _person(name):
        raise UsageError(f"{option}: found an empty name")
    alphabets = {unicodedata.name(char, "").partition(" ")[0] for char in name}
    if len(alphabets & _ALIKE) > 1:
        raise UsageError(
            f"{option}: found a name in letters of several alphabets that look alike; write it in "
            "one of them"
        )
    return name


def reason_of(written: str) -> str:
    """Return why a correction is made, as it is kept.

    Raises:
        UsageError: it is too long or holds control characters.
    """
    why = " ".join(written.split())
    if len(why) > _LONGEST_REASON or not why.isprintable():
        raise UsageError(
            f"--why: found a reason with control characters or more than {_LONGEST_REASON} letters"
        )
    return why


def _person(name: str) -> str:
    """Return what people are told apart by: letters and digits, whatever their case and form."""
    letters = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(char for char in letters if char.isalnum() and char not in _UNSEEN)


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are written for the same person."""
    return _person(one) == _person(other)
