"""From raw columns to the rows of a regression, block by block.

Every estimator needs the same two things of each row: the derivatives of its prediction by the parameters, and its
residual. A `Design` makes them from the raw columns in blocks that stay in the processor's cache, so that logarithms,
products and moments cost one trip through memory and no table of regressors is ever built.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.technology import Technology
from econmodel.table.rows import Rows

Array = NDArray[np.float64]
Block = tuple[slice, Array]
# Features as rows of this length: starting an operation costs nothing beside it, and 22 of them, 1.4 MB, stay in cache.
BLOCK_ROWS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A cost function joined to the rows it is fitted to.

    Attributes
    ----------
    technology : the cost function
    rows : the raw columns
    cost : name of the cost column
    additive : whether the error is added to cost (levels) or multiplies it (logs)
    beside : names of further columns (cost shares, instruments) that blocks carry as they are
    weights : name of a column of weights of squared residuals, or nothing where rows count alike
    """

    technology: Technology
    rows: Rows
    cost: str
    additive: bool = False
    beside: tuple[str, ...] = ()
    weights: str = ""

    @property
    def count(self) -> int:
        """Number of parameters."""
        return len(self.technology.names)

    def blocks(self, theta: Array | None = None) -> Iterator[Block]:
        """Blocks (k + q + 1, n): k rows of derivatives of the prediction at `theta`, the q columns `beside`, and last
        the residuals.

        In log forms derivatives do not depend on theta; without theta the last row is the response itself. In level
        forms residuals are missing where the aggregate is not positive. Where rows have weights all are multiplied by
        their roots. The buffer is reused: copy what you keep.
        """
        size = min(BLOCK_ROWS, max(self.rows.count, 1))
        buffer = np.empty((self.count + len(self.beside) + 1, size))
        coordinates = np.empty((self.technology.exponent.size, size))
        fill = self._fill_log if self.technology.aggregate is None else self._fill_level
        mixed = self.technology.exponent if self.technology.aggregate is None else self.technology.aggregate
        spare = np.empty((0 if mixed.mixing is None else len(mixed.terms), size))
        for start, columns in self.rows.blocks(size):
            n = len(columns[self.cost])
            numeraire = self._coordinates(columns, coordinates[:, :n])
            block = buffer[:, :n]
            fill(theta, columns[self.cost], numeraire, coordinates[:, :n], block, spare[:, :n])
            for row, name in enumerate(self.beside, self.count):
                block[row] = columns[name]
            if self.weights:
                block *= np.sqrt(columns[self.weights])
            yield slice(start, start + n), block

    def _coordinates(self, columns: Mapping[str, Array], z: Array) -> Array | float:
        """Write the centred coordinates of a block into z (d, n); return the price of the numeraire."""
        t = self.technology
        by_shift = t.form.coordinate.centring == "shift"
        place = 0
        for name, centre in zip(t.outputs, t.output_centres, strict=True):
            value = t.form.coordinate.transform(columns[name])
            (np.subtract if by_shift else np.divide)(value, centre, out=z[place])
            place += 1
        numeraire = self._numeraire(columns)
        log_numeraire_centre = 0.0
        if t.numeraire is not None and not t.form.price_levels:
            log_numeraire_centre = t.log_price_centres[t.numeraire]
        for index, (name, centre) in enumerate(zip(t.prices, t.log_price_centres, strict=True)):
            if index == t.numeraire:
                continue
            np.divide(columns[name], numeraire, out=z[place])
            if t.form.price_levels:
                z[place] /= np.exp(centre)
                z[place] -= 1.0
            else:
                # One logarithm of the quotient: logarithms are the dearest operation of all.
                np.log(z[place], out=z[place])
                z[place] -= centre - log_numeraire_centre
            place += 1
        for name, in_logs, centre in zip(t.relationships, t.log_relationships, t.relationship_centres, strict=True):
            np.subtract(np.log(columns[name]) if in_logs else columns[name], centre, out=z[place])
            place += 1
        for name, centre in zip(t.controls, t.control_centres, strict=True):
            np.subtract(columns[name], centre, out=z[place])
            place += 1
        for output in t.fixed_costs:
            np.greater(columns[t.outputs[output]], 0.0, out=z[place])
            place += 1
        return numeraire

    def _numeraire(self, columns: Mapping[str, Array]) -> Array | float:
        """What cost and prices are divided by."""
        t = self.technology
        if t.numeraire is None:
            return 1.0
        if not t.form.price_levels:
            return columns[t.prices[t.numeraire]]
        relative = (columns[name] / np.exp(c) for name, c in zip(t.prices, t.log_price_centres, strict=True))
        return np.asarray(sum(relative) / len(t.prices))

    def _fill_log(
        self, theta: Array | None, cost: Array, numeraire: Array | float, z: Array, block: Array, spare: Array
    ) -> None:
        derivatives, residual = block[: self.count], block[-1]
        self.technology.exponent.fill(z, derivatives, spare)
        np.log(np.divide(cost, numeraire, out=residual), out=residual)
        if theta is not None:
            residual -= theta @ derivatives

    def _fill_level(
        self, theta: Array | None, cost: Array, numeraire: Array | float, z: Array, block: Array, spare: Array
    ) -> None:
        derivatives, residual = block[: self.count], block[-1]
        if theta is None:
            raise ValueError("A level form is linearised at a theta; none was given.")
        aggregate, exponent = self.technology.aggregate, self.technology.exponent
        assert aggregate is not None
        inside, outside = derivatives[: aggregate.count], derivatives[aggregate.count :]
        aggregate.fill(z, inside, spare)
        exponent.fill(z, outside, spare)
        of_aggregate, of_exponent = self.technology.split(theta)
        level = of_aggregate @ inside
        log_scale = of_exponent @ outside
        if self.additive:
            scale = np.exp(log_scale) * numeraire
            inside *= scale
            outside *= scale * level
            np.subtract(cost, scale * level, out=residual)
        else:
            level[level <= 0] = np.nan
            inside /= level
            np.log(np.divide(cost, level * numeraire, out=residual), out=residual)
            residual -= log_scale
