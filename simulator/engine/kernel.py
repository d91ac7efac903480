"""The people, compiled: all jitted code of the engine, and nothing else.

The algorithm, for whoever writes it again. One future at a time is advanced event by event, from
three sources of events only:

- *potential referrals*: one leaf for each service, due at its next potential referral. They come
  at a bounding rate; a keyed draw decides whether each is a real one.
- *people on the way*, handed over or coming back: one leaf, due when the first of a binary heap is.
- *stays*: one leaf for each place, due when the stay in it ends.

The leaves stand below a winner tree in an array: node ``q`` holds the smaller of nodes ``2q`` and
``2q + 1``, so node 1 holds the next event. A key packs the tick with the leaf,
``tick << LEAF_BITS | leaf``, so that one integer comparison settles both time and ties, and
setting a leaf climbs to the top without a branch that depends on data. Nothing is ever removed:
an empty place is due never.

*There is no event for patience.* Most people are seen before their patience ends, so most such
events would do nothing. A person in line carries the tick at which they will have left; whoever is
found to have left when the line is read is counted then: when a place becomes free, when a trigger
needs the true length of the line, and before every reading. Lines are linked lists through the
records of people, one for each team and priority, first come first served.

*Everybody is one record* from referral to leaving, in a pool with a list of spare records; lines,
places and the heap hold its number. Before an event the pool is known to have a spare record; if
not, the kernel returns a status and its caller enlarges the pool and calls again. Draws are keyed
by who the person is, which visit it is and what is decided (Philox 4x32-10, one uniform a variate,
inversion), so that nothing that is drawn depends on the order of events.

Numba keeps compiled code by the date of this file alone: whoever changes a constant or a layout
that is imported here (from records.py, clock.py, caseload.py or streams.py) saves this file too. A
test holds them to it. Digest of what is imported here: 0e7d01f43806.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from simulator.engine import streams
from simulator.engine.caseload import WAIT_UNITS_A_DAY, Places
from simulator.engine.clock import TICKS_A_DAY, to_ticks
from simulator.engine.records import (
    AHEAD,
    ALARM,
    DONE,
    LEAF_BITS,
    NEVER,
    POOL_EMPTY,
    REFERRALS_UNCOUNTED,
    SHAPES,
    SPARE_STEPS,
    STEPS_FULL,
    TOO_FAST,
    VISIT_DRAWS,
    WHAT,
    Floats,
    Integers,
    Records,
    State,
    Tables,
)
from simulator.engine.streams import Purpose

__all__ = ["advance", "resize", "settle", "start"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


# No fastmath: the bits are part of the result. No reference counts on arrays either: the kernel
# allocates nothing, its caller holds every array, and counting takes two thirds of the time.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


def _entry(function: _Function) -> _Function:
    """Compile what Python calls; the code with all it calls is kept for the next process."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # there is no folder it could be kept in: each process compiles anew
        return cast(_Function, numba.njit(**_OPTIONS)(function))


def _jit(function: _Function) -> _Function:
    options = {"no_cpython_wrapper": True} | _OPTIONS
    return cast(_Function, numba.njit(**options)(function))


def _inline(function: _Function) -> _Function:
    options = {"no_cpython_wrapper": True, "forceinline": True} | _OPTIONS
    return cast(_Function, numba.njit(**options)(function))


_LEAF = (1 << LEAF_BITS) - 1
_TICKS = float(TICKS_A_DAY)
_LONGEST = to_ticks(math.inf) / TICKS_A_DAY  # days; what takes longer is cut there, by any engine
_UNIT_TICKS = TICKS_A_DAY // WAIT_UNITS_A_DAY
_MOST_WHO = 2**32 - 1  # a word of the counter of draws
_FIXED, _EXPONENTIAL = SHAPES.index("fixed"), SHAPES.index("exponential")
(
    _REFERRED,
    _DECLINED,
    _DROPPED_OUT,
    _STARTED,
    _COMPLETED,
    _GOOD_OUTCOME,
    _TURNED_AWAY,
) = range(len(WHAT))

