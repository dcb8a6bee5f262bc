"""Outputs divided among separate firms: who makes what, what the firms pay together, and where the form gives no cost.

A level form charges every firm the intercept A: the common fixed cost F0, and the own fixed costs of outputs that
nobody is seen without. A firm that makes none of such an output does not pay for it, so how much of A several firms pay
together is known up to how A is shared out, unless all of them make all of those outputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.corners import Members, unidentified
from econmodel.economies.places import CostFunction, Places, no_cost
from econmodel.economies.support import outputs_supported, supported
from econmodel.economies.verdict import at_words
from econmodel.errors import UnknownName
from econmodel.forms.technology import Point, Technology
from econmodel.results import INTERVAL_COLUMNS

Array = NDArray[np.float64]


UNSUPPORTED = (
    " It rests on output mixes beyond those of all providers: this is what the form implies, not what providers show."
)


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """What each of K firms makes at each of n places.

    Attributes
    ----------
    outputs : (K, n, m) outputs of the firms
    names : what each firm makes, in words
    """

    outputs: Array
    names: tuple[str, ...]

    @property
    def founded(self) -> NDArray[np.bool_]:
        """Whether each firm makes anything, (K, n): a firm that makes nothing costs nothing."""
        return np.asarray((self.outputs > 0).any(axis=-1))


def groups_of(outputs: tuple[str, ...], partition: object, *, whole: bool = True) -> list[Members]:
    """Groups of outputs as members, in the order given.

    Parameters
    ----------
    partition : lists of output names, such as [["a", "b"], ["c"]]; a name alone is a group of one
    whole : whether every output must be in a group

    Raises
    ------
    UnknownName
        Where the groups do not divide the outputs; the message says which output is at fault.

    Examples
    --------
    >>> [group.tolist() for group in groups_of(("a", "b", "c"), [["a", "b"], "c"])]
    [[True, True, False], [False, False, True]]
    """
    shape = f"Give lists of {', '.join(outputs)} such as [[{outputs[0]!r}], [{outputs[-1]!r}]]"
    if isinstance(partition, str) or not isinstance(partition, Sequence):
        raise UnknownName(f"{partition!r} is not a division of the outputs. {shape}.")
    groups = [[group] if isinstance(group, str) else list(group) for group in partition]
    named = [name for group in groups for name in group]
    unknown = [str(name) for name in named if name not in outputs]
    twice = [name for name in outputs if named.count(name) > 1]
    left_out = [name for name in outputs if name not in named] if whole else []
    faults = [
        (len(groups) < 2, "one firm alone divides nothing"),
        (not all(groups), "a group is empty"),
        (bool(unknown), f"{', '.join(unknown)} is not an output"),
        (bool(twice), f"{', '.join(twice)} is named twice"),
        (bool(left_out), f"{', '.join(left_out)} is in no group"),
    ]
    found = [words for is_so, words in faults if is_so]
    if found:
        each = "with every output in exactly one" if whole else "with no output in two"
        raise UnknownName(f"{groups} is not a division of the outputs: {'; '.join(found)}. {shape}, {each}.")
    return [np.array([name in group for name in outputs]) for group in groups]


def words_of(outputs: tuple[str, ...], members: Members) -> str:
    """A group of outputs as a sentence names it."""
    return " and ".join(name for name, member in zip(outputs, members, strict=True) if member)


def specialised(outputs: tuple[str, ...], point: Point, groups: list[Members]) -> Division:
    """Firms that each make one group of the outputs, all of it, and nothing else."""
    made = np.stack([np.where(group, point.outputs, 0.0) for group in groups])
    return Division(made, tuple(f"making only {words_of(outputs, group)}" for group in groups))


def intercepts_paid(function: CostFunction, point: Point, division: Division) -> tuple[Array, Array]:
    """How many times the firms together pay A, at least and at most, (n,) each.

    F0 is paid by every firm, and the own fixed cost of an output once by every firm that makes it; A is some mixture of
    F0 and the unidentified ones of what is made at all.
    """
    firms = division.founded.sum(axis=0).astype(float)
    makers = (division.outputs > 0).sum(axis=0).astype(float)
    counted = unidentified(function) & (point.outputs > 0)
    least = np.minimum(firms, np.where(counted, makers, np.inf).min(axis=-1))
    most = np.maximum(firms, np.where(counted, makers, -np.inf).max(axis=-1))
    return least, most


def cost_apart(technology: Technology, theta: Array, point: Point, division: Division, times: Array | float) -> Array:
    """Cost of all firms together (..., n), the intercept of a level form paid `times` (n,); log forms have none."""
    firms = range(len(division.outputs))
    costs = sum(technology.cost(theta, made_by(point, division.outputs[firm])) for firm in firms)
    if not technology.is_level:
        return np.asarray(costs)
    return np.asarray(costs + (times - len(firms)) * technology.intercept(theta, point))


def made_by(point: Point, outputs: Array) -> Point:
    """The same surroundings with other outputs, row by row."""
    return Point(outputs, point.log_prices, point.relationships, point.controls)


def each_supported(
    function: CostFunction, places: Places, comparisons: Sequence[Sequence[Array]]
) -> list[NDArray[np.bool_]]:
    """For each comparison, whether each place and all output vectors (n, m) it is compared with lie among providers.

    One hull serves all comparisons.
    """
    inside = supported(function, places)
    stacked = outputs_supported(function, np.concatenate([outputs for one in comparisons for outputs in one]))
    ends = np.cumsum([len(one) for one in comparisons])[:-1]
    found = np.split(stacked.reshape(-1, len(inside)), ends)
    return [np.asarray(inside & one.all(axis=0)) for one in found]


def without_cost(function: CostFunction, places: Places, division: Division) -> tuple[NDArray[np.bool_], str]:
    """Places where the form gives joint production or some firm no positive cost, (n,), and a sentence that says so.

    A firm that does without some output whose own fixed cost is not identified is charged all of A where A is positive,
    and none of it where it is negative: what is refused is impossible however A is shared out.
    """
    technology, theta, point = function.technology, function.theta, places.point
    open_ = technology.is_level & unidentified(function) & (point.outputs > 0)
    names = ("making everything", *division.names)
    costs = [technology.cost(theta, point)]
    for outputs in division.outputs:
        cost = technology.cost(theta, made_by(point, outputs))
        without = (open_ & (outputs <= 0)).any(axis=-1)
        if without.any():
            cost = cost - np.where(without, np.minimum(technology.intercept(theta, point), 0.0), 0.0)
        costs.append(cost)
    producing = np.vstack([np.ones_like(division.founded[:1]), division.founded])
    impossible = ~(np.stack(costs) > 0) & producing
    bad = np.asarray(impossible.any(axis=0))
    if not bad.any():
        return bad, ""
    place = int(np.flatnonzero(bad)[0])
    firm = int(np.flatnonzero(impossible[:, place])[0])
    others = f" (and at {int(bad.sum()) - 1} of {len(bad)} other places some firm's)" if bad.sum() > 1 else ""
    sentence = (
        f"At {at_words(places.labels[place])}, the fitted cost of {names[firm]} "
        f"{no_cost(float(costs[firm][place]))}{others}: no number is given there. Ask nearer to the providers "
        '(at=0.5, or quasi-scope with epsilon=0.1), or fit fewer second-order terms (second_order="outputs" or "none").'
    )
    return bad, sentence


def without_increment(
    function: CostFunction, places: Places, members: Members
) -> tuple[NDArray[np.bool_], dict[str, None]]:
    """Places where adding the member outputs to all others has no cost, (n,), and sentences that say so."""
    outputs, made = function.technology.outputs, places.point.outputs
    nothing = np.asarray(~(np.where(members, made, 0.0) > 0).any(axis=-1))
    impossible, fault = without_cost(function, places, specialised(outputs, places.point, [~members]))
    sentences = [fault] if fault else []
    if nothing.any():
        where = [label for label, none in zip(places.labels, nothing, strict=True) if none]
        sentences.append(
            f"At {', '.join(where[:5])}{', ...' if len(where) > 5 else ''} nothing of {words_of(outputs, members)} is "
            "made, so it adds no cost: no number is given there."
        )
    return nothing | impossible, dict.fromkeys(sentences)


def blank(table: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
    """A table of effects without the numbers of some rows."""
    if not rows.any():
        return table
    numbers = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", *INTERVAL_COLUMNS]
    table = table.copy()
    table.loc[rows, numbers] = np.nan
    return table
