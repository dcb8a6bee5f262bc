"""Where a measure is evaluated: the mean, the median, a percentile, every provider, along the ray, or given values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from numbers import Real
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.sample import Sample, points_in
from econmodel.forms.technology import Point, Technology
from econmodel.frames import in_pandas
from econmodel.results import format_number
from econmodel.words import at_words, no_cost

Array = NDArray[np.float64]
# Squares of outputs so many times the mean leave double precision.
LARGEST_MULTIPLE = 1e100


class CostFunction(Protocol):
    """What a measure needs: anything that can evaluate cost and says how well its parameters are known."""

    @property
    def technology(self) -> Technology:
        """The cost function up to its parameters."""

    @property
    def theta(self) -> Array:
        """Parameters (k,)."""

    @property
    def covariance(self) -> Array:
        """Covariance (k, k); zeros where the parameters are stated."""

    @property
    def freedom(self) -> float:
        """Degrees of freedom of t intervals."""

    @property
    def wild(self) -> bool:
        """Whether p-values come from the wild cluster bootstrap."""

    @property
    def sample(self) -> Sample | None:
        """The rows behind it, or None where there are none."""

    def points(self) -> Point:
        """Every row as a point."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Points and what to call them; `observed` where they are the providers themselves, or their mean."""

    point: Point
    labels: tuple[str, ...]
    observed: bool = False


def resolve(fit: CostFunction, at: object) -> Places:
    """The points that `at=` stands for.

    Parameters
    ----------
    at : "mean" (where the form is centred: geometric means in logs, arithmetic in levels), "median", a percentile such
        as "p25" (of each output, all else at the mean), "every provider", a number or list of numbers (multiples of
        the mean along the ray), a mapping of column -> value, or a table of such rows (all else at the mean). A mapping
        with lists stands for every combination of them; a list of several of these, for all of them in turn

    Raises
    ------
    UnknownName
        For anything else; the message lists what is known.
    """
    require_fit(fit)
    at, mean = in_pandas(at), fit.technology.mean_point()
    if isinstance(at, str):
        return _named(fit, at, mean)
    if isinstance(at, pd.DataFrame):
        if not len(at):
            raise UnknownName("at= is a table without a row: give one row for each place.")
        return Places(points_in(fit.technology, at), tuple(_row_label(row) for _, row in at.iterrows()))
    if isinstance(at, Mapping) and at:
        axes = [value if isinstance(value, list | tuple | np.ndarray) else [value] for value in at.values()]
        return resolve(fit, pd.DataFrame(list(product(*axes)), columns=list(at)))
    multiples = _multiples(at)
    if multiples is not None:
        labels = tuple("mean" if one == 1.0 else f"{format_number(one)} x mean" for one in multiples)
        return Places(mean.with_outputs(multiples[:, None] * mean.outputs), labels)
    if isinstance(at, list | tuple) and len(at):
        several = [resolve(fit, one) for one in at]
        labels = tuple(label for one in several for label in one.labels)
        fields = ("outputs", "log_prices", "relationships", "controls")
        point = Point(*(np.concatenate([getattr(one.point, name) for one in several]) for name in fields))
        return Places(point, labels, all(one.observed for one in several))
    raise _unknown(at)


def _multiples(at: object) -> Array | None:
    """Multiples of the mean, or None where `at` is something else."""
    values = at if isinstance(at, Sequence | np.ndarray) else [at]
    known = not isinstance(at, bytes) and len(values) and all(isinstance(one, Real) for one in values)
    if not known or any(isinstance(one, bool) for one in values):
        return None
    multiples = np.array(values, dtype=float)
    return multiples if ((multiples > 0) & (multiples < LARGEST_MULTIPLE)).all() else None


def without_cost_there(fit: CostFunction, places: Places) -> tuple[NDArray[np.bool_], str]:
    """Places where the form gives no positive cost, (n,), and a sentence that says so, with the cure."""
    cost = fit.technology.cost(fit.theta, places.point)
    bad = ~(cost > 0)
    if not bad.any():
        return bad, ""
    place = int(np.flatnonzero(bad)[0])
    nearer = "F" if places.labels[place] == "mean" else 'Ask nearer to the providers (at="mean"), or f'
    others = f" (nor at {int(bad.sum()) - 1} of {len(bad) - 1} other places)" if bad.sum() > 1 else ""
    return bad, (
        f"At {at_words(places.labels[place])}, fitted cost {no_cost(float(cost[place]))}{others}: no number is given "
        f'there. {nearer}it fewer second-order terms (second_order="outputs" or "none").'
    )


def source_of(fit: CostFunction) -> str:
    """The table of a fit and its rows, as the last line of a chart gives them; empty where there is none."""
    return "" if fit.sample is None else fit.sample.data.source_line()


def require_fit(fit: object) -> None:
    """NotSupported, with the cure, where a measure was given a table or anything else that has no cost function."""
    if not hasattr(fit, "technology"):
        raise NotSupported(
            f"A measure takes a fit, and this is a {type(fit).__name__}. Fit the table first: em.fit(data)."
        )


def _named(fit: CostFunction, at: str, mean: Point) -> Places:
    if at == "mean":
        return Places(mean, ("mean",), observed=True)
    if at == "every provider":
        if fit.sample is None:
            raise NotSupported('at="every provider" needs providers; these parameters are stated, without a table.')
        return Places(fit.points(), tuple(fit.sample.data.row_names()), observed=True)
    if at == "median" or (at.startswith("p") and at[1:].replace(".", "", 1).isdigit() and float(at[1:]) <= 100):
        if fit.sample is None:
            raise NotSupported(f"at={at!r} needs providers; these parameters are stated, without a table.")
        share = 50.0 if at == "median" else float(at[1:])
        outputs = np.percentile(fit.points().outputs, share, axis=0)
        return Places(mean.with_outputs(outputs[None]), (at,))
    raise _unknown(at)


def _unknown(at: object) -> UnknownName:
    return UnknownName(
        f'at={at!r} is not a place. It may be "mean", "median", a percentile such as "p25", "every provider", '
        "multiples of the mean such as [0.5, 1, 2], a mapping of column to value, a table with such columns, or a list "
        "of these."
    )


def _row_label(row: pd.Series) -> str:
    return ", ".join(f"{name} {format_number(value)}" for name, value in row.items())
