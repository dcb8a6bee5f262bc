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
from econmodel.estimate.frontier.fit import FrontierFit
from econmodel.results import Answer, format_probability
from econmodel.stated import check_level
from econmodel.table.cost_data import CostData

BOTH, TECHNOLOGY, WASTE, NEITHER = "both places", "cost function only", "inefficiency only", "neither place"
# Each is the truncated normal at some mean, or its limit as the mean runs to minus infinity.
MEMBERS = ("truncated_normal", "half_normal", "exponential")


def where_relationship(fitted: Fit, variable: str, *, conf_level: float = 0.95) -> Answer:
    """Test whether a relationship variable belongs in the cost function, in inefficiency, or in both.

    Parameters
    ----------
    fitted : a frontier (`estimator="frontier"`) with the variable among its relationship variables; other determinants
        of inefficiency that it has are kept
    variable : the relationship variable
    conf_level : one less the level of the tests

    Returns
    -------
    Answer
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
    >>> found = where_relationship(fit(schools, "cobb_douglas", estimator="frontier"), "teachers_per_pupil")
    >>> found.table["variable in"].tolist()
    ['both places', 'cost function only', 'inefficiency only', 'neither place']
    """
    check_level(conf_level)
    if not isinstance(fitted, FrontierFit) or fitted.specification.effects is not None:
        raise NotSupported(
            "Waste can be told from technology by a frontier only, and one whose inefficiency takes determinants: "
            'em.where_relationship(em.fit(data, estimator="frontier"), ...), without effects=.'
        )
    if variable not in fitted.technology.relationships:
        known = ", ".join(fitted.technology.relationships) or "none"
        raise UnknownName(
            f"{variable} is not among the relationship variables of the cost function. There is {known}. Declare it "
            "with em.CostData(..., relationships={...}), and the test places it."
        )
    others = [name for name in fitted.specification.estimator.columns(fitted.data) if name != variable]
    without = fitted.data.using(relationships=[name for name in fitted.data.relationships if name != variable])
    constant = getattr(fitted.specification.estimator, "constant", True)
    asked = {
        BOTH: (fitted.data, [*others, variable]), TECHNOLOGY: (fitted.data, others),
        WASTE: (without, [*others, variable]), NEITHER: (without, others),
    }  # fmt: skip
    free = {}
    for place, (data, determinants) in asked.items():
        try:
            free[place] = _fit(fitted, data, determinants, constant)
        except NotIdentified as failure:
            raise NotIdentified(f"With {variable} in {place} there is no frontier to compare. {failure}") from failure
    table = _table(free)
    label = fitted.data.labels(variable)
    notes = [f"Both, and inefficiency alone, hold {variable} as it stands in the table."]
    if fitted.clusters is not None:
        notes.append("Rows are taken as independent: providers that repeat make these p-values too small.")
    return Answer(
        f"Technology or waste: {label}", table, _words(table, free[BOTH], variable, label, 1.0 - conf_level),
        notes=tuple(notes),
    )  # fmt: skip


def _fit(fitted: Fit, data: CostData, determinants: Sequence[str], constant: bool) -> FrontierFit:
    """The frontier with these determinants; without any, the highest likelihood of the members."""
    if determinants:
        settings = [Frontier(determinants=tuple(determinants), constant=constant)]
    else:
        settings = [Frontier(name) for name in MEMBERS]
    found, failures = [], []
    for one in settings:
        try:
            found.append(refit(fitted, data, estimator=one))
        except NotIdentified as failure:
            failures.append(failure)
    if not found:
        raise failures[0]
    best = max(found, key=lambda one: one.llf)
    assert isinstance(best, FrontierFit)
    return best


def _table(fits: dict[str, FrontierFit]) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=["variable in", "log_likelihood", "likelihood_ratio", "freedom", "p_value"])


def _words(table: pd.DataFrame, everything: FrontierFit, variable: str, label: str, level: float) -> str:
    p_values = dict(zip(table["variable in"], table["p_value"], strict=True))
    said = {place: _probability(value) for place, value in p_values.items() if place != BOTH}
    slope = everything.error_parameters["estimate"][f"inefficiency: {variable}"]
    waste = f"inefficiency is {'lower' if slope < 0 else 'higher'} where {label} is higher"
    technology_needed, waste_needed = p_values[WASTE] < level, p_values[TECHNOLOGY] < level
    if technology_needed and waste_needed:
        return (
            f"{label} goes with both: it stands in the cost of the best practice ({said[WASTE]} without it there), and "
            f"{waste} ({said[TECHNOLOGY]} without it there)."
        )
    if technology_needed:
        return (
            f"{label} goes with the technology: the cost of the best practice differs by it ({said[WASTE]} without it "
            f"there). Nothing shows that it goes with waste ({said[TECHNOLOGY]})."
        )
    if waste_needed:
        return (
            f"{label} goes with waste: {waste} ({said[TECHNOLOGY]} without it there). Nothing shows that the cost of "
            f"the best practice differs by it ({said[WASTE]})."
        )
    if p_values[NEITHER] < level:
        return (
            f"{label} goes with cost ({said[NEITHER]} for neither place), and the data cannot tell in which place: "
            f"either alone does as well (cost function {said[TECHNOLOGY]}, inefficiency {said[WASTE]})."
        )
    return f"No conclusion: {label} shows in neither place ({said[NEITHER]})."


def _probability(value: float) -> str:
    written = format_probability(value)
    return f"p < {written[1:]}" if written.startswith("<") else f"p = {written}"
