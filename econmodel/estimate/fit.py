"""The record of a fit: parameters and how well they are known, in the words of statsmodels' results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate import fit_display
from econmodel.estimate.bootstrap import Replications, replicate, replications
from econmodel.estimate.covariance import cluster_moments, joint_covariance, wild_cluster_p_values
from econmodel.estimate.delta import jacobian
from econmodel.estimate.design import Block, Design
from econmodel.estimate.least_squares import Groups, LeastSquares, transformed_blocks
from econmodel.estimate.linear_hypotheses import likelihood_results
from econmodel.estimate.sample import Sample
from econmodel.forms.technology import Point, Technology
from econmodel.frames import in_pandas
from econmodel.table.cost_data import CostData

if TYPE_CHECKING:
    from econmodel.estimate.specification import Specification

Array = NDArray[np.float64]
PROVIDER_EFFECTS = "provider effects"


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A fitted cost function. Every measure of `econmodel` takes one; nothing changes it.

    Attributes
    ----------
    specification : what was asked for
    sample : the rows and columns used
    technology : the cost function
    design : the cost function joined to its rows
    solution : what least squares found
    covariance : (k, k) covariance of the parameters
    cov_type : "nonrobust", "HC0" to "HC3" or "cluster"
    clusters : groups of rows that errors are shared within, or None
    effects : providers whose own level of cost was taken out, or None
    freedom : degrees of freedom of t tests
    notes : what a reader must know
    """

    specification: "Specification"
    sample: Sample
    technology: Technology
    design: Design
    solution: LeastSquares
    covariance: Array
    cov_type: str
    clusters: Groups | None
    effects: Groups | None
    freedom: float
    wild: bool
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        self.covariance.flags.writeable = False

    def jointly(self) -> Self:
        """The same fit, whose measures give intervals that cover all rows of a measure at once.

        A 95 % interval covers its own number in 95 % of samples, and ten such intervals all of theirs in fewer. These
        are wider, by the quantile of the largest deviation among the rows (a band, where the rows are points along a
        curve), and their p-values allow for the number of rows. The terms of a measure are covered together; its tilts
        and its product-specific rows, where it has such, are covered as a set of their own. Parts of a separation and
        the parameters themselves keep the usual intervals.

        Examples
        --------
        >>> from econmodel.economies.scale import scale
        >>> from econmodel.estimate.fitting import fit
        >>> from econmodel.table.shipped import load
        >>> power = fit(load("electricity_1970"))
        >>> one, all_at_once = (scale(each, at=[0.25, 1, 4]).table for each in (power, power.jointly()))
        >>> bool((all_at_once["conf_high"] > one["conf_high"]).all())
        True
        """
        return replace(self, specification=replace(self.specification, jointly=True))

    @property
    def jointly_covered(self) -> bool:
        """Whether measures give intervals that cover all of their rows at once."""
        return self.specification.jointly

    @property
    def data(self) -> CostData:
        """The table, rows used only."""
        return self.sample.data

    @property
    def theta(self) -> Array:
        """Parameters (k,) without labels."""
        return self.solution.theta

    @property
    def params(self) -> pd.Series:
        """Parameters, at the point where the coordinates are centred; no constant where provider effects absorb it."""
        return pd.Series(self.theta[self._shown], self._names, name="coefficient")

    @property
    def _shown(self) -> NDArray[np.intp]:
        """Places of the parameters that are estimates: provider effects absorb the constant."""
        names = self.technology.names
        return np.array([i for i, name in enumerate(names) if self.effects is None or name != "constant"])

    @property
    def _names(self) -> pd.Index:
        return pd.Index([self.technology.names[place] for place in self._shown])

    @property
    def bse(self) -> pd.Series:
        """Standard errors."""
        return pd.Series(np.sqrt(np.diag(self.covariance))[self._shown], self._names, name="std. error")

    @property
    def tvalues(self) -> pd.Series:
        """Parameters over standard errors."""
        return (self.params / self.bse).rename("t")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of zero: t, or the restricted wild cluster bootstrap below twenty clusters."""
        if self.wild:
            values = self.wild_p_values(np.eye(len(self.theta))[self._shown], self.theta[self._shown])
        else:
            from scipy.special import stdtr

            values = 2.0 * stdtr(self.freedom, -np.abs(self.tvalues.to_numpy()))
        return pd.Series(values, self._names, name="p")

    @cached_property
    def _cluster_moments(self) -> Any:
        assert self.clusters is not None
        return cluster_moments(self.rows_at(self.all_parameters), self.clusters.codes, len(self.clusters.sizes))

    def wild_p_values(self, directions: Array, differences: Array) -> Array:
        """P-values (q,) of `directions @ params = nulls` by the wild cluster bootstrap, of estimates less nulls."""
        return wild_cluster_p_values(self._cluster_moments, self.solution.inverse_gram, directions, differences)

    def joint_covariance(self, count: int) -> tuple[Array, float]:
        """Covariance (k, k) and degrees of freedom for a test of `count` restrictions together.

        Those of the fit, but where errors of least squares are clustered: there several restrictions at once need a
        covariance that leaves each cluster out in turn.
        """
        clustered = self.cov_type == "cluster" and self.specification.estimator.name == "least_squares"
        if count == 1 or not clustered or self.clusters is None or len(self.clusters.sizes) <= count:
            return self.covariance, self.freedom
        k, every = len(self.theta), np.zeros((len(self.all_parameters),) * 2)
        every[:k, :k] = self.covariance
        groups = len(self.clusters.sizes)
        covariance, freedom = joint_covariance(every, lambda: self._cluster_moments, groups, count)
        return covariance[:k, :k], freedom

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the parameters."""
        return pd.DataFrame(self.covariance[np.ix_(self._shown, self._shown)], self._names, self._names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Intervals of level 1 - alpha; columns 0 and 1, as in statsmodels."""
        from scipy.special import stdtrit

        margin = stdtrit(self.freedom, 1.0 - alpha / 2.0) * self.bse
        return pd.DataFrame({0: self.params - margin, 1: self.params + margin})

    @property
    def use_t(self) -> bool:
        """Always: small samples are the rule here."""
        return True

    @property
    def nobs(self) -> float:
        """Rows used."""
        return float(self.sample.rows.count)

    @property
    def df_model(self) -> float:
        """Parameters less the constant, and provider effects less one."""
        return len(self.theta) - 1.0 + (len(self.effects.sizes) - 1.0 if self.effects is not None else 0.0)

    @property
    def df_resid(self) -> float:
        """Rows less parameters and effects."""
        return self.nobs - self.df_model - 1.0

    @property
    def ssr(self) -> float:
        """Sum of squared residuals, weighted where rows have weights."""
        return self.solution.residual_squares

    @property
    def fits_exactly(self) -> bool:
        """Whether cost is an exact function of the columns, so that nothing can be said of an error."""
        return bool(np.isnan(self.covariance).all())

    def require_error(self) -> None:
        """NotSupported where cost is an exact function of the columns: no test of it means anything."""
        if self.fits_exactly:
            raise NotSupported(
                f"{self.data.cost} is computed from its columns, so nothing in this fit can be tested and nothing has "
                "an interval. Name the column with the cost that was recorded; of a cost function that is known, "
                "em.worlds.state(...) gives the same measures."
            )

    @property
    def llf(self) -> float:
        """Normal log-likelihood of the response (log cost, or cost where the error is additive); missing where cost is
        an exact function of the columns.
        """
        if self.fits_exactly:
            return float("nan")
        spread = -0.5 * self.nobs * (np.log(2.0 * np.pi * self.ssr / self.nobs) + 1.0)
        return float(spread + 0.5 * np.log(self._weights).sum())

    @property
    def log_likelihoods(self) -> Array:
        """Each row's normal log-likelihood (n,) of log cost, whatever the error: forms can be compared by it."""
        if self.fits_exactly:
            return np.full(int(self.nobs), np.nan)
        variance, residual = self.ssr / self.nobs, self.resid.to_numpy()
        found = -0.5 * (np.log(2.0 * np.pi * variance) + residual**2 / variance)
        return found + np.log(self._response) if self.design.additive else found

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * (self.df_model + 1.0) - 2.0 * self.llf

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return float(np.log(self.nobs)) * (self.df_model + 1.0) - 2.0 * self.llf

    @cached_property
    def _raw_residuals(self) -> Array:
        """Residuals before provider effects."""
        blocks = replace(self.design, weights="").blocks(self.theta)
        return np.concatenate([block[-1].copy() for _, block in blocks])

    @property
    def _weights(self) -> Array:
        """Weights of the rows (n,), their mean one; ones where rows count alike."""
        if not self.sample.weights:
            return np.ones(self.sample.rows.count)
        return self.sample.rows.columns[self.sample.weights]

    @cached_property
    def _response(self) -> Array:
        cost = self.sample.rows.columns[self.design.cost]
        return cost if self.design.additive else np.log(cost)

    @cached_property
    def provider_effects(self) -> pd.Series | None:
        """Each provider's own level of (log) cost relative to the average row; None without effects."""
        if self.effects is None or self.data.entity is None:
            return None
        means = np.bincount(self.effects.codes, self._raw_residuals) / self.effects.sizes
        names = pd.unique(self.data.frame[self.data.entity])
        return pd.Series(means, pd.Index(names, name=self.data.entity), name="provider effect")

    @property
    def row_effects(self) -> Array:
        """The provider effect of each row (n,); zeros without effects."""
        if self.provider_effects is None or self.effects is None:
            return np.zeros(self.sample.rows.count)
        return self.provider_effects.to_numpy()[self.effects.codes]

    @cached_property
    def resid(self) -> pd.Series:
        """Response less fitted value, by the table's index."""
        return pd.Series(self._raw_residuals - self.row_effects, self.data.frame.index, name="residual")

    @cached_property
    def fittedvalues(self) -> pd.Series:
        """Fitted log cost, or fitted cost where the error is additive."""
        return pd.Series(self._response - self.resid.to_numpy(), self.data.frame.index, name="fitted")

    @cached_property
    def rsquared(self) -> float:
        """Share of the response's variance explained; of the response over the numeraire's price where there is one."""
        response = self._response
        if self.technology.numeraire is not None and not self.design.additive:
            response = response - self.technology.log_numeraire(self.points())
        mean = np.average(response, weights=self._weights)
        return share_explained(self.ssr, float((self._weights * (response - mean) ** 2).sum()))

    @property
    def converged(self) -> bool:
        """Always: a search that does not converge raises, and returns no numbers."""
        return True

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        return "solved exactly" if not self.technology.is_level else f"{self.solution.steps} Gauss-Newton steps"

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What this estimator prints beside the facts of every fit: (fact, value)."""
        return ()

    @property
    def condition_number(self) -> float:
        """Condition number of the scaled derivatives; above a thousand, columns nearly move together."""
        return self.solution.condition

    @property
    def rows_dropped(self) -> pd.DataFrame:
        """How many rows were left out, why, and the first five of them."""
        rows = [(count, why, ", ".join(first)) for count, why, first in self.data.dropped]
        return pd.DataFrame(rows, columns=["rows", "because", "first"])

    @property
    def scale(self) -> float:
        """Residual variance."""
        return self.ssr / self.df_resid

    @property
    def model(self) -> SimpleNamespace:
        """Names, as statsmodels' tables of several fits look for them."""
        response = self.data.cost if self.design.additive else f"log {self.data.cost}"
        return SimpleNamespace(endog_names=response, exog_names=list(self.technology.names))

    def points(self) -> Point:
        """Every row used as a point at which cost can be evaluated."""
        columns, t = self.sample.rows.columns, self.technology

        def stack(names: tuple[str, ...]) -> Array:
            return np.stack([columns[name] for name in names], 1) if names else np.zeros((self.sample.rows.count, 0))

        relationships = stack(t.relationships)
        for place, in_logs in enumerate(t.log_relationships):
            if in_logs:
                relationships[:, place] = np.log(relationships[:, place])
        return Point(stack(t.outputs), np.log(stack(t.prices)), relationships, stack(t.controls))

    def predict(self, exog: pd.DataFrame | None = None) -> pd.Series:
        """Fitted values, or predictions for the rows of a table (provider effects and control functions at zero).

        Columns of the fit's own table that are not in the cost function may stand beside, and play no part; variables
        that the table leaves out stay at their mean.
        """
        if exog is None:
            return self.fittedvalues
        from econmodel.estimate.points import points_of

        exog, t = in_pandas(exog), self.technology
        known = {*t.outputs, *t.prices, *t.relationships, *t.controls}
        period = self.data.time if self.specification.time_effects else None
        beside = {name for name in self.data.frame.columns if not known & {name, f"log {name}"} and name != period}
        points = points_of(self, exog[[name for name in exog.columns if name not in beside]])
        predict = self.technology.cost if self.design.additive else self.technology.log_cost
        return pd.Series(predict(self.theta, points), exog.index, name="predicted")

    def in_units(self) -> pd.DataFrame:
        """Parameters of the uncentred form in the user's own units, with standard errors by the delta method."""
        measure = self.technology.in_units
        gradient = jacobian(measure, self.theta)
        errors = np.sqrt(np.maximum(np.diag(gradient @ self.covariance @ gradient.T), 0.0))
        return pd.DataFrame(
            {"coefficient": measure(self.theta), "std. error": errors}, pd.Index(self.technology.unit_names)
        )

    def replications(self, count: int, seed: int) -> Replications:
        """Weights of a bootstrap by this fit's clusters."""
        return replications(count, self.sample.rows.count, seed, self.clusters)

    def bootstrap(self, draws: Replications, steps: int = 1) -> Array:
        """Parameters in every replication, (replications, k); level forms take `steps` steps from the estimate."""
        return self.bootstrap_all(draws, steps)[:, : len(self.theta)]

    def bootstrapped(self, count: int, seed: int) -> Array:
        """Parameters in `count` replications of this seed, (count, k); made once, whatever is measured with them."""
        if (count, seed) not in self._bootstrapped:
            self._bootstrapped[count, seed] = self.bootstrap(self.replications(count, seed))
        return self._bootstrapped[count, seed]

    @cached_property
    def _bootstrapped(self) -> dict[tuple[int, int], Array]:
        return {}

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """The same with the estimator's further parameters behind, as in `all_parameters`."""
        return replicate(self.rows_at, self.all_parameters, draws, steps if self.technology.is_level else 1)

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Derivatives by all parameters and residuals of every row, block by block, less provider means."""
        return transformed_blocks(self.design, parameters, self.effects)

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, and behind them those of the error where an estimator has such."""
        return self.theta

    @property
    def p_floor(self) -> float:
        """The smallest p-value that the replications behind `pvalues` could give; zero where it is not counted."""
        return 0.0

    @property
    def bootstrap_only(self) -> str:
        """Why intervals must come from the bootstrap; empty where the parameters are about normally distributed."""
        return ""

    def done_to(self, fitted: "Fit") -> "Fit":
        """Another fit under the same specification, with what was done to this one after it was fitted: nothing."""
        return fitted

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """What the fit tells apart in the residuals before provider effects, by name.

        Parameters
        ----------
        parameters : (B, all parameters)
        residual : (B, n) log cost less the cost function's

        Returns
        -------
        name -> (B, n): "provider effects" where there are such
        """
        if self.effects is None:
            return {}
        means = np.stack([np.bincount(self.effects.codes, row) for row in residual]) / self.effects.sizes
        return {PROVIDER_EFFECTS: means[:, self.effects.codes]}

    @property
    def classical_covariance(self) -> Array:
        """The covariance (k, k) that holds for errors that are alike and independent."""
        return self.scale * self.solution.inverse_gram

    @property
    def deviation_words(self) -> str:
        """What stands behind the cost function in its equation, if anything is said of it."""
        return ""

    @property
    def further_tables(self) -> dict[str, pd.DataFrame]:
        """Tables, by title, that an estimator prints below the parameters of the cost function."""
        return {}

    def _likelihood_results(self) -> Any:
        return likelihood_results(self)

    def t_test(self, r_matrix: Any) -> Any:
        """Statsmodels' t test of linear hypotheses (a matrix, or words such as "wage = 1")."""
        return self._likelihood_results().t_test(r_matrix)

    def wald_test(self, r_matrix: Any, use_f: bool = True) -> Any:
        """Statsmodels' Wald test of linear hypotheses, all together."""
        return self._likelihood_results().wald_test(r_matrix, use_f=use_f, scalar=True)

    def summary(self) -> Any:
        """A statsmodels Summary, filled by us."""
        return fit_display.summary(self)

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return fit_display.html(self)


def share_explained(left: float, total: float) -> float:
    """One less the share of a sum of squares that is left; missing where there is nothing to explain."""
    return 1.0 - left / total if total > 0 else float("nan")
