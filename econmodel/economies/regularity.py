"""Whether a fitted cost fit behaves like one, and at which providers it does not."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Members, cost_of
from econmodel.economies.core.inference import BATCH_VALUES, require_draws
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import quantile_interval
from econmodel.estimate.fit import Fit
from econmodel.forms.regularity import ROUNDING, concavity_margin, output_margins, price_margins
from econmodel.forms.technology import Point, Technology
from econmodel.results import Check, format_number, interval_in_words
from econmodel.stated import check_level, require_replications

Array = NDArray[np.float64]
CONCAVE = "concave in prices"
NAMED = 5
LABELS = {"term": "condition"}
# Parameters (..., k) to what is below zero at points (..., n) where a condition fails.
Margin = Callable[[Array], Array]


def regularity(
    fit: CostFunction,
    at: object = "every provider",
    *,
    method: str | None = None,
    replications: int = 199,
    conf_level: float = 0.95,
    seed: int = 0,
) -> Check:
    """Whether cost rises with every output and price, is concave in prices and above zero, and where it is not.

    Parameters
    ----------
    fit : a fit
    at : as in `econmodel.scale`
    method : "bootstrap" adds intervals of the shares of violations, with providers drawn anew and everything
        re-estimated; None leaves them out
    replications : how many

    Returns
    -------
    Check
        One row a condition: "marginal cost of ... not below zero", "cost does not fall with ...", "concave in prices",
        "cost above zero", and in level forms the corners that scope uses, "cost of ... alone above zero" and "cost
        without ... above zero" (with the whole intercept charged; judged where something is made there). Columns:
        `term`, at how many `points` it was asked, how many `violations` there are, their `share`, and the first five
        points that are `violated_at`. `passed` where none is.

    Raises
    ------
    NotSupported
        For method="delta" or "simulate": a share of providers is no smooth function of the parameters, and depends on
        the sample as well.

    Notes
    -----
    Conditions on marginal costs and shares are signs; concavity asks that no eigenvalue of L - diag(s) + s s' is above
    zero (Diewert and Wales, 1987), L and s the second and first derivatives of log cost by log prices.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> check = regularity(fit(load("electricity_1970"), form="cobb_douglas"))
    >>> check.passed, len(check.table)
    (True, 5)
    """
    _check_method(method, replications, conf_level)
    places = resolve(fit, at)
    technology, point = fit.technology, places.point
    judged = conditions(technology, point)
    with np.errstate(invalid="ignore", divide="ignore"):
        margins = np.stack([margin(fit.theta) for margin in judged.values()])
        table = _table(list(judged), margins, places)
        if method == "bootstrap":
            low, high = _intervals(fit, list(judged.values()), places, (replications, conf_level, seed))
            table = table.assign(share_low=low, share_high=high)
    violated = table["violations"].to_numpy() > 0
    return Check(
        "Regularity", not violated.any(), "cost rises with outputs and prices, is concave in prices and above zero",
        table, _text(table, len(point), conf_level), _notes(fit, margins), labels=LABELS,
    )  # fmt: skip


def _check_method(method: str | None, replications: int, conf_level: float) -> None:
    if method in ("delta", "simulate"):
        raise NotSupported(
            f'method="{method}" does not hold for shares of providers: they are no smooth function of the parameters '
            'and depend on the sample too. Use method="bootstrap".'
        )
    if method not in (None, "bootstrap"):
        raise NotSupported(f'There is no method {method!r} here. Use method="bootstrap", or None for no intervals.')
    check_level(conf_level)
    if method:
        require_replications(replications, 2)


def conditions(technology: Technology, point: Point) -> dict[str, Margin]:
    """What must hold at points of a technology, in words; conditions that hold by construction are left out."""
    names, margins = technology.outputs, dict[str, Margin]()

    def judged(margin: Margin) -> Margin:
        """At every point, also where it is the same for all."""
        return lambda theta: np.broadcast_to(margin(theta), (*theta.shape[:-1], len(point)))

    def one(of: Callable[[Technology, Array, Point], Array], place: int) -> Margin:
        return judged(lambda theta: of(technology, theta, point)[..., place])

    def corner(members: Members) -> Margin:
        made = (np.where(members, point.outputs, 0.0) > 0).any(axis=-1)
        return lambda theta: np.where(made, cost_of(technology, theta, point, members), np.nan)

    for place, name in enumerate(names):
        margins[f"marginal cost of {name} not below zero"] = one(output_margins, place)
    if len(technology.prices) > (technology.numeraire is not None):
        for place, name in enumerate(technology.prices):
            margins[f"cost does not fall with {name}"] = one(price_margins, place)
        margins[CONCAVE] = judged(lambda theta: concavity_margin(technology, theta, point))
    if technology.is_level:
        margins["cost above zero"] = lambda theta: technology.cost(theta, point)
        for place, name in enumerate(names if len(names) > 1 else ()):
            alone = np.arange(len(names)) == place
            margins[f"cost of {name} alone above zero"] = corner(alone)
            if len(names) > 2:
                margins[f"cost without {name} above zero"] = corner(~alone)
    return margins


def _table(terms: list[str], margins: Array, places: Places) -> pd.DataFrame:
    rows = []
    for term, margin in zip(terms, margins, strict=True):
        bad, known = np.flatnonzero(_violated(margin)), int(np.isfinite(margin).sum())
        first = ", ".join(places.labels[place] for place in bad[:NAMED]) + (", ..." if len(bad) > NAMED else "")
        share = len(bad) / known if known else np.nan
        rows.append((term, known, len(bad), share, np.nan, np.nan, first or "none"))
    return pd.DataFrame(
        rows, columns=["term", "points", "violations", "share", "share_low", "share_high", "violated_at"]
    )


def _violated(margin: Array) -> Array:
    return np.asarray(margin < -ROUNDING)


def _intervals(
    fit: CostFunction, margins: list[Margin], places: Places, how: tuple[int, float, int]
) -> tuple[Array, Array]:
    """Percentile intervals of the shares: providers drawn anew where they are the points, parameters re-estimated."""
    if not isinstance(fit, Fit):
        raise NotSupported('method="bootstrap" re-estimates, and stated parameters were not estimated.')
    replications, level, seed = how
    draws = fit.replications(replications, seed)
    thetas = fit.bootstrap(draws)
    sampled = len(places.labels) == draws.rows and places.observed
    size = max(1, BATCH_VALUES // (len(places.labels) * max(len(fit.technology.prices), 1) ** 2))
    shares = []
    for start in range(0, replications, size):
        batch = slice(start, start + size)
        weights = draws.of_replications(batch) if sampled else np.ones((1, len(places.labels)))
        shares.append(np.stack([_share(margin(thetas[batch]), weights) for margin in margins], axis=1))
    require_draws(thetas, "the share of points")
    return quantile_interval(np.concatenate(shares)[np.isfinite(thetas).all(axis=1)], level)


def _share(margin: Array, weights: Array) -> Array:
    known = np.isfinite(margin) * weights
    total = known.sum(axis=-1)
    return np.where(total > 0, (known * _violated(margin)).sum(axis=-1) / np.where(total > 0, total, 1.0), np.nan)


def _text(table: pd.DataFrame, points: int, level: float) -> str:
    bad = table[table["violations"] > 0]
    where = "the point asked for" if points == 1 else f"all {points:,} points"
    if not len(bad):
        return f"The cost function is regular at {where}: every condition holds."
    parts = []
    for _, row in bad.iterrows():
        part = f"{row['term']} fails at {row['violations']:,} of {row['points']:,} ({row['violated_at']}"
        if np.isfinite(row["share_low"]):
            percents = interval_in_words(100 * row["share_low"], 100 * row["share_high"], level)
            part += f"; {format_number(100 * row['share'], 3)} %, {percents}"
        parts.append(part + ")")
    rest = "; every other condition holds" if len(bad) < len(table) else ""
    return f"The cost function is not regular everywhere: {'; '.join(parts)}{rest}."


def _notes(fit: CostFunction, margins: Array) -> tuple[str, ...]:
    notes = []
    if not fit.technology.is_level and len(fit.technology.outputs) > 1:
        notes.append("A log form has no cost at zero output, so there are no corners to ask about.")
    lost = int((~np.isfinite(margins[0])).sum())
    if lost:
        notes.append(f"{lost} of {margins.shape[1]} points have no positive fitted cost: nothing else is judged there.")
    if not fit.technology.prices:
        notes.append("There are no prices in this cost function, so nothing is asked of them.")
    return tuple(notes)
