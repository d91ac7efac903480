"""Parents, files side by side and settings: which value wins, and where a mistake is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator._errors import ScenarioError, UsageError
from simulator.scenario.yaml_text import Document
from simulator.study.files import load, read_documents

Write = Callable[[str, str], None]


@pytest.fixture
def write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smallest_text: str
) -> Callable[[str, str], None]:
    """Work in a folder with the smallest scenario in 'base.yaml'; return how to add files."""
    monkeypatch.chdir(tmp_path)

    def add(name: str, text: str) -> None:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    add("base.yaml", smallest_text)
    return add


def at(document: Document, path: str) -> object:
    found: object = document.tree
    for part in path.split("."):
        assert isinstance(found, dict)
        found = found[part]
    return found


def problems_of(*files: str, settings: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(files, settings)
    return str(caught.value).splitlines()


# a parent


def test_a_child_lies_over_its_parent_and_a_grandchild_over_both(write: Write) -> None:
    write("child.yaml", "extends: base.yaml\nyears: 4\nservices:\n  support:\n    caseload: 30\n")
    write("grandchild.yaml", "extends: child.yaml\nservices: {support: {caseload: 25}}\n")
    document = read_documents("grandchild.yaml")
    assert at(document, "services.support.caseload") == 25
    assert at(document, "years") == 4
    assert at(document, "services.support.lasts") == "13 weeks"
    path = ("services", "support", "caseload")
    assert document.place(path) == ("grandchild.yaml", 2, 32)
    assert document.place_of_key(path) == ("grandchild.yaml", 2, 22)
    assert document.place(("years",)) == ("child.yaml", 2, 8)
    assert document.place(("services", "support", "lasts")) == ("base.yaml", 13, 12)
    assert "extends" not in document.tree
    assert load("grandchild.yaml").services["support"].caseload == 25


def test_a_list_replaces_a_list(write: Write) -> None:
    text = "  - {from: support, to: support, share: 10%, success: 70%}\n"
    write("parent.yaml", "extends: base.yaml\nhandovers:\n" + 2 * text)
    write("child.yaml", "extends: parent.yaml\nhandovers:\n" + text)
    document = read_documents("child.yaml")
    handovers = at(document, "handovers")
    assert isinstance(handovers, list)
    assert len(handovers) == 1
    assert document.place(("handovers", 0, "to")) == ("child.yaml", 3, 25)
    assert ("handovers", 1) not in document.values, "nothing remains of what was replaced"


def test_a_number_with_evidence_comes_whole(write: Write) -> None:
    evidence = "{value: 35, range: [30, 40], source: our records, evidence: C}"
    write("parent.yaml", f"extends: base.yaml\nservices: {{support: {{caseload: {evidence}}}}}\n")
    write("child.yaml", "extends: parent.yaml\nservices: {support: {caseload: {value: 50}}}\n")
    document = read_documents("child.yaml")
    # the records say 35; they do not vouch for 50
    assert at(document, "services.support.caseload") == {"value": 50}
    caseload = load("child.yaml").services["support"].caseload
    assert caseload.evidence is not None
    assert (caseload.evidence.source, caseload.evidence.low) == ("", None)


def test_evidence_can_be_added_to_a_parents_evidence(write: Write) -> None:
    write("parent.yaml", "extends: base.yaml\nyears: {value: 5, source: the tender}\n")
    write("child.yaml", "extends: parent.yaml\nyears: {evidence: A}\n")
    expected = {"value": 5, "source": "the tender", "evidence": "A"}
    assert expected == at(read_documents("child.yaml"), "years")


def test_a_contract_of_another_form_comes_whole(write: Write) -> None:
    write(
        "child.yaml",
        "extends: base.yaml\ncontracts: {output: {form: block, amount: £400,000 a year}}\n",
    )
    expected = {"form": "block", "amount": "£400,000 a year"}
    assert expected == at(read_documents("child.yaml"), "contracts.output")
    assert {"output", "alliance"} == set(load("child.yaml").contracts)


def test_a_contract_of_the_same_form_is_changed_in_part(write: Write) -> None:
    form = "{form: unit price, price: £500}"
    write("child.yaml", f"extends: base.yaml\ncontracts: {{output: {form}}}\n")
    expected = {"form": "unit price", "price": "£500", "per": "completed"}
    assert expected == at(read_documents("child.yaml"), "contracts.output")


def test_a_child_can_take_a_value_away(write: Write) -> None:
    write("child.yaml", "extends: base.yaml\nyears:\nends: 2030-03-31\n")
    assert load("child.yaml").timetable.days == 4 * 365 + 1


def test_a_mistake_is_told_where_it_was_made(write: Write) -> None:
    write("parent.yaml", "extends: base.yaml\n\ncurrency: €\nbaseline: nothing\n")
    write("child.yaml", "extends: parent.yaml\nvat_rate: high\ncurrency: £\n")
    expected = [
        "child.yaml:2:11: vat_rate: found 'high'; a share is a percentage or a number from 0 to 1; "
        "write for example '45%' or 0.45",
        "parent.yaml:4:11: baseline: found 'nothing'; the contracts are output, alliance; "
        "name one of them, or add it",
    ]
    assert expected == problems_of("child.yaml")


def test_a_parent_is_named_relative_to_its_child(write: Write) -> None:
    write("deep/child.yaml", "extends: ../base.yaml\nyears: 3\n")
    assert load("deep/child.yaml").years == 3


@pytest.mark.parametrize("value", ["[base.yaml]", "", "{a: b}", "5", "true"])
def test_a_parent_is_one_file_name(value: str, write: Write) -> None:
    write("child.yaml", f"title: x\nextends: {value}\n")
    (problem,) = problems_of("child.yaml")
    assert problem.startswith("child.yaml:2:")
    assert "found something that is not a file name" in problem


def test_a_circle_is_told_where_it_closes(write: Write) -> None:
    write("one.yaml", "extends: two.yaml\n")
    write("two.yaml", "extends: three.yaml\n")
    write("three.yaml", "title: x\nextends: one.yaml\n")
    expected = (
        "three.yaml:2:10: extends: found 'one.yaml', which extends this file in turn; 'extends' "
        "names one scenario file, relative to this one; break the circle"
    )
    assert [expected] == problems_of("one.yaml")


# side by side


def test_files_side_by_side_add_to_each_other(write: Write) -> None:
    write("demand.yaml", "services:\n  support:\n    growth: 2% a year\n    take_up: 80%\n")
    write("risks.yaml", "risks: {surge: {chance: 10% a year, demand: +20%, lasts: 1 month}}\n")
    scenario = load(["base.yaml", "demand.yaml", "risks.yaml"])
    assert scenario.services["support"].take_up == 0.8
    assert scenario.services["support"].caseload == 35
    assert list(scenario.risks) == ["surge"]
    document = read_documents(["base.yaml", "demand.yaml", "risks.yaml"])
    assert document.place(("services", "support", "take_up")) == ("demand.yaml", 4, 14)


def test_files_side_by_side_may_repeat_each_other(write: Write) -> None:
    write("same.yaml", "years: 5\nservices: {support: {good_outcome: 45%}}\n")
    assert load("base.yaml") == load(["base.yaml", "base.yaml", "same.yaml"])


def test_every_contradiction_is_told_with_both_places(write: Write) -> None:
    write("other.yaml", "years: 4\nservices:\n  support: {caseload: 30, growth: 1% a year}\n")
    rule = "files given side by side add to each other and do not contradict"
    mend = "remove one, or let this file extend the other with 'extends'"
    expected = [
        f"other.yaml:1:8: years: found a second value; base.yaml:3 gives another; {rule}; {mend}",
        f"other.yaml:3:23: services.support.caseload: found a second value; base.yaml:12 gives "
        f"another; {rule}; {mend}",
    ]
    assert expected == problems_of("base.yaml", "other.yaml")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("years: 4", "years: 5"),
        ("years: 4", "years:"),
        ("years: {value: 4}", "years: {value: 5}"),
        ("handovers: [1, 2]", "handovers: [1]"),
        ("years: 4", "years: {value: 5}"),
        ("title: x", "title: {a: b}"),
    ],
)
def test_a_contradiction_is_one_in_either_order(first: str, second: str, write: Write) -> None:
    write("first.yaml", first)
    write("second.yaml", second)
    for order in (["first.yaml", "second.yaml"], ["second.yaml", "first.yaml"]):
        with pytest.raises(ScenarioError, match="found a second value"):
            read_documents(order)


def test_evidence_side_by_side_adds_up(write: Write) -> None:
    write("first.yaml", "years: {value: 5, source: the tender}\n")
    write("second.yaml", "years: {value: 5, owner: procurement}\n")
    expected = {"value": 5, "source": "the tender", "owner": "procurement"}
    assert expected == at(read_documents(["first.yaml", "second.yaml"]), "years")


# settings


def test_a_setting_wins_over_child_and_parent_and_the_last_one_over_all(write: Write) -> None:
    write("child.yaml", "extends: base.yaml\nyears: 4\n")
    document = read_documents("child.yaml", ["years=3", "years=2"])
    assert at(document, "years") == 2
    assert document.place(("years",)) == ("--set years", 0, 0)
    assert load("child.yaml", ["years=3", "years=2"]).years == 2


@pytest.mark.parametrize(
    ("expected", "setting"),
    [
        ("8%", "contracts.alliance.cap=8%"),
        (8, "contracts.alliance.cap=8"),
        ("£1,000", "contracts.alliance.cap=£1,000"),
        ({"value": "8%", "source": "audit"}, "contracts.alliance.cap={value: 8%, source: audit}"),
        ("a=b", "contracts.alliance.cap=a=b"),
        ("8%", " contracts.alliance.cap = 8%"),
        (None, "contracts.alliance.cap="),
    ],
)
def test_a_setting_is_read_as_yaml(expected: object, setting: str, write: Write) -> None:
    assert expected == at(read_documents("base.yaml", [setting]), "contracts.alliance.cap")


def test_a_setting_can_add_a_contract(write: Write) -> None:
    settings = ["contracts.lump.form=block", "contracts.lump.amount=£400,000 a year"]
    assert "lump" in load("base.yaml", settings).contracts
    whole = ["contracts.lump={form: block, amount: £400,000 a year}"]
    assert load("base.yaml", whole) == load("base.yaml", settings)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("6", {"range": [3, 7]}),
        ("7", {"range": [3, 7]}),
        ("8", {}),
        ("many", {}),
        ("", {}),
    ],
)
def test_a_setting_keeps_a_range_that_holds_and_no_source(
    value: str, kept: dict[str, object], write: Write
) -> None:
    # whoever vouched for 5 years did not vouch for 6
    evidence = "{value: 5, range: [3, 7], source: the tender, evidence: A}"
    write("child.yaml", f"extends: base.yaml\nyears: {evidence}\n")
    found = at(read_documents("child.yaml", [f"years={value}"]), "years")
    assert isinstance(found, dict)
    assert found.pop("source") == "set on the command line"
    found.pop("value")
    assert kept == found


def test_a_setting_keeps_the_unit(write: Write) -> None:
    lasts = "{value: 13, range: [10, 16], unit: weeks, source: our records}"
    write("child.yaml", f"extends: base.yaml\nservices: {{support: {{lasts: {lasts}}}}}\n")
    scenario = load("child.yaml", ["services.support.lasts=12"])
    assert scenario.services["support"].lasts.mean == 84


def test_a_setting_can_give_evidence_of_its_own(write: Write) -> None:
    write("child.yaml", "extends: base.yaml\nyears: {value: 5, source: the tender}\n")
    document = read_documents("child.yaml", ["years={value: 6, source: the board}"])
    assert at(document, "years") == {"value": 6, "source": "the board"}


TERMS = """\
extends: base.yaml
contracts:
  output:
    terms:
      - {form: unit price, price: £480, per: completed}
      - {form: block, amount: £100,000 a year}
