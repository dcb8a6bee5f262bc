"""Providers whose truth is known: a stated form and its parameters, and worlds in which the separation cannot work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import Form, SecondOrder, Variables, find_form
from econmodel.forms.technology import Point, Technology
from econmodel.stated import random_numbers, require_counts, require_in_logs
from econmodel.table.cost_data import CostData
from econmodel.table.roles import Output, Relationship

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StatedCost:
    """A cost function with stated parameters. Measures take it like a fit; its intervals have no width.

    Attributes
    ----------
    technology : the cost function
    theta : (k,) parameters, in the order of `technology.names`
    """

    technology: Technology
    theta: Array
    freedom: float = float("inf")
    wild: bool = False
    sample: None = None

    @property
    def covariance(self) -> Array:
        """Zeros (k, k): nothing was estimated."""
        return np.zeros((len(self.theta), len(self.theta)))

    def points(self) -> Point:
        """The mean: there is no table."""
        return self.technology.mean_point()


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Simulated providers and what is true of them.

    Attributes
    ----------
    data : the table, as an analyst would get it
    truth : the cost function behind it (None where no cost function in the table's columns is true)
    facts : what is true, in words and numbers
    """

    data: CostData
    truth: StatedCost | None
    facts: Mapping[str, float] = field(default_factory=dict)


def state(
    form: str | Form,
    parameters: Mapping[str, float],
    *,
    outputs: Mapping[str, float],
    prices: Mapping[str, float] | None = None,
    relationships: Mapping[str, float] | None = None,
    fixed_costs: tuple[str, ...] = (),
    second_order: SecondOrder | None = None,
) -> StatedCost:
    """A cost function with parameters of your own, in the terms in which a fit prints them.

    Parameters
    ----------
    form : as in `econmodel.fit`
    parameters : name -> value at the mean, as in `fit.params`; those not named are zero. In level forms they are in
        money at mean outputs: {"common cost": 20, "visits": 80} costs 100 there
    outputs, prices, relationships : name -> mean
    fixed_costs : outputs with a fixed cost of their own ("fixed cost of ...")

    Raises
    ------
    UnknownName
        For a parameter that the form does not have; the message lists those that it has.

    Examples
    --------
    >>> from econmodel.economies.scale import scale
    >>> cost = state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100})
    >>> float(scale(cost).row("ray scale economies")["estimate"])
    1.25
    """
    prices, relationships = dict(prices or {}), dict(relationships or {})
    shape = find_form(form)
    means = np.array(list(outputs.values()), dtype=float)
    variables = Variables(
        tuple(outputs),
        tuple(prices),
        tuple(relationships),
        (),
        tuple(list(outputs).index(name) for name in fixed_costs),
    )
    centres = Centres(
        shape.coordinate.transform(means),
        np.log(np.array(list(prices.values()), dtype=float)),
        np.array(list(relationships.values()), dtype=float),
        np.zeros(0),
    )
    technology = assemble(shape, variables, centres, second_order=second_order)
    unknown = [name for name in parameters if name not in technology.names]
    if unknown:
        raise UnknownName(f"{', '.join(unknown)} is not a parameter. There are {', '.join(technology.names)}.")
    stated = np.array([float(parameters.get(name, 0.0)) for name in technology.names])
    if not technology.is_level:
        require_in_logs(**dict(zip(technology.names, stated.tolist(), strict=True)))
    elif lost := [name for name, value in zip(technology.names, stated, strict=True) if not np.isfinite(value)]:
        raise NotSupported(f"{', '.join(lost)} of a stated cost function is not a finite number. Give one.")
    return StatedCost(technology, stated)


