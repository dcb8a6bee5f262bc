"""Trans-ray convexity: whether a mixed bundle costs no more than the average of others of the same value."""

from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.inference import (
    check_bootstrap,
    extremes,
    few_clusters_note,
    parameter_draws,
    verdict_on_largest,
)
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported
from econmodel.results import Check, format_number, interval_in_words
from econmodel.words import at_words, verdict_words

Array = NDArray[np.float64]
TERMS = ("largest excess of a mixture", "mean excess of mixtures", "share of mixtures that cost no more")
# Steps of the budget shares along the trans-ray, by the number of outputs.
STEPS = {2: 40, 3: 14, 4: 8}
FEWEST_STEPS = 6
MOST_OUTPUTS = 5
ROUNDING = 1e-12


def trans_ray_convexity(
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
    >>> trans_ray_convexity(state("composite", parameters, outputs={"visits": 100, "meals": 50})).passed
    True
    """
    check_bootstrap(method, replications, conf_level, "bundles")
    places, technology = resolve(fit, at), fit.technology
    m = len(technology.outputs)
    if m < 2:
        raise FormError(
            f"A trans-ray crosses outputs, and {technology.outputs[0]} is the only one. Of one output ask whether "
            "splitting it saves: em.subadditivity(fit)."
        )
    if m > MOST_OUTPUTS or len(places.labels) != 1:
        what = f"{m} outputs" if m > MOST_OUTPUTS else f"{len(places.labels)} places"
        raise NotSupported(
            f"A trans-ray with {what} is not tried. Ask at one place, with at most {MOST_OUTPUTS} outputs."
        )
    first, second = _ends(fit, places, _weights(fit, places))
    where = at_words(places.labels[0])
    question = f"mixtures of bundles of the same value as {where} cost no more than their ends"
    if not len(first):
        empty = extremes(TERMS, places.labels[0], None, fit.theta, fit.theta, conf_level).iloc[:0]
        text = f"No two bundles of the value of {where} lie among the providers: nothing to compare."
        return Check("Trans-ray convexity", None, question, empty, text)

    def excess(theta: Array) -> Array:
        ends = [technology.cost(theta, places.point.with_outputs(outputs)) for outputs in (first, second)]
        middle = technology.cost(theta, places.point.with_outputs((first + second) / 2.0))
        share = (middle - (ends[0] + ends[1]) / 2.0) / technology.cost(theta, places.point)
        return np.where(np.abs(share) < ROUNDING, 0.0, share)

    draws = parameter_draws(fit, replications, seed)
    table = extremes(TERMS, places.labels[0], excess, fit.theta, draws, conf_level)
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
    steps = STEPS.get(m, FEWEST_STEPS)
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
