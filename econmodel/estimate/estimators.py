"""How parameters are found: by name, or by an estimator with settings of its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from econmodel.errors import UnknownName
from econmodel.estimate.fit import Fit
from econmodel.estimate.frontier.estimator import Frontier
from econmodel.estimate.instruments.control_function import ControlFunction
from econmodel.estimate.instruments.two_stage import TwoStage
from econmodel.estimate.least_squares_fit import LeastSquaresEstimator
from econmodel.estimate.preparation import Prepared
from econmodel.estimate.sample import log_of
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
    if isinstance(estimator, str):
        found = ESTIMATORS.get(estimator)
    else:
        found = None if isinstance(estimator, type) or not hasattr(estimator, "fit") else estimator
    if found is None:
        raise UnknownName(
            f"There is no estimator {estimator!r}. There is {', '.join(ESTIMATORS)}; or one with its settings, such as "
            'em.estimators.Frontier("exponential") or em.estimators.TwoStage(endogenous=["continuity"], '
            'instruments=["tender_calendar"]).'
        )
    return found


def without_absent(estimator: Estimator, data: CostData) -> Estimator:
    """The estimator for a table with fewer columns: what is not there is not endogenous, and needs no instrument."""
    if not isinstance(estimator, TwoStage | ControlFunction):
        return estimator
    there = {*data.outputs, *data.relationships, *data.controls, *map(log_of, data.network)}
    endogenous = [name for name in estimator.endogenous if name in there]
    return replace(estimator, endogenous=endogenous) if endogenous else ESTIMATORS["least_squares"]