_ARRIVAL_GAP, _ACCEPTED = int(Purpose.ARRIVAL_GAP), int(Purpose.ACCEPTED)
_FIRST_DRAW = int(Purpose.NEED)
_NEED = int(Purpose.NEED) - _FIRST_DRAW
_PROVIDER = int(Purpose.PROVIDER) - _FIRST_DRAW
_TAKE_UP = int(Purpose.TAKE_UP) - _FIRST_DRAW
_PATIENCE = int(Purpose.PATIENCE) - _FIRST_DRAW
_LENGTH_OF_STAY = int(Purpose.LENGTH_OF_STAY) - _FIRST_DRAW
_OUTCOME = int(Purpose.OUTCOME) - _FIRST_DRAW
_HANDOVER = int(Purpose.HANDOVER) - _FIRST_DRAW
_HANDOVER_SUCCESS = int(Purpose.HANDOVER_SUCCESS) - _FIRST_DRAW
assert _HANDOVER_SUCCESS == VISIT_DRAWS - 1
_HANDOVER_RETURN = int(Purpose.HANDOVER_RETURN)
_RELAPSE = int(Purpose.RELAPSE)
_TIME_AWAY = int(Purpose.TIME_AWAY)
_SCREENING, _ELSEWHERE = int(Purpose.TURNED_AWAY), int(Purpose.ELSEWHERE)


class _One(NamedTuple):
    """The state of one future."""

    future: Records  # (1,)
    source: Records
    team: Records
    line: Records
    tree: Integers
    holder: Integers
    given_back: Integers
    person: Records
    luck: Floats
    ahead: Floats
    traveller: Records
    good: Floats
    success: Floats
    relapse: Floats
    turned: Floats
    step: Records
    first_leaf: Integers
    team_of: Integers


# -- random numbers: the same bits as in streams.py ------------------------------------------------

_MULTIPLIER_0, _MULTIPLIER_1 = (np.uint64(value) for value in (0xD2511F53, 0xCD9E8D57))
_WEYL_0, _WEYL_1 = (np.uint64(value) for value in (0x9E3779B9, 0xBB67AE85))
_WORD = np.uint64(0xFFFFFFFF)
_32, _20, _12 = np.uint64(32), np.uint64(20), np.uint64(12)
_CENTRAL_TOP, _CENTRAL_BOTTOM = streams._CENTRAL_TOP, streams._CENTRAL_BOTTOM
_MIDDLE_TOP, _MIDDLE_BOTTOM = streams._MIDDLE_TOP, streams._MIDDLE_BOTTOM
_FAR_TOP, _FAR_BOTTOM = streams._FAR_TOP, streams._FAR_BOTTOM


@_inline
def _philox(who: Any, origin: Any, visit: Any, purpose: Any, k0: Any, k1: Any) -> float:
    """Return the uniform of one name: the first two words of Philox 4x32-10, 52 bits of them."""
    a, b, c, d = who, origin, visit, purpose
    for _ in range(10):
        high = _MULTIPLIER_0 * a
        low = _MULTIPLIER_1 * c
        a, b, c, d = (low >> _32) ^ b ^ k0, low & _WORD, (high >> _32) ^ d ^ k1, high & _WORD
        k0, k1 = (k0 + _WEYL_0) & _WORD, (k1 + _WEYL_1) & _WORD
    return (np.float64(np.int64((a << _20) | (b >> _12))) + 0.5) * 2.0**-52


@_inline
def _draw_visit(tables: Tables, s: _One, who: Any) -> None:
    """Draw what a visit needs, all at once: a processor draws several in the time of one."""
    k0, k1 = s.future[0]["seed"], s.future[0]["replication"]
    key = np.uint64(tables.service[who["origin"]]["key"])
    person, visit = np.uint64(who["who"]), np.uint64(who["visit"])
    for purpose in range(len(s.luck)):  # not the constant: a loop unrolled is not vectorised
        s.luck[purpose] = _philox(person, key, visit, np.uint64(purpose + _FIRST_DRAW), k0, k1)
    who["stay"] = s.luck[_LENGTH_OF_STAY]
    who["outcome"] = s.luck[_OUTCOME]
    who["handover"] = s.luck[_HANDOVER]
    who["success"] = s.luck[_HANDOVER_SUCCESS]


