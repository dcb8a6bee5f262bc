"""Cost functions that several tests measure: the exact one of tests/reference/f1.json, and two fits of one table."""

import json
from pathlib import Path

import pytest

import econmodel as em

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def reference():
    """Read a table of known numbers."""

    def read(name):
        return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def state_f1(reference):
    """F1 as a stated cost function: parameters of level forms are in money at mean outputs."""
    facts = reference("f1")
    names = list(facts["outputs"])

    def stated(means=None, order=None):
        means = means or facts["outputs"]
        order = list(order or names)
        parameters = {"common cost": facts["common"]}
        for place, one in enumerate(order):
            parameters[one] = facts["linear"][one] * means[one]
            parameters[f"fixed cost of {one}"] = facts["fixed"][one]
            for other in order[place:]:
                curvature = facts["curvature"][names.index(one)][names.index(other)]
                term = f"half {one} squared" if one == other else f"{one} x {other}"
                parameters[term] = curvature * means[one] * means[other]
        return em.worlds.state(
            "flexible_fixed_cost", parameters, outputs={name: means[name] for name in order}, fixed_costs=tuple(order)
        )

    return stated


def _technology():
    parameters = {
        "common cost": 20, "a": 50, "b": 30, "half a squared": 4, "a x b": -6, "half b squared": 3, "wage": 0.6,
        "r": -0.1, "a x wage": 5, "b x wage": -2, "tilt of r to a": 6, "half r squared": 0.05, "wage x r": 0.04,
    }  # fmt: skip
    return em.worlds.state(
        "composite", parameters, outputs={"a": 10, "b": 5}, prices={"wage": 3}, relationships={"r": 0.5}
    )


@pytest.fixture(scope="session")
def composite():
    """A composite with a price, a relationship variable and nobody without an output."""
    return em.fit(em.worlds.simulate(_technology(), 400, noise=0.05, seed=8).data, "composite")


@pytest.fixture(scope="session")
def translog():
    """A translog of the same table."""
    return em.fit(em.worlds.simulate(_technology(), 400, noise=0.05, seed=8).data, "translog")
