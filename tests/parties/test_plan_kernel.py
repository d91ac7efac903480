"""The compiled months of a plan are those of NumPy, beside any other rows and on any processor."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfcx, ndtr

from simulator.contract.statement import COLUMNS, COUNTS, Array
from simulator.parties import plan_kernel
from simulator.parties.by_tape import payments_of
from simulator.parties.conduct import Parties, seen
from simulator.parties.expectation import Expectation, People
from simulator.parties.levers import LEVERS, PLACE
from simulator.parties.plan_kernel import LANES
from simulator.parties.service_plan import Ahead
from simulator.parties.weighing import weighed
from simulator.scenario.world import places, places_at
from simulator.study.files import load
from tests.conftest import ROOT, scenario_from
from tests.parties.screening import scenario_that_screens

# -- random worlds ---------------------------------------------------------------------------------

PARTIES = """
title: Any
starts: 2026-04-01
years: 2
council: {name: Council}
contracts:
  block: {form: block, amount: £0 a year}
baseline: block
"""


@st.composite
def worlds(draw: st.DrawFn) -> str:
    """Return a scenario with any number of providers, services, needs and paths."""
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    providers = [f"p{number}" for number in range(pick(1, 2, 4))]
    services = [f"s{number}" for number in range(pick(1, 2, 3))]
    needs = pick("", NEEDS)  # whoever is handed over is of a need that the other service knows
    text = PARTIES + "providers:\n"
    text += "".join(f"  {name}: {{reserves: £0}}\n" for name in providers)
    text += "services:\n"
    for name in services:
        there = draw(st.lists(st.sampled_from(providers), min_size=1, unique=True))
        workers = ", ".join(f"{who}: {pick(0.5, 2, 6)}" for who in there)
        text += f"""  {name}:
    referrals: {pick(0, 3, 400, 3_000)} a year
    growth: {pick("0%", "5%", "-10%")} a year
    season: {{dec: -20%}}
    workers: {{{workers}}}
    caseload: {pick(2, 12, 40)}
    take_up: {pick("100%", "70%", "0%")}
    lasts: {{mean: {pick("1 week", "12 weeks", "40 weeks")}, {pick(*SHAPES)}}}
    drop_out: {{at_first: {pick("0% a week", "2% a week", "30% a week")}, {pick(*RISES)}}}
    good_outcome: {pick("0%", "40%", "100%")}
    wait_harm: {pick("0%", "1%", "20%", "100%")}
    relapse: {{chance: {pick(*RELAPSES)}, after: {pick("0 days", "20 weeks")}}}
    worker_cost: £1 a year
"""
        if pick(True, False) and "good_outcome: 40%" in text.rsplit("  referrals", 1)[1]:
            text += "    best_outcome: 60%\n"
        text += needs
        text += pick("", "    screens: 30%\n", "    screens: 50%\n") if needs else ""
    pairs = [(one, two) for one in services for two in services if one != two]
    for number, (sender, receiver) in enumerate(pairs[: pick(0, 1, 6)]):
        text += "" if number else "handovers:\n"
        text += f"""  - from: {sender}
    to: {receiver}
    share: {pick("5%", "25%")}
    success: {pick("0%", "60%", "100%")}
    after: {pick("0 days", "3 weeks", "30 weeks")}
    returns: {pick("0%", "20%")}
"""
        if "success: 60%" in text.rsplit("share", 1)[1]:
            text += pick("", "    best_success: 90%\n")
    return text


SHAPES = (
    "shape: fixed",
    "shape: exponential",
    "shape: lognormal",
    "shape: lognormal, variation: 0.2",
    "shape: lognormal, variation: 2",
)
RISES = ("rise: 0% a week", "rise: 3% a week", "rise: 60% a week")
RELAPSES = ("0%", "20%", "20%, best: 5%")
NEEDS = """    needs:
      low: {share: 65%, good_outcome: 60%, lasts: 6 weeks, good_anyway: 20%}
      middle: {share: 10%, good_outcome: 50%, lasts: 1 day}
      high: {share: 25%}
