"""Level forms: the optimum that a general optimiser finds, exact recovery, and what happens where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares as general_optimiser

import econmodel as em
from econmodel.errors import DidNotConverge, FormError
from econmodel.estimate import least_squares
from econmodel.estimate.least_squares import nonlinear
from econmodel.forms.technology import Point

# The search stops at a step of 1e-9 of a standard error; the other optimiser at a relative change of 1e-14 or so.
SAME_OPTIMUM = 1e-9
SAME_PARAMETERS = 1e-5
# Without noise what is left is rounding, times a condition number of about a hundred.
EXACT = 1e-8
NOTHING = np.zeros((200, 0))


def technology(outputs=(10.0, 5.0), **relationships):
    parameters = {
        "common cost": 20, "a": 50, "b": 30, "half a squared": 4, "a x b": -6, "half b squared": 3,
        "wage": 0.6, "r": -0.1, "a x wage": 5, "b x wage": -2, "half wage squared": 0.1,
        "tilt of r to a": 6, "half r squared": 0.05, "wage x r": 0.04,
    }  # fmt: skip
    means = {"outputs": dict(zip("ab", outputs, strict=True)), "prices": {"wage": 3}, "relationships": relationships}
    known = em.worlds.state("composite", {}, **means).technology.names
    return em.worlds.state("composite", {name: value for name, value in parameters.items() if name in known}, **means)


def residuals(fitted, additive):
    """Residuals as a function of the parameters, by way of cost itself and not of the design."""
    points, cost = fitted.points(), fitted.data.frame["cost"].to_numpy()

    def of(theta):
        found = fitted.technology.cost(theta, points)
        return cost - found if additive else np.log(cost) - np.log(np.maximum(found, 1e-300))

    return of


@pytest.mark.parametrize("error", ["multiplicative", "additive"])
@pytest.mark.parametrize("form", ["composite", "flexible_fixed_cost"])
def test_the_optimum_is_the_one_that_a_general_optimiser_finds(form, error):
    data = em.worlds.simulate(technology(r=0.5), 150, noise=0.1, seed=3).data
    fitted = em.fit(data, form, error=error)
    of = residuals(fitted, error == "additive")
    assert fitted.ssr == pytest.approx((of(fitted.theta) ** 2).sum(), rel=SAME_OPTIMUM)
    peer = general_optimiser(of, fitted.theta * 1.02, x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15)
    assert fitted.ssr == pytest.approx(2 * peer.cost, rel=SAME_OPTIMUM)
    assert fitted.theta == pytest.approx(peer.x, rel=SAME_PARAMETERS, abs=SAME_PARAMETERS * np.abs(peer.x).max())
    # The covariance is that of the tangent plane at the optimum.
    scale = fitted.ssr / (150 - len(peer.x))
    classical = em.fit(data, form, error=error, cov_type="nonrobust")
    expected = np.sqrt(np.diag(np.linalg.inv(peer.jac.T @ peer.jac)) * scale)
    assert classical.bse.to_numpy() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("error", ["multiplicative", "additive"])
def test_parameters_are_recovered_where_there_is_no_noise(error):
    first = em.worlds.simulate(technology(r=0.5), 200, noise=0.0, seed=4).data.frame
    # Tilts sum to zero at the sample's mean outputs, so the truth is stated there.
    truth = technology(first[["a", "b"]].mean(), r=0.5)
    data = em.worlds.simulate(truth, 200, noise=0.0, seed=4).data
    frame = data.frame.assign(a=first["a"], b=first["b"])
    points = Point(frame[["a", "b"]].to_numpy(), np.log(frame[["wage"]].to_numpy()), frame[["r"]].to_numpy(), NOTHING)
    frame["cost"] = truth.technology.cost(truth.theta, points)
    fitted = em.fit(replace(data, frame=frame), "composite", error=error)
    assert fitted.params.index.tolist() == list(truth.technology.names)
    at = {"a": 14.0, "b": 4.0, "wage": 3.5, "r": 0.4}
    for measure in (em.scale, em.scope, em.marginal_cost, em.relationship):
        found, true = measure(fitted, at=at).table, measure(truth, at=at).table
        assert found["term"].tolist() == true["term"].tolist()
        # All of a stated intercept is common cost; of a fitted one that is one end of what may be.
        ends = found[["estimate", "identified_low", "identified_high"]].sub(true["estimate"], axis=0).abs().min(axis=1)
        assert ends.tolist() == pytest.approx([0.0] * len(ends), abs=EXACT)


@pytest.mark.parametrize("second_order", ["all", "outputs", "none"])
def test_own_fixed_costs_and_second_order_terms_are_recovered(second_order):
    parameters = {"common cost": 10, "fixed cost of a": 6, "a": 40, "b": 30}
    if second_order != "none":
        parameters |= {"half a squared": 3, "a x b": -4}
    truth = em.worlds.state(
        "composite", parameters, outputs={"a": 10, "b": 5}, fixed_costs=("a",), second_order=second_order
    )
    data = em.worlds.simulate(truth, 150, noise=0.0, specialised={"a": 0.3}, seed=5).data
    fitted = em.fit(data, "composite", second_order=second_order)
    assert fitted.params.index.tolist() == list(truth.technology.names)
    here, there = em.scope(fitted, at={"a": 10, "b": 5}), em.scope(truth)
    assert here.row("degree of scope")["identified_high"] == pytest.approx(
        there.row("degree of scope")["estimate"], abs=EXACT
    )
    assert fitted.in_units()["coefficient"].tolist() == pytest.approx(
        truth.technology.in_units(truth.theta).tolist(), rel=1e-6, abs=1e-6
    )


def test_log_forms_are_recovered_where_there_is_no_noise():
    parameters = {"constant": 3, "a": 0.6, "b": 0.3, "r": -0.1, "half a squared": 0.1, "a x b": -0.05, "a x r": 0.02}
    truth = em.worlds.state("translog", parameters, outputs={"a": 10, "b": 5}, relationships={"r": 0.5})
    fitted = em.fit(em.worlds.simulate(truth, 100, noise=0.0).data, "translog")
    assert fitted.in_units()["coefficient"].tolist() == pytest.approx(
        truth.technology.in_units(truth.theta).tolist(), abs=1e-9
    )


def test_an_additive_quadratic_without_prices_is_ordinary_least_squares():
    data = em.load("uk_universities").using(prices=[], relationships=[])
    fitted = em.fit(data, "flexible_fixed_cost", error="additive", cov_type="nonrobust")
    u = data.frame[list(data.outputs)].to_numpy() / data.frame[list(data.outputs)].to_numpy().mean(axis=0)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    products = [u[:, i] * u[:, j] * (0.5 if i == j else 1.0) for i, j in pairs]
    design = np.column_stack([np.ones(len(u)), u, *products])
    expected = np.linalg.lstsq(design, data.frame["cost"], rcond=None)[0]
    assert fitted.theta == pytest.approx(expected, rel=1e-6)


def test_the_composite_with_complete_prices_is_proportional_to_them():
    fitted = em.fit(em.load("italian_banks"), "composite", second_order="outputs")
    assert fitted.technology.numeraire == 2
    points = fitted.points()
    slopes = fitted.technology.slopes(fitted.theta, points).log_prices
    # An identity of the form, up to rounding.
    assert np.broadcast_to(slopes, (198, 3)).sum(axis=1) == pytest.approx(np.ones(198), abs=1e-12)


def test_the_search_is_refused_where_the_steps_run_out(monkeypatch):
    monkeypatch.setattr(least_squares, "MAXIMUM_STEPS", 1)
    data = em.worlds.simulate(technology(r=0.5), 100).data
    message = r"The search for the parameters failed: no optimum was reached in 1 steps. No numbers are returned. Use"
    with pytest.raises(DidNotConverge, match=message):
        em.fit(data, "composite")


def test_a_start_where_cost_is_not_positive_is_refused(monkeypatch):
    fitted = em.fit(em.worlds.simulate(technology(), 100).data, "composite")
    monkeypatch.setattr(least_squares, "starting_values", lambda design: [-fitted.theta])
    message = r"fitted cost is not positive for every provider at the starting point"
    with pytest.raises(DidNotConverge, match=message):
        nonlinear(fitted.design)


def test_the_best_of_several_starts_wins(monkeypatch):
    data = em.worlds.simulate(technology(), 100).data
    fitted = em.fit(data, "composite")
    starts = least_squares.starting_values
    monkeypatch.setattr(least_squares, "starting_values", lambda design: [-fitted.theta, *starts(design)])
    again = em.fit(data, "composite")
    assert again.ssr == pytest.approx(fitted.ssr, rel=SAME_OPTIMUM)


def test_every_start_leads_to_the_same_optimum():
    fitted = em.fit(em.worlds.simulate(technology(), 200).data, "composite", second_order="outputs")
    starts = least_squares.starting_values(fitted.design)
    assert len(starts) == 3
    for start in starts:
        points = fitted.points()
        assert start[-1] == 0.0
        if (fitted.technology.cost(start, points) > 0).all():
            end = least_squares._descend(fitted.design, None, start, 0.0)
            assert end.residual_squares == pytest.approx(fitted.ssr, rel=SAME_OPTIMUM)
            assert end.offset < least_squares.ROUNDING_OFFSET


def test_an_additive_error_needs_a_level_form_and_no_effects():
    airlines = em.load("us_airlines")
    with pytest.raises(
        FormError, match=r"The translog form explains log cost, so its error multiplies cost. Use error="
    ):
        em.fit(airlines, "translog", error="additive")
    with pytest.raises(
        FormError, match=r'Provider effects multiply cost: use error="multiplicative" with effects="wit'
    ):
        em.fit(airlines, "composite", error="additive", effects="within")


def test_zero_cost_providers_of_nothing_do_not_stop_the_search():
    rng = np.random.default_rng(17)
    frame = pd.DataFrame({"a": rng.gamma(2, 5, 60), "b": rng.gamma(2, 5, 60)})
    frame.loc[:11, "a"] = 0.0
    frame.loc[12:23, "b"] = 0.0
    frame["cost"] = (5 + 3 * (frame["a"] > 0) + 2 * (frame["b"] > 0) + frame["a"] + frame["b"]) * np.exp(
        0.05 * rng.standard_normal(60)
    )
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"]), "composite", second_order="none")
    raw = fitted.in_units()
    for name, truth in (("common cost", 5), ("fixed cost of a", 3), ("fixed cost of b", 2), ("a", 1), ("b", 1)):
        estimate, error = raw.loc[name]
        assert abs(estimate - truth) < 4 * error < 4


def test_a_level_form_is_linearised_somewhere():
    fitted = em.fit(em.worlds.simulate(technology(), 60).data, "composite", second_order="none")
    with pytest.raises(ValueError, match=r"A level form is linearised at a theta; none was given"):
        next(fitted.design.blocks())


def test_a_search_on_some_of_the_rows_ends_where_the_search_on_all_does(monkeypatch):
    design = em.fit(em.worlds.simulate(technology(r=0.5), 2000).data, "composite").design
    whole = nonlinear(design)
    monkeypatch.setattr(least_squares, "SEARCHED_ROWS", 200)
    started = []
    ends = least_squares._best_end

    def followed(of, effects, starts, *enough):
        started.append((of.rows.count, len(starts)))
        return ends(of, effects, starts, *enough)

    monkeypatch.setattr(least_squares, "_best_end", followed)
    some = nonlinear(design)
    assert started == [(200, 3), (2000, 1)]
    assert some.residual_squares == pytest.approx(whole.residual_squares, rel=SAME_OPTIMUM)
    assert some.theta == pytest.approx(whole.theta, rel=SAME_PARAMETERS, abs=SAME_PARAMETERS)

    def failing(of, effects, starts, *enough):
        if of.rows.count == 200:
            raise DidNotConverge("what these rows do not hold")
        return ends(of, effects, starts)

    monkeypatch.setattr(least_squares, "_best_end", failing)
    assert nonlinear(design).residual_squares == whole.residual_squares
