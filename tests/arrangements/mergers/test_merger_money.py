"""When a merger pays, how large the saving must be before it does, and what the sentence says of it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import econmodel as em
from econmodel.arrangements.pay_back import annuity, pay_back
from econmodel.errors import NotSupported

# Sums of a few powers.
EXACT = 1e-10


def stated(elasticity, **more):
    return em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": elasticity}, outputs={"visits": 100}, **more)


PARTNERS = {"Elm": {"visits": 50.0}, "Oak": {"visits": 50.0}}


def rows(found, table="money", key="item"):
    return found.tables[table].set_index(key)


@given(st.floats(0.1, 100.0), st.floats(1.0, 100.0), st.floats(0.001, 0.3))
def test_what_is_paid_back_is_worth_the_one_off_cost(one_off, saving, rate):
    years = pay_back(one_off, saving, rate)
    if math.isnan(years):
        # Even savings without end are worth no more than a year's over the rate.
        assert saving / rate <= one_off
    else:
        assert saving * annuity(rate, years) == pytest.approx(one_off, rel=1e-9)
        assert years >= pay_back(one_off, saving) * (1 - 1e-12)


def test_annuity_is_the_sum_of_its_years():
    assert annuity(0.035, 10) == pytest.approx(sum(1.035**-year for year in range(1, 11)), abs=EXACT)
    assert annuity(0.0, 10) == 10
    assert pay_back(0.0, 5.0, 0.1) == 0.0
    assert math.isnan(pay_back(0.0, -5.0))


def test_money_of_a_known_merger():
    found = em.arrangements.merger(stated(0.8), PARTNERS, one_off=20.0, horizon=4, discount_rate=0.05)
    money = rows(found)["estimate"]
    apart = 2 * math.exp(4.0) * 0.5**0.8
    saving = apart - math.exp(4.0)
    assert money["cost apart"] == pytest.approx(apart, abs=EXACT)
    assert money["saving"] == pytest.approx(saving, abs=EXACT)
    assert money["pay-back, undiscounted"] == pytest.approx(20 / saving, abs=EXACT)
    assert saving * annuity(0.05, money["pay-back, discounted"]) == pytest.approx(20, abs=EXACT)
    assert money["saving that pays within the horizon"] == pytest.approx(20 / annuity(0.05, 4), abs=EXACT)
    switches = rows(found, "switching values", "number")["switches_at"]
    assert switches["saving, % of cost apart"] == pytest.approx(100 * 20 / annuity(0.05, 4) / apart, abs=EXACT)
    # At the switching value of the one-off cost, it is paid back exactly at the horizon.
    limit = em.arrangements.merger(
        stated(0.8), PARTNERS, one_off=switches["one-off cost"], horizon=4, discount_rate=0.05
    )
    assert rows(limit)["estimate"]["pay-back, discounted"] == pytest.approx(4, abs=EXACT)
    used = rows(found, "numbers used", "number")
    assert used.loc["discount rate, a year", "source"] == "given"
    assert used["source"].notna().all()


def test_the_saving_that_a_reorganisation_needs():
    costs = em.tables.figures("merger_costs").set_index("item")["amount_million_gbp"]
    equality = costs[costs.index.str.startswith("EHRC")].sum()
    found = em.arrangements.saving_needed(
        {"Equality": equality, "Average": costs.iloc[-1]}, horizons=[5, 10], unit="GBP million"
    )
    for place, one_off in enumerate((equality, costs.iloc[-1])):
        for years in (5, 10):
            needed = found.table.query(f"years == {years}")["saving_a_year"].iloc[place]
            assert sum(needed / 1.035**year for year in range(1, years + 1)) == pytest.approx(one_off, abs=EXACT)
    assert found.text.startswith(
        "To be paid back within 10 years at 3.5 % a year, GBP 38.8 million (Equality) must save"
    )
    assert found.tables["numbers used"]["source"].tolist()[1:] == ["given", "given"]
    assert em.arrangements.saving_needed(1.0).tables["numbers used"]["source"].iloc[-1] == "assumption"


@pytest.mark.parametrize("costs", [{}, {"Equality": 1.0}])
def test_a_saving_needs_a_cost_and_a_horizon(costs):
    with pytest.raises(NotSupported, match="Give at least one one-off cost and one horizon"):
        em.arrangements.saving_needed(costs, horizons=[] if costs else [10])
    with pytest.raises(NotSupported, match=r"one_off=-3\.0: the one-off cost is what is spent once"):
        em.arrangements.saving_needed(-3.0)


def test_defaults_say_their_source():
    used = rows(em.arrangements.merger(stated(0.8), PARTNERS, one_off=1.0), "numbers used", "number")
    assert used.loc["discount rate, a year", "value"] == 0.035
    assert used.loc["discount rate, a year", "source"].startswith("published: HM Treasury, The Green Book")
    assert used.loc["horizon, years", "source"].startswith("assumption")


def test_the_interval_of_the_pay_back_is_that_of_the_saving(translog):
    found = em.arrangements.merger(translog, translog.data.row_names()[:2], one_off=10.0)
    money = rows(found)
    low, high = money.loc["saving", ["conf_low", "conf_high"]]
    assert money.loc["pay-back, undiscounted", "conf_low"] == pytest.approx(10 / high)
    upper = money.loc["pay-back, undiscounted", "conf_high"]
    assert upper == pytest.approx(10 / low) if low > 0 else np.isnan(upper)


@pytest.mark.parametrize(
    ("elasticity", "one_off", "said"),
    [
        (0.8, 20.0, "a saving of 12.9 %. Its factors are harmony (scope) 1, size (scale) 0.8706; the largest is size"),
        (0.8, 20.0, "A one-off cost of 20 is paid back after 2.62 years; to be paid back within 10 years at 3.5 %"),
        (1.2, 20.0, "an extra cost of 14.9 %"),
        (1.2, 20.0, "A one-off cost of 20 is never paid back, since nothing is saved; to be paid back within 10 years"),
        (0.8, 1e6, "A one-off cost of 1,000,000 is not paid back by the saving as estimated"),
        (1.0, None, "neither a saving nor an extra cost"),
    ],
)
def test_sentences_of_stated_costs(elasticity, one_off, said):
    assert said in em.arrangements.merger(stated(elasticity), PARTNERS, one_off=one_off).text


def test_sentences_of_a_fit(services, translog):
    frame = translog.data.frame
    large = frame["homes"].nlargest(2).index
    text = em.arrangements.merger(translog, [f"row {one}" for one in large]).text
    assert "This rests on a provider of a size, mix or relationship that none of the providers has" in text
    assert "Nothing was assumed to happen to the relationship: it stays at the partners' mean." in text
    plain = em.fit(services.using(relationships=[]), "composite")
    text = em.arrangements.merger(plain, services.row_names()[:2], one_off=30).text
    assert "has no relationship variable, so what a merger does to relationships is not in it" in text


def test_a_wide_interval_is_no_conclusion(services):
    few = em.fit(services.where(np.arange(len(services)) < 20, because="a small study"), "composite", cov_type="HC3")
    both = few.data.frame.query("support > 0")["homes"]
    middle = (both - 660).abs().nsmallest(2).index
    found = em.arrangements.merger(few, [f"row {one}" for one in middle], one_off=30.0, conf_level=0.9999999)
    assert "the data do not settle it" in found.text
    assert "or never at the cautious end of the interval" in found.text


def test_the_relationship_at_which_nothing_is_saved_saves_nothing(translog):
    names = translog.data.row_names()[3:5]
    found = em.arrangements.merger(translog, names, relationship={"continuity": 0.5})
    switch = rows(found, "switching values", "number")["switches_at"]
    assert pytest.approx(switch["continuity after"], abs=1e-3) != 0.5
    again = em.arrangements.merger(translog, names, relationship={"continuity": switch["continuity after"]})
    assert again.row("merger")["estimate"] == pytest.approx(1.0, abs=1e-9)
    assert again.row("relationship")["estimate"] == pytest.approx(
        switch["relationship factor, to save at all"], abs=1e-9
    )


def test_additive_errors_need_no_smearing(services):
    fit = em.fit(services, "composite", error="additive")
    used = rows(em.arrangements.merger(fit, services.row_names()[:2]), "numbers used", "number")
    assert used.loc["mean over fitted cost", "value"] == 1.0


def test_an_input_ratio_is_no_relationship_effect():
    schools = em.fit(em.load("california_schools"), "cobb_douglas")
    found = em.arrangements.merger(schools, schools.data.row_names()[:2], relationship={"teachers_per_pupil": 0.05})
    assert any(note.startswith("staffing per pupil is an input ratio: a change of it") for note in found.notes)


def test_provider_effects_are_left_out_and_said():
    fit = em.fit(em.load("us_airlines"), "cobb_douglas", effects="within")
    found = em.arrangements.merger(fit, ["firm 1, 1970", "firm 2, 1970"])
    assert any("Provider effects are left out" in note for note in found.notes)
