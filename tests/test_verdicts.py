"""The shipped worlds show both sides, for the reasons that docs/when-each-wins.md gives."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from simulator.parties.levers import level_of
from simulator.study.files import load
from simulator.study.replicate import Study
from simulator.study.replicator import replicate
from simulator.study.split import Split, splits
from tests.conftest import FULL, ROOT

FUTURES = 200 if FULL else 12
TEXT = (ROOT / "docs" / "when-each-wins.md").read_text(encoding="utf-8")


@cache
def study(name: str) -> Study:
    return replicate(load(ROOT / "scenarios" / f"{name}.yaml"), FUTURES, seed=1)


def split(name: str) -> Split:
    return splits(study(name))["alliance"]


def mean_level(name: str, contract: str, lever: str, provider: int) -> float:
    payers = len(study(name).scenario.commissioners)
    course = study(name).outcomes[contract].course[:, :-1, payers + provider]
    return float(level_of(course, lever).mean())  # type: ignore[arg-type]


def test_the_alliance_wins_where_most_is_lost_between_two() -> None:
    found = split("handing-over")
    assert found.difference.value.mean > 300_000
    assert found.difference.p_worth_more > 0.9
    assert found.difference.cash.mean < 0, "on value, not on cash"
    assert found.without_collaboration.value.mean < 0.6 * found.difference.value.mean
    care = [mean_level("handing-over", each, "hand_over", 0) for each in ("output", "alliance")]
    assert care[0] == pytest.approx(0.02, abs=0.05)
    assert care[1] == pytest.approx(0.50, abs=0.08)


def test_output_contracts_win_where_work_can_be_measured() -> None:
    found = split("measured-work")
    assert found.difference.value.mean < -40_000
    assert found.difference.p_worth_more < 0.1
    assert found.equally_open is not None
    assert found.equally_open.value.mean < found.difference.value.mean
    quality = [mean_level("measured-work", each, "quality", 0) for each in ("output", "alliance")]
    assert quality[0] > quality[1] + 0.05


def test_between_old_partners_the_form_hardly_matters() -> None:
    found = split("old-partners")
    apart = abs(found.difference.value.mean)
    assert apart < 0.25 * abs(split("handing-over").difference.value.mean)
    care = [mean_level("old-partners", each, "hand_over", 0) for each in ("output", "alliance")]
    assert care[0] == pytest.approx(care[1], abs=0.1)
    assert min(care) > 0.7


@pytest.mark.parametrize("name", ["handing-over", "measured-work", "old-partners"])
def test_the_text_tells_what_comes_out(name: str) -> None:
    """The figures in the text are of 200 futures; a few come near them."""
    found = split(name).difference
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}.yaml`"))
    told = [float(cell.split("£")[1].split()[0].replace(",", "")) for cell in row.split("|")[2:4]]
    error = max(found.cash.mc_error or 0.0, found.value.mc_error or 0.0)
    np.testing.assert_allclose(
        [abs(found.cash.mean), abs(found.value.mean)], told, atol=4 * error + 2_000
    )
