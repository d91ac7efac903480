"""The ledger: every payment once, on both sides, and what is still to be entered."""

from __future__ import annotations

import datetime
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.live.ledger import Entry, balances, entries_of, outstanding
from simulator.contract.live.pence import received_by
from simulator.contract.term import Term

ACCOUNTS = ("council", "icb", "north", "south", "west")
DAY = datetime.date(2026, 6, 30)
TODAY = datetime.date(2026, 11, 2)
TERM = Term.model_validate({"name": "Price", "measure": "completed", "clause": "2.1"})


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Return payments of some periods, with repeats and payments both ways among them."""
    made = []
    for _ in range(draw(st.integers(0, 12))):
        payer, payee = draw(st.permutations(ACCOUNTS))[:2]
        month = draw(st.integers(1, 6))
        day = datetime.date(2026, month + 4, 1) - datetime.timedelta(1)
        made.append(
            Entry(
                day,
                day,
                payer,
                payee,
                draw(st.integers(1, 10**6)),
                draw(st.sampled_from(["Price", "Gain"])),
                "",
                f"2026-{month + 3:02}",
                draw(st.sampled_from(["on account", "settlement"])),
            )
        )
    return made


FLOWS = st.dictionaries(
    st.permutations(ACCOUNTS).map(lambda names: (names[0], names[1])), st.integers(-(10**6), 10**6)
)


@given(FLOWS)
def test_there_is_one_entry_for_each_two_parties(flows: dict[tuple[str, str], int]) -> None:
    made = list(entries_of(flows, TERM, "2026Q1", "settlement", DAY, DAY))
    assert balances(made) == {
        name: pence
        for name, pence in zip(ACCOUNTS, received_by(flows, ACCOUNTS), strict=True)
        if pence or any(name in (entry.payer, entry.payee) for entry in made)
    }
    assert len(made) == sum(pence != 0 for pence in flows.values())
    assert all(entry.pence > 0 and entry.payer != entry.payee for entry in made)
    assert {(entry.term, entry.clause, entry.period) for entry in made} <= {
        ("Price", "2.1", "2026Q1")
    }


def test_who_owes_pays_and_nobody_else() -> None:
    flows = {("council", "north"): -300, ("council", "south"): 500, ("icb", "south"): 0}
    made = entries_of(flows, TERM, "2026Q1", "settlement", DAY, DAY)
    assert [(entry.payer, entry.payee, entry.pence) for entry in made] == [
        ("north", "council", 300),
        ("council", "south", 500),
    ]


@given(entries())
def test_balances_sum_to_nought(made: list[Entry]) -> None:
    assert sum(balances(made).values()) == 0


def by_key(made: list[Entry]) -> dict[tuple[str, str, str, str], int]:
    """Return the net payment between each two parties, by period and term."""
    total: dict[tuple[str, str, str, str], int] = {}
    for entry in made:
        first, second = sorted((entry.payer, entry.payee))
        key = entry.is_on_account, entry.period, entry.term, first, second
        total[key] = total.get(key, 0) + (entry.pence if entry.payer == first else -entry.pence)
    return {key: pence for key, pence in total.items() if pence}


@given(entries(), entries(), st.integers(3, 10))
def test_what_is_outstanding_and_entered_is_what_is_due(
    due: list[Entry], entered: list[Entry], month: int
) -> None:
    until = datetime.date(2026, month + 1, 1) - datetime.timedelta(1)
    entered = [entry for entry in entered if entry.date <= until]
    missing = outstanding(due, entered, until, TODAY, TODAY)
    assert by_key([*entered, *missing]) == by_key(due)
    for entry in missing:
        assert entry.pence > 0
        is_correction = entry.kind in ("true-up", "true-up on account")
        assert is_correction == (entry not in due)
        if is_correction:
            assert (entry.date, entry.pay_by) == (TODAY, TODAY)
    later = [entry for entry in due if entry.date > until]
    assert missing[len(missing) - len(later) :] == later


@given(entries(), entries())
def test_corrections_are_not_made_twice(due: list[Entry], entered: list[Entry]) -> None:
    until = datetime.date(2026, 12, 31)
    once = outstanding(due, entered, until, TODAY, TODAY)
    assert outstanding(due, [*entered, *once], until, TODAY, TODAY) == []
    # and a correction taken back leaves the ledger as it was before it
    back = outstanding(entered, [*entered, *once], until, TODAY, TODAY)
    assert by_key([*once, *back]) == {}


@given(entries())
def test_what_agrees_needs_nothing(made: list[Entry]) -> None:
    until = datetime.date(2026, 12, 31)
    assert outstanding(made, made, until, TODAY, TODAY) == []
    assert outstanding(made, [], datetime.date.min, TODAY, TODAY) == made


def test_a_true_up_has_the_clause_as_it_is_now() -> None:
    old = Entry(DAY, DAY, "council", "north", 500, "Price", "2.1", "2026Q1", "settlement")
    new = replace(old, pence=200, clause="2.2")
    (correction,) = outstanding([new], [old], DAY, TODAY, TODAY)
    assert correction == Entry(
        TODAY, TODAY, "north", "council", 300, "Price", "2.2", "2026Q1", "true-up"
    )
