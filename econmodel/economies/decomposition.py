"""Why one provider, group or year costs more than another: the gap in log cost, split into what differs.

The same path parts as in the separation (`econmodel.economies.core.path`), between two points instead of between every
provider and the mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.identity import ADDING_UP, adds_up
from econmodel.economies.core.inference import Estimates, estimate, summarise, tabulate
from econmodel.economies.core.path import NODES, SCALE, parts
from econmodel.economies.decomposition_words import words
from econmodel.economies.sides import Mean, Side, mean_log, mean_of, side_of
from econmodel.economies.size import Size, size_of, weights_table
from econmodel.errors import NotSupported
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.results import Effects, columns_beside
from econmodel.stated import check_level, require_replications

Array = NDArray[np.float64]
GAP, SPREAD, RESIDUAL = "cost gap", "spread within groups", "residual"
# Roundings of one coordinate on the way to log cost.
OPERATIONS = 64
MORE_NODES = (64, 256)
BATCH_PAIRS = 100_000
# Where a form is linear in logs, or effects leave nothing over, what is left is rounding.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """A gap in log cost and its parts.

    Attributes
    ----------
    growth : (B,) log size of the end less that of the start
    log_cost : (B,) log cost of the end less that of the start, observed
    of : part -> (B,); they add up to `log_cost`
    """

    growth: Array
    log_cost: Array
    of: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two sides of a fit and how size is measured."""

    fitted: Fit
    start: Side
    end: Side
    size: Size
    points: Point
    nodes: int = NODES

    def gap(self, parameters: Array, drawn: Array | None = None, size_weights: Array | None = None) -> Gap:
        """The gap for all parameters of a fit (B, ...), weights of rows (B, n) and of outputs in size (B, m)."""
        fitted, points = self.fitted, self.points
        theta = parameters[:, : len(fitted.theta)]
        ends = [mean_of(fitted, side, self.size, points, drawn, size_weights) for side in (self.start, self.end)]
        of = {name: value[:, 0] for name, value in path(fitted, theta, ends, self.nodes).items()}
        log_cost = np.log(fitted.sample.rows.columns[fitted.design.cost])
        smooth = fitted.technology.log_cost(theta, points)
        own = fitted.row_parts(parameters, log_cost - smooth)
        levels = []
        for side, mean in zip((self.start, self.end), ends, strict=True):
            shares = side.weights(drawn)
            # Rows of the other side may lack a positive fitted cost without any harm to this one.
            seen = np.where(side.rows, smooth, 0.0)
            at_mean = fitted.technology.log_cost(theta, mean.point)[:, 0]
            averages = [at_mean, mean_log(fitted, shares, seen)]
            for part in own.values():
                seen = np.where(side.rows, seen + part, 0.0)
                averages.append(mean_log(fitted, shares, seen))
            levels.append(np.diff(np.stack([*averages, mean.log_cost + 0.0 * at_mean]), axis=0))
        spread, *effects, residual = levels[1] - levels[0]
        if (np.abs(spread) > ROUNDING).any():
            of[SPREAD] = spread
        rest = dict(zip((*own, RESIDUAL), (*effects, residual), strict=True))
        of |= {name: np.where(np.abs(value) < ROUNDING, 0.0, value) for name, value in rest.items()}
        growth = (ends[1].log_size - ends[0].log_size)[:, 0]
        return Gap(np.broadcast_to(growth, len(theta)), ends[1].log_cost - ends[0].log_cost, of)


def path(fitted: Fit, theta: Array, ends: Sequence[Mean], nodes: int) -> dict[str, Array]:
    """The parts between two points, (..., 1) each."""
    start, end = ends
    log_size = (start.log_size, end.log_size)
    return parts(fitted.technology, theta, start.point, end.point, log_size, fitted.sample.controls, nodes)


