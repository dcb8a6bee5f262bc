"""`em.fit`: one call from a table to a fitted cost function, by least squares or another estimator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.covariance_choice import covariance_of
from econmodel.estimate.error_model import ErrorModel
from econmodel.estimate.fit import Fit
from econmodel.estimate.frontier.estimator import Frontier
from econmodel.estimate.instruments.control_function import ControlFunction
from econmodel.estimate.instruments.two_stage import TwoStage
from econmodel.estimate.least_squares import linear, nonlinear, transformed_blocks
from econmodel.estimate.mundlak import mundlak_fit
from econmodel.estimate.preparation import Estimator, Prepared, ProviderEffects, Specification, prepare
from econmodel.estimate.sample import log_of, with_weights
from econmodel.estimate.system.estimator import System
from econmodel.forms.form import Form, Restriction, SecondOrder, find_form
from econmodel.table.cost_data import CostData


@dataclass(frozen=True, slots=True)
class LeastSquaresEstimator:
    """Ordinary least squares in log forms, nonlinear least squares in level forms; provider effects where asked."""

    name = "least_squares"
    effects = ("within", "mundlak")

    def columns(self, data: CostData) -> Sequence[str]:
        """None beside those of the cost function."""
        return ()

    def fit(self, prepared: Prepared) -> ErrorModel:
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
        return ErrorModel(prepared.sample, design, effects, solution, found)


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


def fit(
    data: CostData,
    form: str | Form = "translog",
    estimator: str | Estimator = "least_squares",
    effects: ProviderEffects | None = None,
    cov_type: str | None = None,
    groups: Any = None,
    *,
    second_order: SecondOrder | None = None,
    restrict: Restriction | Sequence[Restriction] | None = (),
    error: Literal["multiplicative", "additive"] = "multiplicative",
    homogeneous: bool | None = None,
    hold_outcomes: bool = False,
    time_effects: bool = False,
    weights: str | Iterable[float] | None = None,
) -> Fit:
    """Fit a cost function to a table of providers.

    Parameters
    ----------
    data : the table; `data.using(...)` chooses among its columns, `data.where(...)` among its rows
    form : "cobb_douglas", "translog", "flexible_fixed_cost", "composite", "normalised_quadratic", or a `Form` of your
        own
    estimator : "least_squares"; "system" for cost and the cost shares of the prices together; "frontier" for the cost
        of the best practice, with noise and inefficiency above it; or an estimator with its settings:
        `em.estimators.System(...)`, `Frontier(...)`, `TwoStage(...)`, `ControlFunction(...)` from the same room
    effects : "within" takes out each provider's own level of cost (the table must name its entity); "mundlak" gives the
        same parameters for what varies within providers, keeps what does not vary, and tests whether provider effects
        go with the regressors (`fit.mundlak_test()`; log forms); "random" gives each a normal level of its own beside
        inefficiency (frontier; Greene, 2005)
    cov_type : "nonrobust", "HC0", "HC1", "HC2", "HC3" or "cluster". By default "HC3" (MacKinnon and White, 1985; see
        benchmarks/coverage.md); where providers repeat (or `groups` is given) "cluster", and below twenty clusters
        "nonrobust" with wild-cluster p-values
    groups : column (or one label a row) to cluster by; by default the entity, where it repeats
    second_order : "all" squares and products of outputs, prices and relationship variables, those of "outputs" only,
        or "none"; by default what the form is known for
    restrict : restrictions of a log form, one or several: "homothetic" (the price terms do not depend on outputs),
        "homogeneous" (homothetic, and the ray elasticity of cost is the same everywhere), "unit_substitution"
        (elasticities of substitution of one: no second-order price terms)
    error : "multiplicative" fits log cost, "additive" (level forms) fits cost
    homogeneous : whether cost is proportional to all prices together; by default where the card says that prices are
        complete. False undoes it; True without complete prices is refused
    hold_outcomes : whether the declared outcomes enter as controls
    time_effects : whether each period has its own level of cost
    weights : for error="additive": a column, or one number a row, to multiply squared errors by (one over the variance
        of a row's error, up to a factor). Least squares then minimise sum_i w_i [C_i - C(y_i)]^2

    Returns
    -------
    Fit
        Printing it shows the equation, the parameters, convergence, conditioning and the rows left out.

    Raises
    ------
    FormError, NotIdentified, DidNotConverge, UnknownName
        With what happened in the table's own names, and the cure.

    Examples
    --------
    >>> from econmodel.table.shipped import load
    >>> power = fit(load("electricity_1955"), form="cobb_douglas")
    >>> float(power.params["output"].round(4))
    0.7207
    """
    if not isinstance(data, CostData):
        raise NotSupported(
            f"em.fit takes a table with roles, and this is a {type(data).__name__}. Say which column is what with "
            'em.CostData(frame, cost="...", outputs=[...]), or read a card: em.read("providers.toml").'
        )
    data, weighed = with_weights(data, weights)
    specification = Specification(
        find_form(form),
        find_estimator(estimator),
        effects,
        cov_type,
        groups,
        second_order,
        (restrict,) if isinstance(restrict, str) else tuple(restrict or ()),
        error,
        homogeneous,
        hold_outcomes,
        time_effects,
        weighed,
    )
    return fit_specification(data, specification)


def fit_specification(data: CostData, specification: Specification) -> Fit:
    """The same from a stored specification: measures refit other columns of the same rows this way."""
    return Fit(specification, specification.estimator.fit(prepare(data, specification)))


def refit(fitted: Fit, data: CostData, **changes: Any) -> Fit:
    """A fit of other columns of the rows that `fitted` used, under the same specification but for `changes`."""
    return fitted.error_model.done_to(fit_specification(data, replace(fitted.specification, **changes)))


def refit_fewer(fitted: Fit, data: CostData, **changes: Any) -> Fit:
    """The same where endogenous variables may be among the columns that `data` no longer has."""
    return refit(fitted, data, estimator=without_absent(fitted.specification.estimator, data), **changes)
