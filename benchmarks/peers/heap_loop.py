"""The people in C by one binary heap: compiled on the spot, called through ctypes.

The loop is in heap_loop.c. Here the network becomes arrays, independently of those of our kernel,
so that a mistake in either shows as other people.
"""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.common import COUNTED, Counts, Places
from simulator.engine.caseload import WAIT_UNITS_A_DAY
from simulator.engine.clock import LAST_TICK, TICKS_A_DAY, to_days, to_ticks
from simulator.engine.network import Network, ServiceNode

__all__ = ["FLAGS", "HeapLoop", "build"]

FLAGS = "gcc -O3 -ffp-contract=off"
"""For any processor of its kind. Contraction would round differently where there is such an
instruction; fast maths would, too."""

_CLOCK = (
    f"-DTICKS_A_DAY={TICKS_A_DAY}LL",
    f"-DLONGEST_DAYS={to_days(to_ticks(math.inf))!r}",
    f"-DUNIT_TICKS={TICKS_A_DAY // WAIT_UNITS_A_DAY}LL",
)
_SOURCE = Path(__file__).with_name("heap_loop.c")
_SHAPES = ("fixed", "exponential", "lognormal")  # numbered as in heap_loop.c
_BEYOND = 2.0  # an edge above every uniform: never reached
_WHY_NOT = {1: "there is too little memory", 2: "referrals exceed the bounding rate"}

# laid out as in heap_loop.c
_SERVICE = np.dtype(
    [
        *((name, "f8") for name in ("potential", "referrals", "growth")),
        ("season", "f8", 12),
        *((name, "f8") for name in ("take_up", "drop_out", "rise", "spread", "harm", "relapse")),
        ("until_relapse", "f8"),
        ("shape", "i4"),
        ("paths", "i4"),
        ("key", "u4"),
    ],
    align=True,
)
_PATH = np.dtype(
    [
        *((name, "f8") for name in ("edge", "on_the_way", "returns", "until_return")),
        ("receiver", "i4"),
    ],
    align=True,
)
_TEAM = np.dtype([(name, "i8") for name in (*COUNTED, "waited", "stayed")])
_ARRAYS = (
    "service",
    "need_edge",
    "need",
    "mean_stay",
    "line",
    "good",
    "provider_edge",
    "provider",
    "delivers",
    "path",
    "success",
    "month_starts",
)


class _Network(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in _ARRAYS),
        ("end", ctypes.c_int64),
        *(
            (name, ctypes.c_int32)
            for name in ("services", "providers", "needs", "paths", "lines", "first_month")
        ),
    )


class HeapLoop:
    """The compiled loop."""

    def __init__(self, folder: tempfile.TemporaryDirectory[str], library: Path) -> None:
        self._folder = folder  # gone when this is
        self._live = ctypes.CDLL(str(library)).live
        self._live.argtypes = (
            ctypes.POINTER(_Network),
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_int32,
            ctypes.c_void_p,
        )

    def run(self, network: Network, places: Places, seed: int, replications: range) -> list[Counts]:
        """Live futures to the end of the term and return what came of each.

        Days waited and stayed are told as well, as our engines count them.
        """
        teams, _ = self._lived(network, places, seed, replications)
        counts = [{name: team[name].astype(np.float64) for name in COUNTED} for team in teams]
        for count, team in zip(counts, teams, strict=True):
            count["wait_days"] = team["waited"] / WAIT_UNITS_A_DAY
            count["service_days"] = team["stayed"] / WAIT_UNITS_A_DAY
        return list(counts)

    def seconds(self, network: Network, places: Places, seed: int, replications: range) -> float:
        """Return how long futures take, from the first instant to the last."""
        return self._lived(network, places, seed, replications)[1]

    def _lived(
        self, network: Network, places: Places, seed: int, replications: range
    ) -> tuple[npt.NDArray[np.void], float]:
        if replications.step != 1:
            raise ValueError("the loop in C lives replications one after another")
        arrays = _arrays(network)
        described = _described(network, arrays)
        held = np.ascontiguousarray(places, dtype=np.int64)
        teams = np.zeros((len(replications), *held.shape), dtype=_TEAM)
        began = time.perf_counter()
        status = self._live(
            ctypes.byref(described),
            held.ctypes.data,
            seed,
            replications.start,
            len(replications),
            teams.ctypes.data,
        )
        took = time.perf_counter() - began
        if status:
            raise RuntimeError(f"the loop in C stopped: {_WHY_NOT[status]}")
        return teams, took


