"""Quadratic polynomials of the coordinates: the common algebra of every shipped form.

A polynomial is a list of monomials `weight * z_a * z_b`; an index of -1 stands for the constant one, so that the same
list holds the constant (-1, -1), the linear terms (a, -1) and the products. Squares carry the weight one half, which
makes their parameters second derivatives.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Rows of the multipliers, the first coordinate that their monomials share, and the second ones.
Run = tuple[slice, int, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Polynomial:
    """Monomials of the coordinates and how parameters combine them.

    Attributes
    ----------
    terms : (t, 2) integers, the coordinates of each monomial, -1 for none
    size : number of coordinates
    mixing : (k, t) matrix, or None for one parameter a monomial; with it, parameter j multiplies the sum of
        `mixing[j]` over the monomials (the tilts of a relationship variable sum to zero over outputs this way)
    runs : products of one coordinate with consecutive others, which one multiplication fills
    weights : (t,) one half for squares, one for all else
    squares : places of the monomials that carry the weight one half
    unmixed : number of leading monomials that have a parameter each, of their own and in order
    """

    terms: NDArray[np.int64]
    size: int
    mixing: Array | None = None
    runs: tuple[Run, ...] = field(init=False, repr=False)
    weights: Array = field(init=False, repr=False)
    squares: tuple[int, ...] = field(init=False, repr=False)
    unmixed: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        unmixed = len(self.terms) if self.mixing is None else _leading_identity(self.mixing)
        object.__setattr__(self, "unmixed", unmixed)
        runs = _runs(self.terms[:unmixed], 0) + _runs(self.terms[unmixed:], unmixed)
        object.__setattr__(self, "runs", tuple(runs))
        first, second = self.terms.T
        object.__setattr__(self, "weights", np.where((first == second) & (first >= 0), 0.5, 1.0))
        object.__setattr__(self, "squares", tuple(np.flatnonzero(self.weights != 1.0).tolist()))

    @property
    def count(self) -> int:
        """Number of parameters."""
        return len(self.terms) if self.mixing is None else len(self.mixing)

    def monomials(self, z: Array) -> Array:
        """The parameters' multipliers at each point: z (n, d) gives (n, k)."""
        padded = np.concatenate([z, np.ones((*z.shape[:-1], 1))], axis=-1)
        first, second = self.terms.T
        values = padded[..., first] * padded[..., second] * self.weights
        return values if self.mixing is None else values @ self.mixing.T

    def fill(self, z: Array, out: Array, spare: Array) -> None:
        """Write the multipliers into `out` (k, n) from z (d, n): features as rows, no memory of its own.

        `spare` (t, n) is used only where parameters mix monomials.
        """
        for rows, first, seconds in self.runs:
            target = out if rows.start < self.unmixed else spare
            if first < 0:
                target[rows] = 1.0
            elif seconds.start < 0:
                target[rows] = z[first]
            else:
                np.multiply(z[first], z[seconds], out=target[rows])
        for row in self.squares:
            (out if row < self.unmixed else spare)[row] *= 0.5
        if self.mixing is not None:
            mixed = self.mixing[self.unmixed :, self.unmixed :]
            np.matmul(mixed, spare[self.unmixed :], out=out[self.unmixed :])

    def coefficients(self, parameters: Array) -> tuple[Array, Array, Array]:
        """Constant, gradient and Hessian at z = 0: parameters (..., k) give (...), (..., d) and (..., d, d)."""
        of_monomials = parameters if self.mixing is None else parameters @ self.mixing
        lead = of_monomials.shape[:-1]
        constant = np.zeros(lead, of_monomials.dtype)
        linear = np.zeros((*lead, self.size), of_monomials.dtype)
        quadratic = np.zeros((*lead, self.size, self.size), of_monomials.dtype)
        for index, (first, second) in enumerate(self.terms):
            value = of_monomials[..., index]
            if first < 0:
                constant = constant + value
            elif second < 0:
                linear[..., first] += value
            else:
                quadratic[..., first, second] = value
                quadratic[..., second, first] = value
        return constant, linear, quadratic

    def value(self, parameters: Array, z: Array) -> Array:
        """Value (..., n) at z (n, d), or at z with the leading axes of the parameters (..., k), real or complex."""
        multipliers = self.monomials(z)
        if z.ndim > 2:
            return (multipliers @ parameters[..., None])[..., 0]
        return _product(multipliers, parameters[..., None, :].swapaxes(-1, -2))[..., 0]

    def evaluate(self, parameters: Array, z: Array) -> tuple[Array, Array]:
        """Value (..., n) and gradient (..., n, d) at z (n, d) for parameters (..., k), real or complex."""
        constant, linear, quadratic = self.coefficients(parameters)
        curved = _product(z, quadratic)
        gradient = linear[..., None, :] + curved
        # By einsum, since a sum along so short an axis costs more than everything else here.
        value = constant[..., None] + np.einsum("...d,...d->...", z, gradient - 0.5 * curved)
        return value, gradient

    def derivative(self, by: int) -> tuple[Array, Array]:
        """The matrix (k, k) and the constants (k,) with d multipliers / d z_by = matrix @ multipliers + constants.

        For polynomials in which every product comes with the linear terms of its factors, each with a parameter of its
        own. The constants are zero where the polynomial has a constant of its own, which then takes them up.
        """
        place = {(int(a), int(b)): index for index, (a, b) in enumerate(self.terms)}
        matrix, constants = np.zeros((len(self.terms), len(self.terms))), np.zeros(len(self.terms))
        for index, (a, b) in enumerate(self.terms.tolist()):
            if by not in (a, b):
                continue
            other = b if a == by else a
            if other >= 0:
                # A square has the weight one half, so its derivative has the weight one, as that of a product.
                matrix[index, place[other, -1]] = 1.0
            elif (-1, -1) in place:
                matrix[index, place[-1, -1]] = 1.0
            else:
                constants[index] = 1.0
        if self.mixing is None:
            return matrix, constants
        return self.mixing @ matrix @ np.linalg.pinv(self.mixing), self.mixing @ constants

    def shift(self, by: Array) -> Array:
        """The matrix M with multipliers(z - by) = M multipliers(z), for polynomials closed under translation.

        Every product must come with its linear terms and every linear term with the constant, each with a parameter of
        its own. Used to move moments that were accumulated around a provisional centre to the mean, so that one pass
        over the rows is enough.
        """
        place = {(int(a), int(b)): index for index, (a, b) in enumerate(self.terms)}
        matrix = np.eye(len(self.terms))
        for index, ((a, b), weight) in enumerate(zip(self.terms, self.weights, strict=True)):
            if b >= 0:
                matrix[index, place[int(a), -1]] -= weight * by[b]
                matrix[index, place[int(b), -1]] -= weight * by[a]
                matrix[index, place[-1, -1]] += weight * by[a] * by[b]
            elif a >= 0:
                matrix[index, place[-1, -1]] -= by[a]
        if self.mixing is None:
            return matrix
        return self.mixing @ matrix @ np.linalg.pinv(self.mixing)


