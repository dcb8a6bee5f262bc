"""Simulated providers whose truth is known: supply chains of three sectors, and services that volunteers help."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econmodel.errors import NotSupported, UnknownName
from econmodel.simulation import Simulation
from econmodel.stated import random_numbers, require_counts, require_in_logs
from econmodel.table.cost_data import CostData
from econmodel.table.roles import Output

# Of a supply chain: share of the providers, chance of the second tier, log of size against the private sector.
# "Tier 2 (specialist, call off contracts, 75% of TSOs)", and "smaller in size": Taylor, Rees and Damm (2012). All else
# is an assumption, as are the costs below.
SECTORS = {"private": (0.45, 0.30, 0.0), "public": (0.20, 0.30, 0.2), "third": (0.35, 0.75, -0.5)}
SPECIALIST = {"first": 0.2, "second": 0.6}
PARTICIPANTS, SPREAD, FIRST_TIER_LARGER = 300.0, 0.6, 0.8
UNIT_COST, SIZE_SLOPE, SECOND_TIER, SPECIALIST_COST = 1500.0, -0.08, 0.20, 0.15
NEED = 0.15
# A provider in the middle: its visits, unpaid hours and cost. Chosen for illustration.
VISITS, HOURS, COST = 10_000.0, 5_000.0, 250_000.0
SPREAD_OF_VISITS, SPREAD_OF_HOURS = 0.6, 0.5


def sectors(
    providers: int,
    *,
    effects: Mapping[str, float] | None = None,
    sorting: float = 1.0,
    unrecorded_need: float = 0.0,
    noise: float = 0.2,
    seed: int = 0,
) -> Simulation:
    """Providers of a supply chain, sorted into tiers and sizes by sector, with true effects of sector as given.

    Log unit cost falls with size, and is higher in the second tier and for specialist services. A sector that sits in
    the second tier and is small looks dear without being so.

    Parameters
    ----------
    providers : how many
    effects : sector ("private", "public", "third") -> what it adds to log cost; by default nothing
    sorting : 1 for sectors in tiers and sizes as in the Work Programme, 0 for no sorting
    unrecorded_need : how much greater the needs of third sector users are, in standard deviations between providers;
        the table does not hold need, which adds 0.15 to log cost each
    noise : standard deviation of the log error
    seed : of all draws

    Returns
    -------
    Simulation
        Its table has the columns sector, tier, service, participants, cost, and the logs of size and unit cost; its
        facts are the true gaps of sectors to the private one.

    Raises
    ------
    UnknownName, NotSupported
        For another sector, or a number out of its range.

    Examples
    --------
    >>> chain = sectors(200, effects={"third": -0.02})
    >>> dict(chain.facts)
    {'public less private': 0.0, 'third less private': -0.02}
    """
    effects = dict(effects or {})
    unknown = [name for name in effects if name not in SECTORS]
    if unknown:
        raise UnknownName(f"{', '.join(unknown)} is no sector of this simulation. There are {', '.join(SECTORS)}.")
    require_counts(providers=providers)
    require_in_logs(unrecorded_need=unrecorded_need, **effects)
    require_in_logs(0.0, noise=noise)
    if not 0.0 <= sorting <= 1.0:
        raise NotSupported(f"sorting={sorting} is a share: give a number between 0 and 1.")
    rng = random_numbers(seed)
    names = tuple(SECTORS)
    shares, second, larger = np.array(list(SECTORS.values())).T
    sector = rng.choice(len(names), providers, p=shares)
    chance = sorting * second + (1.0 - sorting) * float(shares @ second)
    in_second = rng.random(providers) < chance[sector]
    tier = np.where(in_second, "second", "first")
    specialist = rng.random(providers) < np.where(in_second, SPECIALIST["second"], SPECIALIST["first"])
    log_size = np.log(PARTICIPANTS) + FIRST_TIER_LARGER * ~in_second + sorting * larger[sector]
    log_size = log_size + SPREAD * rng.standard_normal(providers)
    need = rng.standard_normal(providers) + unrecorded_need * (np.array(names)[sector] == "third")
    log_unit = np.log(UNIT_COST) + SIZE_SLOPE * (log_size - np.log(PARTICIPANTS)) + SECOND_TIER * in_second
    log_unit = log_unit + SPECIALIST_COST * specialist + np.array([effects.get(name, 0.0) for name in names])[sector]
    log_unit = log_unit + NEED * need * (unrecorded_need != 0) + noise * rng.standard_normal(providers)
    frame = pd.DataFrame(
        {
            "sector": np.array(names)[sector],
            "tier": tier,
            "service": np.where(specialist, "specialist", "general"),
            "participants": np.exp(log_size),
            "cost": np.exp(log_unit + log_size),
            "log_size": log_size,
            "log_unit_cost": log_unit,
        }
    )
    data = CostData(
        frame,
        cost="cost",
        outputs={"participants": Output("personal", unit="participants")},
        title="Simulated supply chain, three sectors",
        cost_concept="total",
    )
    base = effects.get("private", 0.0)
    facts = {f"{name} less private": effects.get(name, 0.0) - base for name in names if name != "private"}
    return Simulation(data, None, facts)


def unpaid(
    providers: int,
    *,
    saving: float = -0.12,
    elasticity: float = 0.9,
    follows_size: float = 0.8,
    selection: float = 0.0,
    cost_of_need: float = 0.2,
    noise: float = 0.1,
    seed: int = 0,
) -> Simulation:
    """Providers that volunteers help: with more hours they cost the purse less.

    Parameters
    ----------
    providers : how many
    saving : true elasticity of cost to unpaid hours
    elasticity : true elasticity of cost to visits, hours held
    follows_size : slope of log hours on log visits
    selection : slope of log hours on the need of the people served, which has mean 0 and standard deviation 1 and is
        not in the table
    cost_of_need : what one standard deviation of need adds to log cost
    noise : standard deviation of log cost besides

    Returns
    -------
    Simulation
        Columns "cost", "visits", "volunteer_hours" and its logs, which are the control. `facts`: what is true of a
        provider in the middle (shadow value, economies of scale), and the elasticity that a regression finds.

    Raises
    ------
    NotSupported
        For fewer than two providers, or a negative noise.

    Notes
    -----
    A regression finds saving + cost_of_need x selection / (selection^2 + v), v the variance of log hours at given need.

    Examples
    --------
    >>> unpaid(50).facts["shadow value"]
    6.0
    """
    require_counts(2, providers=providers)
    require_in_logs(saving=saving, elasticity=elasticity, follows_size=follows_size, selection=selection)
    require_in_logs(0.0, noise=noise, cost_of_need=cost_of_need)
    rng = random_numbers(seed)
    size, need, luck, error = rng.standard_normal((4, providers))
    log_visits = SPREAD_OF_VISITS * size
    log_hours = follows_size * log_visits + selection * need + SPREAD_OF_HOURS * luck
    log_cost = elasticity * log_visits + saving * log_hours + cost_of_need * need + noise * error
    frame = pd.DataFrame(
        {
            "cost": COST * np.exp(log_cost),
            "visits": VISITS * np.exp(log_visits),
            "volunteer_hours": HOURS * np.exp(log_hours),
            "log volunteer_hours": np.log(HOURS) + log_hours,
        }
    )
    data = CostData(
        frame,
        cost="cost",
        outputs={"visits": Output("personal", unit="visits")},
        controls=["log volunteer_hours"],
        title="Simulated providers with unpaid work",
        cost_concept="paid by the purse",
    )
    drift = cost_of_need * selection / (selection**2 + SPREAD_OF_HOURS**2)
    facts = {
        "shadow value": -saving * COST / HOURS,
        "elasticity of cost to unpaid work": saving,
        "elasticity that a regression finds": saving + drift,
        "scale economies, unpaid work held": 1.0 / elasticity,
        "scale economies, all inputs growing": (1.0 - saving) / elasticity,
    }
    return Simulation(data, None, facts)
