"""Arrangements on one scale: exact numbers on F1, identities, intervals, and when the cheapest changes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.arrangements.terms import ARRANGEMENTS
from econmodel.simulation import StatedCost

# Exact arithmetic in double precision: some thirty sums and products of numbers up to a few hundred.
EXACT = 1e-10
FREE = em.arrangements.Transactions(average=0.0)
TWO = {"Ash": {"a": 20, "b": 5, "c": 10}, "Beech": {"a": 4, "b": 25, "c": 0}}


def costs(found):
    table = found.table.set_index("term")["estimate"]
    return {name: table[name] for name in ARRANGEMENTS}


def test_every_arrangement_is_known_on_f1(f1, f1_cost):
    how = {"per_partner": 2.0, "per_pair": 1.5, "fee": 0.2, "one_off": 50.0, "horizon": 8, "discount_rate": 0.05}
    trust, mandated = em.arrangements.Trust(every=3), em.arrangements.Trust(decay=0.4, slope=0.3)
    found = costs(em.arrangements.partner(f1, TWO, ["b"], subcontractor="Beech", trust=trust, mandated=mandated, **how))
    apart = f1_cost(20, 5, 10) + f1_cost(4, 25, 0)
    shared = f1_cost(0, 30, 0)
    together = f1_cost(20, 0, 10) + f1_cost(4, 0, 0) + shared + 2.0 + 1.5
    price = (f1_cost(4, 30, 0) - f1_cost(4, 25, 0)) / 0.8
    share = em.arrangements.Transactions().share(trust)
    assert apart == pytest.approx(98.625 + 56.535, abs=EXACT)
    assert found["separate"] == pytest.approx(apart, abs=EXACT)
    assert found["merge"] == pytest.approx(138.970 + 50 * 0.05 / (1 - 1.05**-8), abs=EXACT)
    assert found["partner"] == pytest.approx(together + share * shared, abs=EXACT)
    assert found["partner, mandated"] == pytest.approx(
        together + em.arrangements.Transactions().share(mandated) * shared, abs=EXACT
    )
    expected = f1_cost(20, 0, 10) + f1_cost(4, 25, 0) + price * (1 + share)
    assert found["subcontract"] == pytest.approx(expected, abs=EXACT)


def test_with_nothing_shared_and_nothing_to_pay_a_partnership_is_separate(f1):
    found = costs(em.arrangements.partner(f1, TWO, {"a": 0.0}, transactions=FREE))
    assert found["partner"] == pytest.approx(found["separate"], abs=EXACT)
    assert found["subcontract"] == pytest.approx(found["separate"], abs=EXACT)


def test_with_everything_shared_and_nothing_to_pay_a_partnership_is_a_merger(f1):
    found = costs(em.arrangements.partner(f1, TWO, ["a", "b", "c"], transactions=FREE))
    for name in ("partner", "partner, mandated", "subcontract"):
        assert found[name] == pytest.approx(found["merge"], abs=EXACT)


def test_a_part_of_a_service_can_be_shared(f1, f1_cost):
    found = costs(em.arrangements.partner(f1, TWO, {"a": 0.25, "b": 0.5}, transactions=FREE))
    expected = f1_cost(15, 2.5, 10) + f1_cost(3, 12.5, 0) + f1_cost(6, 15, 0)
    assert found["partner"] == pytest.approx(expected, abs=EXACT)


def test_the_parts_add_up_and_are_what_the_table_says(f1):
    found = em.arrangements.partner(f1, TWO, ["a"], per_partner=3, fee=0.1, one_off=20)
    parts = found.tables["parts"]
    total = parts.drop(columns=["arrangement", "total"]).sum(axis=1)
    assert total.tolist() == pytest.approx(list(costs(found).values()), abs=EXACT)
    assert parts["total"].tolist() == pytest.approx(total.tolist(), abs=EXACT)
    apart = found.row("separate")["estimate"]
    for name in ARRANGEMENTS[1:]:
        difference = found.row(f"{name} less separate")["estimate"]
        assert difference == pytest.approx(found.row(name)["estimate"] - apart, abs=EXACT)


@pytest.mark.parametrize("partners", [2, 3, 5])
def test_a_hub_grows_with_partners_and_a_dyadic_network_with_pairs(f1, partners):
    many = {f"P{place}": {"a": 10, "b": 10, "c": 10} for place in range(partners)}
    none, hub, pairs = (
        costs(em.arrangements.partner(f1, many, ["a"], **how))["partner"]
        for how in ({}, {"per_partner": 1.0}, {"per_partner": 1.0, "per_pair": 1.0})
    )
    assert hub - none == pytest.approx(partners - 1, abs=EXACT)
    assert pairs - hub == pytest.approx(partners * (partners - 1) / 2, abs=EXACT)


def test_the_order_of_providers_and_of_shared_services_does_not_matter(f1):
    turned = dict(reversed(TWO.items()))
    one, other = em.arrangements.partner(f1, TWO, ["a", "b"]), em.arrangements.partner(f1, turned, ["b", "a"])
    assert list(costs(one).values()) == pytest.approx(list(costs(other).values()), abs=EXACT)


def test_the_subcontractor_is_the_cheapest_one_if_none_is_named(f1):
    each = [costs(em.arrangements.partner(f1, TWO, ["b"], subcontractor=name))["subcontract"] for name in TWO]
    assert costs(em.arrangements.partner(f1, TWO, ["b"]))["subcontract"] == min(each)


def test_relationships_stay_with_the_providers_and_meet_by_volume(truth):
    two = {
        "Ash": {"visits": 80, "meals": 20, "continuity": 0.8},
        "Beech": {"visits": 20, "meals": 30, "continuity": 0.3},
    }
    technology = truth.technology

    def cost(visits, meals, continuity):
        from econmodel.estimate.sample import points_in

        row = {"visits": [visits], "meals": [meals], "continuity": [continuity]}
        return float(technology.cost(truth.theta, points_in(technology, pd.DataFrame(row)))[0])

    found = costs(em.arrangements.partner(truth, two, ["meals"], transactions=FREE))
    expected = cost(80, 0, 0.8) + cost(20, 0, 0.3) + cost(0, 50, (20 * 0.8 + 30 * 0.3) / 50)
    assert found["partner"] == pytest.approx(expected, abs=EXACT)
    volumes = np.array([80 / 100 + 20 / 50, 20 / 100 + 30 / 50])
    mean = volumes @ [0.8, 0.3] / volumes.sum()
    assert found["merge"] == pytest.approx(cost(100, 50, mean), abs=EXACT)
    after = costs(em.arrangements.partner(truth, two, ["meals"], relationships_after={"continuity": 0.2}))
    assert after["merge"] == pytest.approx(cost(100, 50, 0.2), abs=EXACT)


def test_a_mandate_costs_more_and_says_so(f1):
    found = em.arrangements.partner(f1, TWO, ["a", "b", "c"], one_off=1000)
    assert costs(found)["partner, mandated"] > costs(found)["partner"]
    assert "A partnership saves 12.4 over staying apart, a mandated one saves 10.7" in found.text
    dear = em.arrangements.partner(f1, TWO, ["a"], per_partner=50)
    assert "A mandate adds" in dear.text
    close = em.arrangements.partner(f1, TWO, ["a", "b", "c"], one_off=1000, per_partner=11.5, fee=0.9)
    assert "a mandated one costs" in close.text
    assert "and is no longer the cheapest" in close.text
    same = em.arrangements.partner(f1, TWO, ["a"], mandated=em.arrangements.Trust())
    assert "A mandate would change nothing here" in same.text


def test_the_text_names_the_cheapest(f1):
    said = em.arrangements.partner(f1, TWO, ["a"]).text
    assert said.startswith("Ash and Beech cost 155.2 a year apart, 139 merged and, with a shared, ")
    assert "Merging is the cheapest, 16.19 less than staying apart." in said
    dear = em.arrangements.partner(f1, TWO, ["a"], one_off=1000, per_partner=100, fee=0.9)
    assert "Staying apart is the cheapest" in dear.text


def test_every_number_has_a_source(f1):
    numbers = (
        em.arrangements.partner(f1, TWO, ["a"], per_partner=3)
        .tables["numbers and their sources"]
        .set_index("number")["source"]
    )
    assert numbers.str.len().min() > 3
    assert numbers["coordination, per partner but one"] == "given"
    assert numbers["coordination, per pair"] == "not given: nothing is counted"
    assert numbers["trust: growth a year"] == "assumption"
    assert numbers["transaction share over the base cycle"].startswith("published: Petersen")


def test_a_fit_gives_intervals_that_hold_the_truth(closed_fit, truth):
    names = closed_fit.data.row_names()
    rows = closed_fit.data.frame
    both = np.flatnonzero((rows["visits"] > 50) & (rows["meals"] > 25))[:2]
    found = em.arrangements.partner(
        closed_fit, [names[place] for place in both], ["meals"], per_partner=2.0, one_off=30.0
    )
    table = {names[place]: rows.iloc[place][["visits", "meals", "continuity"]].to_dict() for place in both}
    true = em.arrangements.partner(truth, table, ["meals"], per_partner=2.0, one_off=30.0)
    assert found.table["identified_low"].isna().all()
    for name in ("separate", "merge", "partner", "subcontract"):
        row, error = found.row(name), found.row(name)["std_error"]
        # Log noise is 0.05, so mean cost is 1.00125 times the truth.
        assert abs(row["estimate"] - 1.00125 * true.row(name)["estimate"]) < 3 * error, name
    assert found.row("separate")["supported"]


def test_what_is_not_identified_is_an_interval_and_holds_the_truth(open_fit, truth):
    names = open_fit.data.row_names()[:2]
    found = em.arrangements.partner(open_fit, names, ["meals"])
    rows = open_fit.data.frame.iloc[:2][["visits", "meals", "continuity"]]
    true = em.arrangements.partner(truth, dict(zip(names, rows.to_dict("records"), strict=True)), ["meals"])
    assert found.row("separate")["estimate"] == found.row("separate")["estimate"]
    assert found.row("merge")["estimate"] == found.row("merge")["estimate"]
    for name in ("partner", "subcontract"):
        row = found.row(name)
        assert np.isnan(row["estimate"])
        assert row["conf_low"] <= row["identified_low"] < row["identified_high"] <= row["conf_high"]
        assert row["conf_low"] <= true.row(name)["estimate"] <= row["conf_high"]
        assert not row["supported"]
    # n providers pay the whole intercept once each, and the shared service once more or not at all.
    width = found.row("partner")["identified_high"] - found.row("partner")["identified_low"]
    assert width > 0
    assert any("only intervals are identified" in note for note in found.notes)


def test_draws_agree_with_derivatives(closed_fit):
    names = closed_fit.data.row_names()[:2]
    delta = em.arrangements.partner(closed_fit, names, ["meals"]).table.set_index("term")["std_error"]
    drawn = em.arrangements.partner(closed_fit, names, ["meals"], method="simulate").table.set_index("term")[
        "std_error"
    ]
    # Two thousand draws know a standard deviation to about 1.6 %; three of these, and curvature.
    assert (drawn / delta - 1).abs().max() < 0.1


def test_a_log_form_can_share_a_part_of_everything(truth):
    fit = em.fit(em.worlds.simulate(truth, 150, noise=0.05, seed=3).data, "translog", second_order="outputs")
    found = em.arrangements.partner(fit, fit.data.row_names()[:2], {"visits": 0.5, "meals": 0.5})
    assert found.table["estimate"].notna().all()


def test_the_merger_is_that_of_the_other_measure(open_fit, f1):
    names = open_fit.data.row_names()[:3]
    for function, providers, shared in ((open_fit, names, ["meals"]), (f1, TWO, ["a"])):
        found = em.arrangements.partner(function, providers, shared)
        ratio = em.arrangements.merger(function, providers).row("merger")["estimate"]
        row = found.row("merge")["estimate"] / found.row("separate")["estimate"]
        assert row == pytest.approx(ratio, rel=1e-12)


def test_networks_add_up_in_a_merger():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(np.exp(rng.normal(3, 0.5, (80, 2))), columns=["contacts", "sites"])
    frame["cost"] = frame["contacts"] ** 0.7 * frame["sites"] ** 0.3
    data = em.CostData(frame, cost="cost", outputs=["contacts"], network=["sites"])
    found = costs(em.arrangements.partner(em.fit(data, "cobb_douglas"), ["row 0", "row 1"], {"contacts": 0.5}))
    both = frame.iloc[:2].sum()
    assert found["merge"] == pytest.approx(both["contacts"] ** 0.7 * both["sites"] ** 0.3, rel=1e-8)


@given(
    first=st.tuples(st.floats(1, 40), st.floats(0, 40), st.floats(0, 40)),
    second=st.tuples(st.floats(1, 40), st.floats(0, 40), st.floats(0, 40)),
    shares=st.tuples(*[st.floats(0, 1)] * 3),
)
@settings(max_examples=25)
def test_costs_are_those_of_who_provides_what(f1, f1_cost, first, second, shares):
    two = {name: dict(zip("abc", bundle, strict=True)) for name, bundle in (("Ash", first), ("Beech", second))}
    found = costs(em.arrangements.partner(f1, two, dict(zip("abc", shares, strict=True)), transactions=FREE))
    one, other, share = (np.array(each) for each in (first, second, shares))
    rest = f1_cost(*(one - share * one)) + f1_cost(*(other - share * other))
    assert found["separate"] == pytest.approx(f1_cost(*one) + f1_cost(*other), rel=1e-12)
    assert found["merge"] == pytest.approx(f1_cost(*(one + other)), rel=1e-12)
    assert found["partner"] == pytest.approx(rest + f1_cost(*(share * (one + other))), rel=1e-12)


def test_money_in_other_units_changes_no_share(truth):
    two = {
        "Ash": {"visits": 80, "meals": 20, "continuity": 0.8},
        "Beech": {"visits": 20, "meals": 30, "continuity": 0.7},
    }
    pence = StatedCost(
        truth.technology, truth.theta * np.where(np.arange(len(truth.theta)) < aggregate(truth), 100.0, 1.0)
    )
    money = {"per_partner": 3.0, "one_off": 40.0}
    pounds = em.arrangements.partner(truth, two, ["meals"], fee=0.2, **money)
    more = em.arrangements.partner(
        pence, two, ["meals"], fee=0.2, **{name: 100 * value for name, value in money.items()}
    )
    assert list(costs(more).values()) == pytest.approx([100 * cost for cost in costs(pounds).values()])
    names = ["fee of the subcontract", "transaction share, average", "continuity after merging"]
    switch, again = (
        one.tables["switching values"].set_index("number").loc[names, "switches_at"] for one in (pounds, more)
    )
    assert again.tolist() == pytest.approx(switch.tolist(), nan_ok=True)


def aggregate(stated):
    """How many of the parameters are in money: those of the part that outputs add up in."""
    return stated.technology.aggregate.count


def test_what_is_shared_is_said_once(f1):
    assert "with everything shared" in em.arrangements.partner(f1, TWO, ["a", "b", "c"]).text
    half = dict.fromkeys("abc", 0.5)
    assert "with 50 % of everything shared" in em.arrangements.partner(f1, TWO, half).text
    assert "with a and 25 % of b shared" in em.arrangements.partner(f1, TWO, {"a": 1, "b": 0.25}).text


def test_what_the_data_do_not_settle_is_not_called_the_cheapest():
    money = {"common cost": 20, "visits": 45, "meals": 35, "visits x meals": -4}
    truth = em.worlds.state("composite", money, outputs={"visits": 100, "meals": 50})
    table = em.worlds.simulate(truth, 7, periods=8, noise=0.2, seed=17, specialised={"meals": 0.2}).data
    two = {"A": {"visits": 80, "meals": 40}, "B": {"visits": 60, "meals": 30}}
    few = em.arrangements.partner(em.fit(table, "composite"), two, ["meals"])
    row = few.row("merge less separate")
    assert row["conf_high"] < 0
    assert row["p_value"] > 0.05
    assert "Merging would be the cheapest" in few.text
    assert "Between merging and staying apart: the data do not settle it: there are few clusters" in few.text
    assert any("wild cluster bootstrap; intervals are classical" in note for note in few.notes)


def test_beyond_the_data_the_form_is_said_to_speak(closed_fit):
    found = em.arrangements.partner(
        closed_fit, closed_fit.data.row_names()[:2], ["meals"], per_partner=2.0, one_off=30.0
    )
    assert not found.row("merge less subcontract")["supported"]
    assert "Merging would be the cheapest" in found.text
    assert "Between merging and subcontracting: this is what the form implies beyond the data" in found.text


def test_tables_have_the_same_columns_whatever_is_asked(f1, open_fit):
    of_fit = em.arrangements.partner(open_fit, open_fit.data.row_names()[:2], ["meals"], along="every")
    others = [em.arrangements.partner(f1, TWO, ["a"], along=name) for name in ("fee", "one_off")]
    for name in ("switching values", "along"):
        assert {tuple(one.tables[name].columns) for one in others} == {tuple(of_fit.tables[name].columns)}
    assert "fixed cost" not in others[0]._repr_html_().split("switching values")[1].split("</tr>")[0]
