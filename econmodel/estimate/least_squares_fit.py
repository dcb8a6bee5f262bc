"""Least squares with the covariance that was asked for, or the one that covers."""

from collections.abc import Sequence
from dataclasses import dataclass

from econmodel.errors import NotSupported
from econmodel.estimate.covariance import FEWEST_CLUSTERS, cluster_scores, clustered, robust
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import Groups, LeastSquares, linear, nonlinear, transformed_blocks
from econmodel.estimate.notes import exact_note, notes_of
from econmodel.estimate.preparation import Prepared
from econmodel.table.cost_data import CostData


@dataclass(frozen=True, slots=True)
class LeastSquaresEstimator:
    """Ordinary least squares in log forms, nonlinear least squares in level forms, within providers where asked."""

    name: str = "least_squares"
    effects: tuple[str, ...] = ("within",)

    def columns(self, data: CostData) -> Sequence[str]:
        """None beside those of the cost function."""
        return ()

    def fit(self, prepared: Prepared) -> Fit:
        """Parameters, and their covariance."""
        moments, design = prepared.moments, prepared.design
        solution = (
            linear(design, moments, prepared.effects) if moments is not None else nonlinear(design, prepared.effects)
        )
        return with_covariance(prepared, solution)


def with_covariance(prepared: Prepared, solution: LeastSquares) -> Fit:
    """The record of a least-squares fit."""
    specification, sample, design = prepared.specification, prepared.sample, prepared.design
    clusters, effects = prepared.clusters, prepared.effects
    count, parameters = prepared.count, prepared.parameters
    few = clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS
    kind = specification.cov_type or default_covariance(clusters, few)
    notes = list(notes_of(solution.condition, sample, clusters if few else None, specification.cov_type))
    if kind == "cluster" and clusters is None:
        raise NotSupported('cov_type="cluster" needs groups: a column name, or an entity that stands in several rows.')
    if kind == "nonrobust":
        covariance = solution.residual_squares / (count - parameters) * solution.inverse_gram
    elif kind == "cluster":
        assert clusters is not None
        blocks = transformed_blocks(design, solution.theta, effects)
        scores = cluster_scores(blocks, clusters.codes, len(clusters.sizes))
        covariance = clustered(scores, solution.inverse_gram, count)
    else:
        blocks = transformed_blocks(design, solution.theta, effects)
        # The grand mean stays in the transformed rows, so its share of leverage is counted there already.
        absorbed = None if effects is None else 1.0 / effects.sizes[effects.codes] - 1.0 / count
        covariance, exact = robust(blocks, solution.inverse_gram, kind, count, parameters, absorbed)
        notes += exact_note(sample, exact)
    freedom = len(clusters.sizes) - 1.0 if kind == "cluster" and clusters is not None else float(count - parameters)
    wild = bool(few and specification.cov_type is None)
    return Fit(
        specification, sample, design.technology, design, solution, covariance, kind, clusters, effects, freedom, wild,
        tuple(notes),
    )  # fmt: skip


def default_covariance(clusters: Groups | None, few: bool) -> str:
    """Clustered where providers repeat, else HC3 (MacKinnon and White, 1985), however many rows there are.

    With uneven noise HC1 still falls short at a thousand rows; it takes the same one pass.
    """
    if clusters is None:
        return "HC3"
    return "nonrobust" if few else "cluster"
