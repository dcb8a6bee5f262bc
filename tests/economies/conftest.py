"""The exact technology of tests/reference/f1.json, stated anywhere and with its outputs in any order."""

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
        return em.state(
            "flexible_fixed_cost", parameters, outputs={name: means[name] for name in order}, fixed_costs=tuple(order)
        )

    return stated
