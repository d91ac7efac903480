"""Time `alliance --help` against its library, in turn, in one run; fails above the limit.

python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

LIMIT = 3.0  # times `import typer`: what a person does not feel
RUNS = 15


def main() -> int:
    """Print both medians and their ratio; return 1 above the limit."""
    commands = {
        "import typer": ["-c", "import typer"],
        "alliance --help": ["-m", "simulator.cli", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 1):
        for name, arguments in commands.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            times[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name:16} {1000 * median:7.1f} ms (median of {RUNS})")
    ratio = medians["alliance --help"] / medians["import typer"]
    print(f"{'ratio':16} {ratio:7.2f}    (limit {LIMIT:g})")
    return 0 if ratio < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
