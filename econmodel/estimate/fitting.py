"""`em.fit`: one call from a table to a fitted cost function."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported, UnknownName
from econmodel.estimate.covariance import FEWEST_CLUSTERS, check_covariance, cluster_scores, clustered, robust
from econmodel.estimate.design import Design
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import (
    Groups,
    LeastSquares,
    linear,
    moments_at,
    nonlinear,
    transformed_blocks,
)
from econmodel.estimate.moments import Moments
from econmodel.estimate.sample import Sample, centres, groups_of, take, variables
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import Form, SecondOrder, find_form
from econmodel.forms.technology import Technology
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
ESTIMATORS = ("least_squares",)
EFFECTS = (None, "within")
ERRORS = ("multiplicative", "additive")
# Up to this many rows, or below this many a parameter, HC3 covers where HC1 falls short (MacKinnon and White, 1985).
SMALL_SAMPLE = 500
ROWS_A_PARAMETER = 50
NEARLY_COLLINEAR = 1e3
# Rows are compared with each other up to this many: beyond, copies are rare and the comparison is not cheap.
LARGEST_COMPARED = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Specification:
    """What was asked of `em.fit`, apart from the data; see there."""

    form: Form
    estimator: str = "least_squares"
    effects: str | None = None
    cov_type: str | None = None
    groups: Any = None
    second_order: SecondOrder | None = None
    error: str = "multiplicative"
    homogeneous: bool | None = None
    hold_outcomes: bool = False
    time_effects: bool = False


def fit(
    data: CostData,
    form: str | Form = "translog",
    estimator: str = "least_squares",
    effects: Literal["within"] | None = None,
    cov_type: str | None = None,
    groups: Any = None,
    *,
    second_order: SecondOrder | None = None,
    error: Literal["multiplicative", "additive"] = "multiplicative",
    homogeneous: bool | None = None,
    hold_outcomes: bool = False,
    time_effects: bool = False,
) -> Fit:
    """Fit a cost function to a table of providers.

    Parameters
    ----------
    data : the table; `data.using(...)` chooses among its columns, `data.where(...)` among its rows
    form : "cobb_douglas", "translog", "flexible_fixed_cost", "composite", or a `Form` of your own
    estimator : "least_squares"
    effects : "within" takes out each provider's own level of cost (the table must name its entity)
    cov_type : "nonrobust", "HC0", "HC1", "HC2", "HC3" or "cluster". By default "HC3" up to 500 rows or below 50 rows a
        parameter, else "HC1"; where providers repeat (or `groups` is given) "cluster", and below twenty clusters
        "nonrobust" with wild-cluster p-values
    groups : column (or one label a row) to cluster by; by default the entity, where it repeats
    second_order : "all" squares and products of outputs, prices and relationship variables, those of "outputs" only,
        or "none"; by default what the form is known for
    error : "multiplicative" fits log cost, "additive" (level forms) fits cost
    homogeneous : whether cost is proportional to all prices together; by default where the card says that prices are
        complete. False undoes it; True without complete prices is refused
    hold_outcomes : whether the declared outcomes enter as controls
    time_effects : whether each period has its own level of cost

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
    specification = Specification(
        find_form(form),
        estimator,
        effects,
        cov_type,
        groups,
        second_order,
        error,
        homogeneous,
        hold_outcomes,
        time_effects,
    )
    return fit_specification(data, specification)


def fit_specification(data: CostData, specification: Specification) -> Fit:
    """The same from a stored specification: measures refit other columns of the same rows this way."""
    _check(specification)
    sample = take(data, hold_outcomes=specification.hold_outcomes, time_effects=specification.time_effects)
    clusters = groups_of(sample.data, specification.groups)
    effects = _provider_effects(sample.data) if specification.effects == "within" else None
    design, moments = _design(sample, specification, effects)
    parameters = design.count + (len(effects.sizes) - 1 if effects is not None else 0)
    if sample.rows.count <= parameters:
        raise NotIdentified(
            f"{sample.rows.count} rows cannot identify {parameters} parameters. Use fewer variables, fewer "
            'second-order terms where the form has them (second_order="outputs" or "none"), or more providers.'
        )
    solution = linear(design, moments, effects) if moments is not None else nonlinear(design, effects)
    return _with_covariance(specification, sample, design, solution, clusters, effects, parameters)


