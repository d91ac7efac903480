"""Futures in which every number that carries a range is drawn, beside those of luck alone.

Each future is a scenario of its own, with its own rates, services and parties, lived alone. What is
kept of it is little, and worked out with its own scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document
from simulator.study.draws import Draws
from simulator.study.engines import choose_engine
from simulator.study.replicate import Outcomes, Prepared
from simulator.study.replicator import Listener, Spread
from simulator.study.split import gained_outcomes, value_of
from simulator.study.store import Store

__all__ = ["MOST_BY_DEFAULT", "Drawn", "DrawnOutcomes", "DrawnStudy", "draw_futures"]

MOST_BY_DEFAULT = 50
"""Futures with inputs drawn unless another number is asked for: about as long as the rest of a run,
as they cannot be lived side by side."""
_A_CHUNK = 2
"""Futures written down at a time: an interruption costs no more than these."""


@dataclass
class DrawnOutcomes:
    """What one contract came to, future by future, with inputs drawn.

    Attributes:
        net: net position of the commissioners together over the term, nominal pounds, shape
            ``(replications,)``.
        value: what the outcomes gained are worth, less what is paid, same shape; nought where
            the scenario does not say what an outcome is worth.
        gained: good outcomes gained, same shape.
        lowest_cash: lowest cash at any month end, shape ``(replications, providers)``.
    """

    net: Array
    value: Array
    gained: Array
    lowest_cash: Array

    def arrays(self) -> dict[str, Array]:
        """Return every array by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> DrawnOutcomes:
        """Return what :meth:`arrays` took apart.

        Raises:
            KeyError: an array is missing.
        """
        return cls(**{each.name: arrays[each.name] for each in fields(cls)})


@dataclass(frozen=True)
class DrawnStudy:
    """Futures of a scenario with its inputs drawn.

    Attributes:
        inputs: how many numbers are drawn.
        replications: how many futures there are.
        outcomes: what each contract came to.
        interrupted: whether more futures were asked for.
    """

    inputs: int
    replications: int
    outcomes: Mapping[str, DrawnOutcomes]
    interrupted: bool = False


class Drawn:
    """A scenario ready to be lived with its inputs drawn.

    Args:
        document: the scenario as it is read.
        seed: makes the same futures again.
    """

    def __init__(self, document: Document, seed: int) -> None:
        scenario = build(document)
        self.seed = seed
        self.draws = Draws(document, scenario)
        self._chosen = choose_engine(scenario.engine)

    @property
    def side_by_side(self) -> int:
        """How many futures are kept together; has no effect on any figure."""
        return _A_CHUNK

    def live(self, first: int, last: int) -> dict[str, DrawnOutcomes]:
        """Live the futures from ``first`` to before ``last`` under every contract.

        Raises:
            RunError: what is drawn cannot be lived.
        """
        return _joined([self._live(future) for future in range(first, last)])

    def _live(self, future: int) -> dict[str, DrawnOutcomes]:
        scenario = self.draws.scenario(self.seed, future)
        try:
            lived = Prepared(scenario, self.seed, self._chosen).live(future, future + 1)
        except RunError as error:
            raise RunError(f"With inputs drawn, simulated future {future + 1:,}: {error}") from None
        return {name: _reduced(scenario, outcomes) for name, outcomes in lived.items()}


def draw_futures(
    document: Document,
    futures: int,
    seed: int,
    workers: int | None = 1,
    store: Store[DrawnOutcomes] | None = None,
    listener: Listener | None = None,
) -> DrawnStudy:
    """Live futures with every number that carries a range drawn.

    Args:
        document: the scenario as it is read; it was checked.
        futures: how many.
        seed: makes them the same again.
        workers: as of :class:`~simulator.study.replicator.Spread`.
        store: where finished chunks are kept.
        listener: hears how far it is.

    Raises:
        RunError: what is drawn does not fit together, or cannot be lived.
        KeyboardInterrupt: before any future was done.
    """
    scenario = build(document)
    inputs, chosen = Draws(document, scenario).inputs, choose_engine(scenario.engine)
    with Spread(chosen, Drawn, (document, seed), workers, store, listener) as spread:
        chunks, count, interrupted = spread.futures(futures)
    return DrawnStudy(inputs, count, _joined(chunks), interrupted)


def _joined(parts: Sequence[Mapping[str, DrawnOutcomes]]) -> dict[str, DrawnOutcomes]:
    """Return the futures of several chunks as those of one, in the order given."""
    names = [each.name for each in fields(DrawnOutcomes)]
    return {
        contract: DrawnOutcomes(
            **{
                name: np.concatenate([getattr(part[contract], name) for part in parts])
                for name in names
            }
        )
        for contract in parts[0]
    }


def _reduced(scenario: Scenario, outcomes: Outcomes) -> DrawnOutcomes:
    """Return what is kept of futures of a scenario."""
    payers = len(scenario.commissioners)
    net: Array = outcomes.net[:, :payers].sum(axis=1)
    valued = scenario.outcome_value is not None
    return DrawnOutcomes(
        net,
        value_of(scenario, outcomes) if valued else np.zeros_like(net),
        gained_outcomes(scenario, outcomes),
        outcomes.lowest_cash,
    )
