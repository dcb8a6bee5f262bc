"""Marginal, incremental and unit cost, in money."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import blank, incremental_cost, unidentified, without_increment
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
from econmodel.economies.core.verdict import at_words
from econmodel.errors import UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Effects, beside_interval, format_number, interval_in_words

Array = NDArray[np.float64]
RAY = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
TYPICAL = "Costs are those of a typical provider (the median, where the error multiplies cost)."
BEST = "Costs are those of the best practice (the median of its noise); inefficiency comes on top."


def marginal_cost(
    function: CostFunction, at: object = "mean", *, method: Method = "delta", conf_level: float = 0.95, seed: int = 0
) -> Effects:
    """Cost of one more unit of each output, and in level forms of all of it.

    Parameters
    ----------
    function : a fit
    at : where, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "marginal cost of <output>" (C_i, money per unit) and, in level forms with several outputs, "average
        incremental cost of <output>" ([C(y) - C(y without i)] / y_i; an interval where its fixed cost is not
        identified).

    Notes
    -----
    Baumol, Panzar and Willig (1982).

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> result = marginal_cost(fit(load("california_schools"), form="cobb_douglas"))
    >>> bool(3000 < result.row("marginal cost of pupils")["estimate"] < 8000)
    True
    """
    places = resolve(function, at)
    technology = function.technology
    n, names = len(places.labels), technology.outputs

    def marginal(theta: Array) -> Array:
        cost = technology.cost(theta, places.point)
        values = technology.slopes(theta, places.point).outputs * cost[..., None]
        return np.moveaxis(values, -1, -2).reshape(*values.shape[:-2], -1)

    found = estimate(function, marginal, method=method, conf_level=conf_level, seed=seed)
    terms = [f"marginal cost of {name}" for name in names for _ in range(n)]
    inside = supported(function, places)
    bad, fault = without_cost_there(function, places)
    table = tabulate(terms, [*places.labels] * len(names), found, np.tile(inside, len(names)))
    tables, said = [blank(table, np.tile(bad, len(names)))], {_whose(function): None}
    if technology.is_level and len(names) > 1:
        for place in range(len(names)):
            rows = _incremental(function, places, place, method, conf_level, seed)
            none, why = without_increment(function, places, np.arange(len(names)) == place)
            tables.append(blank(rows, none))
            said |= {one: None for one in why if not bad.any()}
    table = by_place(pd.concat(tables), n)
    first = table.iloc[0]
    text = (
        fault
        if bad[0]
        else (
            f"At {at_words(first['at'])}, one more unit of {names[0]} costs "
            f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])} "
            f"({interval_in_words(first['conf_low'], first['conf_high'], conf_level)}{_unit(function)})."
        )
    )
    notes = [fault] * bool(bad.any() and not bad[0]) + [*said] + few_clusters_note(function, method)
    return Effects(
        "Marginal cost", table, text + extrapolated(inside), notes=tuple(notes), method=method, conf_level=conf_level
    )


def _whose(function: CostFunction) -> str:
    """Whose costs these are, in words."""
    frontier = isinstance(function, Fit) and function.specification.estimator.name == "frontier"
    return BEST if frontier else TYPICAL


def _unit(function: CostFunction) -> str:
    unit = function.sample.data.cost_unit if function.sample is not None else ""
    return f", {unit}" if unit else ""


def _incremental(
    function: CostFunction, places: Places, place: int, method: Method, conf_level: float, seed: int
) -> pd.DataFrame:
    technology, point = function.technology, places.point
    members = np.arange(len(technology.outputs)) == place

    def average(own: float) -> Estimates:
        return estimate(
            function,
            lambda theta: incremental_cost(technology, theta, point, members, own) / point.outputs[:, place],
            method=method, conf_level=conf_level, seed=seed,
        )  # fmt: skip

    inside = outputs_supported(function, np.where(members, 0.0, point.outputs)) & supported(function, places)
    low = average(0.0)
    term = f"average incremental cost of {technology.outputs[place]}"
    rows = tabulate([term] * len(inside), places.labels, low, inside)
    if unidentified(function)[members].any():
        rows = set_identified(rows, np.ones(len(rows), dtype=bool), low, average(1.0))
    return rows


def unit_cost(
    function: CostFunction,
    at: Sequence[float] = RAY,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Cost per unit along the ray through the mean: what a cost curve draws.

    Parameters
    ----------
    function : a fit
    at : multiples of the mean
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Term "unit cost"; the further column `size` holds the output (one output) or the multiple of mean outputs
        (several: ray average cost, C(t y) / t).

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> curve = unit_cost(fit(load("electricity_1955"), form="cobb_douglas"), at=[1, 2]).table
    >>> bool(curve["estimate"].is_monotonic_decreasing)
    True
    """
    if isinstance(at, str):
        raise UnknownName(f"at={at!r} is not a way along the ray: give multiples of the mean, such as [0.5, 1, 2].")
    places = resolve(function, list(at))
    outputs = places.point.outputs
    size = outputs[:, 0] if outputs.shape[1] == 1 else np.asarray(at, dtype=float)
    found = estimate(
        function, lambda theta: function.technology.cost(theta, places.point) / size,
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip
    bad, fault = without_cost_there(function, places)
    table = tabulate(["unit cost"] * len(size), places.labels, found, supported(function, places))
    table = blank(table, bad).assign(size=size)
    notes = (fault, _whose(function)) if bad.any() else (_whose(function),)
    return Effects("Unit cost along the ray", table, _along(table), notes=notes, method=method, conf_level=conf_level)


def _along(table: pd.DataFrame) -> str:
    """Where unit cost is lowest, and whether the supported ends differ from there by more than their intervals."""
    used = table[table["supported"].astype(bool) & table["estimate"].notna()].sort_values("size")
    if len(used) < 2:
        return "Fewer than two of these sizes lie among the providers: nothing is said of unit cost along the ray."
    seen = used.to_dict("records")
    lowest = min(seen, key=lambda row: row["estimate"])
    sentences = [f"Among the sizes with providers, unit cost is lowest at {at_words(str(lowest['at']))}"]
    for end, way in ((seen[0], "smaller"), (seen[-1], "larger")):
        if end["at"] == lowest["at"]:
            continue
        share = end["estimate"] / lowest["estimate"] - 1.0
        clear = end["conf_low"] > lowest["conf_high"]
        sure = "clearly" if clear else "not clearly"
        more = f"{format_number(100 * share, 2)} % higher"
        sentences.append(f"at the {way} end, {at_words(str(end['at']))}, it is {sure} higher ({more})")
    left = int((~table["supported"].astype(bool)).sum())
    beyond = f" {left} of {len(table)} sizes lie beyond the data." if left else ""
    return "; ".join(sentences) + "." + beyond
