"""Identities that are asserted whenever they are used: a failure is a fault of this program, not of a table."""

import numpy as np
from numpy.typing import ArrayLike

# Of the terms of an identity: a few dozen operations in double precision, on numbers a million times their sum.
ADDING_UP = 1e-10


def assert_adds_up(what: str, difference: ArrayLike, *terms: ArrayLike) -> None:
    """ArithmeticError where a difference is more than the rounding of the terms that it is made of.

    Parameters
    ----------
    what : the identity, and how it fails
    difference : left less right side; missing values are left out
    terms : what rounding is relative to, of the same shape or scalar

    Examples
    --------
    >>> assert_adds_up("The parts miss their sum", 1e-3, 1e9, -1e9)
    """
    if not adds_up(difference, *terms):
        raise ArithmeticError(f"{what} by {np.nanmax(np.abs(np.asarray(difference))):.1e}.")


def adds_up(difference: ArrayLike, *terms: ArrayLike) -> bool:
    """Whether a difference is no more than the rounding of the terms that it is made of; missing ones left out."""
    size = sum((np.abs(np.asarray(term)) for term in terms), np.zeros(1))
    return not (np.abs(np.asarray(difference)) > ADDING_UP * size).any()
