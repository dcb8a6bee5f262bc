"""Cost and cost shares estimated together, as `em.fit(estimator="system")` does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName
from econmodel.estimate.covariance import clustered
from econmodel.estimate.covariance_choice import EXACT, exact_note, kind_of, notes_of
from econmodel.estimate.least_squares import Groups, LeastSquares
from econmodel.estimate.moments import group_sums
from econmodel.estimate.preparation import Prepared
from econmodel.estimate.sample import first_rows
from econmodel.estimate.system.equations import Equations, equations_of
from econmodel.estimate.system.error_model import SystemModel, robust, scores, whitened
from econmodel.estimate.system.seemingly_unrelated import Solved, Weigh, divisors, inverse_of_covariance, solve_system
from econmodel.forms.technology import Technology
from econmodel.table.checks import SHARE_SUM_TOLERANCE, share_sums
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
DIVISORS = ("rows", "freedom")
# Shares that differ by no more than this differ by rounding.
SAME_SHARE = 1e-12
FITTED_EXACTLY = 1e-13


@dataclass(frozen=True, slots=True)
class System:
    """Cost and cost shares together: seemingly unrelated regressions with the cost function's parameters in common.

    By Shephard's lemma the share of an input in cost is the derivative of log cost by the log of its price. So the
    shares hold evidence on the same parameters, of which cost alone tells the price terms poorly.

    Parameters
    ----------
    iterate : repeat generalised least squares until the covariance of the errors and the parameters agree, which is
        maximum likelihood; False takes one step from equation-by-equation least squares
    drop : the price whose share is left out where all inputs have one (they add up to one, so one says nothing that the
        others do not); by default the last price, which cost and prices are divided by. Where shares add up to one
        exactly and prices are homogeneous, iterated estimates do not depend on it. Where not all inputs have a share,
        none need be left out
    divide_by : "rows" divides inner products of residuals by the number of rows (maximum likelihood); "freedom" by
        rows less the parameters of each equation, as the geometric mean over two equations

    Notes
    -----
    Controls, period effects and held outcomes shift cost alone; outputs, prices and relationship variables enter the
    shares through their products with prices. Christensen and Greene (1976); Zellner (1962); Barten (1969) on the share
    left out. Log forms need one pass over the rows, whatever the number of iterations; level forms, whose shares are
    not linear in the parameters, one a step.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> power = fit(load("electricity_1970"), estimator=System())
    >>> round(power.llf, 4)
    508.8056
    >>> one_step = fit(load("electricity_1970"), estimator=System(iterate=False))
    >>> bool(one_step.llf < power.llf)
    True
    """

    name = "system"
    effects = ()  # those of every equation would have to be taken out

    iterate: bool = True
    drop: str | None = None
    divide_by: Literal["rows", "freedom"] = "rows"

    def __post_init__(self) -> None:
        if self.divide_by not in DIVISORS:
            raise UnknownName(f'divide_by={self.divide_by!r} is not known. It may be "rows" or "freedom".')

    def columns(self, data: CostData) -> Sequence[str]:
        """The cost shares of the equations."""
        return list(self.shares(data).values())

    def shares(self, data: CostData) -> dict[str, str]:
        """The prices with a share equation, and the columns of their shares.

        Raises
        ------
        NotSupported, UnknownName, TableError
            Where the table names no shares, or `drop` none of them; or where they add up to one in every row although
            they are not said to be of all inputs.
        """
        named = {price: role.share for price, role in data.prices.items() if role.share}
        if not named:
            raise NotSupported(_no_shares(data))
        if self.drop is not None and self.drop not in named:
            raise UnknownName(
                f"drop={self.drop!r} is not a price with a cost share. The prices that have one are {', '.join(named)}."
            )
        left_out = self.left_out(data)
        kept = {price: share for price, share in named.items() if price != left_out}
        if not kept:
            raise NotSupported(
                f"{', '.join(named)} is the only price with a cost share, and leaving its share out leaves no share "
                'equation. Name the shares of other inputs, or use estimator="least_squares".'
            )
        if left_out is None and len(named) > 1 and _add_up(data, list(named.values())).all():
            raise TableError(
                f"The cost shares {', '.join(named.values())} add up to one in every row, so they are of all inputs "
                "and one of them says nothing that the others do not. Say prices_complete=True where these are the "
                f'prices of all inputs, or leave one out: em.estimators.System(drop="{next(reversed(named))}").'
            )
        return kept

    def left_out(self, data: CostData) -> str | None:
        """The price whose share is left out, if any."""
        if self.drop is not None:
            return self.drop
        complete = data.prices_complete and all(role.share for role in data.prices.values())
        return list(data.prices)[-1] if complete else None

    def fit(self, prepared: Prepared) -> SystemModel:
        """Parameters, and their covariance."""
        specification, design = prepared.specification, prepared.design
        if specification.error == "additive":
            raise FormError(
                'estimator="system" explains log cost and cost shares, so its error multiplies cost. Use '
                'error="multiplicative".'
            )
        if design.technology.form.price_levels:
            raise FormError(
                f'The {design.technology.form.title} form has no share equations here. Use form="translog" or '
                'form="composite", or estimator="least_squares".'
            )
        equations = equations_of(design.technology, self.shares(prepared.sample.data))
        _refuse_constant_shares(prepared.sample.rows.columns, equations)
        divided_by = divisors(prepared.count, self._counted(equations))
        columns = prepared.sample.rows.columns
        # Sums of squares of shares are differences of moments, and exact to this many digits of them.
        # Cost is computed where no more is left of it than by least squares, see `computed_cost`.
        computed = EXACT * float(np.log(columns[design.cost]).var()) * prepared.count
        rounding = np.array([computed, *(FITTED_EXACTLY * (columns[one.share] ** 2).sum() for one in equations.shares)])
        weigh: Weigh = partial(_weights, divided_by=divided_by, names=equations.names, rounding=rounding)
        solved, solution = solve_system(design, prepared.moments, equations, weigh, self.iterate)
        return self._with_covariance(prepared, equations, divided_by, solved, solution)

    def _counted(self, equations: Equations) -> list[int]:
        """The parameters of each equation that its freedom is lessened by."""
        if self.divide_by == "rows":
            return [0] * equations.count
        free = [int((one.matrix.any(axis=1) | (one.constants != 0)).sum()) for one in equations.shares]
        return [len(equations.technology.names), *free]

    def _with_covariance(
        self, prepared: Prepared, equations: Equations, divided_by: Array, solved: Solved, solution: LeastSquares
    ) -> SystemModel:
        sample, design, count = prepared.sample, prepared.design, prepared.count * equations.count
        left_out, kind = self.left_out(sample.data), kind_of(prepared, alone="HC3")
        notes = notes_of(solution.condition, sample, kind)
        notes += _notes(sample.data, left_out, design.technology, None if kind.asked else kind.few)
        stacks = whitened(equations.stacks(design, solution.theta), solved.weights)
        if kind.name == "nonrobust":
            covariance = solution.inverse_gram.copy()
        elif kind.name == "cluster":
            assert kind.clusters is not None
            sums = group_sums(scores(stacks), kind.clusters.codes, len(kind.clusters.sizes))
            covariance = clustered(sums.T, solution.inverse_gram, count)
        else:
            covariance, exact = robust(stacks, solution.inverse_gram, kind.name, count / (count - design.count))
            notes += exact_note(sample, exact)
        return SystemModel(
            sample, design, None, solution, kind.covariance(covariance, count - design.count, notes), equations,
            solved.moments.residual_products, solved.weights, divided_by, left_out, self.iterate,
        )  # fmt: skip


def _weights(products: Array, *, divided_by: Array, names: Sequence[str], rounding: Array) -> Array:
    exact = np.diag(products) <= rounding
    products = np.where(exact[:, None] | exact, 0.0, products)
    return inverse_of_covariance(products / divided_by, names)


def _refuse_constant_shares(columns: Mapping[str, Array], equations: Equations) -> None:
    """NotIdentified for shares without variation, and for shares that are multiples of each other."""
    same = [one.share for one in equations.shares if np.ptp(columns[one.share]) <= SAME_SHARE]
    if same:
        raise NotIdentified(
            f"The cost share {', '.join(same)} is the same in every row, so its equation is fitted exactly and there "
            "is no likelihood. Nobody's choice of inputs is to be seen in it: leave it out of the prices "
            "(prices={...: em.Price()} without share=), and the price too where nothing is spent on it."
        )
    for place, one in enumerate(equations.shares):
        for other in equations.shares[:place]:
            first, second = columns[one.share], columns[other.share]
            if np.abs(first * second.sum() - second * first.sum()).max() <= SAME_SHARE * abs(second.sum()):
                raise NotIdentified(
                    f"The cost shares {other.share} and {one.share} are in the same proportion in every row, so one "
                    "says nothing that the other does not. One was computed from the other: name one share only."
                )


def _no_shares(data: CostData) -> str:
    if not data.prices:
        return (
            "A system explains cost shares by input prices, and the table names no prices. Name them with their "
            'shares, prices={"wage": em.Price(share="pay_share")}, or use estimator="least_squares".'
        )
    return (
        f"No cost share is named for {', '.join(data.prices)}, so there is no share equation. Name the columns, "
        f'prices={{"{next(iter(data.prices))}": em.Price(share="...")}} (or share = "..." in the card), or use '
        'estimator="least_squares".'
    )


def _add_up(data: CostData, shares: Sequence[str]) -> NDArray[np.bool_]:
    sums = share_sums(data.frame, shares)
    return np.asarray((sums.isna() | ((sums - 1.0).abs() <= SHARE_SUM_TOLERANCE)).to_numpy())


def _notes(data: CostData, left_out: str | None, technology: Technology, few: Groups | None) -> list[str]:
    """Words on clusters, on shares that do not add up to one, and on prices that are not homogeneous."""
    notes = []
    if few is not None:
        notes.append(
            f"{len(few.sizes)} clusters are too few for clustered standard errors: these are classical and take the "
            'rows of a cluster to be independent. estimator="least_squares" has wild-cluster p-values.'
        )
    shares = [role.share for role in data.prices.values() if role.share]
    if left_out is None or len(shares) < len(data.prices):
        return notes
    if data.shares == "as published" and not (added := _add_up(data, shares)).all():
        notes.append(
            f"The cost shares of {int((~added).sum())} rows do not add up to one ({first_rows(data, ~added)}), so the "
            f"estimates depend on the share that is left out, here that of {left_out}. "
            'data.using(shares="renormalise") removes that.'
        )
    if technology.numeraire is None:
        notes.append(
            "Cost is not held proportional to all prices together, so the estimates depend on the share that is left "
            f"out, here that of {left_out}."
        )
    return notes
