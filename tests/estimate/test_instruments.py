"""Two-stage least squares and control functions: the peers' numbers, a known truth, and instruments that are weak."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName

# The same algebra in another order.
SAME_ALGEBRA = 1e-7
TRUTH = {"visits": 0.9, "continuity": -0.2}


def providers(rows=400, seed=0, strength=1.0, periods=1, invalid=0.0, curved=0.0):
    """Continuity follows need, which is not in the table and moves cost; two tenders move continuity alone."""
    rng = np.random.default_rng(seed)
    need, volume, one, two = rng.normal(size=(4, rows))
    need = np.repeat(need[::periods], periods)[:rows]
    continuity = strength * (one + 0.5 * two) - need + 0.3 * volume + rng.normal(size=rows)
    log_cost = 0.9 * volume - 0.2 * continuity + 0.5 * curved * continuity**2 + 0.3 * need + invalid * two
    frame = pd.DataFrame(
        {
            "cost": np.exp(log_cost + 0.1 * rng.normal(size=rows)), "visits": np.exp(volume), "continuity": continuity,
            "one": one, "two": two, "provider": np.arange(rows) // periods, "year": np.arange(rows) % periods,
        }
    )  # fmt: skip
    return em.CostData(
        frame, cost="cost", outputs=["visits"], relationships=["continuity"], entity="provider", time="year"
    )


def peer(data, instruments, cov_type="robust", method="IV2SLS", **kwargs):
    """The same regression by linearmodels."""
    from linearmodels import iv

    frame = data.frame
    exogenous = pd.DataFrame({"constant": 1.0, "visits": np.log(frame["visits"]) - np.log(frame["visits"]).mean()})
    endogenous = frame[["continuity"]] - frame["continuity"].mean()
    model = getattr(iv, method)(
        np.log(frame["cost"]), exogenous, endogenous, frame[instruments] - frame[instruments].mean()
    )
    return model.fit(cov_type=cov_type, **kwargs)


@pytest.mark.parametrize("instruments", [["one"], ["one", "two"]])
def test_coefficients_and_robust_errors_are_those_of_linearmodels(instruments):
    data = providers()
    ours = em.fit(data, "cobb_douglas", em.estimators.TwoStage(["continuity"], instruments), cov_type="HC1")
    theirs = peer(data, instruments, debiased=True)
    assert ours.params[list(theirs.params.index)].to_numpy() == pytest.approx(
        theirs.params.to_numpy(), rel=SAME_ALGEBRA
    )
    assert ours.bse[list(theirs.params.index)].to_numpy() == pytest.approx(
        theirs.std_errors.to_numpy(), rel=SAME_ALGEBRA
    )


def test_clustered_errors_are_those_of_linearmodels():
    data = providers(periods=4)
    ours = em.fit(data, "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one", "two"]))
    theirs = peer(data, ["one", "two"], "clustered", clusters=data.frame["provider"], debiased=True)
    assert ours.cov_type == "cluster"
    assert ours.bse[list(theirs.params.index)].to_numpy() == pytest.approx(
        theirs.std_errors.to_numpy(), rel=SAME_ALGEBRA
    )


def test_second_order_terms_are_mirrored_in_the_instruments():
    """A translog by 2SLS with every product of the endogenous variable replaced by the instrument's."""
    from linearmodels.iv import IV2SLS

    data = providers()
    ours = em.fit(data, "translog", em.estimators.TwoStage(["continuity"], ["one"]), cov_type="HC1")
    u, r, z = (
        column - column.mean() for column in (np.log(data.frame["visits"]), data.frame["continuity"], data.frame["one"])
    )
    exogenous = pd.DataFrame({"constant": 1.0, "visits": u, "half visits squared": u**2 / 2})
    endogenous = pd.DataFrame({"continuity": r, "visits x continuity": u * r, "half continuity squared": r**2 / 2})
    mirrored = pd.DataFrame({"z": z, "uz": u * z, "zz": z**2 / 2})
    theirs = IV2SLS(np.log(data.frame["cost"]), exogenous, endogenous, mirrored).fit(cov_type="robust", debiased=True)
    assert ours.params[list(theirs.params.index)].to_numpy() == pytest.approx(theirs.params.to_numpy(), rel=1e-6)
    assert ours.bse[list(theirs.params.index)].to_numpy() == pytest.approx(theirs.std_errors.to_numpy(), rel=1e-6)


