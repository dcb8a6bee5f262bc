"""Growth as it happens: from one output bundle to a larger one of another mix, never leaving the way between them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    UNSUPPORTED,
    Division,
    blank,
    cost_apart,
    each_supported,
    intercepts_paid,
    without_cost,
)
from econmodel.economies.core.inference import Estimates, Method, estimate, few_clusters_note, set_identified, tabulate
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.verdict import difference_words, side, taken_back
from econmodel.errors import FormError, UnknownName
from econmodel.results import Effects, beside_interval, identified_in_words, interval_in_words

Array = NDArray[np.float64]
SUBADDITIVITY, SCALE = "expansion-path subadditivity", "expansion-path scale"


def expansion_path(
    function: CostFunction,
    start: object = "p25",
    end: object = "p75",
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Whether a large bundle costs less than a small one and their difference, and whether growing to it pays.

    Parameters
    ----------
    function : a fit
    start, end : two bundles, each one place as in `econmodel.scale`: a mapping of output -> value, a percentile of each
        output such as "p25", or a multiple of the mean. The end must have no less of any output; prices, relationship
        variables and controls are those of both
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        "expansion-path subadditivity" (null 0): cost of a firm that makes the start and of one that makes the
        increment, less that of one firm with both, over the latter; above zero one firm is cheaper. "expansion-path
        scale" (null 1): marginal cost of the increment at the end over what the increment costs; below one, economies.
        An interval where a firm does without an output whose own fixed cost is not identified.

    Raises
    ------
    UnknownName
        Where the end is not larger, or start and end differ in more than outputs.
    FormError
        In a log form, where the increment has none of some output.

    Notes
    -----
    Berger, Hanweck and Humphrey (1987): EPSUB = [C(A) + C(B - A) - C(B)] / C(B) and EPSCE = [sum_i (B_i - A_i)
    C_i(B)] / [C(B) - C(A)]. With some of every output in the start and in the increment, neither rests on cost at zero
    output.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"visits": 0.5}, outputs={"visits": 100})
    >>> result = expansion_path(cost, {"visits": 100}, {"visits": 400})
    >>> float(result.row("expansion-path scale")["estimate"].round(4))
    0.75
    """
    first, last = _bundle(function, start, "start"), _bundle(function, end, "end")
    technology = function.technology
    small, large = first.point.outputs, last.point.outputs
    _check(function, first, last)
    more = large - small
    firms = Division(np.stack([small, more]), ("the start alone", "the increment alone"))
    before = Division(small[None], ("the start",))
    point = last.point

    def measure(theta: Array, times: tuple[Array, Array]) -> Array:
        joint = technology.cost(theta, point)
        apart = cost_apart(technology, theta, point, firms, times[0])
        increment = joint - cost_apart(technology, theta, point, before, times[1])
        marginal = (technology.slopes(theta, point).outputs * more).sum(axis=-1) * joint
        return np.concatenate([(apart - joint) / joint, marginal / increment], axis=-1)

    def found(times: tuple[Array, Array]) -> Estimates:
        nulls = (0.0, 1.0)
        return estimate(
            function, lambda theta: measure(theta, times), nulls, method=method, conf_level=conf_level, seed=seed
        )

    least, most = zip(*(intercepts_paid(function, point, division) for division in (firms, before)), strict=True)
    inside = np.concatenate(each_supported(function, last, [[small, more], [small]]))
    label = f"{first.labels[0]} to {last.labels[0]}"
    high = found(most)
    table = tabulate([SUBADDITIVITY, SCALE], [label] * 2, high, inside)
    uncertain = np.concatenate(least) < np.concatenate(most)
    if technology.is_level and uncertain.any():
        table = set_identified(table, uncertain, found(least), high)
    bad, fault = without_cost(function, last, firms)
    table = blank(table, np.tile(bad, 2))
    text = (fault or _text(table, conf_level)) + ("" if inside.all() else UNSUPPORTED)
    notes = tuple(few_clusters_note(function, method))
    return Effects("Along the expansion path", table, text, notes=notes, method=method, conf_level=conf_level)


def _bundle(function: CostFunction, at: object, which: str) -> Places:
    places = resolve(function, at)
    if len(places.labels) != 1:
        raise UnknownName(
            f"{which}={at!r} is {len(places.labels)} places, and a path has one {which}: give a mapping of output to "
            'value, a percentile such as "p25", or one multiple of the mean.'
        )
    return places


def _check(function: CostFunction, first: Places, last: Places) -> None:
    technology = function.technology
    for what in ("log_prices", "relationships", "controls"):
        if not np.array_equal(getattr(first.point, what), getattr(last.point, what)):
            raise UnknownName(
                f"Start and end differ in {what.replace('log_', '')}, and an expansion path is one of outputs only. "
                "Give both the same."
            )
    small, large = first.point.outputs[0], last.point.outputs[0]
    less = [name for name, a, b in zip(technology.outputs, small, large, strict=True) if b < a]
    if less or not (large > small).any() or not (small > 0).any():
        why = f"has less {', '.join(less)} than the start" if less else "is no larger than the start"
        why = why if (small > 0).any() else "starts from nothing"
        raise UnknownName(
            f"The path's end {why}. Give a start with some output, and an end with at least as much of all."
        )
    same = [name for name, a, b in zip(technology.outputs, small, large, strict=True) if a == b]
    if same and not technology.form.coordinate.allows_zero:
        raise FormError(
            f"The increment has no {', '.join(same)}, and the {technology.form.title} form has no cost there. Choose "
            'an end with more of every output, or fit a level form (form="composite" or form="flexible_fixed_cost").'
        )


def _text(table: pd.DataFrame, level: float) -> str:
    subadditivity, scale = table.iloc[0], table.iloc[1]
    difference, interval = difference_words(subadditivity, level)
    marginal = "has no number, since the increment adds nothing to cost"
    if np.isfinite(scale["conf_low"]):
        marginal = (
            f"is {_words(scale, level)}: {_verdict(scale, level, 'economies of growing', 'diseconomies of growing')}"
        )
    return (
        f"From {subadditivity['at']}: two firms, one with the start and one with the increment, would cost "
        f"{difference} than one firm ({interval}): "
        f"{_verdict(subadditivity, level, 'two firms are cheaper', 'one firm is cheaper')}. Marginal over average cost "
        f"of the increment {marginal}."
    )


def _words(row: pd.Series, level: float) -> str:
    low, high = float(row["conf_low"]), float(row["conf_high"])
    interval = interval_in_words(low, high, level)
    if row["estimate"] == row["estimate"]:
        return f"{beside_interval(float(row['estimate']), low, high)} ({interval})"
    return f"{identified_in_words(row)} ({interval}, covering all of it)"


def _verdict(row: pd.Series, level: float, below: str, above: str) -> str:
    nothing = taken_back(row) or f"no conclusion, the interval holds {row['null']:g}"
    return {"below": below, "above": above}.get(side(row, level), nothing)
