"""Correlated random effects: provider means beside the regressors, by feasible generalised least squares in one pass.

Mundlak (1978): an effect of each provider that may go with its regressors' means, and what is left of it random. The
parameters of what varies within providers are those of the within estimator; what does not vary keeps its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported
from econmodel.estimate.absorbed import refuse_hardly_within
from econmodel.estimate.covariance import joint_covariance
from econmodel.estimate.covariance_choice import covariance_of
from econmodel.estimate.design import Block, Design
from econmodel.estimate.error_model import PROVIDER_EFFECTS, ErrorModel, zero_test
from econmodel.estimate.least_squares import Groups, LeastSquares, with_sums
from econmodel.estimate.moments import Moments, accumulate, condition_number, inverse, solve, within_moments
from econmodel.estimate.preparation import Prepared, providers
from econmodel.results import Check
from econmodel.words import listed

Array = NDArray[np.float64]
# Below this share of its total sum of squares the variation of a column within providers is rounding.
CONSTANT_WITHIN = 1e-12
# A provider mean of which the others leave less than this share is a combination of them.
COMBINATION = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class ProviderMeans:
    """Means of the regressors by provider, and how much of a provider's level is taken out.

    Attributes
    ----------
    groups : the rows of each provider
    of_rows : (k + 1, G) means of every derivative and of the response
    inside : places of the derivatives that vary within providers
    varying : those among them whose means vary between providers too, apart from the others'
    beside : (km, G) these means less the grand mean: the further regressors
    share : (G,) the share of its mean that is taken from each row of a provider; none for plain least squares
    """

    groups: Groups
    of_rows: Array
    inside: NDArray[np.intp]
    varying: NDArray[np.intp]
    beside: Array
    share: Array

    def with_share(self, share: Array) -> "ProviderMeans":
        """The same with other shares."""
        return replace(self, share=share)


def provider_means(moments: Moments, sums: Array, groups: Groups) -> ProviderMeans:
    """From one pass' moments (k + 1, k + 1) and sums by provider (k + 1, G).

    Raises
    ------
    NotIdentified
        Where nothing varies within providers.
    """
    of_rows = sums / groups.sizes
    inside = np.diag(within_moments(moments, sums, groups.sizes).gram)
    grand = sums.sum(axis=1, keepdims=True) / groups.sizes.sum()
    total = np.diag(moments.gram) - grand[:, 0] ** 2 * moments.count
    spread = inside - grand[:, 0] ** 2 * moments.count
    varies = spread[:-1] > CONSTANT_WITHIN * np.maximum(total[:-1], np.diag(moments.gram)[:-1])
    if not varies.any():
        raise NotIdentified(
            'Nothing in the cost function varies within providers, so effects="mundlak" has no means to add. Use '
            "effects=None: standard errors are clustered by provider."
        )
    within, fixed = np.flatnonzero(varies), np.flatnonzero(~varies)
    varying = _apart(of_rows - grand, within, fixed)
    return ProviderMeans(groups, of_rows, within, varying, (of_rows - grand)[varying], np.zeros(len(groups.sizes)))


def _apart(means: Array, within: NDArray[np.intp], fixed: NDArray[np.intp]) -> NDArray[np.intp]:
    """Places among `within` whose means (k + 1, G) are no combination of those of the others and of `fixed`.

    Period dummies of a balanced panel have the same mean for every provider. A mean that the others hold adds nothing:
    without it the parameters of what varies are still those within.
    """
    largest = np.sqrt((means[:-1] ** 2).sum(axis=1)).max()
    directions: list[Array] = []
    kept = []
    for place in [*fixed, *within]:
        left, size = means[place], float(np.sqrt(means[place] @ means[place]))
        for _ in range(2):  # twice is enough (Giraud, Langou and Rozloznik, 2005)
            for direction in directions:
                left = left - (direction @ left) * direction
        length = float(np.sqrt(left @ left))
        if length > COMBINATION * max(size, COMBINATION * largest):
            directions.append(left / length)
            kept.append(place)
    return np.setdiff1d(kept, fixed)


def moments_with_means(moments: Moments, means: ProviderMeans) -> Moments:
    """Moments (k + km + 1) of regressors, provider means and response, each less its share of the provider's mean."""
    sizes, kept = means.groups.sizes, (1.0 - means.share) ** 2
    inner = moments.gram - (means.of_rows * sizes * (1.0 - kept)) @ means.of_rows.T
    crossed = (means.of_rows * sizes * kept) @ means.beside.T
    squared = (means.beside * sizes * kept) @ means.beside.T
    k = len(inner) - 1
    gram = np.block(
        [
            [inner[:k, :k], crossed[:k], inner[:k, k:]],
            [crossed[:k].T, squared, crossed[k:].T],
            [inner[k:, :k], crossed[k:], inner[k:, k:]],
        ]
    )
    return Moments(gram, moments.count)


