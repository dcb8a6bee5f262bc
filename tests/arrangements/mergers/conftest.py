"""Cost functions that several arrangements are asked of."""

import json
from pathlib import Path

import pytest

import econmodel as em

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="session")
def f1():
    """The exact cost function of tests/reference/f1.json, stated."""
    facts = json.loads((REFERENCE / "f1.json").read_text(encoding="utf-8"))
    names, means = list(facts["outputs"]), facts["outputs"]
    parameters = {"common cost": facts["common"]}
    for place, one in enumerate(names):
        parameters[one] = facts["linear"][one] * means[one]
        parameters[f"fixed cost of {one}"] = facts["fixed"][one]
        for other in names[place:]:
            curvature = facts["curvature"][place][names.index(other)]
            term = f"half {one} squared" if one == other else f"{one} x {other}"
            parameters[term] = curvature * means[one] * means[other]
    return em.worlds.state("flexible_fixed_cost", parameters, outputs=means, fixed_costs=tuple(names))


@pytest.fixture(scope="session")
def services():
    """Two services with a wage and an attribute of the relationship; one of five providers makes the first only."""
    parameters = {
        "common cost": 20, "homes": 50, "support": 40, "half homes squared": 4, "homes x support": -6,
        "wage": 0.5, "continuity": -0.4,
    }  # fmt: skip
    cost = em.worlds.state(
        "composite", parameters, outputs={"homes": 1000, "support": 200}, prices={"wage": 15},
        relationships={"continuity": 0.7},
    )  # fmt: skip
    return em.worlds.simulate(cost, 300, specialised={"support": 0.2}, noise=0.05, seed=3).data


@pytest.fixture(scope="session")
def composite(services):
    """A level form of them."""
    return em.fit(services, "composite")


@pytest.fixture(scope="session")
def translog(services):
    """A log form of those that make both."""
    return em.fit(services.where("support > 0", because="a logarithm has no zero"), "translog")