@_inline
def _draw(future: Any, tables: Tables, who: Any, purpose: int) -> float:
    """Draw one thing of somebody's visit."""
    origin = tables.service[who["origin"]]["key"]
    person, visit, k0, k1 = (
        np.uint64(who["who"]),
        who["visit"],
        future["seed"],
        future["replication"],
    )
    return _philox(person, np.uint64(origin), np.uint64(visit), np.uint64(purpose), k0, k1)


@_inline
def _draw_ahead(future: Any, first: int, node: Any, ahead: Floats) -> None:
    """Draw the days before each of the next potential people, and whether they are real ones."""
    k0, k1 = future["seed"], future["replication"]
    key, none = np.uint64(node["key"]), np.uint64(0)
    for place in range(ahead.shape[1]):
        who = np.uint64(first + place)
        ahead[0, place] = _philox(who, key, none, np.uint64(_ARRIVAL_GAP), k0, k1)
        ahead[1, place] = _philox(who, key, none, np.uint64(_ACCEPTED), k0, k1)
    for place in range(ahead.shape[1]):
        ahead[0, place] = -math.log(ahead[0, place]) / node["potential"]


@_inline
def _ratio(top: Any, bottom: Any, x: float) -> float:
    above = below = 0.0
    for place in range(8):
        above = above * x + top[place]
        below = below * x + bottom[place]
    return above / below


@_inline
def _inverse_normal(uniform: float) -> float:
    centred = uniform - 0.5
    if abs(centred) <= 0.425:
        return centred * _ratio(_CENTRAL_TOP, _CENTRAL_BOTTOM, 0.180625 - centred * centred)
    tail = math.sqrt(-math.log(min(uniform, 1.0 - uniform)))
    if tail <= 5.0:
        size = _ratio(_MIDDLE_TOP, _MIDDLE_BOTTOM, tail - 1.6)
    else:
        size = _ratio(_FAR_TOP, _FAR_BOTTOM, tail - 5.0)
    return math.copysign(size, centred)


@_inline
def _ticks(days: float) -> int:
    return int(min(days, _LONGEST) * _TICKS)


@_inline
def _pick(edges: Floats, uniform: float) -> int:
    """Return how many edges a uniform has reached; all are compared, so nothing is guessed."""
    place = 0
    for edge in edges:
        place += uniform >= edge
    return place


# -- the calendar ----------------------------------------------------------------------------------


@_inline
def _set_due(tree: Integers, leaf: int, due: int) -> None:
    """Say when a leaf is due next, and climb the tree with it."""
    node = (len(tree) >> 1) + leaf
    key = (min(due, NEVER) << LEAF_BITS) | leaf
    tree[node] = key
    while node > 1:
        key = min(key, tree[node ^ 1])
        node >>= 1
        tree[node] = key


@_inline
def _sooner(heap: Records, a: int, b: int) -> bool:
    if heap[a]["due"] != heap[b]["due"]:
        return bool(heap[a]["due"] < heap[b]["due"])
    return bool(heap[a]["tie"] < heap[b]["tie"])


@_inline
def _swap(heap: Records, a: int, b: int) -> None:
    due, tie, person = heap[a]["due"], heap[a]["tie"], heap[a]["person"]
    heap[a]["due"], heap[a]["tie"], heap[a]["person"] = (
        heap[b]["due"],
        heap[b]["tie"],
        heap[b]["person"],
    )
    heap[b]["due"], heap[b]["tie"], heap[b]["person"] = due, tie, person