def refit(fitted: Fit, data: CostData, **changes: Any) -> Fit:
    """A fit of other columns of the rows that `fitted` used, under the same specification but for `changes`."""
    return fit_specification(data, replace(fitted.specification, **changes))


def _check(specification: Specification) -> None:
    if specification.estimator not in ESTIMATORS:
        raise UnknownName(f"There is no estimator {specification.estimator!r}. There is {', '.join(ESTIMATORS)}.")
    if specification.effects not in EFFECTS:
        raise UnknownName(f'effects={specification.effects!r} is not known. It may be None or "within".')
    if specification.error not in ERRORS:
        raise UnknownName(f'error={specification.error!r} is not known. It may be "multiplicative" or "additive".')
    if specification.cov_type is not None:
        check_covariance(specification.cov_type)
    if specification.error == "additive" and not specification.form.aggregates:
        raise FormError(
            f"The {specification.form.title} form explains log cost, so its error multiplies cost. "
            f'Use error="multiplicative", or a level form ("composite", "flexible_fixed_cost") with error="additive".'
        )
    if specification.error == "additive" and specification.effects is not None:
        raise FormError('Provider effects multiply cost: use error="multiplicative" with effects="within".')


def _provider_effects(data: CostData) -> Groups:
    if data.entity is None:
        raise NotSupported('effects="within" compares a provider with itself: name its column with entity="...".')
    found = groups_of(data, data.entity)
    assert found is not None
    if found.sizes.max() == 1:
        raise NotSupported(
            f'Every {data.entity} has one row, so effects="within" leaves nothing to compare. Use effects=None, or add '
            "periods."
        )
    return found


def _numeraire(data: CostData, homogeneous: bool | None) -> int | None:
    if homogeneous and not data.prices_complete:
        raise FormError(
            "homogeneous=True needs the prices of all inputs, and the card does not say that they are complete. With "
            "some inputs unpriced, forcing the elasticities of the others to add up to one biases everything else."
        )
    wanted = data.prices_complete if homogeneous is None else homogeneous
    return len(data.prices) - 1 if wanted and data.prices else None


def _design(sample: Sample, specification: Specification, effects: Groups | None) -> tuple[Design, Moments | None]:
    """The cost function centred at the means, and in log forms the moments from the same single pass."""
    form, data = specification.form, sample.data
    numeraire = _numeraire(data, specification.homogeneous)
    names = variables(sample, form, numeraire)
    one_pass = not form.aggregates and form.coordinate.centring == "shift"

    def at(means: Centres) -> Design:
        technology = assemble(
            form, names, means, second_order=specification.second_order, numeraire=numeraire,
            log_relationships=tuple(role.scale == "log" for role in data.relationships.values()),
        )  # fmt: skip
        return Design(technology, sample.rows, data.cost, specification.error == "additive")

    if form.aggregates:
        return at(centres(sample, form, every_row=True)), None
    if not one_pass:
        design = at(centres(sample, form, every_row=True))
        return design, moments_at(design, None, effects)
    provisional = centres(sample, form, every_row=False)
    design = at(provisional)
    moments = moments_at(design, None, effects)
    by = moments.gram[0, 1 : design.technology.exponent.size + 1] / moments.gram[0, 0]
    matrix = np.eye(design.count + 1)
    matrix[:-1, :-1] = design.technology.exponent.shift(by)
    gram = matrix @ moments.gram @ matrix.T
    moved = at(_moved(provisional, design.technology, by, sample))
    return moved, Moments(gram, moments.count)


def _moved(provisional: Centres, technology: Technology, by: Array, sample: Sample) -> Centres:
    """Centres moved from provisional to actual means, as the moments found them."""
    m, r = len(technology.outputs), len(technology.relationships)
    k = len(technology.prices) - (technology.numeraire is not None)
    log_prices = provisional.log_prices.copy()
    others = [place for place in range(len(technology.prices)) if place != technology.numeraire]
    log_prices[others] += by[m : m + k]
    if technology.numeraire is not None:
        name = technology.prices[technology.numeraire]
        sums = [np.log(columns[name]).sum() for _, columns in sample.rows.blocks(65_536)]
        move = sum(sums) / sample.rows.count - log_prices[technology.numeraire]
        log_prices += move
    return Centres(
        provisional.outputs + by[:m],
        log_prices,
        provisional.relationships + by[m + k : m + k + r],
        provisional.controls + by[m + k + r :],
    )


