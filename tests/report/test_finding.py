"""What a notebook publishes: refused where it says nothing, the same whether shown or printed."""

import json

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import EconmodelError
from econmodel.report.finding import CHECK, FACT, FINDING
from econmodel.results import Check


def content(record):
    return record._repr_mimebundle_()[record.mime]


def test_a_finding_holds_its_sentence_and_six_digits_of_each_number():
    found = em.finding("scale", "Costs  rise.\n", elasticity=0.98314159265, providers=1234567, word="low")
    assert repr(found) == "Costs rise."
    assert content(found) == {
        "key": "scale",
        "text": "Costs rise.",
        "values": {"elasticity": 0.983142, "providers": 1234567, "word": "low"},
        "tolerance": {"elasticity": 1e-6, "providers": 1e-6, "word": 1e-6},
        "headline": False,
    }


def test_numbers_of_numpy_are_stored_as_plain_ones():
    found = em.finding("x", "A.", a=np.float64(1.5), b=np.int64(3), c=np.bool_(True), d=np.nan, e=None, f=np.float32(2))
    stored = content(found)["values"]
    assert stored == {"a": 1.5, "b": 3, "c": True, "d": None, "e": None, "f": 2.0}
    json.dumps(stored, allow_nan=False)


def test_each_value_can_have_its_own_tolerance():
    found = em.finding("x", "A.", tolerance={"a": 0.01}, a=1.0, b=2.0)
    assert content(found)["tolerance"] == {"a": 0.01, "b": 1e-6}


def test_a_sentence_is_safe_as_markdown():
    bundle = em.finding("x", "From $5 to $6 for a_b *each* <b>.")._repr_mimebundle_()
    assert bundle["text/markdown"] == r"From \$5 to \$6 for a\_b \*each\* \<b\>."
    assert bundle["text/plain"] == "From $5 to $6 for a_b *each* <b>."


@pytest.mark.parametrize(
    ("arguments", "values", "message"),
    [
        (("Scale 1", "A."), {}, "cannot be called 'Scale 1': use lower-case words"),
        (("x", "  "), {}, "The finding 'x' is empty: say it in words"),
        (("x", "A."), {"a": float("inf")}, "a of the finding 'x' is infinite: publish the sentence"),
        (("x", "A."), {"a": [1, 2]}, "a of the finding 'x' is a list: give a number"),
        (("x", "A."), {"tolerance": {"b": 1.0}, "a": 1}, "a tolerance for b, but no such value"),
        (("x", "A."), {"tolerance": -1.0, "a": 1}, "tolerance that is not zero or a positive number"),
    ],
)
def test_a_bad_finding_is_refused(arguments, values, message):
    with pytest.raises(EconmodelError, match=message):
        em.finding(*arguments, **values)


def a_check(passed):
    return Check("Monotone", passed, "cost rises", pd.DataFrame({"point": ["mean"]}), "It rises everywhere.")


@pytest.mark.parametrize(
    ("check", "word", "must_pass"), [(True, "Passed", True), (False, "Failed", True), (None, "For information", False)]
)
def test_a_row_of_the_log_from_a_check(check, word, must_pass):
    row = em.qa(a_check(check))
    assert repr(row) == f"{word}: Monotone. It rises everywhere."
    assert row.mime == CHECK
    assert content(row) == {
        "name": "Monotone",
        "passed": check,
        "must_pass": must_pass,
        "note": "It rises everywhere.",
    }


def test_a_row_of_the_log_from_a_truth_value():
    row = em.qa(np.bool_(False), "rows add up.", must_pass=False, note="By hand.")
    assert content(row) == {"name": "rows add up", "passed": False, "must_pass": False, "note": "By hand."}


def test_a_check_without_a_name_is_refused():
    with pytest.raises(EconmodelError, match="A check's name is empty"):
        em.qa(True)


def test_a_check_that_is_none_is_refused():
    with pytest.raises(EconmodelError, match="A check is a Check, True, False or None, not str"):
        em.qa("yes", "rows")


def test_a_fact_has_a_name_and_a_text():
    fact = em.fact("Rows", "420 of 420 used.")
    assert (fact.mime, content(fact)) == (FACT, {"name": "Rows", "text": "420 of 420 used."})
    with pytest.raises(EconmodelError, match="The fact 'Rows' is empty"):
        em.fact("Rows", "")


def test_a_finding_knows_its_mime_type():
    assert em.finding("x", "A.").mime == FINDING


def test_what_a_run_collects_is_a_small_record():
    from econmodel.report import finding

    for name in ("Published", "Collected"):
        record = getattr(finding, name, None)
        assert record is None or "__dict__" not in vars(record)
