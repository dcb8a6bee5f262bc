"""The separation: where the slope of log cost on log size comes from.

A league table shows the slope of unit cost on size. `separate` splits that slope, exactly, into scale, mix, each
relationship variable, prices, context and the rest, and says what of it the data can tell apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.bracket import bracket, input_ratios, outcomes_by_size, robustness
from econmodel.economies.core.inference import require_draws, summarise, tabulate
from econmodel.economies.core.path import NODES, SCALE, parts
from econmodel.economies.panel_slopes import WITHIN_AND_BETWEEN, in_words, within_and_between
from econmodel.economies.separation_words import words
from econmodel.economies.size import WEIGHTS_TABLE, Size, size_of, weighted_mean, weights_table
from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.results import Effects, columns_beside
from econmodel.stated import check_level, require_replications

Array = NDArray[np.float64]
APPARENT, RESIDUAL = "apparent", "residual"
# Parts are worked out for this many (replication, provider) pairs at a time.
BATCH_PAIRS = 100_000
# Half the nodes leave an error below 1e-8 in a replication, whose own noise is far larger.
REPLICATED_NODES = 8
# With more providers than this share without a positive cost on their path, the parts no longer describe the table.
LARGEST_SHARE_LEFT_OUT = 0.05
FIFTHS = 5
# The residual has no slope where size is in the span of the regressors; what is left of it then is rounding.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Parts of each provider's log cost relative to the reference.

    Attributes
    ----------
    log_size : (..., n)
    growth : (..., n) log size less that of the reference
    log_cost : (..., n) observed log cost less fitted log cost at the reference
    of : part -> (..., n); they add up to `log_cost`
    """

    log_size: Array
    growth: Array
    log_cost: Array
    of: Mapping[str, Array]


def separate(
    fitted: Fit,
    size: object = None,
    *,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
    steps: int = 2,
) -> Effects:
    """Split the slope of log cost on log size into what it comes from.

    Parameters
    ----------
    fitted : a fit
    size : None for the single output, or for marginal costs at the mean without relationship variables; "equal", a
        column, weights by output (a tariff), or another separation
    replications, seed : of the bootstrap, in which everything is re-estimated (parameters, size weights, means)
    conf_level : level of the intervals
    steps : Gauss-Newton steps of each replication of a level form (log forms are exact in one). One is enough for all
        parts but the residual, which is small where the form has settled; with a million rows it saves minutes

    Returns
    -------
    Effects
        Terms "apparent" (slope of log cost on log size; null 1), "scale" (null 1), "mix", "relationship: <name>",
        "prices", "context", "network", "outcomes", "time", "provider effects" and "residual" (null 0), which add up to
        the apparent slope. Further tables: parts by size fifth, size weights, the bracket of scale, outcomes by size,
        robustness values (least squares), equal weights, other references (level forms), and where providers repeat the
        apparent slope within them and between them.

    Raises
    ------
    NotSupported
        Where more than 5 % of providers have no positive fitted cost on the way from the reference.

    Notes
    -----
    Parts are path values (see `econmodel.economies.core.path`), each provider compared with the mean provider; a part's
    slope is its regression coefficient on log size. One output, log-linear form and least squares: the parts are those
    of Gelbach (2016). Nothing here is causal: parts are associated with size.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> schools = load("california_schools").using(controls=[])
    >>> found = separate(fit(schools, form="cobb_douglas"), replications=99)
    >>> found.table["estimate"].round(4).tolist()
    [0.9889, 1.0079, -0.019, 0.0]
    """
    if not isinstance(fitted, Fit):
        raise NotSupported(
            f"A separation takes a fit of a table of providers, em.separate(em.fit(data)), and this is a "
            f"{type(fitted).__name__}. Parameters that are only stated have no providers."
        )
    check_level(conf_level)
    require_replications(replications)
    how = size_of(fitted, size)
    points = fitted.points()
    how.check(fitted, points.outputs)
    one = _parts(fitted, fitted.all_parameters[None], how, points, None)
    keep = np.isfinite(one.of[RESIDUAL][0])
    left_out = [name for name, kept in zip(fitted.data.row_names(), keep, strict=True) if not kept]
    if len(left_out) > LARGEST_SHARE_LEFT_OUT * len(keep):
        raise NotSupported(
            f"Fitted cost is not positive for {len(left_out)} of {len(keep)} providers on the way from the mean "
            f"({', '.join(left_out[:5])}): the {fitted.technology.form.title} form does not describe them. Use a log "
            "form, or fewer second-order terms."
        )
    terms = [APPARENT, *one.of]
    values = _slopes(one, keep.astype(float)[None])[0]
    draws = fitted.replications(replications, seed)
    drawn = _replicated_slopes(fitted, how, points, draws, keep, steps)
    require_draws(drawn, "the separation")
    if abs(values[-1]) < ROUNDING and np.nanmax(np.abs(drawn[:, -1])) < ROUNDING:
        values[-1], drawn[:, -1] = 0.0, 0.0
    nulls = np.array([1.0 if term in (APPARENT, SCALE) else 0.0 for term in terms])
    found = summarise(values, drawn, nulls, conf_level)
    table = tabulate(terms, ["all providers"] * len(terms), found, np.ones(len(terms), dtype=bool))
    brackets = bracket(fitted, conf_level)
    outcomes = outcomes_by_size(fitted, one.log_size[0], conf_level)
    tables = {
        "parts by size fifth": _fifths(fitted, one, keep),
        WEIGHTS_TABLE: weights_table(fitted.technology.outputs, how),
        "bracket of scale": brackets,
        "outcomes by size": outcomes,
        "robustness values": robustness(fitted),
        "equal weights": _equal_weights(fitted, points, terms),
        WITHIN_AND_BETWEEN: within_and_between(fitted, one.log_size[0], keep, draws, conf_level),
        "other references": _other_references(fitted, how, points, terms, one),
    }
    labels = {f"relationship: {name}": fitted.data.labels(name) for name in fitted.technology.relationships}
    return Effects(
        "Where the slope of cost on size comes from", table,
        words(fitted, table, brackets, outcomes, conf_level, float(np.ptp(one.log_size[0][keep]))), labels,
        _notes(fitted, left_out, drawn, how)
        + in_words(tables[WITHIN_AND_BETWEEN], conf_level, over_time=fitted.data.time is not None),
        {name: one for name, one in tables.items() if len(one)}, "bootstrap", conf_level,
    )  # fmt: skip


