"""A choice of one party in one future of a run, looked at again: the future is lived anew."""

from __future__ import annotations

from collections.abc import Callable

from simulator._errors import UsageError
from simulator.contract.statement import Array
from simulator.engine.life import Plan, live_plan
from simulator.parties.choice import Choice, choices
from simulator.parties.conduct import Decided, Deciding, Moment
from simulator.study.engines import Chosen

__all__ = ["looked_at_again"]


class _Noted:
    """Conduct that keeps what was decided at one review."""

    def __init__(self, conduct: Deciding, review: int) -> None:
        self._conduct, self._review = conduct, review
        self._reviews = 0
        self.decided: Decided | None = None

    @property
    def levels(self) -> Array:
        return self._conduct.levels

    @property
    def averting(self) -> Array:
        return self._conduct.averting

    def review(self, look: Callable[[], Moment]) -> None:
        self._conduct.review(look)
        self._reviews += 1
        if self._reviews == self._review:
            self.decided = self._conduct.decided


def looked_at_again(
    plan: Plan, seed: int, future: int, review: int, party: str, chosen: Chosen
) -> list[Choice]:
    """Return why a party decided as it did at a review.

    Args:
        plan: of the contract's life.
        seed: of the study.
        future: its number in the study, from 0.
        review: from 1, at the end of the first quarter.
        party: the provider.
        chosen: the engine.

    Raises:
        UsageError: nothing is decided at that review.
    """
    assert plan.parties is not None
    agreement = plan.watch.agreement
    noted = _Noted(Deciding(plan.parties, agreement, 1), review)
    live_plan(plan, seed, [future], chosen.engine, noted)
    if noted.decided is None:
        raise UsageError("explain: at the meeting that ends the term nothing is decided any more")
    return choices(noted.decided, agreement.signatories.parties.index(party))
