"""Published examples and what other programs print for the same data."""

import json
from pathlib import Path

import numpy as np
import pytest

import econmodel as em

REFERENCE = Path(__file__).parents[1] / "reference"
# Both sides solve the same least squares in double precision; condition numbers run to a few thousand (uncentred).
SAME_LEAST_SQUARES = 1e-8
# Recomputed numbers are compared to half a unit of the last digit that they are given with.
FIVE_DECIMALS, FOUR_DECIMALS, THREE_DECIMALS = 5e-6, 5e-5, 5e-4


def reference(name):
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


POWER, CLASSIC, AIRLINES, UNIVERSITIES = (
    reference(name) for name in ("electricity_1970", "electricity_1955", "us_airlines", "uk_universities")
)


def agrees(fitted, coef, se=None, *, within):
    """The parameters in the user's units against a table of them, and the standard errors where it has them."""
    found = fitted.in_units()
    assert found["coefficient"][list(coef)].tolist() == pytest.approx(list(coef.values()), **within)
    if se:
        assert found["std. error"][list(se)].tolist() == pytest.approx(list(se.values()), **within)


@pytest.mark.parametrize(
    ("model", "form", "second_order"),
    [("cobb_douglas", "cobb_douglas", None), ("output_squared", "translog", "outputs"), ("translog", "translog", None)],
)
def test_power_stations_of_1970_as_r_has_them(model, form, second_order):
    peer = POWER[model]
    fitted = em.fit(em.load("electricity_1970"), form, cov_type="nonrobust", second_order=second_order)
    agrees(fitted, peer["coef"], peer["se"], within={"rel": SAME_LEAST_SQUARES})
    assert len(fitted.params) == len(peer["coef"])
    assert fitted.ssr == pytest.approx(peer["rss"], rel=SAME_LEAST_SQUARES)
    assert fitted.rsquared == pytest.approx(peer["r2"], rel=SAME_LEAST_SQUARES)
    assert fitted.llf == pytest.approx(peer["loglik"], rel=SAME_LEAST_SQUARES)


def test_power_stations_of_1970_robust_as_statsmodels_has_them():
    peer = POWER["translog_HC1"]["se"]
    errors = em.fit(em.load("electricity_1970"), cov_type="HC1").in_units()["std. error"]
    assert errors[list(peer)].tolist() == pytest.approx(list(peer.values()), rel=SAME_LEAST_SQUARES)


def test_scale_economies_of_power_stations_with_delta_standard_errors():
    data = em.load("electricity_1970")
    fitted = em.fit(data, cov_type="nonrobust")
    places = [(em.scale(fitted), None, POWER["scale"]["at_mean"])]
    all_firms = em.scale(fitted, at="every provider")
    places += [(all_firms, data.row_names()[firm["firm"] - 1], firm) for firm in POWER["scale"]["firms"]]
    assert len(places) == 6
    for result, at, peer in places:
        elasticity, ray = (result.row(term, at) for term in ("ray elasticity", "ray scale economies"))
        found = [elasticity["estimate"], elasticity["std_error"], ray["estimate"], ray["std_error"]]
        expected = [peer["dlnC_dlny"], peer["se"], peer["scale"], peer["se_scale"]]
        assert found == pytest.approx(expected, rel=SAME_LEAST_SQUARES)


def test_the_efficient_scale_of_power_stations():
    raw = em.fit(em.load("electricity_1970"), second_order="outputs").in_units()["coefficient"]
    found = np.exp((1 - raw["output"]) / raw["half output squared"])
    assert round(found, -1) == POWER["efficient_scale"]["value"]


def test_nerlove_with_prices_homogeneous():
    expected = CLASSIC["restricted"]
    fitted = em.fit(em.load("electricity_1955"), "cobb_douglas", cov_type="nonrobust")
    slopes, errors = ({k: v for k, v in expected[part].items() if k != "constant"} for part in ("coef", "se"))
    agrees(fitted, slopes, errors, within={"abs": FIVE_DECIMALS})
    constant = {part: {"constant": expected[part]["constant"]} for part in ("coef", "se")}
    agrees(fitted, constant["coef"], constant["se"], within={"abs": FOUR_DECIMALS})
    assert fitted.ssr == pytest.approx(expected["ssr"], abs=FOUR_DECIMALS)
    assert fitted.rsquared == pytest.approx(expected["r_squared"], abs=FIVE_DECIMALS)
    assert np.sqrt(fitted.scale) == pytest.approx(expected["standard_error"], abs=FIVE_DECIMALS)
    ray = em.scale(fitted).row("ray scale economies")["estimate"]
    assert ray == pytest.approx(expected["scale"], abs=FOUR_DECIMALS)


