"""Alliance contracts and output-based contracts over the same simulated futures.

scenario = simulator.load("scenarios/staying-well.yaml")
study = simulator.run(scenario, replications=200, seed=1)
result = simulator.compare(study)

signed = simulator.load_signed("scenarios/shared-savings.yaml")
paid = simulator.settle(signed, {"benchmark": [...], "spend": [...]}, contract="enhanced")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator._version import __version__

__all__ = ["__version__", "compare", "load", "load_signed", "run", "settle"]

if TYPE_CHECKING:
    from simulator.study.files import load, load_signed
    from simulator.study.portfolio import settle
    from simulator.study.replicator import replicate as run
    from simulator.study.summary import compare

_WHERE = {
    "compare": ("simulator.study.summary", "compare"),
    "load": ("simulator.study.files", "load"),
    "load_signed": ("simulator.study.files", "load_signed"),
    "settle": ("simulator.study.portfolio", "settle"),
    "run": ("simulator.study.replicator", "replicate"),
}


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used: `alliance --help` needs none."""
    if name not in _WHERE:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    import importlib

    module, function = _WHERE[name]
    return getattr(importlib.import_module(module), function)
