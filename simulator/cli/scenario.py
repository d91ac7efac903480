"""`alliance check`, `new`, `schema` and `show`: everything about a scenario short of running it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulator._errors import CheckFailed, RunError, UsageError

if TYPE_CHECKING:
    from simulator.scenario.signed import ContractFile

__all__ = ["check", "new", "schema", "show"]

TEMPLATES = ("smallest", "several-services")


def check(files: list[Path], settings: list[str], as_json: bool) -> None:
    """Check, warn, list defaults; mistakes leave through the error that carries them all.

    Raises:
        CheckFailed: nothing is written wrongly, but a run would refuse it.
    """
    from simulator.report.run_text import grouped_defaults
    from simulator.report.tables import paragraph, table
    from simulator.report.warnings import warnings
    from simulator.scenario.evidence import defaults_taken, numbers_with_evidence
    from simulator.scenario.scenario import Scenario
    from simulator.study.files import load_signed

    scenario = load_signed(files, settings)
    if not isinstance(scenario, Scenario):
        _check_contracts(scenario, as_json)
        return
    found = list(warnings(scenario))
    calibration, refused = None, ""
    if scenario.behaves:
        # what parties do takes libraries that nothing else of a check needs
        from simulator.report.calibration_text import (
            calibration_document,
            calibration_of,
            calibration_text,
            limits_document,
        )

        calibration = calibration_of(scenario)
        found += calibration.warnings
        refused = calibration.refused
    if as_json:
        rows = [
            {"path": row.path, "value": row.value, "provenance": row.provenance}
            for row in defaults_taken(scenario)
        ]
        document = {
            "schema": "alliance-check/1",
            "scenario": scenario.title,
            "valid": not refused,
            "warnings": found,
            "defaults": rows,
        }
        if calibration:
            document["calibration"] = calibration_document(scenario, calibration)
            document["limits"] = limits_document(scenario, calibration)
        _print_json(document)
        _fail(refused)
        return
    numbers = numbers_with_evidence(scenario)
    sourced = sum(1 for number in numbers if number.evidence and number.evidence.source)
    lines = [
        f"{scenario.title}: no mistakes found.",
        paragraph(
            f"{len(numbers)} numbers, {sourced} of them with a source; "
            f"{len(scenario.contracts)} contracts, compared with "
            f"'{scenario.baseline}'."
        ),
    ]
    if found:
        lines += ["", "Warnings", *(paragraph(text, "  ") for text in found)]
    if calibration and calibration.resting:
        lines += ["", calibration_text(scenario, calibration)]
    rows_shown = grouped_defaults(scenario)
    if rows_shown:
        lines += ["", "Defaults taken, because the scenario does not say otherwise", ""]
        lines.append(table(("Key", "Value", "Where it comes from"), rows_shown, prose=2))
    sys.stdout.write("\n".join(lines) + "\n")
    _fail(refused)


def _fail(refused: str) -> None:
    """End with the reason why a run refuses what is otherwise without mistakes."""
    if refused:
        sys.stdout.flush()
        raise CheckFailed(refused)


def _check_contracts(signed: ContractFile, as_json: bool) -> None:
    """Tell that a file without a world holds no mistakes."""
    if as_json:
        document = {"schema": "alliance-check/1", "scenario": signed.title, "valid": True}
        _print_json(document | {"warnings": [], "defaults": []})
        return
    count = len(signed.contracts)
    which, they, them = ("contract", "it", "it") if count == 1 else ("contracts", "they", "them")
    sys.stdout.write(
        f"{signed.title}: no mistakes found.\n"
        f"{count} {which} without a world: {they} can be shown and settled; to run {them},\n"
        "add 'services' and the rest (alliance new FILE writes a whole scenario).\n"
    )


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def show(files: list[Path], settings: list[str]) -> None:
    """Print every contract in words."""
    from simulator.report.show_text import show_text
    from simulator.study.files import load_signed

    sys.stdout.write(show_text(load_signed(files, settings)) + "\n")


def new(file: Path, template: str) -> None:
    """Write a template where no file stands yet."""
    from importlib.resources import files

    from simulator._errors import did_you_mean

    if template not in TEMPLATES:
        near = did_you_mean(template, TEMPLATES)
        raise UsageError(
            f"there is no template '{template}'; the templates are {', '.join(TEMPLATES)}"
            + (f"; {near}" if near else "")
        )
    text = files("simulator.scenario").joinpath("templates", f"{template}.yaml").read_bytes()
    try:
        with file.open("xb") as stream:
            stream.write(text)
    except FileExistsError:
        raise RunError(f"{file} exists already; give another name or move it away") from None
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror}") from None
    sys.stdout.write(f"Written {file}. Next: alliance check {file}\n")


def schema() -> None:
    """Print the JSON Schema."""
    from simulator.scenario.json_schema import schema_text

    sys.stdout.write(schema_text())
