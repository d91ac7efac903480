"""The nodes of a plan: even, centred, and the same by compiled code as by NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.contract.statement import Array
from simulator.parties.nodes import BY_ITSELF, DEMAND, LEVELS, MIDDLE, Own, nodes_at, over_nodes

COLUMNS, PROVIDERS, SERVICES, PROFILES = 4, 3, 2, 5
NODES = nodes_at(24, (1, 0, 2))


def values_of(lead: tuple[int, ...]) -> Array:
    shape = (COLUMNS, PROVIDERS, SERVICES, LEVELS - 1 + PROFILES, *lead)
    values = np.random.default_rng(3).uniform(1.0, 50.0, shape)
    values[2, 1] = 0.0  # nobody there
    values[3, :, :, :LEVELS] = 0.0  # what the first profile does not do, and the others do
    return values


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_compiled_code_comes_to_what_numpy_does(lead: tuple[int, ...]) -> None:
    values, like = values_of(lead), [0, 1, 2, 0]
    spread = np.random.default_rng(4).uniform(0.0, 0.3, (2, PROVIDERS, *lead))
    own = {1: Own(0, spread[0]), 2: Own(2, spread[1])}
    one, other = (over_nodes(NODES, values, like, own, 3, compiled) for compiled in (True, False))
    for found, expected in zip(one, other, strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    ratio, base = one
    assert base.shape == (3, 24, PROVIDERS, SERVICES, *lead)
    # 1 where the first comes to nothing; a column may be measured by another
    assert (ratio[2, 1] == 1.0).all()
    expected = values[3, :, :, LEVELS:] / values[0, :, :, MIDDLE : MIDDLE + 1]
    np.testing.assert_allclose(ratio[3, :, :, 1:], expected, rtol=1e-14)


@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_even_in_demand_spreads_as_demand_does(compiled: bool) -> None:
    """Mean and spread of a column that follows demand and its own luck, in a straight line."""
    values = np.full((1, PROVIDERS, SERVICES, LEVELS), 100.0)
    values *= 1.0 + 0.05 * DEMAND
    _, base = over_nodes(NODES, values, [0], {}, 1, compiled)
    np.testing.assert_allclose(base.mean(axis=1), 100.0, rtol=1e-12)
    spread = base.std(axis=1)
    assert (spread > 4.0).all()
    assert (spread < 5.0 + 1e-9).all()  # beyond two standard deviations demand goes no further
    own = {0: Own(BY_ITSELF.index("cost"), np.full(PROVIDERS, 0.2))}
    _, varied = over_nodes(NODES, values, [0], own, 1, compiled)
    luck = (varied / base).std(axis=1)
    np.testing.assert_allclose(luck, 0.2, rtol=1e-9)


def test_shares_are_means_over_the_nodes() -> None:
    """Outcomes have their mean from the levels of demand, without the nodes."""
    values = values_of((3,))[:1]
    spread = np.random.default_rng(4).uniform(0.0, 0.3, (PROVIDERS, 3))
    _, base = over_nodes(NODES, values, [0], {0: Own(0, spread)}, 1, True)
    levels = values[0, :, :, :LEVELS]
    mean = np.einsum("l,pslf->psf", NODES.share, levels)
    noise = np.einsum("lp,pslf->psf", NODES.share_of_noise, levels)
    found = base[0].mean(axis=0)
    np.testing.assert_allclose(found, mean + spread[:, None] * noise, rtol=1e-12)
