"""Work that nobody is paid for: what it saves the purse, what it costs society, and what it does to economies of scale.

Unpaid work of users, families and volunteers is an input whose amount is not chosen with the paid ones: a quasi-fixed
input. It is a control of the cost function; the cost is the purse's.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.comparison import smearing, smearing_note
from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method, estimate
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.economies.core.support import supported
from econmodel.errors import NotSupported, UnknownName
from econmodel.forms.technology import Point, log_where_positive
from econmodel.results import Effects, format_number, with_interval
from econmodel.table.roles import nearest
from econmodel.words import verdict_words

Array = NDArray[np.float64]
SHADOW, ELASTICITY = "shadow value", "elasticity of cost to unpaid work"
HELD, GROWING = "ray elasticity, unpaid work held", "ray elasticity, unpaid work growing with output"
SCALE_HELD, SCALE_GROWING = "scale economies, unpaid work held", "scale economies, all inputs growing"
PURSE, SOCIAL, LEAST = "cost to the purse", "social cost", "unpaid work at least social cost"
CURVE, HERE = "costs by unpaid work", "here"
# Columns of the curve.
PURSE_COST, SOCIAL_COST = "cost_to_the_purse", "social_cost"
STEPS_DRAWN = 20


@dataclass(frozen=True, slots=True, eq=False)
class Unpaid:
    """The unpaid input of a cost function.

    Attributes
    ----------
    fit : the cost function
    name : of the input's column
    place : among the controls of the cost function
    in_logs : whether its logs enter the cost function
    wage : what a unit would cost if it had to be paid, or None
    factor : mean cost over fitted cost
    """

    fit: CostFunction
    name: str
    place: int
    in_logs: bool
    wage: float | None
    factor: float

    @property
    def label(self) -> str:
        """The input as a sentence names it."""
        sample = self.fit.sample
        return self.name.replace("_", " ") if sample is None else sample.data.labels(self.name)

    @property
    def nulls(self) -> dict[str, float]:
        """What is estimated, and against which null."""
        nulls = {SHADOW: np.nan if self.wage is None else self.wage, ELASTICITY: 0.0}
        nulls |= {HELD: 1.0, GROWING: 1.0, SCALE_HELD: 1.0, SCALE_GROWING: 1.0, PURSE: np.nan}
        return nulls if self.wage is None else nulls | {SOCIAL: np.nan}

    def amount(self, point: Point) -> Array:
        """How much of it there is (n,)."""
        column = point.controls[:, self.place]
        return np.exp(column) if self.in_logs else column

    def with_amount(self, point: Point, amounts: Array) -> Point:
        """The first point again with other amounts of it (n,)."""
        fields = (point.outputs, point.log_prices, point.relationships, point.controls)
        lifted = Point(*(np.repeat(field[:1], len(amounts), axis=0) for field in fields))
        lifted.controls[:, self.place] = np.log(amounts) if self.in_logs else amounts
        return lifted

    def values(self, theta: Array, point: Point) -> dict[str, Array]:
        """Every term at every point (..., n)."""
        slopes = self.fit.technology.slopes(theta, point)
        cost, amount = self.factor * self.fit.technology.cost(theta, point), self.amount(point)
        by_unit = np.broadcast_to(slopes.controls[..., self.place], cost.shape)
        elasticity = by_unit if self.in_logs else by_unit * amount
        shadow = -cost * (by_unit / amount if self.in_logs else by_unit)
        held = (slopes.outputs * point.outputs).sum(axis=-1)
        values = {SHADOW: shadow, ELASTICITY: elasticity, HELD: held, GROWING: held + elasticity}
        values |= {SCALE_HELD: 1.0 / held, SCALE_GROWING: (1.0 - elasticity) / held, PURSE: cost}
        if self.wage is not None:
            values[SOCIAL] = cost + self.wage * amount
            values[LEAST] = self._least(shadow / self.wage, by_unit, amount)
        return values

    def _least(self, ratio: Array, by_unit: Array, amount: Array) -> Array:
        """The amount at which a unit saves just its wage, from the ratio of the two now; missing without a saving.

        In logs, with VC ~ z^b, the shadow value goes as z^(b - 1); in levels, with VC ~ exp(g z), as exp(g z).
        """
        log_ratio = log_where_positive(ratio)
        if self.in_logs:
            return amount * np.exp(log_ratio / (1.0 - by_unit))
        return amount - log_ratio / np.where(by_unit.real == 0, np.nan, by_unit)

    def terms(self, places: Places) -> list[Term]:
        """Terms at places."""
        names = [*self.nulls]

        def together(theta: Array, _: Reading) -> Array:
            values = self.values(theta, places.point)
            return np.concatenate([values[name] for name in names], axis=-1)

        terms = [Term(names, together, [*self.nulls.values()])]
        if self.wage is None:
            return terms
        least, inside = self.values(self.fit.theta, places.point)[LEAST], supported(self.fit, places)
        if self.fit.sample is not None:
            amounts = self.amount(self.fit.points())
            inside = inside & (least >= amounts.min()) & (least <= amounts.max())
        # Where no unit saves its wage, no amount above zero is the cheapest.
        return [
            *terms,
            Term(LEAST, lambda theta, _: self.values(theta, places.point)[LEAST], inside=inside, missing=~(least > 0)),
        ]

    def curve(self, places: Places, method: Method, conf_level: float, seed: int) -> pd.DataFrame:
        """Cost to the purse, and social cost, as unpaid work goes over the range of the table; "here" is the place."""
        amounts, here = self.amount(self.fit.points()), float(self.amount(places.point)[0])
        # Where logs enter, cost bends most at small amounts.
        grid = (np.geomspace if self.in_logs else np.linspace)(amounts.min(), amounts.max(), STEPS_DRAWN + 1)
        amounts = np.unique(np.append(grid, here))
        point = self.with_amount(places.point, amounts)
        purse = estimate(
            self.fit,
            lambda theta: self.factor * self.fit.technology.cost(theta, point),
            method=method,
            conf_level=conf_level,
            seed=seed,
        )
        curves = {"": purse.values, "_low": purse.low, "_high": purse.high}
        columns = {self.name: amounts, HERE: amounts == here}
        columns |= {f"{PURSE_COST}{end}": values for end, values in curves.items()}
        if self.wage is not None:
            columns |= {f"{SOCIAL_COST}{end}": values + self.wage * amounts for end, values in curves.items()}
        return pd.DataFrame(columns)

    def notes(self) -> list[str]:
        """What a reader must know besides."""
        notes = [
            f"If unpaid work ({self.label}) goes where need is greater and need is not in the table, what it saves is "
            "understated; if it goes where need is less, overstated."
        ]
        if self.in_logs:
            notes.append("Unpaid work enters in logs: one per cent more of it has the same effect everywhere.")
        else:
            notes.append("Unpaid work enters as it stands: a unit more changes cost by the same percentage everywhere.")
        return [*notes, *smearing_note(self.factor)]


def coproduce(
    fit: CostFunction,
    unpaid: str,
    wage: float | None = None,
    *,
    wage_source: str = "assumption",
    at: object = "mean",
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What unpaid work saves, cost to the purse against social cost, and scale with unpaid work held and growing.

    Parameters
    ----------
    fit : a fit of what the purse pays, with unpaid work among its controls: as it stands (one unit more then
        changes cost by a fixed percentage), or as a column of its logs called "log NAME" (one per cent more does)
    unpaid : the column's name
    wage : what a unit would cost if it had to be paid; without it there is no test and no social cost
    wage_source : where that wage was read, printed with the sentence
    at : where, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "shadow value" (what a unit more saves the purse; null: the wage), "elasticity of cost to unpaid work"
        (null 0), "ray elasticity, unpaid work held" and "... growing with output" (null 1), "scale economies, unpaid
        work held" and "... all inputs growing" (null 1), "cost to the purse", and with a wage "social cost" and "unpaid
        work at least social cost". The further table "costs by unpaid work", over the range of the table at the first
        place ("here"), is what `em.charts.coproduction` draws.

    Raises
    ------
    UnknownName
        Where the column is not a control of the fit; the message says how to make it one.
    NotSupported
        For a wage that is not above zero.

    Notes
    -----
    With variable cost VC(y, w, z), the shadow value is -dVC/dz and social cost VC + wage x z, lowest where the two are
    equal. Let e_i and e_z be the elasticities of VC to output i and to z. If all outputs grow by g per cent and all
    inputs, paid and unpaid, by k per cent, then, since VC grows as paid inputs do at given prices, k = sum_i e_i g +
    e_z k; so economies of scale are g / k = (1 - e_z) / sum_i e_i, the formula of Caves, Christensen and Swanson
    (1981). With z held they are 1 / sum_i e_i; where z grows as outputs do, VC has the elasticity sum_i e_i + e_z.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.exp(rng.normal(size=(80, 2)) * 0.4), columns=["visits", "hours"])
    >>> frame["cost"] = 9 * frame["visits"] ** 0.8 * frame["hours"] ** -0.2
    >>> frame["log hours"] = np.log(frame["hours"])
    >>> fitted = fit(CostData(frame, cost="cost", outputs=["visits"], controls=["log hours"]), form="cobb_douglas")
    >>> found = coproduce(fitted, "hours", wage=2.0).table.set_index("term")["estimate"].round(3)
    >>> float(found["elasticity of cost to unpaid work"]), float(found["scale economies, all inputs growing"])
    (-0.2, 1.5)
    """
    require_fit(fit)
    work, places = _unpaid(fit, unpaid, wage), resolve(fit, at)
    tables = {} if fit.sample is None else {CURVE: work.curve(places, method, conf_level, seed)}
    return ask(
        f"Unpaid work: {work.label}", fit, places, work.terms(places),
        lambda estimated: _text(estimated, work, wage_source),
        notes=work.notes(), tables=tables, method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip


def _unpaid(fit: CostFunction, name: str, wage: float | None) -> Unpaid:
    """The unpaid input among the controls; where it is not there, the message says how to make it one."""
    if wage is not None and not 0.0 < wage < np.inf:
        raise NotSupported(f"wage={wage:g}: what a unit of unpaid work would cost must be above zero.")
    technology = fit.technology
    controls = technology.controls
    for column, in_logs in ((f"log {name}", True), (name, False)):
        if column in controls:
            return Unpaid(fit, name, controls.index(column), in_logs, wage, smearing(fit))
    roles = {"an output": technology.outputs, "a price": technology.prices, "a relationship": technology.relationships}
    for role, names in roles.items():
        if name in names:
            raise UnknownName(
                f"{name!r} is {role} in this fit, and unpaid work is an input whose amount is given: make it a control "
                "(controls = [...]) and fit again."
            )
    there = ", ".join(controls) or "none"
    raise UnknownName(
        f"{name!r} is not a control of this fit{nearest(name, controls) or '.'} It has: {there}. Name the column as a "
        f'control in the card (controls = ["{name}"]) or with controls=[...], and fit again.'
    )


def _text(estimated: Estimated, work: Unpaid, wage_source: str) -> str:
    """The finding at the first place: a unit's worth against its wage, and scale with unpaid work held and growing."""
    row, size = estimated.row(SHADOW), estimated.words(SHADOW)
    saves = row["estimate"] > 0
    if not saves:
        size = with_interval(-row["estimate"], -row["conf_high"], -row["conf_low"], estimated.level)
    text = (
        f"At {estimated.where}, one unit more of {work.label} is associated with a cost to the purse that is {size} "
        f"{'lower' if saves else 'higher'}. "
    )
    if work.wage is not None:
        text += _against_wage(estimated, work, work.wage, wage_source)
    elif not (saving := estimated.verdict(ELASTICITY)).differs:
        text += f"Whether that is a saving: {verdict_words(saving, '', '')}. "
    return text + (
        f"With {work.label} held, cost has an elasticity of {estimated.words(HELD)} to output; where it grows as "
        f"output does, of {estimated.words(GROWING)}. Economies of scale with every input growing are "
        f"{estimated.words(SCALE_GROWING)}."
    )


def _against_wage(estimated: Estimated, work: Unpaid, wage: float, source: str) -> str:
    effect = estimated.verdict(ELASTICITY)
    less = "it saves less than that, if anything"
    if effect.differs:
        less = "it saves less than that, so more of it raises social cost while it lowers the purse's"
        less = "it saves nothing" if effect.conclusion == "above" else less
    more = "it saves more than that, so more of it lowers social cost too"
    text = (
        f"A unit that had to be paid would cost {format_number(wage)} ({source}): "
        f"{verdict_words(estimated.verdict(SHADOW), less, more)}. The purse pays {estimated.words(PURSE)}, and with "
        f"unpaid work at that wage society {estimated.words(SOCIAL)}"
    )
    least = estimated.row(LEAST)
    if np.isnan(least["estimate"]):
        return f"{text}; no amount of {work.label} above zero makes social cost the least. "
    text += f", least at {estimated.words(LEAST)} of {work.label}"
    return text + (". " if least["supported"] else ", which no provider comes near: extrapolation by the form. ")
