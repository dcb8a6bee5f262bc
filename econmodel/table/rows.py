"""Rows in memory: named columns of numbers, handed out block by block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns in memory, all of one length. Blocks are views: nothing is copied.

    Examples
    --------
    >>> rows = Rows({"cost": np.arange(5.0)})
    >>> [(start, len(block["cost"])) for start, block in rows.blocks(2)]
    [(0, 2), (2, 2), (4, 1)]
    """

    columns: Mapping[str, Array]

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    def blocks(self, size: int) -> Iterator[tuple[int, Mapping[str, Array]]]:
        """The position of each block's first row, and views of the columns."""
        for start in range(0, self.count, size):
            yield start, {name: column[start : start + size] for name, column in self.columns.items()}

    def sample(self, size: int) -> Mapping[str, Array]:
        """Every so-manieth row, about `size` in all."""
        step = max(1, self.count // size)
        return {name: column[::step] for name, column in self.columns.items()}
