"""Work that nobody is paid for: what it saves the purse, what it costs society, and what it does to economies of scale.

Unpaid work of users, families and volunteers is an input whose amount is not chosen with the paid ones: a quasi-fixed
input. It is a control of the cost function; the cost is the purse's.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.smearing import smearing
from econmodel.arrangements.unpaid_work.unpaid import LEAST, PURSE, SOCIAL, Unpaid, find
from econmodel.arrangements.unpaid_work.words import label_of, notes, text
from econmodel.economies.core.fixed_cost import blank
from econmodel.economies.core.inference import Method, by_place, estimate, few_clusters_note, tabulate
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.economies.core.support import supported
from econmodel.results import Effects

Array = NDArray[np.float64]
CURVE, HERE = "costs by unpaid work", "here"
STEPS_DRAWN = 20


def coproduce(
    function: CostFunction,
    unpaid: str,
    wage: float | None = None,
    *,
    wage_source: str = "assumption",
    at: object = "mean",
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What unpaid work saves, cost to the purse against social cost, and scale with unpaid work held and growing.

    Parameters
    ----------
    function : a fit of what the purse pays, with unpaid work among its controls: as it stands (one unit more then
        changes cost by a fixed percentage), or as a column of its logs called "log NAME" (one per cent more does)
    unpaid : the column's name
    wage : what a unit would cost if it had to be paid; without it there is no test and no social cost
    wage_source : where that wage was read, printed with the sentence
    at : where, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "shadow value" (what a unit more saves the purse; null: the wage), "elasticity of cost to unpaid work"
        (null 0), "ray elasticity, unpaid work held" and "... growing with output" (null 1), "scale economies, unpaid
        work held" and "... all inputs growing" (null 1), "cost to the purse", and with a wage "social cost" and "unpaid
        work at least social cost". The further table "costs by unpaid work", over the range of the table at the first
        place, is what `em.charts.coproduction` draws.

    Raises
    ------
    UnknownName
        Where the column is not a control of the fit; the message says how to make it one.
    NotSupported
        For a wage that is not above zero.

    Notes
    -----
    With variable cost VC(y, w, z), the shadow value is -dVC/dz and social cost VC + wage x z, lowest where the two are
    equal. Let e_i and e_z be the elasticities of VC to output i and to z. If all outputs grow by g per cent and all
    inputs, paid and unpaid, by k per cent, then, since VC grows as paid inputs do at given prices, k = sum_i e_i g +
    e_z k; so economies of scale are g / k = (1 - e_z) / sum_i e_i, the formula of Caves, Christensen and Swanson
    (1981). With z held they are 1 / sum_i e_i; where z grows as outputs do, VC has the elasticity sum_i e_i + e_z.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.exp(rng.normal(size=(80, 2)) * 0.4), columns=["visits", "hours"])
    >>> frame["cost"] = 9 * frame["visits"] ** 0.8 * frame["hours"] ** -0.2
    >>> frame["log hours"] = np.log(frame["hours"])
    >>> fitted = fit(CostData(frame, cost="cost", outputs=["visits"], controls=["log hours"]), form="cobb_douglas")
    >>> found = coproduce(fitted, "hours", wage=2.0).table.set_index("term")["estimate"].round(3)
    >>> float(found["elasticity of cost to unpaid work"]), float(found["scale economies, all inputs growing"])
    (-0.2, 1.5)
    """
    require_fit(function)
    given = find(function, unpaid, wage)
    places, factor = resolve(function, at), smearing(function)
    n, terms = len(places.labels), given.terms
    found = estimate(
        function,
        lambda theta: given.values(function.technology, theta, places.point, factor),
        [null for null in terms.values() for _ in range(n)],
        method=method,
        conf_level=conf_level,
        seed=seed,
    )  # fmt: skip
    inside = np.tile(supported(function, places), len(terms))
    names = [term for term in terms for _ in range(n)]
    least = np.array([name == LEAST for name in names])
    inside[least] &= _within(function, given, found.values[least])
    table = tabulate(names, [*places.labels] * len(terms), found, inside)
    # Where no unit saves its wage, no amount above zero is the cheapest.
    table = by_place(blank(table, least & ~(found.values > 0)), n)
    tables = {}
    if function.sample is not None:
        tables[CURVE] = _curve(function, places, given, factor, method, conf_level, seed)
    result = Effects(
        f"Unpaid work: {label_of(function, given)}", table, "", tables=tables,
        notes=(*notes(function, given, factor), *few_clusters_note(function, method)), method=method,
        conf_level=conf_level,
    )  # fmt: skip
    return replace(result, text=text(result, function, given, wage_source))


def _within(function: CostFunction, unpaid: Unpaid, amounts: Array) -> NDArray[np.bool_]:
    """Whether amounts lie in the range of the table."""
    if function.sample is None:
        return np.ones(len(amounts), dtype=bool)
    seen = unpaid.amount(function.points())
    return np.asarray((amounts >= seen.min()) & (amounts <= seen.max()))


def _curve(
    function: CostFunction, places: Places, unpaid: Unpaid, factor: float, method: Method, conf_level: float, seed: int
) -> pd.DataFrame:
    """Cost to the purse, and social cost, as unpaid work goes over the range of the table; "here" marks the place."""
    seen, here = unpaid.amount(function.points()), float(unpaid.amount(places.point)[0])
    # Where logs enter, cost bends most at small amounts.
    grid = (np.geomspace if unpaid.in_logs else np.linspace)(seen.min(), seen.max(), STEPS_DRAWN + 1)
    amounts = np.unique(np.append(grid, here))
    point = unpaid.with_amount(places.point, amounts)
    found = estimate(
        function,
        lambda theta: factor * function.technology.cost(theta, point),
        method=method,
        conf_level=conf_level,
        seed=seed,
    )
    curves = {"": found.values, "_low": found.low, "_high": found.high}
    columns = {unpaid.name: amounts, HERE: amounts == here}
    table = pd.DataFrame(columns | {f"{PURSE}{end}": values for end, values in curves.items()})
    if unpaid.wage is None:
        return table
    paid = unpaid.wage * amounts
    return table.assign(**{f"{SOCIAL}{end}": values + paid for end, values in curves.items()})
