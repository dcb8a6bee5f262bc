"""Why one provider, group or year costs more than another: the gap in log cost, split into what differs.

The same path parts as in the separation (`econmodel.economies.core.path`), between two points instead of between every
provider and the mean.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.bracket import input_ratios
from econmodel.economies.core.identity import ADDING_UP, adds_up
from econmodel.economies.core.inference import (
    Estimates,
    estimate,
    few_clusters_note,
    from_draws,
    replication_notes,
    tabulate,
)
from econmodel.economies.core.path import NODES, SCALE, Parts, parts
from econmodel.economies.sides import Mean, Side, mean_log, mean_of, side_of
from econmodel.economies.size import Size, size_of, weights_table
from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.results import MOST_TIMES, Effects, columns_beside, format_number
from econmodel.stated import check_level, require_replications
from econmodel.words import capital, listed

Array = NDArray[np.float64]
GAP, SPREAD, RESIDUAL = "cost gap", "spread within groups", "residual"
# Roundings of one coordinate on the way to log cost.
OPERATIONS = 64
MORE_NODES = (64, 256)
# From this ratio on "times as much" reads better than "per cent more".
TIMES = 2.0
# Where a form is linear in logs, or effects leave nothing over, what is left is rounding.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two sides of a fit and how size is measured."""

    fit: Fit
    start: Side
    end: Side
    size: Size
    points: Point
    nodes: int = NODES

    def gap(self, parameters: Array, drawn: Array | None = None, in_size: Array | None = None) -> Parts:
        """The gap (B,) for all parameters of a fit (B, ...), weights of rows (B, n) and of outputs in size (B, m)."""
        fit, points, sides = self.fit, self.points, (self.start, self.end)
        theta = parameters[:, : len(fit.theta)]
        ends = [mean_of(fit, side, self.size, points, drawn, in_size) for side in sides]
        of = {name: value[:, 0] for name, value in self.path(theta, ends).items()}
        smooth = fit.technology.log_cost(theta, points)
        own = fit.error_model.row_parts(parameters, np.log(fit.sample.rows.columns[fit.design.cost]) - smooth)
        levels = []
        for side, mean in zip(sides, ends, strict=True):
            shares = side.weights(drawn)
            # Rows of the other side may lack a positive fitted cost without any harm to this one.
            seen = np.where(side.rows, smooth, 0.0)
            at_mean = fit.technology.log_cost(theta, mean.point)[:, 0]
            averages = [at_mean, mean_log(fit, shares, seen)]
            for part in own.values():
                seen = np.where(side.rows, seen + part, 0.0)
                averages.append(mean_log(fit, shares, seen))
            levels.append(np.diff(np.stack([*averages, mean.log_cost + 0.0 * at_mean]), axis=0))
        spread, *rest = levels[1] - levels[0]
        if (np.abs(spread) > ROUNDING).any():
            of[SPREAD] = spread
        for name, value in zip((*own, RESIDUAL), rest, strict=True):
            of[name] = np.where(np.abs(value) < ROUNDING, 0.0, value)
        start, end = (np.broadcast_to(mean.log_size[:, 0], len(theta)) for mean in ends)
        return Parts((start, end), ends[1].log_cost - ends[0].log_cost, of)

    def path(self, theta: Array, ends: Sequence[Mean]) -> dict[str, Array]:
        """The parts between two points, (..., 1) each."""
        start, end = ends
        log_size = (start.log_size, end.log_size)
        controls = self.fit.sample.controls
        return parts(self.fit.technology, theta, start.point, end.point, log_size, controls, self.nodes)

    @property
    def way(self) -> str:
        """From where to where, as a refusal names it."""
        return f"on the way from {self.start.label} to {self.end.label}"


