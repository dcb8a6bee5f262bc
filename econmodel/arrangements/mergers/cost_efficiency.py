"""What is known of the partners' inefficiency: from a frontier, from whoever asks, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.mergers.merging import Merging
from econmodel.arrangements.smearing import smearing
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.frontier.fit import FrontierFit

Array = NDArray[np.float64]
FRONTIER = "mean of exp(-u) given its deviation: Battese and Coelli (1988)"


@dataclass(frozen=True, slots=True, eq=False)
class CostEfficiency:
    """Least cost over actual cost.

    Attributes
    ----------
    values : (J,) of each partner; ones where nothing is known
    source : where they come from; empty where nothing is known
    smearing : mean cost over fitted cost, at a provider's own efficiency
    """

    values: Array
    source: str
    smearing: float


def cost_efficiency(function: CostFunction, joint: Merging, given: Mapping[str, float] | None) -> CostEfficiency:
    """The partners' cost efficiency.

    Parameters
    ----------
    given : partner -> least cost over actual cost; without it those of a frontier fit, for partners in its table

    Raises
    ------
    UnknownName, NotSupported
        Where a partner lacks one, another is named, or one is no share.
    """
    if given is not None:
        return CostEfficiency(_given(joint, given), "given", smearing(function))
    if isinstance(function, FrontierFit) and joint.rows is not None:
        # Cost above the frontier and a provider's own inefficiency is noise.
        noise = np.exp(function.resid.to_numpy(dtype=float)) * function.efficiency.to_numpy(dtype=float)
        return CostEfficiency(function.efficiency.to_numpy(dtype=float)[joint.rows], FRONTIER, float(noise.mean()))
    return CostEfficiency(np.ones(len(joint.names)), "", smearing(function))


def _given(joint: Merging, given: Mapping[str, float]) -> Array:
    by_name = {str(name): float(value) for name, value in given.items()}
    if set(by_name) != set(joint.names):
        raise UnknownName(
            f"efficiency= needs one number for each of {', '.join(joint.names)}; it has {', '.join(by_name)}."
        )
    values = np.array([by_name[name] for name in joint.names])
    if not ((values > 0) & (values <= 1)).all():
        raise NotSupported(
            f"efficiency={by_name} is least cost over actual cost, above zero and at most one: 0.9 is a provider that "
            "could do the same for a tenth less."
        )
    return values
