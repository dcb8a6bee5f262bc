"""Who pays the fixed cost: cost at the corners, outputs divided among firms, and what data can say of it.

The intercept A of a level form is the common fixed cost F0 plus the own fixed costs of all outputs that nobody is seen
without. A firm pays F0 and the own fixed costs of what it makes, so where some output is never zero, what several firms
pay together is known up to how A is shared out, and only an interval is identified. A stated cost function has no
sample to learn from: its common cost is stated to be common, and nothing about it is unidentified.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.places import CostFunction, Places
from econmodel.economies.core.support import outputs_supported, supported
from econmodel.errors import FormError, UnknownName
from econmodel.forms.technology import Point, Technology
from econmodel.results import INTERVAL_COLUMNS
from econmodel.words import at_words, no_cost

Array = NDArray[np.float64]
Members = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the intercept A: as common cost, or as the own fixed cost of one output.

    What several firms pay together is linear in how A is divided between these, so its ends are among them.

    Attributes
    ----------
    output : place of the output whose own fixed cost all of A is; None where it is common
    """

    output: int | None = None

    def paid(self, outputs: Array, made: Array | None = None) -> Array:
        """How often each firm that makes something pays A (...,), from its outputs (..., m).

        Of what is made by nobody (`made`, the outputs of all, broadcast) A is no own fixed cost: it is common there.
        """
        founded = (outputs > 0).any(axis=-1)
        if self.output is None:
            return founded.astype(float)
        own = outputs[..., self.output] > 0
        return (own if made is None else own | (founded & ~(made[..., self.output] > 0))).astype(float)

    def words(self, outputs: Sequence[str]) -> str:
        """What A is taken for: "common to all", "own of meals"."""
        return "common to all" if self.output is None else f"own of {outputs[self.output]}"


COMMON = Reading()


def require_corners(technology: Technology, what: str) -> None:
    """FormError, with the cure, where a form has no cost at zero output."""
    if not technology.is_level:
        raise FormError(
            f"{what} compares cost at zero output of some products, where the {technology.form.title} form has none. "
            'Fit a level form (form="composite" or form="flexible_fixed_cost"), or ask for quasi-scope, '
            "em.scope(fit, epsilon=0.1), which never leaves any output at zero (and answers another question)."
        )


def cost_of(technology: Technology, theta: Array, point: Point, members: Members) -> Array:
    """Cost of making the member outputs only (..., n), with the whole intercept A charged."""
    return technology.cost(theta, point.with_outputs(np.where(members, point.outputs, 0.0)))


def cost_as_read(
    technology: Technology, theta: Array, point: Point, reading: Reading = COMMON, made: Array | None = None
) -> Array:
    """Cost of a firm at each point (..., n), the intercept paid as it is read; a firm that makes nothing costs nothing.

    `made` are the outputs of all firms, as in `Reading.paid`.
    """
    cost = technology.cost(theta, point)
    if not technology.is_level:
        return cost
    paid = reading.paid(point.outputs, made)
    return cost if (paid == 1.0).all() else cost + (paid - 1.0) * technology.intercept(theta, point)


def fixed_cost(technology: Technology, theta: Array, point: Point) -> Array:
    """The part of a level form's cost that does not vary with outputs (..., n): A, and own fixed costs of what is made.

    Linear in the parameters of H, as cost is: `fixed_cost` and `variable_cost` add up to it.
    """
    return technology.cost(theta * _kept(technology, fixed=True), point)


def variable_cost(technology: Technology, theta: Array, point: Point) -> Array:
    """The part of a level form's cost that varies with outputs (..., n): nothing at zero output."""
    return technology.cost(theta * _kept(technology, fixed=False), point)


def _kept(technology: Technology, *, fixed: bool) -> Array:
    """Ones for the parameters of P, and for those of H that are (or are not) fixed costs; zeros for the others."""
    aggregate = technology.aggregate
    assert aggregate is not None
    # Products name an output first, so what begins with none is there without output.
    first = aggregate.terms[:, 0]
    of_terms = (first < 0) | (first >= len(technology.outputs))
    of_parameters = of_terms if aggregate.mixing is None else np.abs(aggregate.mixing) @ of_terms > 0
    return np.concatenate([of_parameters == fixed, np.ones(technology.exponent.count)])


def unidentified(fit: CostFunction) -> Members:
    """Outputs whose own fixed cost data cannot tell from the common one; none where parameters are stated."""
    technology = fit.technology
    found = np.full(len(technology.outputs), fit.sample is not None)
    found[list(technology.fixed_costs)] = False
    return found


def scope_parts(
    technology: Technology, theta: Array, point: Point, groups: list[Members], reading: Reading = COMMON
) -> tuple[Array, Array]:
    """Complementarity and shared fixed cost, as shares of joint cost (..., n), of making groups of outputs apart.

    They add up to the degree of scope of a partition. A fixed cost that is the own one of some output is paid once
    either way. A group of which nothing is made at a place needs no firm.
    """
    joint = technology.cost(theta, point)
    intercept = technology.intercept(theta, point)
    variable = sum(cost_of(technology, theta, point, group) - intercept for group in groups)
    made = np.stack([np.where(group, point.outputs, 0.0) for group in groups])
    times = reading.paid(made, point.outputs).sum(axis=0)
    return np.asarray((variable + intercept - joint) / joint), np.asarray((times - 1.0) * intercept / joint)


def degree_of_scope(
    technology: Technology, theta: Array, point: Point, groups: list[Members], reading: Reading = COMMON
) -> Array:
    """Cost of separate firms less joint cost, over joint cost (..., n), for a partition of the outputs."""
    return np.asarray(sum(scope_parts(technology, theta, point, groups, reading)))


