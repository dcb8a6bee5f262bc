"""Unpaid work as a quasi-fixed input of a cost function: what a unit saves, and how much of it costs society least."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.forms.technology import Point, Technology, log_where_positive
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
SHADOW, ELASTICITY = "shadow value", "elasticity of cost to unpaid work"
HELD, GROWING = "ray elasticity, unpaid work held", "ray elasticity, unpaid work growing with output"
SCALE_HELD, SCALE_GROWING = "scale economies, unpaid work held", "scale economies, all inputs growing"
PURSE, SOCIAL, LEAST = "cost to the purse", "social cost", "unpaid work at least social cost"


@dataclass(frozen=True, slots=True)
class Unpaid:
    """The unpaid input.

    Attributes
    ----------
    name : of its column
    place : among the controls of the cost function
    in_logs : whether its logs enter the cost function
    wage : what a unit would cost if it had to be paid, or None
    """

    name: str
    place: int
    in_logs: bool
    wage: float | None

    @property
    def terms(self) -> dict[str, float]:
        """What is estimated, and against which null."""
        found = {SHADOW: np.nan if self.wage is None else self.wage, ELASTICITY: 0.0}
        found |= {HELD: 1.0, GROWING: 1.0, SCALE_HELD: 1.0, SCALE_GROWING: 1.0, PURSE: np.nan}
        return found if self.wage is None else found | {SOCIAL: np.nan, LEAST: np.nan}

    def amount(self, point: Point) -> Array:
        """How much of it there is (n,)."""
        column = point.controls[:, self.place]
        return np.exp(column) if self.in_logs else column

    def with_amount(self, point: Point, amounts: Array) -> Point:
        """The first point again with other amounts of it (n,)."""
        lifted = Point(*(np.repeat(field[:1], len(amounts), axis=0) for field in _fields(point)))
        lifted.controls[:, self.place] = np.log(amounts) if self.in_logs else amounts
        return lifted

    def values(self, technology: Technology, theta: Array, point: Point, factor: float) -> Array:
        """Every term at every point (..., terms x n), `factor` from the exponential of fitted log cost to mean cost."""
        slopes = technology.slopes(theta, point)
        cost = factor * technology.cost(theta, point)
        amount = self.amount(point)
        by_unit = np.broadcast_to(slopes.controls[..., self.place], cost.shape)
        elasticity = by_unit if self.in_logs else by_unit * amount
        shadow = -cost * (by_unit / amount if self.in_logs else by_unit)
        held = (slopes.outputs * point.outputs).sum(axis=-1)
        found = [shadow, elasticity, held, held + elasticity, 1.0 / held, (1.0 - elasticity) / held, cost]
        if self.wage is not None:
            found += [cost + self.wage * amount, self._least(shadow / self.wage, by_unit, amount)]
        return np.concatenate(found, axis=-1)

    def _least(self, ratio: Array, by_unit: Array, amount: Array) -> Array:
        """The amount at which a unit saves just its wage, from the ratio of the two now; missing without a saving.

        In logs, with VC ~ z^b, the shadow value goes as z^(b - 1); in levels, with VC ~ exp(g z), as exp(g z).
        """
        log_ratio = log_where_positive(ratio)
        if self.in_logs:
            return amount * np.exp(log_ratio / (1.0 - by_unit))
        return amount - log_ratio / np.where(by_unit.real == 0, np.nan, by_unit)


def _fields(point: Point) -> tuple[Array, Array, Array, Array]:
    return point.outputs, point.log_prices, point.relationships, point.controls


def find(function: CostFunction, name: str, wage: float | None) -> Unpaid:
    """The unpaid input among the controls.

    Raises
    ------
    UnknownName
        Where it is not there; the message says how to make it one.
    NotSupported
        For a wage that is not above zero.
    """
    if wage is not None and not 0.0 < wage < np.inf:
        raise NotSupported(f"wage={wage:g}: what a unit of unpaid work would cost must be above zero.")
    technology = function.technology
    controls = technology.controls
    for column, in_logs in ((f"log {name}", True), (name, False)):
        if column in controls:
            return Unpaid(name, controls.index(column), in_logs, wage)
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