"""


def twins(text: str) -> tuple[Expectation, Expectation]:
    scenario = scenario_from(text)
    found = Expectation(scenario), Expectation(scenario, compiled=False)
    assert [each._compiled is not None for each in found] == [True, False]
    return found


def assert_alike(found: Any, expected: Any) -> None:
    """Hold counts and people of twins together."""
    (counts, people), (others, whom) = found, expected
    for name, values in vars(whom).items():
        assert_close(vars(people)[name], values, name)
    for month, other in zip(counts, others, strict=True):
        assert list(month) == list(other)
        assert list(month) in (
            [*COUNTS, "worker_years"],
            [*COUNTS, "anyway", "worker_years"],
        )
        for name, values in other.items():
            assert_close(month[name], values, name)


def assert_close(found: Array, expected: Array, name: str) -> None:
    assert found.shape == expected.shape, name
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)


@given(worlds(), st.integers(0, 2**32 - 1))
def test_compiled_months_are_those_of_numpy(text: str, seed: int) -> None:
    """With posts, demand and levers that differ by row and by month, from nobody and from there."""
    compiled, plain = twins(text)
    months = scenario_from(text).timetable.months
    random = np.random.default_rng(seed)
    levers = np.zeros((3, 2, plain.providers, len(LEVERS)))
    levers[..., :2] = random.uniform(-2, 2, (*levers.shape[:-1], 2))
    selection = random.choice([-1.0, 0.0, 0.0, 0.3, 1.0, 2.0], levers.shape[:-1])
    levers[..., PLACE["selection"]] = selection
    some = random.choice([0.0, 0.3, 1.0, 1.0, 1.7], (6, 3, 1, plain.providers, plain.services))
    posts = list(plain.posts * some)
    demand = list(random.choice([0.0, 0.5, 1.0, 1.5], (6, 2, plain.services)))
    first = [
        each.months(levers, each.nobody(), months[:6], posts, demand) for each in (compiled, plain)
    ]
    assert_alike(*first)
    rest = [plain.posts] * 18
    later = [
        each.months(levers, people, months[6:], rest, 1.1)
        for each, (_, people) in zip((compiled, plain), first, strict=True)
    ]
    assert_alike(*later)


FLAGSHIP = ROOT / "tests" / "data" / "nobody-decides.yaml"


def of_rows(plan: Expectation, rows: int) -> tuple[Array, Array, list[Array]]:
    """Return levers, demand and posts in each of four months that are different in every row."""
    spread = np.linspace(-1.0, 1.0, rows)
    levers = np.zeros((rows, plan.providers, len(LEVERS)))
    levers[..., 0], levers[..., 1] = spread[:, None], spread[::-1, None]
    demand = np.stack([1.0 + 0.2 * spread, 1.0 - 0.3 * spread], axis=-1)
    posts = plan.posts * (1.0 - 0.5 * np.abs(spread))[:, None, None]
    return levers, demand, [posts, posts, plan.posts, plan.posts]


@pytest.mark.parametrize("screens", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_row_has_the_same_bits_beside_any_others(screens: bool, compiled: bool) -> None:
    """Also where nobody is turned away in it, beside those in which somebody is."""
    scenario = scenario_that_screens() if screens else load(FLAGSHIP)
    plan, months = Expectation(scenario, compiled), scenario.timetable.months[:4]
    rows = 2 * LANES + 7
    levers, demand, posts = of_rows(plan, rows)
    if screens:
        levers[LANES::3, 0, PLACE["selection"]] = 0.7
        demand = demand[:, :1]
    together, people = plan.months(levers, plan.nobody(), months, posts, demand)
    some = slice(LANES - 5, LANES)  # nobody is turned away there
    assert_same_rows(plan, levers, demand, posts, months, some, together, people)
    some = slice(LANES - 5, LANES + 6)
    assert_same_rows(plan, levers, demand, posts, months, some, together, people)


def assert_same_rows(
    plan: Expectation,
    levers: Array,
    demand: Array,
    posts: list[Array],
    months: Any,
    some: slice,
    together: Any,
    people: Any,
) -> None:
    """Hold some rows by themselves against the same rows beside others."""
    parted = [each[some] if each.ndim == 3 else each for each in posts]
    apart, those = plan.months(levers[some], plan.nobody(), months, parted, demand[some])
    for one, other in zip(together, apart, strict=True):
        for name, values in other.items():
            np.testing.assert_array_equal(one[name][some], values, name)
    for name, values in vars(those).items():
        np.testing.assert_array_equal(vars(people)[name][some], values, name)


def test_whom_a_team_without_anybody_turns_away_is_counted() -> None:
    scenario, counted = scenario_that_screens(), []
    for compiled in (True, False):
        plan = Expectation(scenario, compiled)
        plan.needs.screened[:] = 0.5  # at two levels everybody is turned away
        levers = np.zeros((plan.providers, len(LEVERS)))
        levers[0, PLACE["selection"]] = 2.0
        months = scenario.timetable.months[:2]
        found, _ = plan.months(levers, plan.nobody(), months, [plan.posts] * 2)
        counted.append(found)
    for one, other in zip(*counted, strict=True):
        assert one["turned_away"][0].sum() > 0 == one["started"][0].sum()
        for name in ("turned_away", "referred", "started"):
            np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9, err_msg=name)


NINE = "".join(
    f"""  s{number}:
    referrals: {100 + 37 * number} a year
    workers: {{p0: 2, p1: 1}}
    caseload: 13
    lasts: {{mean: 9 weeks, shape: fixed}}
    good_outcome: 40%
    best_outcome: 60%
    worker_cost: £40,000 a year
