"""Which covariance a least-squares fit gets: the one that was asked for, or the one that covers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.covariance import FEWEST_CLUSTERS, cluster_scores, clustered, robust
from econmodel.estimate.design import Block
from econmodel.estimate.least_squares import LOST_IN_SQUARING, Groups, LeastSquares
from econmodel.estimate.notes import exact_note, few_repeat, notes_of
from econmodel.estimate.preparation import Prepared, providers

Array = NDArray[np.float64]
# Cost was computed from the columns where they leave no more than this share of its variance (R2 of 1 - 1e-10): no
# recorded cost comes near, and a computed one that was rounded to pennies does. Or where residuals are rounding.
EXACT = 1e-10
ROUNDED = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """A covariance (k, k), its kind, degrees of freedom of t tests, whether p-values come from the wild cluster
    bootstrap instead, and what a reader must know.
    """

    matrix: Array
    kind: str
    freedom: float
    wild: bool
    notes: tuple[str, ...]


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
    specification, sample, clusters = prepared.specification, prepared.sample, prepared.clusters
    count = prepared.count
    exact_cost = computed_cost(prepared, solution, blocks)
    few = clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS
    kind = specification.cov_type or default_covariance(clusters, few)
    notes = list(notes_of(solution.condition, sample, clusters if few else None, specification.cov_type))
    if specification.effects is not None:
        notes += few_repeat(providers(sample.data, specification.effects))
    if kind == "cluster" and clusters is None:
        raise NotSupported('cov_type="cluster" needs groups: a column name, or an entity that stands in several rows.')
    if kind == "nonrobust":
        covariance = solution.residual_squares / (count - parameters) * solution.inverse_gram
    elif kind == "cluster":
        assert clusters is not None
        scores = cluster_scores(blocks(), clusters.codes, len(clusters.sizes))
        covariance = clustered(scores, solution.inverse_gram, count)
    else:
        covariance, exact = robust(blocks(), solution.inverse_gram, kind, count, parameters, absorbed)
        notes += exact_note(sample, exact)
    if exact_cost:
        covariance, few, notes = np.full_like(covariance, np.nan), False, exact_cost + notes
    freedom = len(clusters.sizes) - 1.0 if kind == "cluster" and clusters is not None else float(count - parameters)
    return Covariance(covariance, kind, freedom, bool(few and specification.cov_type is None), tuple(notes))


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


def default_covariance(clusters: Groups | None, few: bool) -> str:
    """Clustered where providers repeat, else HC3 (MacKinnon and White, 1985), however many rows there are.

    With uneven noise HC1 still falls short at a thousand rows; it takes the same one pass.
    """
    if clusters is None:
        return "HC3"
    return "nonrobust" if few else "cluster"
