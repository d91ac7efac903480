"""What the documents say is what the program does: commands, outputs, examples, keys, figures."""

from __future__ import annotations

import datetime
import re
import shlex
import typing
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter

from simulator import quantities
from simulator.contract.account import Account, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.amounts import Adjustment
from simulator.contract.contract import FORMS, Clause, Contract, OwnCost
from simulator.contract.curve import Band, DeadBand, Point, Step
from simulator.contract.data import Datum
from simulator.contract.forms.activity import Blended, Block, CostAndVolume, UnitPrice, VolumeBand
from simulator.contract.forms.alliance import Alliance, Outcome, OutcomePool
from simulator.contract.forms.cost import FixedPriceIncentive, Grant, TargetCost
from simulator.contract.forms.outcome import OutcomeTariff, PaymentPoint, RateCard
from simulator.contract.forms.parties import (
    LeadProvider,
    OverspendLayer,
    PooledBudget,
    Subcontract,
)
from simulator.contract.forms.quality import Incentive, Indicator, KpiDeductions, ScoredIndicator
from simulator.contract.forms.savings import (
    Corridor,
    CorridorBand,
    LimitOf,
    Losses,
    SharedSavings,
)
from simulator.contract.forms.sharing import ShareBand
from simulator.contract.periods import Timetable
from simulator.contract.remedies import Remedies, Standard
from simulator.contract.split import DividedBy
from simulator.contract.statement import COLUMNS, Statement
from simulator.contract.term import Term
from simulator.contract.working import Conditions, NamedMeasure
from simulator.quantities import Figure
from simulator.scenario.behaviour import (
    AuditLever,
    CostLever,
    EnforcementLever,
    HandOverLever,
    Levers,
    PaddingLever,
    PreventionLever,
    QualityLever,
    Relationship,
    SelectionLever,
    StaffingLever,
)
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import (
    Appraisal,
    Budget,
    Commissioner,
    DropOut,
    Handover,
    Inflation,
    Length,
    Need,
    Provider,
    Relapse,
    Risk,
    Service,
)
from simulator.scenario.yaml_text import read_yaml
from simulator.study.files import load
from tests.cli.test_commands import alliance, alliance_here
from tests.conftest import ROOT
from tests.strategies import statement_like

