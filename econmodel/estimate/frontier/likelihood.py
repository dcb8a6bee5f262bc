"""The likelihood of a frontier, Newton's method for it, and the ends of the search that are no optimum.

The parameters are those of the cost function, those of the mean of inefficiency where it has one, and the logs of
sigma_u and sigma_v. A pass over the rows adds up the log density, X'g and X'diag(h)X with g and h its derivatives by
the residual. No optimum are: no inefficiency, no noise, means of inefficiency without end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge
from econmodel.estimate.design import Design
from econmodel.estimate.frontier.density import Density, Derivatives

Array = NDArray[np.float64]
MAXIMUM_STEPS = 100
# Newton's decrement, twice the log-likelihood still to gain: parameters are then exact to a millionth of an error.
GAINED = 1e-12
# Where rounding keeps the decrement above that, this is close enough: a thousandth of a standard error.
ROUNDING = 1e-6
# A step of the log of a standard deviation is not trusted beyond this.
LONGEST_STEP = 1.5
SMALLEST_FRACTION = 2.0**-20
# A share of the gain that a step must deliver (Armijo).
DELIVERED = 1e-4
# Curvature of the scaled likelihood below this share of the largest is not followed.
FLATTEST = 1e-9
# sigma_u below this share of sigma_v, without a likelihood above least squares', is on its way to zero.
NO_INEFFICIENCY = 0.1
# sigma_v below this share of sigma_u: on its way to zero.
NO_NOISE = 1e-3
# A likelihood that is not higher than least squares' by this much is not higher.
HIGHER = 1e-7
# Means of inefficiency this many spreads below zero leave an exponential tail (all rows), or none at all (some).
EXPONENTIAL, NONE_AT_ALL = -12.0, -25.0
# This many spreads above zero, truncation never bites.
UNTRUNCATED = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A density of deviations joined to a cost function and its rows, whatever else it holds."""

    design: Design
    density: Density

    @property
    def means(self) -> int:
        """Parameters of the mean of inefficiency."""
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood(Joined):
    """A density of deviations joined to a cost function and its rows.

    Attributes
    ----------
    design : the cost function; its columns `beside` are the determinants of inefficiency
    density : of the deviations
    constant : whether the mean of inefficiency has a constant of its own (densities with a mean only)
    """

    constant: bool = False

    @property
    def means(self) -> int:
        """Parameters of the mean of inefficiency."""
        return len(self.design.beside) + self.constant if self.density.has_mean else 0

    def split(self, parameters: Array) -> tuple[Array, Array, Array, Array]:
        """Cost function, mean of inefficiency, log sigma_u (minus infinity without inefficiency) and log sigma_v."""
        end, sigmas = self.design.count + self.means, parameters[..., self.design.count + self.means :]
        log_u = sigmas[..., 0] if self.density.sigmas == 2 else np.full_like(sigmas[..., 0], -np.inf)
        return parameters[..., : self.design.count], parameters[..., self.design.count : end], log_u, sigmas[..., -1]

    def moved(self, block: Array) -> Array:
        """The rows that the mean of inefficiency is made of: ones, and the determinants."""
        determinants = block[self.design.count : -1]
        return np.vstack([np.ones((1, block.shape[1])), determinants]) if self.constant else determinants

    def natural(self, parameters: Array) -> Array:
        """Parameters (..., K) with standard deviations for their logs, sigma_u zero where there is no inefficiency."""
        theta, delta, log_u, log_v = self.split(parameters)
        return np.concatenate([theta, delta, np.exp(log_u)[..., None], np.exp(log_v)[..., None]], axis=-1)

    def rows(
        self, parameters: Array, weights: Array | None = None
    ) -> Iterator[tuple[slice, Array, Array, Derivatives]]:
        """Blocks of rows with their derivatives: (rows, x (k, n), z (q, n), derivatives of the log density)."""
        theta, delta, log_u, log_v = self.split(parameters)
        for rows, block in self.design.blocks(theta):
            z = self.moved(block) if self.density.has_mean else block[:0]
            found = self.density.derivatives(block[-1], delta @ z, log_u, log_v)
            yield rows, block[: self.design.count], z, found if weights is None else found.weighted(weights[rows])

    def row_derivatives(self, parameters: Array) -> Iterator[tuple[slice, Array, Array]]:
        """Blocks of each row's own gradient (K, n) and Hessian (K, K, n) of its log density."""
        aggregate, own = self.design.technology.aggregate, 1 + self.density.has_mean
        for rows, x, z, found in self.rows(parameters):
            # How each argument of the density moves with each parameter: e by minus x, m by z, logs by themselves.
            moves = np.zeros((len(found.first), len(parameters), x.shape[1]))
            moves[0, : len(x)] = -x
            if self.density.has_mean:
                moves[1, len(x) : len(x) + len(z)] = z
            for argument in range(own, len(found.first)):
                moves[argument, argument - len(found.first)] = 1.0
            gradient = np.einsum("akn,an->kn", moves, np.stack(found.first))
            second = np.stack(
                [[found.second[min(i, j), max(i, j)] for j in range(len(found.first))] for i in range(len(found.first))]
            )
            hessian = np.einsum("akn,abn,bln->kln", moves, second, moves, optimize=True)
            if aggregate is not None:
                inside = x[: aggregate.count]
                hessian[: len(inside), : len(inside)] += found.first[0] * inside[:, None] * inside
            yield rows, gradient, hessian


