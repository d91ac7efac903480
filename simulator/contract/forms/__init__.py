"""The ready-made forms by the name they have in YAML. A new form is one more line here."""

from __future__ import annotations

from typing import get_args

from simulator.contract.forms.activity import Blended, Block, CostAndVolume, UnitPrice
from simulator.contract.forms.alliance import Alliance
from simulator.contract.forms.compose import Form
from simulator.contract.forms.cost import FixedPriceIncentive, Grant, TargetCost
from simulator.contract.forms.outcome import OutcomeTariff, RateCard
from simulator.contract.forms.parties import LeadProvider, PooledBudget
from simulator.contract.forms.quality import Incentive, KpiDeductions
from simulator.contract.forms.savings import Corridor, SharedSavings

__all__ = ["FORMS"]

_ALL: tuple[type[Form], ...] = (
    Block,
    UnitPrice,
    CostAndVolume,
    Blended,
    KpiDeductions,
    Incentive,
    OutcomeTariff,
    RateCard,
    Grant,
    TargetCost,
    FixedPriceIncentive,
    Alliance,
    SharedSavings,
    Corridor,
    LeadProvider,
    PooledBudget,
)

FORMS: dict[str, type[Form]] = {
    get_args(form.model_fields["form"].annotation)[0]: form for form in _ALL
}
"""Each form by its name in YAML."""
