"""Growth as it happens: from one output bundle to a larger one of another mix, never leaving the way between them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    Division,
    Reading,
    cost_apart,
    each_supported,
    readings,
    without_cost,
)
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.errors import FormError, UnknownName
from econmodel.results import Effects, identified_in_words, interval_in_words, with_interval
from econmodel.words import difference_words, verdict_words

Array = NDArray[np.float64]
SUBADDITIVITY, SCALE = "expansion-path subadditivity", "expansion-path scale"


def expansion_path(
    fit: CostFunction,
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
    fit : a fit
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
    first, last = _bundle(fit, start, "start"), _bundle(fit, end, "end")
    technology, point = fit.technology, last.point
    small, more = first.point.outputs, last.point.outputs - first.point.outputs
    _check(fit, first, last)
    firms = Division(np.stack([small, more]), ("the start alone", "the increment alone"))
    before = Division(small[None], ("the start",))

    def subadditivity(theta: Array, reading: Reading) -> Array:
        joint = technology.cost(theta, point)
        return (cost_apart(technology, theta, point, firms, reading) - joint) / joint

    def scale(theta: Array, reading: Reading) -> Array:
        joint = technology.cost(theta, point)
        marginal = (technology.slopes(theta, point).outputs * more).sum(axis=-1) * joint
        return marginal / (joint - cost_apart(technology, theta, point, before, reading))

    several = readings(fit, firms.outputs, before.outputs, made=point.outputs)
    missing, reason = without_cost(fit, last, firms)
    of_firms, of_start = each_supported(fit, last, [[small, more], [small]])
    terms = [
        Term(SUBADDITIVITY, subadditivity, 0.0, several, of_firms, missing, reason),
        Term(SCALE, scale, 1.0, several, of_start, missing, reason),
    ]
    way = Places(point, (f"{first.labels[0]} to {last.labels[0]}",), last.observed)
    return ask("Along the expansion path", fit, way, terms, _sentence, method=method, conf_level=conf_level, seed=seed)


def _bundle(fit: CostFunction, at: object, which: str) -> Places:
    places = resolve(fit, at)
    if len(places.labels) != 1:
        raise UnknownName(
            f"{which}={at!r} is {len(places.labels)} places, and a path has one {which}: give a mapping of output to "
            'value, a percentile such as "p25", or one multiple of the mean.'
        )
    return places


def _check(fit: CostFunction, first: Places, last: Places) -> None:
    technology = fit.technology
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


def _sentence(estimated: Estimated) -> str:
    subadditivity, scale = estimated.row(SUBADDITIVITY), estimated.row(SCALE)
    difference, interval = difference_words(subadditivity, estimated.level)
    cheaper = verdict_words(estimated.verdict(SUBADDITIVITY), "two firms are cheaper", "one firm is cheaper")
    marginal = "has no number, since the increment adds nothing to cost"
    if np.isfinite(scale["conf_low"]):
        growing = verdict_words(estimated.verdict(SCALE), "economies of growing", "diseconomies of growing")
        marginal = f"is {_words(scale, estimated.level)}: {growing}"
    return (
        f"From {estimated.places.labels[0]}: two firms, one with the start and one with the increment, would cost "
        f"{difference} than one firm ({interval}): {cheaper}. Marginal over average cost of the increment {marginal}."
    )


def _words(row: pd.Series, level: float) -> str:
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if row["estimate"] == row["estimate"]:
        return with_interval(float(row["estimate"]), low, high, level)
    return f"{identified_in_words(row)} ({interval_in_words(low, high, level)}, covering all of it)"
