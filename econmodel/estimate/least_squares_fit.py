"""Least squares as an estimator of cost functions: plain, within providers, or with the means of providers."""

from collections.abc import Sequence
from dataclasses import dataclass

from econmodel.estimate.covariance_choice import covariance_of
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import linear, nonlinear, transformed_blocks
from econmodel.estimate.mundlak_fit import mundlak_fit
from econmodel.estimate.preparation import Prepared
from econmodel.table.cost_data import CostData


@dataclass(frozen=True, slots=True)
class LeastSquaresEstimator:
    """Ordinary least squares in log forms, nonlinear least squares in level forms; provider effects where asked."""

    name: str = "least_squares"
    effects: tuple[str, ...] = ("within", "mundlak")

    def columns(self, data: CostData) -> Sequence[str]:
        """None beside those of the cost function."""
        return ()

    def fit(self, prepared: Prepared) -> Fit:
        """Parameters, and their covariance."""
        if prepared.specification.effects == "mundlak":
            return mundlak_fit(prepared)
        moments, design, effects = prepared.moments, prepared.design, prepared.effects
        solution = linear(design, moments, effects) if moments is not None else nonlinear(design, effects)
        # The grand mean stays in the transformed rows, so its share of leverage is counted there already.
        absorbed = None if effects is None else 1.0 / effects.sizes[effects.codes] - 1.0 / prepared.count
        found = covariance_of(
            prepared,
            solution,
            lambda: transformed_blocks(design, solution.theta, effects),
            prepared.parameters,
            absorbed,
        )
        return Fit(
            prepared.specification, prepared.sample, design.technology, design, solution, found.matrix, found.kind,
            prepared.clusters, effects, found.freedom, found.wild, found.notes,
        )  # fmt: skip
