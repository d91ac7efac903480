"""Splits: how an amount that is one for all is divided between the providers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, Tag

from simulator._kinds import take_apart
from simulator._refuse import refuse
from simulator.contract.amounts import Identifier
from simulator.contract.curve import Frozen
from simulator.contract.expression import Measure
from simulator.contract.parameter import Lookup
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array
from simulator.quantities import Figure, Share

__all__ = ["DividedBy", "Split", "fixed_shares", "shares"]

REST = "rest"
"""The share of the provider that takes what the others leave."""


class DividedBy(Frozen):
    """Division in proportion to a measure: cost, budget, good outcomes.

    What is below nought counts as nought; where nobody has any, the parts are equal.
    """

    by: Measure
    """What each provider's part is in proportion to; it differs by provider."""


def _fill_rest(found: object) -> object:
    """Put what the others leave in the place of the word 'rest'."""
    if not isinstance(found, dict) or REST not in found.values():
        return found
    those = [party for party, share in found.items() if share == REST]
    parts = [take_apart(_number(share)) for party, share in found.items() if party not in those]
    if len(those) > 1:
        raise refuse(
            f"found the rest given to {' and '.join(map(str, those))}",
            "one provider takes the rest",
            "write the others' shares",
        )
    given = sum(part.value for part in parts if part is not None)
    if given > 1 + 1e-9:
        raise refuse(
            f"found shares of {100 * given:.6g}% beside the rest",
            "the others leave something or nothing",
            "lower them",
        )
    left = Figure(max(0.0, 1 - given), REST, "share")
    return {party: left if share == REST else share for party, share in found.items()}


def _number(share: object) -> object:
    """Return a share without the evidence beside it."""
    return share.get("value") if isinstance(share, dict) else share


def _which(found: Any) -> str:
    if isinstance(found, DividedBy) or (isinstance(found, dict) and "by" in found):
        return "by a measure"
    return "by shares" if isinstance(found, dict) else "in a word"


Split = Annotated[
    Annotated[Literal["equal", "by caseworkers", "each"], Tag("in a word")]
    | Annotated[DividedBy, Tag("by a measure")]
    | Annotated[
        dict[Identifier, Share],
        BeforeValidator(_fill_rest),
        Field(json_schema_extra={"not": {"required": ["by"]}}),
        Tag("by shares"),
    ],
    Discriminator(_which),
]
"""How an amount that is one for all is divided between the providers: 'equal', 'by caseworkers',
'each' (the whole amount to or from every one of them), a share for each, one of which may be
'rest', or {by: measure}."""


def fixed_shares(split: Split, signatories: Signatories) -> Array:
    """Return the share of each provider where it does not depend on what happened."""
    if isinstance(split, dict):
        # written shares sum to 100% but for their last digit; here they do to the last bit
        given = np.array([float(split.get(party, 0.0)) for party in signatories.providers])
        whole: Array = given / given.sum()
        return whole
    count = len(signatories.providers)
    if split == "by caseworkers":
        workers = np.array([signatories.caseworkers[party] for party in signatories.providers])
        share: Array = workers / workers.sum()
        return share
    return np.ones(count) if split == "each" else np.full(count, 1 / count)


def shares(split: Split, signatories: Signatories, lookup: Lookup) -> Array:
    """Return the share of each provider, shape ``(..., providers)``.

    They sum to 1, or are all 1 where each gets the whole.
    """
    if not isinstance(split, DividedBy):
        return fixed_shares(split, signatories)
    count = len(signatories.providers)
    weights = split.by.evaluate(lookup)
    weights = np.maximum(np.where(np.isnan(weights), 0.0, weights), 0.0)
    weights = np.broadcast_to(weights, (*weights.shape[:-1], count))
    whole = weights.sum(axis=-1, keepdims=True)
    some = np.where(whole > 0, whole, 1.0)
    divided: Array = np.where(whole > 0, weights / some, 1 / count)  # of x/0: refused as payments
    return divided
