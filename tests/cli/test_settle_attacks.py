"""Clumsy and malicious ways to settle: each is refused in words, and the ledger stays whole."""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from simulator._errors import AllianceError, CheckFailed, RunError, ScenarioError, UsageError
from simulator.cli.app import app
from simulator.study.files import load_signed
from simulator.study.live import LiveContract
from simulator.study.settlements import SettlementStore

ALLIANCE = get_command(app)
CONTRACT = """\
title: Savings
starts: 2026-04-01
years: 2
council: {name: Council}
providers: {north: {name: North}, south: {name: South}}
contracts:
  savings:
    terms:
      - {name: Price, measure: completed, bands: [{rate: £100}], settled: quarterly}
      - {name: Gain, measure: 1000 - total(cost), bands: [{rate: 50%}], split: equal,
         settled: annually}
"""
QUARTERS = ("2026Q1", "2026Q2", "2026Q3", "2026Q4", "2027Q1")
HEADINGS = ("period", "party", "measure", "value")
OVER = "2029-06-30"  # every contract here has ended


class Desk:
    """A folder with a contract, and the commands given in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.file = folder / "contract.yaml"
        self.locked = folder / "settlements" / "savings"
        self.write(CONTRACT)

    def write(self, contract: str) -> None:
        self.file.write_text(contract, encoding="utf-8")

    def actuals(self, name: str, rows: list[tuple[Any, ...]]) -> Path:
        file = self.folder / name
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([HEADINGS, *rows])
        return file

    def quarter(self, period: str, completed: int = 10, cost: float = 99.5) -> Path:
        rows = [
            (period, party, measure, value)
            for party in ("north", "south")
            for measure, value in (("completed", completed), ("cost", cost))
        ]
        return self.actuals(f"{period}.csv", rows)

    def do(self, command: str, *arguments: object) -> str:
        """Give a command, by default when all is over, and return what it printed."""
        self.capsys.readouterr()
        if command == "settle" and "--dated" not in arguments:
            arguments = (*arguments, "--dated", OVER)
        ALLIANCE.main([command, str(self.file), *map(str, arguments)], standalone_mode=False)
        return self.capsys.readouterr().out

    def settle(self, period: str, *arguments: object) -> str:
        return self.do("settle", "--period", period, *arguments)

    def prepare(self, period: str, *arguments: object, by: str = "Ann") -> str:
        file = self.quarter(period)
        return self.settle(period, "--actuals", file, "--prepared-by", by, *arguments)

    def lock(self, period: str, *arguments: object) -> str:
        self.prepare(period, *arguments)
        return self.settle(period, "--approve", "Bob", "--lock")

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.locked.glob("*.json"))}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_the_straight_way(desk: Desk) -> None:
    for period in QUARTERS[:2]:
        assert "not approved yet" in desk.prepare(period)
        approved = desk.settle(period, "--approve", "Bob")
        assert "not locked yet: add --lock" in " ".join(approved.split())
        assert "locked as number" in desk.settle(period, "--lock")
    ledger = json.loads(desk.do("ledger", "--json"))
    assert ledger["reconciles"] is True
    assert ledger["received_pence"] == {"council": -400000, "north": 200000, "south": 200000}
    assert "agrees with" in desk.do("ledger")


def test_one_contract_is_one(desk: Desk) -> None:
    assert "\n1 contract without a world: it can be shown" in desk.do("check")


TAMPERING: dict[str, Callable[[Path], object]] = {
    "edited": lambda file: file.write_bytes(file.read_bytes().replace(b"100000", b"900000")),
    "cut": lambda file: file.write_bytes(b""),
    "renamed": lambda file: file.rename(file.with_name(file.name.replace("-v1", "-v2"))),
    "taken out": lambda file: file.unlink(),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_every_command_sees_tampering(name: str, desk: Desk) -> None:
    desk.lock("2026Q1")
    desk.lock("2026Q2")
    TAMPERING[name](desk.locked / "0001-2026Q1-v1.json")
    for command in (
        ("settle", "--period", "2026Q3", "--actuals", desk.quarter("2026Q3")),
        ("explain", "--period", "2026Q2", "--party", "north"),
        ("ledger",),
    ):
        with pytest.raises(CheckFailed, match=r"0001|number 1 was expected"):
            desk.do(*command)


def test_an_amount_changed_with_its_digest_does_not_reconcile(desk: Desk) -> None:
    """Who makes the last file anew leaves no trace in the chain, but one in the ledger."""
    desk.lock("2026Q1")
    (file,) = desk.locked.glob("0001*.json")
    store = SettlementStore(desk.file, "savings")
    (true,) = store.chain()
    first, *others = true.entries
    false = replace(true, entries=(replace(first, pence=first.pence + 1), *others))
    file.unlink()
    store.lock(false)
    with pytest.raises(CheckFailed, match="does not say what the contract comes to"):
        desk.do("ledger")
    with pytest.raises(CheckFailed, match="cannot be explained"):
        desk.do("explain", "--period", "2026Q1", "--party", "north")


def test_settling_out_of_order(desk: Desk) -> None:
    with pytest.raises(ScenarioError, match="2026Q1 is not settled yet; settle it first"):
        desk.prepare("2026Q2")
    desk.lock("2026Q1")
    desk.lock("2026Q2")
    with pytest.raises(UsageError, match="2026Q2 is settled already; corrections of earlier"):
        desk.prepare("2026Q1")


@pytest.mark.parametrize("again", ["2026Q4", "2026-27"])
def test_settling_again_says_why(again: str, desk: Desk) -> None:
    """A year ends with its last quarter: its name is no way round giving a reason."""
    for period in QUARTERS[:4]:
        desk.lock(period)
    changed = desk.quarter("2026Q4", completed=11)
    asked = ("--actuals", changed, "--prepared-by", "Ann")
    with pytest.raises(UsageError, match="2026Q4 is settled already; a correction says why"):
        desk.settle(again, *asked)
    with pytest.raises(UsageError, match="says why"):
        desk.settle(again, *asked, "--why", "   ")
    assert "version 2" in desk.settle(again, *asked, "--why", "late invoice")
    desk.settle(again, "--approve", "Bob", "--lock")
    assert "0005-2026Q4-v2.json" in desk.files()
    assert json.loads(desk.do("ledger", "--json"))["reconciles"] is True


def test_locking_twice(desk: Desk) -> None:
    desk.lock("2026Q1")
    before = desk.files()
    for asked in (("--lock",), ("--approve", "Bob", "--lock")):
        with pytest.raises(UsageError, match="nothing is prepared for 2026Q1"):
            desk.settle("2026Q1", *asked)
    assert desk.files() == before


def test_a_period_is_not_settled_before_it_ends(desk: Desk) -> None:
    """A first look may be early; what is kept for approval, and so what is locked, may not."""
    early = ("--dated", "2026-06-29")
    said = "--dated: found 2026-06-29; 2026Q1 ends on 30 June 2026, .*; "
    with pytest.raises(UsageError, match=f"{said}add --draft"):
        desk.prepare("2026Q1", *early)
    assert desk.files() == {}
    assert "Not kept" in desk.settle("2026Q1", "--actuals", desk.quarter("2026Q1"), *early)
    assert "Draft" in desk.prepare("2026Q1", "--draft", *early)
    desk.prepare("2026Q1", "--dated", "2026-06-30")
    store = SettlementStore(desk.file, "savings")
    record = store.prepared("2026Q1")
    assert record is not None
    store.save(replace(record, prepared_on=datetime.date(2026, 6, 1)))
    for asked in (("--approve", "Bob"), ("--approve", "Bob", "--lock")):
        with pytest.raises(UsageError, match=f"{said}approve and lock it then"):
            desk.settle("2026Q1", *asked, *early)
    assert list(desk.files()) == ["prepared-2026Q1.json"]
    desk.settle("2026Q1", "--approve", "Bob", "--lock", "--dated", "2026-06-30")
    assert list(desk.files()) == ["0001-2026Q1-v1.json"]


def test_a_year_is_not_settled_before_its_last_quarter_ends(desk: Desk) -> None:
    asked = ("--actuals", desk.quarter("2026Q4"), "--prepared-by", "Ann")
    with pytest.raises(UsageError, match="2026Q4 ends on 31 March 2027"):
        desk.settle("2026-27", *asked, "--dated", "2027-03-30")


def test_what_is_overdue_says_so(desk: Desk) -> None:
    """A payment is due within thirty days of its period, whenever that is settled."""
    for dated, due in (("2026-07-30", " by 30 July 2026"), ("2026-07-31", ", which was due by 30")):
        shown = desk.settle("2026Q1", "--actuals", desk.quarter("2026Q1"), "--dated", dated)
        assert f"Council pays North £1,000.00{due}" in shown
    desk.prepare("2026Q1", "--dated", "2026-07-10")
    locked = desk.settle("2026Q1", "--approve", "Bob", "--lock", "--dated", "2026-08-01")
    assert "Council pays North £1,000.00, which was due by 30 July 2026." in locked


def test_days_run_forwards(desk: Desk) -> None:
    """Neither the next settlement nor a correction is dated before the last one was locked."""
    desk.prepare("2026Q1", "--dated", "2027-04-10")
    desk.settle("2026Q1", "--approve", "Bob", "--lock", "--dated", "2027-04-12")
    said = "--dated: found 2027-03-01; the last settlement was locked on 2027-04-12"
    for period, more in (("2026Q1", ("--why", "late invoice")), ("2026Q2", ())):
        with pytest.raises(UsageError, match=said):
            desk.prepare(period, "--dated", "2027-03-01", *more)
    assert list(desk.files()) == ["0001-2026Q1-v1.json"]
    desk.prepare("2026Q2", "--dated", "2027-04-12")
    store = SettlementStore(desk.file, "savings")
    record = store.prepared("2026Q2")
    assert record is not None
    store.save(replace(record, prepared_on=datetime.date(2027, 2, 1)))
    with pytest.raises(UsageError, match=said):
        desk.settle("2026Q2", "--approve", "Bob", "--lock", "--dated", "2027-03-01")


SAME = (
    "José Ng",
    "JOSÉ NG",
    "  josé   ng ",
    "Jose\u0301 Ng",
    "José\u00a0Ng",
    "José-Ng",
    "José Ng.",
    "Ｊｏｓé Ｎｇ",
    "𝐉osé Ng",
    "José\u3164Ng",
    "José\ufe0f Ng",
)
HIDING = (
    ("J\u043es\u00e9 Ng", "several alphabets"),  # a Cyrillic o
    ("Jos\u00e9\u200b Ng", "control characters"),
    ("Jos\u00e9 \u202eNg", "control characters"),
    ("\u001b[31mBob", "control characters"),
    ("Bob\x00", "control characters"),
    ("Bob\udcff", "control characters"),
    ("x" * 101, "too long"),
    ("x" * 10_000_000, "too long"),
    (" ", "empty"),
    ("--", "empty"),
    ("\u3164", "empty"),
)


def test_nobody_approves_their_own(desk: Desk) -> None:
    desk.prepare("2026Q1", by="José Ng")
    before = desk.files()
    for name in SAME:
        with pytest.raises(CheckFailed, match="prepared the settlement of 2026Q1 and cannot"):
            desk.settle("2026Q1", "--approve", name, "--lock")
    assert desk.files() == before


@pytest.mark.parametrize("option", ["--approve", "--prepared-by"])
def test_names_that_hide_something(option: str, desk: Desk) -> None:
    desk.prepare("2026Q1", by="José Ng")
    before = desk.files()
    more = ("--actuals", desk.quarter("2026Q1")) if option == "--prepared-by" else ()
    for name, said in HIDING:
        with pytest.raises(UsageError, match=said) as caught:
            desk.settle("2026Q1", f"{option}={name}", *more)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 200
    assert desk.files() == before


def test_names_of_all_kinds_are_good(desk: Desk) -> None:
    desk.prepare("2026Q1", by="Bob")
    for name in ("Анна Иванова", "Ann O'Neill-Smith", "田中 花子", "A. N. Other 2"):
        assert f"approved by {name}" in desk.settle("2026Q1", "--approve", name)


@pytest.mark.parametrize("why", ["\x1b[2J", "x" * 501, "line\u2028end\u0007"])
def test_reasons_that_hide_something(why: str, desk: Desk) -> None:
    with pytest.raises(UsageError, match="--why"):
        desk.prepare("2026Q1", f"--why={why}")


def test_a_reason_on_several_lines_becomes_one(desk: Desk) -> None:
    assert "Why: late invoice" in desk.prepare("2026Q1", "--why", "late\n   invoice")


@pytest.mark.parametrize(
    "change",
    [
        ("£100", "£101"),
        ("2026-04-01", "2026-04-02"),
        ("settled: quarterly", "settled: monthly"),
        ("measure: completed", "measure: started"),
        ("50%", "40%"),
    ],
)
def test_a_contract_that_changes_between_preparing_and_locking(
    change: tuple[str, str], desk: Desk
) -> None:
    desk.prepare("2026Q1")
    desk.settle("2026Q1", "--approve", "Bob")
    desk.write(CONTRACT.replace(*change))
    with pytest.raises(
        CheckFailed, match="has changed since the settlement of 2026Q1 was prepared"
    ):
        desk.settle("2026Q1", "--lock")
    assert list(desk.files()) == ["prepared-2026Q1.json"]


@pytest.mark.parametrize(
    "change",
    [
        ("settled: quarterly", "settled: annually"),
        ("measure: completed", "measure: started"),
        ("settled: quarterly", "settled: monthly"),
        ("£100", "£101"),
        ("years: 2", "ends: 2026-05-31"),
    ],
)
def test_a_contract_that_changes_after_locking(change: tuple[str, str], desk: Desk) -> None:
    """What was settled can no longer be worked out, which is said and is no breakdown."""
    desk.lock("2026Q1")
    desk.write(CONTRACT.replace(*change))
    with pytest.raises(CheckFailed, match="the contract's file has changed"):
        desk.do("ledger")
    with pytest.raises((CheckFailed, UsageError)):
        desk.do("explain", "--period", "2026Q1", "--party", "north")
    with pytest.raises((CheckFailed, UsageError)):
        desk.do("explain", "--period", "2026Q1", "--party", "north", "--what-if", "cost.north=+1")
    with pytest.raises(AllianceError):
        desk.settle("2026Q2", "--actuals", desk.actuals("empty.csv", []))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("south: {name: South}", "west: {name: West}"), "holds payments of south"),
        (("2026-04-01", "2027-04-01"), "holds periods before it starts"),
    ],
)
def test_a_contract_beside_another_of_the_same_name(
    change: tuple[str, str], said: str, desk: Desk
) -> None:
    """Two files in one folder would settle on each other's ledger."""
    desk.lock("2026Q1")
    before = desk.files()
    desk.write(CONTRACT.replace(*change))
    for command in (
        ("settle", "--period", "2027Q1", "--actuals", desk.quarter("2027Q1")),
        ("explain", "--period", "2027Q1", "--party", "north"),
        ("ledger",),
    ):
        with pytest.raises(CheckFailed, match=said):
            desk.do(*command)
    assert desk.files() == before


