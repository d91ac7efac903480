"""The `alliance` command: stdout carries results, stderr carries progress and mistakes.

Exit codes: 0 done, 1 something unforeseen, 2 the command was not understood, 3 a scenario or data
file is wrong, 4 the run failed, 6 a check failed, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

__all__ = ["main"]

MOST_TOLD = 50  # problems; who has more mends these first
_STOPPED = "Interrupted; nothing was written."
INTERRUPTED = 130  # 128 + SIGINT, as shells count it


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        _prepare_streams()
        _run()
    except KeyboardInterrupt:  # while the program was still being loaded
        print(_STOPPED, file=sys.stderr)
        sys.exit(INTERRUPTED)


def _prepare_streams() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            # "£" and "−" must come out whatever the console's code page is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run() -> None:
    from simulator._errors import AllianceError, RunError, ScenarioError
    from simulator.cli.app import app

    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(args=arguments, prog_name="alliance")
    except AllianceError as error:
        if debug:
            raise
        with suppress(OSError):  # who does not listen is still told by the exit code
            if isinstance(error, ScenarioError):
                print(*error.problems[:MOST_TOLD], sep="\n", file=sys.stderr)
                count = len(error.problems)
                more = f"; the first {MOST_TOLD} are told" if count > MOST_TOLD else ""
                print(f"{count} problem{'s' if count > 1 else ''} found{more}.", file=sys.stderr)
            else:
                print(error, file=sys.stderr)
            sys.stderr.flush()
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            print(_STOPPED, file=sys.stderr)
        raise
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.filename is None:
            # what is read and written by name tells its own errors: this is standard output
            print(f"The output could not be written: {error.strerror}.", file=sys.stderr)
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            sys.exit(RunError.exit_code)
        print(
            f"Something went wrong that we did not foresee: {type(error).__name__}: {error}\n"
            "Please report it; the same command with --debug shows where.",
            file=sys.stderr,
        )
        sys.exit(1)
