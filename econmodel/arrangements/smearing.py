"""From the fitted log of cost to money: the mean of cost is above the exponential of the mean of its log."""

import numpy as np

from econmodel.economies.core.places import CostFunction
from econmodel.estimate.fit import Fit


def smearing(function: CostFunction) -> float:
    """What the exponential of fitted log cost is multiplied by to be mean cost; one for stated or additive costs.

    The mean of the exponentials of the residuals (Duan, 1983).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> smearing(state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100}))
    1.0
    """
    if not isinstance(function, Fit) or function.design.additive:
        return 1.0
    return float(np.exp(function.resid.to_numpy()).mean())
