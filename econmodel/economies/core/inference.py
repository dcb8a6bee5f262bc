"""From a function of the parameters to a table of estimates with intervals, by three methods.

A point measure maps parameters (..., k), real or complex, to values (..., q). What it is never matters here. Measures
of many points at once, and of what else a bootstrap draws beside the parameters, have their tables from draws alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.bootstrap import quantile_interval
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.delta import Measure, jacobian
from econmodel.estimate.fit import Fit
from econmodel.results import EFFECT_COLUMNS, INTERVAL_COLUMNS, P_FLOOR
from econmodel.stated import check_level, random_numbers, require_replications
from econmodel.verdict import Verdict, judge_row

Array = NDArray[np.float64]
Method = Literal["delta", "simulate", "bootstrap"]
METHODS = ("delta", "simulate", "bootstrap")
SIMULATED_DRAWS = 2_000
JOINT_DRAWS = 20_000
# Of a sum of a dozen terms of size one, and of its derivatives.
ROUNDING, ROUNDING_ERROR = 1e-12, 1e-14
BOOTSTRAP_REPLICATIONS = 999
# Values a call of a measure may return at once: draws are taken in batches that fit.
BATCH_VALUES = 4_000_000
# Of an interval from draws, at least half of them must have a number; and squares of numbers beyond this are none.
FEWEST_SOUND, LARGEST_DRAW = 0.5, 1e150
SMALLEST_ABOVE_ZERO = float(np.nextafter(0.0, 1.0))
# What a result says of its intervals where clusters are few, by the method of these.
FEW_CLUSTERS: dict[Method, str] = {
    "delta": "P-values come from the wild cluster bootstrap; intervals are classical.",
    "bootstrap": "Few clusters: the bootstrap draws from them alone, and its intervals are an indication.",
    "simulate": 'Few clusters: draws are from the classical covariance; method="delta" has wild p-values.',
}
# Standard errors of a simulated share or mean, either way.
SURE = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Values of a measure (q,) with standard errors, intervals, and p-values against nulls (missing without one).

    `floors` are the smallest p-values that replications could have given; zero where p-values are not counted.
    `wild` says that p-values are of the wild cluster bootstrap, which intervals are not.
    """

    values: Array
    errors: Array
    low: Array
    high: Array
    nulls: Array
    statistics: Array
    p_values: Array
    floors: Array
    wild: bool = field(default=False, kw_only=True)


