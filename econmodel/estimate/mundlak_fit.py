"""The record of a fit with provider means, and Mundlak's test of whether provider effects go with the regressors."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotSupported
from econmodel.estimate.absorbed import refuse_hardly_within
from econmodel.estimate.bootstrap import Replications, replicate
from econmodel.estimate.covariance import joint_covariance, wild_cluster_p_values
from econmodel.estimate.covariance_choice import covariance_of
from econmodel.estimate.design import Block
from econmodel.estimate.fit import PROVIDER_EFFECTS, Fit, share_explained
from econmodel.estimate.least_squares import LeastSquares, with_sums
from econmodel.estimate.moments import accumulate
from econmodel.estimate.mundlak import ProviderMeans, generalised, provider_means, rows_with_means
from econmodel.estimate.preparation import Prepared, providers
from econmodel.results import Check, format_number, format_probability

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class MundlakFit(Fit):
    """A fit with correlated random effects: within parameters for what varies, and what does not vary beside them.

    Attributes
    ----------
    means : the provider means and the share of each that is taken out
    every : the solution with the parameters of the means behind those of the cost function
    every_covariance : its covariance (k + km, k + km)
    """

    means: ProviderMeans
    every: LeastSquares
    every_covariance: Array

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, and behind them those of the provider means."""
        return self.every.theta

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Regressors, provider means and residuals, each less its share of the provider's mean."""
        return rows_with_means(self.design, self.means, parameters)

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication; the share that is taken out of provider means stays as it is."""
        return replicate(self.rows_at, self.all_parameters, draws)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """Provider effects (B, n): what goes with the means, and of the rest the part that is a provider's own."""
        codes, sizes, share = self.means.groups.codes, self.means.groups.sizes, self.means.share
        expected = (parameters[:, len(self.theta) :] @ self.means.beside)[:, codes]
        rest = np.stack([np.bincount(codes, row) for row in residual - expected]) / sizes
        # The best linear prediction of a random effect shrinks a provider's mean residual.
        return {PROVIDER_EFFECTS: expected + (rest * (1.0 - (1.0 - share) ** 2))[:, codes]}

    @cached_property
    def row_effects(self) -> Array:
        """The provider effect of each row (n,)."""
        return self.row_parts(self.all_parameters[None], self._raw_residuals[None])[PROVIDER_EFFECTS][0]

    @cached_property
    def provider_effects(self) -> pd.Series | None:
        """Each provider's own level of log cost."""
        first = np.unique(self.means.groups.codes, return_index=True)[1]
        names = pd.unique(self.data.frame[self.data.entity])
        return pd.Series(self.row_effects[first], pd.Index(names, name=self.data.entity), name="provider effect")

    @property
    def df_model(self) -> float:
        """Parameters of the cost function and of the means, less the constant."""
        return len(self.every.theta) - 1.0

    @property
    def llf(self) -> float:
        """Normal log-likelihood with random provider effects."""
        return super().llf + float(np.log(1.0 - self.means.share).sum())

    @property
    def log_likelihoods(self) -> Array:
        """Each row's part (n,) of its provider's log-likelihood, which is that of rows less their share of the mean."""
        variance = self.ssr / self.nobs
        left = np.concatenate([block[-1] for _, block in self.rows_at(self.all_parameters)])
        found = -0.5 * (np.log(2.0 * np.pi * variance) + left**2 / variance)
        return found + (np.log(1.0 - self.means.share) / self.means.groups.sizes)[self.means.groups.codes]

    @cached_property
    def rsquared(self) -> float:
        """Share of the variance of log cost explained, by provider effects too."""
        left = self.resid.to_numpy()
        response = self.resid.to_numpy() + self.fittedvalues.to_numpy()
        if self.technology.numeraire is not None:
            response = response - self.technology.log_numeraire(self.points())
        return share_explained(float(left @ left), float(((response - response.mean()) ** 2).sum()))

    def wild_p_values(self, directions: Array, differences: Array) -> Array:
        """As in `Fit`, with the means' parameters left as they are."""
        padded = np.pad(directions, ((0, 0), (0, len(self.every.theta) - directions.shape[1])))
        return wild_cluster_p_values(self._cluster_moments, self.every.inverse_gram, padded, differences)

    @property
    def mean_parameters(self) -> pd.DataFrame:
        """Parameters of the provider means: what a regressor says between providers less what it says within them."""
        k = len(self.theta)
        names = [f"mean of {self.technology.names[place]}" for place in self.means.varying]
        errors = np.sqrt(np.diag(self.every_covariance)[k:])
        return pd.DataFrame({"coefficient": self.every.theta[k:], "std. error": errors}, pd.Index(names))

    def mundlak_test(self, conf_level: float = 0.95) -> Check:
        """Whether provider effects go with the regressors (Mundlak, 1978).

        The null is that no provider mean has a parameter of its own: within and between providers cost responds alike,
        and plain or random effects would do. A Wald test with the covariance of the fit, in its F form; where errors
        are clustered, with each cluster left out in turn (MacKinnon, Nielsen and Webb, 2023) and scaled as Hotelling's
        statistic (1931), since the usual clustered covariance rejects far too often where providers are few for their
        means.

        Raises
        ------
        NotSupported
            Where errors are clustered in no more groups than there are means.

        Examples
        --------
        >>> from econmodel.estimate.fitting import fit
        >>> from econmodel.table.shipped import load
        >>> test = fit(load("us_airlines"), "cobb_douglas", effects="mundlak").mundlak_test()
        >>> test.null
        'provider effects do not go with output, fuel_price and load_factor'
        """
        from scipy.special import fdtrc

        self.require_error()
        k, table = len(self.theta), self.mean_parameters
        values = self.every.theta[k:]
        covariance, freedom = self.every_covariance, self.freedom
        if self.cov_type == "cluster" and self.clusters is not None:
            groups = len(self.clusters.sizes)
            if groups <= len(values):
                raise NotSupported(
                    f"{groups} clusters cannot test {len(values)} provider means together. Use fewer second-order "
                    'terms (second_order="none"), or cluster by provider.'
                )
            covariance, freedom = joint_covariance(covariance, lambda: self._cluster_moments, groups, len(values))
        statistic = float(values @ np.linalg.solve(covariance[k:, k:], values)) / len(values)
        p_value = float(fdtrc(len(values), freedom, statistic))
        names = [self.technology.names[place] for place in self.means.varying]
        listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        null = f"provider effects do not go with {listed}"
        rejected = p_value <= 1.0 - conf_level
        text = (
            f"F({len(values)}, {format_number(freedom)}) = {format_number(statistic)}, "
            f"p {'' if p_value < 0.001 else '= '}{format_probability(p_value)}: "
            + (
                "providers that differ for good differ in cost otherwise than a provider that changes. Comparisons "
                'between providers would mislead; the parameters printed are those within (effects="within").'
                if rejected
                else "no sign that comparisons between providers and within them differ. That is not evidence that "
                "they agree."
            )
        )
        return Check("Mundlak's test", not rejected, null, table.reset_index(names="term"), text)


