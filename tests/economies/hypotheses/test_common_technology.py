"""One cost function for all types of provider: Chow's test, robust and clustered, and what it refuses."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported, UnknownName

# Two solutions of the same least squares.
SAME_LEAST_SQUARES = 1e-7


def table(seed=3, move=0.0):
    """Two types of home, the second with another elasticity of output."""
    rng = np.random.default_rng(seed)
    truth = em.worlds.state("cobb_douglas", {"constant": 1.0, "visits": 0.9}, outputs={"visits": 10})
    frame = em.worlds.simulate(truth, 240, noise=0.2, seed=seed).data.frame
    kind = np.where(rng.random(240) < 0.4, "charity", "council")
    cost = frame["cost"] * (frame["visits"] / 10) ** np.where(kind == "charity", move, 0.0)
    frame = frame.assign(cost=cost, kind=kind, town=rng.integers(0, 40, 240))
    return em.CostData(frame, cost="cost", outputs=["visits"])


def fits(data, **options):
    return em.fit(data, "translog", **options)


def peer(data, **options):
    frame = data.frame.assign(log=np.log(data.frame["visits"]))
    frame = frame.assign(half=0.5 * (frame["log"] - frame["log"].mean()) ** 2, log=frame["log"] - frame["log"].mean())
    fitted = smf.ols("np.log(cost) ~ (log + half) * C(kind, Treatment('council'))", frame).fit(**options)
    names = [name for name in fitted.params.index if "kind" in name]
    return fitted, fitted.wald_test(" , ".join(f"{name} = 0" for name in names), use_f=True, scalar=True)


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC0", "HC3"])
def test_all_interactions_at_once_as_statsmodels_tests_them(cov_type):
    data = table()
    found = em.test(fits(data, cov_type=cov_type), "common technology", by="kind")
    _, expected = peer(data, cov_type=cov_type)
    row = found.tables["Test"].iloc[0]
    assert row["statistic"] == pytest.approx(float(expected.statistic), rel=SAME_LEAST_SQUARES)
    assert row["degrees_of_freedom"] == 240 - 6
    assert found.notes[0].startswith("Types and their rows: council (")


def test_towns_with_homes_of_both_types_are_clusters_of_both():
    data = table()
    fitted = fits(data, groups="town")
    found = em.test(fitted, "common technology", by="kind")
    theirs, _ = peer(data, cov_type="cluster", cov_kwds={"groups": data.frame["town"]})
    moved = [name for name in theirs.params.index if "kind" in name]
    errors = found.table["std_error"].to_numpy()
    assert errors == pytest.approx(theirs.bse[moved].to_numpy()[[0, 1, 2]], rel=1e-6)
    assert found.tables["Test"]["degrees_of_freedom"].iloc[0] == 39


def test_chow_s_statistic_and_its_likelihood_ratio():
    data = table()
    fitted = fits(data, cov_type="nonrobust")
    parts = [fits(data.where(f"kind == '{kind}'", because="one type")).ssr for kind in ("charity", "council")]
    chow = (fitted.ssr - sum(parts)) / 3 / (sum(parts) / (240 - 6))
    found = em.test(fitted, "common technology", by="kind").tables["Test"].iloc[0]
    assert found["statistic"] == pytest.approx(chow, rel=SAME_LEAST_SQUARES)
    ratio = em.test(fitted, "common technology", by="kind", statistic="likelihood_ratio").tables["Test"].iloc[0]
    assert ratio["statistic"] == pytest.approx(240 * np.log(fitted.ssr / sum(parts)))


def test_types_that_differ_are_told_apart():
    assert em.test(fits(table(move=0.0)), "common technology", by="kind").passed is True
    differing = em.test(fits(table(move=0.4)), "common technology", by="kind")
    assert differing.passed is False
    assert differing.text.startswith("Rejected at 5 %: all types of kind have one cost function (F(3, 234) = ")
    assert differing.table["term"].tolist()[1] == "visits: charity less council"


def test_level_forms_too():
    found = em.test(em.fit(table(), "flexible_fixed_cost"), "common technology", by="kind")
    assert len(found.table) == 3
    assert found.passed is True


def test_what_cannot_be_compared_is_refused():
    data = table()
    fitted = fits(data)
    with pytest.raises(NotSupported, match="name their column with by="):
        em.test(fitted, "common technology")
    with pytest.raises(UnknownName, match=r"There is no column 'sort'. The columns are"):
        em.test(fitted, "common technology", by="sort")
    one = data.where("kind == 'charity'", because="one type")
    with pytest.raises(NotSupported, match="Every row has the same kind"):
        em.test(fits(one), "common technology", by="kind")
    frame = data.frame.assign(kind=np.where(np.arange(240) < 2, "other", data.frame["kind"]))
    few = em.CostData(frame, cost="cost", outputs=["visits"])
    with pytest.raises(NotIdentified, match="kind other has 2 rows for 3 parameters of its own"):
        em.test(fits(few), "common technology", by="kind")
    empty = em.CostData(
        frame.assign(kind=frame["kind"].where(frame["kind"] != "other")), cost="cost", outputs=["visits"]
    )
    with pytest.raises(NotSupported, match="kind is missing in 2 of the rows used"):
        em.test(fits(empty), "common technology", by="kind")
    kinds = data.frame["kind"]
    same = data.frame.assign(visits=np.where(kinds == "charity", 10.0, data.frame["visits"]))
    with pytest.raises(NotIdentified, match="Of kind charity alone"):
        em.test(fits(em.CostData(same, cost="cost", outputs=["visits"])), "common technology", by="kind")
    with pytest.raises(NotSupported, match="fits by least squares without provider effects"):
        em.test(em.fit(em.load("us_airlines"), effects="within"), "common technology", by="airline")


def test_few_clusters_leave_a_classical_p_value_and_a_word():
    frame = table().frame
    fitted = fits(em.CostData(frame, cost="cost", outputs=["visits"]), groups=(frame["town"] % 6).to_numpy())
    found = em.test(fitted, "common technology", by="kind")
    assert "this p-value is classical" in found.notes[-1]
