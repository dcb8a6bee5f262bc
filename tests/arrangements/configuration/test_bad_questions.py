"""Questions that have no answer: each told what is wrong with it and what to do."""

import re

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported, TableError, UnknownName

DEMAND = {"a": 120, "b": 180, "c": 60}


def refused(error, words):
    return pytest.raises(error, match=re.escape(words))


@pytest.mark.parametrize(
    ("demand", "error", "words"),
    [
        ({"a": 120, "b": 180, "d": 60}, UnknownName, "d is no output of this cost function. It has a, b, c"),
        ({"a": 120, "b": 180}, UnknownName, "The demand does not say how much c is wanted. Give 0 where none is."),
        ({**DEMAND, "b": -5}, NotSupported, "The demand for b (−5) must be zero or a positive number."),
        ({**DEMAND, "b": np.nan}, NotSupported, "The demand for b (–) must be zero or a positive number."),
        (dict.fromkeys("abc", 0), NotSupported, "Nothing is demanded: at least one output must be above zero."),
        (
            {**DEMAND, "b": 185},
            NotSupported,
            "The demand for b, 185, is no whole number of steps of 10, so bundles on this grid never add up to it. "
            "Take step={'b': 10.2778}, or another demand.",
        ),
    ],
)
def test_a_demand_that_is_none(f1, demand, error, words):
    with refused(error, words):
        em.arrangements.configure(f1(), demand, 10)


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (0, NotSupported, "step=0 must be above zero: it is the least difference between two bundles."),
        ({"a": 10, "d": 1}, UnknownName, "step= needs one number for each of a, b, c; look at d, b, c."),
        (0.5, NotSupported, "Take a coarser step."),
    ],
)
def test_a_step_that_is_none(f1, step, error, words):
    with refused(error, words):
        em.arrangements.configure(f1(), DEMAND, step)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (
            em.arrangements.Reserved(1.2),
            NotSupported,
            "The share reserved for own, 1.2, must lie between 0 and 1: it is a share of",
        ),
        (em.arrangements.Reserved(0.0), NotSupported, "The share reserved for own, 0, must lie between 0 and 1"),
        (
            em.arrangements.Reserved(0.2, dearer=-1),
            NotSupported,
            "dearer=−1 of own must be above -1: 0.05 means 5 % more.",
        ),
        (
            em.arrangements.Reserved(0.2, largest={"d": 3}),
            UnknownName,
            "of own names d, which is no output. There are a, b, c;",
        ),
        (
            em.arrangements.Reserved(0.2, smallest=-1),
            NotSupported,
            "smallest=-1 of own must be zero or a positive number.",
        ),
        (
            em.arrangements.Reserved(0.2, cost=em.worlds.state("cobb_douglas", {}, outputs={"visits": 1})),
            UnknownName,
            "The cost function of own has the outputs visits, and the other one a, b, c. State both over the same",
        ),
    ],
)
def test_a_reserved_share_that_is_none(f1, given, error, words):
    with refused(error, words):
        em.arrangements.configure(f1(), DEMAND, 10, reserved={"own": given})


