"""From a table and what was asked of `em.fit` to what every estimator starts from: rows, cost function, moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported, UnknownName
from econmodel.estimate.absorbed import ROUNDED, refuse_absorbed
from econmodel.estimate.covariance import check_covariance
from econmodel.estimate.design import Design
from econmodel.estimate.error_model import ErrorModel
from econmodel.estimate.least_squares import Groups, moments_at
from econmodel.estimate.moments import Moments
from econmodel.estimate.sample import Sample, centres, groups_of, take, variables
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import Form, Restriction, SecondOrder
from econmodel.forms.technology import Technology
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
# The square of so many is what least squares hold and invert in seconds.
MOST_PARAMETERS = 3_000
ProviderEffects = Literal["within", "mundlak", "random"]
EFFECTS = (None, "within", "mundlak", "random")
ERRORS = ("multiplicative", "additive")


class Estimator(Protocol):
    """What `em.fit(estimator=...)` takes: the estimator's name, or one with its settings."""

    @property
    def name(self) -> str:
        """What `em.fit` calls it."""

    @property
    def effects(self) -> tuple[str, ...]:
        """The provider effects that it can take out."""

    def columns(self, data: CostData) -> Sequence[str]:
        """Columns that it needs beside those of the cost function; an error, with its cure, where they are missing."""

    def fit(self, prepared: "Prepared") -> ErrorModel:
        """The parameters of the cost function, with what stands behind it and how well they are known."""


