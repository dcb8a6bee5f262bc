"""Stochastic cost frontiers: the cost of the best practice, with noise and inefficiency above it."""

from collections.abc import Sequence
from dataclasses import dataclass

from econmodel.errors import FormError, NotSupported, TableError, UnknownName
from econmodel.estimate.covariance_choice import kind_of, notes_of, refuse_computed
from econmodel.estimate.design import Design
from econmodel.estimate.error_model import INEFFICIENCY
from econmodel.estimate.frontier.density import DENSITIES
from econmodel.estimate.frontier.error_model import FrontierModel, least_squares_at
from econmodel.estimate.frontier.inference import check_kind, covariance_of
from econmodel.estimate.frontier.likelihood import Likelihood
from econmodel.estimate.frontier.solution import Solution, notes_of_frontier, solve, without_inefficiency
from econmodel.estimate.frontier.true_random_effects import fit_true_random_effects
from econmodel.estimate.preparation import Prepared
from econmodel.table.cost_data import CostData


@dataclass(frozen=True, slots=True)
class Frontier:
    """A stochastic cost frontier, log C = f + v + u, for `em.fit(estimator=...)`.

    Parameters
    ----------
    distribution : of inefficiency u: "half_normal", "exponential" or "truncated_normal" (at zero, around a mean that
        may lie below or above it)
    determinants : columns z that move inefficiency: u is N(z'delta, sigma_u^2) truncated at zero (Battese and Coelli,
        1995), the half-normal where delta is zero. They enter as they stand in the table. A relationship variable may
        be one: in the cost function it changes the technology, here it changes waste; see `em.relationships.where`
    constant : whether z'delta has a constant of its own

    Notes
    -----
    Maximum likelihood by Newton's method with exact second derivatives. v is normal. Standard errors are from the
    inverse Hessian (cov_type="nonrobust"), its sandwich ("HC0", "HC1") or clustered, by default where providers repeat.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> power = fit(load("electricity_1970"), second_order="outputs", estimator=Frontier("exponential"))
    >>> round(power.llf, 5), round(float(power.efficiency.mean()), 3)
    (67.961, 0.911)
    """

    distribution: str = "half_normal"
    determinants: Sequence[str] = ()
    constant: bool = True
    name: str = "frontier"
    effects: tuple[str, ...] = ("random",)

    def __post_init__(self) -> None:
        if self.distribution not in DENSITIES:
            raise UnknownName(f"There is no distribution {self.distribution!r}. There is {', '.join(DENSITIES)}.")
        names = (self.determinants,) if isinstance(self.determinants, str) else tuple(self.determinants)
        object.__setattr__(self, "determinants", names)
        if names and self.distribution == "exponential":
            raise NotSupported(
                "Determinants move the mean of a normal that is truncated at zero, and the exponential has none. Use "
                'em.estimators.Frontier("half_normal", determinants=[...]).'
            )

    def columns(self, data: CostData) -> Sequence[str]:
        """The determinants."""
        missing = [name for name in self.determinants if name not in data.frame.columns]
        if missing:
            known = ", ".join(map(str, data.frame.columns))
            raise UnknownName(f"There is no column {', '.join(missing)} for a determinant. The columns are {known}.")
        words = [name for name in self.determinants if data.frame[name].dtype.kind not in "iufb"]
        if words:
            raise TableError(
                f"{', '.join(words)} holds no numbers, so it cannot move inefficiency. Make it a column of zeros and "
                "ones, or several."
            )
        same = [name for name in self.determinants if self.constant and data.frame[name].nunique() < 2]
        if same:
            raise TableError(
                f"{', '.join(same)} has the same value in every row, so nothing can be learnt of its effect on "
                "inefficiency. Leave it out of the determinants."
            )
        return self.determinants

    def fit(self, prepared: Prepared) -> FrontierModel:
        """The frontier with the highest likelihood."""
        if prepared.specification.error == "additive":
            raise FormError(
                'Inefficiency multiplies cost: use error="multiplicative" with estimator="frontier", or '
                'estimator="least_squares" with error="additive".'
            )
        if prepared.specification.effects == "random":
            if self.determinants or self.distribution != "half_normal":
                raise NotSupported(
                    'effects="random" takes half-normal inefficiency without determinants: '
                    'em.estimators.Frontier("half_normal"). '
                    "With determinants use effects=None, and name the providers with groups= for their standard errors."
                )
            return fit_true_random_effects(prepared)
        likelihood = likelihood_of(self, prepared.design)
        least_squares = without_inefficiency(prepared.design, prepared.moments)
        refuse_computed(prepared, least_squares)
        return _record(prepared, likelihood, solve(likelihood, least_squares))


def likelihood_of(estimator: Frontier, design: Design) -> Likelihood:
    """The likelihood of a frontier with these settings."""
    density = DENSITIES["truncated_normal" if estimator.determinants else estimator.distribution]
    return Likelihood(design, density, density.has_mean and (estimator.constant or not estimator.determinants))


def _record(prepared: Prepared, likelihood: Likelihood, found: Solution[Likelihood]) -> FrontierModel:
    design, ordinary = prepared.design, found.least_squares
    kind = kind_of(prepared, alone="nonrobust")
    check_kind(kind.name)
    of_mean = ("constant", *design.beside) if likelihood.constant else design.beside
    names = (*(f"{INEFFICIENCY}: {name}" for name in of_mean if likelihood.means), "sigma_u", "sigma_v")
    estimated = names if found.likelihood.density.sigmas == 2 else names[-1:]
    covariance = covariance_of(found, kind.name, kind.clusters, (*design.technology.names, *estimated))
    notes = notes_of_frontier(found, kind) + notes_of(ordinary.condition, prepared.sample, kind)
    known = kind.covariance(covariance, prepared.count - len(found.parameters), notes)
    solution = least_squares_at(design, found)
    return FrontierModel(prepared.sample, design, None, solution, known, likelihood, found, names)