class Evaluation(NamedTuple):
    """A log-likelihood (missing where fitted cost is not positive) with gradient (K,) and Hessian (K, K)."""

    value: float
    gradient: Array
    hessian: Array


def evaluate(likelihood: Likelihood, parameters: Array, weights: Array | None = None) -> Evaluation:
    """One pass over the rows, each counted once or by its weight (n,)."""
    count, means = likelihood.design.count, likelihood.means
    aggregate = likelihood.design.technology.aggregate
    value, gradient = 0.0, np.zeros(len(parameters))
    hessian = np.zeros((len(parameters), len(parameters)))
    theta, delta, rest = slice(count), slice(count, count + means), slice(count + means, None)
    own = 1 + (means > 0)
    for _, x, z, found in likelihood.rows(parameters, weights):
        first, second = found.first, found.second
        value += float(found.value.sum())
        sigmas = list(range(own, len(first)))
        by_e = np.stack([first[0], *(second[0, number] for number in sigmas)])
        product = x @ by_e.T
        gradient[theta] -= product[:, 0]
        hessian[theta, rest] -= product[:, 1:]
        gradient[rest] += [first[number].sum() for number in sigmas]
        for one in sigmas:
            for other in sigmas[one - own :]:
                hessian[count + means + one - own, count + means + other - own] += second[one, other].sum()
        # The log density is concave in e, so its curvature has a real root: one symmetric product.
        curved = x * np.sqrt(np.maximum(-second[0, 0], 0.0))
        hessian[theta, theta] -= curved @ curved.T
        if aggregate is not None:
            # log H bends: its Hessian is minus the product of its gradients.
            inside = x[: aggregate.count]
            hessian[: aggregate.count, : aggregate.count] += (inside * first[0]) @ inside.T
        if means:
            by_m = np.stack([first[1], *(second[1, number] for number in sigmas)])
            product = z @ by_m.T
            gradient[delta] += product[:, 0]
            hessian[delta, rest] += product[:, 1:]
            hessian[theta, delta] -= (x * second[0, 1]) @ z.T
            hessian[delta, delta] += (z * second[1, 1]) @ z.T
    upper = np.triu(hessian)
    return Evaluation(value, gradient, upper + np.triu(hessian, 1).T)