def incremental_cost(
    technology: Technology, theta: Array, point: Point, members: Members, reading: Reading = COMMON
) -> Array:
    """Cost of adding the member outputs to all others (..., n).

    As the intercept is read: where it is the own fixed cost of a member, whoever makes the others only pays none of it.
    """
    cost = technology.cost(theta, point) - cost_of(technology, theta, point, ~members)
    if reading.output is None or not members[reading.output]:
        return cost
    paid = reading.paid(np.where(members, 0.0, point.outputs), point.outputs)
    return cost + (1.0 - paid) * technology.intercept(theta, point)


def assert_identity(technology: Technology, theta: Array, point: Point, members: Members) -> None:
    """The identity of Baumol, Panzar and Willig (1982) at a place: S_N = [a S_T + (1 - a) S_(N-T)] / (1 - SC_T).

    Holds for any cost function; a failure is a fault of this program, so it raises ArithmeticError.
    """
    slopes = technology.slopes(theta, point).outputs * technology.cost(theta, point)[..., None] * point.outputs
    revenue, rest, total = slopes[..., members].sum(axis=-1), slopes[..., ~members].sum(axis=-1), slopes.sum(axis=-1)
    if not members.any() or members.all():
        return
    if not (total != 0).all():
        return
    together = technology.cost(theta, point) / total
    of_members = incremental_cost(technology, theta, point, members)
    of_others = incremental_cost(technology, theta, point, ~members)
    degree = degree_of_scope(technology, theta, point, [members, ~members])
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = revenue / total * (of_members / revenue) + rest / total * (of_others / rest)
        difference = parts - together * (1.0 - degree)
    terms = (together, together * degree, of_members / total, of_others / total)
    assert_adds_up("The identity of scale and scope fails", difference, *terms)


def readings(fit: CostFunction, *groups: Array, made: Array | None = None) -> list[Reading]:
    """The readings of A that differ in what groups of firms, each with outputs (K, ..., m), pay; the common one first.

    Log forms have no intercept, and of a stated cost function it is stated to be common.
    """
    every = [COMMON]
    if fit.technology.is_level:
        every += [Reading(place) for place in np.flatnonzero(unidentified(fit)).tolist()]
    seen: dict[bytes, Reading] = {}
    for one in every:
        paid = [np.asarray(one.paid(outputs, made).sum(axis=0)).tobytes() for outputs in groups]
        seen.setdefault(b"".join(paid), one)
    return list(seen.values())


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


def intercepts_paid(division: Division, point: Point, reading: Reading = COMMON) -> Array:
    """How many times the firms of a division together pay A, (n,)."""
    return reading.paid(division.outputs, point.outputs).sum(axis=0)


def cost_apart(
    technology: Technology, theta: Array, point: Point, division: Division, reading: Reading = COMMON
) -> Array:
    """Cost of all firms together (..., n), a level form's intercept paid as it is read."""
    costs = np.asarray(sum(technology.cost(theta, made_by(point, outputs)) for outputs in division.outputs))
    if not technology.is_level:
        return costs
    times = intercepts_paid(division, point, reading) - len(division.outputs)
    return costs + times * technology.intercept(theta, point)


def made_by(point: Point, outputs: Array) -> Point:
    """The same surroundings with other outputs, row by row."""
    return Point(outputs, point.log_prices, point.relationships, point.controls)


def each_supported(
    fit: CostFunction, places: Places, comparisons: Sequence[Sequence[Array]]
) -> list[NDArray[np.bool_]]:
    """For each comparison, whether each place and all output vectors (n, m) it is compared with lie among providers.

    One hull serves all comparisons.
    """
    inside = supported(fit, places)
    stacked = outputs_supported(fit, np.concatenate([outputs for one in comparisons for outputs in one]))
    ends = np.cumsum([len(one) for one in comparisons])[:-1]
    found = np.split(stacked.reshape(-1, len(inside)), ends)
    return [np.asarray(inside & one.all(axis=0)) for one in found]


def without_cost(fit: CostFunction, places: Places, division: Division) -> tuple[NDArray[np.bool_], str]:
    """Places where the form gives joint production or some firm no positive cost, (n,), and a sentence that says so.

    A firm that does without some output whose own fixed cost is not identified is charged all of A where A is positive,
    and none of it where it is negative: what is refused is impossible however A is shared out.
    """
    technology, theta, point = fit.technology, fit.theta, places.point
    open_ = technology.is_level & unidentified(fit) & (point.outputs > 0)
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


def without_increment(fit: CostFunction, places: Places, members: Members) -> tuple[NDArray[np.bool_], str]:
    """Places where adding the member outputs to all others has no cost, (n,), and what says so."""
    outputs, made = fit.technology.outputs, places.point.outputs
    nothing = np.asarray(~(np.where(members, made, 0.0) > 0).any(axis=-1))
    impossible, fault = without_cost(fit, places, specialised(outputs, places.point, [~members]))
    sentences = [fault] if fault else []
    if nothing.any():
        where = [label for label, none in zip(places.labels, nothing, strict=True) if none]
        sentences.append(
            f"At {', '.join(where[:5])}{', ...' if len(where) > 5 else ''} nothing of {words_of(outputs, members)} is "
            "made, so it adds no cost: no number is given there."
        )
    return nothing | impossible, " ".join(sentences)


def blank(table: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
    """A table of effects without the numbers of some rows."""
    if not rows.any():
        return table
    numbers = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", *INTERVAL_COLUMNS]
    table = table.copy()
    table.loc[rows, numbers] = np.nan
    return table
