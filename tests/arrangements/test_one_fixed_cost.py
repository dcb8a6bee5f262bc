"""Whoever divides the same outputs in the same way pays the same fixed cost, whichever measure is asked."""

from functools import cache

import numpy as np
import pytest

import econmodel as em

# Sums and quotients of a dozen costs.
EXACT = 1e-10
ENDS = ["identified_low", "identified_high"]
VOLUMES = {"visits": 100.0, "meals": 50.0, "advice": 20.0}
FREE = em.arrangements.Transactions(average=0.0)
# Outputs, those that some providers do without, and the two firms that divide them.
WORLDS = {
    "everyone makes both": (("visits", "meals"), (), (["visits"], ["meals"])),
    "some make no meals": (("visits", "meals"), ("meals",), (["visits"], ["meals"])),
    "some make only one": (("visits", "meals"), ("visits", "meals"), (["visits"], ["meals"])),
    "everyone makes three": (("visits", "meals", "advice"), (), (["visits"], ["meals", "advice"])),
    "some make no advice": (("visits", "meals", "advice"), ("advice",), (["visits", "advice"], ["meals"])),
}


@cache
def fit_of(world):
    outputs, without, _ = WORLDS[world]
    money = {"common cost": 20, "visits x meals": -4, "continuity": -0.3, **dict.fromkeys(outputs, 35)}
    volumes = {name: VOLUMES[name] for name in outputs}
    truth = em.worlds.state("composite", money, outputs=volumes, relationships={"continuity": 0.6})
    table = em.worlds.simulate(truth, 150, noise=0.05, seed=3, specialised=dict.fromkeys(without, 0.2) or None).data
    return em.fit(table, "composite", second_order="none")


def two_firms(world):
    """What both make, and each of them: all of its own outputs and nothing else."""
    outputs, _, groups = WORLDS[world]
    place = {name: VOLUMES[name] for name in outputs} | {"continuity": 0.6}
    firms = [place | dict.fromkeys(set(outputs).difference(own), 0.0) for own in groups]
    return place, dict(zip(("Ash", "Beech"), firms, strict=True))


def ends(row):
    """Both ends of what is identified; the estimate twice where it is."""
    return [row["estimate"]] * 2 if np.isfinite(row["estimate"]) else row[ENDS].tolist()


@pytest.mark.parametrize("world", WORLDS)
def test_two_firms_that_make_different_things_cost_the_same_everywhere(world):
    fit, groups = fit_of(world), WORLDS[world][2]
    place, firms = two_firms(world)
    scope = em.scope(fit, at=place, partition=groups)
    degree = ends(scope.table.iloc[0])
    open_ = set(WORLDS[world][1]) != set(WORLDS[world][0])
    assert (degree[1] > degree[0]) == open_
    # Separate costs over joint cost, less one.
    ratio = ends(em.arrangements.merger(fit, firms).row("merger"))
    assert sorted(1 / np.array(ratio) - 1) == pytest.approx(degree, abs=EXACT)
    partners = em.arrangements.partner(fit, firms, list(groups[0]), transactions=FREE)
    merged = partners.row("merge")["estimate"]
    assert (np.array(ends(partners.row("separate"))) / merged - 1).tolist() == pytest.approx(degree, abs=EXACT)
    # Each makes one thing, so that to share all of one's work moves it and changes nothing.
    assert ends(partners.row("partner")) == pytest.approx(ends(partners.row("separate")), rel=EXACT)


@pytest.mark.parametrize("world", [world for world, (outputs, _, _) in WORLDS.items() if len(outputs) == 2])
def test_a_structure_of_two_specialists_costs_the_same(world):
    fit = fit_of(world)
    place, _ = two_firms(world)
    demand = {name: place[name] for name in ("visits", "meals")}
    whole = {"at": {"continuity": 0.6}, "halve": False, "only_supported": False}
    joint, apart = (
        em.arrangements.configure(fit, demand, demand, **whole, **limit) for limit in ({}, {"largest": 0.5})
    )
    costs = apart.tables["cost"]["cost"].to_numpy(dtype=float) / joint.tables["cost"]["cost"].iloc[0] - 1
    degree = ends(em.scope(fit, at=place).row("degree of scope"))
    assert [costs.min(), costs.max()] == pytest.approx(degree, abs=EXACT)


@pytest.mark.parametrize("world", WORLDS)
def test_a_joint_unit_on_its_own_costs_what_a_partnership_does(world):
    fit, merged = fit_of(world), WORLDS[world][2][1]
    place, _ = two_firms(world)
    outputs = WORLDS[world][0]
    firms = {"Ash": place, "Beech": place | {name: 0.5 * place[name] for name in outputs}}
    unit = ends(em.arrangements.merger(fit, firms, merged=merged).row("merger, joint unit on its own"))
    partners = em.arrangements.partner(fit, firms, merged, transactions=FREE)
    apart = partners.row("separate")["estimate"]
    assert (np.array(ends(partners.row("partner"))) / apart).tolist() == pytest.approx(unit, abs=EXACT)


@pytest.mark.parametrize("world", ["everyone makes both", "everyone makes three"])
def test_services_apart_cost_what_scope_says(world):
    fit, outputs = fit_of(world), WORLDS[world][0]
    care = em.arrangements.connected_care(
        fit, "continuity", bond=em.arrangements.Trust(growth=0.02, decay=0.1, kept=0.2)
    )
    known = float(care.tables["continuity"]["mean_continuity"].iloc[-1])
    mean = dict(zip(outputs, fit.technology.mean_point().outputs[0], strict=True))
    degree = ends(em.scope(fit, at=mean | {"continuity": known}).row("degree of scope"))
    joint = care.row("one worker for all")["estimate"]
    assert (np.array(ends(care.row("scope through systems"))) / joint).tolist() == pytest.approx(degree, abs=EXACT)


def test_a_partner_that_makes_only_what_is_merged_leaves_nothing_behind():
    """Whoever makes nothing any more pays no fixed cost, as a firm of a division that makes nothing does."""
    stated = em.worlds.state(
        "composite", {"common cost": 20, "visits": 40, "meals": 30}, outputs={"visits": 100, "meals": 50}
    )
    firms = {"Ash": {"visits": 100, "meals": 50}, "Beech": {"visits": 0, "meals": 50}}
    found = em.arrangements.merger(stated, firms, merged=["meals"])
    apart, together = (20 + 40 + 30) + (20 + 30), 20 + 40 + 60
    assert found.row("merger")["estimate"] == pytest.approx(together / apart, abs=EXACT)
