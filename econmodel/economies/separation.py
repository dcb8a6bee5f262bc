"""The separation: where the slope of log cost on log size comes from.

A league table shows the slope of unit cost on size. `separate` splits that slope, exactly, into scale, mix, each
relationship variable, prices, context and the rest, and says what of it the data can tell apart.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.bracket import FREE, HELD, bracket, input_ratios, outcomes_by_size, robustness
from econmodel.economies.core.inference import from_draws, replication_notes, require_draws
from econmodel.economies.core.path import NODES, SCALE, Parts, parts
from econmodel.economies.size import WEIGHTS_TABLE, Size, size_of, weighted_mean, weights_table
from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import Replications, quantile_interval
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import Groups
from econmodel.forms.technology import Point
from econmodel.results import Effects, beside_interval, interval_in_words, per_cent, with_interval
from econmodel.stated import check_level, require_replications
from econmodel.verdict import MARGIN, Verdict, judge, judge_row
from econmodel.words import capital, listed, scale_words, verdict_words

Array = NDArray[np.float64]
Row = Mapping[str, Any]
APPARENT, RESIDUAL = "apparent", "residual"
# Half the nodes leave an error below 1e-8 in a replication, whose own noise is far larger.
REPLICATED_NODES = 8
# With more providers than this share without a positive cost on their path, the parts no longer describe the table.
LARGEST_SHARE_LEFT_OUT = 0.05
FIFTHS = 5
# The residual has no slope where size is in the span of the regressors; what is left of it then is rounding.
ROUNDING = 1e-11
WITHIN_AND_BETWEEN = "within and between providers"
# Below this share of its sum of squares the variation of log size is rounding.
NO_VARIATION = 1e-12
ROWS = ("all rows", "between providers", "within providers")


def separate(
    fit: Fit,
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
    fit : a fit
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
    if not isinstance(fit, Fit):
        raise NotSupported(
            f"A separation takes a fit of a table of providers, em.separate(em.fit(data)), and this is a "
            f"{type(fit).__name__}. Parameters that are only stated have no providers."
        )
    check_level(conf_level)
    require_replications(replications)
    how, points = size_of(fit, size), fit.points()
    one = _parts(fit, fit.all_parameters[None], how, points, None)
    log_size, keep = one.log_size[1][0], np.isfinite(one.of[RESIDUAL][0])
    left_out = [name for name, kept in zip(fit.data.row_names(), keep, strict=True) if not kept]
    if len(left_out) > LARGEST_SHARE_LEFT_OUT * len(keep):
        raise NotSupported(
            f"Fitted cost is not positive for {len(left_out)} of {len(keep)} providers on the way from the mean "
            f"({', '.join(left_out[:5])}): the {fit.technology.form.title} form does not describe them. Use a log "
            "form, or fewer second-order terms."
        )

    def replicated(parameters: Array, weights: Array, in_size: Array | None) -> Array:
        return _slopes(_parts(fit, parameters, how, points, weights, in_size, nodes=REPLICATED_NODES), weights)

    def once(of_size: Size, reference: int | None = None) -> Array:
        ones = np.ones((1, len(points)))
        return _slopes(_parts(fit, fit.all_parameters[None], of_size, points, None, reference=reference), ones)[0]

    terms, values = [APPARENT, *one.of], _slopes(one, keep.astype(float)[None])[0]
    draws = fit.replications(replications, seed)
    drawn = how.replicate(fit, points, draws, steps, replicated, keep.astype(float))
    require_draws(drawn, "the separation")
    if abs(values[-1]) < ROUNDING and np.nanmax(np.abs(drawn[:, -1])) < ROUNDING:
        values[-1], drawn[:, -1] = 0.0, 0.0
    nulls = np.array([1.0 if term in (APPARENT, SCALE) else 0.0 for term in terms])
    table = from_draws(terms, "all providers", values, drawn, nulls, conf_level)
    brackets, outcomes = bracket(fit, conf_level), outcomes_by_size(fit, log_size, conf_level)
    panel = _within_and_between(fit, log_size, keep, draws, conf_level)
    # How much hangs on the weights of outputs, and in level forms on the provider that all are compared with.
    equal = {"estimate": once(size_of(fit, "equal"))} if len(fit.technology.outputs) > 1 else {}
    references = {}
    if fit.technology.is_level:
        nearest = {share: int(np.argmin(np.abs(log_size - np.percentile(log_size, share)))) for share in (5, 50, 95)}
        references = {f"p{share}_as_reference": once(how, row) for share, row in nearest.items()}
    tables = {
        "parts by size fifth": _fifths(one, keep),
        WEIGHTS_TABLE: weights_table(fit.technology.outputs, how),
        "bracket of scale": brackets,
        "outcomes by size": outcomes,
        "robustness values": robustness(fit),
        "equal weights": pd.DataFrame({"term": terms} | equal if equal else {}),
        WITHIN_AND_BETWEEN: panel,
        "other references": pd.DataFrame({"term": terms} | references if references else {}),
    }
    notes = [
        "The parts describe what is associated with size. Context that is not in the table loads on scale.",
        *how.notes(),
    ]
    if input_ratios(fit):
        notes.append(
            f"The bracket{' and the robustness values are' if len(tables['robustness values']) else ' is of'} "
            "elasticities at the mean; scale is a slope over all providers. They differ where the elasticity varies "
            "with size."
        )
    if left_out:
        notes.append(f"Left out of parts and slope, fitted cost not being positive: {', '.join(left_out)}.")
    notes += replication_notes(fit, drawn, "a size weight was not positive or a parameter not identified")
    notes += slopes_in_words(panel, conf_level, over_time=fit.data.time is not None)
    return Effects(
        "Where the slope of cost on size comes from", table,
        _text(fit, table, brackets, outcomes, conf_level, float(np.ptp(log_size[keep]))),
        {f"relationship: {name}": fit.data.labels(name) for name in fit.technology.relationships}, tuple(notes),
        {name: one for name, one in tables.items() if len(one)}, "bootstrap", conf_level,
    )  # fmt: skip


def _parts(
    fit: Fit,
    parameters: Array,
    size: Size,
    points: Point,
    weights: Array | None,
    size_weights: Array | None = None,
    reference: int | None = None,
    nodes: int = NODES,
) -> Parts:
    """Parts of each provider's log cost relative to the reference: the mean provider, or a row.

    For all parameters of a fit (B, ...), weights of rows (B, n) and of outputs in size (B, m); the mean is weighted.
    """
    technology, theta = fit.technology, parameters[:, : len(fit.theta)]
    log_size = np.atleast_2d(size.logs(points.outputs, size_weights))
    if reference is None:
        start, start_size = _mean(fit, points, log_size, weights)
    else:
        row = slice(reference, reference + 1)
        fields = (points.outputs, points.log_prices, points.relationships, points.controls)
        start, start_size = Point(*(field[row] for field in fields)), log_size[:, row]
    of = parts(technology, theta, start, points, (start_size, log_size), fit.sample.controls, nodes)
    of = {name: np.broadcast_to(value, (len(theta), len(points))) for name, value in of.items()}
    log_cost = np.log(fit.sample.rows.columns[fit.design.cost])
    residual = log_cost - technology.log_cost(theta, points)
    for name, part in fit.row_parts(parameters, residual).items():
        of[name], residual = part, residual - part
    # A provider whose path leaves positive cost has no parts, and so no residual either.
    of[RESIDUAL] = residual + 0.0 * sum(of.values())
    return Parts((start_size, log_size), log_cost - technology.log_cost(theta, start), of)


def _mean(fit: Fit, points: Point, log_size: Array, weights: Array | None) -> tuple[Point, Array]:
    """The mean provider and its log size: of logs in log forms, of levels in level forms."""
    used = np.ones((1, len(points))) if weights is None else weights
    in_levels = fit.technology.form.coordinate.allows_zero
    size = np.exp(log_size) if in_levels else log_size
    mean = (used * size).sum(axis=1, keepdims=True) / used.sum(axis=1, keepdims=True)
    return weighted_mean(fit.technology, points, used), np.log(mean) if in_levels else mean


def _slopes(found: Parts, weights: Array) -> Array:
    """Slopes of log cost and of every part on log size (B, 1 + parts), weighted."""
    used = np.isfinite(found.of[RESIDUAL]) & (weights > 0)
    weights = np.where(used, weights, 0.0)
    total = _positive(weights.sum(axis=1, keepdims=True))
    log_size = np.where(used, found.log_size[1], 0.0)
    deviation = np.where(used, log_size - (weights * log_size).sum(axis=1, keepdims=True) / total, 0.0)
    weighted = weights * deviation
    variance = _positive((weighted * deviation).sum(axis=1))
    values = [found.log_cost, *found.of.values()]
    return np.stack([(weighted * np.where(used, value, 0.0)).sum(axis=1) / variance for value in values], axis=1)


def _positive(values: Array) -> Array:
    """The values, missing where there is nothing to divide by (a replication that lost its size weights)."""
    return np.where(values > 0, values, np.nan)


def _fifths(found: Parts, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """Mean parts of log unit cost, relative to the reference, by fifth of size; they add up in every fifth."""
    log_size, growth = found.log_size[1][0], found.growth[0]
    cuts = np.quantile(log_size[keep], np.linspace(0, 1, FIFTHS + 1)[1:-1])
    fifth, rows = np.searchsorted(cuts, log_size, side="left"), []
    for number in range(FIFTHS):
        members = keep & (fifth == number)
        if members.any():
            row: dict[str, float] = {"size_fifth": number + 1, "providers": int(members.sum())}
            row["mean_size"] = float(np.exp(log_size[members]).mean())
            row["log_unit_cost"] = float((found.log_cost[0] - growth)[members].mean())
            for name, value in found.of.items():
                row[name] = float((value[0] - (growth if name == SCALE else 0.0))[members].mean())
            rows.append(row)
    return pd.DataFrame(rows)


def _text(
    fit: Fit, table: pd.DataFrame, brackets: pd.DataFrame, outcomes: pd.DataFrame, level: float, spread: float
) -> str:
    """The finding, in the words that the data allow; `spread` is the largest less the smallest log size.

    An attribute's part "is associated with" it; an input ratio's "is located in" it, and the bracket of scale follows.
    Outcomes follow whatever a relationship variable is.
    """
    rows = {row["term"]: row for row in _records(table)}
    others = [term for term in rows if term not in (APPARENT, SCALE, RESIDUAL)]
    scale = scale_words(judge_row(rows[SCALE], level, margin=MARGIN, freedom=fit.freedom), rows[SCALE]["estimate"])
    sentences = [
        _apparent(rows[APPARENT], level, spread),
        f"Scale{', all else in the model held,' if others else ' alone'} accounts for "
        f"{_estimate(rows[SCALE], level)}: {scale}.",
        *(_relationship(fit, rows, name, level) for name in fit.data.relationships),
    ]
    ratios = [fit.data.labels(name) for name in input_ratios(fit)]
    if ratios:
        sentences.append(_bracket(brackets, listed(ratios), level))
    worse = False
    for (_, role), row in zip(fit.data.outcomes.items(), _records(outcomes), strict=True):
        verdict = judge(row["conf_low"], row["conf_high"], 0.0, level=level, error=row["std_error"])
        sentences.append(_outcome(row, verdict, level))
        worse |= verdict.conclusion == ("above" if role.more_means == "worse" else "below")
    if ratios and len(outcomes):
        sentences.append(
            "Whether the part is scale or thinned relationship depends on what else the relationship produces, which "
            "these data do not hold."
        )
    elif worse:
        sentences.append(
            "Larger providers have worse results, so to call the whole of it scale is unsafe: some may be less of what "
            "the service is for (em.cost_per_outcome)."
        )
    return " ".join(sentences)


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _estimate(row: Row, level: float, column: str = "estimate") -> str:
    return with_interval(row[column], row["conf_low"], row["conf_high"], level)


def _apparent(row: Row, level: float, spread: float) -> str:
    slope = f"As a league table shows it, cost has a slope of {_estimate(row, level)} on size, both in logs: "
    if spread < np.log(2.0):
        return (
            f"{slope}the largest provider is only {per_cent(spread)} larger than the smallest, so nothing is said of "
            "twice the size."
        )
    doubled = (row["estimate"] - 1.0) * np.log(2.0)
    return (
        f"{slope}a provider of twice the size has {per_cent(doubled)} {'lower' if doubled < 0 else 'higher'} unit cost."
    )


def _relationship(fit: Fit, rows: Mapping[str, Row], name: str, level: float) -> str:
    kind, label = fit.data.relationships[name].kind, fit.data.labels(name)
    share = f"Of the slope, {_estimate(rows[f'relationship: {name}'], level)}"
    if kind == "attribute":
        return f"{share} is associated with {label}, a measured attribute of the relationship."
    reason = "an input ratio" if kind == "input_ratio" else "of unstated kind and so read as an input ratio"
    return f"{share} is located in {label}, {reason}."


def _bracket(brackets: pd.DataFrame, label: str, level: float) -> str:
    rows = {row["with"]: _estimate(row, level, "ray_elasticity") for row in _records(brackets)}
    arithmetic = (
        f"Holding {label} pulls the elasticity to one by arithmetic, and a technology whose staff need rises less than "
        "volume gives the same numbers as rationed contact"
    )
    if FREE not in rows:
        return f"{arithmetic}; no outcome is declared, so scale and relationship cannot be told apart."
    return (
        f"{arithmetic}, so two numbers bracket scale: {rows[FREE]} with outcomes held and the ratio free, and "
        f"{rows[HELD]} with the ratio held."
    )


def _outcome(row: Row, verdict: Verdict, level: float) -> str:
    slope = f"slope on log size {beside_interval(row['slope_on_log_size'], row['conf_low'], row['conf_high'])}"
    slope += f", {interval_in_words(row['conf_low'], row['conf_high'], level)}"
    if np.isnan(row["conf_low"]):
        return f"Whether {row['outcome']} moves with size cannot be told: {row['rows']} rows have it."
    if not verdict.differs:
        return f"Whether {row['outcome']} moves with size ({slope}): {verdict_words(verdict, '', '')}."
    return f"{capital(row['outcome'])} {'rises' if verdict.conclusion == 'above' else 'falls'} with size ({slope})."


def _within_and_between(
    fit: Fit, log_size: Array, keep: NDArray[np.bool_], draws: Replications, level: float
) -> pd.DataFrame:
    """Apparent slopes with bootstrap intervals: over all rows, over provider means, over deviations from them.

    A league table compares providers, and a provider that grows compares itself with its past. Where the two slopes
    differ, large providers differ from small ones in more than size. Empty where no provider has several rows; a slope
    is missing where size does not vary.

    Parameters
    ----------
    log_size : (n,)
    keep : (n,) rows with parts
    draws : weights of the replications, by provider
    """
    groups = _providers(fit, keep)
    if groups is None:
        return pd.DataFrame()
    log_cost = np.log(fit.sample.rows.columns[fit.design.cost])
    moments = _moments(np.stack([log_size, log_cost])[:, keep], groups)
    first = np.unique(groups.codes, return_index=True)[1]
    one_row = np.flatnonzero(keep)[first]
    drawn = []
    for start in range(0, draws.count, 64):
        weights = draws.of_replications(slice(start, start + 64))[:, one_row]
        drawn.append(_slopes(weights @ moments))
    values = _slopes(moments.sum(axis=0)[None])[0]
    every = np.concatenate(drawn)
    low, high, errors = (np.full(len(values), np.nan) for _ in range(3))
    known = np.isfinite(values)
    low[known], high[known] = quantile_interval(every[:, known], level)
    errors[known] = np.nanstd(every[:, known], axis=0, ddof=1)
    columns = {"slope": ROWS, "estimate": values, "std_error": errors, "conf_low": low, "conf_high": high}
    return pd.DataFrame(columns)


def slopes_in_words(table: pd.DataFrame, level: float, *, over_time: bool) -> tuple[str, ...]:
    """One note with both slopes; none where there is no table. Only rows that follow in time are said to change."""
    if not len(table):
        return ()
    if not np.isfinite(table["estimate"].iloc[1:].astype(float)).all():
        still = "within" if np.isnan(table["estimate"].iloc[2]) else "between"
        return (f"Size does not vary {still} providers, so no slope of cost on size can be seen there.",)
    between, within = (
        with_interval(row["estimate"], row["conf_low"], row["conf_high"], level) for _, row in table.iloc[1:].iterrows()
    )
    changing = ", as they change," if over_time else ""
    return (
        f"Within providers{changing} the slope of log cost on log size is {within}; between them it is {between}. A "
        "league table shows the second.",
    )


def _providers(fit: Fit, keep: NDArray[np.bool_]) -> Groups | None:
    """Providers of the rows kept, where they are what the bootstrap draws and some have several rows."""
    if fit.clusters is None or fit.data.entity is None:
        return None
    labels = fit.data.frame[fit.data.entity].to_numpy()
    codes, names = pd.factorize(labels[keep])
    drawn = fit.clusters.codes[keep]
    # Each provider must lie in one cluster: only then is its weight in a replication one number.
    together = np.unique(np.stack([codes, drawn]), axis=1).shape[1] == len(names)
    sizes = np.bincount(codes).astype(float)
    return Groups(codes, sizes) if together and sizes.max() > 1 else None


def _moments(values: Array, groups: Groups) -> Array:
    """Per provider (G, 7): rows, sums of size and cost, and the products that the slopes are made of."""
    size, cost = values

    def total(column: Array) -> Array:
        return np.bincount(groups.codes, column).astype(float)

    rows, sum_size, sum_cost = groups.sizes, total(size), total(cost)
    of_all = [rows, sum_size, sum_cost, total(size**2), total(size * cost)]
    between = [sum_size**2 / rows, sum_size * sum_cost / rows]
    return np.stack([*of_all, *between], axis=1)


def _slopes(sums: Array) -> Array:
    """The three slopes (B, 3) from sums (B, 7) over providers; provider means count once for each row."""
    rows, size, cost, squares, products, between_squares, between_products = sums.T
    grand_squares, grand_products = size**2 / rows, size * cost / rows

    least = NO_VARIATION * squares

    def over(product: Array, square: Array) -> Array:
        varies = square > least
        return np.where(varies, product / np.where(varies, square, 1.0), np.nan)

    pooled = over(products - grand_products, squares - grand_squares)
    between = over(between_products - grand_products, between_squares - grand_squares)
    within = over(products - between_products, squares - between_squares)
    return np.stack([pooled, between, within], axis=1)
