"""The commands and their options; each imports what it needs when it runs."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

__all__ = ["app"]


class _ByTask(TyperGroup):
    """Lists commands under what a person is doing; plain text, because rich help loads slowly."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        tasks: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            task = getattr(command, "rich_help_panel", None)
            if command is not None and isinstance(task, str):
                tasks.setdefault(task, []).append((name, command.help or ""))
        for task, rows in tasks.items():
            with formatter.section(task):
                formatter.write_dl(rows)


app = typer.Typer(
    cls=_ByTask,
    help="Compare alliance contracts with output-based contracts over the same simulated futures.",
    epilog="Exit codes: 0 done, 1 unforeseen, 2 usage, 3 invalid scenario, 4 run failed, "
    "6 check failed, 130 interrupted. Add --debug to see where an error arose.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_YEARS = range(1900, 2201)  # of the day something is done
_DECIDE = "Decide"
_WRITE = "Write a scenario"
_FINANCE = "Finance"
_LIVE = "Live contract"
_ASSURE = "Assure"
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", readable=False, help="Scenario files; several add to each other."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be given again."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=61,  # what Windows can wait for at a time
        help="Processes; by default one for short work, else one a processor.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        metavar="MEASURE",
        help="What is looked at, as in alliance.council.saving; can be given again. By default "
        "what the commissioners save under each other contract.",
    ),
]
Futures = Annotated[
    int, typer.Option("--replications", min=1, max=1_000_000, help="Simulated futures a point.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Makes the same futures again.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder to write; default results/RUN_ID.")
]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH[=LOW:HIGH]",
        help="Move this number only, within its own range or this one; can be given again. By "
        "default every number that carries a range.",
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with an interrupted one; refuses to begin anew.")
]
Chart = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Draw it, too: a file that ends in .svg, .png or .html."),
]


ContractIn = Annotated[
    Path, typer.Argument(metavar="FILE", readable=False, help="File that holds the contract.")
]
ContractName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which contract of the file; needed where it has several."),
]
Period = Annotated[
    str,
    typer.Option(metavar="PERIOD", help="2026-04, 2026Q1 (April to June 2026) or 2026-27."),
]
Basis = Annotated[
    str,
    typer.Option(
        metavar="period|ytd",
        help="What figures mean that do not say it: of the period, or of the year so far.",
    ),
]
Version = Annotated[
    int | None,
    typer.Option(metavar="N", help="An earlier locked version; the latest by default."),
]
Dated = Annotated[
    str | None, typer.Option(metavar="DATE", help="The day it is done; today by default.")
]


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Compare alliance contracts with output-based contracts."""
    if show:
        from simulator._version import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.command(rich_help_panel=_DECIDE)
def run(
    files: Files,
    replications: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            help="Number of simulated futures [default: 200]; with --tolerance, at most so many "
            "[default: 25,600].",
        ),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT",
            help="Go on at 400, 800, ... futures until the mean difference is known within this "
            "amount, as in £2,000.",
        ),
    ] = None,
    drawn: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=1_000_000,
            help="Simulated futures in which every number with a range is drawn from it, too "
            "[default: as --replications, at most 50]; 0 for none.",
        ),
    ] = None,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
    settings: Settings = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARTY=NAME",
            help="How a party decides: none, theory, full, steady, profit-first, mission-first, "
            "tit-for-tat, cautious or copy-last; can be given again.",
        ),
    ] = None,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Run every contract in the files over the same futures and compare them with the baseline."""
    from simulator.cli.run import Asked
    from simulator.cli.run import run as command

    within = None if tolerance is None else _amount(tolerance)
    laid = [*(settings or []), *map(_policy, policy or [])]
    asked = Asked(replications, within, drawn, seed, workers, out)
    command(files, asked, laid, chart, as_json)


@app.command(rich_help_panel=_DECIDE)
def show(files: Files, settings: Settings = None) -> None:
    """Say each contract in words, with each party's largest gain and loss by rule."""
    from simulator.cli.scenario import show as command

    command(files, settings or [])


@app.command(rich_help_panel=_WRITE)
def new(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.")],
    template: Annotated[
        str, typer.Option(help="'smallest', or 'several-services' with every kind of key.")
    ] = "smallest",
) -> None:
    """Write a starter scenario."""
    from simulator.cli.scenario import new as command

    command(file, template)


@app.command(rich_help_panel=_WRITE)
def check(files: Files, settings: Settings = None, as_json: AsJson = False) -> None:
    """Check a scenario: every mistake with its line, then warnings and the defaults it takes."""
    from simulator.cli.scenario import check as command

    command(files, settings or [], as_json)


