"""Numbers that a user states: a seed, a count, a size in logs. What cannot be one is refused in words."""

from numbers import Integral, Real

import numpy as np

from econmodel.errors import NotSupported

# Of what is drawn in logs: beyond it cost is no number that a computer holds.
LARGEST_IN_LOGS = 100.0
# Of fewer replications no quantile of an interval of 90 % is seen; of more the digits of an interval no longer move.
FEWEST_REPLICATIONS, MOST_REPLICATIONS = 19, 100_000


def random_numbers(seed: object) -> np.random.Generator:
    """The random numbers of a seed.

    Raises
    ------
    NotSupported
        Where the seed is not a whole number from zero.

    Examples
    --------
    >>> bool(random_numbers(3).random() == random_numbers(3).random())
    True
    """
    return np.random.default_rng(require_seed(seed))


def require_seed(seed: object) -> int:
    """The seed; NotSupported where it is not a whole number from zero."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or int(seed) < 0:
        raise NotSupported(f"seed={seed!r}: random numbers need a whole number from 0 on. Give one, such as seed=1.")
    return int(seed)


def require_counts(least: int = 1, **counts: object) -> None:
    """NotSupported for what is not a whole number of at least so many.

    Examples
    --------
    >>> require_counts(providers=0)
    Traceback (most recent call last):
    econmodel.errors.NotSupported: providers=0: give a whole number of at least 1.
    """
    for name, value in counts.items():
        if not isinstance(value, Integral) or int(value) < least:
            raise NotSupported(f"{name}={value!r}: give a whole number of at least {least}.")


def require_replications(replications: object, fewest: int = FEWEST_REPLICATIONS) -> None:
    """NotSupported for a number of replications of which no interval can come.

    Examples
    --------
    >>> require_replications(9)
    Traceback (most recent call last):
    econmodel.errors.NotSupported: replications=9 gives no interval: use 999, or a whole number from 19 to 100,000.
    """
    whole = isinstance(replications, Integral) and not isinstance(replications, bool)
    if not whole or not fewest <= int(replications) <= MOST_REPLICATIONS:  # type: ignore[call-overload]
        raise NotSupported(
            f"replications={replications!r} gives no interval: use 999, or a whole number from {fewest} to "
            f"{MOST_REPLICATIONS:,}."
        )


def check_level(conf_level: object) -> None:
    """NotSupported for a level that is not one."""
    if not isinstance(conf_level, Real) or isinstance(conf_level, bool) or not 0.0 < float(conf_level) < 1.0:
        raise NotSupported(f"conf_level={conf_level!r} is not between 0 and 1. Usual levels are 0.9 and 0.95.")


def require_in_logs(least: float = -LARGEST_IN_LOGS, **numbers: object) -> None:
    """NotSupported for what is not a number between `least` and 100, which the log of a cost can take.

    Examples
    --------
    >>> require_in_logs(0.0, noise=float("nan"))
    Traceback (most recent call last):
    econmodel.errors.NotSupported: noise=nan: give a number from 0 to 100; it enters the log of cost.
    """
    for name, value in numbers.items():
        if not isinstance(value, Real) or not least <= float(value) <= LARGEST_IN_LOGS:
            raise NotSupported(
                f"{name}={value!r}: give a number from {least:g} to {LARGEST_IN_LOGS:g}; it enters the log of cost."
            )