def test_what_least_squares_gets_wrong_instruments_get_right():
    data = providers(2000)
    plain = em.fit(data, "cobb_douglas")
    assert plain.params["continuity"] < -0.25, "need is taken for continuity"
    for estimator in (
        em.estimators.TwoStage(["continuity"], ["one", "two"]),
        em.estimators.ControlFunction(["continuity"], ["one", "two"]),
    ):
        fitted = em.fit(data, "cobb_douglas", estimator)
        for name, truth in TRUTH.items():
            assert abs(fitted.params[name] - truth) < 4 * fitted.bse[name]


@pytest.mark.parametrize("estimator", [em.estimators.TwoStage, em.estimators.ControlFunction])
def test_intervals_cover(estimator):
    """Of 150 samples 95 % should be covered; 0.90 is three standard errors below."""
    covered = []
    for seed in range(150):
        fitted = em.fit(providers(200, seed), "cobb_douglas", estimator(["continuity"], ["one"]))
        low, high = fitted.conf_int().loc["continuity"]
        covered.append(low < TRUTH["continuity"] < high)
    assert np.mean(covered) > 0.90


def test_one_instrument_and_no_curvature_make_both_the_same():
    data = providers()
    two = em.fit(data, "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]), cov_type="HC0")
    control = em.fit(data, "cobb_douglas", em.estimators.ControlFunction(["continuity"], ["one"]), cov_type="HC0")
    assert control.params.to_numpy() == pytest.approx(two.params.to_numpy(), rel=SAME_ALGEBRA)
    assert control.bse["continuity"] == pytest.approx(two.bse["continuity"], rel=0.05)
    found = control.exogeneity_test()
    assert found.passed is False
    assert "plain least squares is biased" in found.text


@pytest.mark.parametrize("estimator", [em.estimators.TwoStage, em.estimators.ControlFunction])
def test_the_bootstrap_makes_both_stages_anew(estimator):
    data = providers(periods=4)
    fitted = em.fit(data, "translog", estimator(["continuity"], ["one", "two"]))
    draws = fitted.bootstrap(fitted.replications(499, 1))
    assert draws.std(axis=0) == pytest.approx(fitted.bse.to_numpy(), rel=0.35)
    one = fitted.replications(1, 5)
    codes = fitted.clusters.codes
    again = data.frame.iloc[np.repeat(np.arange(len(codes)), one.weights[0][codes])].assign(year=0)
    again = again.assign(provider=np.arange(len(again)))
    refitted = em.fit(
        em.CostData(again, cost="cost", outputs=["visits"], relationships=["continuity"]),
        "translog", fitted.specification.estimator,
    )  # fmt: skip
    points = fitted.points()
    expected = refitted.technology.log_cost(refitted.theta, points)
    assert fitted.technology.log_cost(fitted.bootstrap(one), points)[0] == pytest.approx(expected, rel=1e-6)


def test_measures_and_the_separation_work():
    data = providers(1000)
    fitted = em.fit(data, "cobb_douglas", em.estimators.ControlFunction(["continuity"], ["one", "two"]))
    table = em.separate(fitted, replications=29).table.set_index("term")["estimate"]
    assert table["apparent"] == pytest.approx(table.drop("apparent").sum(), abs=1e-10)
    assert "selection" in table
    assert fitted.resid.std() == pytest.approx(np.sqrt(fitted.scale), rel=0.02)
    two = em.fit(data, "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one", "two"]))
    found = em.relationship(two).row("relationship: continuity")
    assert found["conf_low"] < -0.2 < found["conf_high"]
    assert np.isnan(two.llf)


def test_strength_of_the_first_stage():
    data = providers()
    found = em.fit(data, "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]))
    r, u, z = data.frame["continuity"], np.log(data.frame["visits"]), data.frame["one"]
    import statsmodels.api as sm

    first = sm.OLS(r, sm.add_constant(np.column_stack([u, z]))).fit(cov_type="HC1", use_t=True)
    assert found.first_stage().table["effective F"].iloc[0] == pytest.approx(first.tvalues.iloc[-1] ** 2, rel=1e-6)
    assert found.first_stage().passed
    weak = em.fit(providers(strength=0.05), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]))
    assert weak.first_stage().passed is False
    assert any("Weak instruments for continuity" in note for note in weak.notes)