def simulate(
    cost: StatedCost,
    providers: int,
    *,
    spread: float = 0.6,
    correlation: float = 0.7,
    noise: float = 0.15,
    noise_grows: float = 0.0,
    specialised: Mapping[str, float] | None = None,
    follows_size: Mapping[str, float] | None = None,
    chosen_by_need: Mapping[str, float] | None = None,
    cost_of_need: float = 0.2,
    periods: int = 1,
    movement: float = 0.2,
    provider_effects: float = 0.0,
    volume_error: float = 0.0,
    per_head: str | None = None,
    seed: int = 0,
) -> Simulation:
    """Providers whose cost follows a stated cost function.

    Parameters
    ----------
    cost : from `state`
    providers : how many
    spread : standard deviation of log outputs (log prices and relationship variables have half and a third of it)
    correlation : between log outputs
    noise : standard deviation of the log error
    noise_grows : how fast that standard deviation grows with log size, per standard deviation of it
    specialised : output -> share of providers that make none of it (level forms); nobody is left without any output
    follows_size : relationship variable -> its slope on the log of the first output
    chosen_by_need : relationship variable -> its slope on the need of a provider's users, which has mean 0 and standard
        deviation 1 and is not in the table
    cost_of_need : what one standard deviation of need adds to log cost, where `chosen_by_need` is given
    periods : rows of each provider; with more than one the table names "provider" and "period"
    movement : share of the variance of log outputs, log prices and relationship variables that lies between periods of
        one provider
    provider_effects : standard deviation of what keeps a provider's log cost above or below that of others
    volume_error : standard deviation of the log error in recorded outputs. It pulls the elasticity of cost towards zero
    per_head : output by whose recorded volume a cost per head was multiplied to give cost: the error then sits on both
        sides, and pulls the elasticity to one
    seed : of all draws

    Returns
    -------
    Simulation
        With `facts`: the share of the variance of each recorded log output that is not error ("reliability of ..."),
        where there is an error and every provider makes the output.

    Raises
    ------
    UnknownName, NotSupported, FormError
        For a variable that the cost function does not have, a number out of its range, or specialised providers in a
        log form.

    Notes
    -----
    With one output in logs, an elasticity b is recorded as b R, and with `per_head` as b R + (1 - R), R the reliability
    (Spearman, 1904; Borjas, 1980, on division bias).

    Examples
    --------
    >>> cost = state("cobb_douglas", {"constant": 4.0, "visits": 0.8}, outputs={"visits": 100})
    >>> len(simulate(cost, 60).data), len(simulate(cost, 60, periods=3).data)
    (60, 180)
    """
    technology, rng = cost.technology, random_numbers(seed)
    if specialised and not technology.form.coordinate.allows_zero:
        raise FormError(
            "Specialised providers make none of an output, and this form has no cost there. State a level form."
        )
    _check_options(
        cost, providers, periods, movement,
        {"output": [*(specialised or {}), *([per_head] if per_head else [])],
         "relationship variable": [*(follows_size or {}), *(chosen_by_need or {})]},
        {"spread": spread, "noise": noise, "provider_effects": provider_effects, "volume_error": volume_error},
    )  # fmt: skip

    def draws(columns: int) -> Array:
        return _standard_normal(rng, providers, periods, columns, movement)

    mean, m = technology.mean_point(), len(technology.outputs)
    shape = np.full((m, m), correlation) + (1.0 - correlation) * np.eye(m)
    log_outputs = draws(m) @ np.linalg.cholesky(shape).T * spread
    in_logs = technology.form.coordinate.centring == "shift"
    outputs = mean.outputs * np.exp(log_outputs - (0.0 if in_logs else 0.5 * spread**2))
    for name, share in (specialised or {}).items():
        without = np.repeat(rng.random(providers) < share, periods)
        others = np.delete(outputs, technology.outputs.index(name), axis=1).max(axis=1, initial=0.0)
        outputs[without & (others > 0), technology.outputs.index(name)] = 0.0
    log_prices = mean.log_prices + 0.5 * spread * draws(len(technology.prices))
    relationships = mean.relationships + spread / 3.0 * draws(len(technology.relationships))
    for name, slope in (follows_size or {}).items():
        relationships[:, technology.relationships.index(name)] += slope * log_outputs[:, 0]
    size = (log_outputs.mean(axis=1) - log_outputs.mean()) / max(log_outputs.mean(axis=1).std(), np.finfo(float).tiny)
    error = noise * np.exp(noise_grows * size) * rng.standard_normal(providers * periods)
    # What is new draws last: without it a seed gives the same providers.
    error += provider_effects * np.repeat(rng.standard_normal(providers), periods)
    if chosen_by_need:
        need = np.repeat(rng.standard_normal(providers), periods)
        error += cost_of_need * need
        for name, slope in chosen_by_need.items():
            relationships[:, technology.relationships.index(name)] += slope * need
    points = Point(outputs, log_prices, relationships, np.zeros((providers * periods, 0)))
    columns = {"cost": technology.cost(cost.theta, points) * np.exp(error)}
    recorded = np.exp(volume_error * rng.standard_normal(outputs.shape) - (0.0 if in_logs else 0.5 * volume_error**2))
    if per_head is not None:
        columns["cost"] = columns["cost"] * recorded[:, technology.outputs.index(per_head)]
    columns |= dict(zip(technology.outputs, (outputs * recorded).T, strict=True))
    columns |= dict(zip(technology.prices, np.exp(log_prices).T, strict=True))
    columns |= dict(zip(technology.relationships, relationships.T, strict=True))
    frame = pd.DataFrame(columns)
    if periods > 1:
        frame.insert(0, "provider", np.repeat(np.arange(1, providers + 1), periods))
        frame.insert(1, "period", np.tile(np.arange(1, periods + 1), providers))
    data = CostData(
        frame,
        cost="cost",
        outputs=list(technology.outputs),
        prices=list(technology.prices),
        relationships={name: Relationship("attribute", more_means="closer") for name in technology.relationships},
        entity="provider" if periods > 1 else None,
        time="period" if periods > 1 else None,
        title=f"Simulated providers, {technology.form.title}",
        cost_concept="total" if per_head is None else "per head x heads",
    )
    always = [name for name in technology.outputs if name not in (specialised or {})] if volume_error else []
    reliability = spread**2 / (spread**2 + volume_error**2) if always else 1.0
    return Simulation(data, cost, {f"reliability of {name}": reliability for name in always})


