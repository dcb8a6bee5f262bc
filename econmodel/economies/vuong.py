"""Which of two forms is nearer to the truth: Vuong's test, and the likelihood ratio where one contains the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.fit import Fit

Array = NDArray[np.float64]
CONTAINED, CONTAINS = "contained in the first", "contains the first"


def vuong(first: Fit, second: Fit) -> tuple[float, float]:
    """Vuong's statistic of two fits of the same rows, positive where the first is nearer, and its two-sided p-value.

    Parameters counted by Schwarz's correction; likelihood ratios of a provider's rows are added up. Missing where the
    two fits are the same at every row.
    """
    ratios = first.log_likelihoods - second.log_likelihoods
    if first.clusters is not None:
        ratios = np.bincount(first.clusters.codes, ratios).astype(float)
    return vuong_of(ratios, first.df_model - second.df_model, first.nobs)


def vuong_of(ratios: Array, parameters: float, rows: float | None = None) -> tuple[float, float]:
    """The same from log-likelihood ratios (n,) of independent rows and the difference in parameters."""
    from scipy.special import ndtr

    spread = float(np.sqrt(len(ratios)) * ratios.std())
    if not spread > 1e-9 * max(1.0, float(np.abs(ratios).sum())):
        return np.nan, np.nan
    correction = 0.5 * parameters * float(np.log(len(ratios) if rows is None else rows))
    statistic = (float(ratios.sum()) - correction) / spread
    return statistic, 2.0 * float(ndtr(-abs(statistic)))


@dataclass(frozen=True, slots=True)
class Against:
    """A form beside the first: which contains the other, Vuong's statistic or the likelihood ratio, and its p-value."""

    nested: str = ""
    vuong: float = np.nan
    ratio: float = np.nan
    p_value: float = np.nan


def beside(best: Fit, fitted: Fit) -> Against:
    """Vuong's test, or where one form contains the other the likelihood ratio, twice its log (chi-squared)."""
    from scipy.special import chdtrc

    if fitted is best:
        return Against()
    inside, around = contains(best, fitted), contains(fitted, best)
    if not inside and not around:
        statistic, p_value = vuong(best, fitted)
        return Against("", statistic, np.nan, p_value)
    large, small = (best, fitted) if inside else (fitted, best)
    ratio = max(2.0 * (float(large.log_likelihoods.sum() - small.log_likelihoods.sum())), 0.0)
    p_value = float(chdtrc(large.df_model - small.df_model, ratio))
    return Against(CONTAINED if inside else CONTAINS, np.nan, ratio, p_value)


def contains(large: Fit, small: Fit) -> bool:
    """Whether a form is another one with some of its terms left out, so that Vuong's test does not hold for the two."""
    one, other = large.technology, small.technology
    alike = (
        one.form.coordinate == other.form.coordinate
        and one.form.aggregates == other.form.aggregates
        and one.form.price_levels == other.form.price_levels
        and one.numeraire == other.numeraire
        and large.design.additive == small.design.additive
        and large.sample.weights == small.sample.weights
    )
    return alike and set(other.names) < set(one.names)