DOCS = ROOT / "docs"
SMALLEST = ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, *languages: str) -> list[str]:
    """Return the fenced blocks of a document in these languages."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", read(name), re.DOTALL | re.MULTILINE)
    return [body for language, body in fenced if language in languages]


# -- the tutorial ------------------------------------------------------------------------------


def run(command: str, folder: Path, alone: bool) -> str:
    """Give a command, in a process of its own or, sooner done, in this one."""
    words = shlex.split(command)
    assert words[0] == "alliance", f"the tutorial has a command of another program: {command}"
    if alone:
        path = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        done = alliance(*words[1:], cwd=folder, **path)
    else:
        done = alliance_here(*words[1:], cwd=folder)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    if "--tolerance" in words or words[1] in ("sweep", "grid", "switching", "verify"):
        return done.stderr + done.stdout  # these tell there how far they are
    assert not done.stderr, f"{command} said on standard error:\n{done.stderr}"
    return done.stdout


def shows(output: str, excerpt: str) -> bool:
    """Tell whether an output holds an excerpt; '...' stands for anything."""
    parts = (re.escape(part.strip("\n")) for part in excerpt.split("...\n"))
    return re.search(r".*?".join(parts), output, re.DOTALL) is not None


@pytest.mark.parametrize("tutorial", ["tutorial.md", "finance.md", "settlement.md"])
def test_a_tutorial_does_what_it_says(tutorial: str, tmp_path: Path) -> None:
    text = read(tutorial)
    steps = re.findall(
        r"Save this as `([\w.-]+)`|^```(sh|console|text|yaml|csv)\n(.*?)^```",
        text,
        re.DOTALL | re.MULTILINE,
    )
    saved, output = "", ""
    alone = tutorial == "tutorial.md"  # as whoever begins gives them
    for name, language, body in steps:
        saved = name or saved
        if language in ("yaml", "csv"):
            assert saved, f"the tutorial does not say where to save:\n{body}"
            (tmp_path / saved).write_text(body, encoding="utf-8")
        elif language in ("sh", "console"):
            output = "".join(run(line, tmp_path, alone) for line in body.splitlines() if line)
        elif language == "text":
            assert shows(output, body), f"the tutorial shows\n{body}\nbut this came out\n{output}"


# -- examples in YAML --------------------------------------------------------------------------


@pytest.mark.parametrize("example", blocks("scenario-format.md", "yaml"))
def test_every_example_of_the_format_loads(example: str, tmp_path: Path) -> None:
    (tmp_path / "smallest.yaml").write_bytes(SMALLEST.read_bytes())
    if "extends:" not in example:
        example = f"extends: smallest.yaml\n{example}"
    file = tmp_path / "example.yaml"
    file.write_text(example, encoding="utf-8")
    load(file)


def scenario_with(contracts: str) -> Scenario:
    """Return the smallest world with other contracts."""
    world, _, _ = SMALLEST.read_text(encoding="utf-8").partition("contracts:")
    return build(read_yaml(world + contracts, "contracts.md"))


CONTRACTS = blocks("contracts.md", "yaml") + blocks("forms.md", "yaml")


@pytest.mark.parametrize("example", CONTRACTS)
def test_every_contract_loads_and_settles(example: str) -> None:
    scenario = scenario_with(example)
    for agreement in scenario.agreements().values():
        agreement.settle(statement_like(scenario.signatories, 1))


PAIRS = [example for example in CONTRACTS if "_written_out:" in example]


@pytest.mark.parametrize("example", PAIRS)
def test_a_form_and_its_terms_pay_the_same(example: str) -> None:
    scenario = scenario_with(example)
    agreements = scenario.agreements()
    form, terms = agreements[scenario.baseline], agreements[f"{scenario.baseline}_written_out"]
    months = Timetable(datetime.date(2026, 7, 1), datetime.date(2028, 1, 16)).months
    for seed in range(5):
        accounts = [Account(replace(each, uplift=0.03)) for each in (form, terms)]
        for index, month in enumerate(months):
            statement = statement_like(scenario.signatories, 100 * seed + index)
            statement = Statement(statement.columns, month.years)
            one, other = (
                paid_in_month(account, month, statement).sum(axis=0) for account in accounts
            )
            np.testing.assert_allclose(one, other, atol=0.01)


def test_each_form_has_an_example() -> None:
    shown = {form for form in FORMS for example in PAIRS if f"form: {form}" in example}
    assert set(FORMS) == shown


def paid_in_month(account: Account, month: Any, statement: Statement) -> Any:
    account.add(month, statement)
    return account.pay_on_account(month, statement) + account.settle(settled_at(month))


# -- settlements worked by hand -----------------------------------------------------------------


def example_of(name: str) -> Agreement:
    (example,) = [each for each in PAIRS if f"\nbaseline: {name}\n" in each]
    return scenario_with(example).agreements()[name]


def happened(years: float = 1.0, **columns: Sequence[float]) -> Statement:
    """Return a statement of North and South; columns that are not named are nought."""
    values = {name: np.zeros((2, 1)) for name in COLUMNS}
    values |= {name: np.array(each, dtype=float)[:, None] for name, each in columns.items()}
    return Statement(values, years)


def pounds(value: float) -> str:
    return f"{'−' if value < -0.5 else ''}£{abs(value):,.0f}"


def section(heading: str) -> str:
    text = f"{read('contracts.md')}\n{read('forms.md')}"
    _, _, rest = text.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def row(heading: str, *figures: float) -> None:
    """Check that a line of a worked settlement ends with these figures."""
    cells = " | ".join(pounds(figure) for figure in figures)
    assert f"| {cells} |" in section(heading), f"{heading} has no line with {cells}"


def test_the_block_worked_by_hand() -> None:
    agreement = example_of("block")
    year = Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1)).months
    account = Account(agreement)
    paid = []
    for month in year:
        statement = happened(month.years)
        account.add(month, statement)
        paid.append(account.pay_on_account(month, statement)[0, :3])
    row("Block", *north_south_council(np.sum(paid, axis=0)))
    row("Block", *north_south_council(paid[0]))
    row("Block", *np.abs(account.settle(["annually"])[0, [1, 2]].round(2)))
    risen = agreement.settle(happened(), Conditions(1.03))[0]
    for party, figure in ((0, -risen[0]), (1, risen[1]), (2, risen[2])):
        assert pounds(float(figure)) in section("Block"), party


def test_the_unit_price_worked_by_hand() -> None:
    account = Account(example_of("unit_price"))
    year = Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1)).months
    by_quarter = (100.0, 150.0, 160.0, 150.0)
    earned, settled, on_account = [], [], []
    for index, month in enumerate(year):
        quarter, done = divmod(index + 1, 3)
        statement = happened(month.years, completed=(0.0 if done else by_quarter[quarter - 1], 0.0))
        account.add(month, statement)
        on_account.append(account.pay_on_account(month, statement)[0, 1])
        if month.quarter_end:
            settled.append(account.settle(["quarterly"])[0, 1])
            earned.append(sum(on_account) + sum(settled))
    row("Unit price", *earned)
    row("Unit price", *[sum(on_account[:3])] * 4)
    row("Unit price", *(now - last for now, last in zip(earned, settled, strict=True)))
    row("Unit price", *settled)


def test_the_deductions_worked_by_hand() -> None:
    statement = happened(
        0.25,
        completed=(150, 90),
        good_outcomes=(63, 45),
        started=(160, 95),
        wait_days=(5_600, 6_650),
    )
    price, deducted = example_of("kpis").settle(statement)
    row("KPI deductions", *price[1:3])
    row("KPI deductions", *deducted[1:3])


def test_the_alliance_worked_by_hand() -> None:
    agreement = example_of("alliance")
    people = {"completed": (560, 340), "good_outcomes": (270, 162)}
    under = agreement.settle(happened(cost=(285_000, 171_000), **people))
    for term in (*under, under.sum(axis=0)):
        row("Alliance", *all_north_south(term))
    over = agreement.settle(happened(cost=(340_000, 200_000), **people))
    row("Alliance", *all_north_south(over[2]))
    row("Alliance", *all_north_south(over.sum(axis=0)))


def test_the_bands_worked_by_hand() -> None:
    (example,) = [each for each in CONTRACTS if "up_to: -2.5%" in each]
    agreement = scenario_with(example).agreements()["alliance"]
    share = agreement.settle(happened(cost=(300_000, 120_000)))[1]
    assert f"the providers get {pounds(-share[0])}." in section("Alliance")


def all_north_south(term: Any) -> tuple[float, ...]:
    return -term[0], term[1], term[2]


def north_south_council(term: Any) -> tuple[float, ...]:
    return term[1], term[2], term[0]


def test_cost_and_volume_worked_by_hand() -> None:
    (paid,) = example_of("cost_and_volume").settle(happened(completed=(600, 300)))
    row("Cost and volume", *north_south_council(paid))
    (planned,) = example_of("cost_and_volume").settle(happened(completed=(550, 300)))
    row("Cost and volume", *planned[1:3])
    row("Cost and volume", *(paid - planned)[1:3])


def test_the_blended_payment_worked_by_hand() -> None:
    terms = example_of("blended").settle(happened(completed=(600, 300)))
    for term in (*terms, terms.sum(axis=0)):
        row("Blended", *north_south_council(term))


def test_the_incentive_worked_by_hand() -> None:
    statement = happened(
        completed=(600, 360),
        good_outcomes=(252, 180),
        started=(640, 380),
        wait_days=(22_400, 26_600),
    )
    for term in example_of("incentive").settle(statement):
        row("Incentive", *north_south_council(term))


def test_the_tariff_worked_by_hand() -> None:
    statement = happened(started=(600, 360), good_outcomes=(320, 150))
    terms = example_of("tariff").settle(statement)
    for term in (*terms, terms.sum(axis=0)):
        row("Outcome tariff", *north_south_council(term))


def test_the_rate_card_worked_by_hand() -> None:
    statement = happened(2.0, good_outcomes=(300, 180), handovers_made=(60, 40))
    terms = example_of("rate_card").settle(statement)
    for term in (*terms, terms[:3].sum(axis=0), terms.sum(axis=0)):
        row("Rate card", *north_south_council(term))


def test_the_grant_worked_by_hand() -> None:
    (paid,) = example_of("grant").settle(happened(cost=(240_000, 160_000)))
    (given,) = example_of("grant").settle(happened(cost=(1e6, 1e6)))
    for term in (given, paid, paid - given):
        row("Grant", *north_south_council(term))


def test_the_target_cost_worked_by_hand() -> None:
    agreement = example_of("target_cost")
    terms = agreement.settle(happened(cost=(340_000, 200_000)))
    for term in (*terms, terms[:3].sum(axis=0), terms.sum(axis=0)):
        row("Target cost", *all_north_south(term))
    under = agreement.settle(happened(cost=(250_000, 150_000)))
    for term in (*under[1:3], under.sum(axis=0)):
        row("Target cost", *all_north_south(term))


def test_the_fixed_price_worked_by_hand() -> None:
    agreement = example_of("fixed_price")
    for cost in ((300_000, 200_000), (360_000, 216_000)):
        terms = agreement.settle(happened(cost=cost))
        for term in (*terms[:3], terms[:3].sum(axis=0), terms.sum(axis=0)):
            row("Fixed-price incentive", *all_north_south(term))
        cut = terms[3]
        if cut.any():
            row("Fixed-price incentive", *all_north_south(cut))
    working = agreement.working(happened())
    assumed = float(working.look_up("point_of_total_assumption")[0])
    assert f"= {pounds(assumed)}." in section("Fixed-price incentive")
    at_the_point = agreement.settle(happened(cost=(assumed, 0)))
    assert -at_the_point[:3].sum(axis=0)[0] == pytest.approx(570_000)


def test_shared_savings_worked_by_hand() -> None:
    agreement = example_of("savings")
    gain, no_loss = agreement.settle(happened(cost=(280_000, 170_000)))
    row("Shared savings", *all_north_south(gain))
    no_gain, loss = agreement.settle(happened(cost=(350_000, 200_000)))
    row("Shared savings", *all_north_south(loss))
    assert not np.concatenate([no_loss, no_gain]).any()
    assert not agreement.settle(happened(cost=(295_000, 200_000))).any()


def test_the_corridor_worked_by_hand() -> None:
    for cost in (420_000, 520_000):
        (paid,) = example_of("corridor").settle(happened(cost=(cost, 0)))
        row("Corridor", *all_north_south(paid))


def test_the_lead_provider_worked_by_hand() -> None:
    terms = example_of("lead").settle(happened(completed=(560, 340)))
    for term in (*terms, terms.sum(axis=0)):
        row("Lead provider", *north_south_council(term))


def test_the_pooled_budget_worked_by_hand() -> None:
    agreement = example_of("pooled")
    terms = agreement.settle(happened(cost=(352_000, 198_000)))
    for term in (*terms[:-1], terms.sum(axis=0)):
        row("Pooled budget", *north_south_council(term))
    row("Pooled budget", *north_south_council(agreement.settle(happened(cost=(4e5, 4e4)))[-1]))


def contract_in(name: str) -> Agreement:
    """Return an agreement of the language reference."""
    (example,) = [each for each in CONTRACTS if f"\nbaseline: {name}\n" in each]
    return scenario_with(example).agreements()[name]


def test_the_scales_worked_by_hand() -> None:
    statement = happened(
        completed=(500, 400), good_outcomes=(200, 214), started=(100, 100), wait_days=(2_800, 1_300)
    )
    _, outcomes, waits = contract_in("scales").settle(statement)
    assert pounds(-outcomes[0]) == "£18,000"
    assert "At 46% good outcomes the first reward is £18,000." in read("contracts.md")
    assert list(waits[1:3]) == [0, 10_000]


def test_the_dead_band_worked_by_hand() -> None:
    _, share = contract_in("minimum").settle(happened(cost=(250_000, 200_000)))
    assert pounds(-share[0]) == "£10,200"
    assert "the\nproviders get £10,200." in read("contracts.md")


def test_what_is_carried_forward_is_made_good_first() -> None:
    account = Account(contract_in("carried"))
    months = Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1)).months
    for month in months:
        cost = 500_000 if month.financial_year == 2026 else 440_000
        account.add(month, happened(month.years, cost=(cost * month.years, 0)))
    shares = account.entitlement(["annually"])[1]
    assert pounds(-float(shares[0])) == "£10,000"


def test_start_up_money_worked_by_hand() -> None:
    account = Account(contract_in("stepped"))
    paid = np.zeros(3)
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2031, 4, 1)).months:
        paid += paid_in_month(account, month, happened(month.years))[2, :3]
    assert pounds(-paid[0]) == "£20,000"


def test_the_adjusted_target_worked_by_hand() -> None:
    account = Account(contract_in("events"))
    by_year: dict[int, float] = {}
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2031, 4, 1)).months:
        on_account = -float(account.on_account(month, happened(month.years))[0, 0])
        by_year[month.financial_year] = by_year.get(month.financial_year, 0.0) + on_account
    figures = [pounds(by_year[year]) for year in (2026, 2027, 2029)]
    assert figures == ["£492,000", "£504,000", "£520,000"]


def test_every_column_is_explained() -> None:
    for document in ("contracts.md", "model.md"):
        text = read(document)
        costs = () if document == "contracts.md" else ("staff_cost", "running_cost", "vat_cost")
        for column in COLUMNS:
            if column not in costs and not (document == "model.md" and column == "cost"):
                assert f"| `{column}` |" in text or f"| {column} |" in text, (document, column)


# -- every key -----------------------------------------------------------------------------------

HEADINGS: dict[type[BaseModel], str] = {
    Scenario: "The whole file",
    Commissioner: "Commissioners",
    Budget: "Budgets",
    Provider: "Providers",
    Service: "Services",
    Need: "Needs",
    Length: "Length of stay",
    DropOut: "Drop-out",
    Relapse: "Relapse",
    Handover: "Hand-overs",
    Risk: "Risks",
    Inflation: "Inflation",
    Appraisal: "Appraisal",
    Contract: "Contracts",
    Block: "Block",
    UnitPrice: "Unit price",
    VolumeBand: "Volume bands",
    CostAndVolume: "Cost and volume",
    Blended: "Blended",
    KpiDeductions: "KPI deductions",
    Indicator: "Indicators",
    Incentive: "Incentive",
    ScoredIndicator: "Scored indicators",
    OutcomeTariff: "Outcome tariff",
    RateCard: "Rate card",
    PaymentPoint: "Payment points",
    Grant: "Grant",
    TargetCost: "Target cost",
    FixedPriceIncentive: "Fixed-price incentive",
    Alliance: "Alliance",
    ShareBand: "Share bands",
    OutcomePool: "Outcomes of an alliance",
    Outcome: "Result areas",
    SharedSavings: "Shared savings",
    Losses: "Losses",
    LimitOf: "Limits of gains and losses",
    Corridor: "Corridor",
    CorridorBand: "Corridor bands",
    LeadProvider: "Lead provider",
    Subcontract: "Subcontracts",
    PooledBudget: "Pooled budget",
    OverspendLayer: "Layers of an overspend",
    Term: "Written-out terms",
    Band: "Bands",
    Point: "Points",
    Step: "Steps",
    DeadBand: "Dead bands",
    DividedBy: "Splits by a measure",
    Datum: "Data",
    Adjustment: "Adjustments",
    NamedMeasure: "Named measures",
    OwnCost: "Own costs",
    Clause: "Clauses",
    Remedies: "Remedies",
    Standard: "Standards",
    Relationship: "Relationship",
    Levers: "Levers",
    QualityLever: "Quality",
    HandOverLever: "Care over hand-overs",
    CostLever: "Cost control",
    PreventionLever: "Prevention",
    SelectionLever: "Case selection",
    StaffingLever: "Staffing",
    PaddingLever: "Padding",
    EnforcementLever: "Enforcement",
    AuditLever: "Audit",
}
"""Where each object of a scenario stands in the format."""


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from models_in(part)


def all_models() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [Scenario]
    for model in found:
        for info in model.model_fields.values():
            found += [each for each in models_in(info.annotation) if each not in found]
    return found


def table_under(heading: str) -> dict[str, list[str]]:
    """Return the rows of the table under a heading: for each key, its other cells."""
    _, found, rest = read("scenario-format.md").partition(f"\n### {heading}\n")
    assert found, f"scenario-format.md has no heading '{heading}'"
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", re.split(r"\n##", rest)[0], re.MULTILINE)
    return {key: cells.split(" | ") for key, cells in rows}


def test_scenario_format_names_every_key() -> None:
    missing = []
    for model in all_models():
        assert model in HEADINGS, f"scenario-format.md has no table for {model.__name__}"
        rows = table_under(HEADINGS[model])
        keys = {info.alias or name for name, info in model.model_fields.items()}
        missing += [f"{HEADINGS[model]}: {key}" for key in sorted(keys - set(rows))]
        missing += [f"{HEADINGS[model]}: {key} is no key" for key in sorted(set(rows) - keys)]
    assert not missing, "scenario-format.md does not fit the models: " + ", ".join(missing)


def test_scenario_format_has_the_defaults() -> None:
    wrong = []
    for model, heading in HEADINGS.items():
        rows = table_under(heading)
        for name, info in model.model_fields.items():
            _, default, _ = rows[info.alias or name]
            written = getattr(info.default, "written", "")
            if isinstance(info.default, Figure) and not default.startswith(written):
                wrong.append(f"{heading}: {name} is {written} by default, not {default}")
            if info.is_required() and default != "needed":
                wrong.append(f"{heading}: {name} is needed")
    assert not wrong, "scenario-format.md: " + "; ".join(wrong)


def test_scenario_format_names_every_key_of_evidence() -> None:
    schema = TypeAdapter(quantities.Money).json_schema()
    (evidenced,) = [each for each in find_all(schema, "properties") if "value" in each]
    text = read("scenario-format.md").partition("\n## Evidence on numbers\n")[2]
    for key in evidenced:
        assert f"| `{key}` |" in text.partition("\n## ")[0], key


def find_all(schema: Any, key: str) -> Iterator[Any]:
    if isinstance(schema, dict):
        if key in schema:
            yield schema[key]
        for value in schema.values():
            yield from find_all(value, key)
    elif isinstance(schema, list):
        for value in schema:
            yield from find_all(value, key)


# -- links ---------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", sorted(path.name for path in DOCS.glob("*.md")))
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(name)):
        file, _, anchor = target.partition("#")
        path = DOCS / (file or name)
        assert path.is_file(), target
        assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), target


def test_every_module_named_is_there() -> None:
    for name in re.findall(r"`(simulator/[\w/]+\.py)`", read("model.md")):
        assert (ROOT / name).is_file(), name