def _standard_normal(rng: np.random.Generator, providers: int, periods: int, columns: int, movement: float) -> Array:
    """Draws (providers x periods, columns) with variance one, of which `movement` lies within providers."""
    between = rng.standard_normal((providers, columns))
    if periods == 1:
        return between
    within = rng.standard_normal((providers * periods, columns))
    return np.sqrt(1.0 - movement) * np.repeat(between, periods, axis=0) + np.sqrt(movement) * within


def _check_options(
    cost: StatedCost,
    providers: int,
    periods: int,
    movement: float,
    named: Mapping[str, list[str]],
    deviations: Mapping[str, float],
) -> None:
    """What cannot be drawn is refused in the words of `simulate`."""
    own = {"cost"} | ({"provider", "period"} if periods > 1 else set())
    technology = cost.technology
    taken = sorted(own & {*technology.outputs, *technology.prices, *technology.relationships})
    if taken:
        raise NotSupported(
            f"A simulated table has a column {taken[0]} of its own. State the cost function in other names."
        )
    known = {"output": cost.technology.outputs, "relationship variable": cost.technology.relationships}
    for role, names in named.items():
        unknown = [name for name in names if name not in known[role]]
        if unknown:
            there = ", ".join(known[role]) or "none"
            raise UnknownName(f"{', '.join(unknown)} is no {role} of this cost function. It has: {there}.")
    require_counts(providers=providers, periods=periods)
    if not 0.0 <= movement <= 1.0:
        raise NotSupported(f"movement={movement} is a share of variance, between 0 and 1.")
    require_in_logs(0.0, **deviations)


STAFF_SHARE = 0.6
STAFF_ELASTICITY = 0.8


