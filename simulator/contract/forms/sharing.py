"""How under- and overspend against a target is shared: one share, or bands of the target."""

from __future__ import annotations

from abc import ABC

from pydantic import model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Band, Frozen, check_ends
from simulator.contract.forms.compose import Form
from simulator.quantities import Figure, Portion, Share

__all__ = ["ShareBand", "SharedDifference", "less"]


class ShareBand(Frozen):
    """A band of under- or overspend and the providers' share inside it."""

    up_to: Portion | None = None
    """Where the band ends, as a share of the target: '-10%' is an overspend of a tenth."""
    providers: Share
    """The providers' share of each pound inside the band; the commissioners bear the rest."""


class SharedDifference(Form, ABC):
    """Base of the forms that share the difference between a target and what was spent."""

    council_share: Share | None = None
    """The commissioners' share of every pound of under- or overspend; or give 'bands'."""
    bands: tuple[ShareBand, ...] = ()
    """The providers' share by band of under- or overspend, as a share of the target."""

    @model_validator(mode="after")
    def _share_or_bands(self) -> SharedDifference:
        if (self.council_share is None) == (not self.bands):
            raise refuse(
                f"found {'both' if self.bands else 'neither'} 'council_share' "
                f"{'and' if self.bands else 'nor'} 'bands'",
                "the share of under- and overspend is one number or a list of bands",
                "keep one of 'council_share' and 'bands'",
            )
        check_ends([band.up_to for band in self.bands], "bands", "up_to")
        return self

    def providers_shares(self) -> list[tuple[Figure | None, Figure]]:
        """Return the providers' share in each band and where it ends."""
        if self.council_share is not None:
            return [(None, less(self.council_share))]
        return [(band.up_to, band.providers) for band in self.bands]

    def share_bands(self) -> tuple[Band, ...]:
        """Return the same as bands of a curve."""
        return tuple(Band(up_to=end, rate=rate) for end, rate in self.providers_shares())


def less(share: Figure) -> Figure:
    """Return what a share leaves."""
    return Figure(1 - share, f"{1 - share:.10g}")
