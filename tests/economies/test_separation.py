"""Separations of panels, of several outputs and of held outcomes; and every replication as an explicit refit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies import separation, size

# Sums over the table in another order; slopes are ratios of them.
EXACT = 1e-9
FEW = 19


def slopes(result):
    return result.table.set_index("term")["estimate"]


@pytest.mark.parametrize("form", ["cobb_douglas", "translog", "composite"])
def test_provider_and_period_effects_are_parts(form):
    order = "outputs" if form == "composite" else None
    airlines = em.load("us_airlines")
    fitted = em.fit(airlines, form, effects="within", time_effects=form != "composite", second_order=order)
    found = slopes(em.separate(fitted, replications=FEW))
    expected = ["apparent", "scale", "prices", "context", *(["time"] if form != "composite" else [])]
    assert found.index.tolist() == [*expected, "provider effects", "residual"]
    assert found.drop("apparent").sum() == pytest.approx(found["apparent"], abs=EXACT)
    pooled = np.polyfit(np.log(airlines.frame["output"]), np.log(airlines.frame["cost"]), 1)[0]
    assert found["apparent"] == pytest.approx(pooled, abs=EXACT)


def test_provider_effects_by_hand():
    """What is constant within an airline, regressed on size: part of the difference between airlines."""
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", effects="within")
    found = slopes(em.separate(fitted, replications=FEW))
    frame = fitted.data.frame
    levels = fitted.provider_effects.reindex(frame["firm"]).to_numpy()
    log_size = np.log(frame["output"])
    assert found["provider effects"] == pytest.approx(np.polyfit(log_size, levels, 1)[0], abs=EXACT)
    assert found["scale"] == pytest.approx(fitted.params["output"], abs=EXACT)
    residual = np.polyfit(log_size, fitted.resid, 1)[0]
    assert found["residual"] == pytest.approx(residual, abs=EXACT)


def test_held_outcomes_are_a_part():
    fitted = em.fit(em.load("california_schools"), "cobb_douglas", hold_outcomes=True)
    found = slopes(em.separate(fitted, replications=FEW))
    frame = fitted.data.frame
    expected = fitted.params["test_score"] * np.polyfit(np.log(frame["pupils"]), frame["test_score"], 1)[0]
    assert found["outcomes"] == pytest.approx(expected, abs=EXACT)
    assert found.drop("apparent").sum() == pytest.approx(found["apparent"], abs=EXACT)


@pytest.mark.parametrize("name", ["california_schools", "michigan_schools"])
def test_the_mean_reference_is_the_average_over_all_providers_as_references(name):
    data = em.load(name)
    data = data.where(np.arange(len(data)) % 12 == 0, because="every twelfth is enough here")
    fitted = em.fit(data, "translog")
    how, points = separation.size_of(fitted, None), fitted.points()
    even = np.ones((1, len(data)))
    total = [
        separation._slopes(separation._parts(fitted, fitted.theta[None], how, points, None, reference=row), even)[0]
        for row in range(len(data))
    ]
    assert np.mean(total, axis=0) == pytest.approx(slopes(em.separate(fitted, replications=FEW)).to_numpy(), abs=EXACT)


@pytest.mark.parametrize(
    ("name", "form"),
    [("california_schools", "translog"), ("electricity_1970", "translog"), ("uk_universities", "cobb_douglas")],
)
def test_a_replication_is_an_explicit_refit(form, name):
    """Parameters, means and slopes, all anew on the resampled rows."""
    data, size = em.load(name), None
    if name == "uk_universities":
        size = {"undergraduates": 2.0, "postgraduates": 3.0, "research": 5.0}
        data = data.where("undergraduates > 0", because="logs").using(
            relationships=["academics_per_student"], prices=[]
        )
    fitted = em.fit(data, form)
    result = em.separate(fitted, size, replications=FEW, seed=1).table
    again = []
    for weights in fitted.replications(FEW, 1).of_replications(slice(None)).astype(int):
        frame = data.frame.iloc[np.repeat(np.arange(len(data)), weights)].reset_index(drop=True)
        refitted = em.fit(replace(data, frame=frame, entity=None, outcomes={}), form)
        again.append(slopes(em.separate(refitted, size, replications=FEW)).to_numpy())
    draws = np.stack(again)
    assert result["std_error"].to_numpy() == pytest.approx(draws.std(axis=0, ddof=1), abs=EXACT)
    for column, share in (("conf_low", 0.025), ("conf_high", 0.975)):
        assert result[column].to_numpy() == pytest.approx(
            np.quantile(draws, share, axis=0, method="weibull"), abs=EXACT
        )


def test_clusters_are_resampled_in_the_separation_too():
    fitted = em.fit(em.load("michigan_schools"), "cobb_douglas")
    assert len(fitted.clusters.sizes) < 600
    whole = em.separate(fitted, replications=199).table.set_index("term")["std_error"]
    schools = em.fit(replace(fitted.data, entity=None), "cobb_douglas")
    alone = em.separate(schools, replications=199).table.set_index("term")["std_error"]
    # One district runs a good part of the schools: its schools are not independent.
    assert whole["relationship: staff_per_1000_pupils"] > 1.5 * alone["relationship: staff_per_1000_pupils"]


def test_more_steps_of_a_level_form_move_little_and_nothing_in_logs():
    level = em.fit(em.load("uk_universities").using(prices=[], relationships=[]), "composite", second_order="none")
    one, three = (em.separate(level, replications=49, steps=steps).table for steps in (1, 3))
    assert one["estimate"].tolist() == three["estimate"].tolist()
    assert not one["std_error"].equals(three["std_error"])
    assert three["std_error"][:3].tolist() == pytest.approx(one["std_error"][:3].tolist(), rel=0.25)
    logs = em.fit(em.load("electricity_1970"))
    one, three = (em.separate(logs, replications=49, steps=steps).table for steps in (1, 3))
    assert three["std_error"].tolist() == pytest.approx(one["std_error"].tolist(), rel=1e-6)


def test_batches_of_replications_do_not_matter(monkeypatch):
    fitted = em.fit(em.load("electricity_1970"))
    whole = em.separate(fitted, replications=49).table
    monkeypatch.setattr(size, "BATCH_PAIRS", 500)
    pieces = em.separate(fitted, replications=49).table
    assert pieces["std_error"].tolist() == pytest.approx(whole["std_error"].tolist(), rel=1e-12)


def test_the_residual_part_is_zero_where_size_is_a_regressor_only():
    single = em.separate(em.fit(em.load("electricity_1970")), replications=FEW)
    assert single.row("residual")["estimate"] == 0.0
    assert single.row("residual")["std_error"] == 0.0
    several = em.fit(em.load("uk_universities").where("undergraduates > 0", because="logs"), "cobb_douglas")
    row = em.separate(several, replications=FEW).row("residual")
    # Known from a prototype: between 0.004 and 0.010, by the size used.
    assert 0.003 < row["estimate"] < 0.010


def test_prices_hold_the_numeraire():
    """Cost is proportional to all prices, so the parts of prices add up to the slope of a price index on size."""
    data = em.load("electricity_1970")
    fitted = em.fit(data, "cobb_douglas")
    frame, log_size = data.frame, np.log(data.frame["output"])
    by_price = {name: np.polyfit(log_size, np.log(frame[name]), 1)[0] for name in data.prices}
    elasticity = {"wage": fitted.params["wage/fuel_price"], "capital_price": fitted.params["capital_price/fuel_price"]}
    elasticity["fuel_price"] = 1 - sum(elasticity.values())
    expected = sum(elasticity[name] * by_price[name] for name in data.prices)
    assert slopes(em.separate(fitted, replications=FEW))["prices"] == pytest.approx(expected, abs=EXACT)


def test_the_same_seed_gives_the_same_table():
    fitted = em.fit(em.load("electricity_1955"))
    one, same, other = (em.separate(fitted, replications=49, seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["conf_low"].equals(other["conf_low"])


def test_a_stronger_fit_does_not_change_what_a_league_table_shows():
    data = em.load("italian_banks")
    found = [em.separate(em.fit(data, form), size="equal", replications=FEW) for form in ("cobb_douglas", "translog")]
    assert slopes(found[0])["apparent"] == pytest.approx(slopes(found[1])["apparent"], abs=EXACT)


@pytest.mark.parametrize(("elasticity", "words"), [(0.7, "lower unit cost"), (1.3, "higher unit cost")])
def test_which_way_unit_cost_goes_at_twice_the_size(elasticity, words):
    truth = em.worlds.state("cobb_douglas", {"constant": 3.0, "visits": elasticity}, outputs={"visits": 100})
    fit = em.fit(em.worlds.simulate(truth, 100, noise=0.05, seed=1).data, "cobb_douglas")
    doubled = 100 * abs(2 ** (elasticity - 1) - 1)
    text = em.separate(fit, replications=99).text
    assert f"{doubled:.0f} % {words}" in text