def test_the_interval_that_holds_with_weak_instruments():
    strong = em.fit(providers(), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]))
    found = strong.weak_instrument_interval().table.iloc[0]
    assert [found["conf_low"], found["conf_high"]] == pytest.approx(
        strong.conf_int().loc["continuity"].tolist(), abs=0.02
    )
    covered = []
    for seed in range(60):
        weak = em.fit(
            providers(200, seed, strength=0.1), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"])
        )
        table = weak.weak_instrument_interval().table.iloc[0]
        covered.append(table["conf_low"] < TRUTH["continuity"] < table["conf_high"])
    # 95 % of 60, less three binomial standard errors.
    assert np.mean(covered) > 0.86
    nothing = em.fit(providers(200, 3, strength=0.0), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]))
    assert "without bound" in nothing.weak_instrument_interval().text


def test_instruments_that_contradict_each_other():
    agree = em.fit(
        providers(1000), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one", "two"]), cov_type="HC0"
    )
    theirs = peer(agree.data, ["one", "two"], method="IVGMM", iter_limit=2)
    found = agree.overidentification_test()
    assert found.table["statistic"].iloc[0] == pytest.approx(theirs.j_stat.stat, rel=1e-4)
    assert found.passed
    broken = em.fit(
        providers(1000, invalid=0.3), "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one", "two"])
    )
    assert broken.overidentification_test().passed is False


@pytest.mark.parametrize(
    ("estimator", "form", "error", "said"),
    [
        (
            em.estimators.TwoStage([], ["one"]),
            "translog",
            FormError,
            "Name what is endogenous and what stands in for it",
        ),
        (
            em.estimators.TwoStage(["continuity"], ["three"]),
            "translog",
            UnknownName,
            "no column 'three' to serve as an instrument",
        ),
        (
            em.estimators.TwoStage(["continuity"], ["visits"]),
            "translog",
            FormError,
            "visits is in the cost function itself",
        ),
        (
            em.estimators.TwoStage(["need"], ["one"]),
            "translog",
            UnknownName,
            "'need' is no output, relationship or control",
        ),
        (
            em.estimators.TwoStage(["continuity", "visits"], ["one"]),
            "translog",
            FormError,
            "1 instrument cannot stand in for 2",
        ),
        (em.estimators.TwoStage("continuity", "cost"), "translog", FormError, "cost is what is to be explained"),
        (
            em.estimators.TwoStage("continuity", "named"),
            "translog",
            TableError,
            "400 of its entries are no finite numbers .a.",
        ),
        (
            em.estimators.ControlFunction("continuity", "endless"),
            "translog",
            TableError,
            "1 of its entries are no finite numbers",
        ),
        (
            em.estimators.TwoStage("continuity", ["one", "double"]),
            "translog",
            NotIdentified,
            "double does not vary apart from",
        ),
        (
            em.estimators.ControlFunction("continuity", ["one", "double"]),
            "translog",
            NotIdentified,
            "double does not vary apart",
        ),
        (
            em.estimators.TwoStage(["continuity"], ["one"]),
            "composite",
            FormError,
            "the terms of the composite form change",
        ),
        (
            em.estimators.ControlFunction(["continuity"], ["one"]),
            "composite",
            FormError,
            "the terms of the composite form change",
        ),
    ],
)
def test_what_cannot_be_done_says_so(estimator, form, error, said):
    with pytest.raises(error, match=said):
        em.fit(with_bad_instruments(), form, estimator)


def with_bad_instruments():
    data = providers()
    endless = data.frame["two"].where(data.frame.index > 0, np.inf)
    frame = data.frame.assign(named="a", endless=endless, double=2.0 * data.frame["one"])
    return em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])


def test_questions_that_have_no_answer_say_so():
    exact = em.fit(providers(), "translog", em.estimators.TwoStage(["continuity"], ["one"]))
    with pytest.raises(FormError, match="one instrument for each endogenous term"):
        exact.overidentification_test()
    with pytest.raises(FormError, match="there are several endogenous terms"):
        exact.weak_instrument_interval()
    with pytest.raises(FormError, match='cov_type="HC3" does not allow for the first stage'):
        em.fit(providers(), "translog", em.estimators.ControlFunction(["continuity"], ["one"]), cov_type="HC3")


def test_an_instrument_that_is_constant_identifies_nothing():
    data = providers()
    frame = data.frame.assign(one=1.0)
    still = em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    with pytest.raises(NotIdentified, match="The instrument one does not vary apart from other instruments"):
        em.fit(still, "cobb_douglas", em.estimators.TwoStage(["continuity"], ["one"]))


