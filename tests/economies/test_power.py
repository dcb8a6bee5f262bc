"""Power by simulation: against the formula, against one fit at a time, and in words that say no more than it shows."""

import numpy as np
import pytest
from scipy.special import ndtr

import econmodel as em
from econmodel.economies import power as room
from econmodel.economies.power import TRUTH, enough_from, power
from econmodel.economies.studies import BATCH_ROWS, Design, run
from econmodel.errors import FormError, NotIdentified, NotSupported, UnknownName
from econmodel.forms.form import find_form

# A share of 200 studies has a standard error of at most 3.5 points, and HC3 is a little wide in small samples.
SHARE = 0.12
ROUNDING = 1e-9


def one_output(elasticity=0.9):
    return em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": elasticity}, outputs={"visits": 100})


def with_continuity(effect=-0.1):
    parameters = {"constant": 4.0, "visits": 0.95, "half visits squared": 0.1, "wage": 0.6, "continuity": effect}
    return em.worlds.state(
        "translog", parameters, outputs={"visits": 100}, prices={"wage": 3}, relationships={"continuity": 0.5}
    )


def two_outputs(**changes):
    parameters = {"common cost": 12, "fixed cost of a": 4, "fixed cost of b": 4, "a": 50, "b": 35, "a x b": -5}
    return em.worlds.state("composite", parameters | changes, outputs={"a": 10, "b": 5}, fixed_costs=("a", "b"))


SPECIALISED = {"a": 0.25, "b": 0.25}


@pytest.mark.parametrize("providers", [30, 120])
@pytest.mark.parametrize("elasticity", [0.92, 1.06])
def test_power_is_what_the_normal_distribution_says(providers, elasticity):
    error = 0.15 / (0.6 * np.sqrt(providers))
    answer = power(one_output(elasticity), "scale", [providers], noise=0.15, spread=0.6, seed=1)
    row = answer.table.iloc[0]
    assert row["found"] == pytest.approx(ndtr(abs(elasticity - 1) / error - 1.96), abs=SHARE)
    assert row["found_low"] < row["found"] < row["found_high"]
    assert row["median_width"] == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert row["bias_low"] <= row["bias"] <= row["bias_high"]
    assert abs(row["bias"]) < 4 * error / np.sqrt(200)
    assert row["coverage"] == pytest.approx(0.95, abs=0.06)


def test_wrong_signs_come_from_the_other_side_of_the_null():
    row = power(one_output(0.999), "scale", [60], replications=1_000, seed=2).table.iloc[0]
    # Hardly a difference: either side is excluded in about half of five per cent.
    assert row["found"] == pytest.approx(0.025, abs=0.02)
    assert row["wrong_sign"] == pytest.approx(0.025, abs=0.02)


@pytest.mark.parametrize("providers", [40, 700])
@pytest.mark.parametrize("question", ["scale", "relationship"])
def test_a_stack_of_studies_is_one_fit_after_another(providers, question):
    """With the covariance that a fit would use."""
    cost, form = with_continuity(), find_form("translog")
    asked = Design(question, 0, form, "outputs", None, {"noise": 0.2}, 0.9)
    found = run(cost, asked, providers, 3, 5, lambda done: None)
    batch = int(np.random.SeedSequence((5, providers)).generate_state(1)[0])
    table = em.worlds.simulate(cost, 3 * providers, noise=0.2, seed=batch).data
    measure, term = {
        "scale": (em.scale, "ray elasticity"),
        "relationship": (em.relationship, "relationship: continuity"),
    }[question]
    for study in range(3):
        own = np.arange(len(table)) // providers == study
        fitted = em.fit(table.where(own, because="other studies"), form, second_order="outputs")
        assert fitted.cov_type == "HC3"
        at = {"visits": 100, "wage": 3, "continuity": 0.5}
        row = measure(fitted, at=at, conf_level=0.9).row(term)
        stacked = [found.values[study], found.low[study], found.high[study]]
        assert stacked == pytest.approx(row[["estimate", "conf_low", "conf_high"]].tolist(), rel=ROUNDING)


def test_the_answer_for_one_number_does_not_depend_on_the_others():
    many = power(one_output(), "scale", [120, 30, 60], replications=20, seed=3).table
    one = power(one_output(), "scale", 60, replications=20, seed=3).table
    assert many["providers"].tolist() == [30, 60, 120]
    assert many[many["providers"] == 60].reset_index(drop=True).equals(one)
    other = power(one_output(), "scale", 60, replications=20, seed=4).table
    assert not one.equals(other)


