"""Does a relationship change the technology, or the waste? A frontier can hold it in either place, and in both.

In the cost function a relationship variable changes what the best practice costs. Among the determinants of
inefficiency it changes how far providers stay above the best practice. Leaving it out of one place, with the other
kept, is a nested test.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from econmodel.errors import NotIdentified, NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.estimate.frontier.estimator import Frontier
from econmodel.results import Table
from econmodel.stated import check_level
from econmodel.table.cost_data import CostData
from econmodel.words import UNSETTLED, capital, probability_words

BOTH, TECHNOLOGY, WASTE, NEITHER = "both places", "cost function only", "inefficiency only", "neither place"
# Each is the truncated normal at some mean, or its limit as the mean runs to minus infinity.
MEMBERS = ("truncated_normal", "half_normal", "exponential")


def where(fit: Fit, variable: str, *, conf_level: float = 0.95) -> Table:
    """Test whether a relationship variable belongs in the cost function, in inefficiency, or in both.

    Parameters
    ----------
    fit : a frontier (`estimator="frontier"`) with the variable among its relationship variables; other determinants
        of inefficiency that it has are kept
    variable : the relationship variable
    conf_level : one less the level of the tests

    Returns
    -------
    Table
        One row for each place: log-likelihood, parameters, likelihood ratio against both places and its p-value.

    Raises
    ------
    UnknownName, NotSupported
        For another variable or estimator. NotIdentified where one of the four has no optimum.

    Notes
    -----
    Inefficiency is normal with mean z'delta, truncated at zero (Battese and Coelli, 1995). Without determinants it is
    the best of the truncated normal, the half-normal and the exponential, which are its members and its limit. The
    variable is associated with cost or waste; the test does not say that it is their cause.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> schools = load("california_schools").using(controls=["lunch"])
    >>> found = where(fit(schools, "cobb_douglas", estimator="frontier"), "teachers_per_pupil")
    >>> found.table["variable_in"].tolist()
    ['both places', 'cost function only', 'inefficiency only', 'neither place']
    """
    check_level(conf_level)
    if not isinstance(fit, Fit) or not fit.error_model.takes_determinants:
        raise NotSupported(
            "Waste can be told from technology by a frontier only, and one whose inefficiency takes determinants: "
            'em.relationships.where(em.fit(data, estimator="frontier"), ...), without effects=.'
        )
    if variable not in fit.technology.relationships:
        known = ", ".join(fit.technology.relationships) or "none"
        raise UnknownName(
            f"{variable} is not among the relationship variables of the cost function. There is {known}. Declare it "
            "with em.CostData(..., relationships={...}), and the test places it."
        )
    others = [name for name in fit.specification.estimator.columns(fit.data) if name != variable]
    without = fit.data.using(relationships=[name for name in fit.data.relationships if name != variable])
    constant = getattr(fit.specification.estimator, "constant", True)
    places = {
        BOTH: (fit.data, [*others, variable]), TECHNOLOGY: (fit.data, others),
        WASTE: (without, [*others, variable]), NEITHER: (without, others),
    }  # fmt: skip
    free = {}
    for place, (data, determinants) in places.items():
        try:
            free[place] = _frontier(fit, data, determinants, constant)
        except NotIdentified as failure:
            raise NotIdentified(f"With {variable} in {place} there is no frontier to compare. {failure}") from failure
    table, label = _table(free), fit.data.labels(variable)
    notes = [f"Both, and inefficiency alone, hold {variable} as it stands in the table."]
    if fit.clusters is not None:
        notes.append("Rows are taken as independent: providers that repeat make these p-values too small.")
    slope = free[BOTH].error_model.error_parameters["estimate"][f"inefficiency: {variable}"]
    waste = f"inefficiency is {'lower' if slope < 0 else 'higher'} where {label} is higher"
    text = _text(table, label, waste, 1.0 - conf_level)
    return Table(f"Technology or waste: {label}", table, text, notes=tuple(notes))


def _frontier(fit: Fit, data: CostData, determinants: Sequence[str], constant: bool) -> Fit:
    """The frontier with these determinants; without any, the highest likelihood of the members."""
    if determinants:
        settings = [Frontier(determinants=tuple(determinants), constant=constant)]
    else:
        settings = [Frontier(name) for name in MEMBERS]
    fits, failures = [], []
    for one in settings:
        try:
            fits.append(refit(fit, data, estimator=one))
        except NotIdentified as failure:
            failures.append(failure)
    if not fits:
        raise failures[0]
    return max(fits, key=lambda one: one.llf)


def _table(fits: dict[str, Fit]) -> pd.DataFrame:
    from scipy.special import chdtrc

    everything, rows = fits[BOTH], []
    for place, one in fits.items():
        ratio, p_value, freedom = np.nan, np.nan, np.nan
        if place != BOTH:
            in_technology = len(everything.theta) - len(one.theta)
            freedom = in_technology + float(place in (TECHNOLOGY, NEITHER))
            ratio = max(2.0 * (everything.llf - one.llf), 0.0)
            p_value = float(chdtrc(freedom, ratio))
        rows.append((place, one.llf, ratio, freedom, p_value))
    return pd.DataFrame(rows, columns=["variable_in", "log_likelihood", "likelihood_ratio", "freedom", "p_value"])


def _text(table: pd.DataFrame, label: str, waste: str, level: float) -> str:
    p_values = dict(zip(table["variable_in"], table["p_value"], strict=True))
    without = {place: probability_words(value) for place, value in p_values.items()}
    technology_needed, waste_needed = p_values[WASTE] < level, p_values[TECHNOLOGY] < level
    if technology_needed and waste_needed:
        return (
            f"{label} goes with both: it stands in the cost of the best practice ({without[WASTE]} without it there), "
            f"and {waste} ({without[TECHNOLOGY]} without it there)."
        )
    if technology_needed:
        return (
            f"{label} goes with the technology: the cost of the best practice differs by it ({without[WASTE]} without "
            f"it there). Nothing shows that it goes with waste ({without[TECHNOLOGY]})."
        )
    if waste_needed:
        return (
            f"{label} goes with waste: {waste} ({without[TECHNOLOGY]} without it there). Nothing shows that the cost "
            f"of the best practice differs by it ({without[WASTE]})."
        )
    if p_values[NEITHER] < level:
        return (
            f"{label} goes with cost ({without[NEITHER]} for neither place), and the data cannot tell in which place: "
            f"either alone does as well (cost function {without[TECHNOLOGY]}, inefficiency {without[WASTE]})."
        )
    return f"{capital(UNSETTLED)}: {label} shows in neither place ({without[NEITHER]})."
