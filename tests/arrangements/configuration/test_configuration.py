"""The cheapest structure: what is known of it exactly, every structure enumerated, and what must not change it."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.arrangements import programme as search
from econmodel.arrangements.programme import Programme, cheapest
from econmodel.errors import DidNotConverge

# Sums of a few costs in double precision.
EXACT = 1e-9
# HiGHS stops within 1e-7 of feasible and optimal, on costs that are scaled to a thousand.
SOLVED = 1e-6

FACTS = json.loads((Path(__file__).parents[2] / "reference" / "f1.json").read_text(encoding="utf-8"))
NAMES = tuple(FACTS["outputs"])
DEMAND = {"a": 120, "b": 180, "c": 60}
QUICK = {"numbers": (), "halve": False}


def cost_by_hand(bundle):
    y = np.array(bundle, dtype=float)
    own = sum(FACTS["fixed"][name] * (amount > 0) for name, amount in zip(NAMES, y, strict=True))
    linear = sum(FACTS["linear"][name] * amount for name, amount in zip(NAMES, y, strict=True))
    return FACTS["common"] + own + linear + y @ np.array(FACTS["curvature"]) @ y / 2


def only(result, name="cost"):
    return result.tables[name].iloc[0]


@pytest.fixture(scope="module")
def known(f1):
    return em.arrangements.configure(f1(), DEMAND, 10, largest=dict.fromkeys(NAMES, 100))


def test_the_known_structure(known):
    row = only(known)
    assert len(known.tables["grid"]) == 2
    assert known.tables["grid"]["bundles"].iloc[0] == 846
    assert row["providers"] == known.table["providers"].sum() == 5
    assert row["cost"] == pytest.approx(772.90, abs=EXACT)
    assert row["lower_bound"] == pytest.approx(772.84, abs=0.005)
    assert row["one_provider"] == pytest.approx(1024, abs=EXACT) == cost_by_hand((120, 180, 60))
    assert row["gap_percent"] == pytest.approx(100 * (row["cost"] / row["lower_bound"] - 1), abs=EXACT)


def test_the_structure_meets_the_demand_at_the_cost_of_its_providers(known):
    table = known.table
    assert {name: (table[name] * table["providers"]).sum() for name in NAMES} == DEMAND
    by_hand = [cost_by_hand(bundle) for bundle in table[list(NAMES)].to_numpy()]
    assert table["cost_each"].tolist() == pytest.approx(by_hand, abs=EXACT)
    assert (table["cost_each"] * table["providers"]).sum() == pytest.approx(only(known)["cost"], abs=EXACT)
    assert (table["size_percent"] * table["providers"]).sum() == pytest.approx(100, abs=EXACT)


def test_prices_support_the_lower_bound(known):
    prices = known.tables["supporting prices"].set_index("one_more")["price"]
    assert sum(prices[name] * DEMAND[name] for name in NAMES) == pytest.approx(only(known)["lower_bound"], rel=SOLVED)


def test_half_the_step_costs_no_more_and_bounds_are_below_costs(known):
    grid = known.tables["grid"]
    assert grid["cost"].iloc[1] <= grid["cost"].iloc[0]
    assert (grid["lower_bound"] <= grid["cost"] * (1 + SOLVED)).all()
    assert "Half the step lowers the cost by" in known.notes[0]


def test_the_cheapest_structure_with_each_number_of_providers(known, f1):
    numbers = known.tables["by number of providers"].set_index("number")
    assert numbers["cost"].idxmin() == 5
    assert numbers.loc[5, "above_percent"] == 0
    assert 1 not in numbers.index, "no provider may make 120 of a"
    anyone = em.arrangements.configure(f1(), DEMAND, 10, numbers=[1, 2, 5], halve=False)
    assert anyone.tables["by number of providers"]["cost"].tolist() == pytest.approx([1024, 840.5, 772.9], abs=EXACT)
    structures = anyone.tables["structures by number of providers"]
    assert structures.groupby("of")["providers"].sum().to_dict() == {1: 1, 2: 2, 5: 5}


def test_the_sentence(known):
    assert known.text == (
        "The cheapest structure for 120 a, 180 b and 60 c has 5 providers, of which 2 make 3 outputs and 3 make 2 "
        "outputs, and costs 772.9; one provider of all would cost 1,024, 32.5 % more. No mixture of these bundles can "
        "cost less than 772.843 (a gap of 0.0074 %)."
    )


def test_one_provider_of_the_mean_bundle_is_cheapest_and_costs_what_is_known(f1):
    result = em.arrangements.configure(f1(), FACTS["outputs"], 5, **QUICK)
    assert only(result)["cost"] == pytest.approx(130.25, abs=EXACT)
    assert result.table["providers"].tolist() == [1]


@pytest.mark.parametrize("step", [10, 5])
def test_dynamic_programming_finds_the_same(f1, step):
    demand = np.array([30, 40, 20]) // step
    shape = tuple(demand + 1)
    value = np.full(shape, np.inf)
    value[0, 0, 0] = 0.0
    bundles = [bundle for bundle in np.ndindex(shape) if any(bundle)]
    costs = {bundle: cost_by_hand(np.array(bundle) * step) for bundle in bundles}
    for wanted in bundles:
        some = [bundle for bundle in bundles if all(one <= other for one, other in zip(bundle, wanted, strict=True))]
        value[wanted] = min(costs[bundle] + value[tuple(np.subtract(wanted, bundle))] for bundle in some)
    found = em.arrangements.configure(f1(), dict(zip(NAMES, demand * step, strict=True)), step, **QUICK)
    assert only(found)["cost"] == pytest.approx(value[tuple(demand)], abs=EXACT)


def enumerated(columns, wanted):
    """Every structure as counts of columns: vectors that add up to what is wanted, by recursion."""

    def rest(first, left):
        if not any(left):
            yield ()
            return
        for place in range(first, len(columns)):
            after = tuple(np.subtract(left, columns[place]))
            if min(after) >= 0:
                yield from ((place, *others) for others in rest(place, after))

    return list(rest(0, tuple(wanted)))


technologies = st.fixed_dictionaries(
    {
        "common cost": st.integers(1, 60),
        "a": st.integers(5, 60),
        "b": st.integers(5, 60),
        "fixed cost of a": st.integers(0, 30),
        "fixed cost of b": st.integers(0, 30),
        "half a squared": st.integers(0, 40),
        "half b squared": st.integers(0, 40),
        "a x b": st.integers(-15, 15),
    }
)


def stated_by_hand(parameters, a, b):
    """The cost of a bundle, stated in money at the mean bundle (2, 2)."""
    u, v = a / 2, b / 2
    fixed = parameters["fixed cost of a"] * (a > 0) + parameters["fixed cost of b"] * (b > 0)
    curved = parameters["half a squared"] * u * u / 2 + parameters["half b squared"] * v * v / 2
    return (
        parameters["common cost"]
        + fixed
        + parameters["a"] * u
        + parameters["b"] * v
        + curved
        + parameters["a x b"] * u * v
    )


@settings(max_examples=25, deadline=None)
@given(
    parameters=technologies,
    wanted=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    share=st.sampled_from([0.2, 0.4, 0.7]),
    dearer=st.sampled_from([-0.05, 0.0, 0.1]),
    capacity=st.integers(1, 3),
)
def test_enumeration_of_every_structure_finds_the_same(parameters, wanted, share, dearer, capacity):
    cost = em.worlds.state("flexible_fixed_cost", parameters, outputs={"a": 2, "b": 2}, fixed_costs=("a", "b"))
    demand = dict(zip("ab", wanted, strict=True))
    own = em.arrangements.Reserved(share, dearer=dearer, largest={"a": capacity, "b": capacity})
    result = em.arrangements.configure(cost, demand, 1, reserved={"own": own}, numbers=[2], halve=False)

    bundles = [bundle for bundle in np.ndindex(*np.add(wanted, 1)) if any(bundle)]
    columns = [*bundles, *(bundle for bundle in bundles if max(bundle) <= capacity)]
    of_own = np.arange(len(columns)) >= len(bundles)
    each = np.array([stated_by_hand(parameters, *bundle) for bundle in columns]) * np.where(of_own, 1 + dearer, 1.0)
    sizes = np.mean(np.divide(columns, wanted), axis=1) * of_own
    structures = enumerated(columns, wanted)
    totals = np.array([each[list(structure)].sum() for structure in structures])
    shares = np.array([sizes[list(structure)].sum() for structure in structures])
    pairs = np.array([len(structure) == 2 for structure in structures])
    meets = shares >= share - EXACT
    row = only(result)
    assert row["cost"] == pytest.approx(totals[meets].min(), rel=SOLVED)
    assert row["cost_without_share"] == pytest.approx(totals.min(), rel=SOLVED)
    assert row["cost_of_share"] >= -SOLVED * row["cost"]
    numbers = result.tables["by number of providers"]
    if (meets & pairs).any():
        assert numbers["cost"].iloc[0] == pytest.approx(totals[meets & pairs].min(), rel=SOLVED)
    else:
        assert numbers.empty


def test_the_units_and_the_order_of_outputs_do_not_matter(f1, known):
    largest = dict.fromkeys(NAMES, 100_000)
    for stated in (f1(unit=1000), f1(unit=1000, order="cab")):
        result = em.arrangements.configure(
            stated, {n: 1000 * v for n, v in DEMAND.items()}, 10_000, largest=largest, **QUICK
        )
        assert only(result)["cost"] == pytest.approx(only(known)["cost"], rel=SOLVED)
        assert result.table["size_percent"].tolist() == pytest.approx(known.table["size_percent"].tolist(), abs=EXACT)


def test_a_share_for_providers_that_are_no_dearer_costs_nothing(f1):
    result = em.arrangements.configure(f1(), DEMAND, 20, reserved={"user-led": em.arrangements.Reserved(0.4)}, **QUICK)
    assert only(result)["cost_of_share"] == pytest.approx(0, abs=EXACT)
    assert "To reserve 40 % for user-led providers costs nothing." in result.text


def test_a_larger_share_costs_more_and_the_whole_demand_costs_what_it_says(f1):
    found = [
        em.arrangements.configure(
            f1(), DEMAND, 20, reserved={"user-led": em.arrangements.Reserved(share, dearer=0.1)}, **QUICK
        )
        for share in (0.2, 0.5, 1.0)
    ]
    costs = [only(result)["cost_of_share"] for result in found]
    assert 0 < costs[0] < costs[1] < costs[2]
    assert costs[2] == pytest.approx(0.1 * only(found[0])["cost_without_share"], abs=EXACT)
    for result, share in zip(found, (0.2, 0.5, 1.0), strict=True):
        own = result.table[result.table["kind"] == "user-led"]
        assert (own["size_percent"] * own["providers"]).sum() >= 100 * share - EXACT
    price = found[0].tables["supporting prices"].set_index("one_more")["price"]
    assert price["1 % of the demand for user-led"] > 0


def test_a_kind_may_have_a_cost_function_and_a_range_of_its_own(f1):
    parameters, means = {"common cost": 1, "c": 30, "b": 30, "a": 40}, {"c": 10, "b": 30, "a": 20}
    own = em.worlds.state("flexible_fixed_cost", parameters, outputs=means, fixed_costs=("c", "b", "a"))
    small = em.arrangements.Reserved(0.3, cost=own, largest=0.1)
    result = em.arrangements.configure(f1(), DEMAND, 10, reserved={"local": small}, **QUICK)
    local = result.table[result.table["kind"] == "local"]
    assert (local["size_percent"] <= 10 + EXACT).all()
    each = 1 + 3 * local["c"] + local["b"] + 2 * local["a"]
    assert local["cost_each"].tolist() == pytest.approx(each.tolist(), abs=EXACT)


def test_weights_say_what_counts_as_size(f1):
    tariff = {"a": 1.0, "b": 1.0, "c": 2.0}
    result = em.arrangements.configure(f1(), DEMAND, 20, weights=tariff, largest=0.3, **QUICK)
    sizes = sum(tariff[name] * result.table[name] for name in NAMES) / sum(
        tariff[name] * DEMAND[name] for name in NAMES
    )
    assert result.table["size_percent"].tolist() == pytest.approx((100 * sizes).tolist(), abs=EXACT)
    assert sizes.max() <= 0.3 + EXACT


def test_an_output_is_made_in_some_quantity_or_not_at_all(f1):
    result = em.arrangements.configure(f1(), DEMAND, 10, smallest={"c": 30}, **QUICK)
    assert set(result.table["c"]) <= {0.0, 30.0, 60.0}
    assert only(result)["cost"] >= 772.9 - EXACT


def test_an_existing_provider_is_used_once_at_most_and_where_it_is_cheaper(f1):
    there = pd.DataFrame({"a": [40, 20], "b": [60, 20], "c": [20, 0], "cost": [200.0, 900.0]}, index=["Elm", "Oak"])
    result = em.arrangements.configure(f1(), DEMAND, 20, existing=there, **QUICK)
    used = result.table.set_index("kind")["providers"]
    assert used["Elm"] == 1
    assert "Oak" not in used
    known = em.arrangements.configure(f1(), DEMAND, 20, **QUICK)
    assert only(result)["cost"] < only(known)["cost"]
    # Without a cost of its own it costs what a new one would.
    same = em.arrangements.configure(f1(), DEMAND, 20, existing=there.drop(columns="cost"), **QUICK)
    assert only(same)["cost"] == pytest.approx(only(known)["cost"], rel=SOLVED)


def test_existing_providers_need_not_keep_to_the_limits(f1):
    large = pd.DataFrame({"a": [120], "b": [180], "c": [60], "cost": [700.0]}, index=["Ash"])
    result = em.arrangements.configure(f1(), DEMAND, 20, largest=0.5, existing=large, **QUICK)
    assert result.table["kind"].tolist() == ["Ash"]


def test_a_surplus_is_used_where_it_is_cheaper():
    cost = em.worlds.state(
        "flexible_fixed_cost", {"common cost": 10, "visits": 1}, outputs={"visits": 10}, fixed_costs=("visits",)
    )
    exactly = em.arrangements.configure(
        cost, {"visits": 70}, 10, smallest={"visits": 30}, largest={"visits": 40}, **QUICK
    )
    assert exactly.table["visits"].tolist() == [40, 30]
    more = em.arrangements.configure(
        cost, {"visits": 50}, 10, smallest={"visits": 30}, largest={"visits": 40}, surplus=True, **QUICK
    )
    assert more.table[["visits", "providers"]].values.tolist() == [[30, 2]]
    assert only(more)["cost"] == pytest.approx(2 * (10 + 3), abs=EXACT)
    reserved = {"own": em.arrangements.Reserved(0.5, dearer=0.2)}
    limits = {"smallest": {"visits": 30}, "largest": {"visits": 40}}
    shared = em.arrangements.configure(cost, {"visits": 50}, 10, **limits, surplus=True, reserved=reserved, **QUICK)
    assert only(shared)["cost_of_share"] == pytest.approx(0.2 * 13, abs=EXACT)
    assert (more.tables["supporting prices"]["price"] >= 0).all()


def test_a_relationship_that_thins_with_size_can_be_tied_to_the_bundle_and_limited():
    parameters = {"common cost": 20, "visits": 80, "continuity": -0.5}
    cost = em.worlds.state(
        "composite", parameters, outputs={"visits": 100}, relationships={"continuity": 0.6}, fixed_costs=("visits",)
    )
    tied = {"continuity": lambda bundles: 0.9 - 0.003 * bundles["visits"]}
    loose = em.arrangements.configure(cost, {"visits": 200}, 10, **QUICK)
    assert loose.table["visits"].tolist() == [200]
    thinned = em.arrangements.configure(cost, {"visits": 200}, 10, at=tied, **QUICK)
    limited = em.arrangements.configure(cost, {"visits": 200}, 10, at=tied, limits={"continuity": (0.7, None)}, **QUICK)
    assert (thinned.table["visits"] < 200).all()
    assert (0.9 - 0.003 * limited.table["visits"] >= 0.7 - EXACT).all()
    assert limited.tables["bundles left out"]["reason"].tolist() == ["continuity beyond its limits"]
    made = thinned.table["visits"]
    by_hand = (20 + 80 * made / 100) * np.exp(-0.5 * (0.9 - 0.003 * made - 0.6))
    assert thinned.table["cost_each"].tolist() == pytest.approx(by_hand.tolist(), rel=EXACT)


def random_programme(rng, columns=400):
    steps = rng.integers(0, 5, (2, columns)).astype(float)
    steps[0] += steps.sum(axis=0) == 0
    costs = 3 + (steps.sum(axis=0) ** 0.8) * rng.uniform(0.9, 1.1, columns)
    kind = (rng.random(columns) < 0.5)[None] * steps[:1]
    most = np.where(rng.random(columns) < 0.1, 1.0, np.inf)
    return Programme(costs, steps, np.array([23.0, 31.0]), kind, np.array([9.0]), most)


def by_totals(programme):
    """The least cost of meeting whole equalities and inequalities, from a table of all totals."""
    rows = np.vstack([programme.equal, programme.least]).T.astype(int)
    wanted = tuple(np.concatenate([programme.equal_to, programme.at_least]).astype(int))
    table = np.full(np.add(wanted, 1), np.inf)
    table[(0,) * len(wanted)] = 0.0
    for row, cost, most in zip(rows, programme.costs, programme.most, strict=True):
        # What is left to do before this column; of an inequality more than enough is enough.
        left = np.indices(table.shape) - row.reshape(-1, *[1] * table.ndim)
        fits = (left[: len(programme.equal_to)] >= 0).all(axis=0)
        while True:
            offered = np.where(fits, table[tuple(np.maximum(left, 0))] + cost, np.inf)
            if not (offered < table).any():
                break
            table = np.minimum(table, offered)
            if most == 1:
                break
    return table[wanted]


@pytest.mark.parametrize("first", [3, 200, 10_000])
@pytest.mark.parametrize("seed", range(4))
def test_narrowing_the_search_loses_no_structure(seed, first, monkeypatch):
    programme = random_programme(np.random.default_rng(seed))
    monkeypatch.setattr(search, "FIRST_COLUMNS", first)
    found = cheapest(programme)
    assert found.proven
    assert found.cost == pytest.approx(by_totals(programme), rel=SOLVED)
    assert found.relaxed.bound <= found.cost * (1 + SOLVED)
    assert (found.relaxed.reduced[programme.most == np.inf] > -SOLVED * found.cost).all()
    assert (programme.equal @ found.counts == programme.equal_to).all()
    assert (programme.least @ found.counts >= programme.at_least).all()
    assert (found.counts <= programme.most).all()


@pytest.mark.parametrize("share", [None, 0.3, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_a_bound_that_is_far_is_no_hindrance(seed, share):
    """Few bundles, large against what is wanted."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 6, (2, 60)).astype(float)
    steps[0] += steps.sum(axis=0) == 0
    costs = 4 + rng.uniform(1, 2, 60) * steps.sum(axis=0)
    own = np.arange(60) % 2 == 0
    # A share of the twenty units that are wanted, in units.
    least = (steps.sum(axis=0, keepdims=True) * own, np.array([20 * share])) if share else (steps[:0], np.zeros(0))
    exactly = Programme(costs, steps, np.array([11.0, 9.0]), *least, np.full(60, np.inf))
    found = cheapest(exactly)
    assert found.cost == pytest.approx(by_totals(exactly), rel=SOLVED)
    assert found.gap > 0.05
    if share is None:
        at_least = Programme(costs, steps[:0], np.zeros(0), steps, exactly.equal_to, exactly.most)
        assert cheapest(at_least).cost == pytest.approx(by_totals(at_least), rel=SOLVED)
        assert cheapest(at_least).cost <= found.cost + SOLVED


