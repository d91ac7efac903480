"""Inputs drawn from their ranges: one draw for each number and future, one scenario a future."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.scenario.build import build
from simulator.scenario.ranges import plain_number
from simulator.scenario.yaml_text import Document, read_yaml
from simulator.study.drawn import Drawn, DrawnOutcomes, DrawnStudy, draw_futures
from simulator.study.draws import Draws, follow, triangular
from simulator.study.files import read_documents
from simulator.study.replicator import replicate
from simulator.study.split import gained_outcomes
from simulator.study.store import Chunks
from tests.conftest import FULL, ROOT, SMALLEST
from tests.study.test_replicator import Heard

FLAGSHIP = ROOT / "scenarios" / "staying-well.yaml"
WORLD = SMALLEST.read_text(encoding="utf-8")
REFERRALS = "{value: 1,200 a year, range: [1,000 a year, 1,500 a year]}"
PRICE = "{value: £480, range: [£450, £500]}"
RANGED = (
    WORLD.replace("1,200 a year", REFERRALS)
    .replace("35", "{value: 35, range: [33, 36]}")
    .replace("price: £480,", f"price: {PRICE},")
)


def read(text: str) -> Document:
    return read_yaml(text, "scenario.yaml")


def draws(text: str) -> Draws:
    document = read(text)
    return Draws(document, build(document))


def same(one: Mapping[str, DrawnOutcomes], other: Mapping[str, DrawnOutcomes]) -> bool:
    return one.keys() == other.keys() and all(
        array.tobytes() == other[contract].arrays()[name].tobytes()
        for contract, kept in one.items()
        for name, array in kept.arrays().items()
    )


def test_what_is_drawn_stays_in_order() -> None:
    """Best practice is no worse than what is observed, and no more comes anyway than with it."""
    text = WORLD.replace(
        "good_outcome: 45%",
        "good_outcome: {value: 45%, range: [30%, 70%]}\n"
        "    best_outcome: {value: 50%, range: [40%, 60%]}\n"
        "    good_anyway: {value: 20%, range: [10%, 40%]}",
    )
    needs = text.replace(
        "    good_anyway",
        "    needs: {mild: {share: 60%, good_outcome: 55%}, severe: {share: 40%, good_outcome: "
        "{value: 30%, range: [12%, 45%]}}}\n    good_anyway",
    )
    held = 0
    for world in (text, needs):
        each = draws(world)
        for future in range(60):
            service = each.scenario(1, future).services["support"]
            assert service.best_outcome is not None
            assert service.good_outcome is not None
            assert service.best_outcome >= service.good_outcome
            held += service.best_outcome == service.good_outcome
    assert held > 5, "some would have been drawn the other way round"


# -- the draws -------------------------------------------------------------------------------------


def test_the_inverse_of_a_triangular_distribution() -> None:
    uniforms = (np.arange(100_000) + 0.5) / 100_000
    low, mode, high = 2.0, 3.0, 7.0
    values = np.array([triangular(each, low, mode, high) for each in uniforms])
    assert (np.diff(values) > 0).all()
    below = np.where(
        values < mode,
        (values - low) ** 2 / ((high - low) * (mode - low)),
        1 - (high - values) ** 2 / ((high - low) * (high - mode)),
    )
    np.testing.assert_allclose(below, uniforms, atol=1e-9)
    assert values.mean() == pytest.approx((low + mode + high) / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("low", "mode", "high", "median"),
    [(0.0, 0.0, 1.0, 1 - math.sqrt(0.5)), (0.0, 1.0, 1.0, math.sqrt(0.5)), (4.0, 4.0, 4.0, 4.0)],
)
def test_the_centre_may_be_an_end(low: float, mode: float, high: float, median: float) -> None:
    assert triangular(0.5, low, mode, high) == pytest.approx(median)


def test_what_is_drawn_is_triangular_within_chance() -> None:
    path, count = "services.support.referrals", 4_000
    drawn = draws(RANGED)
    values = np.array([plain_number(drawn.texts(1, future)[path]) for future in range(count)])
    low, mode, high = 1_000.0, 1_200.0, 1_500.0
    assert low < values.min() < values.max() < high
    mean = (low + mode + high) / 3
    variance = (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18
    assert abs(values.mean() - mean) < 4 * math.sqrt(variance / count)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = (values < triangular(share, low, mode, high)).mean()
        assert abs(below - share) < 4 * math.sqrt(share * (1 - share) / count)


def test_draws_of_two_numbers_do_not_go_together() -> None:
    drawn = draws(RANGED)
    paths = ("services.support.referrals", "contracts.output.price")
    texts = [drawn.texts(1, future) for future in range(2_000)]
    values = [[plain_number(each[path]) for each in texts] for path in paths]
    assert abs(np.corrcoef(values)[0, 1]) < 4 / math.sqrt(2_000)


def test_a_draw_depends_on_its_path_the_seed_and_the_future_alone() -> None:
    path = "services.support.referrals"
    alone = draws(WORLD.replace("1,200 a year", REFERRALS)).texts(1, 5)
    among = draws(RANGED)
    assert alone == {path: among.texts(1, 5)[path]}
    assert among.texts(1, 5) == among.texts(1, 5)
    others = {among.texts(seed, future)[path] for seed, future in ((1, 6), (2, 5), (5, 1))}
    assert len(others | set(alone.values())) == 4


def test_whole_numbers_stay_whole_and_inside_their_range() -> None:
    drawn = draws(RANGED)
    path = "services.support.caseload"
    assert {drawn.texts(1, future)[path] for future in range(200)} == {"33", "34", "35", "36"}


def test_contracts_share_the_draws_and_do_not_disturb_each_other() -> None:
    more = RANGED.replace(
        "baseline", f"  third: {{form: unit price, price: {PRICE}, per: started}}\nbaseline"
    )
    renamed = more.replace("third", "fourth")
    one, with_third, with_fourth = (
        Drawn(read(each), 3).live(0, 3) for each in (RANGED, more, renamed)
    )
    for name in ("output", "alliance"):
        assert same({name: one[name]}, {name: with_third[name]})
        assert same({name: one[name]}, {name: with_fourth[name]})
    assert not same({"": with_third["third"]}, {"": with_fourth["fourth"]}), "another path"
    gained = [kept.gained for kept in with_third.values()]
    assert all(np.array_equal(gained[0], each) for each in gained), "one world for all"


# -- shares ----------------------------------------------------------------------------------------


def test_the_other_shares_follow_in_proportion() -> None:
    written = {"a": "50%", "b": "30%", "c": "0.2"}
    assert follow(written, {"a": "60%", "elsewhere": "1"}) == {"b": "24%", "c": "0.16"}
    assert follow(written, {"b": "10%", "c": "0.1"}) == {"a": "80%"}
    assert follow(written, {}) == {}
    assert follow(written, {"a": "60%", "b": "60%"}) == {"c": "0"}, "told by the check"
    assert follow({"a": "50%", "b": "50%"}, {"a": "60%", "b": "40%"}) == {"a": "60%", "b": "40%"}
    assert follow({"a": "50%", "b": "50%"}, {"a": "60%", "b": "60%"}) == {"a": "50%", "b": "50%"}


SHARES = WORLD.replace("council: {name: Council}", """
commissioners:
  council: {funds: {value: 60%, range: [40%, 70%]}}
  nhs: {funds: 40%}