@app.command(rich_help_panel=_WRITE)
def schema() -> None:
    """Print the JSON Schema of scenarios, for editors that complete and check as you type."""
    from simulator.cli.scenario import schema as command

    command()


@app.command(rich_help_panel=_FINANCE)
def assumptions(
    files: Files,
    settings: Settings = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the register there as CSV, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the register: every number, its range, who says so, and what is missing."""
    from simulator.cli.finance import assumptions as command

    command(files, settings or [], csv, as_json)


@app.command(rich_help_panel=_FINANCE)
def sweep(
    files: Files,
    tornado: Annotated[
        bool, typer.Option("--tornado", help="Each number low and high, all else as it is.")
    ] = False,
    measures: Measures = None,
    vary: Vary = None,
    replications: Futures = 200,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
    settings: Settings = None,
    chart: Chart = None,
    resume: Resume = False,
    as_json: AsJson = False,
) -> None:
    """Show which inputs matter: move each number through its range, on the same futures."""
    from simulator._errors import UsageError
    from simulator.cli.sweep import Asked
    from simulator.cli.sweep import sweep as command

    if not tornado:
        raise UsageError("sweep: found no kind of sweep; add --tornado")
    asked = Asked("tornado", tuple(measures or ()), tuple(vary or ()))
    command(files, asked, replications, seed, workers, out, settings or [], chart, resume, as_json)


@app.command(rich_help_panel=_FINANCE)
def grid(
    files: Files,
    x: Annotated[str, typer.Option("-x", metavar="PATH=LOW:HIGH:STEP", help="From left to right.")],
    y: Annotated[
        str, typer.Option("-y", metavar="PATH=LOW:HIGH:STEP", help="From top to bottom.")
    ] = "",
    measures: Measures = None,
    break_even: Annotated[
        bool,
        typer.Option("--break-even", help="Tell where the measure passes nought, or its bound."),
    ] = False,
    replications: Futures = 200,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
    settings: Settings = None,
    chart: Chart = None,
    resume: Resume = False,
    as_json: AsJson = False,
) -> None:
    """Map a measure over the values of one or two numbers; a bound can stand behind it."""
    from simulator._errors import UsageError
    from simulator.cli.sweep import Asked, condition
    from simulator.cli.sweep import sweep as command

    read = [condition(measure) for measure in measures or ()]
    bounds = {bound for _, bound in read}
    if len(bounds) > 1:
        raise UsageError(
            f"grid: found the bounds {', '.join(sorted(bounds))}; one grid has one bound, so ask "
            "for the measures one by one"
        )
    bound = bounds.pop() if bounds else "0"
    names = tuple(name for name, _ in read)
    asked = Asked("grid", names, x=x, y=y, break_even=break_even, bound=bound)
    command(files, asked, replications, seed, workers, out, settings or [], chart, resume, as_json)


@app.command(rich_help_panel=_FINANCE)
def switching(
    files: Files,
    until: Annotated[
        str,
        typer.Option(
            metavar="MEASURE = AMOUNT", help="When the answer changes, as in 'council.saving = 0'."
        ),
    ],
    vary: Vary = None,
    replications: Futures = 200,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
    settings: Settings = None,
    resume: Resume = False,
    as_json: AsJson = False,
) -> None:
    """Find how far each number must move before the answer changes."""
    from simulator.cli.sweep import Asked, condition
    from simulator.cli.sweep import sweep as command

    measure, bound = condition(until)
    asked = Asked("switching", (measure,), tuple(vary or ()), bound=bound)
    command(files, asked, replications, seed, workers, out, settings or [], None, resume, as_json)


@app.command(rich_help_panel=_FINANCE)
def export(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Folders of a run and its sweeps, of one scenario."),
    ],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="One workbook.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="A folder of CSV tables.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="A folder of Parquet tables.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; default beside the first run.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the tables of a run and its sweeps as a workbook, as CSV or as Parquet."""
    from simulator.cli.export import export as command

    command(folders, xlsx, csv, parquet, out, as_json)


@app.command(rich_help_panel=_LIVE)
def settle(
    file: ContractIn,
    period: Period,
    actuals: Annotated[
        Path | None, typer.Option(metavar="CSV", help="What happened, one row a figure.")
    ] = None,
    contract: ContractName = None,
    basis: Basis = "period",
    draft: Annotated[
        bool, typer.Option("--draft", help="Let provisional figures in; a draft is never locked.")
    ] = False,
    prepared_by: Annotated[
        str, typer.Option(metavar="NAME", help="Keep it for approval; without, it is only shown.")
    ] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="What a correction corrects.")] = "",
    approve: Annotated[
        str, typer.Option(metavar="NAME", help="Approve what another person has prepared.")
    ] = "",
    lock: Annotated[
        bool, typer.Option("--lock", help="Lock what is approved: it is never changed again.")
    ] = False,
    template: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write an empty file of actuals and leave.")
    ] = None,
    version: Version = None,
    dated: Dated = None,
    xlsx: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a workbook whose formulas come to the same pence."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Settle a live contract for a period, to the penny; versions stay in 'settlements'."""
    from simulator.cli.settle import Preparing, write_template
    from simulator.cli.settle import settle as command

    if template is not None:
        write_template(file, contract, period, template)
        return
    day = _day(dated)
    asked = Preparing(actuals, _basis(basis), draft, prepared_by, why, approve, lock, day)
    command(file, contract, period, version, asked, xlsx, as_json)


