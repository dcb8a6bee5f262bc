"""An integer programme over columns used whole numbers of times, and its answer from a table of totals."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.structure.exact_sums import cheapest_pair, fitting, totals, work

Array = NDArray[np.float64]
# A table takes at most so many sums, some seconds.
MOST_SUMS = 3e9
# Shares are sums of decimals.
ROUNDING = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """min c'n subject to E n = e, L n >= l and 0 <= n <= u, with n whole.

    Attributes
    ----------
    costs : (P,) c
    equal, equal_to : (q, P) and (q,), E and e
    least, at_least : (s, P) and (s,), L and l
    most : (P,) u, infinite where there is no limit
    """

    costs: Array
    equal: Array
    equal_to: Array
    least: Array
    at_least: Array
    most: Array

    @property
    def without_limits(self) -> bool:
        """Whether every column may be used as often as wanted."""
        return bool(np.isinf(self.most).all())

    def priced(self, costs: Array) -> "Programme":
        """The same at other costs."""
        return replace(self, costs=costs)

    def of(self, columns: NDArray[np.intp]) -> "Programme":
        """The same with some of the columns."""
        return Programme(
            self.costs[columns],
            self.equal[:, columns],
            self.equal_to,
            self.least[:, columns],
            self.at_least,
            self.most[columns],
        )

    def meeting_equalities(self, preference: Array) -> NDArray[np.intp] | None:
        """Columns that meet the equalities together; empty where that is not asked, None where none do."""
        if not self.without_limits or not len(self.equal_to):
            return np.zeros(0, dtype=np.intp)
        return fitting(_whole(self.equal.T), _whole(self.equal_to), preference)

    def by_totals(self) -> NDArray[np.intp] | None:
        """The cheapest counts (P,) from tables of totals, or None where none apply.

        They apply to equalities in whole numbers, with at most one inequality whose row is zero for one group of
        columns and linear in E for the others, as a share of the demand is; and to inequalities in whole numbers alone.
        """
        exactly = bool(len(self.equal_to))
        rows, wanted = (self.equal, self.equal_to) if exactly else (self.least, self.at_least)
        if not self.without_limits or (rows % 1).any() or (wanted % 1).any():
            return None
        bundles, total = _whole(rows.T), _whole(wanted)
        if work(bundles, total, exactly=exactly) > MOST_SUMS:
            return None
        if exactly and len(self.at_least):
            return self._with_a_share(bundles, total) if len(self.at_least) == 1 else None
        found = totals(bundles, self.costs, total, exactly=exactly)
        return found.counts(total) if np.isfinite(found.least[tuple(total)]) else None

    def _with_a_share(self, bundles: NDArray[np.intp], total: NDArray[np.intp]) -> NDArray[np.intp] | None:
        row = self.least[0]
        counted = np.flatnonzero(row)
        weights = np.linalg.lstsq(bundles[counted].astype(float), row[counted], rcond=None)[0]
        if len(counted) and np.abs(bundles[counted] @ weights - row[counted]).max() > ROUNDING:
            return None
        others = np.flatnonzero(row == 0)
        free, reserved = (totals(bundles[some], self.costs[some], total) for some in (others, counted))
        sizes = np.tensordot(weights, np.indices(tuple(total + 1)), axes=1)
        pair = cheapest_pair(free, reserved, sizes >= self.at_least[0] - ROUNDING)
        if pair is None:
            return None
        counts = np.zeros(len(self.costs), dtype=np.intp)
        counts[others], counts[counted] = free.counts(pair[0]), reserved.counts(pair[1])
        return counts


def _whole(values: Array) -> NDArray[np.intp]:
    return np.round(values).astype(np.intp)