def test_a_new_head_makes_what_was_prepared_stale(desk: Desk) -> None:
    desk.prepare("2026Q1")
    stale = desk.files()["prepared-2026Q1.json"]
    desk.settle("2026Q1", "--approve", "Bob", "--lock")
    (desk.locked / "prepared-2026Q1.json").write_bytes(stale)
    with pytest.raises(CheckFailed, match="prepare it again"):
        desk.settle("2026Q1", "--approve", "Bob", "--lock")
    (desk.locked / "prepared-2026Q2.json").write_bytes(stale)
    with pytest.raises(CheckFailed, match="this is the settlement of 2026Q1"):
        desk.settle("2026Q2", "--approve", "Bob", "--lock")


@pytest.mark.parametrize(
    "change",
    [
        {"approved_by": "ANN"},
        {"approved_by": ""},
        {"prepared_on": None},
        {"number": 2},
        {"previous": "0" * 64},
        {"until": "2026-09-30"},
        {"figures": {}},
        {"entries": ()},
    ],
    ids=str,
)
def test_a_settlement_prepared_by_hand(change: dict[str, Any], desk: Desk) -> None:
    """One who knows the format can write a whole one, but not one that the contract denies."""
    desk.prepare("2026Q1")
    desk.settle("2026Q1", "--approve", "Bob")
    store = SettlementStore(desk.file, "savings")
    record = store.prepared("2026Q1")
    assert record is not None
    if "until" in change:
        change = {"until": datetime.date.fromisoformat(change["until"])}
    store.save(replace(record, **change))
    with pytest.raises(CheckFailed):
        desk.settle("2026Q1", "--lock")
    assert list(desk.files()) == ["prepared-2026Q1.json"]