def test_an_instrument_with_two_values_has_no_square():
    """Its square is a combination of itself and a constant: left out, the algebra of linearmodels remains."""
    from linearmodels.iv import IV2SLS

    data = providers(1000)
    frame = data.frame.assign(late=(data.frame["one"] > 0.3).astype(float))
    data = em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    ours = em.fit(data, "translog", em.estimators.TwoStage("continuity", ["late", "two"]), cov_type="HC1")
    u, r, d, z = (
        column - column.mean() for column in (np.log(frame["visits"]), frame["continuity"], frame["late"], frame["two"])
    )
    exogenous = pd.DataFrame({"constant": 1.0, "visits": u, "half visits squared": u**2 / 2})
    endogenous = pd.DataFrame({"continuity": r, "visits x continuity": u * r, "half continuity squared": r**2 / 2})
    mirrored = pd.DataFrame({"d": d, "z": z, "ud": u * d, "uz": u * z, "dz": d * z, "zz": z**2 / 2})
    theirs = IV2SLS(np.log(frame["cost"]), exogenous, endogenous, mirrored).fit(cov_type="robust", debiased=True)
    assert ours.terms.count == mirrored.shape[1]
    assert ours.params[list(theirs.params.index)].to_numpy() == pytest.approx(theirs.params.to_numpy(), rel=1e-6)
    assert ours.bse[list(theirs.params.index)].to_numpy() == pytest.approx(theirs.std_errors.to_numpy(), rel=1e-6)
    assert ours.overidentification_test().table["degrees"].tolist() == [3]


def test_more_instruments_than_rows_can_tell_apart_are_refused():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(8, 6)), columns=list("abcdef"))
    frame = providers(8).frame.reset_index(drop=True).join(frame)
    data = em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    with pytest.raises(NotIdentified, match="8 rows cannot tell 8 instruments and exogenous terms apart"):
        em.fit(data, "cobb_douglas", em.estimators.TwoStage("continuity", list("abcdef")))


@pytest.mark.parametrize("estimator", [em.estimators.TwoStage, em.estimators.ControlFunction])
def test_a_fit_says_how_it_was_found_and_how_strong_its_instruments_are(estimator):
    weak = em.fit(providers(200, 3, strength=0.0), "translog", estimator("continuity", "one"))
    printed = str(weak.summary())
    assert "continuity by one" in printed
    assert "first stage, effective F" in printed
    assert weak.first_stage().passed is False
    assert "Weak instruments for continuity" in weak.notes[-1]
    assert "of each variable alone" in weak.first_stage().text
    two_stage = estimator is em.estimators.TwoStage
    assert ("R-squared" not in printed) == ("log-likelihood" not in printed) == two_stage
    assert np.isnan(weak.log_likelihoods).all() == two_stage


def test_what_few_clusters_cannot_say():
    data = providers(200, periods=20)
    fitted = em.fit(data, "translog", em.estimators.TwoStage("continuity", ["one", "two"]))
    assert fitted.wild
    assert "leaves the first stage as it is" in fitted.notes[-1]
    with pytest.raises(NotSupported, match="10 clusters cannot weigh 10 instruments and exogenous terms"):
        fitted.overidentification_test()
    robust = em.fit(data, "translog", em.estimators.ControlFunction("continuity", "one"), cov_type="HC1")
    assert robust.freedom == robust.df_resid
    assert not any("clustered standard errors" in note for note in robust.notes)


def test_instruments_of_what_is_left_out_of_size_are_left_out_too():
    """With several outputs size is weighed by the form without relationship variables, which needs no instrument."""
    data = providers(300)
    meals = np.exp(np.random.default_rng(1).normal(size=300))
    frame = data.frame.assign(meals=meals, cost=data.frame["cost"] * meals**0.3)
    data = em.CostData(frame, cost="cost", outputs=["visits", "meals"], relationships=["continuity"])
    for estimator in (em.estimators.TwoStage("continuity", "one"), em.estimators.ControlFunction("continuity", "one")):
        found = em.separate(em.fit(data, "cobb_douglas", estimator), replications=19)
        table = found.table.set_index("term")["estimate"]
        assert table["apparent"] == pytest.approx(table.drop("apparent").sum(), abs=1e-9)
        plain = em.separate(em.fit(data, "cobb_douglas"), replications=19)
        assert found.tables["size weights"].equals(plain.tables["size weights"])
        assert "robustness values" not in found.tables
        assert "robustness values" in plain.tables