"""


def test_a_setting_can_name_a_position_in_a_list(write: Write) -> None:
    # the parent's form stands beside the child's terms otherwise
    write("child.yaml", TERMS.replace("  output:", "  long:"))
    settings = ["contracts.long.terms.1.amount=£90,000 a year", "contracts.long.terms.0.price=£1"]
    first, second = load("child.yaml", settings).contracts["long"].terms
    assert (first.price, second.amount) == (1.0, 90_000.0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("expected", "setting"),
    [
        (
            "--set contracts.long.terms.2.price=£1: 'contracts.long.terms.2' holds no keys; a path "
            "leads through groups, as in 'services.support.caseload'",
            "contracts.long.terms.2.price=£1",
        ),
        (
            "--set contracts.long.terms.2=£1: there is no '2' in 'contracts.long.terms'",
            "contracts.long.terms.2=£1",
        ),
        (
            "--set contracts.long.terms.first=£1: there is no 'first' in 'contracts.long.terms'",
            "contracts.long.terms.first=£1",
        ),
        (
            "--set years.value=5: 'years' holds no keys; a path leads through groups, as in "
            "'services.support.caseload'",
            "years.value=5",
        ),
        (
            "--set years: found no 'path=value'; write for example --set contracts.alliance.cap=8%",
            "years",
        ),
        (
            "--set =5: found no 'path=value'; write for example --set contracts.alliance.cap=8%",
            "=5",
        ),
        (
            "--set services..caseload=5: found no 'path=value'; write for example "
            "--set contracts.alliance.cap=8%",
            "services..caseload=5",
        ),
    ],
)
def test_a_setting_that_cannot_be_placed(expected: str, setting: str, write: Write) -> None:
    write("child.yaml", TERMS.replace("  output:", "  long:"))
    with pytest.raises(UsageError) as caught:
        load("child.yaml", [setting])
    assert expected == str(caught.value)


def test_a_setting_with_a_superscript_in_its_path(write: Write) -> None:
    with pytest.raises((UsageError, ScenarioError)):
        load("base.yaml", ["services.²=1"])


@pytest.mark.parametrize(
    ("expected", "setting"),
    [
        (
            "contracts.alliance.capp: found the unknown key 'capp'; did you mean 'cap'?",
            "contracts.alliance.capp=8%",
        ),
        (
            "contrcts: found the unknown key 'contrcts'; did you mean 'contracts'?",
            "contrcts.alliance.cap=8%",
        ),
        (
            "baseline: found 'alliances'; the contracts are output, alliance; "
            "did you mean 'alliance'?",
            "baseline=alliances",
        ),
        (
            "contracts.alliance.cap: found 80, which is out of range; a share is a percentage or a "
            "number from 0 to 1; write 80% or 0.8",
            "contracts.alliance.cap=80",
        ),
    ],
)
def test_a_setting_with_a_mistake(expected: str, setting: str, write: Write) -> None:
    path = setting.partition("=")[0]
    assert [f"--set {path}: {expected}"] == problems_of("base.yaml", settings=(setting,))


def test_a_setting_that_is_not_yaml(write: Write) -> None:
    (problem,) = problems_of("base.yaml", settings=("years=[5",))
    assert problem.startswith("--set years:1:1: found a brace or bracket that is opened here")


def test_settings_leave_the_documents_alone(write: Write) -> None:
    from simulator.scenario.layers import set_values

    document = read_documents("base.yaml")
    changed = set_values(document, ["services.support.caseload=30"])
    assert at(changed, "services.support.caseload") == 30
    assert at(document, "services.support.caseload") == 35
    assert document.place(("services", "support", "caseload")) == ("base.yaml", 12, 15)


@pytest.mark.parametrize(
    ("written", "meant"), [("b", "b"), ("c", "b"), (" C ", "b"), ("Old Mill", "old_mill")]
)
def test_a_party_is_found_by_its_key_or_else_by_its_name(written: str, meant: str) -> None:
    """As in files of actuals: a key written to the letter means itself."""
    from simulator.scenario.layers import _on_its_side

    tree = {"providers": {"a": {"name": "b"}, "b": {"name": "C"}, "old_mill": None}}
    found = _on_its_side(("parties", written, "policy"), tree)
    assert found == ("providers", meant, "policy")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            "parties.nort.policy=profit-first",
            "--policy: found 'nort'; the parties are council, north, south; did you mean 'north'?",
        ),
        (
            "parties.zoo.reserves=£1",
            "--set parties.zoo.reserves: found 'zoo'; the parties are council, north, south",
        ),
    ],
)
def test_an_unknown_party_is_refused(write: Write, setting: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_documents("base.yaml", [setting])
    assert str(caught.value) == told
    for party in ("council", "north"):
        document = read_documents("base.yaml", [f"parties.{party}.name=Other"])
        side = "" if party == "council" else "providers."
        assert at(document, f"{side}{party}.name") == "Other"