def test_nerlove_without_the_restriction():
    fitted = em.fit(em.load("electricity_1955"), "cobb_douglas", homogeneous=False)
    agrees(fitted, CLASSIC["unrestricted"]["coef"], within={"abs": FIVE_DECIMALS})
    assert fitted.ssr == pytest.approx(CLASSIC["unrestricted"]["ssr"], abs=THREE_DECIMALS)


def test_nerlove_with_output_squared():
    fitted = em.fit(em.load("electricity_1955"), second_order="outputs")
    expected = CLASSIC["output_squared"]
    agrees(fitted, expected["coef"], within={"abs": FIVE_DECIMALS})
    half = fitted.params["half output squared"]
    assert half / 2 == pytest.approx(expected["square"], abs=FIVE_DECIMALS)
    assert fitted.ssr == pytest.approx(expected["ssr"], abs=FOUR_DECIMALS)


@pytest.mark.parametrize(("fifth", "elasticity"), list(enumerate(CLASSIC["fifths"])))
def test_nerlove_by_size(fifth, elasticity):
    data = em.load("electricity_1955")
    members = np.arange(len(data)) // 29 == fifth
    fitted = em.fit(data.where(members, because="firms of one size"), "cobb_douglas")
    assert fitted.nobs == 29
    assert fitted.params["output"] == pytest.approx(elasticity, abs=FIVE_DECIMALS)


def test_airlines_pooled():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", cov_type="nonrobust")
    peer = AIRLINES["pooled"]
    agrees(fitted, peer["coef"], peer["se"], within={"rel": SAME_LEAST_SQUARES})
    assert fitted.ssr == pytest.approx(peer["rss"], rel=SAME_LEAST_SQUARES)
    assert fitted.llf == pytest.approx(peer["loglik"], rel=SAME_LEAST_SQUARES)
    agrees(fitted, AIRLINES["published"]["pooled"], within={"abs": FIVE_DECIMALS})
    assert fitted.ssr == pytest.approx(AIRLINES["published"]["pooled_ssr"], abs=FIVE_DECIMALS)


def test_airlines_within():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", effects="within", cov_type="nonrobust")
    peer = AIRLINES["within"]
    agrees(fitted, peer["coef"], peer["se"], within={"rel": SAME_LEAST_SQUARES})
    assert fitted.ssr == pytest.approx(peer["rss"], rel=SAME_LEAST_SQUARES)
    assert fitted.df_resid == peer["df"]
    levels = fitted.in_units()["coefficient"]["constant"] + fitted.provider_effects
    assert levels.tolist() == pytest.approx(list(peer["fixef"].values()), rel=SAME_LEAST_SQUARES)
    agrees(fitted, AIRLINES["published"]["within"], within={"abs": FIVE_DECIMALS})
    assert fitted.ssr == pytest.approx(AIRLINES["published"]["within_ssr"], abs=FIVE_DECIMALS)


def test_airlines_within_airline_and_year():
    peer = AIRLINES["two_way"]
    data = em.load("us_airlines")
    fitted = em.fit(data, "cobb_douglas", effects="within", time_effects=True, cov_type="nonrobust")
    agrees(fitted, peer["coef"], peer["se"], within={"rel": SAME_LEAST_SQUARES})


def test_one_price_is_not_forced_to_an_elasticity_of_one():
    data = em.load("us_airlines")
    free = em.fit(data, "cobb_douglas")
    assert free.technology.numeraire is None
    forced = em.fit(data.using(prices_complete=True), "cobb_douglas").params
    assert free.params["load_factor"] == pytest.approx(-1.63, abs=0.005)
    # What forcing does: nothing else about cost survives it.
    assert forced["load_factor"] == pytest.approx(-6.72, abs=0.005)
    assert forced["output"] == pytest.approx(0.8880, abs=FOUR_DECIMALS)


THOUSANDS = 1000.0


def test_universities_with_an_additive_error_in_the_users_units():
    data = em.load("uk_universities").using(prices=[], relationships=[])
    fitted = em.fit(data, "flexible_fixed_cost", error="additive")
    assert fitted.nobs == 62
    raw = fitted.in_units()["coefficient"]
    for name, expected in UNIVERSITIES["quadratic"]["coef"].items():
        # The table has outputs in thousands and cost in millions: a linear term keeps its number, the constant is a
        # thousand times larger here, and a second-order term a thousand times smaller.
        order = 0 if name == "common cost" else 2 if ("squared" in name or " x " in name) else 1
        found = raw[name] * THOUSANDS ** (order - 1)
        assert found == pytest.approx(expected, abs=FIVE_DECIMALS), name
    assert fitted.rsquared == pytest.approx(UNIVERSITIES["quadratic"]["r_squared"], abs=FIVE_DECIMALS)
