"""Group structures: some outputs made together, the others apart."""

from dataclasses import replace

import numpy as np
import pytest

import econmodel as em

EXACT = 1e-10
A = np.array([[0.02, -0.01, 0.004], [-0.01, 0.03, -0.006], [0.004, -0.006, 0.015]])
B, FIXED, COMMON = np.array([2.0, 1, 3]), np.array([3.0, 2, 4]), 10.0
ELM, OAK = np.array([20.0, 5, 10]), np.array([4.0, 25, 6])
PARTNERS = {name: dict(zip("abc", made, strict=True)) for name, made in (("Elm", ELM), ("Oak", OAK))}
FACTORS = ["learning", "levelling", "harmony", "size", "relationship"]


def cost(y):
    return COMMON + (y > 0) @ FIXED + y @ B + y @ A @ y / 2


def without(y, *names):
    return np.where([name in names for name in "abc"], 0.0, y)


def estimates(found):
    return found.table.set_index("term")["estimate"]


@pytest.mark.parametrize("merged", [["a"], ["a", "c"]])
def test_the_exact_group(f1, merged):
    found = estimates(em.arrangements.merger(f1, PARTNERS, merged=merged))

    def part(y):
        return cost(y) - cost(without(y, *merged))

    front = cost(without(ELM, *merged)) + cost(without(OAK, *merged))
    apart, total = cost(ELM) + cost(OAK), part(ELM) + part(OAK)
    alone = cost(without(ELM + OAK, *set("abc").difference(merged)))
    expected = {
        "merger": (front + part(ELM + OAK)) / apart,
        "share of cost merged": total / apart,
        "merged part": part(ELM + OAK) / total,
        "harmony": 2 * part((ELM + OAK) / 2) / total,
        "size": part(ELM + OAK) / (2 * part((ELM + OAK) / 2)),
        "merger, joint unit on its own": (front + alone) / apart,
    }
    for term, value in expected.items():
        assert found[term] == pytest.approx(value, abs=EXACT), term
    assert found[FACTORS].prod() == pytest.approx(found["merged part"], abs=EXACT)
    whole = 1 - found["share of cost merged"] * (1 - found["merged part"])
    assert found["merger"] == pytest.approx(whole, abs=EXACT)
    # A joint unit on its own loses what is saved by making everything in one house: the degree of scope.
    joint = cost(ELM + OAK)
    scope = (alone + cost(without(ELM + OAK, *merged)) - joint) / joint
    assert found["merger, joint unit on its own"] - found["merger"] == pytest.approx(scope * joint / apart, abs=EXACT)


def test_fixed_cost_that_is_not_identified_gives_an_interval(composite):
    # Everyone makes homes; one in five makes no support.
    frame, technology = composite.data.frame, composite.technology
    rows = np.flatnonzero(frame["support"] > 0)[:2]
    names = [composite.data.row_names()[row] for row in rows]
    homes = em.arrangements.merger(composite, names, merged=["homes"], one_off=5.0)
    row = homes.row("merger")
    assert np.isnan(row["estimate"])
    assert row["conf_low"] < row["identified_low"] < row["identified_high"] < row["conf_high"]
    # The ends differ by the common fixed cost: the partners' own, less that of the joint unit at their mean.
    used = homes.tables["numbers used"].set_index("number")["value"]
    shares = used[[f"weight of {name} in means" for name in names]].to_numpy()
    levelled = frame.iloc[rows][["wage", "continuity"]].T @ shares
    once = replace(
        technology.mean_point(),
        log_prices=np.log([[levelled["wage"]]]),
        relationships=np.array([[levelled["continuity"]]]),
    )
    saved = technology.intercept(composite.theta, composite.points())[rows].sum()
    saved -= technology.intercept(composite.theta, once)[0]
    apart = homes.tables["money"].set_index("item")["estimate"]["cost apart"] / used["mean over fitted cost"]
    assert row["identified_high"] - row["identified_low"] == pytest.approx(saved / apart, abs=EXACT)
    assert "would cost between" in homes.text
    assert "are known as intervals only (table)" in homes.text
    assert "is paid back after" in homes.text
    assert any(note.startswith("Where everyone makes homes, its own fixed cost cannot be told") for note in homes.notes)
    support = em.arrangements.merger(composite, names[:2], merged="support")
    assert np.isfinite(support.row("merger")["estimate"])
    assert "Of the merged part (" in support.text


def test_support_is_asked_of_the_corners(composite):
    frame = composite.data.frame
    middle = frame[frame["support"] > 0].assign(gap=lambda f: (f["homes"] - 500).abs()).nsmallest(2, "gap").index
    names = [f"row {one}" for one in middle]
    assert em.arrangements.merger(composite, names).table["supported"].all()
    # Nobody makes support without homes.
    homes = em.arrangements.merger(composite, names, merged=["homes"])
    assert not homes.table["supported"].any()
    assert homes.notes[-1].startswith("Outside the support of the data: row")
    assert em.arrangements.merger(composite, names, merged=["support"]).row("merged part")["supported"]