def uphill(gradient: Array, hessian: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Newton steps (..., K), with the curvature's sign turned where the likelihood bends up; and where it nowhere does.

    Parameters
    ----------
    gradient : (..., K)
    hessian : (..., K, K)
    """
    scale = np.sqrt(np.abs(np.einsum("...kk->...k", hessian)))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(-hessian / (scale[..., :, None] * scale[..., None, :]))
    size = np.abs(values)
    along = np.einsum("...ki,...k->...i", vectors, gradient / scale)
    along = along / np.maximum(size, FLATTEST * size.max(axis=-1, keepdims=True))
    return np.einsum("...ki,...i->...k", vectors, along) / scale, values[..., 0] > 0


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where a search ended: parameters, what was found there, passes made, and what made it stop short, if anything."""

    parameters: Array
    found: Evaluation
    passes: int
    stopped: str = ""


Stop = Callable[[Array, Evaluation], str]


def climb(evaluated: Callable[[Array], Evaluation], start: Array, stop: Stop, gained: float = GAINED) -> Peak:
    """Newton's method with step control, uphill even where the likelihood is not concave.

    Parameters
    ----------
    evaluated : parameters -> log-likelihood, gradient, Hessian
    start : (K,) parameters, the last two of them logs of standard deviations where there are two
    stop : asked at each step whether to go on ("") or why not
    gained : Newton's decrement below which the search ends

    Raises
    ------
    DidNotConverge
        Where no optimum is reached.
    """
    at, found, passes = start, evaluated(start), 1
    if not np.isfinite(found.value):
        raise DidNotConverge(_advice("fitted cost is not positive for every provider at the starting point"))
    for _ in range(MAXIMUM_STEPS):
        step, concave = uphill(found.gradient, found.hessian)
        gain = float(found.gradient @ step)
        if concave and gain < gained:
            return Peak(at, found, passes)
        if reason := stop(at, found):
            return Peak(at, found, passes, reason)
        fraction = min(1.0, LONGEST_STEP / max(float(np.abs(step[-2:]).max()), LONGEST_STEP))
        while fraction > SMALLEST_FRACTION:
            new = evaluated(at + fraction * step)
            passes += 1
            if new.value >= found.value + DELIVERED * fraction * gain or (gain < ROUNDING and new.value >= found.value):
                break
            fraction /= 2
        else:
            if gain < ROUNDING and concave:
                return Peak(at, found, passes)
            raise DidNotConverge(_advice("no step raises the likelihood, and this is no optimum"))
        at, found = at + fraction * step, new
    raise DidNotConverge(_advice(f"no optimum was reached in {MAXIMUM_STEPS} steps"))


def _advice(what: str) -> str:
    return (
        f"The search for the frontier failed: {what}. No numbers are returned. Use fewer second-order terms "
        '(second_order="outputs" or "none"), fewer variables, or estimator="least_squares" to see whether the cost '
        "function itself is identified."
    )


def shifted(design: Design, theta: Array, by: float) -> Array:
    """Parameters of the same cost function with log cost higher by `by` everywhere."""
    technology, moved = design.technology, theta.copy()
    if technology.aggregate is not None:
        moved[: technology.aggregate.count] *= np.exp(by)
    else:
        moved[technology.names.index("constant")] += by
    return moved


def stop_at_ends(likelihood: Likelihood, normal: float) -> Stop:
    """What a search must not run into: no inefficiency, no noise, means of inefficiency without end."""

    def stop(at: Array, found: Evaluation) -> str:
        _, delta, log_u, log_v = likelihood.split(at)
        if log_u - log_v < np.log(NO_INEFFICIENCY) and found.value <= normal + HIGHER:
            return "none"
        if log_v - log_u < np.log(NO_NOISE):
            return "noiseless"
        if len(delta):
            spreads = means(likelihood, delta) / np.exp(log_u)
            if spreads.max() < EXPONENTIAL:
                return "exponential"
            if spreads.min() < NONE_AT_ALL:
                return "separated"
            if spreads.min() > UNTRUNCATED:
                return "untruncated"
        return ""

    return stop


def _column(likelihood: Likelihood, name: str) -> Array:
    return np.concatenate([columns[name] for _, columns in likelihood.design.rows.blocks(65_536)])


def means(likelihood: Likelihood, delta: Array) -> Array:
    """Means of inefficiency before truncation of every row, (..., n)."""
    ones = [np.ones(likelihood.design.rows.count)] if likelihood.constant else []
    return np.asarray(delta @ np.stack(ones + [_column(likelihood, name) for name in likelihood.design.beside]))


WORDS = {
    "none": (
        "No inefficiency is found: the likelihood is highest where sigma_u is zero, so nothing can be learnt of its "
        'mean and of what moves it. Use em.estimators.Frontier("half_normal"), which reports that case, or '
        'estimator="least_squares" with the determinants among the controls.'
    ),
    "noiseless": (
        "The likelihood rises towards a frontier without noise (sigma_v of zero), on which every deviation is "
        "inefficiency. That happens in small tables, or where a few providers lie exactly on the frontier. Use fewer "
        'parameters (second_order="outputs" or "none"), or estimator="least_squares".'
    ),
    "exponential": (
        "The mean of inefficiency before truncation runs to minus infinity: the data want the exponential "
        'distribution, which the truncated normal only reaches there. Use em.estimators.Frontier("exponential")'
    ),
    "untruncated": (
        "The determinants place inefficiency so far above zero that truncation never bites: it is then nothing but a "
        "part of the cost function, and its level cannot be told from the constant. Give them as controls or "
        "relationship variables instead of determinants."
    ),
}


def explained(peak: Peak, likelihood: Likelihood) -> str:
    """What the end at which a search stopped means, and what to do."""
    if peak.stopped == "exponential" and likelihood.design.beside:
        return (
            WORDS["exponential"] + ", or determinants without a constant: em.estimators.Frontier(..., constant=False)."
        )
    if peak.stopped == "exponential":
        return WORDS["exponential"] + "."
    if peak.stopped != "separated":
        return WORDS[peak.stopped]
    _, delta, log_u, _ = likelihood.split(peak.parameters)
    values = means(likelihood, delta) / np.exp(log_u)
    without = values < 0.5 * values.min()
    names = likelihood.design.beside
    slopes = delta[-len(names) :]
    moves = []
    for name, slope in zip(names, slopes, strict=True):
        column = _column(likelihood, name)
        moves.append(-slope * (column[without].mean() - column[~without].mean()))
    name = names[int(np.argmax(moves))]
    return (
        f"{name} tells apart {int(without.sum())} rows with no inefficiency at all: its effect on the mean of "
        f"inefficiency runs to {'minus' if slopes[names.index(name)] < 0 else 'plus'} infinity, and no number is "
        f"returned for it. Leave {name} out of the determinants (it may stand in the cost function), or join its "
        "values to broader groups."
    )
