"""The network in a cost function: returns to density and to size, its part of the separation, faults of its column."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported, TableError
from econmodel.forms.technology import Point

# The same numbers by two routes of linear algebra.
SAME = 1e-8
# Central differences with steps of 1e-5 lose half the digits.
NUMERICAL = 1e-7


def contacts(rows=200, noise=0.0, seed=0, **roles):
    """Cost = 50 contacts^0.7 users^0.25, contacts falling on users."""
    rng = np.random.default_rng(seed)
    users = np.exp(rng.normal(5, 0.6, rows))
    frame = pd.DataFrame({"users": users, "contacts": users**1.2 * np.exp(rng.normal(2, 0.5, rows))})
    frame["letters"] = frame["contacts"] ** 0.3 * np.exp(rng.normal(3, 0.5, rows))
    frame["cost"] = 50 * frame["contacts"] ** 0.7 * frame["users"] ** 0.25 * np.exp(noise * rng.normal(size=rows))
    return em.CostData(frame, **({"cost": "cost", "outputs": ["contacts"], "network": ["users"]} | roles))


def test_returns_to_density_and_size_of_a_known_technology():
    found = em.density(em.fit(contacts(), "cobb_douglas")).table.set_index("term")["estimate"]
    expected = {
        "output elasticity": 0.7, "network elasticity": 0.25, "size elasticity": 0.95,
        "returns to density": 1 / 0.7, "returns to size": 1 / 0.95,
    }  # fmt: skip
    assert found.to_dict() == pytest.approx(expected, rel=SAME)


def test_intervals_are_those_of_the_sum_of_coefficients():
    fitted = em.fit(contacts(noise=0.2), "cobb_douglas")
    found = em.density(fitted).table.set_index("term")
    test = fitted.t_test(np.array([[0.0, 1.0, 1.0]]))
    assert found.loc["size elasticity", "std_error"] == pytest.approx(float(test.sd.squeeze()), rel=SAME)
    low, high = test.conf_int()[0]
    assert found.loc["size elasticity", ["conf_low", "conf_high"]].tolist() == pytest.approx([low, high], rel=SAME)
    assert found.loc["returns to density", "std_error"] == pytest.approx(
        fitted.bse["contacts"] / fitted.params["contacts"] ** 2, rel=SAME
    )


def test_intervals_cover_the_truth():
    hits = []
    for seed in range(200):
        row = em.density(em.fit(contacts(80, 0.2, seed), "cobb_douglas")).row("returns to size")
        hits.append(row["conf_low"] <= 1 / 0.95 <= row["conf_high"])
    # 95 % of 200, less or more three of its standard errors (1.5 points).
    assert 0.903 <= np.mean(hits) <= 0.997


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_elasticities_by_differences_of_fitted_cost(form):
    fitted = em.fit(contacts(noise=0.1, outputs=["contacts", "letters"]), form, second_order="outputs")
    found = em.density(fitted, at=[1, 1.5])
    mean, small = fitted.technology.mean_point(), 1e-5

    def log_cost(outputs, network):
        point = Point(mean.outputs * outputs, mean.log_prices, mean.relationships, mean.controls + np.log(network))
        return float(fitted.technology.log_cost(fitted.theta, point)[0])

    for at, times in (("mean", 1.0), ("1.5 x mean", 1.5)):
        output = (log_cost(times * np.exp(small), 1) - log_cost(times * np.exp(-small), 1)) / (2 * small)
        both = (log_cost(times * np.exp(small), np.exp(small)) - log_cost(times * np.exp(-small), np.exp(-small))) / (
            2 * small
        )
        assert found.row("output elasticity", at)["estimate"] == pytest.approx(output, abs=NUMERICAL)
        assert found.row("returns to size", at)["estimate"] == pytest.approx(1 / both, abs=NUMERICAL)


def test_several_columns_make_one_network():
    data = contacts(noise=0.1)
    data = replace(data, frame=data.frame.assign(sites=np.random.default_rng(5).uniform(1, 9, 200)))
    fitted = em.fit(replace(data, network=["users", "sites"]), "cobb_douglas")
    found = em.density(fitted)
    expected = fitted.params["log users"] + fitted.params["log sites"]
    assert found.row("network elasticity")["estimate"] == pytest.approx(expected, rel=SAME)
    assert "users and sites" in found.text


def test_the_network_is_a_part_of_the_separation_that_adds_up():
    found = em.separate(em.fit(contacts(noise=0.1), "cobb_douglas"), replications=19)
    parts = found.table.set_index("term")["estimate"]
    assert parts["network"] > 0.1
    assert parts["apparent"] == pytest.approx(parts.drop("apparent").sum(), abs=1e-10)
    assert "context" not in parts.index


def test_a_card_holds_the_network(tmp_path):
    data = contacts(noise=0.1)
    back = em.read(data.to_card(tmp_path / "contacts.toml"))
    assert em.fit(back).params.to_dict() == em.fit(data).params.to_dict()


def test_the_sentence_judges_density_and_size_apart():
    text = em.density(em.fit(contacts(noise=0.02), "cobb_douglas")).text
    assert "economies of density." in text
    assert "economies of size, but small: less than 5 %" not in text
    assert "With users growing alike" in text
    few = contacts(60, 0.1)
    few = replace(few, frame=few.frame.assign(provider=np.arange(60) % 6), entity="provider")
    assert "wild cluster bootstrap" in " ".join(em.density(em.fit(few, "cobb_douglas")).notes)


def test_without_a_network_there_is_no_density():
    with pytest.raises(NotSupported, match="Name the column with sites, routes or users"):
        em.density(em.fit(contacts(network=[]), "cobb_douglas"))
    with pytest.raises(NotSupported, match="this fit has none"):
        em.density(em.worlds.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100}))


def test_a_network_of_zero_is_named():
    data = contacts()
    frame = data.frame.assign(users=data.frame["users"].where(data.frame.index != 7, 0.0))
    with pytest.raises(TableError, match=r"users is zero for row 7.*users > 0"):
        em.fit(replace(data, frame=frame))


def test_a_missing_network_leaves_the_row_out_and_says_so():
    data = contacts()
    frame = data.frame.assign(users=data.frame["users"].where(data.frame.index != 7))
    fitted = em.fit(replace(data, frame=frame), "cobb_douglas")
    assert fitted.rows_dropped["because"].tolist() == ["missing values in users"]
    assert fitted.params["log users"] == pytest.approx(0.25, rel=SAME)


def test_a_constant_network_and_a_taken_name_are_refused():
    data = contacts()
    with pytest.raises(NotIdentified, match=r"users has the same value.*network=\[\.\.\.\]"):
        em.fit(replace(data, frame=data.frame.assign(users=3.0)))
    taken = replace(data, frame=data.frame.assign(**{"log users": data.frame["letters"]}), controls=["log users"])
    with pytest.raises(TableError, match="give that column another name"):
        em.fit(taken)


def test_draws_at_several_places_with_several_outputs_agree_with_the_delta_method():
    fit = em.fit(contacts(noise=0.2, outputs=["contacts", "letters"]), "translog", second_order="outputs")
    drawn, exact = (em.density(fit, [0.5, 1, 2], method=method).table for method in ("simulate", "delta"))
    assert drawn["estimate"].to_numpy() == pytest.approx(exact["estimate"].to_numpy(), rel=SAME)
    # 2,000 draws.
    outputs = exact["term"].isin(["output elasticity", "size elasticity"])
    assert drawn.loc[outputs, "std_error"].to_numpy() == pytest.approx(
        exact.loc[outputs, "std_error"].to_numpy(), rel=0.1
    )