def _parts(
    fitted: Fit,
    parameters: Array,
    size: Size,
    points: Point,
    weights: Array | None,
    size_weights: Array | None = None,
    reference: int | None = None,
    nodes: int = NODES,
) -> Parts:
    """Parts for all parameters of a fit (B, ...), weights of rows (B, n) and of outputs in size (B, m).

    The reference is the weighted mean.
    """
    technology, theta = fitted.technology, parameters[:, : len(fitted.theta)]
    log_size = np.atleast_2d(size.logs(points.outputs, size_weights))
    start, log_size_start = _reference(fitted, points, log_size, weights, reference)
    of = parts(technology, theta, start, points, (log_size_start, log_size), fitted.sample.controls, nodes)
    of = {name: np.broadcast_to(value, (len(theta), len(points))) for name, value in of.items()}
    log_cost = np.log(fitted.sample.rows.columns[fitted.design.cost])
    residual = log_cost - technology.log_cost(theta, points)
    for name, part in fitted.row_parts(parameters, residual).items():
        of[name], residual = part, residual - part
    # A provider whose path leaves positive cost has no parts, and so no residual either.
    of[RESIDUAL] = residual + 0.0 * sum(of.values())
    return Parts(log_size, log_size - log_size_start, log_cost - technology.log_cost(theta, start), of)


def _reference(
    fitted: Fit, points: Point, log_size: Array, weights: Array | None, reference: int | None
) -> tuple[Point, Array]:
    """The provider that all are compared with: the mean (of logs in log forms, of levels in level forms), or a row."""
    if reference is not None:
        row = slice(reference, reference + 1)
        fields = (points.outputs, points.log_prices, points.relationships, points.controls)
        return Point(*(field[row] for field in fields)), log_size[:, row]
    used = np.ones((1, len(points))) if weights is None else weights
    in_levels = fitted.technology.form.coordinate.allows_zero
    size = np.exp(log_size) if in_levels else log_size
    mean = (used * size).sum(axis=1, keepdims=True) / used.sum(axis=1, keepdims=True)
    return weighted_mean(fitted.technology, points, used), np.log(mean) if in_levels else mean


def _slopes(found: Parts, weights: Array) -> Array:
    """Slopes of log cost and of every part on log size (B, 1 + parts), weighted."""
    used = np.isfinite(found.of[RESIDUAL]) & (weights > 0)
    weights = np.where(used, weights, 0.0)
    total = _positive(weights.sum(axis=1, keepdims=True))
    log_size = np.where(used, found.log_size, 0.0)
    deviation = np.where(used, log_size - (weights * log_size).sum(axis=1, keepdims=True) / total, 0.0)
    weighted = weights * deviation
    variance = _positive((weighted * deviation).sum(axis=1))
    values = [found.log_cost, *found.of.values()]
    return np.stack([(weighted * np.where(used, value, 0.0)).sum(axis=1) / variance for value in values], axis=1)


def _positive(values: Array) -> Array:
    """The values, missing where there is nothing to divide by (a replication that lost its size weights)."""
    return np.where(values > 0, values, np.nan)


