"""The shape of cost over a region of bundles, not at a point: complementarity of outputs, and trans-ray convexity.

Each with others implies that making outputs together is cheaper (Baumol, Panzar and Willig, 1982).
"""

from collections.abc import Sequence
from functools import partial
from itertools import combinations, product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.inference import (
    check_bootstrap,
    extremes,
    few_clusters_note,
    parameter_draws,
    verdict_on_largest,
)
from econmodel.economies.core.places import CostFunction, Places, resolve, source_of
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.forms.curvature import cross_derivative
from econmodel.forms.technology import Point
from econmodel.results import Check, Effects, columns_beside, format_number, interval_in_words
from econmodel.words import at_words, verdict_words

Array = NDArray[np.float64]
Pair = tuple[int, int]
LARGEST, MEAN, SHARE = "largest", "mean", "share complementary"
# Points of the grid along each output, by the number of outputs: some two thousand in all, at most.
STEPS = {2: 21, 3: 11, 4: 7}
FEWEST_STEPS = 4
MOST_OUTPUTS = 6
MIXTURES = ("largest excess of a mixture", "mean excess of mixtures", "share of mixtures that cost no more")
# Steps of the budget shares along the trans-ray, by the number of outputs.
SHARE_STEPS = {2: 40, 3: 14, 4: 8}
FEWEST_SHARE_STEPS = 6
MOST_CROSSED = 5
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
        tables={"map": pd.concat(maps, ignore_index=True)}, method=method, conf_level=conf_level, source=source_of(fit),
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
    """A grid from nothing (or from its first step, where nothing has no slope) to the bundle, in its surroundings."""
    outputs = places.point.outputs[0]
    steps = STEPS.get(len(outputs), FEWEST_STEPS)
    fractions = np.linspace(0.0, 1.0, steps)
    coordinate = fit.technology.form.coordinate
    with np.errstate(divide="ignore", invalid="ignore"):
        if not coordinate.allows_zero or not np.isfinite(coordinate.slope(np.zeros(1))).all():
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


def trans_ray(
    fit: CostFunction,
    at: object = "mean",
    *,
    method: Literal["bootstrap"] = "bootstrap",
    replications: int = 999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> Check:
    """Whether cost is convex across bundles of equal value, at marginal costs, among the providers.

    Parameters
    ----------
    fit : a fit with at least two outputs
    at : the bundle y that the trans-ray goes through, one place as in `econmodel.scale`

    Returns
    -------
    Check
        `passed` is True where the interval of the largest excess of a mixture over the average of its ends lies at or
        below zero, False where it lies above, None where it holds zero. The table has this excess (a share of cost at
        y; its interval holds for all mixtures at once), the mean excess and the share of mixtures that cost no more.

    Raises
    ------
    FormError, NotSupported
        For one output, several places, or marginal costs that are not positive.

    Notes
    -----
    With weights w_i = C_i(y): C((a + b) / 2) <= [C(a) + C(b)] / 2 for all bundles a, b among the providers with w'a =
    w'b = w'y (Baumol, Panzar and Willig, 1982). With declining ray average cost it implies subadditivity. Bundles
    without an output whose own fixed cost is not identified are left out, since their cost is not known.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> trans_ray(state("composite", parameters, outputs={"visits": 100, "meals": 50})).passed
    True
    """
    check_bootstrap(method, replications, conf_level, "bundles")
    places, technology = resolve(fit, at), fit.technology
    m = len(technology.outputs)
    if m < 2:
        raise FormError(
            f"A trans-ray crosses outputs, and {technology.outputs[0]} is the only one. Of one output ask whether "
            "splitting it saves: em.outputs.subadditivity(fit)."
        )
    if m > MOST_CROSSED or len(places.labels) != 1:
        what = f"{m} outputs" if m > MOST_CROSSED else f"{len(places.labels)} places"
        raise NotSupported(
            f"A trans-ray with {what} is not tried. Ask at one place, with at most {MOST_CROSSED} outputs."
        )
    first, second = _ends(fit, places, _weights(fit, places))
    where = at_words(places.labels[0])
    question = f"mixtures of bundles of the same value as {where} cost no more than their ends"
    if not len(first):
        empty = extremes(MIXTURES, places.labels[0], None, fit.theta, fit.theta, conf_level).iloc[:0]
        text = f"No two bundles of the value of {where} lie among the providers: nothing to compare."
        return Check("Trans-ray convexity", None, question, empty, text)

    def excess(theta: Array) -> Array:
        ends = [technology.cost(theta, places.point.with_outputs(outputs)) for outputs in (first, second)]
        middle = technology.cost(theta, places.point.with_outputs((first + second) / 2.0))
        share = (middle - (ends[0] + ends[1]) / 2.0) / technology.cost(theta, places.point)
        return np.where(np.abs(share) < ROUNDING, 0.0, share)

    draws = parameter_draws(fit, replications, seed)
    table = extremes(MIXTURES, places.labels[0], excess, fit.theta, draws, conf_level)
    largest = table.iloc[0]
    verdict = verdict_on_largest(largest, conf_level, weakly=True)
    text = (
        f"Of {len(first):,} mixtures of two bundles among the providers, of the same value as {where} at its marginal "
        f"costs, {format_number(100 * float(table['estimate'].iloc[2]), 3)} % cost no more than the average of the "
        f"two. The largest excess is {format_number(float(largest['estimate']), 3)} of cost "
        f"({interval_in_words(largest['conf_low'], largest['conf_high'], conf_level)}, all mixtures at once): "
        f"{verdict_words(verdict, 'cost is trans-ray convex there', 'it is not trans-ray convex')}."
    )
    passed = {"below": True, "above": False}.get(verdict.conclusion)
    return Check("Trans-ray convexity", passed, question, table, text, tuple(few_clusters_note(fit, method)))


def _weights(fit: CostFunction, places: Places) -> Array:
    technology = fit.technology
    slopes = technology.slopes(fit.theta, places.point).outputs[0]
    weights = slopes * technology.cost(fit.theta, places.point)
    bad = [name for name, weight in zip(technology.outputs, weights, strict=True) if not weight > 0]
    if bad:
        raise NotSupported(
            f"The marginal cost of {', '.join(bad)} at {at_words(places.labels[0])} is not positive, so bundles of "
            "equal value have no meaning there. Ask at another place, or fit fewer second-order terms."
        )
    return np.asarray(weights)


def _ends(fit: CostFunction, places: Places, weights: Array) -> tuple[Array, Array]:
    """Pairs of bundles on the trans-ray, their middle among the providers like themselves."""
    technology, outputs = fit.technology, places.point.outputs[0]
    m = len(outputs)
    steps = SHARE_STEPS.get(m, FEWEST_SHARE_STEPS)
    zero = technology.form.coordinate.allows_zero
    lattice = np.array([s for s in product(range(steps + 1), repeat=m) if sum(s) == steps and (zero or min(s) > 0)])
    bundles = lattice / steps * (weights @ outputs) / weights
    if technology.is_level:
        bundles = bundles[(bundles > 0)[:, unidentified(fit)].all(axis=1)]
    bundles = bundles[outputs_supported(fit, bundles)] if len(bundles) else bundles
    pairs = np.array(list(combinations(range(len(bundles)), 2)), dtype=int).reshape(-1, 2)
    first, second = bundles[pairs[:, 0]], bundles[pairs[:, 1]]
    if not len(first):
        return first, second
    between = outputs_supported(fit, (first + second) / 2.0)
    return first[between], second[between]
