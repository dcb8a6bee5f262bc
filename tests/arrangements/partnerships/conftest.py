"""The exact cost function F1 of tests/reference/f1.json, stated and by hand, and fits of a simulated table."""

import json
from pathlib import Path

import numpy as np
import pytest

import econmodel as em

FACTS = json.loads((Path(__file__).parents[2] / "reference" / "f1.json").read_text(encoding="utf-8"))
NAMES = tuple(FACTS["outputs"])


@pytest.fixture(scope="session")
def f1():
    """F1 as a stated cost function: parameters of level forms are in money at mean outputs."""
    means = FACTS["outputs"]
    parameters = {"common cost": FACTS["common"]}
    for place, one in enumerate(NAMES):
        parameters[one] = FACTS["linear"][one] * means[one]
        parameters[f"fixed cost of {one}"] = FACTS["fixed"][one]
        for column, other in list(enumerate(NAMES))[place:]:
            term = f"half {one} squared" if one == other else f"{one} x {other}"
            parameters[term] = FACTS["curvature"][place][column] * means[one] * means[other]
    return em.worlds.state("flexible_fixed_cost", parameters, outputs=means, fixed_costs=NAMES)


@pytest.fixture(scope="session")
def f1_cost():
    """F1 by hand: cost of a bundle."""
    linear, fixed = (np.array([FACTS[key][name] for name in NAMES]) for key in ("linear", "fixed"))
    curvature = np.array(FACTS["curvature"])

    def cost(*y):
        y = np.array(y, dtype=float)
        return float(FACTS["common"] + fixed @ (y > 0) + linear @ y + y @ curvature @ y / 2) if y.any() else 0.0

    return cost


@pytest.fixture(scope="session")
def truth():
    """Two services with fixed costs of their own, and continuity that lowers cost."""
    parameters = {"common cost": 20, "visits": 45, "meals": 35, "visits x meals": -4, "continuity": -0.3}
    parameters |= {"fixed cost of visits": 8, "fixed cost of meals": 12}
    return em.worlds.state(
        "composite",
        parameters,
        outputs={"visits": 100, "meals": 50},
        relationships={"continuity": 0.6},
        fixed_costs=("visits", "meals"),
    )


@pytest.fixture(scope="session")
def open_fit(truth):
    """A fit of providers that all make everything: which fixed cost is whose is not identified."""
    return em.fit(em.worlds.simulate(truth, 150, noise=0.05, seed=3).data, "composite")


@pytest.fixture(scope="session")
def closed_fit(truth):
    """A fit with providers that make one thing only: own fixed costs are identified."""
    world = em.worlds.simulate(truth, 250, noise=0.05, seed=3, specialised={"visits": 0.2, "meals": 0.2})
    return em.fit(world.data, "composite")