def decompose(
    fit: Fit,
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
    fit : a fit
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
    if not isinstance(fit, Fit):
        raise NotSupported(
            "A decomposition needs providers, and stated parameters have none: fit a table of providers."
        )
    check_level(conf_level)
    require_replications(replications)
    how, points = size_of(fit, size), fit.points()
    first, last = side_of(fit, start, by), side_of(fit, end, by)
    if (first.rows == last.rows).all():
        raise NotSupported(f"{first.label} and {last.label} are the same rows, so there is no gap to explain.")
    comparison, one = _settled(Comparison(fit, first, last, how, points))
    pair, place, terms = first.kind == last.kind == "provider", f"{first.label} to {last.label}", [GAP, *one.of]
    notes = ["The parts describe what goes with the gap; they are not effects of changing one thing alone."]
    notes += how.notes(", which the intervals take as given" if pair else "")
    if pair:
        estimates = _by_delta(comparison, one, conf_level)
        table = tabulate(terms, [place] * len(terms), estimates, np.ones(len(terms), dtype=bool))
        notes += few_clusters_note(fit, "delta")
    else:
        drawn = how.replicate(
            fit, points, fit.replications(replications, seed), steps, partial(_gap, comparison, one.of)
        )
        table = from_draws(terms, place, _values(one), drawn, np.zeros(len(terms)), conf_level)
        lost = "one side was not drawn, a size weight not positive, or a parameter not identified"
        notes += replication_notes(fit, drawn, lost)
    tables = {"unit cost": _unit_cost(one), "size weights": weights_table(fit.technology.outputs, how)}
    if first.kind == "period":
        tables["each period"] = _each_period(comparison)
    return Effects(
        f"From {first.label} to {last.label}: where the gap in cost comes from", table,
        _text(comparison, table, float(one.growth[0]), conf_level),
        {f"relationship: {name}": fit.data.labels(name) for name in fit.technology.relationships},
        tuple(notes), tables, "delta" if pair else "bootstrap", conf_level, source=fit.data.source_line(),
    )  # fmt: skip


def _settled(comparison: Comparison) -> tuple[Comparison, Parts]:
    """The comparison with as many nodes as its parts need to add up, and its gap.

    Where a level form comes near a cost of zero on the way, sixteen nodes are too few.
    """
    for nodes in (NODES, *MORE_NODES):
        comparison = replace(comparison, nodes=nodes)
        one = comparison.gap(comparison.fit.error_model.all_parameters[None])
        if not np.isfinite(sum(one.of.values())).all():
            raise NotSupported(
                f"Fitted cost is not positive {comparison.way}: the {comparison.fit.technology.form.title} form does "
                "not describe them. Use a log form, or fewer second-order terms."
            )
        missed = sum(one.of.values()) - one.log_cost
        if adds_up(missed, 1.0, *one.of.values(), _rounding(comparison)):
            return comparison, one
    raise NotSupported(
        f"Fitted cost comes so near to zero {comparison.way} that the parts do not add up to the gap. Use a log form, "
        "or fewer second-order terms."
    )


def _rounding(comparison: Comparison) -> float:
    """What rounding of the coordinates moves log cost by, over `ADDING_UP`.

    A variable that hardly varies has slopes of a billion and coordinates that are good to a billionth.
    """
    technology, theta, points = comparison.fit.technology, comparison.fit.theta, comparison.points
    slopes, coordinate = technology.slopes(theta, points), technology.form.coordinate
    outputs = coordinate.transform(points.outputs) if coordinate.centring == "shift" else np.ones_like(points.outputs)
    coordinates = (
        (slopes.outputs * points.outputs, 1.0 + np.abs(outputs)),
        (slopes.log_prices, points.log_prices), (slopes.relationships, points.relationships),
        (slopes.controls, points.controls),
    )  # fmt: skip
    moved = sum(float(np.nansum(np.abs(slope * value), axis=-1).max()) for slope, value in coordinates)
    return float(np.finfo(float).eps) * OPERATIONS * moved / ADDING_UP


def _values(gap: Parts) -> Array:
    """The gap and its parts for the parameters of the fit."""
    return np.array([gap.log_cost[0], *(value[0] for value in gap.of.values())])


def _gap(comparison: Comparison, of: Iterable[str], parameters: Array, drawn: Array, in_size: Array | None) -> Array:
    """Gap and the named parts in replications (B, 1 + parts)."""
    gap, count = comparison.gap(parameters, drawn, in_size), len(parameters)
    values = [gap.log_cost, *(gap.of.get(name, np.zeros(count)) for name in of)]
    return np.stack([np.broadcast_to(value, count) for value in values], axis=1)


def _by_delta(comparison: Comparison, one: Parts, level: float) -> Estimates:
    """Intervals of the parts that depend on the parameters alone; gap, provider effects and residual have none."""
    fit, terms, values = comparison.fit, [GAP, *one.of], _values(one)
    means = (
        mean_of(fit, side, comparison.size, comparison.points, None, None)
        for side in (comparison.start, comparison.end)
    )
    ends = [_flat(mean) for mean in means]
    free = list(comparison.path(fit.theta, ends))

    def measure(theta: Array) -> Array:
        of = comparison.path(theta, ends)
        return np.concatenate([np.broadcast_to(of[name], (*theta.shape[:-1], 1)) for name in free], axis=-1)

    inner, places = estimate(fit, measure, 0.0, conf_level=level), [terms.index(name) for name in free]
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


def _unit_cost(one: Parts) -> pd.DataFrame:
    """The gap in log cost per unit of size: the same parts, scale less the growth of size."""
    growth = float(one.growth[0])
    values = {"unit cost gap": float(one.log_cost[0]) - growth}
    values |= {name: float(value[0]) - (growth if name == SCALE else 0.0) for name, value in one.of.items()}
    return pd.DataFrame({"term": list(values), "estimate": list(values.values())})


def _each_period(comparison: Comparison) -> pd.DataFrame:
    """Every period against the start: gap and parts, one row a period."""
    fit, time = comparison.fit, comparison.fit.data.time
    rows = []
    for period in fit.data.periods()[1]:
        side = side_of(fit, period, time)
        if (side.rows == comparison.start.rows).all():
            continue
        found = replace(comparison, end=side).gap(fit.error_model.all_parameters[None])
        values = dict(zip([GAP, *found.of], _values(found), strict=True))
        rows.append({columns_beside([str(time)], values)[0]: str(period)} | values)
    return pd.DataFrame(rows).fillna(0.0)


def _text(comparison: Comparison, table: pd.DataFrame, growth: float, level: float) -> str:
    """The cost ratio in words, and its parts in points: hundredths of logs add up, which per cents do not."""
    fit, (start, end) = comparison.fit, (_who(side) for side in (comparison.start, comparison.end))
    gap, *rest = table.to_dict("records")
    labels = [_label(fit, part["term"]) for part in rest]
    total, unit = float(gap["estimate"]), float(gap["estimate"]) - growth
    named = ", ".join(f"{label} {_points(part['estimate'])}" for label, part in zip(labels, rest, strict=True))
    sentences = [
        f"{capital(end)} costs {ratio(total)} {start}: in points of logs, {_points(total)} points = {named}.",
        f"Per unit of size it costs {ratio(unit)} {start} ({_points(unit)} points, of which scale "
        f"{_points(rest[0]['estimate'] - growth)}).",
    ]
    # By their p-values, which hold where intervals are classical only.
    differing = [label for label, part in zip(labels, rest, strict=True) if part["p_value"] <= 1.0 - level]
    if differing:
        sentences.append(f"At the {100 * level:g} % level {listed(differing)} can be told from zero.")
    elif any(part["p_value"] == part["p_value"] for part in rest):
        sentences.append(f"None of the parts can be told from zero at the {100 * level:g} % level.")
    located = [fit.data.labels(name) for name in input_ratios(fit)]
    if located:
        sentences.append(
            f"{capital(listed(located))} {'is' if len(located) == 1 else 'are'} read as an input ratio: this says "
            "where the gap is located and is not an effect of relationship."
        )
    return " ".join(sentences)


def ratio(log_ratio: float) -> str:
    """A log ratio as it reads in a sentence.

    Examples
    --------
    >>> ratio(0.1133), ratio(-0.05), ratio(0.0), ratio(1.2)
    ('12.0 % more than', '4.9 % less than', 'as much as', '3.32 times as much as')
    """
    if log_ratio > np.log(MOST_TIMES):
        return f"over {MOST_TIMES:g} times as much as"
    times = float(np.exp(log_ratio))
    if abs(times - 1.0) < 5e-4:
        return "as much as"
    if times >= TIMES:
        return f"{format_number(times, 3)} times as much as"
    return f"{100 * abs(times - 1.0):.1f} % {'more' if times > 1 else 'less'} than"


def _points(log_difference: float) -> str:
    written = f"{100 * log_difference:.1f}"
    return "0.0" if float(written) == 0 else written.replace("-", "−")


def _who(side: Side) -> str:
    return side.label if side.kind == "provider" else f"the mean of {side.label}"


def _label(fit: Fit, term: str) -> str:
    name = term.removeprefix("relationship: ")
    return fit.data.labels(name) if name != term else term