def test_a_draft_is_never_locked(desk: Desk) -> None:
    desk.prepare("2026Q1", "--draft")
    for asked in (("--approve", "Bob"), ("--lock",), ("--approve", "Bob", "--lock")):
        with pytest.raises(CheckFailed, match="is a draft"):
            desk.settle("2026Q1", *asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--lock", "--why", "x"), "leave out"),
        (("--approve", "Bob", "--prepared-by", "Ann"), "leave out"),
        (("--approve", "Bob", "--draft"), "leave out"),
        (("--version", "3"), "the locked versions of this period are: none"),
        (("--version", "1", "--lock"), "leave the other options out"),
        (("--dated", "2026-13-01"), "--dated"),
        (("--dated", "9999-12-31", "--lock"), "--dated"),
        (("--dated", "0001-01-01", "--lock"), "--dated"),
        (("--approve", "Bob", "--dated", "2020-01-01"), "was prepared on"),
        (("--basis", "YTD"), "--basis"),
        (("--contract", "saving"), "did you mean 'savings'"),
        (("--contract", "../savings"), "the contracts are savings"),
    ],
)
def test_options_that_do_not_go_together(asked: tuple[str, ...], said: str, desk: Desk) -> None:
    desk.prepare("2026Q1")
    with pytest.raises(UsageError, match=said):
        desk.settle("2026Q1", *asked)


