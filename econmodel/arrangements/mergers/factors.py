"""The factors of a merger, from nothing but costs: learning, levelling, harmony, size and relationship."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.identity import assert_adds_up

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What J partners and the merged provider cost, for any leading axes of parameters; real or complex.

    Attributes
    ----------
    own : (..., J) each partner as it is, without its inefficiency
    levelled : (..., J) each with the mean relationships and prices of all
    mean : (...,) a provider with the mean outputs of the partners, relationships and prices levelled
    merged : (...,) one provider with all outputs, relationships and prices levelled
    after : (...,) the same with the relationships after the merger
    early_levelled, early_mean : (..., J), (...,) as `levelled` and `mean`, with the relationships after the merger
    """

    own: Array
    levelled: Array
    mean: Array
    merged: Array
    after: Array
    early_levelled: Array
    early_mean: Array


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Cost after over cost before, and its factors (...,): below one is a saving.

    Attributes
    ----------
    before : what the partners cost together, inefficiency included
    merger : cost after over cost before: the product of the next five
    learning : cost without the partners' inefficiency, over cost with it
    levelling : mean relationships and prices for all, over each its own
    harmony : the mean mix of outputs for all, over each its own: scope
    size : one provider over J of mean size: scale
    relationship : relationships after the merger over their mean, for the merged provider
    early_relationship, early_harmony, early_size : the same where relationships change before outputs are joined
    """

    before: Array
    merger: Array
    learning: Array
    levelling: Array
    harmony: Array
    size: Array
    relationship: Array
    early_relationship: Array
    early_harmony: Array
    early_size: Array


def factors(costs: Costs, efficiencies: Array) -> Factors:
    """Divide the cost ratio of a merger into its factors.

    Parameters
    ----------
    costs : of the partners and of the merged provider
    efficiencies : (J,) least cost over actual cost of each partner; ones where no inefficiency is known

    Notes
    -----
    With rbar the mean of the relationships r and ybar that of the outputs y (Bogetoft and Wang, 2005, for learning,
    harmony and size): C(sum y, r_post) / sum c = [sum C(y, r) / sum c] [sum C(y, rbar) / sum C(y, r)]
    [J C(ybar, rbar) / sum C(y, rbar)] [C(sum y, rbar) / (J C(ybar, rbar))] [C(sum y, r_post) / C(sum y, rbar)]. The
    relationship may as well change first; then it is sum C(y, r_post) / sum C(y, rbar), with harmony and size at
    r_post. Either product is asserted.

    Examples
    --------
    >>> one, two = np.array([60.0, 40.0]), np.array([90.0])
    >>> found = factors(Costs(one, one, two / 2, two, two, one, two / 2), np.ones(2))
    >>> float(found.merger[0]), float(found.harmony[0]), float(found.size[0])
    (0.9, 0.9, 1.0)
    """
    count = len(efficiencies)
    before = (costs.own / efficiencies).sum(axis=-1)
    own, levelled, early = (part.sum(axis=-1) for part in (costs.own, costs.levelled, costs.early_levelled))
    found = Factors(
        before,
        costs.after / before,
        own / before,
        levelled / own,
        count * costs.mean / levelled,
        costs.merged / (count * costs.mean),
        costs.after / costs.merged,
        early / levelled,
        count * costs.early_mean / early,
        costs.after / (count * costs.early_mean),
    )
    common = found.learning * found.levelling
    late = common * found.harmony * found.size * found.relationship
    soon = common * found.early_relationship * found.early_harmony * found.early_size
    for product in (late, soon):
        assert_adds_up("The factors of the merger miss their product", product - found.merger, found.merger)
    return found
