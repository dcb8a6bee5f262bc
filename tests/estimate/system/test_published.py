"""Cost and share equations: what systemfit and linearmodels print for the same data, and published tables."""

import json
from pathlib import Path

import numpy as np
import pytest

import econmodel as em
from econmodel.estimate.delta import jacobian
from econmodel.estimate.moments import Moments
from econmodel.estimate.system.equations import SystemMoments
from econmodel.estimate.system.seemingly_unrelated import inverse_of_covariance, solve_linear
from econmodel.forms.polynomial import Polynomial, all_pairs, terms

REFERENCE = Path(__file__).parents[2] / "reference"
PEERS = json.loads((REFERENCE / "electricity_1970_system.json").read_text(encoding="utf-8"))
KLEM = json.loads((REFERENCE / "berndt_wood.json").read_text(encoding="utf-8"))
# Systemfit stops iterating at a relative change of 1e-10, and its uncentred regressors have a condition number of some
# hundreds; standard errors are of order one hundredth.
SAME_SYSTEM = 1e-7
SAME_COVARIANCE = 1e-6
# Recomputed numbers are compared to half a unit of the last digit that they are given with.
FIVE_DECIMALS, FOUR_DECIMALS, TWO_DECIMALS = 5e-6, 5e-5, 5e-3


def power(shares="as published"):
    return em.load("electricity_1970").using(shares=shares)


def agrees(fitted, peer):
    found = fitted.in_units()
    assert found["coefficient"][list(peer["coef"])].tolist() == pytest.approx(
        list(peer["coef"].values()), rel=SAME_SYSTEM
    )
    assert found["std. error"][list(peer["se"])].tolist() == pytest.approx(list(peer["se"].values()), rel=SAME_SYSTEM)


@pytest.mark.parametrize(
    ("model", "settings"),
    [("iterated", {}), ("iterated_freedom", {"divide_by": "freedom"}), ("one_step", {"iterate": False})],
)
def test_power_stations_as_systemfit_has_them(model, settings):
    peer = PEERS[model]
    fitted = em.fit(power(), estimator=em.estimators.System(**settings), cov_type="nonrobust")
    agrees(fitted, peer)
    assert fitted.llf == pytest.approx(peer["loglik"], rel=SAME_SYSTEM)
    gradient = jacobian(fitted.technology.in_units, fitted.theta)
    order = [fitted.technology.unit_names.index(name) for name in peer["vcov_order"]]
    in_units = (gradient @ fitted.covariance @ gradient.T)[np.ix_(order, order)]
    errors = np.sqrt(np.diag(peer["vcov"]))
    assert in_units / np.outer(errors, errors) == pytest.approx(
        np.array(peer["vcov"]) / np.outer(errors, errors), abs=SAME_COVARIANCE
    )
    order = ["log cost", "labour_share", "capital_share"]
    assert fitted.residual_covariance.loc[order, order].to_numpy() == pytest.approx(
        np.array(peer["resid_cov"]), rel=SAME_COVARIANCE
    )
    ray = em.scale(fitted).row("ray elasticity")
    assert [ray["estimate"], ray["std_error"]] == pytest.approx(
        [peer["scale_at_mean"]["dlnC_dlny"], peer["scale_at_mean"]["se"]], rel=SAME_SYSTEM
    )


def test_power_stations_as_linearmodels_has_them():
    agrees(em.fit(power(), estimator="system", cov_type="nonrobust"), PEERS["linearmodels"])


def test_published_shares_make_the_share_left_out_matter():
    peer = PEERS["labour_dropped"]
    fitted = em.fit(power(), estimator=em.estimators.System(drop="wage"))
    assert fitted.llf == pytest.approx(peer["loglik"], rel=SAME_SYSTEM)
    (note,) = [note for note in fitted.notes if "do not add up to one" in note]
    assert "firm 45, firm 112" in note
    assert 'data.using(shares="renormalise")' in note


@pytest.mark.parametrize("model", PEERS["restricted"]["models"])
def test_christensen_and_greene_s_restricted_systems(model):
    expected = PEERS["restricted"]["models"][model]
    fitted = em.fit(power(), estimator="system", restrict=expected["restrict"])
    assert fitted.llf == pytest.approx(expected["log_likelihood"], abs=FOUR_DECIMALS)
    found = fitted.in_units()["coefficient"]
    for name, value in expected["coef"].items():
        assert found.get(name, 0.0) == pytest.approx(value, abs=FOUR_DECIMALS), name
    if expected["likelihood_ratio"]:
        free = em.fit(power(), estimator="system")
        assert 2 * (free.llf - fitted.llf) == pytest.approx(expected["likelihood_ratio"], abs=TWO_DECIMALS)


@pytest.mark.parametrize("drop", ["wage", "capital_price", "fuel_price"])
def test_any_share_can_be_left_out_where_shares_add_up_to_one(drop):
    expected = PEERS["renormalised"]
    fitted = em.fit(power("renormalise"), estimator=em.estimators.System(drop=drop), cov_type="nonrobust")
    usual = em.fit(power("renormalise"), estimator="system", cov_type="nonrobust")
    assert fitted.llf == pytest.approx(expected["log_likelihood"], abs=FOUR_DECIMALS)
    assert fitted.llf == pytest.approx(usual.llf, rel=1e-10)
    assert fitted.theta == pytest.approx(usual.theta, rel=SAME_SYSTEM, abs=1e-9)
    assert fitted.covariance == pytest.approx(usual.covariance, rel=SAME_COVARIANCE, abs=1e-12)
    for name in ("output", "half output squared"):
        assert fitted.in_units()["coefficient"][name] == pytest.approx(expected[name], abs=FIVE_DECIMALS)


