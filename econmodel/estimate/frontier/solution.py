"""The highest likelihood of a frontier: starts from several shares of inefficiency, and the ends that are no optimum.

Least squares is the frontier without inefficiency, and always a stationary point (Waldman, 1982). Where its residuals
lean to the wrong side it is a local maximum, and the search says so instead of inventing inefficiency.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, EconmodelError, NotIdentified
from econmodel.estimate.design import Design
from econmodel.estimate.frontier.density import LOG_ROOT_TWO_PI, Density, HalfNormal, NoInefficiency
from econmodel.estimate.frontier.ends import HIGHER, WORDS, explained, stop_at_ends
from econmodel.estimate.frontier.search import Evaluation, Likelihood, climb, evaluate, sampled, shifted
from econmodel.estimate.least_squares import LeastSquares, linear, nonlinear
from econmodel.estimate.moments import Moments, accumulate

Array = NDArray[np.float64]
# Larger tables are first solved on about this many of their rows: the starts are tried there.
SAMPLED_ROWS = 8_192
# Shares of the residual variance that inefficiency is started with, beside the one that their skewness suggests.
SHARES = (0.1, 0.9)
MIDDLE_SHARE = 0.5
SMALLEST_SHARE, LARGEST_SHARE = 0.02, 0.95
# What log sigma_u gains where a start has the mean of inefficiency one spread below zero.
WIDER = 0.3
OF_HALF_NORMAL = {"mean": np.sqrt(2.0 / np.pi), "variance": 1.0 - 2.0 / np.pi}
OF_HALF_NORMAL["third"] = OF_HALF_NORMAL["mean"] * (4.0 / np.pi - 1.0)
OF_EXPONENTIAL = {"mean": 1.0, "variance": 1.0, "third": 2.0}


@dataclass(frozen=True, slots=True)
class Residuals:
    """Count, mean, and second and third central moments of least squares' residuals."""

    count: int
    mean: float
    second: float
    third: float

    @property
    def skewness(self) -> float:
        """Third moment over the standard deviation cubed."""
        return self.third / self.second**1.5

    @property
    def log_likelihood(self) -> float:
        """Of the residuals as normal noise."""
        return -self.count * (LOG_ROOT_TWO_PI + 0.5 * np.log(self.second + self.mean**2) + 0.5)


class Joined(Protocol):
    """A density of deviations joined to a cost function, whatever else it holds."""

    @property
    def design(self) -> Design:
        """The cost function and its rows."""

    @property
    def density(self) -> Density:
        """Of the deviations."""

    @property
    def means(self) -> int:
        """Parameters of the mean of inefficiency."""


AnyLikelihood = TypeVar("AnyLikelihood", bound=Joined)


@dataclass(frozen=True, eq=False)
class Solution(Generic[AnyLikelihood]):
    """What the search found.

    Attributes
    ----------
    likelihood : the likelihood that was maximised; its density has no inefficiency where none was found
    parameters : (K,) those of the cost function, of the mean of inefficiency, log sigma_u and log sigma_v
    found : log-likelihood, gradient and Hessian there
    least_squares : the cost function without inefficiency
    residuals : moments of its residuals
    without : log-likelihood without inefficiency
    passes : passes over all rows that the search made
    """

    likelihood: AnyLikelihood
    parameters: Array
    found: Evaluation
    least_squares: LeastSquares
    residuals: Residuals
    without: float
    passes: int

    @property
    def at_boundary(self) -> bool:
        """Whether there is no inefficiency at the highest likelihood."""
        return self.likelihood.density.sigmas == 1


def residual_moments(design: Design, theta: Array) -> Residuals:
    """One pass at theta."""
    count, sums = 0, np.zeros(3)
    for _, block in design.blocks(theta):
        e = block[-1]
        count += len(e)
        sums += (e.sum(), e @ e, (e * e) @ e)
    mean, square, cube = sums / count
    return Residuals(count, mean, square - mean**2, cube - 3.0 * mean * square + 2.0 * mean**3)


def without_inefficiency(design: Design, moments: Moments | None) -> LeastSquares:
    """Least squares of the same cost function; `moments` from a pass made already may hold further columns."""
    plain = replace(design, beside=())
    if design.technology.is_level:
        return nonlinear(plain)
    if moments is None:
        moments = accumulate(plain.blocks())
    kept = np.r_[: design.count, len(moments.gram) - 1]
    return linear(plain, Moments(moments.gram[np.ix_(kept, kept)], moments.count))


