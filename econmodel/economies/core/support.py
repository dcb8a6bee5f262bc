"""Whether the data say anything about a point: inside the cloud of providers, or beyond it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.errors import NotSupported
from econmodel.forms.technology import Point
from econmodel.results import Check

Array = NDArray[np.float64]
# Facets are known to rounding only; a point this close (in standard deviations of the outputs) counts as inside.
ON_THE_EDGE = 1e-9
# Above this many outputs a hull has too many facets, and hardly a point lies inside it: the nearest provider decides.
HULL_DIMENSIONS = 5
# How many in a hundred providers have another at least as near as a point must have one, where no hull is taken.
NEAR_ENOUGH = 95.0
# Points times facets that are looked at together: a few tens of megabytes.
BATCH_PRODUCTS = 4_000_000


def support(fit: CostFunction, at: object = "mean") -> Check:
    """Whether points lie inside the convex hull of the providers' outputs, and how near the nearest provider is.

    The hull is taken in the coordinates of the form: logs in log forms, levels in level forms. With more than five
    outputs a point must instead be as near to a provider as nineteen in twenty providers are to another. Prices,
    relationship variables and controls must lie in the range that providers have.

    Parameters
    ----------
    fit : a fit
    at : as in `econmodel.scale`

    Returns
    -------
    Check
        `passed` is True where all points are supported. The table gives each point's distance to the nearest provider,
        in standard deviations of the outputs.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> support(fit(load("electricity_1970")), at=[0.5, 1, 1000]).table["supported"].tolist()
    [True, True, False]
    """
    require_fit(fit)
    if fit.sample is None:
        raise NotSupported("Support is judged against providers, and stated parameters have none.")

    places = resolve(fit, at)
    seen, points = _coordinates(fit, places.point.outputs)
    inside = supported(fit, places)
    table = pd.DataFrame(
        {"at": places.labels, "supported": inside, "distance to nearest provider": _distances(seen, points, 1)[:, 0]}
    )
    outside = [label for label, found in zip(places.labels, inside, strict=True) if not found]
    what = f"the convex hull of the outputs of {len(seen):,} providers"
    if seen.shape[1] > HULL_DIMENSIONS:
        what = f"the neighbourhood of {len(seen):,} providers"
    if not outside:
        text = f"{'The point lies' if len(table) == 1 else f'All {len(table)} points lie'} inside {what}."
    else:
        named = ", ".join(outside[:5]) + (", ..." if len(outside) > 5 else "")
        text = (
            f"{len(outside)} of {len(table)} points lie outside {what}{_or_beyond(fit, places)} ({named}): "
            "what is estimated there is extrapolation by the form, not evidence."
        )
    return Check("Support", not outside, "all points lie among the providers", table, text)


def supported(fit: CostFunction, places: Places) -> NDArray[np.bool_]:
    """Whether each place is among the providers in all its variables; True where there are no data to ask."""
    if places.observed or fit.sample is None:
        return np.ones(len(places.labels), dtype=bool)
    beyond = _beyond(fit, places.point)
    return np.logical_and.reduce([outputs_supported(fit, places.point.outputs), *(~one for one in beyond.values())])


def _beyond(fit: CostFunction, point: Point) -> dict[str, NDArray[np.bool_]]:
    """For each price, relationship variable and control, whether points lie beyond the range of the providers."""
    technology, seen = fit.technology, fit.points()
    fields = {
        "log_prices": technology.prices,
        "relationships": technology.relationships,
        "controls": technology.controls,
    }
    found = {}
    for field, names in fields.items():
        columns, here = getattr(seen, field), getattr(point, field)
        for place, name in enumerate(names):
            low, high = columns[:, place].min(), columns[:, place].max()
            room = ON_THE_EDGE * (high - low)
            found[name] = np.asarray((here[:, place] < low - room) | (here[:, place] > high + room))
    return found


def _or_beyond(fit: CostFunction, places: Places) -> str:
    """The variables besides outputs in whose range some place is not, as a sentence names them."""
    if places.observed:
        return ""
    names = [name for name, rows in _beyond(fit, places.point).items() if rows.any()]
    return f", or beyond the range of {', '.join(names)}," if names else ""


def outputs_supported(fit: CostFunction, outputs: Array) -> NDArray[np.bool_]:
    """Whether output vectors (n, m) are inside the hull of the providers' outputs, or near enough to some provider."""
    if fit.sample is None:
        return np.ones(len(outputs), dtype=bool)
    if not fit.technology.form.coordinate.allows_zero and (outputs <= 0).any():
        raise ValueError("A log form has no coordinates at zero output.")
    seen, points = _coordinates(fit, outputs)
    return near_providers(seen, points) if seen.shape[1] > HULL_DIMENSIONS else inside_hull(seen, points)