def _replicated_slopes(
    fitted: Fit, size: Size, points: Point, draws: Replications, keep: NDArray[np.bool_], steps: int
) -> Array:
    parameters = fitted.bootstrap_all(draws, steps)
    of_size = size.source_draws(draws, steps)
    batch = max(1, BATCH_PAIRS // len(points))
    slopes = []
    for start in range(0, draws.count, batch):
        rows = slice(start, start + batch)
        weights = draws.of_replications(rows) * keep
        chosen = size.replicated(None if of_size is None else of_size[rows], points, weights)
        found = _parts(fitted, parameters[rows], size, points, weights, chosen, nodes=REPLICATED_NODES)
        slopes.append(_slopes(found, weights))
    replicated = np.concatenate(slopes)
    lost = ~np.isfinite(parameters).all(axis=1) | ~np.isfinite(replicated).all(axis=1)
    replicated[lost] = np.nan
    return replicated


def _fifths(fitted: Fit, found: Parts, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """Mean parts of log unit cost, relative to the reference, by fifth of size; they add up in every fifth."""
    log_size = found.log_size[0]
    cuts = np.quantile(log_size[keep], np.linspace(0, 1, FIFTHS + 1)[1:-1])
    fifth = np.searchsorted(cuts, log_size, side="left")
    growth = found.growth[0]
    columns: dict[str, list[float]] = {}
    variables = [f"relationship: {name}" for name in fitted.technology.relationships]
    own = [name for name in found.of if name not in variables]
    of_variables = [fitted.data.labels(name) for name in fitted.technology.relationships]
    of_variables = columns_beside(of_variables, ["size fifth", "providers", "mean size", "log unit cost", *own])
    labels = dict(zip([*own, *variables], [*own, *of_variables], strict=True))
    for number in range(FIFTHS):
        members = keep & (fifth == number)
        if not members.any():
            continue
        columns.setdefault("size fifth", []).append(number + 1)
        columns.setdefault("providers", []).append(int(members.sum()))
        columns.setdefault("mean size", []).append(float(np.exp(log_size[members]).mean()))
        columns.setdefault("log unit cost", []).append(float((found.log_cost[0] - growth)[members].mean()))
        for name, value in found.of.items():
            less = growth if name == SCALE else 0.0
            columns.setdefault(labels[name], []).append(float((value[0] - less)[members].mean()))
    return pd.DataFrame(columns)


def _equal_weights(fitted: Fit, points: Point, terms: list[str]) -> pd.DataFrame:
    """The separation with every output over its mean: how much hangs on the weights."""
    if len(fitted.technology.outputs) == 1:
        return pd.DataFrame()
    found = _parts(fitted, fitted.all_parameters[None], size_of(fitted, "equal"), points, None)
    return pd.DataFrame({"term": terms, "estimate": _slopes(found, np.ones((1, len(points))))[0]})


def _other_references(fitted: Fit, size: Size, points: Point, terms: list[str], found: Parts) -> pd.DataFrame:
    """The separation with the provider at the 5th, 50th and 95th percentile of size as reference (level forms)."""
    if not fitted.technology.is_level:
        return pd.DataFrame()
    log_size = found.log_size[0]
    table = {"term": terms}
    for percent in (5, 50, 95):
        reference = int(np.argmin(np.abs(log_size - np.percentile(log_size, percent))))
        other = _parts(fitted, fitted.all_parameters[None], size, points, None, reference=reference)
        table[f"p{percent} as reference"] = _slopes(other, np.ones((1, len(points))))[0]
    return pd.DataFrame(table)


def _notes(fitted: Fit, left_out: list[str], drawn: Array, size: Size) -> tuple[str, ...]:
    notes = []
    if fitted.clusters is not None and len(fitted.clusters.sizes) < FEWEST_CLUSTERS:
        notes.append(
            f"The bootstrap draws from {len(fitted.clusters.sizes)} providers only: its intervals are an indication."
        )
    notes.append("The parts describe what is associated with size. Context that is not in the table loads on scale.")
    if size.weights is None or len(size.weights) > 1:
        notes.append(f"Size is measured by {size.words}.")
    if input_ratios(fitted):
        notes.append(
            f"The bracket{' and the robustness values are' if type(fitted) is Fit else ' is of'} elasticities at the "
            "mean; scale is a slope over all providers. They differ where the elasticity varies with size."
        )
    if left_out:
        notes.append(f"Left out of parts and slope, fitted cost not being positive: {', '.join(left_out)}.")
    lost = int((~np.isfinite(drawn).all(axis=1)).sum())
    if lost:
        notes.append(
            f"{lost} of {len(drawn)} replications are left out: a size weight was not positive or a parameter not "
            "identified."
        )
    return tuple(notes)
