"""The cheapest way to share one bundle of outputs out among several firms, each of them among the providers."""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.places import CostFunction, Places
from econmodel.economies.splits import Splits, from_shares
from econmodel.errors import NotSupported
from econmodel.stated import random_numbers

Array = NDArray[np.float64]
CANDIDATES = 2_000
STARTS = 8
LEAST_SHARE = 1e-3
POSITIVE = 1e-6
# The search may miss a bound by its tolerance, and a split beyond the hull would be thrown away.
INSIDE = 1e-6
FIRMS = (2, 3)
# With more, the hull has thousands of facets, and each would bound the search.
MOST_OUTPUTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The hull of the providers as linear inequalities in standardised coordinates."""

    centre: Array
    spread: Array
    equations: Array

    def margins(self, points: Array) -> Array:
        """How far points (n, m) are inside each facet, flat; negative beyond it."""
        scaled = (points - self.centre) / self.spread
        return np.asarray(-(scaled @ self.equations[:, :-1].T + self.equations[:, -1]).ravel())


def search(function: CostFunction, places: Places, firms: int, seed: int) -> Splits:
    """Random splits of one place among `firms` firms, and the cheapest found from the best of them.

    Shares of outputs with a fixed cost of their own may be zero: then the firm does not pay it, which is a jump, so
    patterns of who makes what are drawn first and shares are searched within each (sequential quadratic programming).

    Raises
    ------
    NotSupported
        For several places, more than four outputs, or other than two or three firms.
    """
    m = len(function.technology.outputs)
    if firms not in FIRMS:
        raise NotSupported(f"firms={firms} is not searched. It may be 2 or 3.")
    if len(places.labels) != 1:
        raise NotSupported(
            f'The search is of one place, and there are {len(places.labels)}. Take splits="shin_ying" for all of them.'
        )
    if m > MOST_OUTPUTS:
        raise NotSupported(
            f"With {m} outputs the region of the providers has too many facets to search within. Add outputs together, "
            'or take splits="shin_ying".'
        )
    drawn = _draw(function, firms, random_numbers(seed))
    candidates = from_shares(function, places, drawn)
    if not len(candidates):
        return candidates
    best = np.stack(_improved(function, places, candidates), axis=1)
    return from_shares(function, places, np.concatenate([drawn, best], axis=1))


def _draw(function: CostFunction, firms: int, rng: np.random.Generator) -> Array:
    """Random shares (K, S, m): everyone makes everything, or somebody leaves out an output that costs to start."""
    m = len(function.technology.outputs)
    shares = rng.dirichlet(np.ones(firms), (CANDIDATES, m))
    equal = np.full((1, m, firms), 1.0 / firms)
    patterns = np.ones((CANDIDATES, m, firms), dtype=bool)
    for output in function.technology.fixed_costs:
        subsets = [s for size in range(1, firms + 1) for s in combinations(range(firms), size)]
        chosen = rng.integers(0, len(subsets), CANDIDATES)
        chosen[: CANDIDATES // 4] = len(subsets) - 1
        patterns[:, output] = np.array([[k in subset for k in range(firms)] for subset in subsets])[chosen]
    # Whoever makes any makes a noticeable share of it.
    shares = np.where(patterns, np.maximum(shares, LEAST_SHARE), 0.0)
    shares /= shares.sum(axis=-1, keepdims=True)
    corners = [c for c in product(range(firms), repeat=m) if len(set(c)) == firms]
    whole = np.array([[[float(k == maker) for k in range(firms)] for maker in c] for c in corners])
    if len(function.technology.fixed_costs) < m or not corners:
        whole = np.zeros((0, m, firms))
    return np.moveaxis(np.concatenate([equal, whole, shares]), -1, 0)


def _improved(function: CostFunction, places: Places, candidates: Splits) -> list[Array]:
    """Shares (K, m) found by descent from the cheapest candidates, one for each pattern of who makes what."""
    technology, theta, outputs = function.technology, function.theta, places.point.outputs[0]
    cost = sum(technology.cost(theta, candidates.of_firm(places, firm)) for firm in range(len(candidates.outputs)))
    starts: dict[bytes, Array] = {}
    for index in np.argsort(cost, kind="stable"):
        split = candidates.outputs[:, index]
        pattern = np.packbits(np.sort(split > 0, axis=0)).tobytes()
        starts.setdefault(pattern, np.divide(split, outputs, out=np.zeros_like(split), where=outputs > 0))
        if len(starts) == STARTS:
            break
    facets = _facets(function)
    return [_descend(function, places, start, facets) for start in starts.values()]


def _descend(function: CostFunction, places: Places, start: Array, facets: Facets | None) -> Array:
    """The local optimum among splits with the same pattern; the start where the search fails."""
    from scipy.optimize import minimize

    technology, theta = function.technology, function.theta
    outputs = places.point.outputs[0]
    joint = float(technology.cost(theta, places.point)[0])
    free = start > 0
    transform = technology.form.coordinate.transform

    def shares(x: Array) -> Array:
        full = np.zeros_like(start)
        full[free] = x
        return full

    def costs(x: Array) -> Array:
        return technology.cost(theta, places.point.with_outputs(shares(x) * outputs)) / joint

    def inside(x: Array) -> Array:
        margins = [costs(x) - POSITIVE]
        if facets is not None:
            margins.append(facets.margins(transform(shares(x) * outputs)) - INSIDE)
        return np.concatenate(margins)

    found = minimize(
        lambda x: float(costs(x).sum()),
        start[free],
        method="SLSQP",
        bounds=[(LEAST_SHARE, 1.0)] * int(free.sum()),
        constraints=[
            {"type": "eq", "fun": lambda x: shares(x).sum(axis=0)[outputs > 0] - 1.0},
            {"type": "ineq", "fun": inside},
        ],
        options={"maxiter": 100, "ftol": 1e-12},
    )
    if not found.success:
        return start
    better = shares(found.x)
    total = better.sum(axis=0)
    return np.divide(better, total, out=np.zeros_like(better), where=total > 0)


def _facets(function: CostFunction) -> Facets | None:
    if function.sample is None:
        return None
    from scipy.spatial import ConvexHull

    transform = function.technology.form.coordinate.transform
    columns = function.sample.rows.columns
    seen = np.stack([transform(columns[name]) for name in function.technology.outputs], axis=1)
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    scaled = (seen - centre) / spread
    if scaled.shape[1] == 1:
        return Facets(centre, spread, np.array([[1.0, -scaled.max()], [-1.0, scaled.min()]]))
    return Facets(centre, spread, ConvexHull(scaled).equations)
