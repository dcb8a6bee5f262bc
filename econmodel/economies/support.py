"""Whether the data say anything about a point: inside the cloud of providers, or beyond it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.places import CostFunction, Places, require_fit, resolve
from econmodel.errors import NotSupported
from econmodel.results import Check

Array = NDArray[np.float64]
# Facets are known to rounding only; a point this close (in standard deviations of the outputs) counts as inside.
ON_THE_EDGE = 1e-9
# Above this many outputs a hull has too many facets, and one linear programme a point is cheaper.
HULL_DIMENSIONS = 4


def support(function: CostFunction, at: object = "mean") -> Check:
    """Whether points lie inside the convex hull of the providers' outputs, and how near the nearest provider is.

    The hull is taken in the coordinates of the form: logs in log forms, levels in level forms.

    Parameters
    ----------
    function : a fit
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
    require_fit(function)
    if function.sample is None:
        raise NotSupported("Support is judged against providers, and stated parameters have none.")
    from scipy.spatial import KDTree

    places = resolve(function, at)
    seen, points = _coordinates(function, places.point.outputs)
    inside = supported(function, places)
    spread = seen.std(axis=0)
    nearest = KDTree(seen / spread).query(points / spread)[0]
    table = pd.DataFrame({"at": places.labels, "supported": inside, "distance to nearest provider": nearest})
    outside = [label for label, found in zip(places.labels, inside, strict=True) if not found]
    what = f"the convex hull of the outputs of {len(seen):,} providers"
    if not outside:
        text = f"{'The point lies' if len(table) == 1 else f'All {len(table)} points lie'} inside {what}."
    else:
        named = ", ".join(outside[:5]) + (", ..." if len(outside) > 5 else "")
        text = (
            f"{len(outside)} of {len(table)} points lie outside {what} ({named}): "
            "what is estimated there is extrapolation by the form, not evidence."
        )
    return Check("Support", not outside, "all points lie among the providers", table, text)


def supported(function: CostFunction, places: Places) -> NDArray[np.bool_]:
    """Whether each place is inside the hull of the providers' outputs; True where there are no data to ask."""
    if places.observed or function.sample is None:
        return np.ones(len(places.labels), dtype=bool)
    return outputs_supported(function, places.point.outputs)


def outputs_supported(function: CostFunction, outputs: Array) -> NDArray[np.bool_]:
    """Whether output vectors (n, m) are inside the hull of the providers' outputs."""
    if function.sample is None:
        return np.ones(len(outputs), dtype=bool)
    if not function.technology.form.coordinate.allows_zero and (outputs <= 0).any():
        raise ValueError("A log form has no coordinates at zero output.")
    seen, points = _coordinates(function, outputs)
    return inside_hull(seen, points)


def _coordinates(function: CostFunction, outputs: Array) -> tuple[Array, Array]:
    assert function.sample is not None
    transform = function.technology.form.coordinate.transform
    columns = function.sample.rows.columns
    seen = np.stack([transform(columns[name]) for name in function.technology.outputs], axis=1)
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
        beyond = points @ facets[:, :-1].T + facets[:, -1]
        return np.asarray((beyond <= ON_THE_EDGE).all(axis=1))
    return np.array([_is_mixture(seen, point) for point in points])


def _facets(seen: Array) -> Array | None:
    from scipy.spatial import ConvexHull, QhullError

    if seen.shape[1] > HULL_DIMENSIONS or len(seen) <= seen.shape[1]:
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