@_jit
def _set_out(s: _One, person: int, due: int) -> None:
    """Put somebody on the way until they are due."""
    heap = s.traveller
    at = s.future[0]["travellers"]
    s.future[0]["travellers"] += 1
    heap[at]["due"] = due
    heap[at]["tie"] = (np.int64(s.person[person]["origin"]) << 32) + s.person[person]["who"]
    heap[at]["person"] = person
    while at > 0 and _sooner(heap, at, (at - 1) >> 1):
        _swap(heap, at, (at - 1) >> 1)
        at = (at - 1) >> 1
    if at == 0:
        _set_due(s.tree, len(s.source), due)


@_jit
def _arrive_first(s: _One) -> int:
    """Take the first of those on the way."""
    heap = s.traveller
    person = int(heap[0]["person"])
    s.future[0]["travellers"] -= 1
    count = s.future[0]["travellers"]
    _swap(heap, 0, count)
    at = 0
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and _sooner(heap, child + 1, child):
            child += 1
        if not _sooner(heap, child, at):
            break
        _swap(heap, at, child)
        at = child
    _set_due(s.tree, len(s.source), heap[0]["due"] if count > 0 else NEVER)
    return person


# -- people ----------------------------------------------------------------------------------------


@_inline
def _note(s: _One, what: int, person: int, tick: int) -> None:
    if len(s.step) > 0:
        step, who = s.step[s.future[0]["steps"]], s.person[person]
        s.future[0]["steps"] += 1
        step["tick"] = tick
        step["what"] = what
        step["origin"] = who["origin"]
        step["who"] = who["who"]
        step["visit"] = who["visit"]
        step["provider"] = who["provider"]
        step["service"] = who["service"]


@_inline
def _release(s: _One, person: int) -> None:
    s.person[person]["next"] = s.future[0]["spare"]
    s.future[0]["spare"] = person


@_inline
def _drop_out(s: _One, team: int, person: int) -> None:
    s.team[team]["waiting"] -= 1
    s.team[team]["dropped_out"] += 1
    _note(s, _DROPPED_OUT, person, s.person[person]["leaves"])
    _release(s, person)


@_inline
def _first_in_line(s: _One, team: int) -> int:
    """Take the first in line who has not left, -1 for nobody."""
    now = s.future[0]["now"]
    for order in range(s.line.shape[1]):
        line = s.line[team, order]
        while line["head"] >= 0:
            person = int(line["head"])
            line["head"] = s.person[person]["next"]
            if s.person[person]["leaves"] >= now:
                s.team[team]["waiting"] -= 1
                return person
            _drop_out(s, team, person)
    return -1


@_jit
def _settle_lines(s: _One, team: int) -> None:
    """Take everybody out of line who has left by now."""
    now = s.future[0]["now"]
    for order in range(s.line.shape[1]):
        line = s.line[team, order]
        before = -1
        person = line["head"]
        while person >= 0:
            after = np.int64(s.person[person]["next"])
            if s.person[person]["leaves"] >= now:
                before = person
            else:
                if before < 0:
                    line["head"] = after
                else:
                    s.person[before]["next"] = after
                _drop_out(s, team, person)
            person = after
        line["tail"] = before


@_inline
def _stand_in_line(s: _One, team: int, order: int, person: int) -> None:
    line = s.line[team, order]
    s.person[person]["next"] = -1
    if line["head"] < 0:
        line["head"] = person
    else:
        s.person[line["tail"]]["next"] = person
    line["tail"] = person
    numbers = s.team[team]
    numbers["waiting"] += 1
    if numbers["waiting"] >= numbers["waiting_level"]:  # an upper bound; now for the true number
        _settle_lines(s, team)
        if numbers["waiting"] >= numbers["waiting_level"]:
            numbers["waiting_level"] = NEVER
            numbers["waiting_alarm"] = s.future[0]["now"]
            s.future[0]["alarms"] += 1