def solve(likelihood: Likelihood, least_squares: LeastSquares) -> Solution[Likelihood]:
    """The highest likelihood that the starts lead to.

    Raises
    ------
    NotIdentified
        Where the likelihood rises towards an end that is no optimum: see the message.
    DidNotConverge
        Where no start leads to an optimum.
    """
    residuals = residual_moments(likelihood.design, least_squares.theta)
    stop = stop_at_ends(likelihood, residuals.log_likelihood)
    peaks, failures = [], []
    for start in _starts(likelihood, least_squares, residuals):
        try:
            peaks.append(climb(lambda at: evaluate(likelihood, at), start, stop))
        except DidNotConverge as failure:
            failures.append(failure)
    if not peaks:
        raise failures[-1]
    best = max(peaks, key=lambda peak: peak.found.value)
    passes = sum(peak.passes for peak in peaks)
    if best.stopped == "none" or best.found.value <= residuals.log_likelihood + HIGHER:
        if likelihood.means:
            raise NotIdentified(WORDS["none"])
        return _boundary(likelihood, least_squares, residuals, passes)
    if best.stopped:
        raise NotIdentified(explained(best, likelihood))
    normal = residuals.log_likelihood
    return Solution(likelihood, best.parameters, best.found, least_squares, residuals, normal, passes)


def _starts(likelihood: Likelihood, least_squares: LeastSquares, residuals: Residuals) -> Iterator[Array]:
    """Where searches begin: the optimum of a sample in large tables, else several shares of inefficiency."""
    if residuals.count > 4 * SAMPLED_ROWS:
        few = sampled(likelihood, SAMPLED_ROWS)
        try:
            found = solve(few, without_inefficiency(few.design, None))
        except EconmodelError:
            found = None
        if found is not None and not found.at_boundary:
            yield found.parameters
            return
    if likelihood.density.has_mean:
        yield from _with_means(likelihood, least_squares, residuals)
        return
    for share in (_suggested(likelihood, residuals), *SHARES):
        yield started(likelihood, least_squares.theta, residuals, share)


def _suggested(likelihood: Likelihood, residuals: Residuals) -> float:
    """The share of inefficiency in the residual variance that their third moment suggests (Olson et al., 1980)."""
    of = _shape(likelihood)
    spread = np.cbrt(max(residuals.third, 0.0) / of["third"])
    return float(np.clip(of["variance"] * spread**2 / residuals.second, SMALLEST_SHARE, LARGEST_SHARE))


def _shape(likelihood: Likelihood) -> dict[str, float]:
    return OF_EXPONENTIAL if likelihood.density.name == "exponential" else OF_HALF_NORMAL


def started(likelihood: Likelihood, theta: Array, residuals: Residuals, share: float) -> Array:
    """Parameters at which inefficiency makes up this share of the residual variance, and its mean is in the level."""
    of = _shape(likelihood)
    sigma_u = np.sqrt(share * residuals.second / of["variance"])
    sigma_v = np.sqrt((1.0 - share) * residuals.second)
    moved = shifted(likelihood.design, theta, residuals.mean - of["mean"] * sigma_u)
    return np.concatenate([moved, np.zeros(likelihood.means), np.log([sigma_u, sigma_v])])


def _with_means(likelihood: Likelihood, least_squares: LeastSquares, residuals: Residuals) -> Iterator[Array]:
    """Starts from the half-normal optimum: the mean at zero, and below it with a wider spread, as in a long tail."""
    half_normal = Likelihood(likelihood.design, HalfNormal())
    try:
        solved = solve(half_normal, least_squares)
    except EconmodelError:
        solved = None
    if solved is None or solved.at_boundary:
        found = started(half_normal, least_squares.theta, residuals, MIDDLE_SHARE)
    else:
        found = solved.parameters
    theta, sigmas, means = found[:-2], found[-2:], np.zeros(likelihood.means)
    yield np.concatenate([theta, means, sigmas])
    if likelihood.constant:
        means[0] = -np.exp(sigmas[0])
        yield np.concatenate([theta, means, sigmas + np.array([WIDER, 0.0])])


def _boundary(
    likelihood: Likelihood, least_squares: LeastSquares, residuals: Residuals, passes: int
) -> Solution[Likelihood]:
    noise = Likelihood(likelihood.design, NoInefficiency())
    sigma = 0.5 * np.log(residuals.second + residuals.mean**2)
    parameters = np.append(least_squares.theta, sigma)
    found = evaluate(noise, parameters)
    return Solution(noise, parameters, found, least_squares, residuals, found.value, passes + 1)