def staffing(
    staffing: Literal["scales", "rationed"], providers: int, *, noise: float = 0.05, seed: int = 0
) -> Simulation:
    """Two worlds with opposite truths and the same data: staff that scale, and contact that is rationed.

    Cost is staff plus other cost, which grows with users. In "scales" the need for staff rises with users to the power
    0.8: a pure economy of scale, and staffing per user has no effect on anyone. In "rationed" the technology has
    constant returns, and larger providers give each user less staff time. Either way staffing per user, an input ratio,
    falls with size, and no cost regression tells the worlds apart.

    Examples
    --------
    >>> scales, rationed = (staffing(world, 50) for world in ("scales", "rationed"))
    >>> bool(np.allclose(scales.data.frame["cost"], rationed.data.frame["cost"]))
    True
    """
    if staffing not in ("scales", "rationed"):
        raise UnknownName(f'staffing={staffing!r} is not a world. There are "scales" and "rationed".')
    require_counts(providers=providers)
    require_in_logs(0.0, noise=noise)
    rng = random_numbers(seed)
    users = np.exp(rng.normal(0.0, 1.0, providers))
    chance = np.exp(noise * rng.standard_normal(providers))
    if staffing == "scales":
        staff = users**STAFF_ELASTICITY * chance
    else:
        staff_time_per_user = users ** (STAFF_ELASTICITY - 1.0) * chance
        staff = users * staff_time_per_user
    other = users * np.exp(noise * rng.standard_normal(providers))
    frame = pd.DataFrame(
        {
            "cost": 1000.0 * (STAFF_SHARE * staff + (1.0 - STAFF_SHARE) * other),
            "users": 100.0 * users,
            "staff_per_user": staff / users,
        }
    )
    data = CostData(
        frame,
        cost="cost",
        outputs={"users": Output("personal", unit="users")},
        relationships={
            "staff_per_user": Relationship("input_ratio", scale="log", more_means="closer", label="staffing per user")
        },
        title=f"Simulated providers, staff {staffing if staffing == 'rationed' else 'that scale'}",
        cost_concept="total",
    )
    technology = STAFF_SHARE * STAFF_ELASTICITY + (1.0 - STAFF_SHARE) if staffing == "scales" else 1.0
    return Simulation(data, None, {"cost elasticity of the technology": technology})


def case_mix(
    providers: int,
    *,
    effect: float = -0.1,
    selection: float = 0.5,
    scale_elasticity: float = 0.95,
    follows_size: float = -0.3,
    noise: float = 0.1,
    seed: int = 0,
) -> Simulation:
    """A world in which relationships are chosen by case-mix that the table does not hold.

    Continuity is an attribute with a true effect on cost. Providers whose users have greater needs cost more, and are
    given (or keep) more continuity to the degree of `selection`; need is not observed, so its cost is laid at
    continuity's door. With `selection=0` the separation works.

    Parameters
    ----------
    effect : true effect of one standard deviation of continuity on log cost
    selection : slope of continuity on need
    scale_elasticity : true elasticity of cost
    follows_size : slope of continuity on log users

    Examples
    --------
    >>> case_mix(50).facts["effect of continuity"]
    -0.1
    """
    require_counts(providers=providers)
    require_in_logs(effect=effect, selection=selection, scale_elasticity=scale_elasticity, follows_size=follows_size)
    require_in_logs(0.0, noise=noise)
    rng = random_numbers(seed)
    log_users = rng.normal(0.0, 0.8, providers)
    need = rng.standard_normal(providers)
    continuity = selection * need + follows_size * log_users + rng.standard_normal(providers)
    log_cost = 7.0 + scale_elasticity * log_users + effect * continuity + 0.2 * need
    frame = pd.DataFrame(
        {
            "cost": np.exp(log_cost + noise * rng.standard_normal(providers)),
            "users": 200.0 * np.exp(log_users),
            "continuity": continuity,
        }
    )
    data = CostData(
        frame,
        cost="cost",
        outputs={"users": Output("personal", unit="users")},
        relationships={"continuity": Relationship("attribute", more_means="closer", label="continuity")},
        title="Simulated providers, continuity chosen by case-mix",
        cost_concept="total",
    )
    facts = {"effect of continuity": effect, "scale": scale_elasticity, "relationship part": effect * follows_size}
    return Simulation(data, None, facts)