def estimate(
    fit: CostFunction,
    measure: Measure,
    nulls: Sequence[float] | float = np.nan,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Estimates:
    """Values of a measure with intervals.

    Parameters
    ----------
    method : "delta" (complex-step derivatives), "simulate" (draws of the parameters from their normal distribution;
        Krinsky and Robb, 1986) or "bootstrap" (by clusters, everything re-estimated)
    """
    if method not in METHODS:
        raise UnknownName(f"There is no method {method!r}. The methods are {', '.join(METHODS)}.")
    check_level(conf_level)
    if method != "bootstrap" and isinstance(fit, Fit) and fit.error_model.bootstrap_only:
        raise NotSupported(
            f'{fit.error_model.bootstrap_only}, so method="{method}" does not hold. Use method="bootstrap".'
        )
    # Where cost is not positive values are missing, and stay so: complex arithmetic warns of it, real does not.
    with np.errstate(invalid="ignore", divide="ignore"):
        return _estimate(fit, measure, nulls, method, conf_level, seed)


def usual_method(fit: CostFunction) -> Method:
    """The delta method, or the bootstrap where it alone holds: for intervals that no method was asked for."""
    return "bootstrap" if isinstance(fit, Fit) and fit.error_model.bootstrap_only else "delta"


def _estimate(
    fit: CostFunction, measure: Measure, nulls: Sequence[float] | float, method: Method, level: float, seed: int
) -> Estimates:
    values = measure(fit.theta).real
    values = np.where(np.abs(values) < LARGEST_DRAW, values, np.nan)
    null = np.broadcast_to(np.asarray(nulls, dtype=float), values.shape)
    if method == "delta":
        return _by_delta(fit, measure, values, null, level)
    parameters = _simulated(fit, seed) if method == "simulate" else _bootstrapped(fit, seed)
    draws = _in_batches(measure, parameters, len(values))
    found = summarise(values, draws, null, level)
    return _jointly(found, draws, level) if isinstance(fit, Fit) and fit.jointly_covered else found


def _jointly(found: Estimates, draws: Array, level: float) -> Estimates:
    """The same with intervals that cover all values at once: the largest deviation over its error, in every draw."""
    sound = found.errors > 0
    if not sound.any():
        return found
    known = draws[:, sound]
    known = known[(np.abs(known) < LARGEST_DRAW).any(axis=1)]
    centre = np.nanmean(known, axis=0)
    largest = np.nanmax(np.abs(known - centre) / found.errors[sound], axis=1)
    margin = float(np.nanquantile(largest, level, method="weibull")) * found.errors
    p_values, tested = found.p_values.copy(), sound & np.isfinite(found.statistics)
    p_values[tested] = (1.0 + (largest[:, None] >= np.abs(found.statistics[tested])).sum(axis=0)) / (1.0 + len(largest))
    floors = np.full_like(p_values, 1.0 / (1.0 + len(largest)))
    return replace(found, low=found.values - margin, high=found.values + margin, p_values=p_values, floors=floors)


def few_clusters_note(fit: CostFunction, method: Method) -> list[str]:
    """What intervals and p-values of this method are worth where clusters are few; nothing where they are not."""
    clusters = fit.clusters if isinstance(fit, Fit) else None
    few = clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS
    return [FEW_CLUSTERS[method]] if (few if method == "bootstrap" else fit.wild) else []


def share_interval(share: ArrayLike, count: int) -> tuple[Array, Array]:
    """Wilson's (1927) 95 % interval of a share that was seen in so many cases.

    Examples
    --------
    >>> low, high = share_interval(0.0, 100)
    >>> float(low), round(float(high), 3)
    (0.0, 0.037)
    """
    seen = np.asarray(share, dtype=float)
    weight = SURE**2 / count
    centre = (seen + weight / 2.0) / (1.0 + weight)
    margin = SURE * np.sqrt(seen * (1.0 - seen) / count + weight / (4.0 * count)) / (1.0 + weight)
    return np.maximum(centre - margin, 0.0), np.minimum(centre + margin, 1.0)


def _by_delta(fit: CostFunction, measure: Measure, values: Array, null: Array, level: float) -> Estimates:
    from scipy.special import stdtr, stdtrit

    gradient = jacobian(measure, fit.theta)
    errors = np.sqrt(np.maximum(np.einsum("qk,kl,ql->q", gradient, fit.covariance, gradient), 0.0))
    # A value that is what it is by construction has an error of rounding, and no test.
    known = errors > ROUNDING_ERROR * np.maximum(np.abs(values), 1.0)
    errors = np.where(known | ~np.isfinite(errors), errors, 0.0)
    values = np.where(~known & (np.abs(values - null) < ROUNDING), null, values)
    errors = np.where(np.isfinite(values), errors, np.nan)
    statistics = np.full_like(values, np.nan)
    statistics[known] = ((values - null)[known]) / errors[known]
    quantile = stdtrit(fit.freedom, 0.5 + level / 2.0) if np.isfinite(fit.freedom) else 0.0
    joint = isinstance(fit, Fit) and fit.jointly_covered
    wild = fit.wild and isinstance(fit, Fit)
    if wild:
        assert isinstance(fit, Fit)
        tested = np.isfinite(values - null) & (errors > 0)
        p_values = np.full_like(values, np.nan)
        p_values[tested] = fit.wild_p_values(gradient[tested], (values - null)[tested])
    else:
        p_values = 2.0 * stdtr(fit.freedom, -np.abs(statistics)) if known.any() else statistics
    if joint and known.any():
        largest = largest_deviations(gradient[known] @ fit.covariance @ gradient[known].T, fit.freedom)
        quantile = float(np.quantile(largest, level))
        tested = known & np.isfinite(statistics)
        if fit.wild:
            # The wild bootstrap tests rows one by one (Bonferroni, 1936).
            p_values = np.minimum(p_values * tested.sum(), 1.0)
        else:
            p_values[tested] = (largest[:, None] >= np.abs(statistics[tested])).mean(axis=0)
    margin = quantile * errors
    floors = np.zeros_like(errors)
    return Estimates(values, errors, values - margin, values + margin, null, statistics, p_values, floors, wild=wild)


def largest_deviations(covariance: Array, freedom: float, seed: int = 0) -> Array:
    """Draws of the largest |t| of estimates with this covariance (q, q): its quantile covers all of them at once.

    Multivariate t (Dunnett, 1955; Montiel Olea and Plagborg-Moller, 2019).
    """
    values, vectors = np.linalg.eigh(covariance)
    errors = np.sqrt(np.diag(covariance))
    root = vectors * np.sqrt(np.maximum(values, 0.0)) / errors[:, None]
    rng = random_numbers(seed)
    drawn = np.abs(rng.standard_normal((JOINT_DRAWS, len(errors))) @ root.T).max(axis=1)
    return drawn / np.sqrt(rng.chisquare(freedom, JOINT_DRAWS) / freedom)


def summarise(values: Array, draws: Array, null: Array, level: float) -> Estimates:
    """Estimates from draws (D, q): their spread, percentile interval, and the p-value that the interval inverts.

    Spread, interval and p-value are missing where fewer than half of the draws have a number.
    """
    sound = np.abs(draws) < LARGEST_DRAW
    count = sound.sum(axis=0)
    enough = (count >= FEWEST_SOUND * len(draws)) & (count > 1)
    low, high, errors = (np.full(len(values), np.nan) for _ in range(3))
    if enough.any():
        known = np.where(sound, draws, np.nan)[:, enough]
        low[enough], high[enough] = quantile_interval(known, level)
        errors[enough] = np.nanstd(known, axis=0, ddof=1)
    below = ((draws <= null) & sound).sum(axis=0)
    above = ((draws >= null) & sound).sum(axis=0)
    p_values = np.minimum(1.0, 2.0 * (np.minimum(below, above) + 1.0) / (count + 1.0))
    p_values = np.where(np.isfinite(null) & enough, p_values, np.nan)
    statistics = np.where(errors > 0, (values - null) / np.where(errors > 0, errors, 1.0), np.nan)
    return Estimates(values, errors, low, high, null, statistics, p_values, 2.0 / (count + 1.0))


def require_draws(drawn: Array, what: str) -> None:
    """NotSupported where fewer than half of the replications (B, q) have a number."""
    lost = int((~np.isfinite(drawn).all(axis=1)).sum())
    if lost > (1.0 - FEWEST_SOUND) * len(drawn):
        raise NotSupported(
            f"{lost} of {len(drawn)} replications of the bootstrap have no number (a parameter not identified, or a "
            f"fitted cost not positive), so {what} has no interval. Use a form with fewer parameters "
            '(second_order="none", or fewer controls), or more rows.'
        )


def _simulated(fit: CostFunction, seed: int) -> Array:
    if not np.isfinite(fit.covariance).all():
        raise NotSupported(
            'method="simulate" draws parameters by their covariance, and this fit has none: cost is an exact function '
            'of its columns. Look how cost was made, or use method="delta", which then gives no interval.'
        )
    values, vectors = np.linalg.eigh(fit.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = random_numbers(seed)
    return fit.theta + rng.standard_normal((SIMULATED_DRAWS, len(fit.theta))) @ root.T


def _bootstrapped(fit: CostFunction, seed: int) -> Array:
    if not isinstance(fit, Fit):
        raise NotSupported('method="bootstrap" re-estimates, and stated parameters were not estimated. Use "delta".')
    return fit.bootstrapped(BOOTSTRAP_REPLICATIONS, seed)


def _in_batches(measure: Measure, draws: Array, count: int) -> Array:
    size = max(1, BATCH_VALUES // max(count, 1))
    return np.concatenate([measure(draws[start : start + size]) for start in range(0, len(draws), size)])


def tabulate(
    terms: Sequence[str],
    places: Sequence[str],
    found: Estimates,
    supported: Sequence[bool] | NDArray[np.bool_],
) -> pd.DataFrame:
    """The table of an `Effects`: one row a term and place, in the order given."""
    values = (
        terms, places, found.values, found.errors, found.nulls, found.statistics, found.p_values,
        found.low, found.high, np.asarray(supported, dtype=bool),
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(EFFECT_COLUMNS, values, strict=True)))
    for name in INTERVAL_COLUMNS:
        table[name] = np.nan
    if (found.floors > 0).any():
        table[P_FLOOR] = found.floors
    return table


def from_draws(
    terms: Sequence[str], at: str, values: Array, draws: Array, nulls: Array, level: float, what: str = ""
) -> pd.DataFrame:
    """The table of values (q,) with intervals from replications (B, q), each of which counts whole or not at all.

    NotSupported where fewer than half of them have numbers, if `what` says of what these are.
    """
    draws = np.where(np.isfinite(draws).all(axis=1, keepdims=True), draws, np.nan)
    if what:
        require_draws(draws, what)
    return tabulate(terms, [at] * len(terms), summarise(values, draws, nulls, level), np.ones(len(terms), dtype=bool))


def replication_notes(fit: Fit, draws: Array, lost_because: str) -> list[str]:
    """What a reader must know of replications (B, q): few clusters, and how many are left out."""
    notes, lost = few_clusters_note(fit, "bootstrap"), int((~np.isfinite(draws).all(axis=1)).sum())
    if lost:
        notes.append(f"{lost} of {len(draws)} replications are left out: {lost_because}.")
    return notes


def by_place(table: pd.DataFrame, places: int) -> pd.DataFrame:
    """Rows that come term by term (each over all places), ordered place by place."""
    order = np.argsort(np.arange(len(table)) % places, kind="stable")
    return table.iloc[order].reset_index(drop=True)


def set_identified(table: pd.DataFrame, readings: Sequence[Estimates]) -> pd.DataFrame:
    """Rows that differ by how a fixed cost is read have an interval of values, and one that covers those of all.

    `readings` are estimates of all rows in the table's order, the table's own first.
    """
    values, low, high, p_values = (
        np.stack([getattr(one, name) for one in readings]) for name in ("values", "low", "high", "p_values")
    )
    rows = np.ptp(values, axis=0) > ROUNDING * np.abs(values).max(axis=0)
    if not rows.any():
        return table
    table = table.copy()
    # Any reading but the highest may truly be the lowest, and the other way round: their intervals are covered too.
    bottom, top = values.min(axis=0), values.max(axis=0)
    rounding = ROUNDING * np.abs(values).max(axis=0)
    lowest = np.where(values >= top - rounding, np.inf, low).min(axis=0)
    highest = np.where(values <= bottom + rounding, -np.inf, high).max(axis=0)
    ends = (bottom, top, lowest, highest)
    for name, end in zip((*INTERVAL_COLUMNS, "conf_low", "conf_high"), ends, strict=True):
        table.loc[rows, name] = end[rows]
    table.loc[rows, ["estimate", "std_error", "statistic", "p_value"]] = np.nan
    if readings[0].wild:
        # The null lies outside all of the interval where all of it is on one side and no reading's test allows it.
        nulls = readings[0].nulls
        one_side = (values > nulls).all(axis=0) | (values < nulls).all(axis=0)
        worst = np.where(np.isfinite(nulls), np.where(one_side, p_values.max(axis=0), 1.0), np.nan)
        table.loc[rows, "p_value"] = worst[rows]
    return table


def check_bootstrap(method: str, replications: int, conf_level: float, over: str) -> None:
    """NotSupported, with the cure, for a method that needs derivatives, or too few replications."""
    if method != "bootstrap":
        raise NotSupported(
            f"method={method!r} does not hold for a maximum over {over}: it is no smooth function of the parameters. "
            'Use method="bootstrap".'
        )
    check_level(conf_level)
    require_replications(replications, 2)


def parameter_draws(fit: CostFunction, replications: int, seed: int) -> Array:
    """Parameters in every replication (B, k); stated ones are known, and do not move."""
    if not isinstance(fit, Fit):
        return np.repeat(fit.theta[None], 2, axis=0)
    draws = fit.bootstrap(fit.replications(replications, seed))
    require_draws(draws, "what holds of all points at once")
    return draws[np.isfinite(draws).all(axis=1)]


def extremes(
    terms: Sequence[str], at: str, measure: Callable[[Array], Array] | None, theta: Array, draws: Array, level: float
) -> pd.DataFrame:
    """The largest value, the mean and the share of points not above zero, of a measure (..., k) -> (..., T).

    A maximum is no smooth function of the parameters, so its interval comes from the bootstrap of the largest movement
    of any point: it holds whichever point attains the maximum. Without a measure (there is no point) no row has a
    number, or support.

    Examples
    --------
    >>> terms, draws = ("largest", "mean", "share"), np.ones((2, 1))
    >>> found = extremes(terms, "mean", lambda theta: theta * np.array([-1.0, 1.0]), np.ones(1), draws, 0.95)
    >>> found["estimate"].tolist()
    [1.0, 0.0, 0.5]
    """
    if measure is None:
        return tabulate(terms, [at] * 3, Estimates(*(np.full(3, np.nan) for _ in range(8))), [False] * 3)
    values = measure(theta[None])[0]
    size = max(1, BATCH_VALUES // len(values))
    summaries = []
    for start in range(0, len(draws), size):
        batch = measure(draws[start : start + size])
        moved = batch - values
        columns = (
            batch.max(axis=1), batch.mean(axis=1), (batch <= 0).mean(axis=1), moved.max(axis=1), -moved.min(axis=1),
        )  # fmt: skip
        summaries.append(np.stack(columns, axis=1))
    drawn = np.concatenate(summaries)
    require_draws(drawn, "what holds of all points at once")
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    of_set = np.array([values.max(), values.mean(), (values <= 0).mean()])
    low, high = quantile_interval(drawn[:, :3], level)
    above, below = np.quantile(drawn[:, 3:], 0.5 + level / 2.0, axis=0)
    low[0], high[0] = of_set[0] - above, of_set[0] + below
    errors = drawn[:, :3].std(axis=0, ddof=1)
    nulls = np.array([0.0, 0.0, np.nan])
    moves = errors > 0
    statistics = np.where(moves, (of_set - nulls) / np.where(moves, errors, 1.0), np.nan)
    beyond = np.array(
        [
            (drawn[:, 3] >= of_set[0]).mean() if of_set[0] > 0 else (drawn[:, 4] >= -of_set[0]).mean(),
            min((drawn[:, 1] <= 0).mean(), (drawn[:, 1] >= 0).mean()),
            np.nan,
        ]
    )
    floor = 2.0 / (len(drawn) + 1)
    p_values = np.where(moves, np.clip(2.0 * beyond, floor, 1.0), np.nan)
    found = Estimates(of_set, errors, low, high, nulls, statistics, p_values, np.full(3, floor))
    return tabulate(terms, [at] * 3, found, [True] * 3)


def verdict_on_largest(row: pd.Series, level: float, *, weakly: bool = False) -> Verdict:
    """The verdict on a largest value against zero; weakly, where zero itself counts as below."""
    return judge_row({**row, "null": SMALLEST_ABOVE_ZERO if weakly else 0.0}, level)