@dataclass(frozen=True, slots=True, eq=False)
class Specification:
    """What was asked of `em.fit`, apart from the data; see there."""

    form: Form
    estimator: Estimator
    effects: ProviderEffects | None = None
    cov_type: str | None = None
    groups: Any = None
    second_order: SecondOrder | None = None
    restrict: tuple[Restriction, ...] = ()
    error: str = "multiplicative"
    homogeneous: bool | None = None
    hold_outcomes: bool = False
    time_effects: bool = False
    weights: str | None = None
    jointly: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What every estimator starts from.

    Attributes
    ----------
    specification : what was asked for
    sample : the rows and columns used
    design : the cost function, centred at the means, joined to its rows
    moments : of the derivatives and the response, where the form is linear in its parameters and one pass made both
        these and the means; None in level forms
    clusters : groups of rows that errors are shared within, or None
    effects : providers whose own level of cost is taken out, or None
    """

    specification: Specification
    sample: Sample
    design: Design
    moments: Moments | None
    clusters: Groups | None
    effects: Groups | None

    @property
    def count(self) -> int:
        """Number of rows."""
        return self.sample.rows.count

    @property
    def parameters(self) -> int:
        """Parameters of the cost function, and provider effects less one."""
        return self.design.count + (len(self.effects.sizes) - 1 if self.effects is not None else 0)


def prepare(data: CostData, specification: Specification) -> Prepared:
    """Rows, a centred cost function and, in log forms, the moments from one pass.

    Raises
    ------
    NotIdentified
        Where there are no more rows than parameters.
    """
    _check(specification)
    sample = take(
        data,
        hold_outcomes=specification.hold_outcomes,
        time_effects=specification.time_effects,
        beside=specification.estimator.columns(data),
        weights=specification.weights,
    )
    clusters = groups_of(sample.data, specification.groups)
    effects = providers(sample.data, specification.effects) if specification.effects == "within" else None
    _refuse_few_rows(sample, specification, effects)
    variables(sample, specification.form, numeraire_of(sample.data, specification.homogeneous))
    _refuse_same_cost(sample, providers(sample.data, specification.effects) if specification.effects else None)
    refuse_absorbed(sample, specification.form, numeraire_of(data, specification.homogeneous), effects)
    design, moments = _design(sample, specification, effects)
    prepared = Prepared(specification, sample, design, moments, clusters, effects)
    if prepared.count <= prepared.parameters:
        raise few_rows(prepared.count, f"{prepared.parameters:,}")
    return prepared


def _check(specification: Specification) -> None:
    """UnknownName or FormError, with the cure, for what no estimator can do."""
    if specification.effects not in EFFECTS:
        raise UnknownName(
            f"effects={specification.effects!r} is not known. It may be None, "
            + ", ".join(f'"{name}"' for name in EFFECTS[1:-1])
            + f' or "{EFFECTS[-1]}".'
        )
    if specification.error not in ERRORS:
        raise UnknownName(f'error={specification.error!r} is not known. It may be "multiplicative" or "additive".')
    if specification.cov_type is not None:
        check_covariance(specification.cov_type)
    if specification.error == "additive" and not specification.form.aggregates:
        raise FormError(
            f"The {specification.form.title} form explains log cost, so its error multiplies cost. "
            f'Use error="multiplicative", or a level form ("composite", "flexible_fixed_cost") with error="additive".'
        )
    if specification.weights is not None and specification.error != "additive":
        raise FormError(
            'weights= say how sure the cost of each row is in money, for error="additive" in a level form. An error '
            "that multiplies cost is a share of it, whatever the size of the row, and robust standard errors allow for "
            "shares that differ: leave weights out."
        )
    if specification.weights is not None and specification.estimator.name != "least_squares":
        raise FormError(
            f'estimator="{specification.estimator.name}" has no weights. Use estimator="least_squares", or '
            "weights=None."
        )
    if specification.error == "additive" and specification.effects is not None:
        raise FormError(
            f'Provider effects multiply cost: use error="multiplicative" with effects="{specification.effects}".'
        )
    if specification.effects not in (None, *specification.estimator.effects):
        able = " or ".join(f'"{name}"' for name in specification.estimator.effects)
        raise FormError(
            f'estimator="{specification.estimator.name}" has no effects="{specification.effects}". '
            + (f"It has {able}, or none." if able else "Use effects=None.")
        )


def _refuse_same_cost(sample: Sample, groups: Groups | None) -> None:
    """NotIdentified where cost is the same in every row, or never differs between rows of one provider."""
    cost, entity = sample.rows.columns[sample.data.cost], sample.data.entity
    same = float(np.ptp(cost)) <= ROUNDED * float(cost.max())
    if not same and groups is not None:
        first = cost[np.unique(groups.codes, return_index=True)[1]][groups.codes]
        if (np.abs(cost - first) <= ROUNDED * first).all():
            raise NotIdentified(
                f"{sample.data.cost} does not vary within any {entity}, so nothing that varies within them says "
                f"anything of cost. Name the cost of each row, or use effects=None with one row for each {entity}."
            )
    if same:
        raise NotIdentified(
            f"{sample.data.cost} is the same in every row used ({cost[0]:,.6g}), so there is no difference in cost to "
            "explain. Name the column with the cost of each provider."
        )


def _refuse_few_rows(sample: Sample, specification: Specification, effects: Groups | None) -> None:
    """NotIdentified where there are too few rows, or too many parameters: counted before any design is formed."""
    data, count = sample.data, sample.rows.count
    prices = len(data.prices) - (numeraire_of(data, specification.homogeneous) is not None)
    least = len(data.outputs) + prices + len(data.relationships) + len(sample.controls) + 1
    second = specification.second_order or specification.form.second_order
    # Restrictions take the products of prices, and of one output each with all there is.
    outputs = len(data.outputs) - ("homogeneous" in specification.restrict)
    free = 0 if specification.restrict else prices
    least += second_order_terms(specification.form, second, outputs, free, len(data.relationships))
    most = least
    least += len(effects.sizes) - 1 if effects is not None else 0
    if count <= least:
        exact = second == "none" or not (specification.form.aggregates or specification.restrict or data.relationships)
        raise few_rows(count, f"{least:,}" if exact else f"at least {least:,}")
    if most > MOST_PARAMETERS:
        raise NotSupported(
            f"This cost function has {most:,} parameters or more, and {MOST_PARAMETERS:,} is the most there may be. "
            'Use fewer variables, or fewer second-order terms (second_order="outputs" or "none").'
        )


def second_order_terms(form: Form, second_order: str, outputs: int, prices: int, relationships: int) -> int:
    """The fewest second-order terms of so many variables: squares of relationship variables may be empty."""
    if second_order == "none":
        return 0
    together = outputs + prices + relationships
    if second_order == "all" and not form.aggregates:
        return together * (together + 1) // 2 - relationships
    count = outputs * (outputs + 1) // 2
    if second_order == "all":
        count += max(outputs - 1, 0) * relationships
        inside, outside = (prices, 0) if form.price_levels else (0, prices)
        count += inside * (inside + 1) // 2
        if not form.separable:
            others = relationships + outside
            count += outputs * prices + others * (others + 1) // 2 - relationships
    return count


def few_rows(count: int, parameters: str) -> NotIdentified:
    """That so many rows are too few for so many parameters, and the cure."""
    return NotIdentified(
        f"{count} rows cannot identify {parameters} parameters. Use fewer variables, fewer second-order terms where "
        'the form has them (second_order="outputs" or "none"), or more providers.'
    )


def providers(data: CostData, effects: str | None) -> Groups:
    """The rows of each provider; NotSupported where the table names none, or none repeats."""
    if data.entity is None:
        raise NotSupported(f'effects="{effects}" compares a provider with itself: name its column with entity="...".')
    found = groups_of(data, data.entity)
    assert found is not None
    if found.sizes.max() == 1:
        raise NotSupported(
            f'Every {data.entity} has one row, so effects="{effects}" leaves nothing to compare. Use effects=None, or '
            "add periods."
        )
    return found


def numeraire_of(data: CostData, homogeneous: bool | None) -> int | None:
    """The place of the price that cost and prices are divided by: the last of complete prices, else none."""
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
    numeraire = numeraire_of(data, specification.homogeneous)
    names = variables(sample, form, numeraire)
    one_pass = not form.aggregates and form.coordinate.centring == "shift"

    def at(means: Centres) -> Design:
        technology = assemble(
            form, names, means, second_order=specification.second_order, restrict=specification.restrict,
            numeraire=numeraire, log_relationships=tuple(role.scale == "log" for role in data.relationships.values()),
        )  # fmt: skip
        return Design(
            technology, sample.rows, data.cost, specification.error == "additive", sample.beside, sample.weights
        )

    if form.aggregates:
        return at(centres(sample, form, every_row=True)), None
    if not one_pass:
        design = at(centres(sample, form, every_row=True))
        return design, moments_at(design, None, effects)
    provisional = centres(sample, form, every_row=False)
    design = at(provisional)
    moments = moments_at(design, None, effects)
    by = moments.gram[0, 1 : design.technology.exponent.size + 1] / moments.gram[0, 0]
    matrix = np.eye(len(moments.gram))
    matrix[: design.count, : design.count] = design.technology.exponent.shift(by)
    gram = matrix @ moments.gram @ matrix.T
    moved = at(_moved(provisional, design.technology, by, sample))
    return moved, Moments(gram, moments.count, lost=moments.lost)


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