def share_system():
    """The translog share equations of capital, labour and energy (materials left out), without a cost equation."""
    names = ["capital", "labour", "energy"]
    of = Polynomial(terms(True, [0, 1, 2], all_pairs([0, 1, 2])), 3)
    labels = names + [
        f"half {names[a]} squared" if a == b else f"{names[a]} x {names[b]}" for a, b in all_pairs([0, 1, 2])
    ]
    relative = np.log([np.array(KLEM["prices"][name]) / KLEM["prices"]["materials"] for name in names])
    shares = np.array([KLEM["shares"][name] for name in names])
    multipliers = of.monomials(relative.T).T
    derivatives = np.stack([of.derivative(place)[0][1:] @ multipliers for place in range(3)])

    def at(theta):
        residuals = shares - np.einsum("k,ekn->en", theta, derivatives)
        rows = np.concatenate([derivatives, residuals[:, None]], axis=1)
        return SystemMoments(np.einsum("ain,bjn->aibj", rows, rows), shares.shape[1])

    def weigh(products):
        return inverse_of_covariance(products / shares.shape[1], names)

    return at, weigh, labels


@pytest.mark.parametrize("how", ["two_step", "iterated"])
def test_berndt_and_wood_s_share_equations(how):
    at, weigh, labels = share_system()
    solved = solve_linear(at, len(labels), weigh, how == "iterated", labels)
    solution = solved.least_squares(labels)
    found = dict(zip(labels, solution.theta, strict=True))
    errors = dict(zip(labels, np.sqrt(np.diag(solution.inverse_gram)), strict=True))
    for name, value in KLEM[how]["coef"].items():
        assert found[name] == pytest.approx(value, abs=FIVE_DECIMALS), name
    for name, value in KLEM[how]["se"].items():
        assert errors[name] == pytest.approx(value, abs=FIVE_DECIMALS), name
    if how == "iterated":
        products = solved.moments.residual_products / 25
        likelihood = -12.5 * (3 * (np.log(2 * np.pi) + 1) + np.linalg.slogdet(products)[1])
        assert likelihood == pytest.approx(KLEM[how]["log_likelihood"], abs=FIVE_DECIMALS)


def linearmodels_system(fitted):
    """The same equations for linearmodels: cost and two shares, each with its regressors, and symmetry."""
    import pandas as pd
    from linearmodels.system import SUR

    data = np.concatenate([block.copy() for _, block in fitted.design.blocks()], axis=1)
    names = list(fitted.technology.names)
    table = pd.DataFrame(data[: len(names)].T, columns=[f"p{place}" for place in range(len(names))])
    equations, constraints = {"cost": {"dependent": pd.Series(data[-1], name="cost"), "exog": table}}, []
    for number, one in enumerate(fitted.equations.shares):
        regressors = np.flatnonzero(one.matrix.any(axis=0))
        label = f"s{number}"
        equations[label] = {
            "dependent": pd.Series(data[len(names) + number], name=label),
            "exog": table.iloc[:, regressors],
        }
        for regressor in regressors:
            (parameter,) = np.flatnonzero(one.matrix[:, regressor])
            constraints.append({f"cost_p{parameter}": 1.0, f"{label}_p{regressor}": -1.0})
    model = SUR(equations)
    model.add_constraints(pd.DataFrame(constraints, columns=model.param_names).fillna(0.0))
    return model


def test_two_outputs_and_three_prices_as_linearmodels_has_them(three_prices):
    data = three_prices(400)
    model = linearmodels_system(em.fit(data, estimator="system"))
    for ours, theirs in (("nonrobust", "unadjusted"), ("HC0", "robust")):
        fitted = em.fit(data, estimator="system", cov_type=ours)
        peer = model.fit(method="gls", iterate=True, iter_limit=500, tol=1e-12, cov_type=theirs)
        assert fitted.theta == pytest.approx(peer.params.to_numpy()[: len(fitted.theta)], rel=SAME_SYSTEM, abs=1e-9)
        assert fitted.bse.to_numpy() == pytest.approx(
            peer.std_errors.to_numpy()[: len(fitted.theta)], rel=SAME_COVARIANCE
        )


def test_moments_have_what_explicit_rows_have(three_prices):
    fitted = em.fit(three_prices(50), estimator="system")
    for _, stack in fitted.equations.stacks(fitted.design, fitted.theta):
        products = np.einsum("ain,bjn->aibj", stack, stack)
    assert fitted.residual_products == pytest.approx(products[:, -1, :, -1], rel=1e-9)
    weighted = SystemMoments(products, 50).weighted(fitted.weights)
    assert isinstance(weighted, Moments)
    assert np.linalg.inv(weighted.gram[:-1, :-1]) == pytest.approx(fitted.solution.inverse_gram, rel=1e-6, abs=1e-12)
