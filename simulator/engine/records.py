"""What the compiled kernel works on: layouts of records, tables and state, and their codes.

Fields are read as ``record["field"]``, so that the kernel also runs uncompiled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.engine.clock import LAST_TICK

__all__ = [
    "AHEAD",
    "ALARM",
    "DONE",
    "FUTURE",
    "LEAF_BITS",
    "LINE",
    "NEVER",
    "PATH",
    "PERSON",
    "POOL_EMPTY",
    "REFERRALS_UNCOUNTED",
    "SERVICE",
    "SHAPES",
    "SOURCE",
    "SPARE_STEPS",
    "STEP",
    "STEPS_FULL",
    "TEAM",
    "TOO_FAST",
    "TRAVELLER",
    "VISIT_DRAWS",
    "WHAT",
    "Floats",
    "Integers",
    "Records",
    "State",
    "Tables",
]

LEAF_BITS = 18
"""262,144 leaves beside the clock's 45 bits of ticks fill a positive int64."""
NEVER = LAST_TICK
"""When an empty place is due, and whatever is due later: after the end of every term."""
assert LAST_TICK + 1 << LEAF_BITS <= 2**63
SPARE_STEPS = 8
"""Steps one event can note beside those of the people who turn out to have left a line."""

SHAPES = ("fixed", "exponential", "lognormal")

DONE, POOL_EMPTY, STEPS_FULL, ALARM, TOO_FAST, REFERRALS_UNCOUNTED = range(6)
"""Why a future stopped: it is there; enlarge the pool, or the list of steps, and call again; a
trigger went off; referrals exceed the bounding rate; more referrals than a counter can tell."""

WHAT = (
    "referred",
    "declined",
    "dropped_out",
    "started",
    "completed",
    "good_outcome",
    "turned_away",
)
"""Steps of a person, when they are noted."""

VISIT_DRAWS = 8
"""Draws that nearly every visit needs; those after the last of them are made when needed."""
AHEAD = 8
"""Potential people whose coming is drawn at a time; has no effect on what is drawn."""


def _record(**fields: str) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


SERVICE = _record(
    key="u8",
    potential="f8",
    referrals="f8",
    growth="f8",
    take_up="f8",
    drop_out="f8",
    rise="f8",
    shape="i8",
    spread="f8",
    harm="f8",
    until_relapse="f8",
    paths="i8",
)
"""A service; its fields are those of a ServiceNode."""
PATH = _record(edge="f8", receiver="i8", on_the_way="f8", returns="f8", until_return="f8")
"""A hand-over path."""

FUTURE = _record(
    seed="u8",
    replication="u8",
    now="i8",
    status="i8",
    spare="i8",
    month="i8",
    travellers="i8",
    steps="i8",
    alarms="i8",
    screens="i8",
)
"""A future: its luck, its clock, why it stopped, its first spare record, who is on the way, whether
anybody may be turned away now."""
SOURCE = _record(who="i8", demand="f8")
"""Referrals to a service: number of the next potential person, factor on demand."""
TEAM = _record(
    places="i8",
    held="i8",
    opened="i8",
    given_back="i8",
    waiting="i8",
    referred="i8",
    declined="i8",
    turned_away="i8",
    started="i8",
    completed="i8",
    good_outcomes="i8",
    dropped_out="i8",
    returned="i8",
    waited="i8",
    stayed="i8",
    handovers_due="i8",
    handovers_made="i8",
    waiting_level="i8",
    waiting_alarm="i8",
    started_level="i8",
    started_alarm="i8",
)
"""A provider's caseworkers in a service. Waiting counts those who have left unnoticed, too."""
LINE = _record(head="i8", tail="i8")
"""A line of one priority: its first and last person, -1 for nobody."""
PERSON = _record(
    who="i8",
    asked="i8",
    granted="i8",
    leaves="i8",
    stay="f8",
    outcome="f8",
    handover="f8",
    success="f8",
    visit="i4",
    next="i4",
    origin="i2",
    need="i2",
    service="i2",
    provider="i2",
    came_back="i2",
)
"""A person: asked for a place when, was granted it when, will have left the line when, and the
draws of this visit that are used after the wait. Small, so that many stay near the processor."""
TRAVELLER = _record(due="i8", tie="i8", person="i8")
"""Somebody on the way, in a binary heap by (due, tie)."""
STEP = _record(tick="i8", what="i8", origin="i8", who="i8", visit="i8", provider="i8", service="i8")
"""A step of a person, noted where a test or a story wants to know."""

Records = npt.NDArray[np.void]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """What never changes: the network. S services, P providers, N needs, K paths."""

    service: Records  # (S,)
    season: Floats  # (S, 12)
    need_edge: Floats  # (S, N)
    need: Integers  # (S, N): which need it is, at each edge
    mean_stay: Floats  # (S, N)
    line: Integers  # (S, N): which line people of this need wait in; 0 is seen first
    good: Floats  # (S, N, P): chance of a good outcome without a wait, at standing practice
    good_reach: Floats  # (S, N): log-odds added by one level of quality
    screened: Floats  # (S, N): chance of being turned away at selection level +1
    provider_edge: Floats  # (S, P)
    provider: Integers  # (S, P)
    elsewhere_edge: Floats  # (S, P, P): by who turns away
    elsewhere: Integers  # (S, P, P): the other provider; -1 where there is none
    delivers: Integers  # (S, P)
    path: Records  # (S, K)
    success: Floats  # (S, K, P): at standing practice
    success_reach: Floats  # (S, K): log-odds added by one level of hand-over effort
    relapse: Floats  # (S, P): chance that a good outcome does not last, at standing practice
    relapse_reach: Floats  # (S,): log-odds added by one level of quality
    month_starts: Integers  # (months + 1,), the last one never
    first_month: int


class State(NamedTuple):
    """What changes: F futures, T teams (provider by service), L leaves, C lines a team."""

    future: Records  # (F,)
    source: Records  # (F, S)
    team: Records  # (F, T)
    line: Records  # (F, T, C)
    tree: Integers  # (F, 2L)
    holder: Integers  # (F, L): who is in each place
    given_back: Integers  # (F, L): numbers of the places given back, a stack for each team
    person: Records  # (F, pool)
    luck: Floats  # (F, VISIT_DRAWS): the uniforms of the visit that is looked at
    ahead: Floats  # (F, S, 2, AHEAD): gaps and acceptance of the next potential people
    traveller: Records  # (F, pool)
    good: Floats  # (F, S, N, P): chance of a good outcome without a wait, at practice now
    success: Floats  # (F, S, K, P): of hand-overs
    relapse: Floats  # (F, S, P)
    turned: Floats  # (F, S, N, P): chance of being turned away, at practice now
    step: Records  # (F, steps); no steps are noted where it is empty
    first_leaf: Integers  # (T + 1,): where each team's places begin
    team_of: Integers  # (L,)
