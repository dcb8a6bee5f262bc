"""Provider means beside the regressors: within parameters, the peers' random effects, and a test that can fail."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported
from econmodel.estimate.bootstrap import replications
from econmodel.estimate.fitting import LeastSquaresEstimator
from econmodel.estimate.moments import group_sums
from econmodel.estimate.mundlak import moments_with_means, provider_means, variances
from econmodel.estimate.preparation import Specification, prepare
from econmodel.forms.form import FORMS

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
# The same algebra in another order.
SAME_ALGEBRA = 1e-8
# R prints fifteen digits; plm takes its own route to them.
PLM = 1e-7


def unbalanced(periods=9, providers=40, sorted_effects=0.0, seed=3):
    """A panel with gaps; effects may go with the mean volume of a provider."""
    rng = np.random.default_rng(seed)
    provider = np.repeat(np.arange(providers), periods)
    level = rng.normal(size=providers)
    volume = np.exp(4.0 + level[provider] + 0.4 * rng.normal(size=len(provider)))
    effect = sorted_effects * level + 0.3 * rng.normal(size=providers)
    log_cost = 1.0 + 0.9 * np.log(volume) + effect[provider] + 0.1 * rng.normal(size=len(provider))
    frame = pd.DataFrame(
        {
            "cost": np.exp(log_cost), "visits": volume, "provider": provider,
            "year": np.tile(np.arange(periods), providers), "rural": rng.integers(0, 2, providers)[provider],
        }
    )  # fmt: skip
    kept = frame[rng.random(len(frame)) < 0.7]
    return em.CostData(kept, cost="cost", outputs=["visits"], controls=["rural"], entity="provider", time="year")


def test_random_effects_without_means_are_those_of_plm():
    """Swamy-Arora components and slopes of six airlines; without the means, what is left is plain random effects."""
    data = em.load("us_airlines")
    prepared = prepare(data, Specification(FORMS["cobb_douglas"], LeastSquaresEstimator()))
    groups = prepared.clusters
    sums = group_sums(prepared.design.blocks(), groups.codes, len(groups.sizes))
    means = provider_means(prepared.moments, sums, groups)
    inside, between = variances(prepared.moments, means)
    published = json.loads((REFERENCE / "us_airlines.json").read_text(encoding="utf-8"))["random"]
    assert inside == pytest.approx(published["sigma2"]["idios"], rel=PLM)
    assert between == pytest.approx(published["sigma2"]["id"], rel=PLM)
    share = 1 - np.sqrt(inside / (inside + groups.sizes * between))
    assert share == pytest.approx(published["theta"], rel=PLM)
    plain = moments_with_means(prepared.moments, means.with_share(share)).gram
    kept = [*range(4), -1]
    plain = plain[np.ix_(kept, kept)]
    theta = np.linalg.solve(plain[:-1, :-1], plain[:-1, -1])
    assert theta[1:] == pytest.approx(
        [published["coef"][name] for name in ("output", "fuel_price", "load_factor")], rel=PLM
    )


@pytest.mark.parametrize("form", ["cobb_douglas", "translog"])
def test_parameters_of_what_varies_are_those_within(form):
    data = unbalanced()
    within = em.fit(data.using(controls=[]), form, effects="within")
    mundlak = em.fit(data, form, effects="mundlak")
    shared = [name for name in within.params.index if name != "constant"]
    assert mundlak.params[shared].to_numpy() == pytest.approx(within.params[shared].to_numpy(), rel=SAME_ALGEBRA)
    assert "rural" in mundlak.params, "what does not vary within providers keeps a parameter"
    assert "mean of rural" not in mundlak.mean_parameters.index


def test_the_same_numbers_as_linearmodels():
    """Random effects on regressors and their means, unbalanced; both take the shares from Swamy and Arora."""
    from linearmodels.panel import RandomEffects

    data = em.load("michigan_districts").using(controls=["lunch"])
    ours = em.fit(data, "cobb_douglas", effects="mundlak", cov_type="nonrobust")
    frame = data.frame.set_index(["district", "year"])
    logs = np.log(frame[["cost", "pupils", "wage", "pupils_per_teacher"]]).assign(lunch=frame["lunch"])
    logs = logs.loc[ours.data.frame.set_index(["district", "year"]).index] - logs.mean()
    means = logs.groupby(level=0).transform("mean").add_prefix("mean of ").drop(columns="mean of cost")
    theirs = RandomEffects(logs["cost"], logs.drop(columns="cost").join(means).assign(constant=1.0)).fit()
    names = ["pupils", "wage", "pupils_per_teacher", "lunch"]
    assert ours.params[names].to_numpy() == pytest.approx(theirs.params[names].to_numpy(), rel=1e-6)


def test_the_test_finds_effects_that_go_with_volume_and_only_those():
    found = em.fit(unbalanced(sorted_effects=0.3), "cobb_douglas", effects="mundlak").mundlak_test()
    assert found.passed is False
    assert "Comparisons between providers would mislead" in found.text
    rejected = [
        em.fit(unbalanced(seed=seed), "cobb_douglas", effects="mundlak").mundlak_test().passed is False
        for seed in range(60)
    ]
    # Under the null 5 % reject: 3 of 60, and 9 or more in one of three hundred such samples.
    assert sum(rejected) < 9


def test_between_slope_is_within_slope_plus_the_parameter_of_the_mean():
    data = unbalanced(sorted_effects=0.3)
    fitted = em.fit(data, "cobb_douglas", effects="mundlak")
    between = fitted.params["visits"] + fitted.mean_parameters.loc["mean of visits", "coefficient"]
    assert between == pytest.approx(1.2, abs=4 * fitted.mean_parameters.loc["mean of visits", "std. error"])


def test_bootstrap_and_provider_effects():
    data = unbalanced(sorted_effects=0.3)
    fitted = em.fit(data, "cobb_douglas", effects="mundlak")
    draws = fitted.bootstrap(fitted.replications(999, 1))
    assert draws.std(axis=0) == pytest.approx(fitted.bse.to_numpy(), rel=0.25)
    every = replications(3, len(data), 1, fitted.clusters)
    assert fitted.bootstrap_all(every).shape == (3, 4)
    rows = fitted.resid.groupby(fitted.data.frame["provider"].to_numpy()).mean()
    assert abs(rows).max() < abs(fitted.provider_effects).max()
    assert fitted.row_effects.std() > 3 * fitted.resid.std()
    assert "provider means" in str(fitted.summary())


def test_the_separation_adds_up():
    fitted = em.fit(unbalanced(sorted_effects=0.3), "cobb_douglas", effects="mundlak")
    table = em.separate(fitted, replications=19).table.set_index("term")["estimate"]
    assert table["apparent"] == pytest.approx(table.drop("apparent").sum(), abs=1e-10)
    assert table["provider effects"] > 0.1


def test_few_clusters_get_wild_p_values():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", effects="mundlak")
    assert fitted.wild
    assert 0 < fitted.pvalues["output"] < 0.05


@pytest.mark.parametrize(
    ("name", "form", "error", "said"),
    [
        ("us_airlines", "composite", FormError, 'a level form has no regressors.*effects="within"'),
        ("us_airlines", "translog", NotIdentified, "6 providers cannot identify 6 parameters between providers"),
        ("electricity_1955", "cobb_douglas", NotSupported, 'effects="mundlak" leaves nothing to compare'),
    ],
)
def test_what_it_cannot_do(name, form, error, said):
    with pytest.raises(error, match=said):
        em.fit(em.load(name), form, effects="mundlak")


@pytest.mark.parametrize("balanced", [True, False])
def test_periods_have_levels_of_their_own(balanced):
    """Period dummies of a balanced panel have one mean for all providers, which cannot be a regressor."""
    data = em.load("us_airlines") if balanced else unbalanced().using(controls=[])
    within = em.fit(data, "cobb_douglas", effects="within", time_effects=True)
    mundlak = em.fit(data, "cobb_douglas", effects="mundlak", time_effects=True)
    shared = [name for name in within.params.index if name != "constant"]
    assert mundlak.params[shared].to_numpy() == pytest.approx(within.params[shared].to_numpy(), rel=1e-6)
    assert any(name.startswith("mean of year") for name in mundlak.mean_parameters.index) != balanced


def test_likelihoods_of_rows_add_up_and_effects_are_explained():
    fitted = em.fit(unbalanced(sorted_effects=0.3), "cobb_douglas", effects="mundlak")
    assert fitted.log_likelihoods.sum() == pytest.approx(fitted.llf, rel=SAME_ALGEBRA)
    left = fitted.resid.to_numpy()
    response = np.log(fitted.data.frame["cost"])
    assert fitted.rsquared == pytest.approx(1 - left @ left / ((response - response.mean()) ** 2).sum(), rel=1e-9)


def repeating(providers, sizes=()):
    """Rows of providers that have one row each, but for the first ones, which have as many as `sizes` says."""
    provider = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.arange(len(sizes), providers)]).astype(int)
    rng = np.random.default_rng(0)
    volume = np.exp(rng.normal(size=len(provider)))
    frame = pd.DataFrame({"cost": volume * np.exp(rng.normal(size=len(provider))), "visits": volume})
    frame = frame.assign(provider=provider, fixed=np.exp(provider / providers))
    return em.CostData(frame, cost="cost", outputs=["visits"], entity="provider")


def test_what_providers_must_repeat_for():
    with pytest.raises(NotIdentified, match="leave 1 comparisons of a provider with itself, too few for 1 parameters"):
        em.fit(repeating(60, [2]), "cobb_douglas", effects="mundlak")
    for effects in ("within", "mundlak"):
        found = em.fit(repeating(60, [2, 2, 2]), "cobb_douglas", effects=effects)
        assert any("3 of 60 providers have several rows" in note for note in found.notes)
    still = repeating(60, [3] * 60)
    still = em.CostData(still.frame, cost="cost", outputs=["fixed"], entity="provider")
    with pytest.raises(NotIdentified, match="Nothing in the cost function varies within providers"):
        em.fit(still, "cobb_douglas", effects="mundlak")


def test_few_providers_for_their_means_are_no_evidence():
    """Under the null the usual clustered covariance rejects in a quarter of such samples."""
    rejected = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        provider = np.repeat(np.arange(30), 4)
        logs = rng.normal(size=(30, 2))[provider] + rng.normal(size=(120, 2))
        log_cost = logs @ [0.9, 0.1] + 0.4 * rng.normal(size=30)[provider] + 0.2 * rng.normal(size=120)
        frame = pd.DataFrame({"cost": np.exp(log_cost), "visits": np.exp(logs[:, 0]), "meals": np.exp(logs[:, 1])})
        data = em.CostData(frame.assign(provider=provider), cost="cost", outputs=["visits", "meals"], entity="provider")
        rejected.append(em.fit(data, "translog", effects="mundlak").mundlak_test().passed is False)
    # 5 % of 60 is 3, and 9 or more come in one of three hundred such samples.
    assert sum(rejected) < 9


def test_fewer_clusters_than_means_are_refused():
    frame = unbalanced().frame
    frame = frame.assign(meals=np.exp(np.random.default_rng(0).normal(size=len(frame))), region=frame["provider"] % 2)
    data = em.CostData(frame, cost="cost", outputs=["visits", "meals"], entity="provider", time="year")
    fitted = em.fit(data, "translog", effects="mundlak", groups="region", cov_type="cluster")
    with pytest.raises(NotSupported, match="2 clusters cannot test 5 provider means together"):
        fitted.mundlak_test()
