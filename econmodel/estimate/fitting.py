"""`em.fit`: one call from a table to a fitted cost function."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from econmodel.errors import NotSupported
from econmodel.estimate.estimators import Estimator, find_estimator, without_absent
from econmodel.estimate.fit import Fit
from econmodel.estimate.preparation import prepare
from econmodel.estimate.row_weights import with_weights
from econmodel.estimate.specification import ProviderEffects, Specification
from econmodel.forms.form import Form, Restriction, SecondOrder, find_form
from econmodel.table.cost_data import CostData


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
    return specification.estimator.fit(prepare(data, specification))


def refit(fitted: Fit, data: CostData, **changes: Any) -> Fit:
    """A fit of other columns of the rows that `fitted` used, under the same specification but for `changes`."""
    return fitted.done_to(fit_specification(data, replace(fitted.specification, **changes)))


def refit_fewer(fitted: Fit, data: CostData, **changes: Any) -> Fit:
    """The same where endogenous variables may be among the columns that `data` no longer has."""
    return refit(fitted, data, estimator=without_absent(fitted.specification.estimator, data), **changes)