def rows_with_means(design: Design, means: ProviderMeans, parameters: Array) -> Iterator[Block]:
    """Blocks (k + km + 1, n) of the same regressors, and residuals at the parameters (k + km,)."""
    codes, k = means.groups.codes, design.count
    taken = means.of_rows * means.share
    beside = means.beside * (1.0 - means.share)
    for rows, block in design.blocks():
        own = block - taken[:, codes[rows]]
        further = beside[:, codes[rows]]
        residual = own[k] - parameters[:k] @ own[:k] - parameters[k:] @ further
        yield rows, np.vstack([own[:k], further, residual[None]])


def generalised(moments: Moments, means: ProviderMeans, names: tuple[str, ...]) -> tuple[LeastSquares, ProviderMeans]:
    """Feasible generalised least squares with the variances of Swamy and Arora (1972).

    Returns
    -------
    the solution with all k + km parameters, and the means with the share that is taken out of each provider
    """
    inside, between = variances(moments, means)
    share = 1.0 - np.sqrt(inside / (inside + means.groups.sizes * between))
    means = means.with_share(share)
    with_means = moments_with_means(moments, means)
    advice = (
        f"There are {len(share)} providers for {len(means.varying)} means of regressors. Use fewer second-order terms "
        '(second_order="outputs" or "none"), or effects="within", which needs no means.'
    )
    inverse_gram = inverse(with_means, names, advice)
    theta = solve(with_means, inverse_gram)
    squares = float(with_means.residual_squares - theta @ with_means.gram[:-1, -1])
    return LeastSquares(theta, inverse_gram, max(squares, 0.0), condition_number(with_means)), means


def variances(moments: Moments, means: ProviderMeans) -> tuple[float, float]:
    """Variance of the errors and of the random provider effects (Swamy and Arora, 1972); the second at least zero.

    Raises
    ------
    NotIdentified
        Where there are no more providers than parameters between them, or too few rows within them.
    """
    sizes, count = means.groups.sizes, moments.count
    groups, varying = len(sizes), means.inside
    if count - groups - len(varying) <= 0:
        raise NotIdentified(
            f"{count:.0f} rows of {groups} providers leave {count - groups:.0f} comparisons of a provider with itself, "
            f"too few for {len(varying)} parameters of what varies within them. Use effects=None, fewer second-order "
            'terms (second_order="none"), or more periods.'
        )
    centred = means.of_rows - (means.of_rows * sizes).sum(axis=1, keepdims=True) / sizes.sum()
    inside = moments.gram - (means.of_rows * sizes) @ means.of_rows.T
    step = np.linalg.lstsq(inside[np.ix_(varying, varying)], inside[varying, -1], rcond=None)[0]
    # Where nothing is left but rounding, its sum of squares may fall below zero.
    least = np.finfo(float).eps * inside[-1, -1]
    error = max(inside[-1, -1] - step @ inside[varying, -1], least) / (count - groups - len(varying))
    regressors = np.vstack([np.ones(groups), np.delete(centred[:-1], 0, axis=0)])
    _, left, rank, _ = np.linalg.lstsq(regressors.T, centred[-1], rcond=None)
    if groups <= rank:
        raise NotIdentified(
            f"{groups} providers cannot identify {rank} parameters between providers, so their own random levels "
            'cannot be told from the error. Use effects="within", or fewer second-order terms (second_order="none").'
        )
    spread = float(left[0]) / (groups - rank) if len(left) else 0.0
    return float(error), max(spread - float(error) * float((1.0 / sizes).mean()), 0.0)


