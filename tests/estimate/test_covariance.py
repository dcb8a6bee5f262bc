"""Standard errors against statsmodels, and which of them is the default."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import econmodel as em
from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.estimate.covariance import jackknifed

# The same matrices multiplied in another order.
SAME_ALGEBRA = 1e-9
ROBUST = ("HC0", "HC1", "HC2", "HC3")


def panel(providers=24, periods=3, seed=11, missing=0):
    """Providers over periods, with errors that are shared within a provider; the last rows may be missing."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(providers), periods)
    n = len(entity)
    visits = np.exp(rng.normal(3.0, 0.8, n))
    wage = np.exp(rng.normal(2.0, 0.2, n))
    error = 0.1 * rng.standard_normal(providers)[entity] + 0.1 * rng.standard_normal(n) * (1 + visits / visits.mean())
    frame = pd.DataFrame(
        {
            "cost": np.exp(1.0 + 0.9 * np.log(visits) + 0.6 * np.log(wage) + error),
            "visits": visits,
            "wage": wage,
            "rural": (rng.random(n) < 0.4).astype(float),
            "provider": [f"p{code}" for code in entity],
            "year": np.tile(np.arange(periods), providers),
        }
    )
    return frame.iloc[: n - missing] if missing else frame


def cost_data(frame, **roles):
    return em.CostData(frame, cost="cost", outputs=["visits"], prices=["wage"], controls=["rural"], **roles)


def peer(frame, dummies=False, **kind):
    """Statsmodels' OLS of the same model."""
    columns = {
        "constant": 1.0,
        "visits": np.log(frame["visits"]),
        "wage": np.log(frame["wage"]),
        "rural": frame["rural"],
    }
    design = pd.DataFrame(columns, index=frame.index)
    if dummies:
        design = design.join(pd.get_dummies(frame["provider"], drop_first=True, dtype=float))
    return sm.OLS(np.log(frame["cost"]), design).fit(**kind)


SLOPES = ["visits", "wage", "rural"]


@pytest.mark.parametrize("kind", ["nonrobust", *ROBUST])
def test_covariances_are_those_of_statsmodels(kind):
    frame = panel()
    fitted = em.fit(cost_data(frame), "cobb_douglas", cov_type=kind)
    expected = peer(frame, cov_type=kind)
    ours = fitted.cov_params().loc[SLOPES, SLOPES]
    assert ours.to_numpy() == pytest.approx(expected.cov_params().loc[SLOPES, SLOPES].to_numpy(), rel=SAME_ALGEBRA)
    raw = fitted.in_units()
    assert raw["coefficient"].tolist() == pytest.approx(expected.params.tolist(), rel=SAME_ALGEBRA)
    assert raw["std. error"].tolist() == pytest.approx(expected.bse.tolist(), rel=SAME_ALGEBRA)


