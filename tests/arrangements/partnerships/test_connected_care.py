"""One worker for several services: known continuity, parts that add up, and where it stops paying."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.estimate.sample import points_in

# Exact arithmetic in double precision: some thirty sums and products of numbers up to a few hundred.
EXACT = 1e-10
BOND = em.arrangements.Trust(growth=0.05, decay=0.2, kept=0.25, every=3)
PARTS = [
    "scope through systems",
    "one relationship, built by all contacts",
    "relationships set up once",
    "specialisation lost",
]


def continuity(contacts):
    """Mean over a cycle by the recursion itself."""
    trust = em.arrangements.Trust(1 - 0.95**contacts, 0.2, 0.25, 3)
    return trust.path(3 * 500)[-3:].mean()


def cost(stated, visits, meals, known):
    row = pd.DataFrame({"visits": [float(visits)], "meals": [float(meals)], "continuity": [known]})
    return float(stated.technology.cost(stated.theta, points_in(stated.technology, row))[0])


def test_both_ways_are_known(truth):
    found = em.arrangements.connected_care(truth, "continuity", people=10, bond=BOND, set_up=1.5, generalist=0.08)
    once = 1.5 * 10 / 3
    apart = cost(truth, 100, 0, continuity(10.0)) + cost(truth, 0, 50, continuity(5.0)) + 2 * once
    joint = cost(truth, 100, 50, continuity(15.0))
    assert found.row("a worker for each service")["estimate"] == pytest.approx(apart, abs=EXACT)
    assert found.row("one worker for all")["estimate"] == pytest.approx(1.08 * joint + once, abs=EXACT)
    assert found.tables["continuity"]["mean_continuity"].tolist() == pytest.approx(
        [continuity(10.0), continuity(5.0), continuity(15.0)], abs=EXACT
    )
    systems = cost(truth, 100, 0, continuity(15.0)) + cost(truth, 0, 50, continuity(15.0)) - joint
    assert found.row("scope through systems")["estimate"] == pytest.approx(systems, abs=EXACT)
    assert found.row("relationships set up once")["estimate"] == pytest.approx(once, abs=EXACT)


def test_the_parts_add_up_to_the_saving(truth, open_fit):
    for function in (truth, open_fit):
        found = em.arrangements.connected_care(
            function, "continuity", people=10, bond=BOND, set_up=1.5, generalist=0.08
        )
        table = found.table.set_index("term")
        column = "estimate" if function is truth else "identified_high"
        values = table[column].fillna(table["estimate"])
        assert values[PARTS].sum() == pytest.approx(values["saving"], abs=1e-8)


def test_without_an_effect_of_continuity_people_add_nothing():
    parameters = {"common cost": 10, "visits": 50, "meals": 40}
    flat = em.worlds.state(
        "composite", parameters, outputs={"visits": 100, "meals": 50}, relationships={"continuity": 0.5},
        fixed_costs=("visits", "meals"),
    )  # fmt: skip
    found = em.arrangements.connected_care(flat, "continuity", people=10, bond=BOND)
    assert found.row("one relationship, built by all contacts")["estimate"] == pytest.approx(0.0, abs=EXACT)
    assert found.row("saving")["estimate"] == pytest.approx(10.0, abs=EXACT)


def test_at_its_switching_value_a_generalist_costs_what_is_saved(truth):
    how = {"people": 10, "bond": BOND, "set_up": 1.5}
    table = em.arrangements.connected_care(truth, "continuity", **how).tables["switching values"].set_index("number")
    premium = table.loc["premium of a generalist", "switches_at"]
    there = em.arrangements.connected_care(truth, "continuity", generalist=premium, **how)
    assert there.row("saving")["estimate"] == pytest.approx(0.0, abs=1e-8)
    assert table.loc["premium of a generalist", "cheapest"] == "one worker for all"


def test_a_fit_gives_intervals(open_fit):
    found = em.arrangements.connected_care(open_fit, "continuity", people=10, bond=BOND)
    row = found.row("saving")
    assert np.isnan(row["estimate"])
    assert row["conf_low"] <= row["identified_low"] < row["identified_high"] <= row["conf_high"]
    assert not row["supported"]
    assert any("only intervals are identified" in note for note in found.notes)
    # Continuity does not touch the fixed cost that is not identified any more than all else.
    assert found.row("one worker for all")["estimate"] > 0


def test_words_say_what_comes_through_people(truth, open_fit):
    said = em.arrangements.connected_care(truth, "continuity", people=10).text
    assert "come through systems (joint production, continuity held)" in said
    assert "It stops paying at a generalist's premium of" in said
    beyond = em.arrangements.connected_care(open_fit, "continuity", people=10).text
    assert "The saving of one worker is between" in beyond
    assert "this is what the form implies beyond the data" in beyond
    dear = em.arrangements.connected_care(truth, "continuity", people=10, generalist=3.0)
    assert "One worker costs" in dear.text


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"people": 0}, NotSupported, r"people=0: contacts a person need a number of people above zero"),
        ({"set_up": -1, "generalist": -0.1}, NotSupported, r"set_up=-1, generalist=-0.1: .* cannot be below zero"),
        ({"at": [0.5, 1]}, NotSupported, r"One place at a time: at=\[0.5, 1\] is 2"),
        ({"at": {"meals": 0}}, FormError, r"needs two services that are provided at the place"),
        ({"relationship": "trust"}, UnknownName, r"'trust' is not a relationship variable .* There is continuity"),
    ],
)
def test_questions_without_an_answer(truth, how, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.connected_care(truth, **({"relationship": "continuity"} | how))


def test_forms_without_an_answer(truth):
    single = em.worlds.state(
        "cobb_douglas", {"visits": 0.9}, outputs={"visits": 100}, relationships={"continuity": 0.5}
    )
    with pytest.raises(FormError, match=r"needs two outputs at least, and visits is the only one"):
        em.arrangements.connected_care(single, "continuity")
    log = em.worlds.state(
        "translog", {"visits": 0.5, "meals": 0.4}, outputs={"visits": 9, "meals": 9}, relationships={"continuity": 0.5}
    )
    with pytest.raises(FormError, match=r"A worker for each service compares cost at zero output"):
        em.arrangements.connected_care(log, "continuity")


def test_a_form_without_a_positive_cost_gives_no_number():
    parameters = {"common cost": -30, "visits": 100, "meals": 20}
    stated = em.worlds.state(
        "composite", parameters, outputs={"visits": 100, "meals": 50}, relationships={"continuity": 0.5},
        fixed_costs=("visits", "meals"),
    )  # fmt: skip
    with pytest.raises(NotSupported, match=r"The fitted cost of a provider of only meals is not positive"):
        em.arrangements.connected_care(stated, "continuity")


def test_an_input_ratio_carries_no_relationship():
    fit = em.fit(em.load("uk_universities").using(prices=[]), form="composite", second_order="none")
    with pytest.raises(NotSupported, match=r"is an input ratio"):
        em.arrangements.connected_care(fit, "academics_per_student")


def test_a_relationship_in_logs_is_never_quite_unknown():
    outputs, more = {"visits": 100, "meals": 50}, {"continuity": 0.5}
    terms = {"common cost": 10, "visits": 50, "meals": 40, "continuity": -0.5}
    truth = em.worlds.state("composite", terms, outputs=outputs, relationships=more)
    data = em.worlds.simulate(truth, 60, noise=0.05, specialised={"visits": 0.3, "meals": 0.3}, seed=1).data
    frame = data.frame.assign(continuity=np.exp(0.1 * data.frame["continuity"]))
    role = em.Relationship("attribute", scale="log", more_means="closer")
    fit = em.fit(
        em.CostData(frame, cost="cost", outputs=list(outputs), relationships={"continuity": role}), "composite"
    )
    for bond in (em.arrangements.Trust(kept=0.0), em.arrangements.Trust(decay=0.9), None):
        found = em.arrangements.connected_care(fit, "continuity", bond=bond)
        assert np.isfinite(found.tables["switching values"]["searched_from"]).all()
    for bond in (em.arrangements.Trust(growth=0.0), em.arrangements.Trust(kept=0.0, every=1)):
        with pytest.raises(NotSupported, match="continuity would be zero where a worker has one service"):
            em.arrangements.connected_care(fit, "continuity", bond=bond)