def test_a_search_that_keeps_to_some_columns_is_no_proof(monkeypatch):
    programme = random_programme(np.random.default_rng(1))
    known = cheapest(programme)
    monkeypatch.setattr(search, "FIRST_COLUMNS", 3)
    monkeypatch.setattr(search, "MANY_COLUMNS", 5)
    kept = cheapest(programme)
    assert known.proven
    assert not kept.proven
    assert kept.cost >= known.cost * (1 - SOLVED)


def test_a_minimum_size_that_leaves_a_wide_gap_is_solved_exactly(f1):
    # Whoever makes b makes 100 of it at least, so one provider makes it all.
    result = em.arrangements.configure(f1(), DEMAND, 10, smallest={"b": 100}, **QUICK)
    assert result.tables["cost"]["gap_percent"].iloc[0] > 5
    assert result.table.loc[result.table["b"] > 0, "b"].tolist() == [180]
    assert not any("The search stopped" in note for note in result.notes)


def test_no_mixture_at_all_is_none():
    steps = np.array([[2.0, 4.0]])
    nothing, none = np.zeros((0, 2)), np.zeros(0)
    odd = Programme(np.ones(2), steps, np.array([3.0]), nothing, none, np.full(2, np.inf))
    assert cheapest(odd) is None
    out_of_reach = Programme(np.ones(2), steps, np.array([6.0]), steps * 0, np.array([1.0]), np.ones(2))
    assert cheapest(out_of_reach) is None


def test_a_search_that_stops_says_so(f1, monkeypatch):
    solve = scipy.optimize.milp

    def stopping(*given, **options):
        return SimpleNamespace(x=solve(*given, **options).x, status=1)

    monkeypatch.setattr(scipy.optimize, "milp", stopping)
    stopped = em.arrangements.configure(f1(), DEMAND, 20, **QUICK)
    assert any("The search stopped after 20,000 branches" in note for note in stopped.notes)
    monkeypatch.setattr(scipy.optimize, "milp", lambda *given, **options: SimpleNamespace(x=None, status=1))
    with pytest.raises(DidNotConverge, match=r"found none within 20,000 branches\. Take a coarser step"):
        em.arrangements.configure(f1(), DEMAND, 20, **QUICK)