@_inline
def _start(tables: Tables, s: _One, team: int, leaf: int, person: int) -> None:
    """Let somebody start in a place."""
    now = s.future[0]["now"]
    numbers, who = s.team[team], s.person[person]
    uniform = who["stay"]
    who["granted"] = now
    s.holder[leaf] = person
    numbers["started"] += 1
    numbers["waited"] += (now - who["asked"]) // _UNIT_TICKS
    _note(s, _STARTED, person, now)
    if numbers["started"] >= numbers["started_level"]:
        numbers["started_level"] = NEVER
        numbers["started_alarm"] = now
        s.future[0]["alarms"] += 1
    service = tables.service[who["service"]]
    mean = tables.mean_stay[who["service"], who["need"]]
    if service["shape"] == _FIXED:
        stay = _ticks(mean)
    elif service["shape"] == _EXPONENTIAL:
        stay = _ticks(-math.log(uniform) * mean)
    else:
        spread = service["spread"]
        factor = math.exp(spread * _inverse_normal(uniform) - 0.5 * spread * spread)
        stay = _ticks(mean * factor)
    _set_due(s.tree, leaf, now + stay)


@_inline
def _open_place(s: _One, team: int) -> int:
    """Take a place: the one given back last, or one never used; return its leaf."""
    numbers = s.team[team]
    first = int(s.first_leaf[team])
    numbers["held"] += 1
    if numbers["given_back"] > 0:
        numbers["given_back"] -= 1
        return first + int(s.given_back[first + numbers["given_back"]])
    numbers["opened"] += 1
    return first + int(numbers["opened"]) - 1


@_inline
def _lapse(service: Any, uniform: float, now: int) -> int:
    """Return when a person who waits from now on will have left."""
    exposure = -math.log(uniform) / service["drop_out"]
    if service["rise"] > 0.0:
        exposure = math.log1p(service["rise"] * exposure) / service["rise"]
    return now + _ticks(exposure)


@_inline
def _team(s: _One, person: int) -> int:
    who = s.person[person]
    return int(who["provider"] * len(s.source) + who["service"])


@_jit
def _is_taken(tables: Tables, s: _One, person: int) -> bool:
    """Perhaps turn away somebody who has come, and tell whether any provider takes them."""
    who, future = s.person[person], s.future[0]
    service, provider = who["service"], who["provider"]
    turned = s.turned[service, who["need"], provider]
    if turned == 0.0 or _draw(future, tables, who, _SCREENING) >= turned:
        return True
    s.team[_team(s, person)]["turned_away"] += 1
    _note(s, _TURNED_AWAY, person, future["now"])
    uniform = _draw(future, tables, who, _ELSEWHERE)
    other = tables.elsewhere[
        service, provider, _pick(tables.elsewhere_edge[service, provider], uniform)
    ]
    if other < 0:
        _release(s, person)
        return False
    who["provider"] = other
    s.team[_team(s, person)]["referred"] += 1
    _note(s, _REFERRED, person, future["now"])
    return True


@_jit
def _come(tables: Tables, s: _One, person: int) -> None:
    """Let somebody come to the service and provider in their record."""
    who = s.person[person]
    team = _team(s, person)
    numbers, service = s.team[team], tables.service[who["service"]]
    now = s.future[0]["now"]
    numbers["referred"] += 1
    numbers["returned"] += who["came_back"]
    _note(s, _REFERRED, person, now)
    if s.future[0]["screens"]:  # a future in which nobody is turned away looks nothing up
        if not _is_taken(tables, s, person):
            return
        team = _team(s, person)
        numbers = s.team[team]
    if s.luck[_TAKE_UP] >= service["take_up"]:
        numbers["declined"] += 1
        _note(s, _DECLINED, person, now)
        _release(s, person)
        return
    who["asked"] = now
    if numbers["held"] < numbers["places"]:
        # whoever is still in line has left: a free place is never kept from those who wait
        _start(tables, s, team, _open_place(s, team), person)
        return
    who["leaves"] = NEVER
    if service["drop_out"] > 0.0:
        who["leaves"] = _lapse(service, s.luck[_PATIENCE], now)
    _stand_in_line(s, team, tables.line[who["service"], who["need"]], person)


