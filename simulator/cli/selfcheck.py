"""`alliance selfcheck`: closed forms of theory, expected beside obtained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator._errors import CheckFailed
from simulator.report.selfcheck_text import selfcheck_document, selfcheck_page, selfcheck_text
from simulator.study.closed_forms import all_checks
from simulator.study.folder import write_file

__all__ = ["selfcheck"]


def selfcheck(page: Path | None, as_json: bool) -> None:
    """Work out every closed form by the product, and compare."""
    checks = list(all_checks())
    if as_json:
        sys.stdout.write(
            json.dumps(selfcheck_document(checks), indent=2, ensure_ascii=False) + "\n"
        )
    else:
        sys.stdout.write(selfcheck_text(checks) + "\n")
    if page is not None:
        write_file(page, selfcheck_page(checks).encode("utf-8"))
    wrong = [check.what for check in checks if not check.holds]
    if wrong:
        count = "1 figure does" if len(wrong) == 1 else f"{len(wrong)} figures do"
        raise CheckFailed(f"{count} not agree with theory, the first: {wrong[0]}")
