"""Ways to split outputs among firms: the grids of the literature, a search, and which splits the data can speak of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.places import CostFunction, Places
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported
from econmodel.forms.technology import Point
from econmodel.stated import random_numbers

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]
# What an output's column is called that has the first firm's share of it.
FIRST = "_of_the_first_firm"
TENTHS = np.arange(11) / 10.0
# Shares are made of decimals, so that a firm at a bound may miss it by rounding.
ROUNDING = 1e-9
SHARE_DIGITS = 12
# Above this many outputs a grid of tenths has more splits than anyone would wait for.
MOST_OUTPUTS = 5
# The search for the cheapest split.
CANDIDATES = 2_000
STARTS = 8
LEAST_SHARE = 1e-3
POSITIVE = 1e-6
# It may miss a bound by its tolerance, and a split beyond the hull would be thrown away.
INSIDE = 1e-6
FIRMS = (2, 3)
# With more, the hull has thousands of facets, and each would bound the search.
MOST_SEARCHED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Splits of all places in one list.

    Attributes
    ----------
    place : (S,) which place each split divides
    outputs : (K, S, m) what each of the K firms makes
    considered : (n,) how many splits of each place were looked at
    region : what admissible means, in words
    left_out : reason -> number of splits that it left out
    admissible : (S,) whether the data can speak of it
    costed : (S,) whether the form has an identified cost for every firm, be it among the providers or not
    """

    place: NDArray[np.intp]
    outputs: Array
    considered: NDArray[np.intp]
    region: str
    left_out: Mapping[str, int]
    admissible: Rows
    costed: Rows

    def __len__(self) -> int:
        return len(self.place)

    def only(self, rows: Rows) -> "Splits":
        """Some of the splits."""
        return replace(
            self, place=self.place[rows], outputs=self.outputs[:, rows], admissible=self.admissible[rows],
            costed=self.costed[rows],
        )  # fmt: skip

    def of_firm(self, places: Places, firm: int) -> Point:
        """What one firm makes in every split, in the surroundings of the place that is split."""
        point = places.point
        around = (point.log_prices[self.place], point.relationships[self.place], point.controls[self.place])
        return Point(self.outputs[firm], *around)

    def costs(self, fit: CostFunction, places: Places) -> Array:
        """What each firm's outputs cost, (K, S)."""
        firms = range(len(self.outputs))
        return np.stack([fit.technology.cost(fit.theta, self.of_firm(places, firm)) for firm in firms])


def shin_ying(fit: CostFunction, places: Places) -> Splits:
    """Two firms; the first makes one to nine tenths of each output (Shin and Ying, 1992)."""
    m = len(fit.technology.outputs)
    if m > MOST_OUTPUTS:
        raise NotSupported(
            f"A grid of tenths over {m} outputs has {9**m:,} splits a place. Add outputs together, or search instead: "
            'splits="general" (up to four outputs).'
        )
    shares = np.array(list(product(TENTHS[1:-1], repeat=m)))
    return from_shares(fit, places, np.stack([shares, 1.0 - shares]))


def from_shares(fit: CostFunction, places: Places, shares: Array) -> Splits:
    """Splits in which firm k makes the shares (K, S, m) of every place, each firm inside the hull of the providers."""
    outputs = places.point.outputs
    made = shares[:, None] * outputs[:, None]
    count, n, s, m = made.shape
    made = made.reshape(count, n * s, m)
    place = np.repeat(np.arange(n), s)
    region = "every split (stated parameters have no providers to stay among)"
    inside = np.ones(n * s, dtype=bool)
    if fit.sample is not None:
        region = "every firm inside the convex hull of the providers' outputs"
        inside = np.asarray(outputs_supported(fit, made.reshape(-1, m)).reshape(count, -1).all(axis=0))
    return _splits(fit, places, place, made, region, {"beyond the providers": inside})


def evans_heckman(fit: CostFunction, places: Places) -> Splits:
    """Two firms and two outputs: each firm at least the least that anyone makes (Evans and Heckman, 1984).

    With q_M the least observed of each output and q* = q - 2 q_M, one firm makes q_M + (phi, omega) q* and the other
    the rest; both must keep to the ratios of the two outputs that are observed.
    """
    technology = fit.technology
    if len(technology.outputs) != 2:
        raise FormError(
            f"The test of Evans and Heckman is of two outputs, and there are {len(technology.outputs)}. Take "
            'splits="shin_ying" or splits="general".'
        )
    if fit.sample is None:
        raise NotSupported(
            "The test of Evans and Heckman keeps to what providers make, and stated parameters have none. Take "
            'splits="shin_ying".'
        )
    seen = np.stack([fit.sample.rows.columns[name] for name in technology.outputs], axis=1)
    least, outputs = seen.min(axis=0), places.point.outputs
    beyond = outputs - 2.0 * least
    grid = np.array(list(product(TENTHS, repeat=2)))
    n, s = len(outputs), len(grid)
    first = (grid * beyond[:, None] + least).reshape(-1, 2)
    made = np.stack([first, np.repeat(outputs, s, axis=0) - first])
    large = np.repeat((beyond >= 0).all(axis=1), s)
    low, high = _ratio(seen).min(), _ratio(seen).max()
    ratio = _ratio(made)
    within = ((ratio >= low * (1 - ROUNDING)) & (ratio <= high * (1 + ROUNDING))).all(axis=0)
    region = (
        f"each firm with at least the least of each output that a provider makes, and a ratio of "
        f"{technology.outputs[0]} to {technology.outputs[1]} between those observed"
    )
    conditions = {"place smaller than twice the least": large, "ratio never observed": within}
    return _splits(fit, places, np.repeat(np.arange(n), s), made, region, conditions)


