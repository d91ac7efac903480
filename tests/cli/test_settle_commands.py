"""`alliance settle`, `explain` and `ledger` as a finance team uses them over a year."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator._errors import AllianceError
from simulator.cli.app import app
from tests.conftest import SMALLEST

HEAD = "period,party,measure,value,status\n"
DATED = {  # a fortnight after each ends
    "2026Q1": "2026-07-14",
    "2026Q2": "2026-10-14",
    "2026Q3": "2027-01-14",
    "2026Q4": "2027-04-14",
}


class Desk:
    """A folder with the smallest scenario and what is settled in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "town.yaml"
        self.file.write_bytes(SMALLEST.read_bytes())

    def run(self, *arguments: object) -> str:
        """Give a command and return what it printed."""
        return self.told_with(*arguments)[0]

    def told_with(self, *arguments: object) -> tuple[str, str]:
        """Give a command and return what it printed, and what it said on standard error."""
        words = [str(each) for each in arguments]
        words[1:1] = [str(self.file), "--contract", "alliance"]
        if words[0] == "settle" and "--dated" not in words:
            words += ["--dated", DATED.get(words[words.index("--period") + 1], "2027-04-14")]
        found = CliRunner().invoke(app, words, catch_exceptions=True)
        if isinstance(found.exception, AllianceError):
            raise found.exception
        assert found.exception is None, found.exception
        return found.stdout, found.stderr

    def actuals(self, period: str, north: object, south: object, status: str = "") -> Path:
        file = self.folder / f"{period}.csv"
        rows = [f"{period},{p},cost,{v},{status}" for p, v in (("north", north), ("south", south))]
        file.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
        return file

    def settle(self, period: str, north: object, south: object, **more: str) -> None:
        options = [word for key, value in more.items() for word in (f"--{key}", value)]
        self.run(
            "settle",
            "--period",
            period,
            "--actuals",
            self.actuals(period, north, south),
            "--prepared-by",
            "Ann",
            *options,
        )
        self.run("settle", "--period", period, "--approve", "Bob", "--lock")

    def received(self, *arguments: object) -> Any:
        return json.loads(self.run(*arguments, "--json"))["received_pence"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_year_is_settled_corrected_and_explained(desk: Desk) -> None:
    for quarter, north in enumerate((70_000, 71_000.33, 72_000, 73_000), 1):
        desk.settle(f"2026Q{quarter}", north, "40000.005")
    before = desk.received("ledger")
    # cost 286,000.33 and 160,000.02; underspend 33,999.65, half of it 16,999.825 within the cap
    assert before["north"] == 28_600_033 + 1_062_489
    assert before["south"] == 16_000_002 + 637_494
    assert sum(before.values()) == 0
    late = desk.folder / "late.csv"
    late.write_text(HEAD + '2026Q2,north,cost,"£72,000.33",final\n', encoding="utf-8")
    with pytest.raises(AllianceError, match="2026Q4 is settled already"):
        desk.run("settle", "--period", "2026Q2", "--actuals", late)
    with pytest.raises(AllianceError, match="a correction says why"):
        desk.run("settle", "--period", "2026Q4", "--actuals", late, "--prepared-by", "Ann")
    found = desk.run(
        "settle",
        "--period",
        "2026Q4",
        "--actuals",
        late,
        "--prepared-by",
        "Ann",
        "--why",
        "late invoice",
        "--dated",
        "2027-05-04",
    )
    assert "version 2" in found
    assert "Why: late invoice" in found
    assert "Council pays North £687.50 by 3 June 2027 (correction)." in found
    explained = desk.run("explain", "--period", "2026Q4", "--party", "North")
    assert "North receives £687.50 in all." in explained
    assert "late.csv" in explained
    desk.run("settle", "--period", "2026Q4", "--approve", "Bob", "--lock", "--dated", "2027-05-06")
    after = desk.received("ledger")
    assert after["north"] - before["north"] == 68_750
    names = sorted(file.name for file in (desk.folder / "settlements" / "alliance").glob("0*"))
    assert names == [
        "0001-2026Q1-v1.json",
        "0002-2026Q2-v1.json",
        "0003-2026Q3-v1.json",
        "0004-2026Q4-v1.json",
        "0005-2026Q4-v2.json",
    ]


def test_a_settlement_is_shown_before_it_is_kept(desk: Desk) -> None:
    found = desk.run("settle", "--period", "2026Q1", "--actuals", desk.actuals("2026Q1", 70_000, 1))
    assert "Not kept" in found
    assert not (desk.folder / "settlements").exists()
    assert "North pays Council £5,000.00 by 30 July 2026." in found


def test_the_preparer_does_not_approve(desk: Desk) -> None:
    file = desk.actuals("2026Q1", 70_000, 40_000)
    desk.run("settle", "--period", "2026Q1", "--actuals", file, "--prepared-by", "Ann Lee")
    for approver in ("Ann Lee", "ann  LEE "):
        with pytest.raises(AllianceError, match="cannot approve"):
            desk.run("settle", "--period", "2026Q1", "--approve", approver, "--lock")
    with pytest.raises(AllianceError, match="is not approved"):
        desk.run("settle", "--period", "2026Q1", "--lock")


def test_provisional_figures_settle_a_draft_only(desk: Desk) -> None:
    file = desk.actuals("2026Q1", 70_000, 40_000, status="provisional")
    with pytest.raises(AllianceError, match="provisional figures settle a draft only"):
        desk.run("settle", "--period", "2026Q1", "--actuals", file)
    found = desk.run(
        "settle", "--period", "2026Q1", "--actuals", file, "--draft", "--prepared-by", "Ann"
    )
    assert "2 of its figures are provisional." in found
    with pytest.raises(AllianceError, match="is a draft"):
        desk.run("settle", "--period", "2026Q1", "--approve", "Bob", "--lock")


def test_a_contract_changed_after_preparing_is_not_locked(desk: Desk) -> None:
    file = desk.actuals("2026Q1", 70_000, 40_000)
    desk.run("settle", "--period", "2026Q1", "--actuals", file, "--prepared-by", "Ann")
    text = desk.file.read_text(encoding="utf-8")
    desk.file.write_text(text.replace("cap: 5%", "cap: 6%"), encoding="utf-8")
    with pytest.raises(AllianceError, match="prepare it again"):
        desk.run("settle", "--period", "2026Q1", "--approve", "Bob", "--lock")


def test_what_if_changes_nothing_that_is_kept(desk: Desk) -> None:
    for quarter in range(1, 5):
        desk.settle(f"2026Q{quarter}", 70_000, 40_000)
    kept = desk.run("explain", "--period", "2026Q4", "--party", "south", "--json")
    other = desk.run(
        "explain",
        "--period",
        "2026Q4",
        "--party",
        "south",
        "--what-if",
        "cost.north=+10%",
        "--json",
    )
    # North's 7,000 more take half of it from the share, of which South has 37.5%
    change = json.loads(other)["received_pence"] - json.loads(kept)["received_pence"]
    assert change == round(-0.5 * 7_000 * 0.375 * 100)
    assert json.loads(other)["what_if"] == "cost.north=+10% (70,000 to 77,000)"
    with pytest.raises(AllianceError, match=r"did you mean 'cost\.north'"):
        desk.run("explain", "--period", "2026Q4", "--party", "south", "--what-if", "cost.nort=1")


def test_a_template_asks_for_what_the_contract_needs(desk: Desk) -> None:
    out = desk.folder / "empty.csv"
    said = desk.run("settle", "--period", "2026-27", "--template", out)
    assert "8 figures to fill in, for 2026Q1, 2026Q2, 2026Q3, 2026Q4" in said
    with pytest.raises(AllianceError, match="missing is never nought") as told:
        desk.run("settle", "--period", "2026Q1", "--actuals", out)
    assert "found no figures for 2026Q1" in str(told.value)


def test_rows_of_later_periods_are_told_of(desk: Desk) -> None:
    file = desk.actuals("2026Q1", 70_000, 40_000)
    asked = ("settle", "--period", "2026Q1", "--actuals", file)
    assert desk.told_with(*asked)[1] == ""
    assert json.loads(desk.run(*asked, "--json"))["left_out"] is None
    with file.open("a", encoding="utf-8") as stream:
        stream.write("2026Q4,north,cost,1,\n2026Q3,north,cost,,\n")
    said = "1 row of a later period, 2026Q4, was left out.\n"
    assert desk.told_with(*asked)[1] == said
    with file.open("a", encoding="utf-8") as stream:
        stream.write("2026Q2,north,cost,1,\n")
    output, said = desk.told_with(*asked, "--json")
    assert said == "2 rows of later periods, from 2026Q2, were left out.\n"
    assert json.loads(output)["left_out"] == {"rows": 2, "from": "2026Q2"}


def test_likely_mistakes_are_warned_of_and_settled(desk: Desk) -> None:
    """Who approves is warned, too; the record holds nothing of it."""
    desk.settle("2026Q1", 70_000, 40_000)
    file = desk.actuals("2026Q2", 71, 41_000)
    asked = ("settle", "--period", "2026Q2", "--actuals", file)
    warned = (
        "Warning: 2026Q2.csv, row 2: found 71 for 'cost' of north in 2026Q2, where it was 70,000 "
        "in 2026Q1; amounts are whole units, never thousands; correct the figure if it is written "
        "in thousands\n"
    )
    output, said = desk.told_with(*asked, "--prepared-by", "Ann", "--json")
    assert said == warned
    document = json.loads(output)
    (warning,) = document["warnings"]
    assert warning.pop("what") in warned
    assert warning == {
        "source": "2026Q2.csv, row 2",
        "period": "2026Q2",
        "measure": "cost",
        "party": "north",
        "service": "",
    }
    (kept,) = (desk.folder / "settlements" / "alliance").glob("prepared-*")
    assert "thousands" not in kept.read_text(encoding="utf-8")
    approved = ("settle", "--period", "2026Q2", "--approve", "Bob", "--lock")
    assert desk.told_with(*approved)[1] == warned
    after = ("settle", "--period", "2026Q3", "--actuals", desk.actuals("2026Q3", 70_500, 41_000))
    assert desk.told_with(*after)[1] == "", "what is locked is not told again"
    assert json.loads(desk.run(*after, "--json"))["warnings"] == []


def test_a_first_quarter_in_thousands_is_warned_of(desk: Desk) -> None:
    file = desk.actuals("2026Q1", 70.5, 40)
    said = desk.told_with("settle", "--period", "2026Q1", "--actuals", file)[1]
    assert "found 110.50 for 'cost' of all providers in 2026Q1, where 120,000 is paid on" in said


def test_many_warnings_are_cut_short(desk: Desk) -> None:
    desk.file.write_text(
        desk.file.read_text(encoding="utf-8").replace(
            "contracts:\n", "contracts:\n  people: {terms: [{name: P, measure: started}]}\n"
        ),
        encoding="utf-8",
    )
    file = desk.folder / "months.csv"
    months = [*(f"2026-{month:02}" for month in range(4, 13)), "2027-01", "2027-02", "2027-03"]
    rows = [f"{month},{party},started,1.5," for month in months for party in ("north", "south")]
    file.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    asked = ("settle", "--period", "2026-27", "--contract", "people", "--actuals", file, "--json")
    output, said = desk.told_with(*asked)
    assert len(json.loads(output)["warnings"]) == 24
    assert len(said.splitlines()) == 21
    assert said.endswith("Warning: 4 more figures; --json lists them all.\n")


def test_the_workbook_is_written(desk: Desk) -> None:
    out = desk.folder / "q1.xlsx"
    file = desk.actuals("2026Q1", 70_000, 40_000)
    desk.run("settle", "--period", "2026Q1", "--actuals", file, "--xlsx", out)
    assert out.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("settle", "--period", "2026-05"), "settled by quarter: write --period 2026Q1"),
        (("settle", "--period", "April"), "a month is written 2026-04"),
        (("settle", "--period", "2036Q1"), "the contract runs from 2026-04-01"),
        (("settle", "--period", "2026Q1"), "found no actuals"),
        (("settle", "--period", "2026Q1", "--approve", "Bob"), "nothing is prepared"),
        (("settle", "--period", "2026Q1", "--basis", "ydt"), "allowed is period or ytd"),
        (("settle", "--period", "2026Q1", "--dated", "soon"), "write for example 2026-07-15"),
        (("explain", "--period", "2026Q1", "--party", "north"), "is not settled"),
        (("explain", "--period", "2026Q1", "--party", "west"), "the parties are council"),
    ],
)
def test_what_cannot_be_done_is_told(desk: Desk, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(AllianceError, match=told):
        desk.run(*arguments)


def test_an_empty_ledger_says_so(desk: Desk) -> None:
    assert "Nothing is settled yet." in desk.run("ledger")


def test_what_is_locked_is_shown_again(desk: Desk) -> None:
    desk.settle("2026Q1", 70_000, 40_000)
    first = desk.run("settle", "--period", "2026Q1")
    assert "locked as number 1" in first
    desk.settle("2026Q2", 71_000, 40_000)
    assert desk.run("settle", "--period", "2026Q1") == first, "also when a later one is locked"
    with pytest.raises(AllianceError, match="found no actuals"):
        desk.run("settle", "--period", "2026Q3")
    book = desk.folder / "q1.xlsx"
    desk.run("settle", "--period", "2026Q1", "--xlsx", book)
    assert book.read_bytes()[:2] == b"PK"


def correct(desk: Desk, why: str = "late invoice") -> None:
    late = desk.folder / "late.csv"
    late.write_text(HEAD + "2026Q1,north,cost,70500,final\n", encoding="utf-8")
    asked = ("settle", "--period", "2026Q2", "--actuals", late, "--prepared-by", "Ann")
    desk.run(*asked, "--why", why, "--dated", "2026-11-01")
    desk.run("settle", "--period", "2026Q2", "--approve", "Bob", "--lock", "--dated", "2026-11-02")


def test_a_correction_is_explained_by_old_new_and_difference(desk: Desk) -> None:
    desk.settle("2026Q1", 70_000, 40_000)
    desk.settle("2026Q2", 71_000, 40_000)
    correct(desk)
    found = desk.run("explain", "--period", "2026Q2", "--party", "north")
    assert "Why: late invoice" in found
    assert "- cost of North in 2026Q1: £70,500.00 (late.csv, row 2), settled on £70,000.00" in found
    assert "1 April 2026 to 30 June 2026, correction of 2026Q1" in found
    lines = [line.split() for line in found.splitlines()]
    said = {" ".join(line[1:-5]) for line in lines if len(line) > 6}
    assert any("Correction due now" in " ".join(line) for line in lines), said
    assert "North receives £500.00 in all." in found
    before = desk.run("explain", "--period", "2026Q2", "--version", "1", "--party", "north")
    assert "North receives £71,000.00 in all: −£4,000.00 now, £75,000.00 on account" in before


def test_a_longer_period_is_all_that_was_settled_in_it(desk: Desk) -> None:
    for quarter, north in enumerate((70_000, 71_000), 1):
        desk.settle(f"2026Q{quarter}", north, 40_000)
    correct(desk)
    for quarter in (3, 4):
        asked = ("settle", "--period", f"2026Q{quarter}")
        file = desk.actuals(f"2026Q{quarter}", 70_000, 40_000)
        desk.run(*asked, "--actuals", file, "--prepared-by", "Ann", "--dated", "2027-04-20")
        desk.run(*asked, "--approve", "Bob", "--lock", "--dated", "2027-04-20")
    ledger = desk.received("ledger")
    year = desk.received("settle", "--period", "2026-27")
    assert year == ledger
    for party in ("north", "south", "council"):
        assert desk.received("explain", "--period", "2026-27", "--party", party) == year[party]


def test_a_correction_in_an_ordinary_settlement_says_why(desk: Desk) -> None:
    desk.settle("2026Q1", 70_000, 40_000)
    file = desk.actuals("2026Q2", 70_000, 40_000)
    with file.open("a", encoding="utf-8") as stream:
        stream.write("2026Q1,south,cost,40001,final\n")
    asked = ("settle", "--period", "2026Q2", "--actuals", file)
    shown = desk.run(*asked)
    assert "- cost of South in 2026Q1: £40,001.00" in shown
    with pytest.raises(AllianceError, match=r"£40,001.00 .* settled on £40,000.00 before.*--why"):
        desk.run(*asked, "--prepared-by", "Ann")
    desk.run(*asked, "--prepared-by", "Ann", "--why", "credit note of South")


def test_a_change_that_is_only_tried_says_what_it_makes_of_every_party(desk: Desk) -> None:
    desk.settle("2026Q1", 70_000, 40_000)
    found = desk.run(
        "explain", "--period", "2026Q1", "--party", "north", "--what-if", "cost.north=+1000"
    )
    rows = [line.split() for line in found.splitlines()]
    assert ["Council", "−£110,000.00", "−£111,000.00", "−£1,000.00"] in rows
    assert ["North", "£70,000.00", "£71,000.00", "£1,000.00"] in rows
    assert ["South", "£40,000.00", "£40,000.00", "£0.00"] in rows


def test_the_ledger_says_which_settlement_entered_what(desk: Desk) -> None:
    desk.settle("2026Q1", 70_000, 40_000)
    desk.settle("2026Q2", 71_000, 40_000)
    correct(desk)
    page = desk.folder / "ledger.csv"
    desk.run("ledger", "--csv", page)
    rows = list(csv.DictReader(page.read_text(encoding="utf-8-sig").splitlines()))
    last = rows[-1]
    assert (last["settlement"], last["version"], last["why"]) == ("3", "2", "late invoice")
    assert (last["from_name"], last["to_name"], last["amount"]) == ("Council", "North", "500.0")


def test_a_year_settled_by_its_name_is_its_last_quarter_and_the_year_is_all_of_it(
    desk: Desk,
) -> None:
    for quarter in (1, 2, 3):
        desk.settle(f"2026Q{quarter}", 70_000, 40_000)
    asked = ("settle", "--period", "2026-27")
    file = desk.actuals("2026Q4", 70_000, 40_000)
    desk.run(*asked, "--actuals", file, "--prepared-by", "Ann", "--dated", "2027-04-20")
    assert "settlement of 2026Q4, version 1" in desk.run(*asked), "what is prepared"
    desk.run(*asked, "--approve", "Bob", "--lock", "--dated", "2027-04-20")
    year = desk.run(*asked)
    assert "All that settlements number 1, 2, 3, 4 entered for this time" in year
    assert desk.received(*asked) == desk.received("ledger")
    with pytest.raises(AllianceError, match="number 1, 2, 3, 4; write the workbook of each"):
        desk.run(*asked, "--xlsx", desk.folder / "year.xlsx")
    assert "version 1" in desk.run("settle", "--period", "2026Q4", "--version", "1")


def test_a_period_settled_along_with_a_later_one_is_shown_for_itself(desk: Desk) -> None:
    file = desk.folder / "two.csv"
    rows = [f"2026Q{q},{p},cost,{v}," for q in (1, 2) for p, v in (("north", 7e4), ("south", 4e4))]
    file.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    asked = ("settle", "--period", "2026Q2")
    empty = desk.folder / "empty.csv"
    desk.run(*asked, "--template", empty)
    assert empty.read_text(encoding="utf-8-sig").count("2026Q1") == 2, (
        "what is not settled yet, too"
    )
    shown = desk.run(*asked, "--actuals", file, "--prepared-by", "Ann", "--dated", "2026-10-01")
    assert "Settles 2026Q1 and 2026Q2 together." in shown
    desk.run(*asked, "--approve", "Bob", "--lock", "--dated", "2026-10-01")
    first = desk.received("settle", "--period", "2026Q1")
    assert first["north"] == 7_000_000
    found = desk.run("explain", "--period", "2026Q1", "--party", "north")
    assert "North receives £70,000.00 in all: −£5,000.00 now, £75,000.00 on account" in found
    assert desk.received(*asked)["north"] == 14_000_000


def test_a_year_shows_what_later_settlements_corrected(desk: Desk) -> None:
    for quarter in (1, 2):
        desk.settle(f"2026Q{quarter}", 70_000, 40_000)
    correct(desk)
    found = desk.run("explain", "--period", "2026Q1", "--version", "1", "--party", "north")
    assert "North receives £70,000.00 in all" in found
    half = desk.received("ledger")
    assert half["north"] == 14_050_000
    asked = ("settle", "--period", "2026Q3", "--actuals", desk.actuals("2026Q3", 7e4, 4e4))
    desk.run(*asked, "--prepared-by", "Ann", "--dated", "2027-01-05")
    late = desk.folder / "later.csv"
    late.write_text(HEAD + "2026Q2,south,cost,40600,\n", encoding="utf-8")


def test_a_correction_of_nothing_is_a_correction(desk: Desk) -> None:
    """The share of an underspend was nought; a credit note makes it due."""
    for quarter in (1, 2, 3, 4):
        file = desk.actuals(f"2026Q{quarter}", 75_000, 45_000)
        asked = ("settle", "--period", f"2026Q{quarter}", "--dated", "2027-04-20")
        desk.run(*asked, "--actuals", file, "--prepared-by", "Ann")
        desk.run(*asked, "--approve", "Bob", "--lock")
    late = desk.folder / "credit.csv"
    late.write_text(HEAD + "2026Q1,north,cost,74000,\n", encoding="utf-8")
    asked = ("settle", "--period", "2026Q4", "--dated", "2027-05-20")
    desk.run(*asked, "--actuals", late, "--prepared-by", "Ann", "--why", "credit note")
    found = desk.run("explain", "--period", "2026Q4", "--party", "south")
    assert "correction of 2026Q4" in found
    entered = next(line for line in found.splitlines() if "Entered for 2026Q4 before" in line)
    assert "£0.00" in entered
