"""The separation: where the slope of log cost on log size comes from.

A league table shows the slope of unit cost on size. `separate` splits that slope, exactly, into scale, mix, each
relationship variable, prices, context and the rest, and says what of it the data can tell apart. `compare` does so of
many services side by side.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.bracket import (
    FREE,
    HELD,
    WITHIN_AND_BETWEEN,
    bracket,
    input_ratios,
    outcomes_by_size,
    robustness,
    slopes_in_words,
    within_and_between,
)
from econmodel.economies.core.inference import from_draws, replication_notes, require_draws
from econmodel.economies.core.path import NODES, SCALE, Parts, parts
from econmodel.economies.size import WEIGHTS_TABLE, Size, size_of, weighted_mean, weights_table
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.results import Effects, Table, beside_interval, interval_in_words, per_cent, with_interval
from econmodel.stated import check_level, require_replications
from econmodel.verdict import MARGIN, Verdict, judge, judge_row
from econmodel.words import UNSETTLED, capital, listed, scale_words, verdict_words

Array = NDArray[np.float64]
Row = Mapping[str, Any]
APPARENT, RESIDUAL, UNSTATED = "apparent", "residual", "not stated"
# Half the nodes leave an error below 1e-8 in a replication, whose own noise is far larger.
REPLICATED_NODES = 8
# With more providers than this share without a positive cost on their path, the parts no longer describe the table.
LARGEST_SHARE_LEFT_OUT = 0.05
FIFTHS = 5
# The residual has no slope where size is in the span of the regressors; what is left of it then is rounding.
ROUNDING = 1e-11


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
    one = _parts(fit, fit.error_model.all_parameters[None], how, points, None)
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
        return _slopes(
            _parts(fit, fit.error_model.all_parameters[None], of_size, points, None, reference=reference), ones
        )[0]

    terms, values = [APPARENT, *one.of], _slopes(one, keep.astype(float)[None])[0]
    draws = fit.replications(replications, seed)
    drawn = how.replicate(fit, points, draws, steps, replicated, keep.astype(float))
    require_draws(drawn, "the separation")
    if abs(values[-1]) < ROUNDING and np.nanmax(np.abs(drawn[:, -1])) < ROUNDING:
        values[-1], drawn[:, -1] = 0.0, 0.0
    nulls = np.array([1.0 if term in (APPARENT, SCALE) else 0.0 for term in terms])
    table = from_draws(terms, "all providers", values, drawn, nulls, conf_level)
    brackets, outcomes = bracket(fit, conf_level), outcomes_by_size(fit, log_size, conf_level)
    panel = within_and_between(fit, log_size, keep, draws, conf_level)
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
        source=fit.data.source_line(),
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
    for name, part in fit.error_model.row_parts(parameters, residual).items():
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
            "the service is for (em.relationships.per_outcome)."
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
    doubled, verdict = (row["estimate"] - 1.0) * np.log(2.0), judge_row(row, level)
    if not verdict.differs:
        return f"{slope}whether unit cost falls or rises with size: {verdict_words(verdict, '', '')}."
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


def compare(
    services: Mapping[str, Fit],
    *,
    sizes: Mapping[str, object] | None = None,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
) -> Table:
    """Apparent and separated economies of several services, with their cost concepts; no pooled test.

    Parameters
    ----------
    services : name -> fit
    sizes : name -> how its size is measured, where not as `econmodel.separate` does by itself
    replications, seed, conf_level : of each separation

    Returns
    -------
    Table
        One row a service: service type, providers, cost concept, unit of size; the apparent slope and the scale part
        with intervals, what the latter says, and the elasticity with outcomes held and input ratios free, where it
        exists. `tables` holds each separation.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> found = compare({"power": fit(load("electricity_1955"), form="cobb_douglas")}, replications=49)
    >>> found.table["type"].tolist()
    ['transactional']
    """
    if not services:
        raise NotSupported("em.compare needs at least one service: {name: fit}.")
    unknown = [name for name in sizes or {} if name not in services]
    if unknown:
        raise UnknownName(f"sizes= names {', '.join(unknown)}, and the services are {', '.join(services)}.")
    separations = {
        name: separate(fit, (sizes or {}).get(name), replications=replications, seed=seed, conf_level=conf_level)
        for name, fit in services.items()
    }
    return Table(
        "Services side by side",
        pd.DataFrame([_service(name, fit, separations[name]) for name, fit in services.items()]),
        _league(separations, conf_level),
        notes=(
            "Services differ in what cost includes and in what size counts, so they are not pooled, and no test across "
            "them is made.",
        ),
        tables={name: one.table for name, one in separations.items()},
        labels={term: label for one in separations.values() for term, label in one.labels.items()},
    )


def _service(name: str, fit: Fit, separation: Effects) -> dict[str, object]:
    data, level = fit.data, separation.conf_level
    types = dict.fromkeys(role.service or UNSTATED for role in data.outputs.values())
    units = dict.fromkeys(role.unit or output.replace("_", " ") for output, role in data.outputs.items())
    # Without periods, rows of one entity are providers that belong together (schools of a district), not repeats.
    repeats = data.entity is not None and data.time is not None
    scale = separation.row(SCALE)
    verdict = judge_row(scale, level, margin=MARGIN, freedom=fit.freedom)
    bracket = separation.tables.get("bracket of scale")
    free: Mapping[str, float] | pd.Series = {} if bracket is None or len(bracket) < 2 else bracket.iloc[0]
    return {
        "service": name,
        "type": listed(types),
        "providers": int(data.frame[data.entity].nunique()) if repeats else int(fit.nobs),
        "rows": int(fit.nobs),
        "cost_concept": data.cost_concept or UNSTATED,
        "unit_of_size": listed(units),
        **_with_ends("apparent", separation.row(APPARENT)),
        **_with_ends("scale", scale),
        "says": verdict_words(verdict, "economies of scale", "diseconomies of scale", "constant returns"),
        **_with_ends("outcomes_held", free, "ray_elasticity"),
    }


def _with_ends(name: str, row: Mapping[str, float] | pd.Series, column: str = "estimate") -> dict[str, float]:
    names = {name: column, f"{name}_low": "conf_low", f"{name}_high": "conf_high"}
    return {end: row.get(of, float("nan")) for end, of in names.items()}


def _league(separations: Mapping[str, Effects], level: float) -> str:
    def those(term: str, verdict: str) -> list[str]:
        return [name for name, one in separations.items() if one.row(term)["verdict"] == verdict]

    below, above = those(APPARENT, "below"), those(APPARENT, "above")
    parts = [
        f"unit cost falls with size in {listed(below)}" if below else "",
        f"it rises in {listed(above)}" if above else "",
    ]
    unsettled = [name for name in separations if name not in below + above]
    if unsettled:
        parts.append(f"{UNSETTLED} at the {100 * level:g} % level in {listed(unsettled)}")
    text = f"As a league table shows it, {'; '.join(part for part in parts if part)}."
    if not below:
        return text
    kept = [name for name in those(SCALE, "below") if name in below]
    return f"{text} With all else in each model held, scale alone still lowers it in {listed(kept) or 'none of them'}."
