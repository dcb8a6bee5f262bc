"""What provider effects and period effects leave of each column: where nothing is left, nothing can be learnt of it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotIdentified
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.sample import Sample
from econmodel.forms.form import Form

Array = NDArray[np.float64]
# Means of groups leave rounding of a column that is constant within them, some 1e-16 of its spread and more in large
# groups. Least squares scale columns to one length, so that this rounding would look like data; what is little more
# has too few digits left.
LEFT_BY_ROUNDING = 1e-9
ROUNDED = 4 * np.finfo(float).eps
# Provider means beside such columns are made of differences of squares, of which a share of 1e-9 keeps seven digits.
HARDLY = 3e-5
# Least squares with the normal equations of period dummies keep half of the digits, and a second round the rest.
ROUNDS = 3


def refuse_absorbed(sample: Sample, form: Form, numeraire: int | None, effects: Groups | None) -> None:
    """NotIdentified, by name and with the cure, where effects leave nothing of a variable's variation."""
    dummies = [name for name, part in sample.controls.items() if part == "time"]
    if effects is None and not dummies:
        return
    by_provider, by_both = [], []
    periods = np.stack([sample.rows.columns[name] for name in dummies]) if dummies else None
    if periods is not None:
        periods = _less_means(periods, effects)
    for name, column in _coordinates(sample, form, numeraire).items():
        least = _rounding(column)
        inside = _less_means(column[None], effects)[0]
        if _length(inside) <= least:
            by_provider.append(name)
        elif periods is not None and _length(_less_periods(inside, periods)) <= least:
            by_both.append(name)
    if by_provider:
        raise NotIdentified(
            f"{_words(by_provider)} not vary within any {sample.data.entity}, so provider effects absorb what "
            f'{"it is" if len(by_provider) == 1 else "they are"} associated with. Use effects="mundlak", which '
            f"compares providers with each other too, or leave {', '.join(by_provider)} out."
        )
    if by_both:
        level = "" if effects is None else f" beside a level of its own for each {sample.data.entity}"
        raise NotIdentified(
            f"{_words(by_both)} not vary among the rows of a period{level}, so period effects absorb what "
            f"{'it is' if len(by_both) == 1 else 'they are'} associated with. Use time_effects=False, or leave "
            f"{', '.join(by_both)} out."
        )


def refuse_hardly_within(sample: Sample, form: Form, numeraire: int | None, groups: Groups) -> None:
    """NotIdentified where a variable varies within providers by so little that its mean cannot be told from it."""
    for name, column in _coordinates(sample, form, numeraire).items():
        inside, rounded = _length(_less_means(column[None], groups)[0]), _rounding(column)
        if rounded < inside < HARDLY * _length(column - column.mean()):
            raise NotIdentified(
                f"{name} varies within providers by less than {HARDLY:.0e} of its spread, so its provider mean cannot "
                f'be told from it. Use effects="within", or leave {name} out.'
            )


def _rounding(column: Array) -> float:
    """The most that rounding leaves of a column that means take out; a large level is rounded too."""
    return max(LEFT_BY_ROUNDING * _length(column - column.mean()), ROUNDED * _length(column))


def _words(names: list[str]) -> str:
    return f"{', '.join(names)} {'does' if len(names) == 1 else 'do'}"


def _coordinates(sample: Sample, form: Form, numeraire: int | None) -> Mapping[str, Array]:
    """Variables as they enter the cost function, by name; those that enter an aggregate are left to its derivatives."""
    data, columns = sample.data, sample.rows.columns
    found = {} if form.aggregates else {name: form.coordinate.transform(columns[name]) for name in data.outputs}
    for place, name in enumerate(() if form.price_levels else data.prices):
        if place != numeraire:
            # A ratio of prices is rounded to a share of itself, and its log to as much of one.
            base = 1.0 if numeraire is None else columns[list(data.prices)[numeraire]]
            found[name] = np.log(columns[name] / base)
            found[name][np.abs(found[name] - found[name][0]) < LEFT_BY_ROUNDING] = found[name][0]
    for name, role in data.relationships.items():
        found[name] = np.log(columns[name]) if role.scale == "log" else columns[name]
    return found | {name: columns[name] for name, part in sample.controls.items() if part != "time"}


def _less_means(rows: Array, effects: Groups | None) -> Array:
    """Rows (r, n) less the means of their providers, or of all where there are no providers' effects; twice."""
    codes = np.zeros(rows.shape[1], dtype=np.intp) if effects is None else effects.codes
    sizes = np.bincount(codes)
    for _ in range(2):
        rows = rows - np.stack([np.bincount(codes, row) for row in rows])[:, codes] / sizes[codes]
    return rows


def _less_periods(inside: Array, periods: Array) -> Array:
    """A column (n,) less what the dummies (T, n) explain of it, means of providers taken out of both."""
    gram = np.linalg.pinv(periods @ periods.T, rcond=1e-10, hermitian=True)
    for _ in range(ROUNDS):
        inside = inside - (gram @ (periods @ inside)) @ periods
    return inside


def _length(column: Array) -> float:
    return float(np.sqrt(column @ column))
