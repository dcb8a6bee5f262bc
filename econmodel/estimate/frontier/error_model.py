"""The error of a frontier: noise, and how far each provider is above the cost of the best practice."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.delta import delta_covariance
from econmodel.estimate.design import Design
from econmodel.estimate.error_model import INEFFICIENCY, ErrorModel
from econmodel.estimate.frontier.density import (
    Conditional,
    inefficiency_quantile,
    mean_efficiency,
    mean_inefficiency,
)
from econmodel.estimate.frontier.inference import replicate_frontier
from econmodel.estimate.frontier.likelihood import Joined, Likelihood, means
from econmodel.estimate.frontier.solution import DOUBTFUL, Residuals, Solution, residual_moments
from econmodel.estimate.least_squares import LeastSquares
from econmodel.results import Check, format_number
from econmodel.words import probability_words

Array = NDArray[np.float64]


def least_squares_at(design: Design, found: Solution[Any]) -> LeastSquares:
    """The record of least squares at the cost function that was found."""
    ordinary, theta = found.least_squares, found.parameters[: design.count].copy()
    spread = residual_moments(design, theta)
    return LeastSquares(theta, ordinary.inverse_gram, spread.count * spread.second, ordinary.condition, found.passes)


@dataclass(frozen=True, eq=False)
class FrontierModel(ErrorModel):
    """The error of a cost frontier, log C = f + v + u: best practice, noise and inefficiency u >= 0.

    `predict` and the measures speak of the frontier, not of average cost.

    Attributes
    ----------
    asked : the likelihood that was asked for; the one that was maximised has no inefficiency where none was found
    found : what the search found
    error_names : names of the parameters behind those of the cost function
    """

    of_best_practice = True
    takes_determinants = True
    leaves_clusters_out = False
    deviation_words = " + noise + inefficiency"

    asked: Joined
    found: Solution[Any]
    error_names: tuple[str, ...]

    @property
    def residuals(self) -> Residuals:
        """Moments of least squares' residuals."""
        return self.found.residuals

    @property
    def all_parameters(self) -> Array:
        """Those of the cost function, of the mean of inefficiency or sigma_w of levels, sigma_u and sigma_v (K,)."""
        return np.asarray(self.found.likelihood.natural(self.found.parameters))

    @property
    def sigma_u(self) -> float:
        """Standard deviation of inefficiency before truncation; its mean, where it is exponential."""
        return float(self.all_parameters[-2])

    @property
    def sigma_v(self) -> float:
        """Standard deviation of noise."""
        return float(self.all_parameters[-1])

    @property
    def gamma(self) -> float:
        """sigma_u^2 over sigma_u^2 + sigma_v^2."""
        return self.sigma_u**2 / (self.sigma_u**2 + self.sigma_v**2)

    @cached_property
    def error_parameters(self) -> pd.DataFrame:
        """What is behind the cost function: determinants of inefficiency, sigma_u, sigma_v, lambda and gamma.

        Columns estimate, std_error; missing errors where sigma_u is zero. lambda is sigma_u / sigma_v, gamma the share
        of sigma_u^2 in sigma_u^2 + sigma_v^2.
        """
        k = self.design.count
        values, covariance = self.all_parameters[k:], self.known.matrix[k:, k:]

        def measure(parameters: Array) -> Array:
            sigma_u, sigma_v = parameters[..., -2:-1], parameters[..., -1:]
            return np.concatenate([parameters, sigma_u / sigma_v, sigma_u**2 / (sigma_u**2 + sigma_v**2)], axis=-1)

        errors = np.sqrt(np.diag(delta_covariance(measure, values, covariance)))
        if self.found.at_boundary:
            errors[[-4, -2, -1]] = np.nan
        names = pd.Index([*self.error_names, "lambda", "gamma"])
        return pd.DataFrame({"estimate": measure(values), "std_error": errors}, names)

    @property
    def llf(self) -> float:
        """Log-likelihood, at its highest."""
        return self.found.found.value

    @cached_property
    def log_likelihoods(self) -> Array:
        """Each row's log-likelihood (n,) of log cost."""
        likelihood = self.found.likelihood
        return np.concatenate([found.value for *_, found in likelihood.rows(self.found.parameters)])

    @property
    def df_model(self) -> float:
        """Parameters less the constant and, as in least squares, less the standard deviation of noise."""
        return len(self.all_parameters) - 2.0

    @property
    def rsquared(self) -> float:
        """Missing: a frontier explains the least cost, and its residuals hold inefficiency."""
        return float("nan")

    @property
    def classical_covariance(self) -> Array:
        """Inverse of the negative Hessian, the part of the cost function (k, k)."""
        k = self.design.count
        return np.asarray(np.linalg.inv(-self.found.found.hessian)[:k, :k])

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """The mean of inefficiency given each row's deviation from the frontier; see `ErrorModel.row_parts`."""
        return {INEFFICIENCY: self._of_rows(parameters, residual)[0]}

    def _of_rows(self, parameters: Array, residual: Array) -> tuple[Array, Conditional]:
        """Mean inefficiency and its conditional distribution, for parameters (B, K) and deviations (B, n)."""
        sigma_u, sigma_v = parameters[:, -2, None], parameters[:, -1, None]
        found = sigma_u > 0
        # Without inefficiency any distribution of it will do: what follows is replaced by zero.
        floored = np.where(found, sigma_u, sigma_v)
        delta = parameters[:, self.design.count : -2]
        likelihood = self.asked
        assert isinstance(likelihood, Likelihood)
        mean = means(likelihood, delta) if delta.shape[1] else 0.0
        given = likelihood.density.conditional(residual, mean, floored, sigma_v)
        return np.where(found, mean_inefficiency(given), 0.0), given

    @cached_property
    def _given(self) -> Conditional:
        residual = self.deviations[None]
        return Conditional(*(values[0] for values in self._of_rows(self.all_parameters[None], residual)[1]))

    def _mean(self, of: Callable[[Conditional], Array]) -> Array:
        """Means of a function of inefficiency given each row's deviation (n,)."""
        return of(self._given)

    @cached_property
    def inefficiency(self) -> pd.Series:
        """Mean of u given each provider's deviation (Jondrow, Lovell, Materov and Schmidt, 1982), by the table's index.

        0.1 says that cost is about 10 % above the best practice. With levels of providers, given all deviations of the
        provider.
        """
        values = np.zeros(self.sample.rows.count) if self.found.at_boundary else self._mean(mean_inefficiency)
        return pd.Series(values, self.sample.data.frame.index, name=INEFFICIENCY)

    @cached_property
    def efficiency(self) -> pd.Series:
        """Mean of exp(-u) given each provider's deviation (Battese and Coelli, 1988): frontier cost over own cost.

        With levels of providers, given all deviations of the provider.
        """
        values = np.ones(self.sample.rows.count) if self.found.at_boundary else self._mean(mean_efficiency)
        return pd.Series(values, self.sample.data.frame.index, name="efficiency")

    @property
    def row_efficiency(self) -> Array:
        """Frontier cost over own cost of each row (n,)."""
        return self.efficiency.to_numpy(dtype=float)

    def efficiencies(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Inefficiency and efficiency of every row, each with the interval that holds it with this probability.

        The interval is of u given the deviation, parameters taken as known (Horrace and Schmidt, 1996); it does not
        shrink with the number of providers. Columns: inefficiency, inefficiency_low, inefficiency_high, efficiency,
        efficiency_low, efficiency_high.
        """
        tail = (1.0 - conf_level) / 2.0
        low, high = np.zeros(self.sample.rows.count), np.zeros(self.sample.rows.count)
        if not self.found.at_boundary:
            low, high = (self._quantiles(at) for at in (tail, 1.0 - tail))
        columns = {
            INEFFICIENCY: self.inefficiency, f"{INEFFICIENCY}_low": low, f"{INEFFICIENCY}_high": high,
            "efficiency": self.efficiency, "efficiency_low": np.exp(-high), "efficiency_high": np.exp(-low),
        }  # fmt: skip
        return pd.DataFrame(columns, self.sample.data.frame.index)

    def _quantiles(self, probability: float) -> Array:
        """Quantiles of u given each row's deviation (n,)."""
        return inefficiency_quantile(self._given, probability)

    def inefficiency_test(self) -> Check:
        """The likelihood-ratio test of no inefficiency: half the time the likelihood cannot rise under the null.

        Its p-value is that of a mixture of chi-squares (Kodde and Palm, 1986): half of zero and half of one degree of
        freedom, where inefficiency has one parameter; each higher by the number of its determinants.
        """
        found = self.found
        value, extra = found.p_value, found.likelihood.means
        rows = [
            ("no inefficiency", found.without, np.nan, np.nan),
            ("frontier", found.found.value, found.statistic, value),
        ]
        table = pd.DataFrame(rows, columns=["model", "log_likelihood", "likelihood_ratio", "p_value"])
        against = f"half chi-square with {extra} and half with {extra + 1} degrees of freedom"
        if not extra:
            against = "half chi-square with one degree of freedom, half zero"
        p_words = probability_words(value)
        if found.at_boundary:
            text = "No inefficiency was found: the likelihood is highest without it."
        elif value <= DOUBTFUL:
            text = f"Costs above the best practice are more than noise ({p_words}, {against})."
        else:
            text = f"No conclusion: deviations from the best practice may all be noise ({p_words}, {against})."
        skewness = format_number(found.residuals.skewness, 3)
        note = f"Skewness of least squares' residuals: {skewness}; inefficiency makes it positive."
        return Check("Inefficiency", bool(value > DOUBTFUL), "no inefficiency", table, text, (note,))

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication, (replications, K), sigma_u and sigma_v behind."""
        assert isinstance(self.asked, Likelihood)
        return replicate_frontier(self.asked, self.found, draws, steps)

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        return f"Newton's method, {self.found.passes} passes over the rows, all starts together"

    @property
    def further_tables(self) -> dict[str, pd.DataFrame]:
        """The table of noise and inefficiency."""
        table = self.error_parameters.reset_index().rename(columns={"index": "parameter"})
        return {"Noise and inefficiency": table}