def test_shares_above_one_together_and_a_name_that_is_taken(f1):
    with refused(NotSupported, "120 % of the demand is reserved in all: shares add up to one at most."):
        em.arrangements.configure(
            f1(), DEMAND, 10, reserved={"x": em.arrangements.Reserved(0.6), "y": em.arrangements.Reserved(0.6)}
        )
    with refused(NotSupported, "A reserved kind cannot be called 'any', the name of all providers."):
        em.arrangements.configure(f1(), DEMAND, 10, reserved={"any": em.arrangements.Reserved(0.6)})


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (
            {"largest": {"d": 3}},
            UnknownName,
            "largest={'d': 3} names d, which is no output. There are a, b, c; a number",
        ),
        ({"largest": -1}, NotSupported, "largest=-1 must be zero or a positive number."),
        ({"weights": {"a": 1}}, UnknownName, "weights= needs one number for each of a, b, c, such as a tariff."),
        ({"weights": dict.fromkeys("abc", 0)}, NotSupported, "weights= must be above zero: they say what one unit"),
        (
            {"limits": {"r": (2, 1)}},
            NotSupported,
            "limits={'r': (2, 1)} must be the least and the most, in this order.",
        ),
        (
            {"limits": {"r": (1, 2)}},
            NotSupported,
            "limits= names r, which no provider is given: say what it is with at=",
        ),
        ({"at": {"r": 1}}, UnknownName, "r is not in the cost function. It has a, b, c."),
        ({"at": {"r": lambda bundles: bundles["a"] / 0}}, TableError, "at={'r': ...} gave"),
        ({"numbers": [0]}, NotSupported, "numbers= names 0: numbers of providers are 1, 2, 3 and so on."),
    ],
)
def test_limits_that_are_none(f1, given, error, words):
    with refused(error, words), np.errstate(divide="ignore", invalid="ignore"):
        em.arrangements.configure(f1(), DEMAND, 20, **given)


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        (
            {"a": [20], "b": [20]},
            UnknownName,
            "existing= is a table with the columns a, b, c, and where known kind and",
        ),
        ({"a": [20], "b": [20], "c": [0], "d": [1]}, UnknownName, "kind and cost; look at d."),
        ({"a": [20], "b": [0], "c": [0], "kind": ["odd"]}, UnknownName, "Elm is of the kind 'odd'. There are any."),
        (
            {"a": [0], "b": [0], "c": [0]},
            NotSupported,
            "provider Elm must make something, nothing negative, at a cost.",
        ),
        (
            {"a": [25], "b": [0], "c": [0]},
            NotSupported,
            "provider Elm makes 25 a, 0 b, 0 c, which is no whole number of steps of 20, 20, 20: no structure with it "
            "meets the demand. Take a step that divides both.",
        ),
    ],
)
def test_existing_providers_that_are_none(f1, columns, error, words):
    with refused(error, words):
        em.arrangements.configure(f1(), DEMAND, 20, existing=pd.DataFrame(columns, index=["Elm"]))


def test_what_is_no_cost_function(f1):
    with refused(NotSupported, "A measure takes a fit, and this is a DataFrame."):
        em.arrangements.configure(pd.DataFrame(), DEMAND)
    with refused(NotSupported, "A measure takes a fit, and this is a int."):
        em.arrangements.configure(f1(), DEMAND, reserved={"own": em.arrangements.Reserved(0.2, cost=3)})


def test_limits_that_leave_no_bundle(f1):
    with refused(NotSupported, "Of 279 bundles none is left (below smallest=0.9 "):
        em.arrangements.configure(f1(), DEMAND, 20, smallest=0.9, largest=0.1)


def test_an_output_that_nobody_can_make(f1):
    words = "nobody can provide c, because every bundle with some of it was left out (below smallest={'c': 80} "
    with refused(NotSupported, words):
        em.arrangements.configure(f1(), DEMAND, 20, smallest={"c": 80})


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (
            {"reserved": {"own": em.arrangements.Reserved(0.9, largest={"a": 0})}},
            "There would be one without the 90 % reserved for own: reserve less, or without largest={'a': 0} of own.",
        ),
        (
            {"smallest": {"b": 100}, "largest": {"b": 160}},
            "There would be one without smallest={'b': 100}, or without largest={'b': 160}, or with more than the "
            "demand: surplus=True.",
        ),
    ],
)
def test_an_infeasible_demand_names_the_limit_in_its_way(f1, given, cure):
    with refused(NotSupported, cure):
        em.arrangements.configure(f1(), DEMAND, 20, **given)


def test_limits_that_only_together_stand_in_the_way(f1):
    kinds = {name: em.arrangements.Reserved(0.4, largest={"a": 0, "b": 0}) for name in ("own", "other")}
    with refused(NotSupported, "No single limit stands in the way: loosen several, or take a smaller step."):
        em.arrangements.configure(f1(), DEMAND, 20, reserved=kinds)


def test_a_surplus_that_would_be_a_way_to_save():
    cost = em.worlds.state("flexible_fixed_cost", {"common cost": 90, "visits": 20, "half visits squared": -40},
                    outputs={"visits": 10}, fixed_costs=("visits",))  # fmt: skip
    with refused(NotSupported, "surplus=True would count on what cannot be: for "):
        em.arrangements.configure(cost, {"visits": 14}, 1, surplus=True)
