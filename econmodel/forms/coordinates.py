"""How an output enters a cost function: as a logarithm, as a level, or by a transformation of the user's own."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Coordinate(Protocol):
    """A smooth, increasing transformation of output.

    A form of one's own needs only this: `transform`, `inverse` and `slope` (all element by element), whether zero
    output has a value (`allows_zero`), and whether the coordinate is centred by a shift (as logarithms are) or by
    division by its mean (as levels are, so that the cost function keeps its meaning at zero).
    """

    @property
    def allows_zero(self) -> bool:
        """Whether zero output has a coordinate."""

    @property
    def centring(self) -> Literal["shift", "scale"]:
        """How the coordinate is centred."""

    def transform(self, output: Array) -> Array:
        """The coordinate of an output, before centring."""

    def inverse(self, value: Array) -> Array:
        """The output with this coordinate."""

    def slope(self, output: Array) -> Array:
        """The derivative of `transform`."""


@dataclass(frozen=True, slots=True)
class Logarithm:
    """The coordinate of Cobb-Douglas and translog: log output less its mean."""

    allows_zero: bool = False
    centring: Literal["shift", "scale"] = "shift"

    def transform(self, output: Array) -> Array:
        """Log output."""
        return np.log(output)

    def inverse(self, value: Array) -> Array:
        """The output with this logarithm."""
        return np.exp(value)

    def slope(self, output: Array) -> Array:
        """One over output."""
        return 1.0 / output


@dataclass(frozen=True, slots=True)
class Level:
    """The coordinate of the quadratic and the composite form: output over its mean."""

    allows_zero: bool = True
    centring: Literal["shift", "scale"] = "scale"

    def transform(self, output: Array) -> Array:
        """Output itself."""
        return output

    def inverse(self, value: Array) -> Array:
        """Output itself."""
        return value

    def slope(self, output: Array) -> Array:
        """One."""
        return np.ones_like(output)
