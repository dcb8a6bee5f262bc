"""Providers with unpaid work whose truth is known, and where it may go to the people with greater needs."""

import numpy as np
import pandas as pd

from econmodel.simulation import Simulation
from econmodel.stated import random_numbers, require_counts, require_in_logs
from econmodel.table.cost_data import CostData
from econmodel.table.roles import Output

# A provider in the middle: its visits, unpaid hours and cost. Chosen for illustration.
VISITS, HOURS, COST = 10_000.0, 5_000.0, 250_000.0
SPREAD_OF_VISITS, SPREAD_OF_HOURS = 0.6, 0.5


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