@pytest.mark.parametrize("change", ["nan", "inf", "1e400", "+nan%", "", "lots", "-inf"])
def test_a_change_that_is_no_number(change: str, desk: Desk) -> None:
    desk.prepare("2026Q1")
    with pytest.raises(UsageError, match="--what-if"):
        desk.do(
            "explain", "--period", "2026Q1", "--party", "north", "--what-if", f"cost.north={change}"
        )


def test_a_workbook_that_cannot_be_written_hides_no_lock(desk: Desk) -> None:
    desk.prepare("2026Q1")
    desk.capsys.readouterr()
    asked = f"settle --period 2026Q1 --approve Bob --lock --dated {OVER}"
    place = desk.folder / "folder.xlsx"
    place.mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        ALLIANCE.main([*asked.split(), "--xlsx", str(place), str(desk.file)], standalone_mode=False)
    assert "locked as number 1" in desk.capsys.readouterr().out


def test_what_is_kept_is_never_written_over(desk: Desk) -> None:
    desk.lock("2026Q1")
    before, contract = desk.files(), desk.file.read_bytes()
    locked = desk.locked / "0001-2026Q1-v1.json"
    for file in (
        locked,
        desk.file,
        desk.locked / "0002-2026Q2-v1.json",
        desk.folder / "x/../" / desk.file.name,
    ):
        for command in (
            ("ledger", "--csv", file),
            ("settle", "--period", "2026Q2", "--actuals", desk.quarter("2026Q2"), "--xlsx", file),
            ("settle", "--period", "2026Q2", "--template", file),
        ):
            with pytest.raises(UsageError, match="is never written over"):
                desk.do(*command)
    assert (desk.files(), desk.file.read_bytes()) == (before, contract)


