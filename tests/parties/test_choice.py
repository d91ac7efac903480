"""The parts of a choice add up to what a party goes by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.parties.choice import choices
from simulator.parties.conduct import Decided
from simulator.parties.policies import Manner
from simulator.parties.review import Standing, began, review
from simulator.report.choice_text import choice_document, choice_text
from tests.parties.small import COLUMNS, game_of, plan_of, relation_of, stakes_of

PRICE = {
    "name": "Price",
    "measure": "completed",
    "bands": [{"rate": "£0.5"}],
    "assessed": "year",
}
BONUS = {
    "name": "Bonus",
    "measure": "total(good_outcomes)",
    "bands": [{"rate": "£0.5"}],
    "split": "equal",
    "assessed": "year",
}


def decided(notice: float = 0.3, trust: float = 0.5, manner: Manner = "by trust") -> Decided:
    stakes = stakes_of(
        2, 2, 1.2, mission=np.array([1.0, 0.1, 0.2]), risk_aversion=np.array([0.0, 0.2, 0.1])
    )
    game = game_of([PRICE, BONUS], plan_of(2, 2, 0.5), stakes, relation_of(2, notice))
    game = replace(game, manners=(manner,) * 3)
    start = began(stakes, trust * (1 - np.eye(3)))
    before = Standing(*(np.asarray(each)[None] for each in vars(start).values()))
    return Decided(game, before, review(game, before, 5), 5, 12)


def test_the_parts_add_up_to_the_slope_it_follows() -> None:
    found = decided()
    slope = found.game.incentives(found.before.own).own
    for party in (1, 2):
        for choice in choices(found, party):
            parts = choice.money + choice.mission + choice.risk + choice.solvency
            assert parts == pytest.approx(float(slope[0, party, choice.lever]), abs=1e-9)


def test_the_effective_share_is_what_it_keeps_of_what_all_gain() -> None:
    quality = choices(decided(), 1)[COLUMNS.index("good_outcomes")]
    assert quality.by_term == pytest.approx({"Bonus": 0.25}), "half of the pool"
    assert quality.together == pytest.approx(1.2)
    assert quality.effective_share == pytest.approx(0.25 / 1.2)


def test_trust_carries_it_from_its_own_best_to_the_best_for_all() -> None:
    for trust in (0.0, 0.5, 1.0):
        found = decided(trust=trust)
        for choice in choices(found, 2):
            between = choice.own + choice.carried * (choice.joint - choice.own)
            assert choice.after == pytest.approx(between)
            assert (choice.carried > 0) == (trust > 0)
            assert choice.carried == pytest.approx(choice.trust * choice.holds)
            (told,) = choice_document([choice])
            assert told["trust"] * told["holds"] == pytest.approx(told["carried"])
        said = choice_text("Here", "South", choices(found, 2), "£")
        assert "Trust in the others" in said
        assert "Held to its word" in said


def test_a_share_of_hardly_any_gain_is_not_told() -> None:
    (choice, *_) = choices(decided(), 1)
    paid = {"Price": 10.0}
    cases = ((100.0, "10%"), (2.0, "500%"), (1.9, "hardly any gain"), (0.0, "no gain"))
    for together, told in cases:
        for sign in (1.0, -1.0):
            by_term = {name: sign * amount for name, amount in paid.items()}
            each = replace(choice, by_term=by_term, own_cost=0.0, together=together)
            assert (each.effective_share is None) == ("gain" in told)
            shown = told if sign > 0 or "gain" in told else f"\N{MINUS SIGN}{told}"
            assert shown in choice_text("Here", "South", [each], "£")


@pytest.mark.parametrize(
    ("manner", "told"),
    [
        ("never", "It looks to its own advantage"),
        ("always", "It does what is best for all"),
        ("in kind", "It answers in kind"),
        ("as others do", "It does what the others did last"),
    ],
)
def test_who_does_not_go_by_trust_is_not_said_to(manner: Manner, told: str) -> None:
    found = choices(decided(manner=manner), 2)
    said = " ".join(choice_text("Here", "South", found, "£").split())
    assert told in said
    assert "rust" not in said
    assert all(each["trust"] is None for each in choice_document(found))
    for each in found:
        if manner == "never":
            assert each.after == pytest.approx(each.own)
        if manner == "always":
            assert each.after == pytest.approx(each.joint)