@_inline
def _choose_provider(tables: Tables, s: _One, person: int) -> int:
    service = s.person[person]["service"]
    place = _pick(tables.provider_edge[service], s.luck[_PROVIDER])
    return int(tables.provider[service, place])


@_inline
def _expect(tables: Tables, s: _One, service: int, number: int) -> None:
    """Say when the next potential person comes."""
    source, node, future = s.source[service], tables.service[service], s.future[0]
    source["who"] = number
    if number % AHEAD == 0:
        _draw_ahead(future, number, node, s.ahead[service])
    _set_due(s.tree, service, future["now"] + _ticks(s.ahead[service, 0, number % AHEAD]))


@_inline
def _refer(tables: Tables, s: _One, service: int) -> int:
    """Let a potential person come, and say when the next one does; return a status."""
    source, node, future = s.source[service], tables.service[service], s.future[0]
    now, number = future["now"], source["who"]
    while now >= tables.month_starts[future["month"] + 1]:
        future["month"] += 1
    growth = math.exp(node["growth"] * (now / _TICKS)) if node["growth"] != 0.0 else 1.0
    season = tables.season[service, (future["month"] + tables.first_month) % 12]
    rate = node["referrals"] * growth * season * source["demand"]
    if rate > node["potential"]:
        return TOO_FAST
    if number >= _MOST_WHO:
        return REFERRALS_UNCOUNTED
    is_real = s.ahead[service, 1, number % AHEAD] * node["potential"] < rate
    _expect(tables, s, service, number + 1)
    if is_real:
        person = future["spare"]
        who = s.person[person]
        future["spare"] = who["next"]
        who["who"] = number
        who["origin"] = service
        who["visit"] = 0
        _draw_visit(tables, s, who)
        who["need"] = tables.need[service, _pick(tables.need_edge[service], s.luck[_NEED])]
        who["service"] = service
        who["came_back"] = 0
        who["provider"] = _choose_provider(tables, s, person)
        _come(tables, s, person)
    return DONE


@_inline
def _return(tables: Tables, s: _One) -> None:
    """Let the first of those on the way come to their next service."""
    person = _arrive_first(s)
    who = s.person[person]
    who["visit"] += 1
    _draw_visit(tables, s, who)
    if not tables.delivers[who["service"], who["provider"]]:
        who["provider"] = _choose_provider(tables, s, person)
    _come(tables, s, person)


@_inline
def _after_wait(chance: float, harm: float, waited: float) -> float:
    """Return a chance of a good outcome after a wait."""
    if harm == 0.0 or waited == 0.0 or chance == 0.0 or chance == 1.0:
        return chance
    if math.isinf(harm):
        return 0.0
    odds = chance / (1 - chance) * math.exp(-harm * waited)
    return odds / (1 + odds)


@_inline
def _leave(tables: Tables, s: _One, team: int, person: int) -> None:
    """Let somebody leave with an outcome, for another service, to come back, or for good."""
    who, numbers, future = s.person[person], s.team[team], s.future[0]
    here, provider = who["service"], who["provider"]
    node = tables.service[here]
    now = future["now"]
    waited = (who["granted"] - who["asked"]) / _TICKS
    chance = _after_wait(s.good[here, who["need"], provider], node["harm"], waited)
    good = who["outcome"] < chance
    if good:
        numbers["good_outcomes"] += 1
        _note(s, _GOOD_OUTCOME, person, now)
    away = -1.0  # mean days until the next visit; below 0 there is none
    chosen = node["paths"]
    if chosen > 0:
        chosen = 0
        while chosen < node["paths"] and who["handover"] >= tables.path[here, chosen]["edge"]:
            chosen += 1
    if chosen < node["paths"]:
        path = tables.path[here, chosen]
        numbers["handovers_due"] += 1
        success = s.success[here, chosen, provider]
        if who["success"] < success:
            numbers["handovers_made"] += 1
            who["service"] = path["receiver"]
            who["came_back"] = 0
            away = path["on_the_way"]
        elif _draw(future, tables, who, _HANDOVER_RETURN) < path["returns"]:
            who["came_back"] = 1
            away = path["until_return"]
    elif good:
        relapse = s.relapse[here, provider]
        if relapse > 0.0 and _draw(future, tables, who, _RELAPSE) < relapse:
            who["came_back"] = 1
            away = node["until_relapse"]
    if away < 0.0:
        _release(s, person)
        return
    _set_out(s, person, now + _ticks(-math.log(_draw(future, tables, who, _TIME_AWAY)) * away))


