"""Providers whose shares are known functions of the parameters of their cost."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em


def with_three_prices(rows, seed=5):
    """Providers with two outputs, three complete prices, a relationship variable and cost shares with errors."""
    rng = np.random.default_rng(seed)
    y, p = rng.normal(3, 0.6, (rows, 2)), rng.normal(1, 0.3, (rows, 3))
    r = rng.normal(0, 0.3, rows)
    v = p[:, :2] - p[:, 2:]
    errors = rng.multivariate_normal(
        np.zeros(3), 0.01 * np.array([[1, 0.2, 0.1], [0.2, 0.25, -0.1], [0.1, -0.1, 0.2]]), rows
    )
    first = 0.4 + 0.08 * v[:, 0] - 0.03 * v[:, 1] + 0.02 * (y[:, 0] - 3) + 0.02 * r
    second = 0.3 - 0.03 * v[:, 0] + 0.06 * v[:, 1] - 0.01 * (y[:, 1] - 3)
    log_cost = (
        2 + 0.5 * y[:, 0] + 0.35 * y[:, 1] + 0.03 * y[:, 0] * y[:, 1] - 0.1 * r + p[:, 2] + 0.4 * v[:, 0]
        + 0.3 * v[:, 1] + 0.04 * v[:, 0] ** 2 + 0.03 * v[:, 1] ** 2 - 0.03 * v[:, 0] * v[:, 1]
        + v[:, 0] * (0.02 * (y[:, 0] - 3) + 0.02 * r) - 0.01 * v[:, 1] * (y[:, 1] - 3) + errors[:, 0]
    )  # fmt: skip
    shares = np.column_stack([first + errors[:, 1], second + errors[:, 2]])
    frame = pd.DataFrame(
        {
            "cost": np.exp(log_cost), "visits": np.exp(y[:, 0]), "advice": np.exp(y[:, 1]), "continuity": r,
            "wage": np.exp(p[:, 0]), "rent": np.exp(p[:, 1]), "energy": np.exp(p[:, 2]),
            "wage_share": shares[:, 0], "rent_share": shares[:, 1], "energy_share": 1 - shares.sum(axis=1),
        }
    )  # fmt: skip
    return em.CostData(
        frame, cost="cost", outputs=["visits", "advice"], prices_complete=True,
        prices={name: em.Price(share=f"{name}_share") for name in ("wage", "rent", "energy")},
        relationships={"continuity": em.Relationship("attribute")},
    )  # fmt: skip


@pytest.fixture(scope="session")
def three_prices():
    """Makes such a table: three_prices(rows, seed=5)."""
    return with_three_prices
