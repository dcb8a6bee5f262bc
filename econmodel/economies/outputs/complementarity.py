"""Whether more of one output makes another cheaper at the margin: over all bundles below one, not at a point."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations, product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import (
    check_bootstrap,
    extremes,
    few_clusters_note,
    parameter_draws,
    verdict_on_largest,
)
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.forms.curvature import cross_derivative
from econmodel.forms.technology import Point
from econmodel.results import Effects, columns_beside, format_number, interval_in_words
from econmodel.words import at_words, verdict_words

Array = NDArray[np.float64]
Pair = tuple[int, int]
LARGEST, MEAN, SHARE = "largest", "mean", "share complementary"
# Points of the grid along each output, by the number of outputs: some two thousand in all, at most.
STEPS = {2: 21, 3: 11, 4: 7}
FEWEST_STEPS = 4
MOST_OUTPUTS = 6
# A form without a product of two outputs has a cross derivative of zero up to rounding.
ROUNDING = 1e-12


def complementarity(
    fit: CostFunction,
    pair: Sequence[str] | None = None,
    at: object = "mean",
    *,
    method: Literal["bootstrap"] = "bootstrap",
    replications: int = 999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Cost complementarity of pairs of outputs over the region from nothing to a bundle.

    Parameters
    ----------
    fit : a fit with at least two outputs
    pair : two outputs; by default every pair
    at : the bundle y, one place as in `econmodel.scale`; the region is all y' with 0 <= y' <= y (above zero in logs)
    method : "bootstrap" only: a maximum and a share have no derivative

    Returns
    -------
    Effects
        For each pair, over the part of the region that lies among the providers: "<a> and <b>: largest" cross
        derivative of cost (null 0; not above zero is weak cost complementarity there, and the interval holds for all
        points at once), its "mean" (null 0), and "share complementary" of the points. Cross derivatives are C_ij(y')
        y_i y_j / C(y): change of the marginal cost of one output over all of the other, as a share of cost. Further
        table "map": every point of the grid, for charts.

    Raises
    ------
    FormError, UnknownName, NotSupported
        For one output, a pair that is not one, several places, or a method that needs derivatives.

    Notes
    -----
    C_ij(y') <= 0 for all 0 <= y' <= y suffices for economies of scope where fixed costs are subadditive (Baumol, Panzar
    and Willig, 1982); at one point it shows nothing. In the quadratic forms C_ij is the same everywhere.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> float(complementarity(cost).row("visits and meals: largest")["estimate"].round(6))
    -0.041667
    """
    check_bootstrap(method, replications, conf_level, "a region")
    places, technology = resolve(fit, at), fit.technology
    pairs = _pairs(technology.outputs, pair)
    if len(places.labels) != 1:
        raise NotSupported(f"at={at!r} is {len(places.labels)} places, and the region lies below one. Ask one by one.")
    label, point = places.labels[0], _region(fit, places)
    sound = outputs_supported(fit, point.outputs) & (technology.cost(fit.theta, point) > 0)
    among = Point(*(field[sound] for field in (point.outputs, point.log_prices, point.relationships, point.controls)))
    draws = parameter_draws(fit, replications, seed)
    tables, maps, sentences = [], [], []
    for one in pairs:
        name = " and ".join(technology.outputs[place] for place in one)
        maps.append(_map(fit, places, point, one, name, sound))
        terms = [f"{name}: {what}" for what in (LARGEST, MEAN, SHARE)]
        measure = partial(_cross, fit, places, among, one) if sound.any() else None
        tables.append(extremes(terms, label, measure, fit.theta, draws, conf_level))
        sentences.append(_sentence(name, tables[-1], conf_level))
    text = (
        f"{int(sound.sum())} of {len(sound)} points of the grid from nothing to {at_words(label)} lie among the "
        f"providers; of these, {'; '.join(sentences)}."
    )
    if not sound.any():
        text = (
            f"No point of the region below {at_words(label)} lies among the providers, so the data cannot say whether "
            "outputs are complements. Ask at a larger place (at=2)."
        )
    notes = ["Beyond the providers the map shows what the form implies, not what they show."] if not sound.all() else []
    if technology.is_level and technology.form.coordinate.centring == "scale":
        notes.append("In this form the cross derivative of a pair is the same at every point: its shape is assumed.")
    notes += few_clusters_note(fit, method)
    return Effects(
        "Cost complementarity", pd.concat(tables, ignore_index=True), text, notes=tuple(notes),
        tables={"map": pd.concat(maps, ignore_index=True)}, method=method, conf_level=conf_level,
    )  # fmt: skip


def _pairs(outputs: tuple[str, ...], pair: Sequence[str] | None) -> list[Pair]:
    if len(outputs) < 2:
        raise FormError(
            f"Complementarity is of two outputs, and {outputs[0]} is the only one. How its own marginal cost moves is "
            "em.marginal_cost(fit, at=[0.5, 1, 2])."
        )
    if len(outputs) > MOST_OUTPUTS:
        raise NotSupported(f"A grid over {len(outputs)} outputs is too fine to search. Add outputs together.")
    if pair is None:
        return list(combinations(range(len(outputs)), 2))
    names = list(pair) if not isinstance(pair, str) else [pair]
    if len(names) != 2 or len(set(names)) != 2 or not set(names) <= set(outputs):
        raise UnknownName(f"pair={pair!r} is not two different outputs among {', '.join(outputs)}.")
    first, second = sorted(outputs.index(name) for name in names)
    return [(first, second)]


def _region(fit: CostFunction, places: Places) -> Point:
    """A grid from nothing (in log forms, from its first step) to the bundle, in the bundle's surroundings."""
    outputs = places.point.outputs[0]
    steps = STEPS.get(len(outputs), FEWEST_STEPS)
    fractions = np.linspace(0.0, 1.0, steps)
    if not fit.technology.form.coordinate.allows_zero:
        fractions = fractions[1:]
    return places.point.with_outputs(np.array(list(product(fractions, repeat=len(outputs)))) * outputs)


def _cross(fit: CostFunction, places: Places, point: Point, pair: Pair, theta: Array) -> Array:
    """Scaled cross derivatives (..., T)."""
    first, second = pair
    outputs = places.point.outputs[0]
    cross = cross_derivative(fit.technology, theta, point, first, second)
    cross = cross * outputs[first] * outputs[second] / fit.technology.cost(theta, places.point)
    return np.where(np.abs(cross) < ROUNDING, 0.0, cross)


def _map(
    fit: CostFunction, places: Places, point: Point, pair: Pair, name: str, sound: NDArray[np.bool_]
) -> pd.DataFrame:
    cross = _cross(fit, places, point, pair, fit.theta)
    own = {"cross_derivative": cross, "complementary": cross <= 0, "supported": sound}
    outputs = dict(zip(columns_beside(fit.technology.outputs, ["pair", *own]), point.outputs.T, strict=True))
    return pd.DataFrame({"pair": name, **outputs, **own})


def _sentence(name: str, table: pd.DataFrame, level: float) -> str:
    largest, share = table.iloc[0], format_number(100 * float(table["estimate"].iloc[2]), 3)
    verdict = verdict_words(
        verdict_on_largest(largest, level, weakly=True),
        "weak cost complementarity, as far as the data reach", "not complementary everywhere",
    )  # fmt: skip
    return (
        f"for {name}, more of one makes the other cheaper at the margin at {share} % of them; the largest cross "
        f"derivative is {format_number(float(largest['estimate']), 3)} of cost "
        f"({interval_in_words(largest['conf_low'], largest['conf_high'], level)}, all points at once): {verdict}"
    )
