"""Economies of scale: along the ray, and of each product."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    assert_identity,
    blank,
    incremental_cost,
    require_corners,
    unidentified,
    without_increment,
)
from econmodel.economies.core.inference import (
    Estimates,
    Method,
    by_place,
    estimate,
    few_clusters_note,
    set_identified,
    tabulate,
)
from econmodel.economies.core.places import CostFunction, Places, resolve, without_cost_there
from econmodel.economies.core.support import extrapolated, outputs_supported, supported
from econmodel.economies.core.verdict import MARGIN, at_words, judge, scale_words
from econmodel.errors import UnknownName
from econmodel.results import MOST_TIMES, Effects, beside_interval, format_number, interval_in_words

Array = NDArray[np.float64]
ELASTICITY, RAY = "ray elasticity", "ray scale economies"


def scale(
    function: CostFunction,
    at: object = "mean",
    of: Sequence[str] | None = None,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
) -> Effects:
    """Ray scale economies, and those of products where the form has costs at zero output.

    Parameters
    ----------
    function : a fit
    at : where: "mean", "median", "p25", "every provider", multiples of the mean, a mapping or a table (see `resolve`)
    of : outputs whose joint product-specific scale is wanted; by default each output's, in level forms
    method : "delta", "simulate" or "bootstrap"
    margin : departure from constant returns that would not matter, for the equivalence test

    Returns
    -------
    Effects
        Terms "ray elasticity" (percentage change of cost when all outputs grow by one per cent; null 1), "ray scale
        economies" (its inverse S = C / sum y_i C_i; null 1) and "scale economies of ..." (S_T = IC_T / sum_T y_i C_i;
        null 1; an interval where the fixed cost of T is not identified).

    Raises
    ------
    FormError
        Where `of` is asked of a log form, which has no incremental cost.

    Notes
    -----
    Baumol, Panzar and Willig (1982); Panzar (1989). The identity that ties ray scale, product-specific scale and scope
    together is asserted at every place.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> result = scale(fit(load("electricity_1955"), form="cobb_douglas"))
    >>> float(result.row("ray scale economies")["estimate"].round(4))
    1.3876
    """
    places = resolve(function, at)
    technology = function.technology
    groups = _groups(function, of)
    n = len(places.labels)

    def ray(theta: Array) -> Array:
        elasticity = (technology.slopes(theta, places.point).outputs * places.point.outputs).sum(axis=-1)
        return np.concatenate([elasticity, 1.0 / elasticity], axis=-1)

    found = estimate(function, ray, 1.0, method=method, conf_level=conf_level, seed=seed)
    inside = supported(function, places)
    terms = [ELASTICITY] * n + [RAY] * n
    table = tabulate(terms, [*places.labels] * 2, found, np.tile(inside, 2))
    bad, fault = without_cost_there(function, places)
    tables = [blank(table, np.tile(bad, 2))]
    said: dict[str, None] = {}
    for name, members in groups.items():
        rows = _product_rows(function, places, name, members, method, conf_level, seed)
        none, why = without_increment(function, places, members)
        tables.append(blank(rows, none))
        said |= {one: None for one in why if not bad.any()}
    table = by_place(pd.concat(tables), n)
    wild = found.p_values[0] if function.wild and method == "delta" else float("nan")
    verdict = judge(
        found.low[0], found.high[0], found.errors[0], 1.0, function.freedom,
        margin=margin, level=conf_level, wild_p_value=wild, estimate=found.values[0],
    )  # fmt: skip
    text = fault if bad[0] else _text(table, n, conf_level, scale_words(verdict, margin=margin))
    notes = [fault] * bool(bad.any() and not bad[0]) + [*said]
    notes += few_clusters_note(function, method)
    return Effects(
        "Economies of scale", table, text + extrapolated(inside), notes=tuple(notes), method=method,
        conf_level=conf_level,
    )  # fmt: skip


def _groups(function: CostFunction, of: Sequence[str] | None) -> dict[str, NDArray[np.bool_]]:
    technology = function.technology
    names = technology.outputs
    if of is None:
        if not technology.is_level or len(names) == 1:
            return {}
        return {name: np.array([name == other for other in names]) for name in names}
    require_corners(technology, "Product-specific scale")
    wanted = [of] if isinstance(of, str) else list(of)
    unknown = [name for name in wanted if name not in names]
    if unknown or len(wanted) >= len(names):
        raise UnknownName(
            f"{', '.join(unknown) or 'All outputs together'} cannot be asked for: product-specific scale is of some of "
            f"the outputs {', '.join(names)}, not of all."
        )
    return {" and ".join(wanted): np.array([name in wanted for name in names])}


def _product_rows(
    function: CostFunction,
    places: Places,
    name: str,
    members: NDArray[np.bool_],
    method: Method,
    conf_level: float,
    seed: int,
) -> pd.DataFrame:
    technology, point = function.technology, places.point
    assert_identity(technology, function.theta, point, members)

    def product(own: float) -> Estimates:
        def measure(theta: Array) -> Array:
            cost = technology.cost(theta, point)
            value = (technology.slopes(theta, point).outputs * point.outputs)[..., members].sum(axis=-1) * cost
            return incremental_cost(technology, theta, point, members, own) / value

        return estimate(function, measure, 1.0, method=method, conf_level=conf_level, seed=seed)

    inside = outputs_supported(function, np.where(members, 0.0, point.outputs)) & supported(function, places)
    low = product(0.0)
    rows = tabulate([f"scale economies of {name}"] * len(places.labels), places.labels, low, inside)
    if unidentified(function)[members].any():
        rows = set_identified(rows, np.ones(len(rows), dtype=bool), low, product(1.0))
    return rows


def _text(table: pd.DataFrame, places: int, level: float, conclusion: str) -> str:
    first = table[table["term"] == ELASTICITY].iloc[0]
    ray = table[table["term"] == RAY].iloc[0]
    economies = f"; ray scale economies {beside_interval(ray['estimate'], ray['conf_low'], ray['conf_high'])}"
    if abs(first["estimate"]) > MOST_TIMES:
        return (
            f"At {at_words(first['at'])}, one per cent more of every output goes with over {MOST_TIMES:g} % of "
            f"difference in cost: the form cannot be asked so far from its data, and nothing is said of scale there."
        )
    text = (
        f"At {at_words(first['at'])}, one per cent more of every output goes with "
        f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])} % more cost "
        f"({interval_in_words(first['conf_low'], first['conf_high'], level)}"
        f"{economies if first['estimate'] > 0 else ''}): {conclusion}."
    )
    if places > 1:
        rays = table.loc[table["term"] == ELASTICITY, "estimate"]
        text += (
            f" Over the {places:,} points the elasticity runs from {format_number(rays.min())} to "
            f"{format_number(rays.max())}."
        )
    return text
