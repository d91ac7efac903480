"""Everything that must pass: lint, format, types, tests. Run by the README's test command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", "-n", "2", "--dist", "loadfile"),  # two processes: half the time on two cores
)


def main() -> int:
    """Run each check from the project's folder; stop at the first that fails."""
    root = Path(__file__).parent.parent
    for check in CHECKS:
        print(f"== {' '.join(check)}", flush=True)
        result = subprocess.run([sys.executable, "-m", *check], cwd=root, check=False)
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
