"""The sentences of a merger: what it saves, where that sits, when it pays, and what was not assumed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from econmodel.arrangements.mergers.measure import APART, FACTORS, PART, SHARE, WHOLE, MergerMeasure
from econmodel.arrangements.mergers.money import DISCOUNTED, WITHIN, Terms, by_term, middle
from econmodel.arrangements.pay_back import in_money
from econmodel.estimate.fit import Fit
from econmodel.results import (
    INTERVAL_COLUMNS,
    MOST_TIMES,
    columns_beside,
    format_number,
    identified_in_words,
    interval_in_words,
    with_interval,
)
from econmodel.verdict import judge_row
from econmodel.words import verdict_words

Row = Mapping[str, Any]
CALLED = {"harmony": "harmony (scope)", "size": "size (scale)"}
# A factor this near to one is one.
NOTHING = 5e-5


def together(names: Sequence[str]) -> str:
    """Names as a list in a sentence.

    Examples
    --------
    >>> together(["Elm", "Oak", "Ash"]), together(["Elm"])
    ('Elm, Oak and Ash', 'Elm')
    """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def sentence(
    measure: MergerMeasure,
    table: pd.DataFrame,
    money: pd.DataFrame,
    terms: Terms,
    level: float,
    supported: bool,
    unit: str = "",
) -> str:
    """The finding of a merger, from its tables."""
    rows = by_term(table)
    whole = rows[WHOLE]
    who = together(measure.joint.names)
    what = "As one" if measure.members is None else f"With {_merged(measure)} made together"
    if abs(np.log(middle(whole))) > np.log(MOST_TIMES):
        more = "over" if middle(whole) > 1.0 else "less than one over"
        return (
            f"{what}, {who} would cost {more} {MOST_TIMES:g} times what they cost apart by this form: no merger does "
            "that, so nothing is said of this one. Choose partners nearer to the mean of the data, or fit fewer "
            'second-order terms (second_order="outputs" or "none").'
        )
    said = [f"{what}, {who} would cost {_ratio(whole, level)} times what they cost apart: {_verdict(whole, level)}"]
    if not supported:
        said.append(
            "This rests on a provider of a size, mix or relationship that none of the providers has: it is what the "
            "form implies, not what they show"
        )
    said.append(_factors(rows, measure.members is not None))
    learning = middle(rows["learning"])
    if learning < 1 - NOTHING and measure.members is None:
        said.append(
            f"Learning needs no merger; without it the ratio would be {format_number(middle(whole) / learning)}"
        )
    if not measure.function.technology.relationships:
        said.append(
            "The cost function has no relationship variable, so what a merger does to relationships is not in it"
        )
    elif np.isclose(middle(rows["relationship"]), 1.0, atol=1e-12, rtol=0.0):
        said.append("Nothing was assumed to happen to the relationship: it stays at the partners' mean")
    if terms.one_off is not None:
        said.append(_paid(by_term(money, "item"), terms, float(whole["conf_low"]) < 1.0, unit))
    return ". ".join(said) + "."


def _ratio(row: Row, level: float) -> str:
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if np.isnan(row["estimate"]):
        return f"{identified_in_words(row)} ({interval_in_words(low, high, level)}, covering all of it)"
    if low == high:
        return format_number(float(row["estimate"]))
    return with_interval(float(row["estimate"]), low, high, level)


def _verdict(row: Row, level: float) -> str:
    if abs(middle(row) - 1) < NOTHING and row["conf_low"] == row["conf_high"]:
        return "neither a saving nor an extra cost"
    size = "" if np.isnan(row["estimate"]) else f" of {100 * abs(1 - middle(row)):.1f} %"
    return verdict_words(judge_row(row, level), f"a saving{size}", f"an extra cost{size}")


def _factors(rows: Mapping[str, Row], group: bool) -> str:
    values = {name: float(rows[name]["estimate"]) for name in FACTORS}
    listed = ", ".join(
        f"{CALLED.get(name, name)} {format_number(value)}"
        for name, value in values.items()
        if abs(value - 1) >= NOTHING or name in CALLED
    )
    if np.isnan(list(values.values())).any():
        return f"The factors of the merged part ({_percent(rows[SHARE])} of cost) are known as intervals only (table)"
    parts = "Its factors" if not group else f"Of the merged part ({_percent(rows[SHARE])} of cost) the factors"
    largest = max(values, key=lambda name: abs(np.log(values[name])))
    least = abs(np.log(values[largest])) < NOTHING
    return f"{parts} are {listed}" + ("" if least else f"; the largest is {CALLED.get(largest, largest)}")


def _percent(row: Row) -> str:
    if np.isnan(row["estimate"]):
        return f"{100 * row['identified_low']:.0f} to {100 * row['identified_high']:.0f} %"
    return f"{100 * row['estimate']:.0f} %"


def _paid(money: Mapping[str, Row], terms: Terms, may_save: bool, unit: str) -> str:
    assert terms.one_off is not None
    once, years = in_money(terms.one_off, unit), money[DISCOUNTED]
    needed = float(money[WITHIN]["estimate"])
    apart = middle(money["cost apart"])
    share = needed / apart if apart > 0 else np.inf
    much = f"{100 * share:.1f} %" if share <= MOST_TIMES else f"over {100 * MOST_TIMES:,.0f} %"
    needs = (
        f"to be paid back within {terms.horizon:g} years at {100 * terms.rate:g} % a year, the saving must be "
        f"{in_money(needed, unit)} a year or more, {much} of cost"
    )
    best = float(years["estimate"])
    first, last = (float(years.get(name, np.nan)) for name in INTERVAL_COLUMNS)
    if first == first and last == last:
        period = f"is paid back after {format_number(first, 3)} to {format_number(last, 3)} years"
    elif best == best:
        low, high = (float(years[name]) for name in ("conf_low", "conf_high"))
        if low == high:
            period = f"is paid back after {format_number(best, 3)} years"
        elif high == high:
            period = f"is paid back after {format_number(best, 3)} years ({format_number(low, 2)} to "
            period += f"{format_number(high, 3)})"
        else:
            period = f"is paid back after {format_number(best, 3)} years, or never at the cautious end of the interval"
    elif may_save:
        period = "is not paid back by the saving as estimated"
    else:
        period = "is never paid back, since nothing is saved"
    return f"A one-off cost of {once} {period}; {needs}"


def _merged(measure: MergerMeasure) -> str:
    assert measure.members is not None
    outputs = measure.function.technology.outputs
    return " and ".join(name for name, member in zip(outputs, measure.members, strict=True) if member)


def notes(measure: MergerMeasure, inside: Sequence[bool], relationship: Mapping[str, float]) -> list[str]:
    """What a reader must know besides."""
    function, said = measure.function, []
    if not measure.efficiency.source:
        said.append("Learning is one: no inefficiency is known without a frontier, and a residual is not one.")
    else:
        said.append("The partners' efficiencies are taken as given; the intervals do not hold what is unknown of them.")
    if isinstance(function, Fit):
        if function.effects is not None:
            said.append(
                "Provider effects are left out: every partner is taken at the average provider's level of cost."
            )
        times = measure.efficiency.smearing
        if times != 1.0:
            said.append(
                f"Money is mean cost: fitted cost times {format_number(times)}, the mean of exp(residual) (Duan, "
                "1983), which the intervals take as given."
            )
        kinds = function.data.relationships
        ratios = [function.data.labels(name) for name in relationship if kinds[name].kind != "attribute"]
        if ratios:
            said.append(
                f"{together(ratios)} {'is an input ratio' if len(ratios) == 1 else 'are input ratios'}: a change of "
                "it is a change of inputs, and its factor is no effect of relationship."
            )
    if measure.members is not None:
        said.append(
            f"The merged part is what {_merged(measure)} cost beside the other outputs (incremental cost). {APART!r} "
            "is the ratio where the joint unit stands alone and pays the common fixed cost itself."
        )
    if measure.is_open:
        said.append(
            f"Where everyone makes {_merged(measure)}, its own fixed cost cannot be told from the common one: the "
            "interval from all of it to none is identified."
        )
    bundles = (*measure.joint.names, "mean of the partners", "merged")
    outside = [name for name, seen in zip(bundles, inside, strict=True) if not seen]
    if outside:
        said.append(f"Outside the support of the data: {', '.join(outside)}.")
    return said


def bundles_table(measure: MergerMeasure, inside: Sequence[bool]) -> pd.DataFrame:
    """The bundles: outputs, relationships in the user's units, mean cost a year and support."""
    joint, function = measure.joint, measure.function
    technology = function.technology
    columns = columns_beside((*technology.outputs, *technology.relationships), ("bundle", "cost", "in support"))
    outputs, relationships = columns[: len(technology.outputs)], columns[len(technology.outputs) :]
    rows = []
    named = [*zip(joint.names, joint.own_points(), strict=True)]
    named += [("mean of the partners", joint.mean), ("merged", joint.after)]
    for (name, point), seen in zip(named, inside, strict=True):
        row: dict[str, object] = {"bundle": name} | dict(zip(outputs, point.outputs[0], strict=True))
        for place, variable in enumerate(relationships):
            value = point.relationships[0, place]
            row[variable] = float(np.exp(value)) if technology.log_relationships[place] else float(value)
        row["cost"] = measure.efficiency.smearing * float(technology.cost(function.theta, point)[0])
        rows.append({**row, "in support": seen})
    return pd.DataFrame(rows)


def title(measure: MergerMeasure) -> str:
    """What was asked."""
    who = f"Merger of {together(measure.joint.names)}"
    return who if measure.members is None else f"{who}: {_merged(measure)} made together, the rest apart"


def labels(measure: MergerMeasure) -> dict[str, str]:
    """Printed names of the terms."""
    found = {WHOLE: "cost together / apart", **CALLED}
    return found if measure.members is None else found | {PART: "merged part, together / apart"}
