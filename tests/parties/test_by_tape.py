"""A contract is settled by its tape as by NumPy, to the last bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.agreement import Agreement
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, COSTS, Statement
from simulator.contract.tape import Step, record
from simulator.contract.term import Window
from simulator.parties import by_tape, points_kernel
from simulator.parties.by_tape import payments_of, shortfalls_of
from simulator.parties.points_kernel import LANES
from simulator.parties.told import Spread, Told
from simulator.study.files import load
from tests.conftest import FULL, ROOT
from tests.contract.test_laws_of_settlement import SEEDS, drawn
from tests.strategies_contracts import read, statement_for

NODES, FUTURES, PROFILES = 4, 2, 3


def told(agreement: Agreement, seed: int, compiled: bool, before: bool = False) -> Told:
    """Return what could happen in a year, by profile, future and node."""
    random = np.random.default_rng(seed)
    statement = statement_for(agreement, seed, (NODES, FUTURES), huge=False)
    names = tuple(name for name in COLUMNS if name in agreement.data_used)
    size = len(agreement.signatories.providers), len(agreement.signatories.services)
    base = np.array([statement.columns[name] for name in names]).reshape(-1, NODES, FUTURES, *size)
    ratio = random.choice([0.0, 0.5, 1.0, 1.1], (len(names), *size, PROFILES, FUTURES))
    insisted = dict.fromkeys(agreement.insisted, size[0])
    so_far = statement_for(agreement, seed + 1, (FUTURES,), huge=False).columns if before else {}
    so_far = {
        name: so_far.get(name, np.ones((FUTURES, size[0], 1))) for name in (*names, *insisted)
    }
    return Told(
        Spread(names, ratio, np.ascontiguousarray(base.transpose(0, 1, 3, 4, 2))),
        1.0 + 0.1 * random.random((size[0], PROFILES, FUTURES)),
        12.0 * random.random((PROFILES, FUTURES)),
        insisted,
        so_far if before else {},
        compiled,
    )


def paid(
    agreement: Agreement, kind: Window, seed: int, compiled: bool, part: float, before: bool
) -> object:
    """Return what payments come to by profile and node; what is refused is its reason."""
    statement = told(agreement, seed, compiled, before).statement(1.0, part)
    parties = len(agreement.signatories.parties)
    try:
        return payments_of(agreement, kind, statement, parties)
    except SettlementError as refused:
        return str(refused)


def same(found: object, expected: object) -> None:
    if isinstance(expected, str):
        assert found == expected
        return
    for some, others in zip(found, expected, strict=True):  # type: ignore[call-overload]
        assert some.keys() == others.keys()
        for key, amount in others.items():
            np.testing.assert_array_equal(
                *np.broadcast_arrays(some[key], amount), err_msg=f"payment {key}"
            )


@settings(max_examples=2_000 if FULL else 150)
@given(st.data(), SEEDS, st.sampled_from([1.0, 0.25]), st.booleans())
def test_a_tape_pays_what_settlement_pays(
    data: st.DataObject, seed: int, part: float, before: bool
) -> None:
    _, _, agreement = drawn(data, calm=True)
    found, expected = (
        [paid(agreement, kind, seed, compiled, part, before) for kind in agreement.assessed_by]
        for compiled in (True, False)
    )
    # NumPy refuses a payment in every window in which later ones follow from it
    refused = [each for each in expected if isinstance(each, str)]
    assert {each for each in found if isinstance(each, str)} <= set(refused)
    assert any(isinstance(each, str) for each in found) == bool(refused)
    if not refused:
        for some, others in zip(found, expected, strict=True):
            same(some, others)


WORLDS = ("staying-well", "handing-over", "measured-work", "old-partners")


@pytest.mark.parametrize("name", WORLDS)
def test_every_contract_that_parties_plan_with_is_recorded(name: str) -> None:
    for agreement in load(ROOT / "scenarios" / f"{name}.yaml").agreements().values():
        for kind in agreement.assessed_by:
            for before in (True, False):
                found, expected = (
                    paid(agreement, kind, 7, compiled, 1.0, before) for compiled in (True, False)
                )
                same(found, expected)
        assert agreement.tapes
        assert None not in agreement.tapes.values()


def test_standards_are_looked_at_by_tape() -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["unit_price"]
    found, expected = (
        shortfalls_of(agreement, told(agreement, 5, compiled).statement(0.25, 0.25))
        for compiled in (True, False)
    )
    for some, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(some, others)
    assert len(expected) == 3


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("of", ["each provider", "all"])
@pytest.mark.parametrize("split", [None, "equal"])
def test_months_insisted_on_can_be_paid_for_alone(of: str, split: str | None, before: bool) -> None:
    agreement = signed(
        {
            "data": {"insisted": {"what": "months", "of": of, "follows": "enforcement"}},
            "terms": [
                {"name": "alone", "measure": "insisted", "times": "1000"}
                | ({"split": split} if split and of == "all" else {}),
                {"name": "together", "measure": "total(insisted)", "split": "equal"},
            ],
        }
    )
    found, expected = (paid(agreement, "year", 3, each, 1.0, before) for each in (True, False))
    same(found, expected)


def test_a_column_is_the_same_by_provider_and_by_service() -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["unit_price"]
    statement = told(agreement, 6, True).statement(0.5, 0.5)
    plain = Statement(dict(statement.columns), statement.years)
    for name in (*agreement.data_used, *agreement.insisted):
        np.testing.assert_allclose(*np.broadcast_arrays(plain.of(name), statement.of(name)))


def test_a_quotient_that_is_infinite_is_told_from_one_that_is_nothing() -> None:
    agreement = signed(
        {
            "measures": {"unit": {"measure": "cost / completed"}},
            "terms": [
                {
                    "name": "steps",
                    "measure": "unit * completed",
                    "steps": [{"below": "5", "value": "£1"}, {"value": "£10"}],
                }
            ],
        }
    )
    year = told(agreement, 3, True)
    base = year.spread.base.copy()
    base[year.spread.names.index("completed")] = 0.0
    base[year.spread.names.index("cost")] = 3.0
    spread = Spread(year.spread.names, np.ones_like(year.spread.ratio), base)
    found, expected = (
        payments_of(agreement, "year", Told(spread, *told_of(year), {}, each).statement(1.0), 5)
        for each in (True, False)
    )
    same(found, expected)


def test_the_payments_of_many_providers_are_the_same_but_for_their_last_digits() -> None:
    names = tuple(f"p{number}" for number in range(9))
    parties = Signatories(
        ("payer",), names, {"payer": 1.0}, dict.fromkeys(names, 1.0), ("support",)
    )
    agreement = read(
        {
            "terms": [
                {"name": "cost", "measure": "cost", "split": "equal"},
                {"name": "most", "measure": "min(total(payments), 1000)", "instead_of": "payments"}
                | {"split": "equal"},
            ]
        }
    ).agree("any", parties)
    found, expected = (paid(agreement, "year", 3, each, 1.0, False) for each in (True, False))
    for some, others in zip(found, expected, strict=True):  # type: ignore[call-overload]
        for key, amount in others.items():  # NumPy may add eight and more in pairs
            np.testing.assert_allclose(some[key], amount, rtol=1e-12, atol=1e-9)


def test_what_cannot_be_recorded_is_settled_by_numpy() -> None:
    written = {
        "terms": [
            {
                "name": "scale",
                "measure": "completed",
                "bands": [
                    {"up_to": "1", "rate": "£3"},
                    {"up_to": "1 + started", "rate": "£2"},
                    {"rate": "£1"},
                ],
            }
        ]
    }
    agreement = signed(written)
    found, expected = (paid(agreement, "year", 3, each, 1.0, False) for each in (True, False))
    same(found, expected)
    assert list(agreement.tapes.values()) == [None]


def test_a_payment_that_is_not_a_number_is_refused_in_words() -> None:
    agreement = signed({"terms": [{"name": "each", "measure": "cost", "times": "1 / completed"}]})
    statement = told(agreement, 3, True)
    nobody = Spread(statement.spread.names, statement.spread.ratio, 0.0 * statement.spread.base)
    with pytest.raises(SettlementError, match="not a finite number"):
        payments_of(agreement, "year", Told(nobody, *told_of(statement)).statement(1.0), 4)


def told_of(year: Told) -> tuple[object, ...]:
    return year.claimed, year.months, year.insisted


def signed(written: dict[str, object]) -> Agreement:
    """Return a contract of the flagship's parties."""
    parties = load(ROOT / "scenarios" / "staying-well.yaml").signatories
    return read(written).agree("any", parties)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    ("profiles", "futures"), [(LANES + 7, 2), (3, LANES + 7), (3, LANES // 2 + 1), (LANES + 7, 1)]
)
def test_there_may_be_more_points_than_lanes(
    monkeypatch: pytest.MonkeyPatch, profiles: int, futures: int, before: bool
) -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["alliance"]
    year = told(agreement, 11, True, before)
    ratio, base = year.spread.ratio, year.spread.base
    wide = Told(
        Spread(
            year.spread.names,
            np.resize(ratio, (*ratio.shape[:3], profiles, futures)),
            np.resize(base, (*base.shape[:4], futures)),
        ),
        np.resize(year.claimed, (len(year.claimed), profiles, futures)),
        np.resize(year.months, (profiles, futures)),
        year.insisted,
        {
            name: np.resize(values, (futures, *values.shape[1:]))
            for name, values in year.before.items()
        },
    )
    parties = len(agreement.signatories.parties)
    played = payments_of(agreement, "year", wide.statement(1.0), parties)
    monkeypatch.setattr(by_tape, "points_kernel", lambda: None)
    same(played, payments_of(agreement, "year", wide.statement(1.0), parties))


@pytest.mark.parametrize("compiled", [False, True])
def test_only_who_minds_is_told_what_comes_at_each_node(compiled: bool) -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["alliance"]
    statement = told(agreement, 5, compiled).statement(1.0)
    parties = len(agreement.signatories.parties)
    every, means = payments_of(agreement, "year", statement, parties)
    some, same_means = payments_of(agreement, "year", statement, parties, [2, 3])
    assert some.keys() == {2, 3} < every.keys()
    same((some, same_means), ({party: every[party] for party in some}, means))


def test_the_kernel_knows_every_step() -> None:
    for step in Step:
        assert getattr(points_kernel, f"_{step.name}") == step


def test_a_contract_that_has_been_played_can_go_to_another_process() -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["unit_price"]
    before = paid(agreement, "year", 13, True, 1.0, False)
    there = pickle.loads(pickle.dumps(agreement))
    assert there.tapes
    same(paid(there, "year", 13, True, 1.0, False), before)


def test_what_asks_for_figures_is_not_recorded() -> None:
    def asks(statement: object) -> tuple[object, None]:
        value = statement.of("started")  # type: ignore[attr-defined]
        return (value if value > 1.0 else -value), None

    assert record(asks, 2, ("started",), {}, 1.0) is None


def test_a_step_that_changes_nothing_is_left_out() -> None:
    def work(statement: object) -> tuple[object, None]:
        value = statement.of("started")  # type: ignore[attr-defined]
        safe = np.where(np.isnan(value), 0.0, value)
        return np.minimum(safe * 1.0 + 0.0, np.inf)[..., 0], None

    made = record(work, 1, ("started",), {}, 1.0)
    assert made is not None
    assert [Step(step[0]) for step in made.tape.code] == [Step.LOAD, Step.STORE]


@pytest.mark.parametrize("name", ["unit_price", "alliance"])
def test_no_step_writes_to_a_register_that_it_reads(name: str) -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()[name]
    paid(agreement, "year", 1, True, 1.0, False)
    ((made, _),) = agreement.tapes.values()
    worked = [step for step in made.tape.code.tolist() if step[0] > Step.STORE]
    worked = [step for step in worked if step[0] != Step.AVERAGE]
    assert len(worked) > 50
    three = (Step.CHOOSE, *range(Step.MULTIPLY_ADD, len(Step)))
    reads = {Step.IS_NAN: 1} | dict.fromkeys(three, 3)
    assert not [step for step in worked if step[1] in step[2 : 2 + reads.get(step[0], 2)]]


def test_two_steps_that_only_follow_on_each_other_are_one() -> None:
    def work(statement: object) -> tuple[object, None]:
        first, second = (statement.of(name)[..., 0] for name in ("started", "completed"))  # type: ignore[attr-defined]
        share = first / second
        safe = np.where(np.isnan(share), 0.0, share)
        return [safe * first + second, second - safe * first, first + second + safe], None

    made = record(work, 1, ("started", "completed"), {}, 1.0)
    assert made is not None
    done = [Step(step[0]) for step in made.tape.code if step[0] not in (Step.LOAD, Step.STORE)]
    # the product is read twice, so it stays by itself
    assert done == [
        Step.DIVIDE,
        Step.CHOOSE_IF_NAN,
        Step.MULTIPLY,
        Step.ADD,
        Step.SUBTRACT,
        Step.ADD_ADD,
    ]


def test_steps_that_are_joined_come_to_the_same() -> None:
    random = np.random.default_rng(4)
    names, figures = tuple(COLUMNS)[:3], random.normal(size=(3, 5))
    figures[:2, 2] = 0.0  # whose quotient is no number

    def work(statement: object) -> tuple[object, None]:
        a, b, c = (statement.of(name)[..., 0] for name in names)  # type: ignore[attr-defined]
        share = a / b
        sums = [a * b + c, c + b * c, c - a * c, b * b - c, a + b + c, a + (c + c)]
        return [*sums, np.where(np.isnan(share), 0.0, share)], None

    made = record(work, 1, names, {}, 1.0)
    assert made is not None
    done = {Step(step) for step in made.tape.code[:, 0].tolist()}
    assert done >= {Step.MULTIPLY_ADD, Step.LESS_PRODUCT, Step.ADD_ADD, Step.CHOOSE_IF_NAN}
    points = figures.shape[1]
    results = np.empty((made.tape.results, 1, points))
    leaves = np.array([[names.index(leaf.column), 0, 0, 0] for leaf in made.tape.leaves])
    points_kernel.play(
        made.tape.code,
        made.tape.constants,
        points_kernel.Figures(
            leaves,
            np.ones((3, 1, 1, 1, points)),
            figures.reshape(3, 1, 1, 1, points),
            np.ones((1, 1, points)),
            np.empty((0, 1, 2, points)),
            np.empty((0, 1, 1, points)),
            1.0,
        ),
        np.empty((made.tape.registers, LANES)),
        results,
        np.empty((0, points)),
    )
    columns = dict(zip(names, figures[..., None, None], strict=True))
    with np.errstate(invalid="ignore"):
        expected, _ = work(Statement(columns, 1.0))
    for found, wanted in zip(made.kept(results[:, 0]), expected, strict=True):  # type: ignore[call-overload]
        np.testing.assert_array_equal(found, wanted)


def test_costs_are_told_as_they_are_claimed() -> None:
    agreement = load(ROOT / "scenarios" / "staying-well.yaml").agreements()["alliance"]
    year = told(agreement, 2, True)
    dearer = Told(year.spread, 2.0 * year.claimed, year.months, year.insisted)
    for name in COSTS:
        if name in year.spread.names:
            twice, once = (each.statement(1.0).of(name) for each in (dearer, year))
            np.testing.assert_allclose(twice, 2.0 * np.asarray(once))