@dataclass(frozen=True, eq=False)
class MundlakModel(ErrorModel):
    """Correlated random effects: within parameters for what varies, and what does not vary beside them.

    The parameters of the provider means stand behind those of the cost function.

    Attributes
    ----------
    means : the provider means and the share of each that is taken out
    """

    means: ProviderMeans

    @property
    def levels(self) -> Groups:
        """Every provider."""
        return self.means.groups

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Regressors, provider means and residuals, each less its share of the provider's mean."""
        return rows_with_means(self.design, self.means, parameters)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """Provider effects (B, n): what goes with the means, and of the rest the part that is a provider's own."""
        codes, sizes, share = self.means.groups.codes, self.means.groups.sizes, self.means.share
        expected = (parameters[:, self.design.count :] @ self.means.beside)[:, codes]
        rest = np.stack([np.bincount(codes, row) for row in residual - expected]) / sizes
        # The best linear prediction of a random effect shrinks a provider's mean residual.
        return {PROVIDER_EFFECTS: expected + (rest * (1.0 - (1.0 - share) ** 2))[:, codes]}

    @property
    def llf(self) -> float:
        """Normal log-likelihood with random provider effects."""
        return super().llf + float(np.log(1.0 - self.means.share).sum())

    @property
    def log_likelihoods(self) -> Array:
        """Each row's part (n,) of its provider's log-likelihood, which is that of rows less their share of the mean."""
        variance = self.solution.residual_squares / self.sample.rows.count
        left = np.concatenate([block[-1] for _, block in self.rows_at(self.all_parameters)])
        found = -0.5 * (np.log(2.0 * np.pi * variance) + left**2 / variance)
        return found + (np.log(1.0 - self.means.share) / self.means.groups.sizes)[self.means.groups.codes]

    @property
    def squares_left(self) -> float:
        """Squares of what provider effects leave too."""
        return float(self.residual @ self.residual)

    @property
    def mean_parameters(self) -> pd.DataFrame:
        """Parameters of the provider means: what a regressor says between providers less what it says within them."""
        k = self.design.count
        names = [f"mean of {self.technology.names[place]}" for place in self.means.varying]
        errors = np.sqrt(np.diag(self.covariance.matrix)[k:])
        return pd.DataFrame({"coefficient": self.all_parameters[k:], "std. error": errors}, pd.Index(names))

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
        self.require_error()
        k, known, values = self.design.count, self.covariance, self.all_parameters[self.design.count :]
        covariance, freedom = known.matrix, known.freedom
        if known.kind == "cluster" and known.clusters is not None:
            groups = len(known.clusters.sizes)
            if groups <= len(values):
                raise NotSupported(
                    f"{groups} clusters cannot test {len(values)} provider means together. Use fewer second-order "
                    'terms (second_order="none"), or cluster by provider.'
                )
            covariance, freedom = joint_covariance(covariance, lambda: self.cluster_moments, groups, len(values))
        p_value, statistic = zero_test(values, covariance[k:, k:], freedom)
        rejected = p_value <= 1.0 - conf_level
        null = f"provider effects do not go with {listed(self.technology.names[one] for one in self.means.varying)}"
        text = f"{statistic}: " + (
            "providers that differ for good differ in cost otherwise than a provider that changes. Comparisons between "
            'providers would mislead; the parameters printed are those within (effects="within").'
            if rejected
            else "no sign that comparisons between providers and within them differ. That is not evidence that they "
            "agree."
        )
        return Check("Mundlak's test", not rejected, null, self.mean_parameters.reset_index(names="term"), text)


def mundlak_fit(prepared: Prepared) -> MundlakModel:
    """Correlated random effects from one pass and, for robust covariances, one more."""
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
    found = covariance_of(prepared, every, lambda: rows_with_means(design, means, every.theta), len(every.theta))
    return MundlakModel(prepared.sample, design, None, every, found, means)
