"""The error of a frontier with true random effects: search, efficiencies with each provider's level apart."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.covariance import Covariance, clustered
from econmodel.estimate.covariance_choice import notes_of, refuse_computed
from econmodel.estimate.error_model import INEFFICIENCY, PROVIDER_EFFECTS
from econmodel.estimate.frontier.density import (
    Conditional,
    HalfNormal,
    NoInefficiency,
    log_normal_tail,
    mean_efficiency,
    mean_inefficiency,
)
from econmodel.estimate.frontier.error_model import FrontierModel, least_squares_at
from econmodel.estimate.frontier.inference import in_sigmas, inverse_information
from econmodel.estimate.frontier.likelihood import LONGEST_STEP
from econmodel.estimate.frontier.solution import DOUBTFUL, IN_DOUBT, without_inefficiency
from econmodel.estimate.frontier.true_random_effects import (
    NODES,
    Levels,
    PanelLikelihood,
    levels,
    provider_derivatives,
    solve_panel,
)
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.preparation import Prepared, providers

Array = NDArray[np.float64]
# Halvings of an interval that find a quantile to ten digits.
HALVINGS = 50
# Nodes in a replication, whose own noise is far larger than what fewer nodes leave.
REPLICATED_NODES = 8
SIGMAS = ("sigma_w", "sigma_u", "sigma_v")
APART = (
    "What a provider's cost has in common over all its periods is its level (unobserved conditions), not inefficiency. "
    "If it is waste that lasts, efficiency is overstated here."
)


@dataclass(frozen=True, eq=False)
class TrueRandomEffectsModel(FrontierModel):
    """The error of a frontier in which each provider has a level of cost of its own, log C = f + w + v + u.

    What does not change over time is the provider's level, not inefficiency: efficiencies are of what changes.
    """

    @property
    def panel(self) -> PanelLikelihood:
        """The likelihood that was asked for."""
        assert isinstance(self.asked, PanelLikelihood)
        return self.asked

    @property
    def all_parameters(self) -> Array:
        """Those of the cost function, and sigma_w, sigma_u, sigma_v (K,)."""
        return np.asarray(self.found.likelihood.natural(self.found.parameters))

    @cached_property
    def log_likelihoods(self) -> Array:
        """Each row's share (n,) of its provider's log-likelihood: only their sum by provider has a meaning."""
        each = provider_derivatives(self.found.likelihood, self.found.parameters).value
        return np.asarray((each / self.panel.providers.sizes)[self.panel.providers.codes])

    def _of_providers(self, parameters: Array, residual: Array, count: int = NODES) -> Levels:
        """Levels given deviations (n,) at natural parameters (K,)."""
        codes = self.panel.providers.codes
        order = np.argsort(codes, kind="stable")
        sizes = self.panel.providers.sizes.astype(np.intp)
        sigma_w, sigma_u, sigma_v = parameters[-3:]
        density = self.panel.density if sigma_u > 0 else NoInefficiency()
        with np.errstate(divide="ignore"):
            logs = (float(np.log(sigma_w)), float(np.log(sigma_u)), float(np.log(sigma_v)))
        return levels(density, residual[order], codes[order], np.cumsum(sizes) - sizes, logs, count)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """Means of each provider's level and of inefficiency given its deviations; see `ErrorModel.row_parts`."""
        effects, wasted, codes = np.zeros_like(residual), np.zeros_like(residual), self.panel.providers.codes
        count = NODES if len(parameters) == 1 else REPLICATED_NODES
        for number, (one, e) in enumerate(zip(parameters, residual, strict=True)):
            if not np.isfinite(one).all():
                effects[number] = wasted[number] = np.nan
                continue
            level = self._of_providers(one, e, count)
            effects[number] = (level.probabilities * level.nodes).sum(axis=1)[codes]
            if one[-2] > 0:
                given, likely = self._conditional(level, one, e)
                wasted[number] = (likely * mean_inefficiency(given)).sum(axis=1)
        return {PROVIDER_EFFECTS: effects, INEFFICIENCY: wasted}

    def _conditional(self, level: Levels, parameters: Array, residual: Array) -> tuple[Conditional, Array]:
        """Inefficiency given each row's deviation and its provider's level at every node (n, Q); probabilities."""
        codes = self.panel.providers.codes
        e = residual[:, None] - level.nodes[codes]
        given = self.panel.density.conditional(e, 0.0, parameters[-2], parameters[-1])
        return given, level.probabilities[codes]

    @cached_property
    def _mixed(self) -> tuple[Conditional, Array]:
        level = self._of_providers(self.all_parameters, self.deviations)
        return self._conditional(level, self.all_parameters, self.deviations)

    @cached_property
    def inefficiency(self) -> pd.Series:
        """Mean of u given all deviations of the provider, by the table's index."""
        values = self.row_parts(self.all_parameters[None], self.deviations[None])[INEFFICIENCY][0]
        return pd.Series(values, self.sample.data.frame.index, name=INEFFICIENCY)

    @cached_property
    def efficiency(self) -> pd.Series:
        """Mean of exp(-u) given all deviations of the provider, by the table's index."""
        values = np.ones(self.sample.rows.count)
        if not self.found.at_boundary:
            given, likely = self._mixed
            values = (likely * mean_efficiency(given)).sum(axis=1)
        return pd.Series(values, self.sample.data.frame.index, name="efficiency")

    def _quantiles(self, probability: float) -> Array:
        """Quantiles of u given all deviations of the provider: of a mixture, so they are searched for."""
        given, likely = self._mixed
        within = log_normal_tail(given.centre / given.spread)[0]
        low = np.zeros(len(likely))
        high = np.full(len(likely), float((given.centre + 40.0 * given.spread).max()))
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            beyond = log_normal_tail((given.centre - middle[:, None]) / given.spread)[0] - within
            below = 1.0 - (likely * np.exp(beyond)).sum(axis=1)
            low, high = np.where(below < probability, middle, low), np.where(below < probability, high, middle)
        return np.asarray(0.5 * (low + high))

    @property
    def levels(self) -> Groups:
        """Every provider."""
        return self.panel.providers

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication (B, K): providers are drawn with all their rows.

        A score bootstrap (Kline and Santos, 2012): one Newton step from the estimate with the drawn scores and the
        estimate's own Hessian, whatever `steps` says. Levels of many providers would take long to estimate again.
        """
        if draws.codes is None or (draws.codes != self.panel.providers.codes).any():
            raise NotSupported("A frontier with provider levels is replicated by providers: leave groups= as it is.")
        likelihood, at = self.found.likelihood, self.found.parameters
        scores = provider_derivatives(likelihood, at).gradient
        step = np.linalg.solve(-self.found.found.hessian, draws.sums(scores).T).T
        k = likelihood.design.count
        step[:, k:] = np.clip(step[:, k:], -LONGEST_STEP, LONGEST_STEP)
        return np.asarray(likelihood.natural(at + step))

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        return f"Newton's method, {self.found.passes} evaluations, all starts together"

    @property
    def deviation_words(self) -> str:
        """What stands behind the cost function in its equation."""
        return " + level of each provider (normal)" + super().deviation_words


def _notes(at_boundary: bool, p_value: float) -> list[str]:
    if at_boundary:
        return [
            "No inefficiency found: the likelihood is highest where sigma_u is zero, and what remains is the cost "
            "function with levels of providers and noise."
        ]
    return [IN_DOUBT] if p_value > DOUBTFUL else []


def fit_true_random_effects(prepared: Prepared) -> TrueRandomEffectsModel:
    """A half-normal frontier with normal levels of providers, with its covariance."""
    specification, sample, design = prepared.specification, prepared.sample, prepared.design
    asked = PanelLikelihood(design, HalfNormal(), providers(sample.data, "random"))
    ordinary = without_inefficiency(design, prepared.moments)
    refuse_computed(prepared, ordinary)
    found = solve_panel(asked, ordinary)
    kind = specification.cov_type or "nonrobust"
    if kind not in ("nonrobust", "cluster"):
        raise NotSupported(
            f'cov_type="{kind}" takes rows as independent, and those of a provider share its level. Use "nonrobust" '
            '(the inverse Hessian) or "cluster" (by provider).'
        )
    sigmas = SIGMAS if not found.at_boundary else (SIGMAS[0], SIGMAS[2])
    covariance = inverse_information(found, (*design.technology.names, *sigmas))
    if kind == "cluster":
        scores = provider_derivatives(found.likelihood, found.parameters).gradient
        covariance = clustered(scores, covariance, prepared.count)
    covariance = in_sigmas(covariance, found, len(sigmas))
    groups = asked.providers
    freedom = len(groups.sizes) - 1.0 if kind == "cluster" else prepared.count - float(len(found.parameters))
    notes = (*_notes(found.at_boundary, found.p_value), *notes_of(ordinary.condition, sample), APART)
    known = Covariance(covariance, kind, groups, freedom, notes)
    return TrueRandomEffectsModel(sample, design, None, least_squares_at(design, found), known, asked, found, SIGMAS)