def _coordinates(fit: CostFunction, outputs: Array) -> tuple[Array, Array]:
    assert fit.sample is not None
    transform = fit.technology.form.coordinate.transform
    columns = fit.sample.rows.columns
    seen = np.stack([transform(columns[name]) for name in fit.technology.outputs], axis=1)
    return seen, transform(outputs)


def inside_hull(seen: Array, points: Array) -> NDArray[np.bool_]:
    """Whether points (n, m) are in the convex hull of `seen` (N, m).

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> inside_hull(corners, np.array([[0.2, 0.2], [0.8, 0.8], [1.0, 0.0]])).tolist()
    [True, False, True]
    """
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    seen, points = (seen - centre) / spread, (points - centre) / spread
    if seen.shape[1] == 1:
        return ((points >= seen.min() - ON_THE_EDGE) & (points <= seen.max() + ON_THE_EDGE)).all(axis=1)
    facets = _facets(seen)
    if facets is not None:
        size = max(1, BATCH_PRODUCTS // len(facets))
        batches = [points[start : start + size] for start in range(0, len(points), size)]
        within = [(one @ facets[:, :-1].T + facets[:, -1] <= ON_THE_EDGE).all(axis=1) for one in batches]
        return np.concatenate([*within, np.zeros(0, dtype=bool)])
    return np.array([_is_mixture(seen, point) for point in points])


def near_providers(seen: Array, points: Array) -> NDArray[np.bool_]:
    """Whether points (n, m) are as near to one of `seen` (N, m) as most of those are to another.

    Distances are in standard deviations. Most: nineteen in twenty.

    Examples
    --------
    >>> grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    >>> near_providers(grid, np.array([[1.5, 1.5], [9.0, 9.0]])).tolist()
    [True, False]
    """
    usual = np.percentile(_distances(seen, seen, 2)[:, -1], NEAR_ENOUGH)
    return np.asarray(_distances(seen, points, 1)[:, 0] <= usual * (1.0 + ON_THE_EDGE))


def _distances(seen: Array, points: Array, count: int) -> Array:
    """Distances (n, count) of points to the nearest of `seen`, in standard deviations of the latter."""
    from scipy.spatial import KDTree

    spread = seen.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    found = KDTree(seen / spread).query(points / spread, k=min(count, len(seen)))[0]
    return np.asarray(found).reshape(len(points), -1)


def _facets(seen: Array) -> Array | None:
    from scipy.spatial import ConvexHull, QhullError

    if len(seen) <= seen.shape[1]:
        return None
    try:
        return ConvexHull(seen).equations
    except QhullError:
        return None


def _is_mixture(seen: Array, point: Array) -> bool:
    """Whether a point is a weighted mean of providers: a linear programme without an objective."""
    from scipy.optimize import linprog

    equal = np.vstack([seen.T, np.ones(len(seen))])
    found = linprog(np.zeros(len(seen)), A_eq=equal, b_eq=np.append(point, 1.0), bounds=(0, None), method="highs")
    return bool(found.status == 0)
