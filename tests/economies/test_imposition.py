"""Regularity imposed: what the record measures, says and refuses."""

import numpy as np
import pytest

import econmodel as em
from econmodel.economies.imposition import Imposed
from econmodel.errors import DidNotConverge, NotSupported
from econmodel.estimate.fitting import refit

FEW = 19
# Conditions are met to a billionth.
MET = 1e-8


@pytest.fixture(scope="module")
def fitted():
    return em.fit(em.load("electricity_1970"))


@pytest.fixture(scope="module")
def imposed(fitted):
    return em.impose(fitted, replications=FEW)


def test_what_was_irregular_is_regular(fitted, imposed):
    assert em.regularity(fitted).passed is False
    assert em.regularity(imposed).passed is True
    move = imposed.theta - fitted.theta
    assert move @ np.linalg.solve(fitted.covariance, move) == pytest.approx(imposed.distance, rel=1e-6)
    assert imposed.ssr > fitted.ssr, "least squares is the unrestricted minimum"
    residual = np.log(fitted.data.frame["cost"]) - imposed.fittedvalues
    assert residual @ residual == pytest.approx(imposed.ssr)
    assert list(imposed.binding.columns) == ["term", "at"]
    assert set(imposed.binding["term"]) <= {
        "concave in prices", "cost does not fall with wage", "cost does not fall with capital_price",
    }  # fmt: skip
    assert "Monotonicity and concavity in prices imposed at 123 points by minimum distance" in imposed.notes[-1]
    assert f"{FEW} bootstrap replications" in imposed.notes[-1]


def test_every_replication_is_regular_and_makes_the_standard_errors(imposed):
    points = imposed.points()
    for theta in imposed.draws:
        slopes = imposed.technology.slopes(theta, points)
        assert slopes.log_prices.min() > -MET
    assert imposed.bse.to_numpy() == pytest.approx(imposed.draws.std(axis=0, ddof=1))
    low = imposed.conf_int()[0]
    assert low["capital_price/fuel_price"] > -MET, "no interval reaches where the conditions do not"
    again = imposed.bootstrap(imposed.replications(FEW, 0))
    assert again == pytest.approx(imposed.draws)
    assert imposed.pvalues.between(0, 1).all()
    assert imposed.in_units()["std. error"].gt(0).all()


def test_measures_take_it_by_bootstrap_and_refuse_the_delta_method(imposed, monkeypatch):
    monkeypatch.setattr("econmodel.economies.core.inference.BOOTSTRAP_REPLICATIONS", FEW)
    ray = em.scale(imposed, method="bootstrap").row("ray elasticity")
    assert ray["conf_low"] < ray["estimate"] < ray["conf_high"]
    for method in ("delta", "simulate"):
        with pytest.raises(NotSupported, match=f'method="{method}" does not hold. Use method="bootstrap"'):
            em.scale(imposed, method=method)
    with pytest.raises(NotSupported, match=r"no Wald test. Test the fit before: fit.unrestricted"):
        imposed.wald_test("output = 1")
    with pytest.raises(NotSupported, match=r"Test the fit before: fit.unrestricted"):
        em.test(imposed, "homotheticity")


def test_a_regular_fit_does_not_move():
    fitted = em.fit(em.load("electricity_1970"), "cobb_douglas")
    same = em.impose(fitted, replications=FEW)
    assert isinstance(same.error_model, Imposed)
    assert same.distance == 0
    assert same.theta.tolist() == fitted.theta.tolist()
    assert same.binding.empty
    assert same.notes[-1].endswith("the fit was regular there already, and no parameter moved.")


def test_a_smaller_region_and_fewer_conditions_move_less(fitted, imposed):
    at_mean = em.impose(fitted, at="mean", replications=FEW)
    concave = em.impose(fitted, monotone=False, replications=FEW)
    assert at_mean.distance < imposed.distance
    assert concave.distance <= imposed.distance * (1 + 1e-9)
    assert "imposed at one point" in at_mean.notes[-1]
    conditions = em.regularity(concave).table.set_index("term")
    assert conditions.loc["concave in prices", "violations"] == 0
    twice = em.impose(at_mean, replications=FEW)
    assert twice.distance == pytest.approx(imposed.distance), "imposed on the fit before, not on what was moved already"


def test_units_do_not_matter(fitted, imposed):
    frame = fitted.data.frame.assign(output=lambda table: table["output"] * 1e3, wage=lambda table: table["wage"] / 7)
    other = em.CostData(
        frame, cost="cost", outputs=["output"], prices=["wage", "capital_price", "fuel_price"], prices_complete=True
    )
    moved = em.impose(em.fit(other), replications=2)
    assert moved.distance == pytest.approx(imposed.distance, rel=1e-5)
    assert moved.theta == pytest.approx(imposed.theta, abs=1e-5)


