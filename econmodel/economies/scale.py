"""Economies of scale: along the ray, and of each product."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    Reading,
    assert_identity,
    incremental_cost,
    readings,
    require_corners,
    without_increment,
)
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.support import outputs_supported, supported
from econmodel.errors import UnknownName
from econmodel.results import MOST_TIMES, Effects, beside_interval, format_number, interval_in_words
from econmodel.verdict import MARGIN
from econmodel.words import scale_words

Array = NDArray[np.float64]
ELASTICITY, RAY = "ray elasticity", "ray scale economies"


def scale(
    fit: CostFunction,
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
    fit : a fit
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
    places = resolve(fit, at)
    technology, point = fit.technology, places.point

    def ray(theta: Array, _: Reading) -> Array:
        elasticity = (technology.slopes(theta, point).outputs * point.outputs).sum(axis=-1)
        return np.concatenate([elasticity, 1.0 / elasticity], axis=-1)

    def says(estimated: Estimated) -> str:
        return _sentence(estimated, margin)

    products = [_product(fit, places, name, members) for name, members in _groups(fit, of).items()]
    return ask(
        "Economies of scale", fit, places, [Term((ELASTICITY, RAY), ray, 1.0), *products], says,
        method=method, conf_level=conf_level, margin=margin, seed=seed,
    )  # fmt: skip


def _groups(fit: CostFunction, of: Sequence[str] | None) -> dict[str, NDArray[np.bool_]]:
    technology = fit.technology
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


def _product(fit: CostFunction, places: Places, name: str, members: NDArray[np.bool_]) -> Term:
    technology, point = fit.technology, places.point
    assert_identity(technology, fit.theta, point, members)
    rest = np.where(members, 0.0, point.outputs)

    def values(theta: Array, reading: Reading) -> Array:
        cost = technology.cost(theta, point)
        value = (technology.slopes(theta, point).outputs * point.outputs)[..., members].sum(axis=-1) * cost
        return incremental_cost(technology, theta, point, members, reading) / value

    missing, reason = without_increment(fit, places, members)
    inside = outputs_supported(fit, rest) & supported(fit, places)
    several = readings(fit, rest[None], made=point.outputs)
    return Term(f"scale economies of {name}", values, 1.0, several, inside, missing, reason)


def _sentence(estimated: Estimated, margin: float) -> str:
    table, level = estimated.table, estimated.level
    first, ray = estimated.row(ELASTICITY), estimated.row(RAY)
    if abs(first["estimate"]) > MOST_TIMES:
        return (
            f"At {estimated.where}, one per cent more of every output goes with over {MOST_TIMES:g} % of difference in "
            "cost: the form cannot be asked so far from its data, and nothing is said of scale there."
        )
    economies = f"; ray scale economies {beside_interval(ray['estimate'], ray['conf_low'], ray['conf_high'])}"
    text = (
        f"At {estimated.where}, one per cent more of every output goes with "
        f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])} % more cost "
        f"({interval_in_words(first['conf_low'], first['conf_high'], level)}"
        f"{economies if first['estimate'] > 0 else ''}): "
        f"{scale_words(estimated.verdict(ELASTICITY, margin), first['estimate'])}."
    )
    count = len(estimated.places.labels)
    if count > 1:
        rays = table.loc[table["term"] == ELASTICITY, "estimate"]
        text += (
            f" Over the {count:,} points the elasticity runs from {format_number(rays.min())} to "
            f"{format_number(rays.max())}."
        )
    return text