def _ratio(outputs: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(outputs[..., 1] > 0, outputs[..., 0] / outputs[..., 1], np.inf)


def _splits(
    fit: CostFunction,
    places: Places,
    place: NDArray[np.intp],
    made: Array,
    region: str,
    conditions: Mapping[str, Rows],
) -> Splits:
    """All splits; admissible where conditions are met and every firm makes something at a positive, identified cost."""
    making = made > 0
    blurred = unidentified(fit) if fit.technology.is_level else np.zeros(making.shape[-1], bool)
    never = places.point.outputs[place] <= 0
    existing = {
        "one firm without a positive cost": (fit.technology.cost(fit.theta, places.point) > 0)[place],
        "a firm without any output": making.any(axis=-1).all(axis=0),
        "a firm without an output whose fixed cost is not identified": (making | ~blurred | never).all(axis=(0, 2)),
    }
    left, keep = {}, np.ones(len(place), dtype=bool)
    for reason, met in {**conditions, **existing}.items():
        left[reason] = int((keep & ~met).sum())
        keep &= met
    costed = np.logical_and.reduce([*existing.values(), (made >= 0).all(axis=(0, 2))])
    considered = np.bincount(place, minlength=len(places.labels))
    every = Splits(place, made, considered, region, {}, keep, costed)
    positive = (every.only(keep).costs(fit, places) > 0).all(axis=0)
    left["no positive cost of a firm"] = int((~positive).sum())
    keep = keep.copy()
    keep[np.flatnonzero(keep)] = positive
    return replace(every, admissible=keep, left_out={reason: count for reason, count in left.items() if count})


def surface(fit: CostFunction, places: Places, splits: Splits) -> pd.DataFrame | None:
    """Every split of one place with two outputs between two firms: shares, saving and whether it is admissible.

    The saving is the cost of one firm less that of both, over that of one firm: above zero two firms are cheaper. It is
    given for splits that are not admissible as well, where the form has a cost for them, and is missing elsewhere.
    None of other places, outputs or firms.
    """
    whole = places.point.outputs
    if len(splits.outputs) != 2 or whole.shape != (1, 2) or (whole <= 0).any():
        return None
    joint = float(fit.technology.cost(fit.theta, places.point)[0])
    apart = splits.only(splits.costed).costs(fit, places)
    saving = np.full(len(splits), np.nan)
    saving[splits.costed] = np.where((apart > 0).all(axis=0), (joint - apart.sum(axis=0)) / joint, np.nan)
    # Shares went through outputs and back, which moves their last digits.
    shares = (splits.outputs[0] / whole).round(SHARE_DIGITS)
    columns = {f"{name}{FIRST}": shares[:, place] for place, name in enumerate(fit.technology.outputs)}
    return pd.DataFrame(columns | {"saving": saving, "admissible": splits.admissible}).drop_duplicates(list(columns))


def search(fit: CostFunction, places: Places, firms: int, seed: int) -> Splits:
    """Random splits of one place among `firms` firms, and the cheapest found from the best of them.

    Shares of outputs with a fixed cost of their own may be zero: then the firm does not pay it, which is a jump, so
    patterns of who makes what are drawn first and shares are searched within each (sequential quadratic programming).

    Raises
    ------
    NotSupported
        For several places, more than four outputs, or other than two or three firms.
    """
    m = len(fit.technology.outputs)
    if firms not in FIRMS:
        raise NotSupported(f"firms={firms} is not searched. It may be 2 or 3.")
    if len(places.labels) != 1:
        raise NotSupported(
            f'The search is of one place, and there are {len(places.labels)}. Take splits="shin_ying" for all of them.'
        )
    if m > MOST_SEARCHED:
        raise NotSupported(
            f"With {m} outputs the region of the providers has too many facets to search within. Add outputs together, "
            'or take splits="shin_ying".'
        )
    drawn = _draw(fit, firms, random_numbers(seed))
    every = from_shares(fit, places, drawn)
    candidates = every.only(every.admissible)
    if not len(candidates):
        return every
    best = np.stack(_improved(fit, places, candidates), axis=1)
    return from_shares(fit, places, np.concatenate([drawn, best], axis=1))


def _draw(fit: CostFunction, firms: int, rng: np.random.Generator) -> Array:
    """Random shares (K, S, m): everyone makes everything, or somebody leaves out an output that costs to start."""
    m = len(fit.technology.outputs)
    shares = rng.dirichlet(np.ones(firms), (CANDIDATES, m))
    equal = np.full((1, m, firms), 1.0 / firms)
    patterns = np.ones((CANDIDATES, m, firms), dtype=bool)
    for output in fit.technology.fixed_costs:
        subsets = [s for size in range(1, firms + 1) for s in combinations(range(firms), size)]
        chosen = rng.integers(0, len(subsets), CANDIDATES)
        chosen[: CANDIDATES // 4] = len(subsets) - 1
        patterns[:, output] = np.array([[k in subset for k in range(firms)] for subset in subsets])[chosen]
    # Whoever makes any makes a noticeable share of it.
    shares = np.where(patterns, np.maximum(shares, LEAST_SHARE), 0.0)
    shares /= shares.sum(axis=-1, keepdims=True)
    corners = [c for c in product(range(firms), repeat=m) if len(set(c)) == firms]
    whole = np.array([[[float(k == maker) for k in range(firms)] for maker in c] for c in corners])
    if len(fit.technology.fixed_costs) < m or not corners:
        whole = np.zeros((0, m, firms))
    return np.moveaxis(np.concatenate([equal, whole, shares]), -1, 0)


def _improved(fit: CostFunction, places: Places, candidates: Splits) -> list[Array]:
    """Shares (K, m) found by descent from the cheapest candidates, one for each pattern of who makes what."""
    outputs, cost = places.point.outputs[0], sum(candidates.costs(fit, places))
    starts: dict[bytes, Array] = {}
    for index in np.argsort(cost, kind="stable"):
        split = candidates.outputs[:, index]
        pattern = np.packbits(np.sort(split > 0, axis=0)).tobytes()
        starts.setdefault(pattern, np.divide(split, outputs, out=np.zeros_like(split), where=outputs > 0))
        if len(starts) == STARTS:
            break
    margins = _margins(fit)
    return [_descend(fit, places, start, margins) for start in starts.values()]


def _descend(fit: CostFunction, places: Places, start: Array, margins: Callable[[Array], Array]) -> Array:
    """The local optimum among splits with the same pattern; the start where the search fails."""
    from scipy.optimize import minimize

    technology, theta = fit.technology, fit.theta
    outputs = places.point.outputs[0]
    joint = float(technology.cost(theta, places.point)[0])
    free = start > 0

    def shares(x: Array) -> Array:
        full = np.zeros_like(start)
        full[free] = x
        return full

    def costs(x: Array) -> Array:
        return technology.cost(theta, places.point.with_outputs(shares(x) * outputs)) / joint

    def inside(x: Array) -> Array:
        return np.concatenate([costs(x) - POSITIVE, margins(shares(x) * outputs) - INSIDE])

    adds_up = {"type": "eq", "fun": lambda x: shares(x).sum(axis=0)[outputs > 0] - 1.0}
    optimum = minimize(
        lambda x: float(costs(x).sum()), start[free], method="SLSQP", bounds=[(LEAST_SHARE, 1.0)] * int(free.sum()),
        constraints=[adds_up, {"type": "ineq", "fun": inside}], options={"maxiter": 100, "ftol": 1e-12},
    )  # fmt: skip
    if not optimum.success:
        return start
    better = shares(optimum.x)
    total = better.sum(axis=0)
    return np.divide(better, total, out=np.zeros_like(better), where=total > 0)


def _margins(fit: CostFunction) -> Callable[[Array], Array]:
    """How far outputs (n, m) are inside each facet of the providers' hull, flat; negative beyond it."""
    if fit.sample is None:
        return lambda outputs: np.zeros(0)
    from scipy.spatial import ConvexHull

    transform, columns = fit.technology.form.coordinate.transform, fit.sample.rows.columns
    seen = np.stack([transform(columns[name]) for name in fit.technology.outputs], axis=1)
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    scaled = (seen - centre) / spread
    facets = np.array([[1.0, -scaled.max()], [-1.0, scaled.min()]])
    if scaled.shape[1] > 1:
        facets = ConvexHull(scaled).equations

    def margins(outputs: Array) -> Array:
        here = (transform(outputs) - centre) / spread
        return np.asarray(-(here @ facets[:, :-1].T + facets[:, -1]).ravel())

    return margins