""").replace("    good_outcome: 45%", """
    good_outcome: 45%
    referred_to: {north: {value: 70%, range: [60%, 90%]}, south: 30%}
    needs:
      low: {share: {value: 50%, range: [30%, 60%]}}
      middle: {share: {value: 0.3, range: [0.2, 0.4]}}
      high: {share: 20%}
""").replace("council_share: 50%", """council_share: 50%,
    split: {north: {value: 60%, range: [50%, 70%]}, south: 40%}""").replace(
    "per: completed}", "per: completed}\n  block: {form: block, amount: £470,000 a year, split: "
    "{north: rest, south: {value: 40%, range: [30%, 45%]}}}")  # fmt: skip


def test_shares_that_sum_to_the_whole_stay_so() -> None:
    drawn = draws(SHARES)
    assert drawn.inputs == 6
    for future in range(20):
        scenario = drawn.scenario(1, future)  # the checks of the scenario hold
        service = scenario.services["support"]
        needs = {name: float(need.share) for name, need in service.needs.items()}
        groups = [
            [float(each.funds or 0) for each in scenario.commissioners.values()],
            list(map(float, (service.referred_to or {}).values())),
            list(needs.values()),
        ]
        for shares in groups:
            assert sum(shares) == pytest.approx(1.0, abs=1e-10)
        assert 0.3 < needs["low"] < 0.6
        assert 0.2 < needs["middle"] < 0.4
        for contract in ("alliance", "block"):
            (term, *_) = scenario.agreements()[contract].terms
            assert isinstance(term.split, dict)
            assert sum(term.split.values()) == pytest.approx(1.0, abs=1e-10)
    followers = ("commissioners.nhs.funds", "contracts.alliance.split.south")
    for path in (*followers, "services.support.needs.high.share"):
        assert len({drawn.texts(1, future)[path] for future in range(20)}) == 20, path


def test_a_refused_combination_is_told() -> None:
    late = "mobilisation: {value: 1,500 days, range: [0 days, 3,000 days]}"
    document = read(WORLD.replace("per: completed", f"per: completed, {late}"))
    refused = r"With inputs drawn, simulated future \d+ cannot be: contracts.output.mobilisation "
    refused += r"was drawn as [\d.,]+ days; found [\d.,]+ days, as long as the term or longer"
    with pytest.raises(RunError, match=refused):
        draw_futures(document, 30, 1)


# -- the futures -----------------------------------------------------------------------------------


def test_without_ranges_futures_are_those_of_luck_alone_bit_for_bit() -> None:
    scenario = build(read(WORLD))
    study, drawn = replicate(scenario, 7, seed=4), draw_futures(read(WORLD), 7, 4)
    assert (drawn.inputs, drawn.replications) == (0, 7)
    for name, outcomes in study.outcomes.items():
        kept = drawn.outcomes[name]
        assert kept.net.tobytes() == outcomes.net[:, :1].sum(axis=1).tobytes()
        assert kept.lowest_cash.tobytes() == outcomes.lowest_cash.tobytes()
        assert kept.gained.tobytes() == gained_outcomes(scenario, outcomes).tobytes()


@pytest.fixture(scope="module")
def serial() -> DrawnStudy:
    return draw_futures(read(RANGED), 9, 7)


def test_any_grouping_and_any_number_of_processes_gives_the_same_bytes(serial: DrawnStudy) -> None:
    assert same(draw_futures(read(RANGED), 9, 7, workers=2).outcomes, serial.outcomes)
    drawn = Drawn(read(RANGED), 7)
    lived = {span: drawn.live(*span) for span in ((5, 9), (0, 1), (1, 5))}
    for name, kept in serial.outcomes.items():
        for array, whole in kept.arrays().items():
            parts = [lived[span][name].arrays()[array] for span in ((0, 1), (1, 5), (5, 9))]
            assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_and_continued_gives_the_same_bytes(
    serial: DrawnStudy, tmp_path: Path, workers: int
) -> None:
    store = Chunks(tmp_path / "kept", DrawnOutcomes)
    part = draw_futures(read(RANGED), 9, 7, workers, store, Heard(stop_after=4))
    assert part.interrupted
    assert 0 < part.replications < 9
    heard = Heard()
    whole = draw_futures(read(RANGED), 9, 7, workers, store, heard)
    assert heard.counts[0] >= part.replications, "what was done is not lived again"
    assert not whole.interrupted
    assert same(whole.outcomes, serial.outcomes)


def test_drawn_inputs_widen_the_spread_of_the_flagship() -> None:
    document = read_documents([FLAGSHIP], ["behaviour=none"])
    futures = 24 if FULL else 8  # ten times as wide, where twice is asked for
    alone, drawn = replicate(build(document), futures, seed=1), draw_futures(document, futures, 1)

    def spread(net: Mapping[str, Array]) -> list[float]:
        base = net["unit_price"]
        return [float((net[name] - base).std()) for name in ("block", "alliance")]

    luck = spread({name: each.net[:, :2].sum(axis=1) for name, each in alone.outcomes.items()})
    both = spread({name: each.net for name, each in drawn.outcomes.items()})
    assert drawn.inputs == 82
    assert all(wide > 2 * narrow for wide, narrow in zip(both, luck, strict=True))
