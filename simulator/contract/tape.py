"""Settlement written down once, to be played back at many points.

A plan settles a contract at thousands of points at a time, and NumPy walks through memory once for
each step. Here the contract's own settlement is run on symbols in the place of figures; what it
does to them is kept as a tape, a list of steps on single numbers, which can be played for as many
points as fit a processor's cache. There is one settlement, and the tape does the same sums in the
same order.

What a step does must not depend on figures. Where settlement asks whether any figure is this or
that, it is told yes: to put nought for 0/0 changes nothing where there is none. Where it would
refuse then, or does what a tape has no step for, there is no tape, and NumPy settles.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from simulator._errors import SettlementError
from simulator.contract.statement import COLUMNS, Array, Statement

__all__ = ["Leaf", "Recording", "Step", "Tape", "record"]

_Kept = TypeVar("_Kept")
_Averaged = TypeVar("_Averaged")
_Values = npt.NDArray[np.intp]


class Step(enum.IntEnum):
    """What a tape can do; a condition that holds is 1, else 0."""

    LOAD = 0
    """A figure of the statement, by its place among the leaves."""
    STORE = 1
    """A result, to its place."""
    ADD = 2
    SUBTRACT = 3
    MULTIPLY = 4
    DIVIDE = 5
    MINIMUM = 6
    MAXIMUM = 7
    LESS = 8
    LESS_EQUAL = 9
    EQUAL = 10
    IS_NAN = 11
    OR = 12
    AND = 13
    CHOOSE = 14
    """The second number where the first is 1, else the third."""
    AVERAGE = 15
    """A result of which only the mean over nodes is wanted, to its place among these."""
    MULTIPLY_ADD = 16
    """Two steps at once: the product of the first two numbers, and the third."""
    LESS_PRODUCT = 17
    """The third number less the product of the first two."""
    ADD_ADD = 18
    """The sum of the first two numbers, and the third."""
    CHOOSE_IF_NAN = 19
    """The second number where the first is no number, else the third."""


_TWO_AT_ONCE = {
    (Step.ADD, Step.MULTIPLY, 0): Step.MULTIPLY_ADD,
    (Step.ADD, Step.MULTIPLY, 1): Step.MULTIPLY_ADD,
    (Step.SUBTRACT, Step.MULTIPLY, 1): Step.LESS_PRODUCT,
    (Step.ADD, Step.ADD, 0): Step.ADD_ADD,
    (Step.ADD, Step.ADD, 1): Step.ADD_ADD,
    (Step.CHOOSE, Step.IS_NAN, 0): Step.CHOOSE_IF_NAN,
}
"""A step, the one whose result it alone reads and where: the step that does both, each as before.
It reads what the inner one reads, and then what is left for the outer one."""


class Leaf(NamedTuple):
    """A figure of a statement: a column of a provider, of one service or of all (None)."""

    column: str
    service: int | None
    provider: int


@dataclass(frozen=True)
class Tape:
    """Steps on single numbers, which stand in registers.

    Attributes:
        code: for each step what it does, the register (or place) it writes to and up to three that
            it reads from, ``(steps, 5)``.
        constants: what the first registers hold from the beginning.
        leaves: the figures that are loaded.
        registers: how many there are.
        results: how many places there are for results.
        averages: how many for those that are averaged.
    """

    code: npt.NDArray[np.int64]
    constants: Array
    leaves: tuple[Leaf, ...]
    registers: int
    results: int
    averages: int


@dataclass(frozen=True)
class Recording(Generic[_Kept, _Averaged]):
    """A tape, and how its results are put together to what the settlement returns.

    Attributes:
        tape: the steps.
        to_keep: what is wanted at every point, with places of results in the place of arrays.
        to_average: the same of what is averaged over nodes.
    """

    tape: Tape
    to_keep: Any
    to_average: Any

    def kept(self, results: Array) -> _Kept:
        """Return what is wanted at every point, given the results, ``(results, ...)``."""
        whole: _Kept = _filled(self.to_keep, results)
        return whole

    def averaged(self, averages: Array) -> _Averaged:
        """Return what is averaged over nodes, given the averages, ``(averages, ...)``."""
        whole: _Averaged = _filled(self.to_average, averages)
        return whole


def record(
    work: Callable[[Statement], tuple[_Kept, _Averaged]],
    providers: int,
    columns: Collection[str],
    others: Mapping[str, int],
    years: float,
) -> Recording[_Kept, _Averaged] | None:
    """Return the tape of some settlement; None where it cannot be recorded.

    Args:
        work: the settlement; it returns what is wanted at every point, and what is averaged over
            nodes: arrays in lists and mappings.
        providers: how many there are.
        columns: those of a statement that are counted; the others are nought.
        others: further data it tells, with 1 for those that are one for all providers, else how
            many. Of all others it has what is expected.
        years: length of the period.
    """
    recorder = _Recorder()
    try:
        kept, averaged = work(
            _Symbols(
                {},
                years,
                recorder=recorder,
                providers=providers,
                counted=columns,
                others=others,
            )
        )
    except (SettlementError, TypeError, AttributeError):
        return None  # what is truly wrong NumPy will meet as well
    return recorder.recording(kept, averaged)


class _Recorder:
    """Takes down steps; the same step on the same numbers is taken down once."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, ...]] = []  # what, and the values it works on
        self._known: dict[tuple[int, ...], int] = {}
        self._constants: dict[float, int] = {}
        self._by_value: dict[int, float] = {}
        self._perhaps_no_number: set[int] = set()
        self._infinite: set[int] = set()
        self.leaves: list[Leaf] = []
        self._leaf_values: dict[Leaf, int] = {}

    def load(self, leaf: Leaf) -> int:
        """Return the value of a figure of the statement."""
        if leaf not in self._leaf_values:
            self._leaf_values[leaf] = self.step(Step.LOAD, len(self.leaves))
            self.leaves.append(leaf)
        return self._leaf_values[leaf]

    def constant(self, number: float) -> int:
        """Return the value of a number that is always the same; below nought, as they are told."""
        key = math.nan if number != number else float(number)
        if key not in self._constants:
            value = -1 - len(self._constants)
            self._constants[key] = value
            self._by_value[value] = key
            if not math.isfinite(key):
                (self._infinite if key == key else self._perhaps_no_number).add(value)
        return self._constants[key]

    def step(self, what: Step, *of: int) -> int:
        """Return the value of a step; what changes nothing, whatever the figures, is left out."""
        found = self._spared(what, of)
        if found is None:
            key = (int(what), *of)
            if key not in self._known:
                self._known[key] = len(self._steps)
                self._steps.append(key)
                no_number, infinite = self._odd(what, of)
                if no_number:
                    self._perhaps_no_number.add(self._known[key])
                if infinite:
                    self._infinite.add(self._known[key])
            found = self._known[key]
        return found

    def _spared(self, what: Step, of: Sequence[int]) -> int | None:
        """Return the value that a step would have anyway; None where it has to be worked out."""
        first, *others = of
        numbers = [self._by_value.get(each) for each in of]
        if what in _NEUTRAL and numbers[-1] == _NEUTRAL[what]:
            return first
        if what in (Step.ADD, Step.MULTIPLY, Step.MINIMUM, Step.MAXIMUM):
            return others[0] if numbers[0] == _NEUTRAL[what] else None
        if what is Step.IS_NAN and first not in self._perhaps_no_number:
            return self.constant(0.0)
        if what is Step.CHOOSE and numbers[0] is not None:
            return others[0] if numbers[0] else others[1]
        return None

    def _odd(self, what: Step, of: Sequence[int]) -> tuple[bool, bool]:
        """Tell whether a step can come to 0/0 or the like, and whether it can be infinite.

        Figures of a statement are people, days and pounds: their sums and products are numbers, and
        far from the largest there are. Only what is divided by something can be odd.
        """
        no_number, infinite = (
            [value in some for value in of] for some in (self._perhaps_no_number, self._infinite)
        )
        if what in (Step.LOAD, Step.IS_NAN, Step.LESS, Step.LESS_EQUAL, Step.EQUAL):
            return False, False
        if what is Step.DIVIDE and not self._by_value.get(of[1]):
            return True, True
        if what is Step.CHOOSE:
            is_guard = self._steps[of[0]] == (Step.IS_NAN, of[2])  # nought, say, for 0/0
            return no_number[1] or (no_number[2] and not is_guard), any(infinite[1:])
        # infinity less itself, or times nought, is no number
        reckons = what in (Step.ADD, Step.SUBTRACT, Step.MULTIPLY, Step.DIVIDE)
        return any(no_number) or (reckons and any(infinite)), any(infinite)

    def each(self, what: Step, *operands: Any) -> Recorded:
        """Take down a step for each of some values, which broadcast."""
        spread = np.broadcast_arrays(*(self.values_of(each) for each in operands))
        found = [self.step(what, *map(int, of)) for of in zip(*map(np.ravel, spread), strict=True)]
        return Recorded(self, np.array(found, dtype=np.intp).reshape(spread[0].shape))

    def values_of(self, operand: Any) -> _Values:
        """Return the values of an operand, numbers among them."""
        if isinstance(operand, Recorded):
            return operand.values
        numbers = np.asarray(operand, dtype=np.float64)
        found = [self.constant(float(number)) for number in numbers.ravel()]
        return np.array(found, dtype=np.intp).reshape(numbers.shape)

    def recording(self, kept: _Kept, averaged: _Averaged) -> Recording[_Kept, _Averaged]:
        """Return what has been taken down so that results are known."""
        stored, added_up = _places_of(kept), _places_of(averaged)
        tape = self._tape(stored, added_up)
        return Recording(tape, _to_fill(kept, stored), _to_fill(averaged, added_up))

    def _tape(self, stored: Mapping[int, int], added_up: Mapping[int, int]) -> Tape:
        """Return the steps that results follow from, with as few registers as it takes.

        A register is free again after the last step that reads it. No step writes to one that it
        reads: compilers take several points at a time only where the two do not overlap.
        """
        steps = self._needed({*stored, *added_up})
        read = {value for step in steps.values() for value in _read_by(step)}
        fixed = sorted(value for value in {*stored, *added_up} | read if value < 0)
        places = {value: number for number, value in enumerate(fixed)}
        constants = np.array([self._by_value[value] for value in places])
        last = {value: place for place, step in steps.items() for value in _read_by(step)}
        free: list[int] = []
        registers = len(places)
        code: list[tuple[int, ...]] = []

        def give_back(value: int) -> None:
            for step, results in ((Step.STORE, stored), (Step.AVERAGE, added_up)):
                if value in results:
                    code.append((step, results[value], places[value], 0, 0))

        for constant in tuple(places):
            give_back(constant)
        for value, step in steps.items():
            what, *of = step
            reads = _read_by(step)
            given = [places[each] for each in reads] if reads else of
            if not free:
                free.append(registers)
                registers += 1
            places[value] = free.pop()
            code.append((what, places[value], *given, *(0,) * (3 - len(given))))
            give_back(value)
            for each in set(reads):
                if each >= 0 and last[each] == value:
                    free.append(places[each])
            if value not in last:
                free.append(places[value])
        table = np.array(code, dtype=np.int64).reshape(-1, 5)
        return Tape(table, constants, tuple(self.leaves), registers, len(stored), len(added_up))

    def _needed(self, results: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the steps that results follow from, two in one where that can be."""
        needed = set(results)
        for value in range(len(self._steps) - 1, -1, -1):
            if value in needed:
                needed.update(_read_by(self._steps[value]))
        steps = {value: step for value, step in enumerate(self._steps) if value in needed}
        readers = Counter(value for step in steps.values() for value in _read_by(step))
        alone = {value for value, count in readers.items() if count == 1} - set(results)
        for value, (what, *of) in tuple(steps.items()):
            for place, inner in enumerate(of):
                if inner not in alone or inner not in steps:
                    continue
                both = _TWO_AT_ONCE.get((Step(what), Step(steps[inner][0]), place))
                if both is not None:
                    _, *first = steps.pop(inner)
                    steps[value] = (both, *first, *(of[:place] + of[place + 1 :]))
                    break
        return steps


def _read_by(step: tuple[int, ...]) -> tuple[int, ...]:
    """Return the values that a step reads."""
    what, *of = step
    return () if what == Step.LOAD else tuple(of)


class Recorded(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of values on a tape; NumPy's functions on it are taken down."""

    __array_priority__ = 1.0

    def __init__(self, recorder: _Recorder, values: _Values) -> None:
        self.recorder, self.values = recorder, values

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """As of an array."""
        return self.values.ndim

    def __getitem__(self, key: Any) -> Recorded:
        return Recorded(self.recorder, np.asarray(self.values[key]))

    def __bool__(self) -> bool:
        raise TypeError("what depends on figures cannot be recorded")

    def any(self) -> bool:
        """Whether any of it can hold."""
        return True

    def sum(self, axis: int, keepdims: bool = False) -> Recorded:
        """As of an array: one after the other."""
        first, *others = np.moveaxis(self.values, axis, 0)
        total = Recorded(self.recorder, first)
        for other in others:
            total = self.recorder.each(Step.ADD, total, Recorded(self.recorder, other))
        return Recorded(self.recorder, np.expand_dims(total.values, axis)) if keepdims else total

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        each = self.recorder.each
        if ufunc in _STEPS:
            return each(_STEPS[ufunc], *inputs)
        if ufunc in _TURNED:
            return each(_TURNED[ufunc], *reversed(inputs))
        if ufunc is np.negative:
            return each(Step.MULTIPLY, -1.0, *inputs)
        if ufunc is np.isfinite:  # judged when the results are known
            return np.ones(self.shape, dtype=bool)
        return NotImplemented

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _FUNCTIONS:
            return NotImplemented
        return _FUNCTIONS[function](self.recorder, *args, **kwargs)


_NEUTRAL: dict[Step, float] = {
    Step.ADD: 0.0,
    Step.SUBTRACT: 0.0,
    Step.MULTIPLY: 1.0,
    Step.DIVIDE: 1.0,
    Step.MINIMUM: math.inf,
    Step.MAXIMUM: -math.inf,
}
"""What leaves a number as it is, on the right; on the left also where the order does not matter."""
_STEPS: dict[Any, Step] = {
    np.add: Step.ADD,
    np.subtract: Step.SUBTRACT,
    np.multiply: Step.MULTIPLY,
    np.true_divide: Step.DIVIDE,
    np.minimum: Step.MINIMUM,
    np.maximum: Step.MAXIMUM,
    np.less: Step.LESS,
    np.less_equal: Step.LESS_EQUAL,
    np.equal: Step.EQUAL,
    np.isnan: Step.IS_NAN,
    np.bitwise_or: Step.OR,
    np.bitwise_and: Step.AND,
}
_TURNED: dict[Any, Step] = {np.greater: Step.LESS, np.greater_equal: Step.LESS_EQUAL}


def _clip(recorder: _Recorder, values: Any, low: Any, high: Any) -> Recorded:
    return recorder.each(Step.MINIMUM, recorder.each(Step.MAXIMUM, values, low), high)


def _broadcast_to(recorder: _Recorder, values: Any, shape: tuple[int, ...]) -> Recorded:
    return Recorded(recorder, np.broadcast_to(recorder.values_of(values), shape))


def _stack(recorder: _Recorder, arrays: Iterable[Any], axis: int = 0) -> Recorded:
    return Recorded(recorder, np.stack([recorder.values_of(each) for each in arrays], axis=axis))


def _moveaxis(recorder: _Recorder, values: Recorded, source: int, to: int) -> Recorded:
    return Recorded(recorder, np.moveaxis(values.values, source, to))


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: lambda recorder, *parts: recorder.each(Step.CHOOSE, *parts),
    np.clip: _clip,
    np.zeros_like: lambda _, values: np.zeros(values.shape),
    np.broadcast_to: _broadcast_to,
    np.stack: _stack,
    np.moveaxis: _moveaxis,
}