def test_files_of_another_ending_are_refused_before_anything_is_done(desk: Desk) -> None:
    desk.prepare("2026Q1")
    before = sorted(desk.folder.rglob("*"))
    for said, command in (
        (r"--xlsx .*q1.csv: found the ending '.csv'; the file ends in .xlsx", ("settle", "--xlsx")),
        (r"--template .*q1.xls: found the ending '.xls'", ("settle", "--template")),
        (r"--csv .*q1.xlsx: .*; write for example --csv .*q1.csv", ("ledger", "--csv")),
        (r"--csv .*q1: found no ending; the file ends in .csv", ("ledger", "--csv")),
    ):
        file = desk.folder / re.findall(r"q1[.a-z]*", said)[0]
        more = ("--period", "2026Q1", "--approve", "Bob", "--lock") if "settle" in command else ()
        with pytest.raises(UsageError, match=said):
            desk.do(*command, file, *more)
    assert sorted(desk.folder.rglob("*")) == before
    desk.settle("2026Q1", "--approve", "Bob", "--lock", "--xlsx", desk.folder / "Q1.XLSX")
    assert (desk.folder / "Q1.XLSX").read_bytes()[:2] == b"PK"


def test_what_is_read_is_never_written_over(desk: Desk) -> None:
    """Neither the contract's parent, nor the actuals, nor the settlements of any other file."""
    parent = desk.folder / "parent.yaml"
    parent.write_text(CONTRACT, encoding="utf-8")
    desk.write("extends: parent.yaml\ntitle: Savings of our own\n")
    actuals = desk.quarter("2026Q1")
    other = desk.folder / "elsewhere" / "Settlements" / "of" / "others.xlsx"
    other.parent.mkdir(parents=True)
    link = desk.folder / "link.xlsx"
    os.link(actuals, link)
    kept = {file: file.read_bytes() for file in (desk.file, parent, actuals)}
    for file, why in (
        (parent, "the contract is read from it"),
        (actuals, "the actuals are read from it"),
        (link, "the actuals are read from it"),
        (other, "a folder 'settlements' is kept for good"),
    ):
        with pytest.raises(UsageError, match=f"is never written over: .*{why}"):
            desk.settle("2026Q1", "--actuals", actuals, "--xlsx", file)
    assert {file: file.read_bytes() for file in kept} == kept
    assert not other.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_into_the_settlements_is_followed(desk: Desk) -> None:
    desk.lock("2026Q1")
    (desk.folder / "out").symlink_to(desk.locked)
    with pytest.raises(UsageError, match="is kept for good"):
        desk.do("ledger", "--csv", desk.folder / "out" / "ledger.csv")


