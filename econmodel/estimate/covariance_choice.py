"""Which covariance a fit gets, the one that was asked for or the one that covers, and what a reader must know of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.covariance import FEWEST_CLUSTERS, Covariance, cluster_scores, clustered, robust
from econmodel.estimate.design import Block
from econmodel.estimate.least_squares import LOST_IN_SQUARING, Groups, LeastSquares
from econmodel.estimate.preparation import Prepared, providers
from econmodel.estimate.sample import Sample, first_rows

Array = NDArray[np.float64]
# Cost was computed from the columns where they leave no more than this share of its variance (R2 of 1 - 1e-10): no
# recorded cost comes near, and a computed one that was rounded to pennies does. Or where residuals are rounding.
EXACT = 1e-10
ROUNDED = 1e-11
NEARLY_COLLINEAR = 1e3
# Rows are compared with each other up to this many: beyond, copies are rare and the comparison is not cheap.
LARGEST_COMPARED = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """The kind of covariance that a fit gets, and its clusters.

    Attributes
    ----------
    name : "nonrobust", "HC0" to "HC3" or "cluster"
    asked : what was asked for, or None
    clusters : groups of rows that errors are shared within, or None
    few : these clusters where they are too few for clustered standard errors, else None
    """

    name: str
    asked: str | None
    clusters: Groups | None
    few: Groups | None

    def covariance(self, matrix: Array, freedom: float, notes: Sequence[str], wild: bool = False) -> Covariance:
        """The record of a covariance (K, K) of this kind; `freedom` is that of independent rows."""
        if self.name == "cluster" and self.clusters is not None:
            freedom = len(self.clusters.sizes) - 1.0
        return Covariance(matrix, self.name, self.clusters, float(freedom), tuple(notes), wild)


def kind_of(prepared: Prepared, *, alone: str, few: str = "nonrobust") -> Kind:
    """The kind that was asked for, else clustered where providers repeat.

    Parameters
    ----------
    alone : the kind by default where rows are independent
    few : that by default where clusters are too few

    Raises
    ------
    NotSupported
        Where clustered errors are asked for and there are no clusters.
    """
    asked, clusters = prepared.specification.cov_type, prepared.clusters
    is_few = clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS
    kind = asked or (alone if clusters is None else few if is_few else "cluster")
    if kind == "cluster" and clusters is None:
        raise NotSupported('cov_type="cluster" needs groups: a column name, or an entity that stands in several rows.')
    return Kind(kind, asked, clusters, clusters if is_few else None)


def covariance_of(
    prepared: Prepared,
    solution: LeastSquares,
    blocks: Callable[[], Iterator[Block]],
    parameters: int,
    absorbed: Array | None = None,
) -> Covariance:
    """The covariance of a least-squares solution.

    Parameters
    ----------
    blocks : derivatives and residuals at the solution, block by block
    parameters : their number, absorbed effects among them
    absorbed : (n,) leverage of each row from effects that were taken out
    """
    sample, count = prepared.sample, prepared.count
    # HC3 (MacKinnon and White, 1985) however many rows there are: with uneven noise HC1 still falls short at a
    # thousand, and it takes the same one pass.
    kind = kind_of(prepared, alone="HC3")
    exact_cost = computed_cost(prepared, solution, blocks)
    notes, wild = [], kind.few is not None and kind.asked is None
    if wild and kind.few is not None:
        notes.append(
            f"{len(kind.few.sizes)} clusters are too few for clustered standard errors: these are classical, and "
            "p-values come from the restricted wild cluster bootstrap."
        )
    notes += notes_of(solution.condition, sample, kind)
    if prepared.specification.effects is not None:
        notes += few_repeat(providers(sample.data, prepared.specification.effects))
    if kind.name == "nonrobust":
        covariance = solution.residual_squares / (count - parameters) * solution.inverse_gram
    elif kind.name == "cluster":
        assert kind.clusters is not None
        scores = cluster_scores(blocks(), kind.clusters.codes, len(kind.clusters.sizes))
        covariance = clustered(scores, solution.inverse_gram, count)
    else:
        covariance, exact = robust(blocks(), solution.inverse_gram, kind.name, count, parameters, absorbed)
        notes += exact_note(sample, exact)
    if exact_cost:
        covariance, wild, notes = np.full_like(covariance, np.nan), False, exact_cost + notes
    return kind.covariance(covariance, count - parameters, notes, wild)


def computed_cost(
    prepared: Prepared, solution: LeastSquares, blocks: Callable[[], Iterator[Block]] | None = None
) -> list[str]:
    """A word where residuals are rounding: there is no error that standard errors could be made of.

    With `blocks` residuals are squared anew where their sum of squares came from a difference of larger ones.
    """
    design, squares = prepared.design, solution.residual_squares
    cost = prepared.sample.rows.columns[design.cost]
    response = cost if design.additive else np.log(cost)
    spread, size = float(((response - response.mean()) ** 2).sum()), float(response @ response)
    # The log of a number is rounded to a share of one at least.
    most = EXACT * spread + ROUNDED**2 * (size if design.additive else size + len(response))
    if blocks is not None and most < squares < LOST_IN_SQUARING * size:
        squares = sum(float(block[-1] @ block[-1]) for _, block in blocks())
    if squares > most:
        return []
    t = design.technology
    return [
        f"{design.cost} is an exact function of {', '.join([*t.outputs, *t.prices, *t.relationships, *t.controls])}; "
        "it looks computed, not observed, so there are no standard errors, and no t or p. Name the column with the "
        "cost that was recorded; a cost function that is known is stated with em.worlds.state(...)."
    ]


def refuse_computed(prepared: Prepared, least_squares: LeastSquares) -> None:
    """NotIdentified where least squares leave no residual that noise and inefficiency could be told from."""
    if computed_cost(prepared, least_squares):
        raise NotIdentified(
            f"{prepared.design.cost} is an exact function of the other columns: it looks computed, not observed, so it "
            "holds neither noise nor inefficiency. Name the column with the cost that was recorded, or use "
            'estimator="least_squares" to see the function.'
        )


def notes_of(condition: float, sample: Sample, kind: Kind | None = None) -> list[str]:
    """Words on clusters where there are too few for this kind, conditioning, copied rows and rows left out."""
    notes = []
    if kind is not None and kind.few is not None and kind.name == "cluster":
        notes.append(
            f"{len(kind.few.sizes)} clusters: clustered standard errors need about {FEWEST_CLUSTERS} to be trusted."
        )
    entity = sample.data.entity
    if entity is not None and sample.rows.count > 1 and len(sample.data.frame[entity].unique()) == 1:
        notes.append(f"All rows are of one {entity}: standard errors take them as independent, which periods are not.")
    if condition > NEARLY_COLLINEAR:
        notes.append(
            f"The condition number is {condition:,.0f}: some variables nearly move together, and what is said "
            "of each alone is uncertain."
        )
    notes += _copies(sample)
    notes += [f"{count} row{'s' * (count > 1)} left out: {why}." for count, why, _ in sample.data.dropped]
    return notes


def _copies(sample: Sample) -> list[str]:
    """A word about rows that are alike in every figure: they may have been copied, and count as evidence twice."""
    if sample.rows.count > LARGEST_COMPARED:
        return []
    columns = sample.rows.columns
    # Few rows share their cost to the last digit, and only these need be compared in full.
    shared = np.flatnonzero(pd.Series(columns[sample.data.cost]).duplicated(keep=False))
    of_shared = pd.DataFrame({name: column[shared] for name, column in columns.items()})
    alike = shared[of_shared.duplicated(keep=False).to_numpy()]
    if not len(alike):
        return []
    return [
        f"{len(alike)} rows have the same figures as another ({first_rows(sample.data, alike)}). If they were copied, "
        "every standard error is too small: leave the copies out."
    ]


def few_repeat(groups: Groups) -> list[str]:
    """A word where many providers have one row, and few of them say all that is known within providers."""
    several = int((groups.sizes > 1).sum())
    if several >= FEWEST_CLUSTERS or len(groups.sizes) < FEWEST_CLUSTERS:
        return []
    return [
        f"{several} of {len(groups.sizes)} providers have several rows, and all that is said within providers rests on "
        "them: standard errors need more to be trusted."
    ]


def exact_note(sample: Sample, rows: NDArray[np.intp]) -> list[str]:
    """A word about rows that are fitted exactly, whatever their cost."""
    if not len(rows):
        return []
    return [
        f"{first_rows(sample.data, rows)} is fitted exactly, whatever its cost: some variable differs from zero there "
        "only. It adds nothing to the standard errors."
    ]