def decompose(
    fitted: Fit,
    start: Any,
    end: Any,
    by: str | None = None,
    *,
    size: object = None,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
    steps: int = 2,
) -> Effects:
    """Split the gap in log cost between two providers, groups or periods into what it comes from.

    Parameters
    ----------
    fitted : a fit
    start, end : a provider as in `data.row_names()` or as the entity column names it (then the mean of its rows); a
        period; a condition on columns ("pupils > 500"); "mean" for all rows; or, with `by`, a value of that column
    by : column whose values `start` and `end` are
    size : how size is measured where there are several outputs, as in `econmodel.separate`
    replications, seed, steps : of the bootstrap, where a group or a period is compared; as in `econmodel.separate`

    Returns
    -------
    Effects
        Terms "cost gap" (log cost of the end less that of the start), "scale", "mix", "relationship: <name>",
        "prices", "context", "network", "outcomes", "time", "spread within groups" (a curved form at a mean is not the
        mean of the form), "provider effects" and "residual": all in logs, null 0; they add up to the gap. Between
        providers the parts depend on the parameters only, and intervals are those of the delta method; gap and
        residual are facts without one. Means of groups and periods depend on the sample too: cluster bootstrap, with
        everything re-estimated. Further tables: unit cost, size weights, and for periods each period against the start.

    Raises
    ------
    UnknownName
        For a provider, column or value that does not exist; the message names the nearest.
    NotSupported
        Where both sides are the same rows, or fitted cost is not positive on the way.

    Notes
    -----
    Path value from start to end (Aumann and Shapley, 1974); for a quadratic in logs the mean of the end gradients times
    the difference (Diewert, 1976), which is the Tornqvist decomposition of Caves, Christensen and Diewert (1982).

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> power = fit(load("electricity_1970"))
    >>> found = decompose(power, *power.data.row_names()[:2]).table.set_index("term")["estimate"]
    >>> bool(abs(found["cost gap"] - found.drop("cost gap").sum()) < 1e-10)
    True
    """
    if not isinstance(fitted, Fit):
        raise NotSupported(
            "A decomposition needs providers, and stated parameters have none: fit a table of providers."
        )
    check_level(conf_level)
    require_replications(replications)
    how, points = size_of(fitted, size), fitted.points()
    how.check(fitted, points.outputs)
    first, last = side_of(fitted, start, by), side_of(fitted, end, by)
    if (first.rows == last.rows).all():
        raise NotSupported(f"{first.label} and {last.label} are the same rows, so there is no gap to explain.")
    comparison, one = _settled(Comparison(fitted, first, last, how, points))
    pair = first.kind == last.kind == "provider"
    found, drawn = _by_delta(comparison, one, conf_level), None
    if not pair:
        drawn = _replicated(comparison, one, replications, seed, steps)
        values = np.array([one.log_cost[0], *(value[0] for value in one.of.values())])
        found = summarise(values, drawn, np.zeros(len(values)), conf_level)
    terms = [GAP, *one.of]
    place = f"{first.label} to {last.label}"
    table = tabulate(terms, [place] * len(terms), found, np.ones(len(terms), dtype=bool))
    tables = {"unit cost": _unit_cost(one), "size weights": weights_table(fitted.technology.outputs, how)}
    if first.kind == "period":
        tables["each period"] = _each_period(comparison)
    return Effects(
        f"From {first.label} to {last.label}: where the gap in cost comes from", table,
        words(fitted, table, float(one.growth[0]), first, last, conf_level),
        {f"relationship: {name}": fitted.data.labels(name) for name in fitted.technology.relationships},
        _notes(comparison, drawn), tables, "delta" if pair else "bootstrap", conf_level,
    )  # fmt: skip


def _settled(comparison: Comparison) -> tuple[Comparison, Gap]:
    """The comparison with as many nodes as its parts need to add up, and its gap.

    Where a level form comes near a cost of zero on the way, sixteen nodes are too few.
    """
    for nodes in (NODES, *MORE_NODES):
        comparison = replace(comparison, nodes=nodes)
        one = comparison.gap(comparison.fitted.all_parameters[None])
        _require_cost(comparison, one)
        missed = sum(one.of.values()) - one.log_cost
        if adds_up(missed, 1.0, *one.of.values(), _rounding(comparison)):
            return comparison, one
    raise NotSupported(
        f"Fitted cost comes so near to zero on the way from {comparison.start.label} to {comparison.end.label} that "
        "the parts do not add up to the gap. Use a log form, or fewer second-order terms."
    )


def _require_cost(comparison: Comparison, one: Gap) -> None:
    if not np.isfinite(sum(one.of.values())).all():
        raise NotSupported(
            f"Fitted cost is not positive on the way from {comparison.start.label} to {comparison.end.label}: the "
            f"{comparison.fitted.technology.form.title} form does not describe them. Use a log form, or fewer "
            "second-order terms."
        )


def _rounding(comparison: Comparison) -> float:
    """What rounding of the coordinates moves log cost by, over `ADDING_UP`.

    A variable that hardly varies has slopes of a billion and coordinates that are good to a billionth.
    """
    technology, theta, points = comparison.fitted.technology, comparison.fitted.theta, comparison.points
    slopes, coordinate = technology.slopes(theta, points), technology.form.coordinate
    outputs = coordinate.transform(points.outputs) if coordinate.centring == "shift" else np.ones_like(points.outputs)
    coordinates = (
        (slopes.outputs * points.outputs, 1.0 + np.abs(outputs)),
        (slopes.log_prices, points.log_prices), (slopes.relationships, points.relationships),
        (slopes.controls, points.controls),
    )  # fmt: skip
    moved = sum(float(np.nansum(np.abs(slope * value), axis=-1).max()) for slope, value in coordinates)
    return float(np.finfo(float).eps) * OPERATIONS * moved / ADDING_UP