def build() -> tuple[HeapLoop | None, str]:
    """Compile the loop; return it, or None and why not."""
    command, *flags = FLAGS.split()
    if shutil.which(command) is None:
        return None, f"{command} is not installed"
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    library = Path(folder.name) / "heap_loop.so"
    flags += [*_CLOCK, "-std=c11", "-shared", "-fPIC"]
    done = subprocess.run(
        [command, *flags, str(_SOURCE), "-o", str(library), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None, f"{command} cannot compile it: {done.stderr.strip()}"
    try:
        return HeapLoop(folder, library), ""
    except OSError as error:
        return None, f"it cannot be loaded: {error}"


def _described(network: Network, arrays: dict[str, npt.NDArray[Any]]) -> _Network:
    """Return the network as C sees it; the arrays are to outlive it."""
    return _Network(
        **{name: arrays[name].ctypes.data for name in _ARRAYS},
        end=network.end,
        services=len(network.services),
        providers=network.providers,
        needs=arrays["need"].shape[1],
        paths=arrays["path"].shape[1],
        lines=int(arrays["line"].max()) + 1,
        first_month=network.first_month,
    )


def _arrays(network: Network) -> dict[str, npt.NDArray[Any]]:
    nodes, providers = network.services, network.providers
    names = list(dict.fromkeys(need.name for node in nodes for need in node.needs))
    by_need = (len(nodes), len(names))
    most_paths = max(1, *(len(node.handovers) for node in nodes))
    arrays: dict[str, npt.NDArray[Any]] = {
        "service": np.array([_service(node) for node in nodes], dtype=_SERVICE),
        "need_edge": np.full(by_need, _BEYOND),
        "need": np.zeros(by_need, dtype=np.int32),
        "mean_stay": np.zeros(by_need),
        "line": np.zeros(by_need, dtype=np.int32),
        "good": np.zeros((*by_need, providers)),
        "provider_edge": np.full((len(nodes), providers), _BEYOND),
        "provider": np.zeros((len(nodes), providers), dtype=np.int32),
        "delivers": np.array([node.delivers for node in nodes], dtype=np.int32),
        "path": np.zeros((len(nodes), most_paths), dtype=_PATH),
        "success": np.zeros((len(nodes), most_paths, providers)),
        "month_starts": np.array([*network.month_starts, LAST_TICK], dtype=np.int64),
    }
    for service, node in enumerate(nodes):
        ranks = sorted({need.priority for need in node.needs})
        for place, name in enumerate(names):
            mine = next((need for need in node.needs if need.name == name), node.needs[0])
            arrays["mean_stay"][service, place] = mine.mean_stay
            arrays["line"][service, place] = ranks.index(mine.priority)
            arrays["good"][service, place] = mine.good_outcome
        for place, (edge, which) in enumerate(zip(node.need_edges, node.need_order, strict=True)):
            arrays["need_edge"][service, place] = edge
            arrays["need"][service, place] = names.index(node.needs[which].name)
        referred_to = len(node.provider_edges)
        arrays["provider_edge"][service, :referred_to] = node.provider_edges
        arrays["provider"][service, :referred_to] = node.provider_order
        for place, (edge, path) in enumerate(zip(node.handover_edges, node.handovers, strict=True)):
            arrays["path"][service, place] = (
                edge,
                path.mean_on_the_way,
                path.returns,
                path.mean_until_return,
                path.receiver,
            )
            arrays["success"][service, place] = path.success
    return arrays


def _service(node: ServiceNode) -> tuple[Any, ...]:
    return (
        node.potential_a_day,
        node.referrals_a_day,
        node.growth_a_day,
        node.season,
        node.take_up,
        node.drop_out,
        node.drop_out_rise,
        node.log_spread,
        node.log_wait_harm,
        node.relapse[0],  # the same at all providers, who are at the norm
        node.mean_until_relapse,
        _SHAPES.index(node.shape),
        len(node.handovers),
        node.key,
    )
