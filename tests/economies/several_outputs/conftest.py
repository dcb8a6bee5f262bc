"""Cost functions whose truth is plain arithmetic, and random ones that behave."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import econmodel as em
from econmodel.simulation import StatedCost

REFERENCE = Path(__file__).parents[2] / "reference"


@dataclass(frozen=True)
class Quadratic:
    """C(y) = F0 + sum F_i [y_i > 0] + b'y + y'Ay / 2, in the user's units, computed without the package."""

    common: float
    fixed: np.ndarray
    linear: np.ndarray
    curvature: np.ndarray
    mean: np.ndarray

    def cost(self, y) -> float:
        y = np.asarray(y, dtype=float)
        if not (y > 0).any():
            return 0.0
        return float(self.common + self.fixed @ (y > 0) + self.variable(y))

    def variable(self, y) -> float:
        y = np.asarray(y, dtype=float)
        return float(self.linear @ y + y @ self.curvature @ y / 2)

    @property
    def names(self) -> list[str]:
        return list("abcd"[: len(self.mean)])

    def stated(self, own: bool = True) -> StatedCost:
        """The same for the package; without `own` all fixed costs are in the intercept, as where there are no zeros."""
        names, y = self.names, self.mean
        parameters = {"common cost": self.common + (0.0 if own else self.fixed.sum())}
        for i, name in enumerate(names):
            parameters[name] = self.linear[i] * y[i]
            if own:
                parameters[f"fixed cost of {name}"] = self.fixed[i]
            for j in range(i, len(names)):
                key = f"half {name} squared" if i == j else f"{name} x {names[j]}"
                parameters[key] = self.curvature[i, j] * y[i] * y[j]
        return em.worlds.state(
            "flexible_fixed_cost",
            parameters,
            outputs=dict(zip(names, y, strict=True)),
            fixed_costs=tuple(names) if own else (),
        )


@pytest.fixture(scope="session")
def f1() -> Quadratic:
    facts = json.loads((REFERENCE / "f1.json").read_text(encoding="utf-8"))
    return Quadratic(
        facts["common"],
        np.array(list(facts["fixed"].values()), dtype=float),
        np.array(list(facts["linear"].values()), dtype=float),
        np.array(facts["curvature"]),
        np.array(list(facts["outputs"].values()), dtype=float),
    )


@pytest.fixture(scope="session")
def random_quadratic() -> Callable[[int], Quadratic]:
    """A seed -> a cost function of two to four outputs with positive cost and marginal cost up to four times the mean.

    Mutual effects are at most a fortieth of a marginal cost, and there are at most four of them on each output.
    """

    def draw(seed: int) -> Quadratic:
        rng = np.random.default_rng(seed)
        m = int(rng.integers(2, 5))
        mean = np.exp(rng.normal(3.0, 1.0, m))
        linear = rng.uniform(0.5, 2.0, m) / mean * 100
        scaled = rng.uniform(-1, 1, (m, m)) * 50 / 20
        curvature = (scaled + scaled.T) / 2 / np.outer(mean, mean)
        return Quadratic(rng.uniform(1, 50), rng.uniform(0, 30, m), linear, curvature, mean)

    return draw
