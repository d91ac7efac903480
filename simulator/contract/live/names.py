"""Parties and services as people write them: identifiers or names, in any case, with any blanks.

Files of actuals and commands take them through the same functions.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from simulator.contract.signatories import Signatories

__all__ = ["Ways", "meant_by", "name_key", "ways_of", "ways_of_parties", "ways_of_services"]

Ways = Mapping[str, tuple[str, ...]]
"""For the key of each way to write a name the identifiers it can mean."""


def name_key(written: str) -> str:
    """Return what names are told apart by: not by letter case, blanks or the form of accents."""
    return " ".join(unicodedata.normalize("NFKC", written).casefold().split())


def ways_of_parties(signatories: Signatories, parties: Iterable[str]) -> Ways:
    """Return the ways to write some of the parties: identifiers and names."""
    return ways_of((way, key) for key in parties for way in (key, signatories.name(key)))


def ways_of_services(signatories: Signatories) -> Ways:
    """Return the ways to write the services: identifiers, also with blanks for underscores."""
    return ways_of(
        (way, key) for key in signatories.services for way in (key, key.replace("_", " "))
    )


def meant_by(written: str, ways: Ways) -> tuple[str, ...]:
    """Return the identifiers that a written name can mean: none, one, or several of one name.

    An identifier written to the letter means itself, whatever else is called so.
    """
    meant = ways.get(name_key(written), ())
    return (written,) if written in meant else meant


def ways_of(names: Iterable[tuple[str, str]]) -> Ways:
    """Return the ways to write some things, given each way with the identifier that it means."""
    found: dict[str, tuple[str, ...]] = {}
    for written, meant in names:
        key = name_key(written)
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), meant)))
    return found
