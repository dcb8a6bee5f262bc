"""True random effects: a frontier in which each provider also has a level of cost of its own (Greene, 2005).

log C_it = f_it + w_i + v_it + u_it. The provider's level w_i is normal and is integrated out by adaptive Gauss-Hermite
quadrature: the nodes sit around the most likely level of each provider, which gives many digits from few nodes and the
same digits every time. Gradient and Hessian are those of the integral (Louis, 1982).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotIdentified, NotSupported
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.covariance import Covariance, clustered
from econmodel.estimate.covariance_choice import notes_of, refuse_computed
from econmodel.estimate.error_model import INEFFICIENCY, PROVIDER_EFFECTS
from econmodel.estimate.frontier.density import (
    LOG_ROOT_TWO_PI,
    Conditional,
    Density,
    Derivatives,
    HalfNormal,
    NoInefficiency,
    log_normal_tail,
    mean_inefficiency,
)
from econmodel.estimate.frontier.error_model import FrontierModel, least_squares_at
from econmodel.estimate.frontier.inference import in_sigmas, inverse_information
from econmodel.estimate.frontier.likelihood import (
    HIGHER,
    LONGEST_STEP,
    NO_INEFFICIENCY,
    NO_NOISE,
    Evaluation,
    Joined,
    Peak,
    Stop,
    climb,
    shifted,
)
from econmodel.estimate.frontier.solution import (
    DOUBTFUL,
    IN_DOUBT,
    MIDDLE_SHARE,
    SHARES,
    Solution,
    residual_moments,
    without_inefficiency,
)
from econmodel.estimate.least_squares import Groups, LeastSquares
from econmodel.estimate.preparation import Prepared, providers

Array = NDArray[np.float64]
Places = NDArray[np.intp]
LogSigmas = tuple[float, float, float]
NODES = 20
# Pairs of rows and nodes at a time.
BATCH_PAIRS = 100_000
MODE_STEPS = 50
# Nodes need not sit exactly at the mode: this share of sigma_w is near enough for rounding.
NEAR_ENOUGH = 1e-9
# sigma_w below this share of sigma_v: on its way to zero.
NO_EFFECTS = 0.02
# Halvings of an interval that find a quantile to ten digits.
HALVINGS = 50
# Nodes in a replication, whose own noise is far larger than what fewer nodes leave.
REPLICATED_NODES = 8
SIGMAS = ("sigma_w", "sigma_u", "sigma_v")
APART = (
    "What a provider's cost has in common over all its periods is its level (unobserved conditions), not inefficiency. "
    "If it is waste that lasts, efficiency is overstated here."
)
NONE_FOUND = (
    "No inefficiency found: the likelihood is highest where sigma_u is zero, and what remains is the cost function "
    "with levels of providers and noise."
)


class Levels(NamedTuple):
    """What the rows of each provider say of its level.

    Attributes
    ----------
    nodes, probabilities : (G, Q) levels and how likely they are
    log_likelihood : (G,)
    found : derivatives of the log density of every row at every node of its provider (n, Q)
    """

    nodes: Array
    probabilities: Array
    log_likelihood: Array
    found: Derivatives


@dataclass(frozen=True, slots=True, eq=False)
class PanelLikelihood(Joined):
    """A density of deviations joined to a cost function and the rows of its providers.

    Parameters are those of the cost function, log sigma_w, log sigma_u where the density has it, and log sigma_v.
    """

    providers: Groups

    def split(self, parameters: Array) -> tuple[Array, Array, Array, Array]:
        """Cost function, log sigma_w, log sigma_u (minus infinity without inefficiency) and log sigma_v."""
        count = self.design.count
        log_w, log_v = parameters[..., count], parameters[..., -1]
        log_u = parameters[..., count + 1] if self.density.sigmas == 2 else np.full_like(log_v, -np.inf)
        return parameters[..., :count], log_w, log_u, log_v

    def natural(self, parameters: Array) -> Array:
        """Parameters (..., K) with standard deviations for their logs."""
        theta, *logs = self.split(parameters)
        return np.concatenate([theta, np.exp(np.stack(logs, axis=-1))], axis=-1)

    def by_provider(self, theta: Array) -> Iterator[tuple[Array, Array, Places, Places]]:
        """Some providers at a time: derivatives (k, n), deviations (n,), each row's place among them, first rows."""
        blocks = np.hstack([block.copy() for _, block in self.design.blocks(theta)])
        order = np.argsort(self.providers.codes, kind="stable")
        ends = np.cumsum(self.providers.sizes).astype(np.intp)
        taken = np.searchsorted(ends, np.arange(0, ends[-1], max(1, BATCH_PAIRS // NODES)), side="right")
        edges = [*np.unique(taken), len(ends)]
        for first, last in pairwise(edges):
            rows = order[ends[first] - int(self.providers.sizes[first]) : ends[last - 1]]
            sizes = self.providers.sizes[first:last].astype(np.intp)
            starts = np.cumsum(sizes) - sizes
            yield (
                blocks[: self.design.count, rows],
                blocks[-1, rows],
                np.repeat(np.arange(len(sizes), dtype=np.intp), sizes),
                starts,
            )


def levels(
    density: Density, e: Array, places: Places, starts: Places, log_sigmas: LogSigmas, count: int = NODES
) -> Levels:
    """What deviations e (n,), in the order of their providers, say of each provider's level at `count` nodes."""
    log_w, log_u, log_v = log_sigmas
    precision = np.exp(-2.0 * log_w)
    at: Array = np.zeros(len(starts))
    for _ in range(MODE_STEPS):
        found = density.derivatives(e - at[places], 0.0, log_u, log_v)
        slope = -np.add.reduceat(found.first[0], starts) - at * precision
        curvature = np.add.reduceat(found.second[0, 0], starts) - precision
        step = -slope / curvature
        at = at + step
        if np.abs(step).max() < NEAR_ENOUGH * np.exp(log_w):
            break
    t, weights = np.polynomial.hermite.hermgauss(count)
    spread = np.sqrt(-2.0 / curvature)
    nodes = at[:, None] + spread[:, None] * t
    found = density.derivatives(e[:, None] - nodes[places], 0.0, log_u, log_v)
    logs = np.add.reduceat(found.value, starts, axis=0) - LOG_ROOT_TWO_PI - log_w - 0.5 * nodes**2 * precision
    logs += np.log(weights) + t**2 + np.log(spread)[:, None]
    highest = logs.max(axis=1, keepdims=True)
    total = highest[:, 0] + np.log(np.exp(logs - highest).sum(axis=1))
    return Levels(nodes, np.exp(logs - total[:, None]), total, found)


class OfProviders(NamedTuple):
    """Each provider's log-likelihood (G,), gradient (G, K) and Hessian (G, K, K)."""

    value: Array
    gradient: Array
    hessian: Array


def provider_derivatives(likelihood: PanelLikelihood, parameters: Array) -> OfProviders:
    """One evaluation, provider by provider."""
    theta, *logs = likelihood.split(parameters)
    log_sigmas = (float(logs[0]), float(logs[1]), float(logs[2]))
    parts = [_of_some(likelihood, rows, log_sigmas) for rows in likelihood.by_provider(theta)]
    return OfProviders(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _of_some(
    likelihood: PanelLikelihood,
    rows: tuple[Array, Array, Places, Places],
    log_sigmas: LogSigmas,
) -> OfProviders:
    x, e, places, starts = rows
    density, k, sigmas = likelihood.density, len(x), likelihood.density.sigmas
    level = levels(density, e, places, starts, log_sigmas)
    found = level.found
    squares = level.nodes**2 * np.exp(-2.0 * log_sigmas[0])
    scores = np.empty((*level.nodes.shape, k + 1 + sigmas))
    for node in range(NODES):
        scores[:, node, :k] = -np.add.reduceat(x * found.first[0][:, node], starts, axis=1).T
    scores[:, :, k] = squares - 1.0
    for place in range(sigmas):
        scores[:, :, k + 1 + place] = np.add.reduceat(found.first[1 + place], starts, axis=0)
    gradient = np.einsum("gq,gqa->ga", level.probabilities, scores)
    apart = scores - gradient[:, None]
    # Louis: the mean of the Hessians given the data, and the spread of the scores.
    hessian = np.einsum("gqa,gqb->gab", apart * level.probabilities[:, :, None], apart, optimize=True)
    likely = level.probabilities[places]

    def expected(values: Array) -> Array:
        return np.asarray((likely * values).sum(axis=1))

    hessian[:, :k, :k] += _products(x, expected(found.second[0, 0]), starts)
    aggregate = likelihood.design.technology.aggregate
    if aggregate is not None:
        inside = x[: aggregate.count]
        hessian[:, : len(inside), : len(inside)] += _products(inside, expected(found.first[0]), starts)
    hessian[:, k, k] -= 2.0 * (level.probabilities * squares).sum(axis=1)
    for one in range(sigmas):
        mixed = np.add.reduceat(x * expected(found.second[0, 1 + one]), starts, axis=1).T
        hessian[:, :k, k + 1 + one] -= mixed
        hessian[:, k + 1 + one, :k] -= mixed
        for other in range(sigmas):
            second = found.second[1 + min(one, other), 1 + max(one, other)]
            hessian[:, k + 1 + one, k + 1 + other] += np.add.reduceat(expected(second), starts)
    return OfProviders(level.log_likelihood, gradient, hessian)


def _products(x: Array, weights: Array, starts: Places) -> Array:
    """Sums of x x' by provider (G, k, k), rows weighted."""
    return np.moveaxis(np.add.reduceat(x[:, None] * x * weights, starts, axis=2), 2, 0)


def evaluate_panel(likelihood: PanelLikelihood, parameters: Array) -> Evaluation:
    """The log-likelihood of all providers with gradient and Hessian."""
    found = provider_derivatives(likelihood, parameters)
    return Evaluation(float(found.value.sum()), found.gradient.sum(axis=0), found.hessian.sum(axis=0))


def solve_panel(likelihood: PanelLikelihood, least_squares: LeastSquares) -> Solution[PanelLikelihood]:
    """The highest likelihood with provider levels, and without inefficiency where that is no lower.

    Raises
    ------
    NotIdentified
        Where providers have no level of their own, or nothing is noise.
    """
    residuals = residual_moments(likelihood.design, least_squares.theta)
    noise = PanelLikelihood(likelihood.design, NoInefficiency(), likelihood.providers)
    half = 0.5 * np.log(0.5 * residuals.second)
    start = np.concatenate([least_squares.theta, [half, half]])
    null = climb(lambda at: evaluate_panel(noise, at), start, _stop(likelihood, np.inf))
    if null.stopped:
        raise NotIdentified(_WORDS[null.stopped])
    k, passes, shape = likelihood.design.count, null.passes, likelihood.density.shape
    variance = np.exp(2.0 * null.parameters[-1])
    peaks: list[Peak] = []
    for share in (MIDDLE_SHARE, *SHARES):
        sigma_u = np.sqrt(share * variance / shape.variance)
        theta = shifted(likelihood.design, null.parameters[:k], -shape.mean * sigma_u)
        sigmas = [null.parameters[k], np.log(sigma_u), 0.5 * np.log((1.0 - share) * variance)]
        start = np.concatenate([theta, sigmas])
        try:
            stop = _stop(likelihood, null.found.value)
            peaks.append(climb(lambda at: evaluate_panel(likelihood, at), start, stop))
        except DidNotConverge:
            continue
    passes += sum(peak.passes for peak in peaks)
    best = max(peaks, key=lambda peak: peak.found.value, default=null)
    if best.stopped in ("effects", "noiseless"):
        raise NotIdentified(_WORDS[best.stopped])
    if best.stopped or best.found.value <= null.found.value + HIGHER:
        best, likelihood = null, noise
    return Solution(likelihood, best.parameters, best.found, least_squares, residuals, null.found.value, passes)


def _stop(likelihood: PanelLikelihood, normal: float) -> Stop:
    k = likelihood.design.count

    def stop(at: Array, found: Evaluation) -> str:
        log_w, log_v = at[k], at[-1]
        if log_w - log_v < np.log(NO_EFFECTS):
            return "effects"
        if len(at) == k + 3 and at[-2] - log_v < np.log(NO_INEFFICIENCY) and found.value <= normal + HIGHER:
            return "none"
        if max(at[k:-1]) - log_v > -np.log(NO_NOISE):
            return "noiseless"
        return ""

    return stop


_WORDS = {
    "effects": (
        "Providers have no level of cost of their own: the likelihood is highest where its standard deviation is zero. "
        "Use effects=None."
    ),
    "noiseless": (
        "The likelihood rises towards a frontier without noise (sigma_v of zero): there are too few periods, or too "
        "many parameters, to tell noise from inefficiency and from the levels of providers. Use effects=None, or fewer "
        "second-order terms."
    ),
}


@dataclass(frozen=True, eq=False)
class TrueRandomEffectsModel(FrontierModel):
    """The error of a frontier in which each provider has a level of cost of its own, log C = f + w + v + u.

    What does not change over time is the provider's level, not inefficiency: efficiencies are of what changes.
    """

    takes_determinants = False
    deviation_words = " + level of each provider (normal)" + FrontierModel.deviation_words

    @property
    def panel(self) -> PanelLikelihood:
        """The likelihood that was asked for."""
        assert isinstance(self.asked, PanelLikelihood)
        return self.asked

    @cached_property
    def log_likelihoods(self) -> Array:
        """Each row's share (n,) of its provider's log-likelihood: only their sum by provider has a meaning."""
        each = provider_derivatives(self.found.likelihood, self.found.parameters).value
        return np.asarray((each / self.panel.providers.sizes)[self.panel.providers.codes])

    def _of_providers(self, parameters: Array, residual: Array, count: int = NODES) -> Levels:
        """Levels given deviations (n,) at natural parameters (K,)."""
        codes = self.panel.providers.codes
        order = np.argsort(codes, kind="stable")
        sizes = self.panel.providers.sizes.astype(np.intp)
        sigma_w, sigma_u, sigma_v = parameters[-3:]
        density = self.panel.density if sigma_u > 0 else NoInefficiency()
        with np.errstate(divide="ignore"):
            logs = (float(np.log(sigma_w)), float(np.log(sigma_u)), float(np.log(sigma_v)))
        return levels(density, residual[order], codes[order], np.cumsum(sizes) - sizes, logs, count)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """Means of each provider's level and of inefficiency given its deviations; see `ErrorModel.row_parts`."""
        effects, wasted, codes = np.zeros_like(residual), np.zeros_like(residual), self.panel.providers.codes
        count = NODES if len(parameters) == 1 else REPLICATED_NODES
        for number, (one, e) in enumerate(zip(parameters, residual, strict=True)):
            if not np.isfinite(one).all():
                effects[number] = wasted[number] = np.nan
                continue
            level = self._of_providers(one, e, count)
            effects[number] = (level.probabilities * level.nodes).sum(axis=1)[codes]
            if one[-2] > 0:
                given, likely = self._conditional(level, one, e)
                wasted[number] = (likely * mean_inefficiency(given)).sum(axis=1)
        return {PROVIDER_EFFECTS: effects, INEFFICIENCY: wasted}

    def _conditional(self, level: Levels, parameters: Array, residual: Array) -> tuple[Conditional, Array]:
        """Inefficiency given each row's deviation and its provider's level at every node (n, Q); probabilities."""
        codes = self.panel.providers.codes
        e = residual[:, None] - level.nodes[codes]
        given = self.panel.density.conditional(e, 0.0, parameters[-2], parameters[-1])
        return given, level.probabilities[codes]

    @cached_property
    def _mixed(self) -> tuple[Conditional, Array]:
        level = self._of_providers(self.all_parameters, self.deviations)
        return self._conditional(level, self.all_parameters, self.deviations)

    def _mean(self, of: Callable[[Conditional], Array]) -> Array:
        """Means of a function of inefficiency given all deviations of the provider (n,)."""
        given, likely = self._mixed
        return np.asarray((likely * of(given)).sum(axis=1))

    def _quantiles(self, probability: float) -> Array:
        """Quantiles of u given all deviations of the provider: of a mixture, so they are searched for."""
        given, likely = self._mixed
        within = log_normal_tail(given.centre / given.spread)[0]
        low = np.zeros(len(likely))
        high = np.full(len(likely), float((given.centre + 40.0 * given.spread).max()))
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            beyond = log_normal_tail((given.centre - middle[:, None]) / given.spread)[0] - within
            below = 1.0 - (likely * np.exp(beyond)).sum(axis=1)
            low, high = np.where(below < probability, middle, low), np.where(below < probability, high, middle)
        return np.asarray(0.5 * (low + high))

    @property
    def levels(self) -> Groups:
        """Every provider."""
        return self.panel.providers

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication (B, K): providers are drawn with all their rows.

        A score bootstrap (Kline and Santos, 2012): one Newton step from the estimate with the drawn scores and the
        estimate's own Hessian, whatever `steps` says. Levels of many providers would take long to estimate again.
        """
        if draws.codes is None or (draws.codes != self.panel.providers.codes).any():
            raise NotSupported("A frontier with provider levels is replicated by providers: leave groups= as it is.")
        likelihood, at = self.found.likelihood, self.found.parameters
        scores = provider_derivatives(likelihood, at).gradient
        step = np.linalg.solve(-self.found.found.hessian, draws.sums(scores).T).T
        k = likelihood.design.count
        step[:, k:] = np.clip(step[:, k:], -LONGEST_STEP, LONGEST_STEP)
        return np.asarray(likelihood.natural(at + step))

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        return f"Newton's method, {self.found.passes} evaluations, all starts together"


def fit_true_random_effects(prepared: Prepared) -> TrueRandomEffectsModel:
    """A half-normal frontier with normal levels of providers, with its covariance."""
    specification, sample, design = prepared.specification, prepared.sample, prepared.design
    asked = PanelLikelihood(design, HalfNormal(), providers(sample.data, "random"))
    ordinary = without_inefficiency(design, prepared.moments)
    refuse_computed(prepared, ordinary)
    found = solve_panel(asked, ordinary)
    kind = specification.cov_type or "nonrobust"
    if kind not in ("nonrobust", "cluster"):
        raise NotSupported(
            f'cov_type="{kind}" takes rows as independent, and those of a provider share its level. Use "nonrobust" '
            '(the inverse Hessian) or "cluster" (by provider).'
        )
    sigmas = SIGMAS if not found.at_boundary else (SIGMAS[0], SIGMAS[2])
    covariance = inverse_information(found, (*design.technology.names, *sigmas))
    if kind == "cluster":
        scores = provider_derivatives(found.likelihood, found.parameters).gradient
        covariance = clustered(scores, covariance, prepared.count)
    covariance = in_sigmas(covariance, found, len(sigmas))
    groups = asked.providers
    freedom = len(groups.sizes) - 1.0 if kind == "cluster" else prepared.count - float(len(found.parameters))
    doubt = [NONE_FOUND] if found.at_boundary else [IN_DOUBT] if found.p_value > DOUBTFUL else []
    notes = (*doubt, *notes_of(ordinary.condition, sample), APART)
    known = Covariance(covariance, kind, groups, freedom, notes)
    return TrueRandomEffectsModel(sample, design, None, least_squares_at(design, found), known, asked, found, SIGMAS)
