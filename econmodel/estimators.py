"""Estimators with settings of their own, for `econmodel.fit(data, estimator=...)`."""

from econmodel.estimate.frontier.estimator import Frontier
from econmodel.estimate.instruments.control_function import ControlFunction
from econmodel.estimate.instruments.two_stage import TwoStage
from econmodel.estimate.system.estimator import System

__all__ = ["ControlFunction", "Frontier", "System", "TwoStage"]
