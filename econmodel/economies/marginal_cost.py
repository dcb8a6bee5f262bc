"""Marginal, incremental and unit cost, in money."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading, incremental_cost, readings, without_increment
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.support import outputs_supported, supported
from econmodel.errors import UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Effects, beside_interval, format_number, interval_in_words
from econmodel.words import BEYOND, at_words

Array = NDArray[np.float64]
RAY = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
TYPICAL = "Costs are those of a typical provider (the median, where the error multiplies cost)."
BEST = "Costs are those of the best practice (the median of its noise); inefficiency comes on top."


def marginal_cost(
    fit: CostFunction, at: object = "mean", *, method: Method = "delta", conf_level: float = 0.95, seed: int = 0
) -> Effects:
    """Cost of one more unit of each output, and in level forms of all of it.

    Parameters
    ----------
    fit : a fit
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
    places = resolve(fit, at)
    technology, names = fit.technology, fit.technology.outputs

    def marginal(theta: Array, _: Reading) -> Array:
        cost = technology.cost(theta, places.point)
        values = technology.slopes(theta, places.point).outputs * cost[..., None]
        return np.moveaxis(values, -1, -2).reshape(*values.shape[:-2], -1)

    def says(estimated: Estimated) -> str:
        first = estimated.row(f"marginal cost of {names[0]}")
        return (
            f"At {estimated.where}, one more unit of {names[0]} costs "
            f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])} "
            f"({interval_in_words(first['conf_low'], first['conf_high'], conf_level)}{_unit(fit)})"
            f"{'' if first['supported'] else f': {BEYOND}'}."
        )

    several = technology.is_level and len(names) > 1
    terms = [Term([f"marginal cost of {name}" for name in names], marginal)]
    terms += [_incremental(fit, places, place) for place in range(len(names) * several)]
    return ask(
        "Marginal cost", fit, places, terms, says, notes=[_whose(fit)], method=method, conf_level=conf_level, seed=seed
    )


def _whose(fit: CostFunction) -> str:
    """Whose costs these are, in words."""
    frontier = isinstance(fit, Fit) and fit.error_model.of_best_practice
    return BEST if frontier else TYPICAL


def _unit(fit: CostFunction) -> str:
    unit = fit.sample.data.cost_unit if fit.sample is not None else ""
    return f", {unit}" if unit else ""


def _incremental(fit: CostFunction, places: Places, place: int) -> Term:
    technology, point = fit.technology, places.point
    members = np.arange(len(technology.outputs)) == place
    rest = np.where(members, 0.0, point.outputs)
    missing, reason = without_increment(fit, places, members)
    return Term(
        f"average incremental cost of {technology.outputs[place]}",
        lambda theta, reading: incremental_cost(technology, theta, point, members, reading) / point.outputs[:, place],
        readings=readings(fit, rest[None], made=point.outputs),
        inside=outputs_supported(fit, rest) & supported(fit, places),
        missing=missing,
        reason=reason,
    )


def unit_cost(
    fit: CostFunction,
    at: Sequence[float] = RAY,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Cost per unit along the ray through the mean: what a cost curve draws.

    Parameters
    ----------
    fit : a fit
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
    multiples = [] if isinstance(at, str) else list(at)
    if not multiples or not all(isinstance(one, Real) and one > 0 for one in multiples):
        raise UnknownName(f"at={at!r} is not a way along the ray: give multiples of the mean, such as [0.5, 1, 2].")
    places = resolve(fit, multiples)
    outputs = places.point.outputs
    size = outputs[:, 0] if outputs.shape[1] == 1 else np.asarray(at, dtype=float)
    curve = ask(
        "Unit cost along the ray", fit, places,
        [Term("unit cost", lambda theta, _: fit.technology.cost(theta, places.point) / size)],
        lambda _: "", notes=[_whose(fit)], method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip
    if len(curve.table) != len(size):  # a difference between two sizes is at neither
        return curve
    table = curve.table.assign(size=size)
    notes = (curve.text, *curve.notes) if table["estimate"].isna().iloc[0] else curve.notes
    return replace(curve, table=table, text=_along(table), notes=notes)


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