def _with_covariance(
    specification: Specification,
    sample: Sample,
    design: Design,
    solution: LeastSquares,
    clusters: Groups | None,
    effects: Groups | None,
    parameters: int,
) -> Fit:
    count = sample.rows.count
    few = clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS
    kind = specification.cov_type or _default_covariance(count, design.count, clusters, few)
    notes = list(_notes(solution, sample, clusters if few else None, specification.cov_type))
    if kind == "cluster" and clusters is None:
        raise NotSupported('cov_type="cluster" needs groups: a column name, or an entity that stands in several rows.')
    if kind == "nonrobust":
        covariance = solution.residual_squares / (count - parameters) * solution.inverse_gram
    elif kind == "cluster":
        assert clusters is not None
        blocks = transformed_blocks(design, solution.theta, effects)
        scores = cluster_scores(blocks, clusters.codes, len(clusters.sizes))
        covariance = clustered(scores, solution.inverse_gram, count)
    else:
        blocks = transformed_blocks(design, solution.theta, effects)
        # The grand mean stays in the transformed rows, so its share of leverage is counted there already.
        absorbed = None if effects is None else 1.0 / effects.sizes[effects.codes] - 1.0 / count
        covariance, exact = robust(blocks, solution.inverse_gram, kind, count, parameters, absorbed)
        notes += _exact_note(sample, exact)
    freedom = len(clusters.sizes) - 1.0 if kind == "cluster" and clusters is not None else float(count - parameters)
    wild = bool(few and specification.cov_type is None)
    return Fit(
        specification, sample, design.technology, design, solution, covariance, kind, clusters, effects, freedom, wild,
        tuple(notes),
    )  # fmt: skip


def _copies(sample: Sample) -> list[str]:
    """A word about rows that are alike in every figure: they may have been copied, and count as evidence twice."""
    if sample.rows.count > LARGEST_COMPARED:
        return []
    alike = pd.DataFrame(dict(sample.rows.columns)).duplicated(keep=False).to_numpy()
    if not alike.any():
        return []
    named = ", ".join(np.array(sample.data.row_names())[alike][:5])
    return [
        f"{int(alike.sum())} rows have the same figures as another ({named}{', ...' if alike.sum() > 5 else ''}). If "
        "they were copied, every standard error is too small: leave the copies out."
    ]


def _exact_note(sample: Sample, rows: NDArray[np.intp]) -> list[str]:
    if not len(rows):
        return []
    names = sample.data.row_names()
    named = ", ".join(names[row] for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    return [
        f"{named} is fitted exactly, whatever its cost: some variable differs from zero there only. It adds nothing to "
        "the standard errors."
    ]


def _default_covariance(count: int, parameters: int, clusters: Groups | None, few: bool) -> str:
    if clusters is not None:
        return "nonrobust" if few else "cluster"
    return "HC3" if count <= SMALL_SAMPLE or count < ROWS_A_PARAMETER * parameters else "HC1"


def _notes(solution: LeastSquares, sample: Sample, few: Groups | None, asked: str | None) -> list[str]:
    notes = []
    if few is not None and asked is None:
        notes.append(
            f"{len(few.sizes)} clusters are too few for clustered standard errors: these are classical, and p-values "
            "come from the restricted wild cluster bootstrap."
        )
    if few is not None and asked == "cluster":
        notes.append(
            f"{len(few.sizes)} clusters: clustered standard errors need about {FEWEST_CLUSTERS} to be trusted."
        )
    if solution.condition > NEARLY_COLLINEAR:
        notes.append(
            f"The condition number is {solution.condition:,.0f}: some variables nearly move together, and what is said "
            "of each alone is uncertain."
        )
    notes += _copies(sample)
    notes += [f"{count} rows left out: {why}." for count, why, _ in sample.data.dropped]
    return notes