def mundlak_fit(prepared: Prepared) -> MundlakFit:
    """A fit with correlated random effects from one pass and, for robust covariances, one more."""
    if prepared.moments is None:
        raise FormError(
            'effects="mundlak" adds the provider means of regressors, and a level form has no regressors that stay the '
            'same while its parameters are sought. Use effects="within", or form="translog".'
        )
    design = prepared.design
    groups = providers(prepared.sample.data, "mundlak")
    refuse_hardly_within(prepared.sample, prepared.specification.form, design.technology.numeraire, groups)
    # Moments that were moved to the centres are rounded otherwise than sums at the centres; these are compared here.
    sums: list[Array] = []
    moments = accumulate(with_sums(design.blocks(), groups, sums))
    means = provider_means(moments, sums[0], groups)
    names = design.technology.names + tuple(f"mean of {design.technology.names[place]}" for place in means.varying)
    every, means = generalised(moments, means, names)
    k = design.count
    found = covariance_of(prepared, every, lambda: rows_with_means(design, means, every.theta), len(every.theta))
    own = LeastSquares(
        every.theta[:k].copy(), every.inverse_gram[:k, :k].copy(), every.residual_squares, every.condition
    )
    return MundlakFit(
        prepared.specification, prepared.sample, design.technology, design, own, found.matrix[:k, :k].copy(),
        found.kind, prepared.clusters, None, found.freedom, found.wild, found.notes, means, every, found.matrix,
    )  # fmt: skip
