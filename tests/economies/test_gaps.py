"""Gaps between groups: the two regressions, what lies between them, and shares of variance that add up."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import econmodel as em
from econmodel.economies.gaps import variance_shares
from econmodel.errors import NotIdentified, NotSupported, TableError, UnknownName

EXACT = 1e-10
# So many standard errors are exceeded once in fifteen thousand draws.
SURE = 4
RAW, HELD = "raw gap", "gap with the rest held"
HOLDING = ["tier", "service", "log_size"]


def chain(seed=1, providers=150, **world):
    return em.worlds.sectors(providers, seed=seed, **world)


@pytest.fixture(scope="module")
def table():
    return chain().data.frame


@pytest.fixture(scope="module")
def found(table):
    return em.gaps(table, "log_unit_cost", "sector", HOLDING, reference="private")


@pytest.mark.parametrize(
    ("term", "formula"),
    [(RAW, "log_unit_cost ~ sector"), (HELD, "log_unit_cost ~ sector + tier + service + log_size")],
)
def test_both_regressions_are_those_of_statsmodels_with_their_standard_errors(table, found, term, formula):
    peer = smf.ols(formula, table).fit(cov_type="HC3", use_t=True)
    for level in ("public", "third"):
        row = found.row(term, f"{level} less private")
        assert row["estimate"] == pytest.approx(peer.params[f"sector[T.{level}]"], abs=EXACT)
        assert row["std_error"] == pytest.approx(peer.bse[f"sector[T.{level}]"], rel=EXACT)


def test_the_parts_add_up_to_the_raw_gap(found):
    for _, of_group in found.table.groupby("at"):
        estimates = of_group.set_index("term")["estimate"]
        assert estimates[RAW] == pytest.approx(estimates.drop(RAW).sum(), abs=EXACT)


def test_standard_errors_of_the_parts_are_those_of_the_bootstrap(table, found):
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(200):
        again = table.iloc[rng.integers(0, len(table), len(table))]
        draws.append(em.gaps(again, "log_unit_cost", "sector", HOLDING, reference="private").table["estimate"])
    # Two hundred replications know a standard deviation to 5 %; HC3 is some 5 % above in samples of this size.
    assert np.std(draws, axis=0, ddof=1) == pytest.approx(found.table["std_error"].to_numpy(), rel=0.25)


def test_what_is_held_together_is_one_part(table, found):
    together = em.gaps(table, "log_unit_cost", "sector", {"work": ["tier", "service"], "size": ["log_size"]})
    assert "through work" in set(together.table["term"])
    apart = found.table[found.table["term"].isin(["through tier", "through service"])].groupby("at")["estimate"].sum()
    assert together.row("through work", "third less private")["estimate"] == pytest.approx(
        apart["third less private"], abs=EXACT
    )


def test_the_order_of_what_is_held_does_not_matter(table, found):
    other = em.gaps(table, "log_unit_cost", "sector", HOLDING[::-1], reference="private")
    for _, row in found.table.iterrows():
        same = other.row(row["term"], row["at"])
        assert same[["estimate", "std_error"]].tolist() == pytest.approx(
            row[["estimate", "std_error"]].tolist(), abs=EXACT
        )


def test_sectors_that_are_sorted_look_dear_and_are_not():
    results = [
        em.gaps(chain(seed).data.frame, "log_unit_cost", "sector", HOLDING, reference="private") for seed in range(40)
    ]
    raw, held = (np.mean([one.row(term, "third less private")["estimate"] for one in results]) for term in (RAW, HELD))
    assert raw > 0.15
    # A standard error of one estimate is some 0.04, so that of a mean of forty is 0.006.
    assert held == pytest.approx(0.0, abs=0.02)
    known = chain(7, 4000, effects={"third": -0.1}).data.frame
    row = em.gaps(known, "log_unit_cost", "sector", HOLDING, reference="private").row(HELD, "third less private")
    assert abs(row["estimate"] + 0.1) < SURE * row["std_error"]


def test_without_sorting_both_gaps_are_the_truth():
    data = chain(3, 4000, effects={"third": 0.05}, sorting=0.0).data.frame.query("sector != 'public'")
    result = em.gaps(data, "log_unit_cost", "sector", HOLDING, reference="private")
    for term in (RAW, HELD):
        row = result.row(term)
        assert abs(row["estimate"] - 0.05) < SURE * row["std_error"]


def test_need_that_is_not_recorded_stays_in_the_gap():
    data = chain(4, 4000, unrecorded_need=0.5).data.frame
    row = em.gaps(data, "log_unit_cost", "sector", HOLDING, reference="private").row(HELD, "third less private")
    # Half a standard deviation of need, at 0.15 each.
    assert abs(row["estimate"] - 0.075) < SURE * row["std_error"]
    assert row["conf_low"] > 0


def test_the_sentence(found):
    assert found.text.startswith("Public less private: ")
    assert "with tier, service and log size held" in found.text
    assert "Alone, sector is associated with" in found.text


def random_groups(seed, n=60):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal(n)
    groups = {name: rng.standard_normal((n, k)) + shared[:, None] for name, k in (("a", 1), ("b", 2), ("c", 1))}
    return groups["a"][:, 0] + shared + rng.standard_normal(n), groups


def r_squared(outcome, columns):
    x = np.column_stack([np.ones(len(outcome)), *columns])
    left = outcome - x @ np.linalg.lstsq(x, outcome, rcond=None)[0]
    return 1 - left @ left / ((outcome - outcome.mean()) @ (outcome - outcome.mean()))


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_what_a_group_adds_on_average_over_all_orders(seed):
    outcome, groups = random_groups(seed)
    added = dict.fromkeys(groups, 0.0)
    for order in permutations(groups):
        for place, name in enumerate(order):
            before, after = ([groups[one] for one in order[:count]] for count in (place, place + 1))
            added[name] += (r_squared(outcome, after) - r_squared(outcome, before)) / 6
    found = {record["group"]: record for record in variance_shares(outcome, groups)}
    for name, value in added.items():
        assert found[name]["share"] == pytest.approx(value, abs=EXACT)
        others = [value for other, value in groups.items() if other != name]
        assert found[name]["alone"] == pytest.approx(r_squared(outcome, [groups[name]]), abs=EXACT)
        last = r_squared(outcome, list(groups.values())) - r_squared(outcome, others)
        assert found[name]["given_the_others"] == pytest.approx(last, abs=EXACT)
    total = sum(record["share"] for record in found.values())
    assert total == pytest.approx(r_squared(outcome, list(groups.values())), abs=EXACT)


def test_the_p_value_is_that_of_the_f_test(table, found):
    full = smf.ols("log_unit_cost ~ sector + tier + service + log_size", table).fit()
    without = smf.ols("log_unit_cost ~ tier + service + log_size", table).fit()
    row = found.tables["variance"].set_index("group").loc["sector"]
    assert row["p_value"] == pytest.approx(full.compare_f_test(without)[1], rel=1e-8)


def test_noise_adds_what_chance_alone_would():
    rng = np.random.default_rng(2)
    held = rng.standard_normal((40, 2))
    records = []
    for _ in range(400):
        outcome = held[:, 0] + rng.standard_normal(40)
        records.append(variance_shares(outcome, {"noise": rng.standard_normal((40, 3)), "held": held})[0])
    added, chance = (np.array([record[name] for record in records]) for name in ("given_the_others", "by_chance"))
    # Four hundred draws with a standard deviation of 0.03 each.
    assert added.mean() == pytest.approx(chance.mean(), abs=4 * added.std() / 20)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (
            ("unit_cost", "sector", ["tier"]),
            UnknownName,
            "unit_cost is not a column of the table. It has sector, tier,",
        ),
        (("log_unit_cost", "sector", ["tier", "sector"]), NotSupported, "sector is asked for twice: what is compared"),
        (("log_unit_cost", "sector", []), NotSupported, "0 things are held: give one at least and fewer than 10, or"),
        (("service", "sector", ["tier"]), TableError, "service must be a column of numbers: it is the outcome that is"),
        (("log_unit_cost", "one", ["tier"]), NotSupported, "one has one value only, so there is no gap: compare two"),
        (("log_unit_cost", "sector", ["holes"]), TableError, r"holes is missing or infinite in 2 of 150 rows\. Leave"),
        (("log_unit_cost", "sector", ["tier", "one"]), NotIdentified, "one cannot be told from sector, tier: in these"),
        (("log_unit_cost", "sector", ["copy"]), NotIdentified, "copy cannot be told from sector: in these 150 rows"),
    ],
)
def test_what_cannot_be_compared(table, asked, error, words):
    odd = table.assign(one="x", holes=table["log_size"].where(table.index > 1), copy=table["sector"])
    with pytest.raises(error, match=words):
        em.gaps(odd, *asked)


def test_a_reference_that_is_no_group_and_too_few_rows(table):
    with pytest.raises(UnknownName, match=r"reference='thrid' is no value of sector\. .*did you mean 'third'\?"):
        em.gaps(table, "log_unit_cost", "sector", ["tier"], reference="thrid")
    few = pd.DataFrame({"y": [1.0, 2, 3, 4, 6], "g": list("aabbb"), "x": [1.0, 2, 3, 1, 2], "z": [1.0, 0, 3, 0, 0]})
    with pytest.raises(NotIdentified, match="5 rows cannot tell 4 columns apart"):
        em.gaps(few, "y", "g", ["x", "z"])


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"effects": {"voluntary": 0.1}}, UnknownName, "voluntary is no sector of this simulation. There are private"),
        ({"sorting": 2.0}, NotSupported, "sorting=2.0 is a share: give a number between 0 and 1"),
    ],
)
def test_a_supply_chain_that_cannot_be_drawn(asked, error, words):
    with pytest.raises(error, match=words):
        em.worlds.sectors(100, **asked)


def test_a_supply_chain_is_what_it_says():
    large = chain(1, 20_000)
    frame = large.data.frame
    third = frame[frame["sector"] == "third"]
    # A share of 20,000 is known to 0.5 %.
    assert (third["tier"] == "second").mean() == pytest.approx(0.75, abs=0.02)
    assert third["log_size"].mean() < frame["log_size"].mean() - 0.3
    assert large.facts == {"public less private": 0.0, "third less private": 0.0}
    assert np.log(frame["cost"] / frame["participants"]).to_numpy() == pytest.approx(frame["log_unit_cost"].to_numpy())


def test_one_column_to_hold_may_be_given_as_its_name(table):
    one, listed = (em.gaps(table, "log_unit_cost", "sector", holding) for holding in ("log_size", ["log_size"]))
    assert one.table.equals(listed.table)
    named = em.gaps(table, "log_unit_cost", "sector", {"size": "log_size"})
    assert named.table["estimate"].tolist() == one.table["estimate"].tolist()