def test_batches_of_rows_add_up_to_all_studies():
    providers = BATCH_ROWS // 3
    told = []
    asked = Design("scale", 0, find_form("cobb_douglas"), None, None, {}, 0.95)
    found = run(one_output(), asked, providers, 4, 1, told.append)
    assert told == [3, 4]
    assert len(found.values) == 4
    assert len(set(found.values)) == 4


def test_scope_is_that_of_the_fit():
    answer = power(two_outputs(), "scope", [150], replications=2, specialised=SPECIALISED, correlation=0.3, seed=6)
    truth = answer.tables[TRUTH].iloc[0]
    assert truth["truth"] == pytest.approx(em.scope(two_outputs()).row("degree of scope")["estimate"], rel=ROUNDING)
    batch = int(np.random.SeedSequence((6, 150)).generate_state(1)[0])
    table = em.worlds.simulate(two_outputs(), 300, specialised=SPECIALISED, correlation=0.3, seed=batch).data
    found = []
    for study in range(2):
        fitted = em.fit(table.where(np.arange(300) // 150 == study, because="other studies"), "composite")
        found.append(em.scope(fitted, at={"a": 10, "b": 5}).row("degree of scope"))
    row = answer.table.iloc[0]
    assert row["bias"] == pytest.approx(np.mean([one["estimate"] for one in found]) - truth["truth"], rel=1e-7)
    assert row["median_width"] == pytest.approx(
        np.median([one["conf_high"] - one["conf_low"] for one in found]), rel=1e-7
    )
    assert row["only_an_interval"] == 0


def test_scope_is_refused_where_only_an_interval_is_identified():
    with pytest.raises(
        NotIdentified, match=r'Every provider makes b, .*specialised=\{"b": 0\.2\}.*identified_interval'
    ):
        power(two_outputs(), "scope", [60], specialised={"a": 0.2})
    answer = power(two_outputs(), "scope", [60], replications=5, identified_interval=True, seed=7)
    assert answer.table["bias"].isna().all()
    assert "only_an_interval" not in answer.table
    assert any("interval that is identified" in note for note in answer.notes)
    assert 0 <= answer.table["found"].iloc[0] <= 1


def test_few_specialised_providers_find_nothing_but_an_interval():
    answer = power(two_outputs(), "scope", [30], replications=4, specialised={"a": 0.05, "b": 0.05}, seed=8)
    row = answer.table.iloc[0]
    assert (row["only_an_interval"], row["found"]) == (1.0, 0.0)
    assert any("Where fewer than 10 providers make none of an output" in note for note in answer.notes)


def test_panels_are_clustered_and_within_takes_out_what_is_fixed():
    options = {"periods": 3, "provider_effects": 0.6, "noise": 0.05, "movement": 0.5, "replications": 20, "seed": 9}
    pooled, within = (
        power(one_output(), "scale", [40], effects=effects, **options).table.iloc[0] for effects in (None, "within")
    )
    assert within["median_width"] < pooled["median_width"] / 3
    assert within["found"] > pooled["found"]


def test_too_few_rows_find_nothing():
    answer = power(with_continuity(), "scale", [5, 60], replications=10, seed=10)
    few = answer.table.iloc[0]
    assert (few["found"], few["without_a_fit"], few["wrong_sign"]) == (0.0, 1.0, 0.0)
    assert np.isnan(few["coverage"])
    assert np.isnan(few["bias"])
    assert any("Studies without a fit" in note for note in answer.notes)


def test_the_sentence_names_the_fewest_that_suffice():
    answer = power(one_output(0.9), "scale", [15, 30, 120], seed=11)
    assert answer.text.startswith(
        "Where the ray elasticity is 0.9, 120 providers are the fewest of those tried that find economies of scale in "
        "at least 80 % of studies; with 30 it is "
    )
    dear = power(one_output(1.2), "scale", [60, 120], replications=20, seed=11)
    assert "60 providers are the fewest of those tried that find diseconomies of scale" in dear.text
    short = power(one_output(0.99), "scale", [30, 60], replications=50, seed=11)
    assert "none of the numbers of providers tried finds economies of scale in 80 % of studies: with 60" in short.text


def test_nothing_to_find_is_said():
    answer = power(one_output(1.0), "scale", [60], seed=12)
    assert answer.table["found"].isna().all()
    assert answer.table["wrong_sign"].iloc[0] == pytest.approx(0.05, abs=0.05)
    assert "there is nothing to find, and" in answer.text
    assert answer.tables[TRUTH]["to_find"].tolist() == ["nothing"]


def test_what_more_providers_do_not_mend_is_said():
    options = {"volume_error": 0.3, "per_head": "visits", "seed": 13}
    answer = power(one_output(0.9), "scale", [1_000], **options)
    reliability = 0.36 / (0.36 + 0.09)
    assert answer.table["bias"].iloc[0] == pytest.approx((1 - reliability) * 0.1, abs=0.003)
    assert "more providers do not mend that" in answer.text
    opposite = power(with_continuity(), "relationship", [250], chosen_by_need={"continuity": 0.3}, seed=13)
    assert opposite.table["wrong_sign"].iloc[0] > 0.9
    assert "find the opposite of what is true" in opposite.text
    assert "mend" not in power(one_output(0.9), "scale", [1_000], replications=50, seed=13).text


def test_what_is_asked_of_relationships_is_named():
    answer = power(with_continuity(0.2), "relationship", [60], replications=10, second_order="none", seed=14)
    assert answer.tables[TRUTH].iloc[0][["what", "to_find", "truth", "null"]].tolist() == [
        "the slope of log cost on continuity", "that continuity costs", 0.2, 0.0,
    ]  # fmt: skip
    assert answer.title == "Would a study find it? The slope of log cost on continuity"


def test_a_wrong_form_is_biased():
    curved = em.worlds.state("translog", {"visits": 0.9, "half visits squared": 0.4}, outputs={"visits": 100})
    right, wrong = (
        power(curved, "scale", [400], form=form, spread=0.8, specialised=None, seed=15, replications=40).table.iloc[0]
        for form in ("translog", "composite")
    )
    assert abs(right["bias"]) < 0.01
    assert wrong["coverage"] < right["coverage"]


def test_the_fewest_that_suffice_suffice_from_there_on():
    table = power(one_output(), "scale", [30, 60, 120], replications=10).table
    assert enough_from(table.assign(found=[0.85, 0.7, 0.9]), 0.8) == 120
    assert enough_from(table.assign(found=[0.8, 0.9, 1.0]), 0.8) == 30
    assert enough_from(table.assign(found=[0.8, 0.9, 0.7]), 0.8) is None


def test_bars_only_where_someone_watches(monkeypatch, capsys):
    power(one_output(), "scale", [30], replications=5)
    assert capsys.readouterr().out == ""
    told = []

    class Parts:
        step = staticmethod(lambda *words: told.append(words))

    class Board:
        __enter__ = staticmethod(Parts)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(room, "board", lambda names: Board())
    power(one_output(), "scale", [1_000], replications=5)
    assert told == [("1,000 providers", 5, 5)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: power(one_output(), "size"), UnknownName, r"question='size' is not known.*scale, scope, relationship"),
        (lambda: power(one_output(), providers=[]), NotSupported, r"providers=\[\]: give whole numbers"),
        (lambda: power(one_output(), providers=[1, 30]), NotSupported, r"whole numbers from two upwards"),
        (lambda: power(one_output(), providers=[30.5]), NotSupported, r"whole numbers from two upwards"),
        (lambda: power(one_output(), replications=1), NotSupported, r"replications=1 gives no interval"),
        (lambda: power(one_output(), target=80), NotSupported, r"target=80 is not between 0 and 1"),
        (lambda: power(one_output(), conf_level=95), NotSupported, r"conf_level=95 is not between"),
        (lambda: power(one_output(), sound=0.1), UnknownName, r"sound is no option of em\.worlds\.simulate\. It has"),
        (lambda: power(one_output(), "relationship"), NotSupported, r"The truth has no relationship variable"),
        (lambda: power(one_output(), of="visits"), NotSupported, r"of='visits' names a relationship variable"),
        (lambda: power(with_continuity(), "relationship", of="ties"), UnknownName, r"'ties' is not .* There is cont"),
        (lambda: power(one_output(), "scope"), FormError, r"visits is the only one"),
        (lambda: power(two_outputs(), "scope", form="translog"), FormError, r"translog form that is fitted has none"),
        (lambda: power(two_outputs(), form="log"), UnknownName, r"There is no form 'log'"),
        (lambda: power(two_outputs(), form="translog", specialised=SPECIALISED), FormError, r"no cost at zero output"),
        (lambda: power(one_output(), effects="within"), NotSupported, r"effects=\"within\""),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_several_relationship_variables_must_be_told_apart():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.9}, outputs={"visits": 100}, relationships={"r": 0.0, "q": 0.0})
    with pytest.raises(
        UnknownName, match=r"There are several relationship variables: say which with of=\. There is r, q"
    ):
        power(cost, "relationship")


def test_an_estimate_is_no_truth():
    fitted = em.fit(em.worlds.simulate(one_output(), 60).data, "cobb_douglas")
    with pytest.raises(NotSupported, match=r"a Fit is an estimate\. State the truth"):
        power(fitted)