def _by_delta(comparison: Comparison, one: Gap, level: float) -> Estimates:
    """Intervals of the parts that depend on the parameters alone; gap, provider effects and residual have none."""
    fitted, size, points = comparison.fitted, comparison.size, comparison.points
    ends = [_flat(mean_of(fitted, side, size, points, None, None)) for side in (comparison.start, comparison.end)]
    free = list(path(fitted, fitted.theta, ends, comparison.nodes))

    def measure(theta: Array) -> Array:
        of = path(fitted, theta, ends, comparison.nodes)
        return np.concatenate([np.broadcast_to(of[name], (*theta.shape[:-1], 1)) for name in free], axis=-1)

    inner = estimate(fitted, measure, 0.0, conf_level=level)
    terms = [GAP, *one.of]
    places = [terms.index(name) for name in free]
    values = np.array([one.log_cost[0], *(value[0] for value in one.of.values())])
    columns = {}
    for name in ("errors", "low", "high", "nulls", "statistics", "p_values", "floors"):
        columns[name] = np.full(len(values), np.nan)
        columns[name][places] = getattr(inner, name)
    return Estimates(values, *columns.values())


def _flat(mean: Mean) -> Mean:
    """The same without the axis of replications, so that parameters may have any leading axes."""
    point = mean.point
    fields = (point.outputs, point.log_prices, point.relationships, point.controls)
    return Mean(Point(*(field[0] for field in fields)), mean.log_size[0], mean.log_cost)


def _replicated(comparison: Comparison, one: Gap, count: int, seed: int, steps: int) -> Array:
    """Gap and parts in every replication (B, 1 + parts), with parameters, means and size weights made anew."""
    fitted = comparison.fitted
    draws = fitted.replications(count, seed)
    parameters = fitted.bootstrap_all(draws, steps)
    of_size = comparison.size.source_draws(draws, steps)
    batch = max(1, BATCH_PAIRS // len(comparison.points))
    rows = []
    for begin in range(0, draws.count, batch):
        chosen = slice(begin, begin + batch)
        row_weights = draws.of_replications(chosen)
        source = None if of_size is None else of_size[chosen]
        weights = comparison.size.replicated(source, comparison.points, row_weights)
        found = comparison.gap(parameters[chosen], row_weights, weights)
        length = len(parameters[chosen])
        values = [found.log_cost, *(found.of.get(name, np.zeros(length)) for name in one.of)]
        rows.append(np.stack([np.broadcast_to(value, length) for value in values], axis=1))
    drawn = np.concatenate(rows)
    lost = ~np.isfinite(drawn).all(axis=1) | ~np.isfinite(parameters).all(axis=1)
    drawn[lost] = np.nan
    return drawn


def _unit_cost(one: Gap) -> pd.DataFrame:
    """The gap in log cost per unit of size: the same parts, scale less the growth of size."""
    growth = float(one.growth[0])
    values = {"unit cost gap": float(one.log_cost[0]) - growth}
    values |= {name: float(value[0]) - (growth if name == SCALE else 0.0) for name, value in one.of.items()}
    return pd.DataFrame({"term": list(values), "estimate": list(values.values())})


def _each_period(comparison: Comparison) -> pd.DataFrame:
    """Every period against the start: gap and parts, one row a period."""
    fitted, time = comparison.fitted, comparison.fitted.data.time
    rows = []
    for period in fitted.data.periods()[1]:
        side = side_of(fitted, period, time)
        if (side.rows == comparison.start.rows).all():
            continue
        found = replace(comparison, end=side).gap(fitted.all_parameters[None])
        values = {GAP: found.log_cost[0]} | {name: value[0] for name, value in found.of.items()}
        rows.append({columns_beside([str(time)], values)[0]: str(period)} | values)
    return pd.DataFrame(rows).fillna(0.0)


def _notes(comparison: Comparison, drawn: Array | None) -> tuple[str, ...]:
    fitted, size = comparison.fitted, comparison.size
    notes = ["The parts describe what goes with the gap; they are not effects of changing one thing alone."]
    if size.weights is None or len(size.weights) > 1:
        held = "" if drawn is not None else ", which the intervals take as given"
        notes.append(f"Size is measured by {size.words}{held}.")
    if drawn is None:
        if fitted.wild:
            notes.append("P-values come from the wild cluster bootstrap; intervals are classical.")
        return tuple(notes)
    if fitted.clusters is not None and len(fitted.clusters.sizes) < FEWEST_CLUSTERS:
        notes.append(
            f"The bootstrap draws from {len(fitted.clusters.sizes)} providers only: its intervals are an indication."
        )
    lost = int((~np.isfinite(drawn).all(axis=1)).sum())
    if lost:
        notes.append(
            f"{lost} of {len(drawn)} replications are left out: one side was not drawn, a size weight not positive, or "
            "a parameter not identified."
        )
    return tuple(notes)