def _product(real: Array, other: Array) -> Array:
    """A matrix product of a real with a real or complex array: two real products, where numpy would make four."""
    if not np.iscomplexobj(other) or np.iscomplexobj(real):
        return real @ other
    product = np.empty(
        (*np.broadcast_shapes(real.shape[:-2], other.shape[:-2]), real.shape[-2], other.shape[-1]), complex
    )
    product.real, product.imag = real @ other.real, real @ other.imag
    return product


def terms(constant: bool, linear: list[int], products: list[tuple[int, int]]) -> NDArray[np.int64]:
    """The list of monomials: the constant first, then linear terms, then products and squares."""
    pairs = [(-1, -1)] * constant + [(index, -1) for index in linear] + products
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def all_pairs(indices: list[int]) -> list[tuple[int, int]]:
    """Every square and every product of the coordinates, squares and products in the order of a triangle."""
    return [(a, b) for position, a in enumerate(indices) for b in indices[position:]]


def _leading_identity(mixing: Array) -> int:
    """How many leading parameters have one monomial each, the same one in order, that no other parameter has."""
    size = min(mixing.shape)
    unit = np.eye(*mixing.shape)
    own = (mixing[:size] == unit[:size]).all(axis=1) & (mixing[:, :size] == unit[:, :size]).all(axis=0)
    return size if own.all() else int(np.argmin(own))


def _runs(monomials: NDArray[np.int64], start: int) -> list[Run]:
    runs: list[Run] = []
    for row, (first, second) in enumerate(monomials.tolist(), start):
        rows, shared, seconds = runs[-1] if runs else (slice(0, 0), -1, slice(-1, 0))
        if shared == first and seconds.start >= 0 and seconds.stop == second:
            runs[-1] = slice(rows.start, row + 1), first, slice(seconds.start, second + 1)
        else:
            runs.append((slice(row, row + 1), first, slice(second, second + 1)))
    return runs