"""
    for number in range(9)
)


def test_a_plan_has_the_same_bits_beside_any_other_futures() -> None:
    """Also where NumPy adds up over so many services or stages that it takes eight at a time."""
    terms = "{terms: [{form: unit price, price: £240, per: good_outcomes}]}"
    text = PARTIES.replace("{form: block, amount: £0 a year}", terms)
    text += "providers:\n  p0: {reserves: £0}\n  p1: {reserves: £0}\nservices:\n" + NINE
    scenario = scenario_from(text)
    parties, (agreement,) = Parties(scenario), scenario.agreements().values()
    plan, months = parties.expectation, scenario.timetable.months
    levels = np.zeros((4, 3, 3, len(LEVERS)))
    levels[..., 1:, :2] = np.random.default_rng(1).uniform(-1, 1, (4, 3, 2, 2))

    def thought(some: slice) -> list[Array]:
        posts, here = [plan.posts] * 9, levels[some]
        _, people = plan.months(here[:, 0, 1:], plan.nobody(), months[:6], posts[:6])
        outlook = parties.plan(agreement, Ahead(people, months[6:15], posts, {}))(here)
        columns = [view.statement.columns[name] for view in outlook.views for name in COLUMNS]
        lasting = [each for each in columns if each.ndim == 5]
        people = seen(people, people.waited, people.present)
        return [people.served, people.waited, outlook.outcomes, *outlook.costs, *lasting]

    together = thought(slice(None))
    for future in range(4):
        alone = thought(slice(future, future + 1))
        assert len(alone) == len(together) > 3
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one[future], other[0])


def test_what_is_given_stays_as_it_is() -> None:
    scenario = load(FLAGSHIP)
    plan, months = Expectation(scenario), scenario.timetable.months[:4]
    levers, demand, posts = of_rows(plan, 3)
    people = plan.nobody((3,))
    before = {name: values.copy() for name, values in vars(people).items()}
    once = plan.months(levers, people, months, posts, demand)
    again = plan.months(levers, People(**before), months, posts, demand)
    for name, values in before.items():
        np.testing.assert_array_equal(vars(people)[name], values)
    assert_alike(once, again)


def test_no_rows_are_no_figures() -> None:
    scenario = load(FLAGSHIP)
    for compiled in (True, False):
        plan = Expectation(scenario, compiled)
        levers = np.zeros((0, plan.providers, len(LEVERS)))
        months = scenario.timetable.months[:2]
        (first, _), people = plan.months(levers, plan.nobody(), months, [plan.posts] * 2)
        assert first["started"].shape == people.present.shape == (0, 3, 2)


def test_places_are_whole_ones() -> None:
    """As those of the engine are, where 0.1 x 30 is a hair less than 3."""
    scenario = load(FLAGSHIP)
    plan = Expectation(scenario)
    for posts in (0.1, 0.7, 1.0 / 3.0, 2.9):
        held = places_at(np.array(posts), plan.caseload)
        assert held.tolist() == [places(posts, each) for each in plan.caseload]


# -- the kernel itself -----------------------------------------------------------------------------


def test_the_kernel_counts_every_column() -> None:
    assert sorted(plan_kernel.COLUMNS) == sorted((*COUNTS, "anyway", "worker_years"))


@pytest.mark.parametrize("compiled", [True, False])
def test_only_what_is_wanted_is_counted(compiled: bool) -> None:
    scenario = load(FLAGSHIP)
    plan = Expectation(scenario, compiled)
    months = scenario.timetable.months[:3]
    levers = np.zeros((plan.providers, len(LEVERS)))
    posts = [plan.posts] * 3
    every, there = plan.months(levers, plan.nobody(), months, posts)
    wanted = ["anyway", "started", "declined"]
    some, also_there = plan.months(levers, plan.nobody(), months, posts, counted=wanted)
    none, _ = plan.months(levers, plan.nobody(), months, posts, counted=())
    for whole, part in zip(every, some, strict=True):
        assert part.keys() == set(wanted)
        assert all(np.array_equal(part[name], whole[name]) for name in wanted)
    assert none == [{}, {}, {}]
    np.testing.assert_array_equal(there.present, also_there.present)


@numba.njit
def by_lanes(x: Array) -> Array:
    found = np.empty((4, len(x)))
    for place in range(len(x)):
        found[0, place] = plan_kernel._exp(x[place])
        found[1, place] = plan_kernel._exp_less_one(x[place])
        waiting, over = plan_kernel._waiting(1_000.0 + x[place], 1.0, 1_000.0)
        found[2, place] = waiting
        found[3, place] = over
    return found


def test_the_exponential_is_right_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-690, 690, 10_001), np.geomspace(1e-9, 50, 5_000), [0.0]])
    exp, less_one, _, _ = by_lanes(x)
    np.testing.assert_allclose(exp, np.exp(x), rtol=1e-15)
    near = np.abs(x) <= 50
    np.testing.assert_allclose(less_one[near], np.expm1(x[near]), rtol=1e-15, atol=1e-300)


def test_the_normal_distribution_is_right_far_into_its_tail() -> None:
    x = np.linspace(-36, 36, 20_001)
    x = (1_000.0 + x) - 1_000.0  # as the kernel finds it again
    _, _, waiting, over = by_lanes(x)
    np.testing.assert_allclose(over, ndtr(x), rtol=1e-12)
    density = np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    mills = np.where(x < 0, np.sqrt(np.pi / 2) * erfcx(-x / np.sqrt(2)), 0.0)
    expected = np.where(x < 0, density * (1.0 + x * mills), density + x * ndtr(x))
    np.testing.assert_allclose(waiting, expected, rtol=1e-10)


PROBE = f"""
from tests.parties.test_plan_kernel import digest
print(digest({os.fspath(FLAGSHIP)!r}))
"""


def digest(path: str) -> str:
    """Return a fingerprint of a few months of a few rows, and of what a plan makes of them."""
    scenario = load(Path(path))
    plan = Expectation(scenario)
    levers, demand, posts = of_rows(plan, 5)
    levers[...] = 0.0  # they enter by NumPy's exponential, which may differ between processors
    months = scenario.timetable.months[:4]
    found, people = plan.months(levers, plan.nobody(), months, posts, demand)
    arrays = [*(each[name] for each in found for name in COUNTS), *vars(people).values()]
    parties = Parties(scenario)
    for agreement in scenario.agreements().values():
        outlook = parties.plan(agreement, Ahead(plan.nobody(), months, [plan.posts] * 4, {}))(
            np.zeros((2, len(scenario.signatories.parties), len(LEVERS)))
        )
        for view in outlook.views:
            received, means = payments_of(agreement, view.kind, view.statement, 5)
            arrays += [*received.values(), *means.values()]
        arrays += weighed(outlook.costs[3], None, outlook.costs[2], np.zeros(()), True)
    return hashlib.sha256(b"".join(np.ascontiguousarray(each) for each in arrays)).hexdigest()


def told(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_every_month_lies_in_a_period() -> None:
    scenario = load(FLAGSHIP)
    expectation = Expectation(scenario)
    months = scenario.timetable.months[:3]
    levers = np.zeros((expectation.providers, len(LEVERS)))
    with pytest.raises(ValueError, match="one of the periods"):
        expectation.months(
            levers, expectation.nobody(), months, [expectation.posts] * 3, periods=[slice(1, 3)]
        )


def test_interpreted_is_compiled() -> None:
    assert told(PROBE, NUMBA_DISABLE_JIT="1").stdout.strip() == digest(os.fspath(FLAGSHIP))


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """Return where two processes kept what they compiled with indices checked, and what each said.

    To compile takes half a minute, so that it is done once for all that is asked of it.
    """
    code = (
        "from simulator.study.engines import announced_compilation\n"
        "from tests.parties.test_plan_kernel import digest\n"
        "with announced_compilation('compiled', print) as compilation:\n"
        f"    found = digest({os.fspath(FLAGSHIP)!r})\n"
        "print(compilation.seconds > 0)\n"
        "print(found)\n"
    )
    cache = tmp_path_factory.mktemp("cache")
    settings = {"NUMBA_CACHE_DIR": str(cache), "NUMBA_BOUNDSCHECK": "1"}
    return cache, [told(code, **settings).stdout.splitlines() for _ in range(2)]


@pytest.mark.slow
def test_every_index_is_within_its_array(anew: tuple[Path, list[list[str]]]) -> None:
    cache, said = anew
    assert [lines[-1] for lines in said] == [digest(os.fspath(FLAGSHIP))] * 2
    assert list(cache.rglob("*.nbi")), "it was compiled anew"


# -- where Numba is not, and at the first use of it ------------------------------------------------


def test_without_numba_months_are_rolled_by_numpy() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from pathlib import Path\n"
        "from simulator.parties.expectation import Expectation\n"
        "from simulator.study.files import load\n"
        f"plan = Expectation(load(Path({os.fspath(FLAGSHIP)!r})))\n"
        "print(plan.compiled, plan._compiled)\n"
    )
    assert told(code).stdout.split() == ["True", "None"]


def test_the_first_compilation_is_announced_within_a_run(
    anew: tuple[Path, list[list[str]]],
) -> None:
    _, (first, second) = anew
    assert len(first) == 3
    assert first[0].startswith("Compiling the engine for this computer.")
    assert (first[1], second[:-1]) == ("True", ["False"])