@app.command(rich_help_panel=_LIVE)
def explain(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE|RUN", help="A file of contracts, or the folder of a run."),
    ],
    party: Annotated[str, typer.Option(metavar="NAME", help="Whose figure or choice it is.")],
    period: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help="Of a settlement: 2026-04, 2026Q1 or 2026-27."),
    ] = None,
    future: Annotated[
        int | None, typer.Option(metavar="N", help="Of a run: which of its futures, from 1.")
    ] = None,
    quarter: Annotated[
        str | None,
        typer.Option(metavar="QUARTER", help="Of a run: 2026Q1 is April to June 2026."),
    ] = None,
    actuals: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Explain these figures and not what is settled."),
    ] = None,
    contract: ContractName = None,
    basis: Basis = "period",
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="MEASURE.PARTY=VALUE",
            help="Change a figure, as in cost.north=+5%; can be given again. Nothing is kept.",
        ),
    ] = None,
    version: Version = None,
    dated: Dated = None,
    as_json: AsJson = False,
) -> None:
    """Say how a settled figure came about, line by line, or a choice in a run, part by part."""
    from simulator._errors import UsageError

    if future is not None or quarter is not None:
        from simulator.cli.choice import explain_choice

        if future is None or quarter is None:
            raise UsageError("explain: a choice in a run needs both --future and --quarter")
        if period is not None or actuals is not None or what_if or version is not None:
            raise UsageError(
                "explain: --future and --quarter ask for a choice in a run; leave out --period, "
                "--actuals, --what-if and --version"
            )
        explain_choice(file, future, quarter, party, contract, as_json)
        return
    if period is None:
        raise UsageError(
            "explain: add --period for a settlement, or --future and --quarter for a run"
        )
    from simulator.cli.explain import explain as command

    day = _day(dated)
    changes = what_if or []
    command(file, contract, period, version, party, actuals, _basis(basis), changes, day, as_json)


@app.command(rich_help_panel=_LIVE)
def ledger(
    file: ContractIn,
    contract: ContractName = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the entries there as CSV, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every locked settlement and payment, and check that they agree with the contract."""
    from simulator.cli.explain import ledger as command

    command(file, contract, csv, as_json)


@app.command(rich_help_panel=_ASSURE)
def verify(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that a run wrote.")],
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Make a run again from its folder and compare every file; names the first difference."""
    from simulator.cli.verify import verify as command

    command(folder, workers, as_json)


@app.command(rich_help_panel=_ASSURE)
def selfcheck(
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them as a page, in Markdown, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work out closed forms of theory with this product: expected beside obtained."""
    from simulator.cli.selfcheck import selfcheck as command

    command(page, as_json)


def _policy(written: str) -> str:
    """Return ``party=name`` as a setting."""
    from simulator._errors import UsageError

    party, equals, name = written.partition("=")
    if not equals or not party or not name or "." in party:
        raise UsageError(f"--policy: found '{written}'; write it as in --policy north=profit-first")
    return f"parties.{party}.policy={name}"


def _amount(written: str) -> float:
    """Read an amount of money above nought, as a scenario writes it, in any currency."""
    from simulator._errors import UsageError
    from simulator._kinds import read_money, take_apart

    parts = take_apart(written)
    amount = read_money(parts) if parts is not None else None
    if amount is None or not 0 < amount < math.inf:
        raise UsageError(
            f"--tolerance: found '{written}'; an amount above nought is allowed; write it as in "
            "--tolerance 2000 or --tolerance £2,000"
        )
    return amount


def _day(written: str | None) -> datetime.date:
    if written is None:
        return datetime.date.today()
    from simulator._errors import UsageError

    try:
        day = datetime.date.fromisoformat(written)
        if day.year not in _YEARS:
            raise ValueError
        return day
    except ValueError:
        raise UsageError(f"--dated: found '{written}'; write for example 2026-07-15") from None


def _basis(written: str) -> str:
    if written in ("period", "ytd"):
        return written
    from simulator._errors import UsageError

    raise UsageError(f"--basis: found '{written}'; allowed is period or ytd")
