"""How parameters are found: by name, or by an estimator with settings of its own."""

from collections.abc import Sequence
from typing import Protocol

from econmodel.errors import UnknownName
from econmodel.estimate.fit import Fit
from econmodel.estimate.frontier.estimator import Frontier
from econmodel.estimate.least_squares_fit import LeastSquaresEstimator
from econmodel.estimate.preparation import Prepared
from econmodel.estimate.system.estimator import System
from econmodel.table.cost_data import CostData


class Estimator(Protocol):
    """What `em.fit(estimator=...)` takes: the estimator's name, or one with its settings."""

    @property
    def name(self) -> str:
        """What `em.fit` calls it."""

    @property
    def effects(self) -> tuple[str, ...]:
        """The provider effects that it can take out."""

    def columns(self, data: CostData) -> Sequence[str]:
        """Columns that it needs beside those of the cost function; an error, with its cure, where they are missing."""

    def fit(self, prepared: Prepared) -> Fit:
        """The fitted cost function."""


ESTIMATORS: dict[str, Estimator] = {one.name: one for one in (LeastSquaresEstimator(), System(), Frontier())}


def find_estimator(estimator: str | Estimator) -> Estimator:
    """The estimator of this name with its usual settings, or the one given; UnknownName lists those there are."""
    if not isinstance(estimator, str):
        return estimator
    if estimator not in ESTIMATORS:
        raise UnknownName(f"There is no estimator {estimator!r}. There is {', '.join(ESTIMATORS)}.")
    return ESTIMATORS[estimator]
