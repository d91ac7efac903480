"""What profiles of levers are worth to each party under a contract, and why.

Payments come from the contract's own settlement, kept by term.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.by_tape import payments_of, shortfalls_of
from simulator.parties.layout import as_given, laid_out, total
from simulator.parties.outlook import Outlook, Part, View
from simulator.parties.stakes import Stakes
from simulator.parties.uncertainty import mean_over
from simulator.parties.weighing import weighed

__all__ = ["Appraisal", "appraise"]


@dataclass(frozen=True)
class Appraisal:
    """What profiles are worth, expected over the nodes of the plan; leading axes of the profiles.

    Private effort is not part of it: it is known without a plan.

    Attributes:
        payments: what each party receives by each term, pounds, ``(..., terms, parties)``.
        costs: what each party pays for its own work, pounds, ``(..., parties)``.
        outcomes: good outcomes, ``(...,)``.
        variance: of each party's surplus, pounds squared, ``(..., parties)``.
        shortfall: what a party is expected to lack to its floor, pounds, ``(..., parties)``. Where
            a party minds neither of the two, both are nought.
        notice: what the chance of losing its part by notices weighs, pounds, ``(..., parties)``; no
            payment follows from it.
    """

    payments: Array
    costs: Array
    outcomes: Array
    variance: Array
    shortfall: Array
    notice: Array

    def each(self, change: Callable[[Array, int], Array]) -> Appraisal:
        """Return it with every part changed.

        Args:
            change: what to do with a part, given how many axes it has after those of the profiles.
        """
        return Appraisal(
            change(self.payments, 2),
            change(self.costs, 1),
            change(self.outcomes, 0),
            change(self.variance, 1),
            change(self.shortfall, 1),
            change(self.notice, 1),
        )

    def worth(self, stakes: Stakes) -> tuple[Array, Array]:
        """Return what a profile is worth to each party, and to all together, pounds.

        A party's utility is mean and variance of its surplus, the share of outcomes that is its
        mission, the fear of running below its floor and of losing its part; the same as constant
        absolute risk aversion under normality. To all together outcomes count once, and mission
        does not; payments between parties cancel, and what they pay outside is a cost.

        Args:
            stakes: what the parties care about.

        Returns:
            ``(..., parties)`` and ``(...,)``.
        """
        gain = (
            total(self.payments[..., term, :] for term in range(self.payments.shape[-2]))
            - self.costs
            - 0.5 * stakes.risk_aversion * self.variance
            - stakes.fear * self.shortfall
        )
        felt = stakes.value * stakes.mission * self.outcomes[..., None]
        utility: Array = gain + felt - self.notice
        together: Array = stakes.value * self.outcomes + gain.sum(axis=-1)
        return utility, together


def appraise(outlook: Outlook, agreement: Agreement, stakes: Stakes) -> Appraisal:
    """Return what is expected of profiles under a contract.

    Args:
        outlook: of the profiles, by the plan.
        agreement: the contract.
        stakes: what the parties care about.
    """
    *futures, profiles, _ = outlook.costs[0].shape
    parties = len(outlook.costs)
    minding = np.flatnonzero((stakes.risk_aversion != 0.0) | (stakes.fear != 0.0)).tolist()
    # laid out as a plan is
    payments = np.zeros((len(agreement.terms), parties, profiles, *futures))
    costs, variance, shortfall = np.zeros((3, parties, profiles, *futures))
    # what depends on nothing that happens has no axes: it is the same at every node
    received: dict[int, Array] = {}
    for view in outlook.views:
        if view.kind not in agreement.assessed_by:
            continue
        # what others pay in the same window is worked out where these follow from it
        receives, paid = payments_of(agreement, view.kind, view.statement, parties, minding)
        for (index, party), mean in paid.items():
            told = mean if view.count == 1.0 else view.count * mean
            if told.ndim > 0:
                told = laid_out(told, own=0)
                told = told if outlook.rows is None else np.take(told, outlook.rows, axis=0)
            payments[index, party] += told
        for party, amount in receives.items():
            counted = amount if view.count == 1.0 else view.count * amount
            received[party] = received[party] + counted if party in received else counted
    for party, cost in enumerate(outlook.costs):
        if party not in minding:
            costs[party] = laid_out(mean_over(cost, -1), own=0)
            continue
        lacking = stakes.floor[party] - stakes.reserves[..., party]
        weight = weighed(
            received.get(party, np.zeros(())), outlook.rows, cost, lacking, outlook.compiled
        )
        costs[party], shortfall[party], variance[party] = (laid_out(each, own=0) for each in weight)
    outcomes = mean_over(outlook.outcomes, -1)
    return Appraisal(
        as_given(payments),
        as_given(costs, own=1),
        outcomes,
        as_given(variance, own=1),
        as_given(shortfall, own=1),
        _notice(outlook, agreement, stakes),
    )


def _of_profiles(values: Array, rows: npt.NDArray[np.intp] | None) -> Array:
    """Return values of each profile, ``(..., profiles, x)``, from those of rows of a statement."""
    if rows is None or values.ndim < 2:
        return values
    return np.take(values, rows, axis=-2)


def _notice(outlook: Outlook, agreement: Agreement, stakes: Stakes) -> Array:
    """Return what notices weigh with parties, ``(..., profiles, parties)``.

    Where nobody has anything at stake, at the beginning and the end of the first leading axis (in a
    review that of standpoints), nothing is worked out.
    """
    *lead, profiles, _ = outlook.costs[0].shape
    parties = len(outlook.costs)
    notice = np.zeros((*lead, profiles, parties))
    if outlook.ahead is None or not stakes.at_stake.any():
        return notice
    at_stake = np.broadcast_to(stakes.at_stake, (*lead, parties))
    breaches_left = np.broadcast_to(stakes.breaches_left, (*lead, parties))
    some: Part = ...
    if lead:
        afraid = np.flatnonzero(at_stake.any(axis=tuple(range(1, at_stake.ndim))))
        some = slice(int(afraid[0]), int(afraid[-1]) + 1)
    breach = _of_profiles(_breach(outlook.ahead(some), agreement), outlook.rows)
    chance = np.zeros_like(notice[some])
    chance[..., agreement.signatories.provider_slice] = outlook.insists[some][..., None] * breach
    # as many quarters in breach as it still takes
    comes = chance ** breaches_left[some][..., None, :]
    notice[some] = at_stake[some][..., None, :] * comes
    return notice


def _breach(ahead: View, agreement: Agreement) -> Array:
    """Return the chance that a quarter is in breach, ``(..., rows, providers)``."""
    # what is uncertain of a quarter is more than of the months ahead together
    wider = ahead.count**0.5
    kept: Array = np.ones(1)
    for mean, of_squares in shortfalls_of(agreement, ahead.statement):
        spread = np.sqrt(np.maximum(of_squares - np.square(mean), 0.0)) * wider
        with np.errstate(invalid="ignore", divide="ignore"):
            misses = np.where(spread > 0.0, ndtr(mean / spread), mean > 0.0)
        # what nobody can measure nobody has missed
        kept = kept * (1.0 - np.where(np.isnan(mean), 0.0, misses))
    return 1.0 - kept
