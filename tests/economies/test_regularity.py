"""Violations of regularity: known counts, corners, units, intervals, refusals."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported

# Parameters of uncentred translogs run to a hundred, and their data are logs of some ten: five digits are left.
SAME_UNCENTRED = 1e-5


@pytest.fixture(scope="module")
def power():
    return em.load("electricity_1970")


def counts(check):
    return dict(zip(check.table["term"], check.table["violations"], strict=True))


def test_power_stations_of_1970_with_their_share_equations(power):
    """Concave at 119 of 123 firms, every share positive: as computed for the system of Christensen and Greene."""
    found = em.regularity(em.fit(power, estimator="system"))
    assert counts(found) == {
        "marginal cost of output not below zero": 0,
        "cost does not fall with wage": 0,
        "cost does not fall with capital_price": 0,
        "cost does not fall with fuel_price": 0,
        "concave in prices": 4,
    }
    assert found.passed is False
    assert "concave in prices fails at 4 of 123" in found.text
    assert found.text.endswith("; every other condition holds.")


def test_counts_from_the_parameters_that_another_program_prints(power, reference):
    """A translog without homogeneity by R's micEcon: shares and curvature worked out here from its coefficients."""
    peer = reference("electricity_1970")["translog_without_homogeneity"]
    fitted = em.fit(power, homogeneous=False, cov_type="nonrobust")
    own = fitted.in_units()
    assert own["coefficient"][list(peer["coef"])].tolist() == pytest.approx(
        list(peer["coef"].values()), rel=SAME_UNCENTRED
    )
    assert own["std. error"][list(peer["se"])].tolist() == pytest.approx(list(peer["se"].values()), rel=SAME_UNCENTRED)
    coef, names = peer["coef"], ["output", "wage", "capital_price", "fuel_price"]
    logs = np.log(fitted.data.frame[names].to_numpy())
    second = np.zeros((4, 4))
    for i, a in enumerate(names):
        for j, b in enumerate(names[i:], i):
            second[i, j] = second[j, i] = coef[f"half {a} squared" if a == b else f"{a} x {b}"]
    slopes = np.array([coef[name] for name in names]) + logs @ second
    shares = slopes[:, 1:]
    bent = second[1:, 1:] - shares[:, :, None] * np.eye(3) + shares[:, :, None] * shares[:, None, :]
    expected = [*(slopes < 0).sum(axis=0), (np.linalg.eigvalsh(bent)[:, -1] > 0).sum()]
    assert list(counts(em.regularity(fitted)).values()) == expected
    assert expected[-1] > 0


def test_corners_are_asked_where_scope_is_asked():
    """With a common cost below zero the joint firm's cost is positive, a corner's is not."""
    parameters = {"common cost": -30, "a": 40, "b": 40, "half a squared": 2, "half b squared": 2}
    stated = em.worlds.state("composite", parameters, outputs={"a": 10, "b": 5})
    found = em.regularity(stated, at="mean")
    assert counts(found)["cost above zero"] == 0
    alone = em.regularity(stated, at={"a": 5, "b": 5})
    assert counts(alone)["cost of a alone above zero"] == 1
    assert alone.table.set_index("term").loc["cost of a alone above zero", "violated_at"] == "a 5, b 5"
    nothing = em.regularity(stated, at={"a": 0, "b": 5})
    assert nothing.table.set_index("term").loc["cost of a alone above zero", "points"] == 0
    assert "no prices" in found.notes[0]


def test_the_first_five_are_named_and_one_point_reads_as_one():
    stated = em.worlds.state("cobb_douglas", {"constant": 1, "a": -0.5}, outputs={"a": 10})
    found = em.regularity(stated, at=[0.5, 1, 2, 3, 4, 5])
    assert found.table["violated_at"].tolist() == ["0.5 x mean, mean, 2 x mean, 3 x mean, 4 x mean, ..."]
    regular = em.regularity(em.worlds.state("cobb_douglas", {"constant": 1, "a": 0.5}, outputs={"a": 10}), at="mean")
    assert regular.passed is True
    assert regular.text == "The cost function is regular at the point asked for: every condition holds."


def test_units_do_not_matter(power):
    frame = power.frame.assign(output=power.frame["output"] * 1e3, wage=power.frame["wage"] / 7)
    moved = em.CostData(
        frame, cost="cost", outputs=["output"], prices=["wage", "capital_price", "fuel_price"], prices_complete=True
    )
    plain = em.regularity(em.fit(power))
    assert counts(em.regularity(em.fit(moved))) == counts(plain)


def test_intervals_come_from_the_bootstrap_with_providers_drawn_anew(power):
    fitted = em.fit(power)
    found = em.regularity(fitted, method="bootstrap", replications=29)
    table = found.table
    assert (table["share_low"] <= table["share"] + 1e-12).all()
    assert (table["share"] <= table["share_high"] + 1e-12).all()
    assert "95 % interval" in found.text
    again = em.regularity(fitted, method="bootstrap", replications=29)
    pd.testing.assert_frame_equal(table, again.table)
    assert em.regularity(fitted, at="mean", method="bootstrap", replications=29).table["share_high"].between(0, 1).all()


def test_points_without_a_positive_cost_are_counted_and_nothing_else_is_said_of_them():
    parameters = {"common cost": 10, "a": 40, "half a squared": -80}
    found = em.regularity(em.worlds.state("composite", parameters, outputs={"a": 10}), at=[0.5, 1, 4])
    assert counts(found)["cost above zero"] == 1
    assert found.notes[0] == "1 of 3 points have no positive fitted cost: nothing else is judged there."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "delta"}, 'method="delta" does not hold for shares of providers.*Use method="bootstrap"'),
        ({"method": "simulate"}, 'method="simulate" does not hold for shares'),
        ({"method": "jackknife"}, "There is no method 'jackknife' here"),
        ({"method": "bootstrap", "replications": 1}, "replications=1 gives no interval"),
    ],
)
def test_methods_that_do_not_hold_are_refused(power, options, message):
    with pytest.raises(NotSupported, match=message):
        em.regularity(em.fit(power, "cobb_douglas"), **options)


def test_stated_parameters_have_no_bootstrap():
    stated = em.worlds.state("cobb_douglas", {"constant": 1, "a": 0.5}, outputs={"a": 10})
    with pytest.raises(NotSupported, match="stated parameters were not estimated"):
        em.regularity(stated, at="mean", method="bootstrap")
