"""The exact cost function F1 as a stated one."""

import json
from pathlib import Path

import pytest

import econmodel as em

FACTS = json.loads((Path(__file__).parents[2] / "reference" / "f1.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def f1():
    """F1, in other units or another order if wanted, and with own fixed costs of some outputs only."""

    def stated(unit=1.0, order="abc", fixed="abc"):
        means = {name: FACTS["outputs"][name] * unit for name in order}
        parameters = {"common cost": FACTS["common"]}
        for place, one in enumerate(order):
            parameters[one] = FACTS["linear"][one] * means[one] / unit
            if one in fixed:
                parameters[f"fixed cost of {one}"] = FACTS["fixed"][one]
            for other in order[place:]:
                curvature = FACTS["curvature"]["abc".index(one)]["abc".index(other)] / unit**2
                term = f"half {one} squared" if one == other else f"{one} x {other}"
                parameters[term] = curvature * means[one] * means[other]
        return em.worlds.state("flexible_fixed_cost", parameters, outputs=means, fixed_costs=tuple(fixed))

    return stated