@dataclass(frozen=True, kw_only=True)
class _Symbols(Statement):
    """A statement with symbols in the place of figures."""

    recorder: _Recorder
    providers: int
    counted: Collection[str]
    others: Mapping[str, int]

    def of(self, name: str, service: int | None = None) -> Any:
        """Return the symbols of a column by provider."""
        if name in self.others:
            count, service = self.others[name], None
        elif name in self.counted:
            count = self.providers
        else:
            return np.zeros(self.providers) if name in COLUMNS else None
        leaves = [self.recorder.load(Leaf(name, service, number)) for number in range(count)]
        return Recorded(self.recorder, np.array([leaves], dtype=np.intp))


def _places_of(result: Any) -> dict[int, int]:
    """Return a place for each value among results."""
    values = (value for each in _recorded_in(result) for value in each.values.ravel().tolist())
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


def _recorded_in(result: Any) -> Iterator[Recorded]:
    """Yield what has been recorded among results."""
    if isinstance(result, Recorded):
        yield result
    elif isinstance(result, Mapping):
        for each in result.values():
            yield from _recorded_in(each)
    elif isinstance(result, list | tuple):
        for each in result:
            yield from _recorded_in(each)


class _Places(NamedTuple):
    """Where results stand that make up an array: one, or as many as there are providers."""

    places: tuple[int, ...]
    is_one: bool


def _to_fill(result: Any, stored: Mapping[int, int]) -> Any:
    """Return results with places in the place of what has been recorded."""
    if isinstance(result, Recorded):  # its first axis stands for all points
        places = tuple(stored[value] for value in result.values.ravel().tolist())
        return _Places(places, result.ndim == 1)
    if isinstance(result, Mapping):
        return {key: _to_fill(each, stored) for key, each in result.items()}
    if isinstance(result, list | tuple):
        return [_to_fill(each, stored) for each in result]
    return result


def _filled(result: Any, figures: Array) -> Any:
    """Return results with figures in their places."""
    if isinstance(result, _Places):
        some = [figures[place] for place in result.places]
        return some[0] if result.is_one else np.stack(some, axis=-1)
    if isinstance(result, Mapping):
        return {key: _filled(each, figures) for key, each in result.items()}
    if isinstance(result, list):
        return [_filled(each, figures) for each in result]
    return result