@_inline
def _end_stay(tables: Tables, s: _One, leaf: int) -> None:
    """End the stay in a place; the next in line takes it."""
    team = s.team_of[leaf]
    person = s.holder[leaf]
    numbers = s.team[team]
    now = s.future[0]["now"]
    numbers["completed"] += 1
    numbers["stayed"] += (now - s.person[person]["granted"]) // _UNIT_TICKS
    _note(s, _COMPLETED, person, now)
    following = _first_in_line(s, team) if numbers["held"] <= numbers["places"] else -1
    if following >= 0:
        _start(tables, s, team, leaf, following)
    else:
        first = s.first_leaf[team]
        s.given_back[first + numbers["given_back"]] = leaf - first
        numbers["given_back"] += 1
        numbers["held"] -= 1
        _set_due(s.tree, leaf, NEVER)
    _leave(tables, s, team, person)


# -- what the interface calls ----------------------------------------------------------------------


@_inline
def _of(state: State, future: int) -> _One:
    return _One(
        state.future[future : future + 1],
        state.source[future],
        state.team[future],
        state.line[future],
        state.tree[future],
        state.holder[future],
        state.given_back[future],
        state.person[future],
        state.luck[future],
        state.ahead[future],
        state.traveller[future],
        state.good[future],
        state.success[future],
        state.relapse[future],
        state.turned[future],
        state.step[future],
        state.first_leaf,
        state.team_of,
    )


@_jit
def _advance(tables: Tables, s: _One, until: int) -> int:
    services = len(s.source)
    bound = until << LEAF_BITS  # the key of whatever is due before the tick is below it
    while s.future[0]["alarms"] == 0:
        key = s.tree[1]
        if key >= bound:
            s.future[0]["now"] = max(s.future[0]["now"], until)
            return DONE
        if s.future[0]["spare"] < 0:
            return POOL_EMPTY
        if 0 < len(s.step) < s.future[0]["steps"] + len(s.person) + SPARE_STEPS:
            return STEPS_FULL
        s.future[0]["now"] = key >> LEAF_BITS
        leaf = key & _LEAF
        if leaf > services:
            _end_stay(tables, s, leaf)
        elif leaf == services:
            _return(tables, s)
        else:
            status = _refer(tables, s, leaf)
            if status != DONE:
                return status
    return ALARM


@_entry
def advance(tables: Tables, state: State, until: int, first: int, last: int) -> None:
    """Advance the futures from the first to before the last to a tick, or as their status says."""
    for future in range(first, last):
        state.future[future]["status"] = _advance(tables, _of(state, future), until)


@_entry
def start(tables: Tables, state: State) -> None:
    """Draw when the first potential person comes to each service."""
    for future in range(len(state.future)):
        s = _of(state, future)
        for service in range(len(s.source)):
            if tables.service[service]["potential"] > 0.0:
                _expect(tables, s, service, 0)


@_entry
def resize(tables: Tables, state: State, team: int, places: Places) -> None:
    """Change the places of a team in every future; those who wait start at once."""
    for future in range(len(places)):
        s = _of(state, future)
        s.team[team]["places"] = places[future]
        while s.team[team]["held"] < places[future]:
            person = _first_in_line(s, team)
            if person < 0:
                break
            _start(tables, s, team, _open_place(s, team), person)


@_entry
def settle(state: State) -> None:
    """Count everybody who has left a line by now, in every future."""
    for future in range(len(state.future)):
        s = _of(state, future)
        for team in range(len(s.team)):
            _settle_lines(s, team)
