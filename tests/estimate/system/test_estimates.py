"""What a system estimates: recovery, invariances, level forms, covariances and replications."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

import econmodel as em
from econmodel.estimate.system.equations import Equations
from econmodel.estimate.system.error_model import whitened

# The search stops at a step of 1e-9 of a standard error.
SAME_OPTIMUM = 1e-7
# The same algebra by way of other matrices.
SAME_ALGEBRA = 1e-8
# Numbers that are given with two decimals.
TWO_DECIMALS = 5e-3
# Share equations of what cost equation holds: differences of a quadratic are exact but for rounding over the step.
DIFFERENCES = 1e-6
# Replications stop iterating at a change of 1e-5 of a standard error; standard errors here are below a tenth.
REPLICATED = 1e-5


def power(shares="renormalise"):
    return em.load("electricity_1970").using(shares=shares)


@pytest.mark.parametrize("drop", [None, "wage"])
@pytest.mark.parametrize(
    ("form", "restrict"),
    [
        *((form, ()) for form in ("translog", "composite", "flexible_fixed_cost", "cobb_douglas")),
        *((form, ("homogeneous",)) for form in ("translog", "cobb_douglas")),
    ],
)
def test_shares_are_the_slopes_of_log_cost_and_their_derivatives_are_exact(three_prices, form, drop, restrict):
    fitted = em.fit(three_prices(60), form, estimator=em.estimators.System(drop=drop), restrict=restrict)
    t, equations = fitted.technology, fitted.equations
    kept = [list(t.prices).index(one.price) for one in equations.shares]
    shares = fitted.data.frame[[one.share for one in equations.shares]].to_numpy().T
    # Away from the optimum too, where the residuals and derivatives must be as right.
    theta = fitted.theta * 1.01
    ((_, stack),) = [(rows, one.copy()) for rows, one in equations.stacks(fitted.design, theta)]
    points = fitted.points()
    assert stack[1:, -1] == pytest.approx(shares - t.slopes(theta, points).log_prices.T[kept], abs=SAME_ALGEBRA)
    for place in range(len(theta)):
        step = 1e-5 * np.eye(len(theta))[place]
        up, down = (t.slopes(theta + sign * step, points).log_prices.T[kept] for sign in (1, -1))
        assert stack[1:, place] == pytest.approx((up - down) / 2e-5, abs=DIFFERENCES)


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_the_optimum_is_the_one_that_a_general_optimiser_finds(three_prices, form):
    fitted = em.fit(three_prices(80), form, estimator="system", second_order="outputs", cov_type="nonrobust")
    t, points = fitted.technology, fitted.points()
    observed = fitted.data.frame[["wage_share", "rent_share"]].to_numpy().T
    log_cost = np.log(fitted.data.frame["cost"].to_numpy())

    def minus_log_likelihood(scaled):
        theta = fitted.theta + scaled * fitted.bse.to_numpy()
        residuals = np.vstack(
            [log_cost - t.log_cost(theta, points), observed - t.slopes(theta, points).log_prices.T[:2]]
        )
        logarithm = np.linalg.slogdet(residuals @ residuals.T / 80)[1]
        return 40 * (3 * (np.log(2 * np.pi) + 1) + logarithm)

    assert fitted.llf == pytest.approx(-minus_log_likelihood(np.zeros(len(fitted.theta))), rel=SAME_ALGEBRA)
    peer = minimize(minus_log_likelihood, np.full(len(fitted.theta), 0.3), method="BFGS")
    assert -peer.fun <= fitted.llf + SAME_OPTIMUM
    assert peer.x == pytest.approx(np.zeros_like(peer.x), abs=1e-2)


def test_the_composite_system_of_power_stations(monkeypatch):
    passes = []
    stacks = Equations.stacks
    monkeypatch.setattr(Equations, "stacks", lambda *given: passes.append(1) or stacks(*given))
    fitted = em.fit(power(), "composite", estimator="system", cov_type="nonrobust")
    assert fitted.llf == pytest.approx(482.64, abs=TWO_DECIMALS)
    # Two further passes make the starting values.
    assert len(passes) + 2 < 25
    assert "Gauss-Newton steps" in fitted.convergence
    two_step = em.fit(power(), "composite", estimator=em.estimators.System(iterate=False))
    assert two_step.llf < fitted.llf
    assert two_step.convergence == "generalised least squares in two steps"


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_units_order_and_numeraire_do_not_matter(three_prices, form):
    data = three_prices(120)
    fitted = em.fit(data, form, estimator="system", cov_type="nonrobust")
    frame = data.frame.assign(cost=data.frame["cost"] * 1000, visits=data.frame["visits"] / 50)
    frame["rent"] *= 7.0
    turned = {name: data.prices[name] for name in ("energy", "wage", "rent")}
    other = em.fit(
        replace(data, frame=frame, outputs={name: data.outputs[name] for name in ("advice", "visits")}, prices=turned),
        form, estimator="system", cov_type="nonrobust",
    )  # fmt: skip
    assert fitted.technology.numeraire == other.technology.numeraire == 2
    assert other.llf == pytest.approx(fitted.llf, rel=1e-7)
    ours, theirs = em.scale(fitted).table, em.scale(other).table
    for column in ("estimate", "std_error"):
        found, expected = (table.set_index("term")[column].sort_index() for table in (theirs, ours))
        assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-6, nan_ok=True)


def test_parameters_are_recovered_and_intervals_cover(three_prices):
    truth = {"wage/energy x rent/energy": -0.03, "continuity x wage/energy": 0.02, "visits x wage/energy": 0.02}
    truth |= {"half wage/energy squared": 0.08, "visits x advice": 0.03}
    covered, replicated = {kind: [] for kind in ("nonrobust", "HC3")}, 40
    for seed in range(replicated):
        data = three_prices(60, seed=seed)
        for kind, found in covered.items():
            fitted = em.fit(data, estimator="system", cov_type=kind)
            names = {frozenset(name.split(" x ")): name for name in fitted.params.index}
            interval = fitted.conf_int().loc[[names[frozenset(name.split(" x "))] for name in truth]]
            found.append(
                [low <= value <= high for value, (low, high) in zip(truth.values(), interval.to_numpy(), strict=True)]
            )
    # Three Monte-Carlo errors of 200 (dependent) intervals below 95 %, and what maximum likelihood at n = 60 loses.
    assert np.mean(covered["nonrobust"]) > 0.88
    assert np.mean(covered["HC3"]) > 0.90
    exact = em.fit(three_prices(4000, seed=99), estimator="system").params
    for name, value in truth.items():
        found = exact[{frozenset(one.split(" x ")): one for one in exact.index}[frozenset(name.split(" x "))]]
        assert found == pytest.approx(value, abs=0.02), name


def test_shares_tell_price_terms_that_cost_alone_tells_poorly(three_prices):
    data = three_prices(200)
    alone, together = (em.fit(data, estimator=one, cov_type="nonrobust").bse for one in ("least_squares", "system"))
    price_terms = [name for name in alone.index if "/energy" in name]
    assert (together[price_terms] < 0.7 * alone[price_terms]).all()


def rows_of(fitted):
    """Whitened derivatives (n, E, k) and residuals (n, E)."""
    ((_, stack),) = [
        (r, s.copy()) for r, s in whitened(fitted.equations.stacks(fitted.design, fitted.theta), fitted.weights)
    ]
    return stack[:, :-1].transpose(2, 0, 1), stack[:, -1].T


def test_leaving_a_row_out_is_the_same_with_small_leverages(three_prices):
    fitted = em.fit(three_prices(300), estimator="system", second_order="none", cov_type="HC3")
    derivatives, residuals = rows_of(fitted)
    bread = fitted.solution.inverse_gram
    leverage = derivatives @ bread @ derivatives.swapaxes(1, 2)
    assert np.trace(leverage, axis1=1, axis2=2).max() < 0.5
    kept = np.linalg.solve(np.eye(3) - leverage, residuals[..., None])[..., 0]
    scores = np.einsum("nek,ne->nk", derivatives, kept)
    assert fitted.covariance == pytest.approx(bread @ scores.T @ scores @ bread, rel=SAME_ALGEBRA, abs=1e-15)


def test_robust_covariances_are_those_of_explicit_rows(three_prices):
    data = three_prices(90)
    data = replace(data, frame=data.frame.assign(area=np.arange(90) // 3))
    fits = {kind: em.fit(data, estimator="system", cov_type=kind) for kind in ("nonrobust", "HC0", "HC1", "HC2", "HC3")}
    derivatives, residuals = rows_of(fits["HC0"])
    bread, k = fits["HC0"].solution.inverse_gram, len(fits["HC0"].theta)
    assert fits["nonrobust"].covariance == pytest.approx(bread)
    scores = np.einsum("nek,ne->nk", derivatives, residuals)
    expected = bread @ scores.T @ scores @ bread
    assert fits["HC0"].covariance == pytest.approx(expected, rel=SAME_ALGEBRA, abs=1e-15)
    assert fits["HC1"].covariance == pytest.approx(270 / (270 - k) * expected, rel=SAME_ALGEBRA, abs=1e-15)
    clustered = em.fit(data, estimator="system", groups="area")
    assert clustered.cov_type == "cluster"
    by_area = scores.reshape(30, 3, -1).sum(axis=1)
    factor = 30 / 29 * 269 / (270 - k)
    assert clustered.covariance == pytest.approx(factor * bread @ by_area.T @ by_area @ bread, rel=1e-7, abs=1e-15)
    assert clustered.freedom == 29
    # Leaving a row out, weights as they are, moves the parameters by exactly what HC3 squares.
    moved = []
    for row in range(90):
        others = np.delete(derivatives, row, axis=0).reshape(-1, k)
        moved.append(np.linalg.lstsq(others, np.delete(residuals, row, axis=0).ravel())[0])
    assert fits["HC3"].covariance == pytest.approx(np.transpose(moved) @ np.array(moved), rel=1e-6, abs=1e-14)
    between = np.diag(fits["HC2"].covariance)
    assert (np.diag(expected) < between).all()
    assert (between < np.diag(fits["HC3"].covariance)).all()


@pytest.mark.parametrize("settings", [{}, {"iterate": False}, {"divide_by": "freedom"}])
@pytest.mark.parametrize("clustered", [False, True])
def test_replications_of_log_forms_are_refits_of_the_rows_drawn(three_prices, settings, clustered):
    data = three_prices(150)
    data = replace(data, frame=data.frame.assign(area=np.arange(150) // 3))
    asked = {
        "estimator": em.estimators.System(**settings),
        "second_order": "outputs",
        "groups": "area" if clustered else None,
    }
    fitted = em.fit(data, **asked)
    draws = fitted.replications(3, seed=1)
    for number, found in enumerate(fitted.bootstrap(draws)):
        times = draws.of_replications(slice(number, number + 1))[0].astype(int)
        rows = data.frame.iloc[np.repeat(np.arange(150), times)].reset_index(drop=True)
        again = em.fit(replace(data, frame=rows), **asked).in_units()["coefficient"]
        assert fitted.technology.in_units(found) == pytest.approx(again.to_numpy(), rel=REPLICATED, abs=REPLICATED)


@pytest.mark.parametrize("clustered", [False, True])
def test_replications_of_level_forms_are_steps_of_the_rows_drawn(three_prices, clustered):
    data = three_prices(120)
    data = replace(data, frame=data.frame.assign(area=np.arange(120) // 4))
    asked = {"estimator": "system", "second_order": "outputs", "groups": "area" if clustered else None}
    fitted = em.fit(data, "composite", **asked)
    draws = fitted.replications(3, seed=1)
    derivatives, residuals = rows_of(fitted)
    for number, found in enumerate(fitted.bootstrap(draws)):
        weights = np.sqrt(draws.of_replications(slice(number, number + 1))[0])[:, None]
        step = np.linalg.lstsq(
            (weights[:, :, None] * derivatives).reshape(-1, len(fitted.theta)), (weights * residuals).ravel()
        )[0]
        assert found - fitted.theta == pytest.approx(step, rel=1e-6, abs=1e-9)
    # Repeated, the steps end at the parameters of the rows drawn.
    ended = fitted.bootstrap(draws, steps=30)[0]
    times = draws.of_replications(slice(0, 1))[0].astype(int)
    rows = data.frame.iloc[np.repeat(np.arange(120), times)].reset_index(drop=True)
    again = em.fit(replace(data, frame=rows), "composite", **asked)
    point = again.points()
    assert fitted.technology.log_cost(ended, point) == pytest.approx(
        again.technology.log_cost(again.theta, point), abs=REPLICATED
    )


def test_replications_that_cannot_be_estimated_are_missing(three_prices):
    data = three_prices(60)
    for form, steps in (("translog", 1), ("composite", 2)):
        fitted = em.fit(data, form, estimator="system", second_order="outputs")
        draws = fitted.replications(2, seed=1)
        # Five rows hold less than the parameters need.
        few = np.zeros((2, 60), dtype=np.uint16)
        few[:, :5], few[1] = 12, 1
        found = fitted.bootstrap(replace(draws, weights=few), steps=steps)
        assert np.isnan(found[0]).all()
        assert found[1] == pytest.approx(fitted.theta, rel=REPLICATED, abs=REPLICATED)


def test_measures_take_a_system_like_any_fit(three_prices):
    fitted = em.fit(three_prices(150), estimator="system")
    scale = em.scale(fitted)
    assert "Ray scale economies" in scale.text or scale.text
    assert np.isfinite(em.scale(fitted, method="bootstrap").table["std_error"]).all()
    separation = em.separate(fitted, replications=19)
    parts = separation.table.set_index("term")["estimate"]
    assert parts.drop("apparent").sum() == pytest.approx(parts["apparent"], abs=SAME_ALGEBRA)
    assert len(em.relationship(fitted).table)
    assert fitted.predict(fitted.data.frame[["visits", "wage"]].head(3)).shape == (3,)
    printed = fitted._repr_html_()
    assert "wage_share, R-squared" in printed
    assert "that of energy" in printed
    assert str(fitted.summary())
    assert fitted.wald_test("visits = 0.5").pvalue >= 0
    assert fitted.share_residuals.columns.tolist() == ["wage_share", "rent_share"]
    assert (fitted.share_residuals.to_numpy().T @ fitted.share_residuals.to_numpy()) == pytest.approx(
        fitted.residual_products[1:, 1:]
    )
    composite = em.fit(three_prices(150), "composite", estimator="system")
    assert len(em.scope(composite).table)
    parts = em.separate(composite, replications=19).table.set_index("term")["estimate"]
    assert parts.drop("apparent").sum() == pytest.approx(parts["apparent"], abs=SAME_ALGEBRA)


def test_nearly_collinear_outputs_are_solved_by_orthogonal_rows(three_prices):
    data = three_prices(400)
    rng = np.random.default_rng(1)
    close = data.frame["visits"] * np.exp(1e-5 * rng.standard_normal(400))
    data = replace(data, frame=data.frame.assign(advice=close))
    fitted = em.fit(data, estimator="system", second_order="none", cov_type="nonrobust")
    assert fitted.condition_number > 1e4
    block = np.concatenate([block.copy() for _, block in fitted.design.blocks()], axis=1)
    residuals = rows_of(fitted)
    gradient = np.einsum("nek,ne->k", *residuals)
    assert gradient * fitted.bse.to_numpy() == pytest.approx(np.zeros(len(gradient)), abs=1e-4)
    assert len(block) == len(fitted.theta) + 3


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_controls_shift_cost_alone_and_rows_without_a_share_are_named(three_prices, form):
    data = three_prices(100)
    frame = data.frame.assign(rural=np.sin(np.arange(100.0)))
    frame.loc[[3, 7], "wage_share"] = np.nan
    fitted = em.fit(replace(data, frame=frame, controls=["rural"]), form, estimator="system")
    place = list(fitted.params.index).index("rural")
    for one in fitted.equations.shares:
        assert not one.matrix[place].any()
        assert one.constants[place] == 0.0
    assert fitted.nobs == 98
    assert any("2 rows left out: missing values in wage_share" in note for note in fitted.notes)


def test_incomplete_prices_keep_every_named_share(three_prices):
    data = three_prices(100)
    some = data.using(prices=["wage", "rent"])
    fitted = em.fit(some, estimator="system")
    assert [one.share for one in fitted.equations.shares] == ["wage_share", "rent_share"]
    assert fitted.left_out is None
    assert "none" in dict(fitted.further_facts)["share left out"]
    free = em.fit(data, estimator="system", homogeneous=False)
    assert free.technology.numeraire is None
    assert any("not held proportional" in note for note in free.notes)
