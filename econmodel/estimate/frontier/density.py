"""Log densities of noise plus inefficiency, with first and second derivatives by their scalar arguments.

A deviation from the frontier is e = v + u: noise v, normal around zero, and inefficiency u, never negative. Every
density here is a function of e, of the mean m of u before truncation (truncated normal only), and of the logs of the
two standard deviations. Newton's method needs nothing else of a row: its derivatives by the parameters of the cost
function are those by e times what the form says.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LOG_ROOT_TWO_PI = 0.5 * np.log(2.0 * np.pi)


class Derivatives(NamedTuple):
    """A log density and its derivatives, all of the shape of e.

    Attributes
    ----------
    value : log density
    first : derivatives by each argument: e, m where the density has it, log sigma_u where it has it, log sigma_v
    second : (i, j) with i <= j -> second derivatives
    """

    value: Array
    first: tuple[Array, ...]
    second: dict[tuple[int, int], Array]

    def weighted(self, weights: Array) -> "Derivatives":
        """The same times a weight of each row."""
        second = {place: weights * values for place, values in self.second.items()}
        return Derivatives(weights * self.value, tuple(weights * values for values in self.first), second)


class Conditional(NamedTuple):
    """Inefficiency given e: normal with this centre and spread, truncated at zero from below."""

    centre: Array
    spread: Array


class Shape(NamedTuple):
    """Mean, variance and third central moment of inefficiency, sigma_u one and its mean before truncation zero."""

    mean: float
    variance: float
    third: float


OF_HALF_NORMAL = Shape(np.sqrt(2.0 / np.pi), 1.0 - 2.0 / np.pi, np.sqrt(2.0 / np.pi) * (4.0 / np.pi - 1.0))
OF_EXPONENTIAL = Shape(1.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Density:
    """A distribution of inefficiency, folded with normal noise.

    Attributes
    ----------
    name : what `em.estimators.Frontier(distribution=...)` calls it
    has_mean : whether inefficiency has a mean before truncation, which determinants can move
    sigmas : its standard deviations: of inefficiency and of noise, or of noise alone
    shape : moments of inefficiency
    """

    name: str = ""
    has_mean: bool = False
    sigmas: int = 2
    shape: Shape = OF_HALF_NORMAL

    def derivatives(self, e: Array, mean: Any, log_u: Any, log_v: Any) -> Derivatives:
        """The log density of e and its derivatives; the arguments broadcast."""
        raise NotImplementedError

    def conditional(self, e: Array, mean: Any, sigma_u: Any, sigma_v: Any) -> Conditional:
        """Inefficiency given e."""
        raise NotImplementedError


def log_normal_tail(x: Array) -> tuple[Array, Array]:
    """Log of the normal distribution function at x, and its derivative, the ratio of density to distribution.

    Through the scaled complementary error function: neither loses digits in either tail.
    """
    from scipy.special import erfcx

    half = -0.5 * x * x
    density, scaled = np.exp(half), 0.5 * erfcx(np.abs(x) * np.sqrt(0.5))
    positive = x > 0
    # Above zero the distribution function itself, below zero what is left of it beside the density.
    inside = np.where(positive, 1.0 - scaled * density, scaled)
    log = np.log(inside) + np.where(positive, 0.0, half)
    ratio = np.where(positive, density, 1.0) / (inside * np.sqrt(2.0 * np.pi))
    return log, ratio


@dataclass(frozen=True, slots=True)
class HalfNormal(Density):
    """Inefficiency |N(0, sigma_u^2)| (Aigner, Lovell and Schmidt, 1977)."""

    name: str = "half_normal"

    def derivatives(self, e: Array, mean: Any, log_u: Any, log_v: Any) -> Derivatives:
        """With s^2 = sigma_u^2 + sigma_v^2, p and q the shares of the two in it, B = e sigma_u / (sigma_v s)."""
        log_s = 0.5 * np.logaddexp(2.0 * log_u, 2.0 * log_v)
        p, q = np.exp(2.0 * (log_u - log_s)), np.exp(2.0 * (log_v - log_s))
        c, inverse = np.exp(log_u - log_v - log_s), np.exp(-2.0 * log_s)
        b = c * e
        log_phi, r = log_normal_tail(b)
        h = -r * (b + r)
        square, br, bbh = e * e * inverse, b * r, b * b * h
        free, bend, slope = square - 1.0, br + bbh, r + b * h
        pq = 2.0 * p * q
        value = np.log(2.0) - LOG_ROOT_TWO_PI - log_s - 0.5 * square + log_phi
        first = (c * r - inverse * e, p * free + q * br, q * free - (1.0 + q) * br)
        second = {
            (0, 0): c * c * h - inverse,
            (0, 1): 2.0 * p * inverse * e + c * q * slope,
            (0, 2): 2.0 * q * inverse * e - c * (1.0 + q) * slope,
            (1, 1): pq * free - 2.0 * p * p * square + q * q * bend - pq * br,
            (1, 2): -pq * free - pq * square + pq * br - q * (1.0 + q) * bend,
            (2, 2): pq * free - 2.0 * q * q * square + (1.0 + q) ** 2 * bend - pq * br,
        }
        return Derivatives(value, first, second)

    def conditional(self, e: Array, mean: Any, sigma_u: Any, sigma_v: Any) -> Conditional:
        """As in Jondrow, Lovell, Materov and Schmidt (1982)."""
        return TruncatedNormal().conditional(e, 0.0, sigma_u, sigma_v)


@dataclass(frozen=True, slots=True)
class TruncatedNormal(Density):
    """Inefficiency N(m, sigma_u^2) truncated at zero, m of each row its own (Battese and Coelli, 1995)."""

    name: str = "truncated_normal"
    has_mean: bool = True

    def derivatives(self, e: Array, mean: Any, log_u: Any, log_v: Any) -> Derivatives:
        """With A = (e - m) / s, B = (m sigma_v / sigma_u + e sigma_u / sigma_v) / s, D = m / sigma_u."""
        log_s = 0.5 * np.logaddexp(2.0 * log_u, 2.0 * log_v)
        p, q, s = np.exp(2.0 * (log_u - log_s)), np.exp(2.0 * (log_v - log_s)), np.exp(log_s)
        of_m, of_e, su = np.exp(log_v - log_u - log_s), np.exp(log_u - log_v - log_s), np.exp(log_u)
        m = np.asarray(mean)
        a, d, bm, be = (e - m) / s, m / su, of_m * m, of_e * e
        log_b, r = log_normal_tail(bm + be)
        log_d, rd = log_normal_tail(d)
        h, hd = -r * (bm + be + r), -rd * (d + rd)
        b_u, b_v = q * be - (1.0 + p) * bm, p * bm - (1.0 + q) * be
        pq, square, pull = 2.0 * p * q, a * a, 2.0 * a / s
        b_uu = ((1.0 + p) ** 2 - pq) * bm + q * (q - 2.0 * p) * be
        b_uv = p * (2.0 * q - 1.0 - p) * bm + q * (2.0 * p - 1.0 - q) * be
        b_vv = p * (p - 2.0 * q) * bm + ((1.0 + q) ** 2 - pq) * be
        value = -LOG_ROOT_TWO_PI - log_s - 0.5 * square + log_b - log_d
        first = (
            of_e * r - a / s,
            a / s + of_m * r - rd / su,
            p * (square - 1.0) + r * b_u + rd * d,
            q * (square - 1.0) + r * b_v,
        )
        second = {
            (0, 0): h * of_e**2 - 1.0 / s**2,
            (0, 1): h * of_e * of_m + 1.0 / s**2,
            (0, 2): p * pull + of_e * (h * b_u + q * r),
            (0, 3): q * pull + of_e * (h * b_v - (1.0 + q) * r),
            (1, 1): h * of_m**2 - 1.0 / s**2 - hd / su**2,
            (1, 2): of_m * (h * b_u - (1.0 + p) * r) - p * pull + (hd * d + rd) / su,
            (1, 3): of_m * (h * b_v + p * r) - q * pull,
            (2, 2): pq * (square - 1.0) - 2.0 * p * p * square + h * b_u**2 + r * b_uu - d * (hd * d + rd),
            (2, 3): pq - 2.0 * pq * square + h * b_u * b_v + r * b_uv,
            (3, 3): pq * (square - 1.0) - 2.0 * q * q * square + h * b_v**2 + r * b_vv,
        }
        return Derivatives(value, first, second)

    def conditional(self, e: Array, mean: Any, sigma_u: Any, sigma_v: Any) -> Conditional:
        """The weighted mean of what e and the distribution of u say, and its spread."""
        share = sigma_u**2 / (sigma_u**2 + sigma_v**2)
        centre = share * e + (1.0 - share) * mean
        return Conditional(centre, np.broadcast_to(sigma_v * np.sqrt(share), centre.shape))


@dataclass(frozen=True, slots=True)
class Exponential(Density):
    """Inefficiency exponential with mean sigma_u (Meeusen and van den Broeck, 1977; Aigner et al., 1977)."""

    name: str = "exponential"
    shape: Shape = OF_EXPONENTIAL

    def derivatives(self, e: Array, mean: Any, log_u: Any, log_v: Any) -> Derivatives:
        """With ratio = sigma_v / sigma_u and w = e / sigma_v - ratio."""
        of_u, of_v, ratio = np.exp(-log_u), np.exp(-log_v), np.exp(log_v - log_u)
        scaled = e * of_v
        w = scaled - ratio
        log_phi, r = log_normal_tail(w)
        h = -r * (w + r)
        w_v = -scaled - ratio
        square, within = ratio**2, np.minimum(w, 0.0)
        # Where w is below zero, half its square is taken from the tail's log: the large terms cancel on paper.
        value = np.where(
            w < 0, -log_u - 0.5 * scaled**2 + (log_phi + 0.5 * within**2), -log_u - e * of_u + 0.5 * square + log_phi
        )
        first = (of_v * r - of_u, e * of_u - square - 1.0 + r * ratio, square + r * w_v)
        second = {
            (0, 0): h * of_v**2,
            (0, 1): of_u + h * ratio * of_v,
            (0, 2): of_v * (h * w_v - r),
            (1, 1): 2.0 * square - e * of_u + h * square - r * ratio,
            (1, 2): ratio * (h * w_v + r) - 2.0 * square,
            (2, 2): 2.0 * square + h * w_v**2 + r * w,
        }
        return Derivatives(value, first, second)

    def conditional(self, e: Array, mean: Any, sigma_u: Any, sigma_v: Any) -> Conditional:
        """Normal around e - sigma_v^2 / sigma_u, truncated at zero."""
        centre = e - sigma_v**2 / sigma_u
        return Conditional(centre, np.broadcast_to(np.asarray(sigma_v, dtype=float), centre.shape))


@dataclass(frozen=True, slots=True)
class NoInefficiency(Density):
    """Noise alone: what every frontier is tested against."""

    name: str = "none"
    sigmas: int = 1

    def derivatives(self, e: Array, mean: Any, log_u: Any, log_v: Any) -> Derivatives:
        """Of the normal density; its arguments are e and log sigma_v."""
        inverse = np.exp(-2.0 * log_v)
        square = e * e * inverse
        value = -LOG_ROOT_TWO_PI - log_v - 0.5 * square
        second = {(0, 0): -inverse + 0.0 * e, (0, 1): 2.0 * inverse * e, (1, 1): -2.0 * square}
        return Derivatives(value, (-inverse * e, square - 1.0), second)

    def conditional(self, e: Array, mean: Any, sigma_u: Any, sigma_v: Any) -> Conditional:
        """None: all of e is noise."""
        return Conditional(np.full_like(e, -np.inf), np.zeros_like(e))


DENSITIES: dict[str, Density] = {one.name: one for one in (HalfNormal(), Exponential(), TruncatedNormal())}


def mean_inefficiency(given: Conditional) -> Array:
    """Mean of u given e (Jondrow, Lovell, Materov and Schmidt, 1982)."""
    at = given.centre / given.spread
    return np.asarray(given.centre + given.spread * log_normal_tail(at)[1])


def mean_efficiency(given: Conditional) -> Array:
    """Mean of exp(-u) given e (Battese and Coelli, 1988)."""
    at = given.centre / given.spread
    log = log_normal_tail(at - given.spread)[0] - log_normal_tail(at)[0]
    return np.asarray(np.exp(log - given.centre + 0.5 * given.spread**2))


def inefficiency_quantile(given: Conditional, probability: float) -> Array:
    """Quantile of u given e (Horrace and Schmidt, 1996)."""
    from scipy.special import ndtri_exp

    at = given.centre / given.spread
    return np.asarray(given.centre - given.spread * ndtri_exp(np.log1p(-probability) + log_normal_tail(at)[0]))
