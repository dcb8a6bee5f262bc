"""Two worlds with opposite truths, one table: what no cost regression tells apart, and how that is said."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import UnknownName

ROWS = 5_000
# The slope of log cost is known to some 0.0006 at this size.
SAMPLING = 2e-3


@pytest.fixture(scope="module")
def worlds():
    return {name: em.worlds.staffing(name, ROWS) for name in ("scales", "rationed")}


@pytest.fixture(scope="module")
def separations(worlds):
    return {name: em.separate(em.fit(world.data, "cobb_douglas"), replications=49) for name, world in worlds.items()}


def test_the_truths_are_opposite(worlds):
    assert worlds["scales"].facts["cost elasticity of the technology"] == pytest.approx(0.88)
    assert worlds["rationed"].facts["cost elasticity of the technology"] == 1.0
    assert all(world.truth is None for world in worlds.values())


def test_both_worlds_give_the_same_numbers(separations):
    scales, rationed = (separations[name].table["estimate"].to_numpy() for name in ("scales", "rationed"))
    # The tables differ by rounding: y ** 0.8 against y * y ** -0.2.
    assert scales == pytest.approx(rationed, abs=1e-10)
    assert separations["scales"].table["term"].tolist() == separations["rationed"].table["term"].tolist()
    found = separations["scales"].table.set_index("term")["estimate"]
    assert found["apparent"] == pytest.approx(0.881, abs=SAMPLING)
    assert found["scale"] == pytest.approx(1.000, abs=SAMPLING)
    assert found["relationship: staff_per_user"] == pytest.approx(-0.119, abs=SAMPLING)


def test_both_worlds_get_the_same_sentence_and_it_claims_neither(separations):
    scales, rationed = (separations[name].text for name in ("scales", "rationed"))
    assert scales == rationed
    assert "is located in staffing per user, an input ratio" in scales
    assert "scale and relationship cannot be told apart" in scales
    assert "gives the same numbers as rationed contact" in scales
    for claim in ("effect of", "is due to", "economies of relationship", "associated with staffing"):
        assert claim not in scales


def test_a_fit_says_the_same_of_the_ratio(worlds):
    text = em.relationship(em.fit(worlds["scales"].data, "cobb_douglas")).text
    assert "Staffing per user is an input ratio" in text
    assert "not an effect of relationship" in text


def test_an_attribute_may_carry_a_part():
    data = em.worlds.case_mix(4000, selection=0.0, seed=1).data
    result = em.separate(em.fit(data, "cobb_douglas"), replications=99)
    assert "is associated with continuity, a measured attribute of the relationship" in result.text
    assert "located in" not in result.text
    assert "bracket" not in result.text
    assert "bracket of scale" not in result.tables


def test_an_unstated_kind_is_read_as_an_input_ratio():
    data = em.worlds.case_mix(500).data
    unstated = em.CostData(data.frame, cost="cost", outputs=["users"], relationships=["continuity"])
    assert unstated.relationships["continuity"].kind == "unstated"
    result = em.separate(em.fit(unstated, "cobb_douglas"), replications=19)
    assert "is located in continuity, of unstated kind and so read as an input ratio" in result.text
    assert "bracket of scale" in result.tables


@pytest.mark.parametrize("selection", [0.0, 0.5])
def test_relationships_chosen_by_case_mix_mislead_the_separation(selection):
    world = em.worlds.case_mix(5_000, selection=selection, seed=2)
    table = em.separate(em.fit(world.data, "cobb_douglas"), replications=99).table.set_index("term")
    part = table.loc["relationship: continuity"]
    truth = world.facts["relationship part"]
    # Need costs 0.2 and moves continuity by `selection`: its cost is laid at continuity's door.
    bias = 0.2 * selection / (1 + selection**2)
    assert part["estimate"] == pytest.approx(truth + bias * -0.3, abs=4 * part["std_error"])
    covered = part["conf_low"] < truth < part["conf_high"]
    assert covered == (selection == 0.0)
    # And so is the share of need that continuity takes from size.
    scale = table.loc["scale"]
    assert abs(scale["estimate"] - world.facts["scale"] - (0.06 * selection / 1.25)) < 4 * scale["std_error"]


def test_unknown_worlds_are_refused():
    with pytest.raises(UnknownName, match=r"staffing='thin' is not a world. There are \"scales\" and \"rationed\""):
        em.worlds.staffing("thin", 10)


def test_worlds_have_staff_that_fall_with_size(worlds):
    frame = worlds["scales"].data.frame
    slope = np.polyfit(np.log(frame["users"]), np.log(frame["staff_per_user"]), 1)[0]
    assert slope == pytest.approx(-0.2, abs=SAMPLING)
