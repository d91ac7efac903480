"""A fingerprint of one course, told by whoever runs this module in a process of its own."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.engine.caseload import Trigger
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.network import HandoverPath, NeedGroup
from tests.engine.courses import (
    Course,
    Practise,
    Read,
    Resize,
    ScaleDemand,
    SetWatch,
    plain_network,
    plain_node,
)
from tests.engine.following import by_kernel

__all__ = ["COURSE"]

DAY = TICKS_A_DAY


def _course() -> Course:
    """Return a course that touches everything: shapes, needs, paths, tails of the normal."""
    needs = (
        NeedGroup("lower", (0.6, 1.0), 12.0, 2, 0.8),
        NeedGroup("higher", (0.3, 0.5), 20.0, 1, 1.1, 0.3),
    )
    first = plain_node(
        key=2**32 - 1,
        providers=2,
        potential_a_day=4.0,
        referrals_a_day=1.3,
        growth_a_day=0.001,
        season=(1.2, 0.8) * 6,
        needs=needs,
        need_edges=(0.4, 1.0),
        need_order=(1, 0),
        provider_edges=(0.3, 1.0),
        provider_order=(1, 0),
        elsewhere_edges=((1.0,), ()),
        elsewhere_order=((1,), ()),
        take_up=0.85,
        drop_out=0.02,
        drop_out_rise=0.05,
        shape="lognormal",
        log_spread=0.9,
        log_wait_harm=0.04,
        relapse=(0.5, 0.4),
        relapse_reach=-1.3,
        mean_until_relapse=9.0,
        handovers=(HandoverPath(1, (0.7, 0.4), 2.0, 0.6, 5.0, 0.9),),
        handover_edges=(0.5,),
    )
    second = replace(
        first,
        key=7,
        potential_a_day=1.0,
        referrals_a_day=0.25,
        needs=needs[:1],
        need_edges=(1.0,),
        need_order=(0,),
        delivers=(True, False),
        shape="exponential",
        drop_out_rise=0.0,
        log_wait_harm=math.inf,
        handovers=(),
        handover_edges=(),
    )
    third = plain_node(key=9, providers=2, stay=3.0, referrals_a_day=0.5, drop_out=0.1)
    network = plain_network(first, second, third, providers=2, days=150)
    months = tuple(30 * DAY * month for month in range(5))
    deeds = [
        *(Resize(0, None, provider, service, 9) for provider in (0, 1) for service in (0, 1, 2)),
        *(SetWatch(0, trigger, 0, 0, 12) for trigger in Trigger),
        ScaleDemand(40 * DAY, None, 0, 2.0),
        Read(50 * DAY),
        Practise(55 * DAY, (0.7, -0.4), (-1.0, 0.3), (1.5, 0.5)),
        Resize(60 * DAY, 1, 0, 0, 2),
        ScaleDemand(80 * DAY, 0, 0, 0.5),
        Resize(90 * DAY, None, 0, 0, 40),
        Read(90 * DAY),
    ]
    return Course(replace(network, month_starts=months, first_month=9), tuple(deeds), 2, 5)


COURSE = _course()

if __name__ == "__main__":
    print(by_kernel(COURSE).digest)