def test_clustered_covariance_is_that_of_statsmodels():
    frame = panel()
    codes = pd.factorize(frame["provider"])[0]
    expected = peer(frame, cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    by_entity = em.fit(cost_data(frame, entity="provider", time="year"), "cobb_douglas")
    by_column = em.fit(cost_data(frame), "cobb_douglas", cov_type="cluster", groups="provider")
    by_labels = em.fit(cost_data(frame), "cobb_douglas", groups=codes)
    for fitted in (by_entity, by_column, by_labels):
        assert fitted.cov_type == "cluster"
        assert fitted.bse[SLOPES].tolist() == pytest.approx(expected.bse[SLOPES].tolist(), rel=SAME_ALGEBRA)
        assert fitted.pvalues[SLOPES].tolist() == pytest.approx(expected.pvalues[SLOPES].tolist(), rel=1e-6)
        assert fitted.freedom == 23


@pytest.mark.parametrize("missing", [0, 2], ids=["balanced", "unbalanced"])
@pytest.mark.parametrize("kind", ["nonrobust", *ROBUST])
def test_within_is_a_regression_on_dummies(kind, missing):
    frame = panel(missing=missing)
    data = cost_data(frame, entity="provider", time="year")
    fitted = em.fit(data, "cobb_douglas", effects="within", cov_type=kind)
    expected = peer(frame, dummies=True, cov_type=kind)
    assert fitted.params[SLOPES].tolist() == pytest.approx(expected.params[SLOPES].tolist(), rel=SAME_ALGEBRA)
    assert fitted.bse[SLOPES].tolist() == pytest.approx(expected.bse[SLOPES].tolist(), rel=SAME_ALGEBRA)
    assert fitted.ssr == pytest.approx(expected.ssr, rel=SAME_ALGEBRA)
    assert fitted.df_resid == expected.df_resid
    assert fitted.llf == pytest.approx(expected.llf, rel=SAME_ALGEBRA)
    assert fitted.resid.tolist() == pytest.approx(expected.resid.tolist(), abs=SAME_ALGEBRA)


def test_within_and_clustered_leaves_nested_effects_out_of_the_count():
    frame = panel()
    data = cost_data(frame, entity="provider", time="year")
    fitted = em.fit(data, "cobb_douglas", effects="within")
    expected = peer(frame, dummies=True, cov_type="cluster", cov_kwds={"groups": pd.factorize(frame["provider"])[0]})
    n, k, parameters = len(frame), len(fitted.theta), len(expected.params)
    # The small-sample factor counts the slopes and one constant, as xtreg and plm do; statsmodels counts every dummy.
    factor = np.sqrt((n - parameters) / (n - k))
    assert fitted.bse[SLOPES].tolist() == pytest.approx((factor * expected.bse[SLOPES]).tolist(), rel=SAME_ALGEBRA)


def test_a_level_form_within_is_one_with_dummies():
    frame = panel(providers=8, periods=5, missing=3)
    data = cost_data(frame, entity="provider", time="year")
    fitted = em.fit(data, "composite", effects="within", second_order="outputs", cov_type="nonrobust")
    dummies = pd.get_dummies(frame["provider"], drop_first=True, dtype=float)
    explicit = em.CostData(
        frame.join(dummies), cost="cost", outputs=["visits"], prices=["wage"], controls=["rural", *dummies]
    )
    expected = em.fit(explicit, "composite", second_order="outputs", cov_type="nonrobust")
    # Two searches that stop at a relative offset of 1e-9 of their standard errors.
    assert fitted.ssr == pytest.approx(expected.ssr, rel=1e-8)
    for name in ("wage", "rural"):
        assert fitted.params[name] == pytest.approx(expected.params[name], rel=1e-5)
        assert fitted.bse[name] == pytest.approx(expected.bse[name], rel=1e-5)
    assert fitted.df_resid == expected.df_resid
    rays = [em.scale(one).row("ray elasticity") for one in (fitted, expected)]
    assert rays[0]["estimate"] == pytest.approx(rays[1]["estimate"], rel=1e-5)
    assert rays[0]["std_error"] == pytest.approx(rays[1]["std_error"], rel=1e-5)


def test_effects_move_the_constant_only():
    frame = panel()
    data = cost_data(frame, entity="provider", time="year")
    fitted = em.fit(data, "cobb_douglas", effects="within")
    assert "constant" not in fitted.params.index
    assert "constant" not in str(fitted)
    assert fitted.theta[0] == pytest.approx(np.log(frame["cost"]).mean(), rel=SAME_ALGEBRA)
    weighted = fitted.provider_effects[frame["provider"]].mean()
    assert weighted == pytest.approx(0.0, abs=SAME_ALGEBRA)
    dummies = peer(frame, dummies=True)
    relative = fitted.provider_effects - fitted.provider_effects["p0"]
    assert relative["p7"] == pytest.approx(dummies.params["p7"], rel=SAME_ALGEBRA)


@pytest.mark.parametrize(("rows", "form"), [(100, "cobb_douglas"), (100, "translog"), (3_000, "cobb_douglas")])
def test_providers_seen_once_get_hc3_however_many(rows, form):
    cost = em.worlds.state("cobb_douglas", {"visits": 0.9}, outputs={"visits": 10})
    assert em.fit(em.worlds.simulate(cost, rows).data, form).cov_type == "HC3"


def test_repeated_providers_get_clusters_and_few_of_them_the_wild_bootstrap():
    many = em.fit(cost_data(panel(20), entity="provider", time="year"), "cobb_douglas")
    assert (many.cov_type, many.wild, many.freedom) == ("cluster", False, 19)
    few = em.fit(cost_data(panel(19), entity="provider", time="year"), "cobb_douglas")
    assert (few.cov_type, few.wild, few.freedom) == ("nonrobust", True, 57 - 4)
    assert any("19 clusters are too few for clustered standard errors" in note for note in few.notes)
    once = em.fit(cost_data(panel(40, 1), entity="provider"), "cobb_douglas")
    assert (once.cov_type, once.clusters) == ("HC3", None)


def test_asking_for_few_clusters_is_granted_with_a_warning():
    fitted = em.fit(cost_data(panel(6), entity="provider", time="year"), "cobb_douglas", cov_type="cluster")
    assert (fitted.cov_type, fitted.wild) == ("cluster", False)
    assert any("6 clusters: clustered standard errors need about 20" in note for note in fitted.notes)


def test_asking_for_a_covariance_overrides_the_clusters():
    fitted = em.fit(cost_data(panel(6), entity="provider", time="year"), "cobb_douglas", cov_type="HC1")
    assert (fitted.cov_type, fitted.wild) == ("HC1", False)
    assert not any("clusters" in note for note in fitted.notes)


def test_unknown_covariances_are_refused():
    with pytest.raises(
        UnknownName, match=r"no covariance 'HC4'. The covariances are nonrobust, HC0, HC1, HC2, HC3, clu"
    ):
        em.fit(cost_data(panel()), "cobb_douglas", cov_type="HC4")


def test_clusters_need_groups():
    with pytest.raises(NotSupported, match=r'cov_type="cluster" needs groups: a column name, or an entity'):
        em.fit(cost_data(panel()), "cobb_douglas", cov_type="cluster")


def test_groups_must_be_a_column_or_one_label_a_row():
    with pytest.raises(UnknownName, match=r"There is no column 'county' to cluster by. The columns are cost, visits"):
        em.fit(cost_data(panel()), "cobb_douglas", groups="county")
    with pytest.raises(NotSupported, match=r"groups has 2 labels for 72 rows used. Name a column instead"):
        em.fit(cost_data(panel()), "cobb_douglas", groups=[1, 2])


def test_a_missing_group_is_refused():
    frame = panel().assign(county="north")
    frame.loc[3, "county"] = None
    with pytest.raises((NotSupported, TableError), match=r"county.*missing|missing.*county"):
        em.fit(cost_data(frame), "cobb_douglas", groups="county")


def test_within_needs_an_entity_that_repeats():
    with pytest.raises(NotSupported, match=r'effects="within" compares a provider with itself: name its column'):
        em.fit(cost_data(panel()), "cobb_douglas", effects="within")
    with pytest.raises(
        NotSupported, match=r'Every provider has one row, so effects="within" leaves nothing to compare'
    ):
        em.fit(cost_data(panel(30, 1), entity="provider"), "cobb_douglas", effects="within")


@pytest.mark.parametrize("kind", ROBUST)
def test_columns_that_nearly_move_together_have_variances_above_zero(kind):
    """Two outputs that differ by a hundredth of a per cent: squares of the columns alone would lose all digits."""
    rng = np.random.default_rng(8)
    visits, wage, noise = np.exp(rng.normal(4.0, 0.6, (3, 4_000)))
    calls = visits * np.exp(1e-4 * rng.standard_normal(4_000))
    frame = pd.DataFrame({"visits": visits, "calls": calls, "wage": wage, "cost": visits**0.8 * wage**0.5 * noise**0.1})
    data = em.CostData(frame, cost="cost", outputs=["visits", "calls"], prices=["wage"])
    fitted = em.fit(data, "translog", cov_type=kind)
    matrix = np.concatenate([block[:-1].copy() for _, block in fitted.design.blocks()], axis=1).T
    scaled = np.linalg.svd(matrix / np.sqrt((matrix**2).sum(axis=0)), compute_uv=False)
    assert fitted.condition_number == pytest.approx(scaled[0] / scaled[-1], rel=1e-3)
    assert np.isfinite(fitted.bse).all()
    assert (fitted.bse > 0).all()
    # What does not move with the pair keeps its digits.
    theirs = sm.OLS(np.log(frame["cost"]), matrix).fit(cov_type=kind)
    place = fitted.params.index.get_loc("wage")
    assert fitted.bse["wage"] == pytest.approx(theirs.bse.iloc[place], rel=1e-3)
    assert any("some variables nearly move together" in note for note in fitted.notes)


def test_the_jackknife_leaves_every_cluster_out():
    """By hand: least squares without each airline, and the squares of what the parameters then move by."""
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas")
    frame = fitted.data.frame
    regressors = np.column_stack([np.log(frame[["output", "fuel_price"]]), frame["load_factor"]])
    design = np.column_stack([np.ones(len(frame)), regressors - regressors.mean(axis=0)])
    log_cost, moved = np.log(frame["cost"].to_numpy()), []
    for code in range(6):
        kept = fitted.clusters.codes != code
        moved.append(np.linalg.lstsq(design[kept], log_cost[kept], rcond=None)[0] - fitted.theta)
    expected = 5 / 6 * np.transpose(moved) @ moved
    assert jackknifed(fitted.cluster_moments) == pytest.approx(expected, rel=1e-8, abs=1e-14)