def test_formulas_stay_words(desk: Desk) -> None:
    desk.write(CONTRACT.replace("name: Price", "name: '=HYPERLINK(\"x\")', clause: '@SUM(A1)'"))
    desk.lock("2026Q1")
    page = desk.folder / "ledger.csv"
    desk.do("ledger", "--csv", page)
    rows = list(csv.reader(page.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1][9:11] == ['\'=HYPERLINK("x")', "'@SUM(A1)"]
    document = json.loads(desk.do("ledger", "--json"))
    assert document["entries"][0]["term"] == '=HYPERLINK("x")', "a program gets it as it is"


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_the_name_of_a_file_steers_no_terminal(desk: Desk) -> None:
    file = desk.quarter("2026Q1")
    for name in ("a\x1b[2J.csv", "a\nb.csv", os.fsdecode(b"a\xff.csv")):
        odd = desk.folder / name
        try:
            odd.write_bytes(file.read_bytes())
        except OSError:  # a file system of another opinion
            continue
        desk.settle("2026Q1", "--actuals", odd, "--prepared-by", "Ann")
        assert "\x1b" not in desk.do("explain", "--period", "2026Q1", "--party", "north")
        odd.write_text("period,measure,value\nnever,cost,1\n", encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            desk.settle("2026Q1", "--actuals", odd)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: None, "there is no such file; actuals are a CSV file; correct the name"),
        (lambda file: file.mkdir(), "this is a directory; actuals are a CSV file; name a CSV file"),
        (lambda file: file.write_bytes(b"a,b\n" * 13_000_000), "the file has more than 50 MB"),
        (lambda file: file.write_bytes(b"a,b\n" * 200_001), "found more than 200,000 rows"),
        (lambda file: file.write_bytes(b"a," * 5_000_000), "found 5,000,000 columns"),
        (lambda file: file.write_bytes(b'"' + b"a\n" * 500), "a quotation mark that does"),
        (lambda file: file.write_bytes(b"\n" * 500_000), "the file is empty"),
        (lambda file: file.write_bytes(b"a" * 5_000_000), "found a cell of more than 131,072"),
    ],
    ids=["none", "folder", "bytes", "rows", "columns", "quote", "blank rows", "cell"],
)
def test_files_of_a_wrong_kind(make: Callable[[Path], object], said: str, desk: Desk) -> None:
    file = desk.folder / "actuals.csv"
    make(file)
    try:
        with pytest.raises(ScenarioError) as caught:
            desk.settle("2026Q1", "--actuals", file)
        assert said in str(caught.value)
        assert len(str(caught.value)) < 1_000
    finally:
        if file.is_file():
            file.unlink()  # pytest keeps its folders for a while


