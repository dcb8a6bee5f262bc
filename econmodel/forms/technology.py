"""A form made definite: which outputs, prices, relationships and controls enter, and where they are centred.

Everything here is a function of parameters `theta` (..., k), real or complex, with any leading axes, and of points; so
exact derivatives of whatever is computed from cost follow by complex steps, and a thousand replications are one call.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.form import Form
from econmodel.forms.polynomial import Polynomial

Array = NDArray[np.float64]
# Money above e^300 (1e130), or below one over that, is no cost: squares of such numbers leave double precision.
LARGEST_LOG = 300.0
# Where a coordinate has no slope at zero (a square root), that of so small an output stands for it.
LEAST_OUTPUT = 1e-306


def _above_zero(outputs: Array) -> Array:
    return np.where(outputs == 0.0, LEAST_OUTPUT, outputs)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Where cost is evaluated: n points, in the units in which variables enter the cost function.

    Attributes
    ----------
    outputs : (n, m) outputs in their own units
    log_prices : (n, K) logs of input prices
    relationships : (n, R) relationship variables, in logs where the card says so
    controls : (n, X) controls
    """

    outputs: Array
    log_prices: Array
    relationships: Array
    controls: Array

    def __len__(self) -> int:
        return len(self.outputs)

    def with_outputs(self, outputs: Array) -> "Point":
        """The same surroundings with other outputs (n, m); one row of surroundings serves many rows of outputs."""
        outputs = np.atleast_2d(outputs)
        lift = [
            np.broadcast_to(a, (len(outputs), a.shape[1])) for a in (self.log_prices, self.relationships, self.controls)
        ]
        return Point(outputs, *lift)


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Derivatives of log cost by outputs (..., n, m), log prices (.., K), relationships (.., R), controls (.., X)."""

    outputs: Array
    log_prices: Array
    relationships: Array
    controls: Array


@dataclass(frozen=True, slots=True, eq=False)
class Technology:
    """A cost function up to its parameters.

    In log forms log C = P(z). In level forms log C = log H(z) + P(z): H adds up outputs (and fixed costs), P scales
    everything. With a numeraire, C and the prices are divided by its price; where the form takes prices as levels, by
    the mean of all prices over their centres, and the numeraire is the one that need not stand in H beside the others.

    Attributes
    ----------
    form : the form
    outputs, prices, relationships, controls : names
    log_relationships : for each relationship variable, whether it enters in logs
    numeraire : place of the price that all is divided by, or None
    output_centres : (m,) means of the output coordinates
    log_price_centres : (K,) means of log prices
    relationship_centres, control_centres : (R,), (X,) means
    fixed_costs : places of the outputs that have a fixed cost of their own
    aggregate : H, None in log forms
    exponent : P
    names : names of the k parameters, those of H first
    unit_names : names of the parameters of `in_units`
    """

    form: Form
    outputs: tuple[str, ...]
    prices: tuple[str, ...]
    relationships: tuple[str, ...]
    controls: tuple[str, ...]
    log_relationships: tuple[bool, ...]
    numeraire: int | None
    output_centres: Array
    log_price_centres: Array
    relationship_centres: Array
    control_centres: Array
    fixed_costs: tuple[int, ...]
    aggregate: Polynomial | None
    exponent: Polynomial
    names: tuple[str, ...]
    unit_names: tuple[str, ...]

    @property
    def is_level(self) -> bool:
        """Whether outputs add up in an aggregate (then cost is defined at zero output)."""
        return self.aggregate is not None

    def split(self, theta: Array) -> tuple[Array, Array]:
        """The parameters of H (empty in log forms) and of P."""
        count = self.aggregate.count if self.aggregate is not None else 0
        return theta[..., :count], theta[..., count:]

    def mean_point(self) -> Point:
        """The point at which the coordinates are centred: geometric means in logs, arithmetic means in levels."""
        return Point(
            self.form.coordinate.inverse(self.output_centres)[None],
            self.log_price_centres[None],
            self.relationship_centres[None],
            self.control_centres[None],
        )

    def coordinates(self, point: Point) -> Array:
        """The centred coordinates z (n, d): outputs, relative prices, relationships, controls, fixed costs."""
        u = self.form.coordinate.transform(point.outputs)
        u = u - self.output_centres if self.form.coordinate.centring == "shift" else u / self.output_centres
        v = self._price_coordinates(point.log_prices)
        r = point.relationships - self.relationship_centres
        x = point.controls - self.control_centres
        producing = (point.outputs[..., list(self.fixed_costs)] > 0).astype(float)
        lead = u.shape[:-1]
        parts = [a for a in (u, v, r, x, producing) if a.shape[-1]]
        lifted = [a if a.shape[:-1] == lead else np.broadcast_to(a, (*lead, a.shape[-1])) for a in parts]
        return np.concatenate(lifted, axis=-1)

    def _price_coordinates(self, log_prices: Array) -> Array:
        if not self.form.price_levels:
            return self._relative(log_prices) - self._relative(self.log_price_centres[None])
        levels = self._price_levels(log_prices)
        return (levels if self.numeraire is None else np.delete(levels, self.numeraire, axis=-1)) - 1.0

    def _price_levels(self, log_prices: Array) -> Array:
        """Prices over their centres, and over the mean of these where cost is proportional to all prices together."""
        levels = np.exp(log_prices - self.log_price_centres)
        return levels if self.numeraire is None else levels / levels.mean(axis=-1, keepdims=True)

    def _relative(self, log_prices: Array) -> Array:
        if self.numeraire is None:
            return log_prices
        return np.delete(log_prices, self.numeraire, axis=-1) - log_prices[..., [self.numeraire]]

    def log_numeraire(self, point: Point) -> Array | float:
        """Log of what cost and prices are divided by, (n,); zero where nothing is."""
        if self.numeraire is None:
            return 0.0
        if self.form.price_levels:
            return np.asarray(np.log(np.exp(point.log_prices - self.log_price_centres).mean(axis=-1)))
        return point.log_prices[..., self.numeraire]

    def log_cost(self, theta: Array, point: Point) -> Array:
        """Log cost (..., n); missing where the aggregate of a level form is not positive."""
        of_aggregate, of_exponent = self.split(theta)
        z = self.coordinates(point)
        value = self.exponent.value(of_exponent, z)
        if self.aggregate is not None:
            value = value + log_where_positive(self.aggregate.value(of_aggregate, z))
        return value + self.log_numeraire(point)

    def cost(self, theta: Array, point: Point) -> Array:
        """Cost (..., n) in money; negative where a level form says so, missing where it is beyond all money."""
        of_aggregate, of_exponent = self.split(theta)
        z = self.coordinates(point)
        scale = exp_of_money(self.exponent.value(of_exponent, z) + self.log_numeraire(point))
        return scale if self.aggregate is None else scale * self.aggregate.value(of_aggregate, z)

    def intercept(self, theta: Array, point: Point) -> Array:
        """Money that a level form charges to whoever produces anything (..., n): the common fixed cost, and the own
        fixed costs of outputs that everyone produces, which data cannot tell from it.
        """
        of_aggregate, of_exponent = self.split(theta)
        z = self.coordinates(point)
        scale = exp_of_money(self.exponent.value(of_exponent, z) + self.log_numeraire(point))
        if not self.form.price_levels or self.aggregate is None:
            return scale * of_aggregate[..., :1]
        nothing = z.copy()
        nothing[..., : len(self.outputs)] = 0.0
        nothing[..., z.shape[-1] - len(self.fixed_costs) :] = 0.0
        return scale * self.aggregate.value(of_aggregate, nothing)

    def slopes(self, theta: Array, point: Point) -> Slopes:
        """Derivatives of log cost by outputs, log prices (numeraire included), relationships and controls."""
        of_aggregate, of_exponent = self.split(theta)
        z = self.coordinates(point)
        _, gradient = self.exponent.evaluate(of_exponent, z)
        if self.aggregate is not None:
            value, of_value = self.aggregate.evaluate(of_aggregate, z)
            gradient = gradient + over_positive(of_value, value[..., None])
        return self._in_units(gradient, point)

    def _in_units(self, gradient: Array, point: Point) -> Slopes:
        m, r, x = len(self.outputs), len(self.relationships), len(self.controls)
        k = len(self.prices) - (self.numeraire is not None)
        slope = self.form.coordinate.slope(_above_zero(point.outputs))
        if self.form.coordinate.centring == "scale":
            slope = slope / self.output_centres
        by_price = self._by_log_price(gradient[..., m : m + k], point)
        return Slopes(
            gradient[..., :m] * slope,
            by_price,
            gradient[..., m + k : m + k + r],
            gradient[..., m + k + r : m + k + r + x],
        )

    def _by_log_price(self, gradient: Array, point: Point) -> Array:
        """Derivatives by the log of every price (.., K) from those by the price coordinates."""
        weights: Array | None = None
        if self.form.price_levels:
            levels = self._price_levels(point.log_prices)
            kept = levels if self.numeraire is None else np.delete(levels, self.numeraire, axis=-1)
            gradient, weights = gradient * kept, levels / levels.shape[-1]
        if self.numeraire is None:
            return gradient
        own = 1.0 - gradient.sum(axis=-1, keepdims=True)
        if weights is None:
            parts = [gradient[..., : self.numeraire], own, gradient[..., self.numeraire :]]
            return np.concatenate(parts, axis=-1)
        none = np.zeros_like(own)
        parts = [gradient[..., : self.numeraire], none, gradient[..., self.numeraire :]]
        return np.asarray(np.concatenate(parts, axis=-1) + own * weights)

    def output_relationship_curvature(self, theta: Array, point: Point) -> Array:
        """Derivatives of the output elasticities by the relationship variables, (..., n, m, R)."""
        of_aggregate, of_exponent = self.split(theta)
        z = self.coordinates(point)
        m, k = len(self.outputs), len(self.prices) - (self.numeraire is not None)
        columns = slice(m + k, m + k + len(self.relationships))
        curvature = self.exponent.coefficients(of_exponent)[2][..., None, :m, columns]
        if self.aggregate is not None:
            value, gradient = self.aggregate.evaluate(of_aggregate, z)
            value = value[..., None, None]
            second = self.aggregate.coefficients(of_aggregate)[2][..., None, :m, columns]
            first = gradient[..., :m, None] * gradient[..., None, columns]
            curvature = curvature + over_positive(second - over_positive(first, value), value)
        slope = self.form.coordinate.slope(_above_zero(point.outputs)) * point.outputs
        if self.form.coordinate.centring == "scale":
            slope = slope / self.output_centres
        return curvature * slope[..., None]

    def in_units(self, theta: Array) -> Array:
        """Parameters of the uncentred form in the user's units, one a monomial (so every tilt has its own).

        P has no constant in level forms: what centring put there multiplies the parameters of H.
        """
        of_aggregate, of_exponent = self.split(theta)
        shift, scale = self._centring()
        raw = _raw_parameters(self.exponent, of_exponent, shift, scale)
        if self.aggregate is None:
            return raw
        constant = self.exponent.value(of_exponent, (-shift / scale)[None])
        return np.concatenate(
            [_raw_parameters(self.aggregate, of_aggregate, shift, scale) * np.exp(constant), raw], axis=-1
        )

    def _centring(self) -> tuple[Array, Array]:
        relative = self._relative(self.log_price_centres[None])[0]
        of_prices = np.ones(len(relative))
        if self.form.price_levels:
            kept = [place for place in range(len(self.prices)) if place != self.numeraire]
            relative = of_prices = np.exp(self.log_price_centres[kept])
        others = np.concatenate([relative, self.relationship_centres, self.control_centres])
        fixed = len(self.fixed_costs)
        by_shift = self.form.coordinate.centring == "shift"
        shift = np.concatenate([self.output_centres * by_shift, others, np.zeros(fixed)])
        ones = np.ones(len(others) - len(of_prices) + fixed)
        of_outputs = np.ones(len(self.outputs)) if by_shift else self.output_centres
        return shift, np.concatenate([of_outputs, of_prices, ones])


def exp_of_money(value: Array) -> Array:
    """Exponential of a real or complex array, missing where the real part is beyond `LARGEST_LOG` either way."""
    size = np.abs(value.real)
    if size.max(initial=0.0) <= LARGEST_LOG:
        return np.exp(value)
    return np.where(size <= LARGEST_LOG, np.exp(np.where(size <= LARGEST_LOG, value, 0.0)), np.nan)


def log_where_positive(value: Array) -> Array:
    """Log of a real or complex array, missing where the real part is not positive."""
    positive = value.real > 0
    return np.where(positive, np.log(np.where(positive, value, 1.0)), np.nan)


def over_positive(numerator: Array, value: Array) -> Array:
    """A quotient, missing where the real part of the denominator is not positive."""
    positive = value.real > 0
    return np.where(positive, numerator / np.where(positive, value, 1.0), np.nan)


def _raw_parameters(polynomial: Polynomial, parameters: Array, shift: Array, scale: Array) -> Array:
    origin = (-shift / scale)[None]
    value, gradient = polynomial.evaluate(parameters, origin)
    quadratic = polynomial.coefficients(parameters)[2]
    raw = []
    for first, second in polynomial.terms:
        if first < 0:
            raw.append(value[..., 0])
        elif second < 0:
            raw.append(gradient[..., 0, first] / scale[first])
        else:
            raw.append(quadratic[..., first, second] / (scale[first] * scale[second]))
    return np.stack(raw, axis=-1) if raw else np.zeros((*parameters.shape[:-1], 0))
