"""Which outputs exhaust scale earlier: slopes of marginal cost by brute force, recovery, joint tests, errors."""

from dataclasses import replace

import numpy as np
import pytest

import econmodel as em
from econmodel.economies.outputs.service_types import own_curvature
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.forms.coordinates import Level
from econmodel.forms.technology import Point

SAME = 1e-8
# Second differences of log cost with steps of 1e-4: truncation and rounding are both near 1e-8.
NUMERICAL = 1e-6
TERMS = {"common cost": 10, "visits": 60, "letters": 40, "half visits squared": 25, "half letters squared": -5}


class SquareRoot(Level):
    __slots__ = ()

    def transform(self, output):
        return np.sqrt(output)

    def inverse(self, value):
        return np.square(value)

    def slope(self, output):
        return 0.5 / np.sqrt(output)


ROOTS = em.forms.Form("square_root", "square root", SquareRoot(), aggregates=True, separable=True)


def stated(terms=TERMS):
    return em.worlds.state("composite", terms, outputs={"visits": 100, "letters": 900})


def providers(rows=300, noise=0.05, seed=0, terms=TERMS):
    data = em.worlds.simulate(stated(terms), rows, noise=noise, spread=0.5, correlation=0.4, seed=seed).data
    return replace(data, outputs={"visits": em.Output("personal"), "letters": em.Output("transactional")})


@pytest.mark.parametrize("form", ["translog", "composite", "flexible_fixed_cost", ROOTS])
@pytest.mark.parametrize("place", [0.7, 1.0, 1.6])
def test_slopes_of_marginal_cost_by_differences(form, place):
    fitted = em.fit(providers(), form, second_order="outputs")
    check = em.outputs.exhaustion(fitted, at=place)
    mean, technology, small = fitted.technology.mean_point(), fitted.technology, 1e-4

    def log_cost(outputs):
        return float(technology.log_cost(fitted.theta, Point(outputs, *(np.zeros((1, 0)),) * 3))[0])

    for number, name in enumerate(technology.outputs):
        step = np.where(np.arange(2) == number, np.exp(small), 1.0)
        at = place * mean.outputs
        up, here, down = log_cost(at * step), log_cost(at), log_cost(at / step)
        first, second = (up - down) / (2 * small), (up - 2 * here + down) / small**2
        curvature = own_curvature(technology, fitted.theta, Point(at, *(np.zeros((1, 0)),) * 3))[0, number]
        assert curvature == pytest.approx(second, abs=NUMERICAL)
        row = check.table.set_index("term").loc[f"slope of marginal cost: {name}"]
        assert row["estimate"] == pytest.approx(second / first + first - 1.0, abs=10 * NUMERICAL)


def test_slopes_of_a_stated_cost_that_adds_up_are_those_of_each_output_alone():
    table = em.outputs.exhaustion(stated(), ["visits"], ["letters"]).table.set_index("term")["estimate"]
    # C_j = (a_j + b_j u_j) / mean, at u = 1: slope b / (a + b), whatever the other output and the common cost.
    assert table["slope of marginal cost: visits"] == pytest.approx(25 / 85, rel=SAME)
    assert table["slope of marginal cost: letters"] == pytest.approx(-5 / 35, rel=SAME)
    assert table["mean difference"] == pytest.approx(25 / 85 + 5 / 35, rel=SAME)


def test_the_types_are_properties_of_the_outputs():
    fitted = em.fit(providers(), "composite")
    by_type = em.outputs.exhaustion(fitted).table
    by_name = em.outputs.exhaustion(fitted, ["visits"], ["letters"]).table
    assert by_type["estimate"].tolist() == by_name["estimate"].tolist()
    turned = em.outputs.exhaustion(fitted, "transactional", "personal").table
    assert turned["estimate"].iloc[-1] == pytest.approx(-by_type["estimate"].iloc[-1], rel=SAME)


def test_it_finds_what_is_true():
    fitted = em.fit(providers(1_000), "composite")
    for types, when in ((("personal", "transactional"), "earlier"), (("transactional", "personal"), "later")):
        check = em.outputs.exhaustion(fitted, *types)
        assert check.passed is False
        assert f"{types[0]} outputs exhaust scale {when}" in check.text
    alike = TERMS | {"half visits squared": 0, "half letters squared": 0}
    check = em.outputs.exhaustion(em.fit(providers(4_000, 0.02, terms=alike), "composite"))
    assert check.passed is True
    assert "both exhaust scale alike, to within 5 %" in check.text
    check = em.outputs.exhaustion(em.fit(providers(40, 0.2), "composite"))
    assert check.passed is None
    assert "would probably not have been found" in check.text


def test_intervals_cover_the_truth():
    truth, hits = 25 / 85 + 5 / 35, []
    for seed in range(100):
        table = em.outputs.exhaustion(
            em.fit(providers(150, seed=seed), "composite"), at={"visits": 100, "letters": 900}
        ).table
        hits.append(table["conf_low"].iloc[-1] <= truth <= table["conf_high"].iloc[-1])
    # 95 % of 100, less three of its standard errors (2.2 points).
    assert np.mean(hits) >= 0.885


def test_one_pair_makes_the_joint_test_the_square_of_its_t():
    check = em.outputs.exhaustion(em.fit(providers(150, 0.15), "composite"))
    row = check.table.iloc[-1]
    assert check.table["statistic"].iloc[-2] == pytest.approx(row["statistic"], rel=SAME)
    assert f"alike has p = {row['p_value']:.3f} (Wald test, 1 restriction)" in check.text or row["p_value"] < 0.001


def test_three_outputs_give_every_pair_and_their_mean():
    data = em.load("uk_universities")
    fitted = em.fit(data.using(relationships=[]), "composite", second_order="outputs")
    check = em.outputs.exhaustion(fitted, ["undergraduates", "postgraduates"], ["research"])
    table = check.table.set_index("term")["estimate"]
    pairs = [table[f"difference: {name} less research"] for name in ("undergraduates", "postgraduates")]
    assert table["mean difference"] == pytest.approx(np.mean(pairs), rel=SAME)
    assert "2 restrictions" in check.text


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (("personal", "personal"), UnknownName, "not a service type of its own"),
        (("persnal", "transactional"), UnknownName, "there are transactional, personal"),
        (("regulatory", "personal"), NotSupported, "No output is regulatory: the types are visits personal"),
        ((["visits"], ["visits"]), UnknownName, "without a common output"),
        ((["visit"], ["letters"]), UnknownName, "visit cannot be compared"),
        (([], ["letters"]), UnknownName, "cannot be compared"),
    ],
)
def test_types_that_cannot_be_compared_are_refused(ask, error, says):
    with pytest.raises(error, match=says):
        em.outputs.exhaustion(em.fit(providers(), "composite"), *ask)


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(FormError, match="Without second-order terms"):
        em.outputs.exhaustion(em.fit(providers(), "cobb_douglas"))
    with pytest.raises(NotSupported, match="one place"):
        em.outputs.exhaustion(em.fit(providers(), "composite"), at=[1, 2])
    with pytest.raises(NotSupported, match="give two lists of outputs"):
        em.outputs.exhaustion(stated())
    falling = em.worlds.state(
        "composite", TERMS | {"half letters squared": -60}, outputs={"visits": 100, "letters": 900}
    )
    with pytest.raises(NotSupported, match="The marginal cost of letters is not positive at the mean, so"):
        em.outputs.exhaustion(falling, ["visits"], ["letters"])
