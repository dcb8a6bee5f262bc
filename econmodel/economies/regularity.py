"""Whether a fitted cost fit behaves like one, and at which providers it does not."""

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Something that holds of any cost function: its words, and a margin (..., n) that is below zero where it fails."""

    words: str
    margin: Callable[[Array], Array]


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
    asked = conditions(technology, point)
    with np.errstate(invalid="ignore", divide="ignore"):
        margins = np.stack([condition.margin(fit.theta) for condition in asked])
        table = _table(asked, margins, places)
        if method == "bootstrap":
            table = _with_intervals(fit, asked, places, table, (replications, conf_level, seed))
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


def conditions(technology: Technology, point: Point) -> list[Condition]:
    """What must hold at points of a technology; conditions that hold by construction are left out."""
    found = [
        Condition(f"marginal cost of {name} not below zero", _one(output_margins, technology, point, place))
        for place, name in enumerate(technology.outputs)
    ]
    if len(technology.prices) > (technology.numeraire is not None):
        found += [
            Condition(f"cost does not fall with {name}", _one(price_margins, technology, point, place))
            for place, name in enumerate(technology.prices)
        ]
        found.append(
            Condition(CONCAVE, lambda theta: _lifted(concavity_margin(technology, theta, point), theta, point))
        )
    if technology.is_level:
        found.append(Condition("cost above zero", lambda theta: technology.cost(theta, point)))
        found += _corners(technology, point)
    return found


def _one(
    margins: Callable[[Technology, Array, Point], Array], technology: Technology, point: Point, place: int
) -> Callable[[Array], Array]:
    return lambda theta: _lifted(margins(technology, theta, point)[..., place], theta, point)


def _lifted(margin: Array, theta: Array, point: Point) -> Array:
    """The margin of every point, also where it is the same for all."""
    return np.broadcast_to(margin, (*theta.shape[:-1], len(point)))


def _corners(technology: Technology, point: Point) -> list[Condition]:
    names, found = technology.outputs, []
    if len(names) == 1:
        return []
    for place, name in enumerate(names):
        one = np.arange(len(names)) == place
        found.append(Condition(f"cost of {name} alone above zero", _corner(technology, point, one)))
        if len(names) > 2:
            found.append(Condition(f"cost without {name} above zero", _corner(technology, point, ~one)))
    return found


def _corner(technology: Technology, point: Point, members: Members) -> Callable[[Array], Array]:
    made = (np.where(members, point.outputs, 0.0) > 0).any(axis=-1)
    return lambda theta: np.where(made, cost_of(technology, theta, point, members), np.nan)


def _table(asked: list[Condition], margins: Array, places: Places) -> pd.DataFrame:
    rows = []
    for condition, margin in zip(asked, margins, strict=True):
        bad, known = np.flatnonzero(_violated(margin)), int(np.isfinite(margin).sum())
        first = ", ".join(places.labels[place] for place in bad[:NAMED]) + (", ..." if len(bad) > NAMED else "")
        share = len(bad) / known if known else np.nan
        rows.append((condition.words, known, len(bad), share, np.nan, np.nan, first or "none"))
    return pd.DataFrame(
        rows, columns=["term", "points", "violations", "share", "share_low", "share_high", "violated_at"]
    )


def _violated(margin: Array) -> Array:
    return np.asarray(margin < -ROUNDING)


def _with_intervals(
    fit: CostFunction, asked: list[Condition], places: Places, table: pd.DataFrame, how: tuple[int, float, int]
) -> pd.DataFrame:
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
        found = [_share(condition.margin(thetas[batch]), weights) for condition in asked]
        shares.append(np.stack(found, axis=1))
    require_draws(thetas, "the share of points")
    sound = np.concatenate(shares)[np.isfinite(thetas).all(axis=1)]
    low, high = quantile_interval(sound, level)
    return table.assign(share_low=low, share_high=high)


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
