"""Subadditivity: the exact fixture, grids by brute force, the search, the interval of a maximum, refusals."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError, NotSupported, UnknownName

# Sums of a few dozen products of numbers near one.
ROUNDING = 1e-10
# A search within a tolerance of its optimum, against a grid that is at most a fortieth of each output away from it.
SEARCH = 1e-6
LARGEST, MEAN = "largest saving from splitting", "mean saving from splitting"
SHARE = "share of splits in which one firm is cheaper"
TENTHS = np.arange(1, 10) / 10


def savings(truth, y, shares):
    return np.array([(truth.cost(y) - truth.cost(s * y) - truth.cost((1 - s) * y)) / truth.cost(y) for s in shares])


def test_the_exact_fixture(f1):
    result = em.outputs.subadditivity(f1.stated())
    row = result.row(LARGEST)
    assert row["estimate"] == pytest.approx(-0.102687, abs=5e-7)
    assert result.tables["cheapest split"][["a", "b", "c"]].to_numpy() == pytest.approx(np.tile(f1.mean / 2, (2, 1)))
    assert result.row(SHARE)["estimate"] == 1.0
    assert "729 of 729 splits are admissible" in result.text
    assert "cost is subadditive as far as these splits go" in result.text


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_the_grid_by_brute_force(random_quadratic, seed):
    truth = random_quadratic(seed)
    y = truth.mean * 1.3
    expected = savings(truth, y, np.array(list(product(TENTHS, repeat=len(y)))))
    result = em.outputs.subadditivity(truth.stated(), 1.3)
    assert result.row(LARGEST)["estimate"] == pytest.approx(expected.max(), abs=ROUNDING)
    assert result.row(MEAN)["estimate"] == pytest.approx(expected.mean(), abs=ROUNDING)
    assert result.row(SHARE)["estimate"] == pytest.approx((expected < 0).mean(), abs=1 / len(expected))


def test_the_search_beats_every_grid(f1):
    """Own fixed costs make it cheapest that each firm leaves out one output: no grid of tenths looks there."""
    grid = np.array(list(product(np.arange(41) / 40, repeat=3)))[1:-1]
    expected = savings(f1, f1.mean, grid).max()
    result = em.outputs.subadditivity(f1.stated(), splits="general")
    found = result.row(LARGEST)["estimate"]
    assert expected - SEARCH <= found <= expected + 1e-3
    assert found > em.outputs.subadditivity(f1.stated()).row(LARGEST)["estimate"]
    assert (result.tables["cheapest split"][["a", "c"]] == 0).to_numpy().sum() == 2


def test_three_firms_cost_more_than_two_here(f1):
    two, three = (em.outputs.subadditivity(f1.stated(), splits="general", firms=firms).row(LARGEST) for firms in (2, 3))
    assert three["estimate"] < two["estimate"] < 0
    made = em.outputs.subadditivity(f1.stated(), splits="general", firms=3).tables["cheapest split"]
    assert made[["a", "b", "c"]].sum().to_numpy() == pytest.approx(f1.mean, abs=SEARCH)
    cost = sum(f1.cost(row) for row in made[["a", "b", "c"]].to_numpy())
    assert 1 - cost / f1.cost(f1.mean) == pytest.approx(three["estimate"], abs=SEARCH)


@pytest.fixture(scope="module")
def two_outputs():
    parameters = {"common cost": 10, "a": 40, "b": 40, "half a squared": 20, "half b squared": 20}
    cost = em.worlds.state("composite", parameters, outputs={"a": 20.0, "b": 30.0})
    return em.fit(em.worlds.simulate(cost, 120, spread=0.8, seed=3).data, form="composite")


def test_evans_and_heckman_by_hand(two_outputs):
    columns = two_outputs.data.frame
    seen = columns[["a", "b"]].to_numpy()
    least, ratio = seen.min(axis=0), seen[:, 0] / seen[:, 1]
    technology, theta = two_outputs.technology, two_outputs.theta
    mean = technology.mean_point()

    def cost(y):
        return technology.cost(theta, mean.with_outputs(y))[0]

    q = mean.outputs[0]
    expected = []
    for phi, omega in product(np.arange(11) / 10, repeat=2):
        a = np.array([phi, omega]) * (q - 2 * least) + least
        b = q - a
        if all(ratio.min() <= one[0] / one[1] <= ratio.max() for one in (a, b)):
            expected.append((cost(q) - cost(a) - cost(b)) / cost(q))
    result = em.outputs.subadditivity(two_outputs, splits="evans_heckman", replications=19)
    assert 0 < len(expected) < 121
    assert f"{len(expected)} of 121 splits are admissible" in result.text
    assert result.row(LARGEST)["estimate"] == pytest.approx(max(expected), abs=ROUNDING)
    assert result.row(MEAN)["estimate"] == pytest.approx(np.mean(expected), abs=ROUNDING)
    assert any("a ratio of a to b between those observed" in note for note in result.notes)


def test_every_firm_of_an_admissible_split_is_among_the_providers(two_outputs):
    result = em.outputs.subadditivity(two_outputs, "every provider", replications=19)
    places = result.tables["places"]
    assert (places["admissible"] < places["splits"]).all()
    cheapest = result.tables["cheapest split"][["a", "b"]]
    assert em.support(two_outputs, at=cheapest).passed
    assert any("Left out of 9,720 splits: beyond the providers" in note for note in result.notes)


def test_the_search_stays_among_the_providers(two_outputs):
    result = em.outputs.subadditivity(two_outputs, 1.5, splits="general", firms=3, replications=19)
    assert em.support(two_outputs, at=result.tables["cheapest split"][["a", "b"]]).passed
    grid = em.outputs.subadditivity(two_outputs, 1.5, splits="general", replications=19).row(LARGEST)["estimate"]
    assert grid >= em.outputs.subadditivity(two_outputs, 1.5, replications=19).row(LARGEST)["estimate"] - SEARCH


def test_the_interval_of_the_maximum_is_wider_than_that_of_the_split_that_attains_it(two_outputs):
    result = em.outputs.subadditivity(two_outputs, 1.5)
    row = result.row(LARGEST)
    best = result.tables["cheapest split"]
    technology, mean = two_outputs.technology, two_outputs.technology.mean_point()
    draws = two_outputs.bootstrap(two_outputs.replications(999, 0))
    joint = technology.cost(draws, mean.with_outputs(1.5 * mean.outputs))[:, 0]
    apart = technology.cost(draws, mean.with_outputs(best[["a", "b"]].to_numpy())).sum(axis=1)
    low, high = np.quantile((joint - apart) / joint, [0.025, 0.975])
    assert row["conf_high"] - row["conf_low"] > high - low
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    again = em.outputs.subadditivity(two_outputs, 1.5).row(LARGEST)
    assert again["conf_low"] == row["conf_low"]


def test_no_admissible_split_is_said_and_gives_no_number(two_outputs):
    result = em.outputs.subadditivity(two_outputs, 0.02)
    assert result.table["estimate"].isna().all()
    assert "no split is admissible" in result.text


def test_a_bundle_that_nobody_makes_is_flagged_though_its_halves_are_made(two_outputs):
    inside, beyond = em.outputs.subadditivity(two_outputs), em.outputs.subadditivity(two_outputs, at=[1, 4])
    assert inside.table["supported"].all()
    assert inside.tables["places"]["supported"].tolist() == [True]
    assert not beyond.table["supported"].any()
    assert beyond.tables["places"]["supported"].tolist() == [True, False]
    assert "1 of 2 places lies beyond the data" in beyond.text


def test_a_log_form_of_one_output():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.5}, outputs={"visits": 100})
    row = em.outputs.subadditivity(cost).row(LARGEST)
    assert row["estimate"] == pytest.approx(1 - (0.1**0.5 + 0.9**0.5), abs=ROUNDING)


def test_the_delta_method_is_refused(f1):
    with pytest.raises(NotSupported, match=r'no smooth function.*method="bootstrap"'):
        em.outputs.subadditivity(f1.stated(), method="delta")


def test_the_grid_is_not_the_method(f1):
    with pytest.raises(UnknownName, match="which splits are tried is splits='shin_ying'"):
        em.outputs.subadditivity(f1.stated(), method="shin_ying")


def test_refusals(f1, two_outputs):
    with pytest.raises(UnknownName, match="It may be 'shin_ying', 'evans_heckman', 'general'"):
        em.outputs.subadditivity(f1.stated(), splits="halves")
    with pytest.raises(FormError, match=r"is of two outputs, and there are 3.*shin_ying"):
        em.outputs.subadditivity(f1.stated(), splits="evans_heckman")
    with pytest.raises(NotSupported, match=r"The search is of one place, and there are 2"):
        em.outputs.subadditivity(f1.stated(), [1, 2], splits="general")
    with pytest.raises(NotSupported, match="firms=4 is not searched"):
        em.outputs.subadditivity(f1.stated(), splits="general", firms=4)
    with pytest.raises(NotSupported, match="replications=1 gives no interval"):
        em.outputs.subadditivity(two_outputs, replications=1)
    stated = em.worlds.state("composite", {"common cost": 1, "a": 1, "b": 1}, outputs={"a": 1, "b": 1})
    with pytest.raises(NotSupported, match="stated parameters have none"):
        em.outputs.subadditivity(stated, splits="evans_heckman")
    names = list("abcdef")
    many = em.worlds.state("composite", {"common cost": 1} | dict.fromkeys(names, 1), outputs=dict.fromkeys(names, 1))
    with pytest.raises(NotSupported, match="A grid of tenths over 6 outputs has 531,441 splits"):
        em.outputs.subadditivity(many)


def shares_and_savings(table):
    return table[["a_of_the_first_firm", "b_of_the_first_firm"]].to_numpy(), table["saving"].to_numpy()


@pytest.mark.parametrize("at", [0.4, 1.5])
def test_the_table_of_splits_by_brute_force(two_outputs, at):
    result = em.outputs.subadditivity(two_outputs, at, replications=19)
    table = result.tables["splits"]
    technology, theta, mean = two_outputs.technology, two_outputs.theta, two_outputs.technology.mean_point()
    q = at * mean.outputs[0]

    def cost(y):
        return technology.cost(theta, mean.with_outputs(y))[0]

    shares, saving = shares_and_savings(table)
    assert shares.tolist() == [list(one) for one in product(TENTHS, repeat=2)]
    expected = [(cost(q) - cost(s * q) - cost((1 - s) * q)) / cost(q) for s in shares]
    assert saving == pytest.approx(np.array(expected), abs=ROUNDING)
    firms = [np.stack([s * q, (1 - s) * q]) for s in shares]
    inside = [em.support(two_outputs, at=dict_of(one)).passed for one in firms]
    assert table["admissible"].tolist() == inside
    assert 0 < sum(inside) < len(inside)
    assert result.row(LARGEST)["estimate"] == pytest.approx(saving[inside].max(), abs=ROUNDING)
    assert result.row(MEAN)["estimate"] == pytest.approx(saving[inside].mean(), abs=ROUNDING)


def dict_of(firms):
    return pd.DataFrame(firms, columns=["a", "b"])


def test_the_table_of_splits_of_evans_and_heckman(two_outputs):
    result = em.outputs.subadditivity(two_outputs, splits="evans_heckman", replications=19)
    table = result.tables["splits"]
    least = two_outputs.data.frame[["a", "b"]].to_numpy().min(axis=0)
    q = two_outputs.technology.mean_point().outputs[0]
    grid = np.array(list(product(np.arange(11) / 10, repeat=2)))
    shares, saving = shares_and_savings(table)
    assert shares == pytest.approx((grid * (q - 2 * least) + least) / q, abs=ROUNDING)
    # The same two firms, named the other way round.
    assert saving == pytest.approx(saving[::-1], abs=ROUNDING)
    assert result.row(LARGEST)["estimate"] == pytest.approx(saving[table["admissible"]].max(), abs=ROUNDING)
    assert f"{table['admissible'].sum()} of 121 splits are admissible" in result.text


def test_splits_without_a_cost_have_no_saving(two_outputs):
    """Below the least that anyone makes, one firm of Evans and Heckman would make less than nothing."""
    table = em.outputs.subadditivity(two_outputs, 0.02, splits="evans_heckman", replications=19).tables["splits"]
    q = 0.02 * two_outputs.technology.mean_point().outputs[0]
    assert (two_outputs.data.frame[["a", "b"]].min() > q).all()
    assert not table["admissible"].any()
    shares, saving = shares_and_savings(table)
    negative = ((shares < 0) | (shares > 1)).any(axis=1)
    assert np.isnan(saving[negative]).all()
    assert 0 < negative.sum() < len(table)
    assert np.isfinite(saving[~negative]).all()


def test_the_table_of_splits_is_of_two_outputs_at_one_place(f1, two_outputs):
    assert "splits" not in em.outputs.subadditivity(f1.stated()).tables
    assert "splits" not in em.outputs.subadditivity(two_outputs, [1, 2], replications=19).tables
    assert "splits" not in em.outputs.subadditivity(two_outputs, splits="general", replications=19).tables
    assert list(em.outputs.subadditivity(two_outputs, replications=19).tables) == ["cheapest split", "places", "splits"]


def test_the_largest_saving_of_a_place_is_its_own():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 40, "b": 40, "a x b": -4}, outputs={"a": 10, "b": 5})
    several = em.outputs.subadditivity(cost, at=[1, 2]).tables["places"]
    alone = [em.outputs.subadditivity(cost, at=[at]).row("largest saving from splitting")["estimate"] for at in (1, 2)]
    assert several["largest_saving"].to_numpy() == pytest.approx(alone)
