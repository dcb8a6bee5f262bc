"""The difference in log cost between two points, split exactly among what differs between them.

The gradient of log cost is integrated along the straight line from one point to the other in size, output mix, log
prices, relationship variables and controls: the Aumann-Shapley value (Aumann and Shapley, 1974). Size and mix are
(ln lambda, sigma) with sigma = y / lambda, in logs where the form is. For a quadratic in logs the mean of the end
gradients is exact (Diewert, 1976); otherwise sixteen Gauss-Legendre nodes are, to rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.coordinates import Logarithm
from econmodel.forms.technology import Point, Technology

Array = NDArray[np.float64]
NODES = 16
SCALE, MIX, PRICES = "scale", "mix", "prices"


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What differs in observed log cost between a start and an end, and its parts.

    Attributes
    ----------
    log_size : of start (..., 1) and end (..., n)
    log_cost : (..., n) of the end less that of the start
    of : part -> (..., n); they add up to `log_cost`
    """

    log_size: tuple[Array, Array]
    log_cost: Array
    of: Mapping[str, Array]

    @property
    def growth(self) -> Array:
        """Log size of the end less that of the start (..., n)."""
        return self.log_size[1] - self.log_size[0]


def parts(
    technology: Technology,
    theta: Array,
    start: Point,
    end: Point,
    log_size: tuple[Array, Array],
    controls: Mapping[str, str],
    nodes: int = NODES,
) -> dict[str, Array]:
    """Parts of f(end) - f(start), f being log cost.

    Parameters
    ----------
    theta : (..., k)
    start : (1 point), with any leading axes of theta
    end : (n points)
    log_size : ln lambda of start (..., 1) and end (..., n)
    controls : control name -> the part it belongs to ("context", "network", "time", "outcomes")
    nodes : Gauss-Legendre nodes, where the closed form does not hold

    Returns
    -------
    dict
        "scale", "mix" (several outputs), "relationship: <name>", "prices", the controls' parts; arrays (..., n) that
        add up to the difference, missing where the aggregate of a level form is not positive on the way. A jump of an
        output's own fixed cost at an end belongs to the mix.
    """
    in_logs = isinstance(technology.form.coordinate, Logarithm)
    exact = in_logs and technology.aggregate is None
    places, weights = (np.array([0.0, 1.0]), np.array([0.5, 0.5])) if exact else _gauss_legendre(nodes)
    found: dict[str, Array] = {}
    for node, weight in zip(places, weights, strict=True):
        for name, value in _integrand(technology, theta, start, end, log_size, node, in_logs, controls).items():
            found[name] = found.get(name, 0.0) + weight * value
    if technology.fixed_costs and MIX in found:
        found[MIX] = found[MIX] + _jumps(technology, theta, start, end, found)
    return found


def _gauss_legendre(nodes: int) -> tuple[Array, Array]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return 0.5 * (places + 1.0), 0.5 * weights


def _integrand(
    technology: Technology,
    theta: Array,
    start: Point,
    end: Point,
    log_size: tuple[Array, Array],
    node: float,
    in_logs: bool,
    controls: Mapping[str, str],
) -> dict[str, Array]:
    """The gradient at a point of the path, times the way from start to end, by part."""
    growth = log_size[1] - log_size[0]
    size = np.exp(log_size[0] + node * growth)
    first, last = start.outputs / np.exp(log_size[0])[..., None], end.outputs / np.exp(log_size[1])[..., None]
    if in_logs:
        change = np.log(last) - np.log(first)
        mix = np.exp(np.log(first) + node * change)
    else:
        change = last - first
        mix = first + node * change
    here = Point(
        size[..., None] * mix,
        start.log_prices + node * (end.log_prices - start.log_prices),
        start.relationships + node * (end.relationships - start.relationships),
        start.controls + node * (end.controls - start.controls),
    )
    slopes = technology.slopes(theta, here)
    elasticities = slopes.outputs * here.outputs
    found = {SCALE: elasticities.sum(axis=-1) * growth}
    if len(technology.outputs) > 1:
        by_mix = elasticities if in_logs else slopes.outputs * size[..., None]
        found[MIX] = (by_mix * change).sum(axis=-1)
    for place, name in enumerate(technology.relationships):
        way = end.relationships[..., place] - start.relationships[..., place]
        found[f"relationship: {name}"] = slopes.relationships[..., place] * way
    if technology.prices:
        found[PRICES] = (slopes.log_prices * (end.log_prices - start.log_prices)).sum(axis=-1)
    for place, name in enumerate(technology.controls):
        value = slopes.controls[..., place] * (end.controls[..., place] - start.controls[..., place])
        found[controls[name]] = found.get(controls[name], 0.0) + value
    return found


def _jumps(technology: Technology, theta: Array, start: Point, end: Point, found: Mapping[str, Array]) -> Array:
    """What the path misses where an own fixed cost appears or vanishes at an end, zero elsewhere."""
    place = list(technology.fixed_costs)
    jump = ((start.outputs[..., place] > 0) != (end.outputs[..., place] > 0)).any(axis=-1)
    whole = technology.log_cost(theta, end) - technology.log_cost(theta, start)
    return np.where(jump, whole - sum(found.values()), 0.0)
