"""Terms with an endogenous variable and their mirror images in the instruments, from one pass over the rows.

In a log form every term is a product of centred coordinates. A term with an endogenous variable is mirrored by the same
product with each instrument in its place, so that a quadratic form has the instruments that it needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import FormError, UnknownName
from econmodel.estimate.design import Block, Design
from econmodel.estimate.preparation import Prepared
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class InstrumentTerms:
    """Where endogenous variables stand among the regressors, and the mirror images.

    Attributes
    ----------
    design : the cost function joined to its rows, the instruments beside
    endogenous : places of the endogenous variables' own terms among the k regressors
    exogenous : places of the regressors without an endogenous variable
    mirrored : (L, 2) coordinates of the mirror images; instruments are counted on from the last coordinate, -1 is one
    centres : (q,) means of the instruments
    """

    design: Design
    endogenous: NDArray[np.intp]
    exogenous: NDArray[np.intp]
    mirrored: NDArray[np.int64]
    centres: Array

    @property
    def count(self) -> int:
        """Number of mirror images, L."""
        return len(self.mirrored)

    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places in the blocks of all instruments (mirror images, exogenous regressors), and of regressors and cost."""
        start = self.count
        return np.concatenate([np.arange(start), start + self.exogenous]), np.arange(
            start, start + self.design.count + 1
        )

    def blocks(self) -> Iterator[Block]:
        """Blocks (L + k + 1, n): mirror images, regressors, log cost. Not a buffer: each is new."""
        k, size = self.design.count, self.design.technology.exponent.size
        first, second = self.mirrored.T
        halved = np.where((first == second) & (first >= 0), 0.5, 1.0)[:, None]
        for rows, block in self.design.blocks():
            instruments = block[k:-1] - self.centres[:, None]
            # A last row of ones, which the place -1 stands for.
            coordinates = np.vstack([block[1 : size + 1], instruments, np.ones((1, block.shape[1]))])
            images = halved * coordinates[first] * coordinates[second]
            yield rows, np.vstack([images, block[:k], block[-1:]])


def instrument_terms(prepared: Prepared, endogenous: tuple[str, ...], every_term: bool = True) -> InstrumentTerms:
    """The mirror images that a log form needs for its endogenous variables.

    Parameters
    ----------
    endogenous : names of outputs, relationship variables or controls
    every_term : mirror every term; False for the instruments themselves only

    Raises
    ------
    FormError
        For a level form, whose terms change with its parameters.
    UnknownName
        For a variable that is not in the cost function.
    """
    technology = prepared.design.technology
    if prepared.moments is None:
        raise FormError(
            f"Instruments stand in for terms of a log form, and the terms of the {technology.form.title} form change "
            'with its parameters. Use form="translog" or "cobb_douglas".'
        )
    known = [*technology.outputs, *technology.relationships, *technology.controls]
    if unknown := [name for name in endogenous if name not in known]:
        raise UnknownName(
            f"{unknown[0]!r} is no output, relationship or control of the cost function; there are {', '.join(known)}."
        )
    exponent, size, k = technology.exponent, technology.exponent.size, prepared.design.count
    own = np.array([technology.names.index(name) for name in endogenous])
    coordinates = set((own - 1).tolist())
    involved = np.isin(exponent.terms, list(coordinates)).any(axis=1)
    mixing = np.eye(len(exponent.terms)) if exponent.mixing is None else exponent.mixing
    exogenous = np.flatnonzero(~(mixing[:, involved] != 0).any(axis=1))
    count = len(prepared.design.beside)
    stand_ins = range(size, size + count)
    images: set[tuple[int, int]] = {(place, -1) for place in stand_ins}
    for pair in exponent.terms[involved] if every_term else ():
        choices = [stand_ins if int(place) in coordinates else [int(place)] for place in pair]
        for first, second in product(*choices):
            images.add((first, second) if second < 0 else (min(first, second), max(first, second)))
    gram = prepared.moments.gram
    centres = gram[0, k : k + count] / gram[0, 0]
    return InstrumentTerms(prepared.design, own, exogenous, np.array(sorted(images)), centres)


def check_names(endogenous: tuple[str, ...], instruments: tuple[str, ...], data: CostData) -> None:
    """UnknownName or FormError, with the cure, for columns that are missing or cannot serve."""
    if not endogenous or not instruments:
        raise FormError(
            "Name what is endogenous and what stands in for it, such as "
            'em.TwoStage(endogenous=["continuity"], instruments=["tender_calendar"]).'
        )
    known = ", ".join(map(str, data.frame.columns))
    for name in instruments:
        if name not in data.frame.columns:
            raise UnknownName(f"There is no column {name!r} to serve as an instrument. The columns are {known}.")
    used = {*data.outputs, *data.prices, *data.relationships, *data.controls, *data.network}
    if inside := [name for name in instruments if name in used]:
        raise FormError(
            f"{', '.join(inside)} is in the cost function itself, so it cannot stand in for another variable. Leave it "
            "out of the cost function with data.using(...), which says that it moves cost through the endogenous "
            "variable alone, or find another instrument."
        )
    if len(instruments) < len(endogenous):
        raise FormError(
            f"{len(instruments)} instruments cannot stand in for {len(endogenous)} endogenous variables. Name at least "
            "one for each."
        )