def test_systems_and_level_forms_too(fitted):
    system = em.fit(fitted.data, estimator="system")
    found = em.impose(system, replications=FEW)
    assert em.regularity(found).passed is True
    assert found.distance < 10
    assert np.isnan(found.llf), "the system's likelihood is of all its equations"
    level = em.fit(em.load("uk_universities"), "composite", second_order="outputs")
    found = em.impose(level, replications=FEW)
    table = em.regularity(found).table.set_index("term")
    assert table.loc["marginal cost of research not below zero", "violations"] == 0


def test_what_an_estimator_tells_apart_in_residuals_it_still_does():
    airlines = em.load("us_airlines")
    for effects in ("within", "mundlak"):
        before = em.fit(airlines, "cobb_douglas", effects=effects)
        found = em.impose(before, replications=9)
        assert found.df_model == before.df_model
        assert found.row_effects == pytest.approx(
            np.log(airlines.frame["cost"]) - found.predict(airlines.frame[["output", "fuel_price", "load_factor"]])
            - found.resid, abs=1e-8,
        )  # fmt: skip
    frontier = em.fit(em.load("electricity_1970"), second_order="outputs", estimator="frontier")
    same = em.impose(frontier, concave=False, replications=2)
    assert same.all_parameters[-2:] == pytest.approx(frontier.all_parameters[-2:])
    residual = same.resid.to_numpy()[None]
    given = (frontier.all_parameters[None], residual)
    assert same.row_parts(*given)["inefficiency"] == pytest.approx(frontier.row_parts(*given)["inefficiency"])


def test_what_is_fitted_anew_is_imposed_anew(fitted):
    imposed = em.impose(fitted, at="mean", concave=False, replications=2)
    without = imposed.data.where("firm != '1'", because="one left out")
    again = refit(imposed, without)
    direct = em.impose(em.fit(without), at="mean", concave=False, replications=2)
    assert isinstance(again.error_model, Imposed)
    assert again.theta == pytest.approx(direct.theta)
    assert refit(fitted, without).theta == pytest.approx(direct.unrestricted.theta)


def test_the_separation_of_an_imposed_fit(monkeypatch):
    monkeypatch.setattr("econmodel.economies.core.inference.BOOTSTRAP_REPLICATIONS", FEW)
    schools = em.fit(em.load("california_schools"))
    plain, imposed = (em.separate(one, replications=FEW) for one in (schools, em.impose(schools, replications=2)))
    assert list(imposed.table["term"]) == list(plain.table["term"])
    assert imposed.row("scale")["estimate"] == pytest.approx(plain.row("scale")["estimate"], abs=0.05)


def test_few_clusters_measure_distance_with_the_classical_covariance():
    fitted = em.fit(em.load("us_airlines"), "translog", cov_type="cluster")
    assert np.linalg.matrix_rank(fitted.covariance) < len(fitted.theta)
    found = em.impose(fitted, concave=False, replications=9)
    assert em.regularity(found).table["violations"].head(2).sum() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monotone": False, "concave": False}, "Nothing is imposed"),
        ({"replications": 1}, "replications=1 gives no interval"),
    ],
)
def test_what_cannot_be_imposed_is_refused(fitted, options, message):
    with pytest.raises(NotSupported, match=message):
        em.impose(fitted, **options)


def test_what_has_no_nearest_regular_parameters_is_refused():
    with pytest.raises(NotSupported, match="Stated parameters have no covariance"):
        em.impose(em.worlds.state("cobb_douglas", {"constant": 1, "a": -0.5}, outputs={"a": 10}))
    schools = em.fit(em.load("california_schools"), "cobb_douglas")
    with pytest.raises(NotSupported, match="no prices here to be concave in"):
        em.impose(schools, monotone=False)


def test_no_numbers_where_the_search_does_not_end(monkeypatch, fitted):
    monkeypatch.setattr("econmodel.estimate.projection.MAXIMUM_STEPS", 1)
    with pytest.raises(DidNotConverge, match="No parameters of the translog form that are regular at all 123 points"):
        em.impose(fitted, replications=FEW)
    monkeypatch.setattr("econmodel.estimate.projection.MAXIMUM_STEPS", 8)
    with pytest.raises(DidNotConverge, match=f"of {FEW} replications no regular parameters were found"):
        em.impose(fitted, replications=FEW)