def test_a_large_file_full_of_mistakes_is_told_in_good_time(desk: Desk) -> None:
    rows = [("2026Q1", "nrth", "cost", index) for index in range(50_000)]
    with pytest.raises(ScenarioError) as caught:
        desk.settle("2026Q1", "--actuals", desk.actuals("large.csv", rows))
    assert len(caught.value.problems) == 1_000


def test_a_large_file_that_is_good(desk: Desk) -> None:
    file = desk.quarter("2026Q1")
    with file.open("a", encoding="utf-8") as stream:
        stream.write(",,,\n" * 250_000)  # what a spreadsheet keeps of formatted rows
    assert "All parties together: £0.00" in desk.settle("2026Q1", "--actuals", file)


ODD = {
    "mid-month": ("starts: 2026-04-17\nyears: 1\n", ("north", "south"), "quarterly"),
    "one month": ("starts: 2026-05-01\nends: 2026-05-31\n", ("north",), "quarterly"),
    "two days": ("starts: 2026-05-31\nends: 2026-06-01\n", ("north",), "monthly"),
    "to 29 February": ("starts: 2027-10-01\nends: 2028-02-29\n", ("north", "south"), "monthly"),
    "from 29 February": ("starts: 2028-02-29\nyears: 1\n", ("north",), "annually"),
    "three of each": ("starts: 2026-07-01\nyears: 1\n", ("north", "south", "west"), "quarterly"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_terms_settle_from_end_to_end(name: str, desk: Desk) -> None:
    """A template is filled in for each period, which is settled and locked; then all is paid."""
    term, providers, settled = ODD[name]
    several = len(providers) == 3
    payers = {"council": 100} if not several else {"council": 50, "icb": 30, "fund": 20}
    services = ["support", "advice", "visits"] if several else ["all"]
    commissioners = ", ".join(
        f"{key}: {{name: {key.title()}" + (f", funds: {share}%}}" if several else "}")
        for key, share in payers.items()
    )
    desk.write(
        f"title: Odd\n{term}commissioners: {{{commissioners}}}\n"
        f"providers: {{{', '.join(f'{each}: {{}}' for each in providers)}}}\n"
        f"services: [{', '.join(services)}]\n"
        "contracts:\n  savings:\n    terms:\n"
        "      - {name: Price, measure: completed, bands: [{rate: £33.335}], "
        f"settled: {settled}}}\n"
        "      - {name: Gain, measure: 1000 - total(cost), bands: [{rate: 50%}], split: equal,\n"
        "         settled: at the end}\n"
        + (
            "      - {name: Advice, measure: completed.advice, bands: [{rate: £10}], "
            "settled: quarterly}\n"
            if several
            else ""
        )
    )
    live = LiveContract.of(load_signed(desk.file), None)
    (*_, end) = live.signed.timetable.periods(live.grain)
    for period in live.names_until(end):
        blank = desk.folder / f"{period}.csv"
        desk.settle(period, "--template", blank)
        with blank.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        value = rows[0].index("value")
        for index, row in enumerate(rows[1:]):
            row[value] = f"{7 * index + 0.25:.2f}"
        with blank.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows(rows)
        desk.settle(period, "--actuals", blank, "--prepared-by", "Ann")
        desk.settle(period, "--approve", "Bob", "--lock")
    for party in (*payers, *providers):
        asked = ("--period", period, "--party", party, "--json")
        explained = json.loads(desk.do("explain", *asked))
        parts = sum(section["pence"] for section in explained["sections"])
        assert parts == explained["received_pence"]
    ledger = json.loads(desk.do("ledger", "--json"))
    assert ledger["reconciles"] is True
    assert sum(ledger["received_pence"].values()) == 0
    assert len(ledger["settlements"]) == len(live.names_until(end))


def test_two_parties_of_one_name(desk: Desk) -> None:
    desk.write(CONTRACT.replace("South}", "North}"))
    desk.lock("2026Q1")
    with pytest.raises(UsageError, match="several are called; write an identifier"):
        desk.do("explain", "--period", "2026Q1", "--party", "North")
    for party in ("north", "south"):
        assert "receives" in desk.do("explain", "--period", "2026Q1", "--party", party)


def test_a_contract_that_needs_no_figures(desk: Desk) -> None:
    desk.write(
        CONTRACT.replace("measure: completed, bands: [{rate: £100}]", "measure: 12000 * years")
        .replace("1000 - total(cost), bands: [{rate: 50%}]", "500 * years")
        .replace("Price,", "Price, split: equal,")
    )
    desk.settle("2026Q1", "--actuals", desk.actuals("none.csv", []), "--prepared-by", "Ann")
    desk.settle("2026Q1", "--approve", "Bob", "--lock")
    ledger = json.loads(desk.do("ledger", "--json"))
    assert ledger["received_pence"]["council"] == -300000


def test_a_change_of_the_contract_that_corrects_says_why(desk: Desk) -> None:
    desk.lock("2026Q1")
    desk.write(CONTRACT.replace("£100", "£101"))
    asked = ("--actuals", desk.quarter("2026Q2"), "--prepared-by", "Ann")
    with pytest.raises(UsageError, match="the contract has changed, which corrects what was"):
        desk.settle("2026Q2", *asked)
    desk.settle("2026Q2", *asked, "--why", "varied by agreement")


def test_a_link_to_the_contract_leads_to_the_same_settlements(desk: Desk) -> None:
    desk.lock("2026Q1")
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "contract.yaml"
    try:
        link.symlink_to(desk.file)
    except OSError:
        pytest.skip("links are not allowed here")
    assert len(SettlementStore(link, "savings").chain()) == 1
