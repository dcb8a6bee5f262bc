"""Simulated studies: many tables drawn from one known truth, each analysed as an analyst would.

Where a log form is fitted to providers seen once, all studies of a batch are one stack of small problems. Everything
else goes through `econmodel.fit`, study by study.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.inference import Estimates, estimate
from econmodel.errors import DidNotConverge, NotIdentified
from econmodel.estimate.delta import COMPLEX_STEP, Measure
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import fit
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import Form, SecondOrder, Variables
from econmodel.forms.technology import Point, Technology
from econmodel.simulation import StatedCost, simulate
from econmodel.stated import require_seed
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
Question = Literal["scale", "scope", "relationship"]
# Rows drawn at once: enough to spread the cost of a table over many studies, few enough for any memory.
BATCH_ROWS = 100_000
NULLS: Mapping[str, float] = {"scale": 1.0, "scope": 0.0, "relationship": 0.0}


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How a study is made: what it asks, and what it fits.

    Attributes
    ----------
    question : "scale", "scope" or "relationship"
    of : place of the relationship variable that is asked about
    form, second_order, effects : as in `econmodel.fit`
    world : options of `econmodel.worlds.simulate`
    conf_level : of the intervals
    """

    question: Question
    of: int
    form: Form
    second_order: SecondOrder | None
    effects: Literal["within"] | None
    world: Mapping[str, Any]
    conf_level: float


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What studies found, one entry each: estimate, interval, and a p-value that overrules it (all may be missing)."""

    values: Array
    low: Array
    high: Array
    wild: Array


def value_of(
    design: Design, technology: Technology, point: Point, reading: corners.Reading = corners.COMMON
) -> Measure:
    """The number that is asked about, as a function of parameters (..., k) with values (..., 1).

    `reading` says who pays the intercept, where data cannot tell.
    """

    def scale(theta: Array) -> Array:
        return (technology.slopes(theta, point).outputs * point.outputs).sum(axis=-1)

    def relationship(theta: Array) -> Array:
        return technology.slopes(theta, point).relationships[..., design.of]

    def scope(theta: Array) -> Array:
        groups = list(np.eye(len(technology.outputs), dtype=bool))
        return corners.degree_of_scope(technology, theta, point, groups, reading)

    return {"scale": scale, "relationship": relationship, "scope": scope}[design.question]


def run(
    cost: StatedCost, design: Design, providers: int, replications: int, seed: int, step: Callable[[int], None]
) -> Results:
    """What `replications` studies of so many providers each find; `step` is told how many are done.

    Draws depend on the seed and the number of providers alone, not on which other numbers are asked for.
    """
    taken = max(1, min(replications, BATCH_ROWS // (providers * int(design.world.get("periods", 1)))))
    seeds = np.random.SeedSequence((require_seed(seed), providers)).generate_state(-(-replications // taken))
    results: list[Results] = []
    for batch, start in zip(seeds, range(0, replications, taken), strict=True):
        count = min(taken, replications - start)
        data = simulate(cost, providers * count, **dict(design.world), seed=int(batch)).data
        results += (
            [_together(cost, design, data, count)] if _stack(design, data) else list(_apart(cost, design, data, count))
        )
        step(start + count)
    return Results(*(np.concatenate([getattr(one, name) for one in results]) for name in Results.__slots__))


def _stack(design: Design, data: CostData) -> bool:
    """Whether studies can be solved as one stack: linear in the parameters, and rows that are independent."""
    form = design.form
    zeros = bool((data.frame[list(data.outputs)] <= 0).any(axis=None))
    linear = not form.aggregates and form.coordinate.centring == "shift"
    return linear and design.effects is None and data.entity is None and not zeros


def _together(cost: StatedCost, design: Design, data: CostData, count: int) -> Results:
    """Least squares with the default covariance for a stack of studies; the same numbers as `econmodel.fit`."""
    from scipy.special import stdtrit

    technology, mean = _technology(cost, design), cost.points()
    multipliers = technology.exponent.monomials(technology.coordinates(_rows(data)))
    design_rows = multipliers.reshape(count, -1, multipliers.shape[-1])
    log_cost = np.log(data.frame[data.cost].to_numpy()).reshape(count, -1)
    n, k = design_rows.shape[1:]
    if n <= k:
        return _nothing(count)
    orthogonal, triangle = np.linalg.qr(design_rows)
    theta = np.linalg.solve(triangle, np.einsum("snk,sn->sk", orthogonal, log_cost)[..., None])[..., 0]
    residual = log_cost - np.einsum("snk,sk->sn", design_rows, theta)
    residual = residual / (1.0 - (orthogonal**2).sum(axis=-1))
    scores = orthogonal * residual[..., None]
    measure = value_of(design, technology, mean)
    steps = theta[:, None, :] + 1j * COMPLEX_STEP * np.eye(k)
    gradient = measure(steps)[..., 0].imag / COMPLEX_STEP
    direction = np.linalg.solve(triangle.swapaxes(-1, -2), gradient[..., None])
    errors = np.sqrt(((scores @ direction)[..., 0] ** 2).sum(axis=-1))
    values = measure(theta)[..., 0]
    margin = stdtrit(n - k, 0.5 + design.conf_level / 2.0) * errors
    return Results(values, values - margin, values + margin, np.full(count, np.nan))


def _technology(cost: StatedCost, design: Design) -> Technology:
    """The form that is fitted, centred where the truth is stated."""
    stated, mean = cost.technology, cost.points()
    names = Variables(stated.outputs, stated.prices, stated.relationships, (), ())
    centres = Centres(
        design.form.coordinate.transform(mean.outputs[0]), mean.log_prices[0], mean.relationships[0], np.zeros(0)
    )
    return assemble(design.form, names, centres, second_order=design.second_order)


def _rows(data: CostData) -> Point:
    outputs, prices, relationships = (
        data.frame[list(names)].to_numpy(dtype=float) for names in (data.outputs, data.prices, data.relationships)
    )
    return Point(outputs, np.log(prices), relationships, np.zeros((len(data), 0)))


def _apart(cost: StatedCost, design: Design, data: CostData, count: int) -> Iterator[Results]:
    """Each study by itself, through the same door as any table."""
    each = len(data) // count
    for study in range(count):
        own = np.arange(len(data)) // each == study
        try:
            fitted = fit(
                data.where(own, because="other studies") if count > 1 else data,
                design.form, effects=design.effects, second_order=design.second_order,
            )  # fmt: skip
        except (NotIdentified, DidNotConverge):
            yield _nothing(1)
            continue
        yield _measured(cost, design, fitted)


def _measured(cost: StatedCost, design: Design, fitted: Fit) -> Results:
    technology, mean = fitted.technology, cost.points()
    point = Point(mean.outputs, mean.log_prices, mean.relationships, technology.mean_point().controls)

    def end(reading: corners.Reading) -> Estimates:
        measure = value_of(design, technology, point, reading)
        return estimate(fitted, measure, NULLS[design.question], conf_level=design.conf_level)

    high = end(corners.COMMON)
    wild = high.p_values if fitted.wild else np.array([np.nan])
    if design.question != "scope" or not corners.unidentified(fitted).any():
        return Results(high.values, high.low, high.high, wild)
    low = end(corners.Reading(int(np.flatnonzero(corners.unidentified(fitted))[0])))
    return Results(np.array([np.nan]), np.minimum(low.low, high.low), np.maximum(low.high, high.high), wild)


def _nothing(count: int) -> Results:
    return Results(*(np.full(count, np.nan) for _ in Results.__slots__))
