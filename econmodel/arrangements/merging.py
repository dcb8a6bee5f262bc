"""What a merger does to cost: learning, levelling, harmony, size and relationship, and when it pays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.comparison import GIVEN, Comparison, source, sources, switches
from econmodel.arrangements.merged_costs import (
    APART,
    COST_APART,
    EARLY,
    FACTORS,
    MONEY,
    PART,
    SAVED,
    SAVING,
    SHARE,
    WHOLE,
    Merging,
    merging,
)
from econmodel.arrangements.partners import Partners, check_relationships, members
from econmodel.arrangements.pay_back import (
    DISCOUNT_RATE,
    DISCOUNT_SOURCE,
    HORIZON,
    HORIZON_SOURCE,
    annuity,
    check_terms,
    in_money,
    pay_back,
)
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import verdict_of
from econmodel.economies.core.places import CostFunction, require_fit, source_of
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.results import (
    INTERVAL_COLUMNS,
    MOST_TIMES,
    Effects,
    columns_beside,
    format_number,
    identified_in_words,
    interval_in_words,
    with_interval,
)
from econmodel.words import listed, verdict_words

Array = NDArray[np.float64]
Row = Mapping[str, Any]
CALLED = {"harmony": "harmony (scope)", "size": "size (scale)"}
PAY_BACK, DISCOUNTED = "pay-back, undiscounted", "pay-back, discounted"
WITHIN = "saving that pays within the horizon"
ENDS = ["estimate", "conf_low", "conf_high", "identified_low", "identified_high"]
# A factor this near to one is one.
NOTHING = 5e-5


def merger(
    fit: CostFunction,
    partners: Partners,
    *,
    relationship: Mapping[str, float] | None = None,
    merged: Sequence[str] | None = None,
    volume: Mapping[str, float] | None = None,
    efficiency: Mapping[str, float] | None = None,
    one_off: float | None = None,
    horizon: float = HORIZON,
    discount_rate: float = DISCOUNT_RATE,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What two or more providers would cost as one, over what they cost apart, and where the difference comes from.

    Parameters
    ----------
    fit : a fit, or a stated cost function
    partners : names of providers, as in `data.row_names()`; or bundles by name, as a mapping of
        name -> {column: value} or a table, with every output (all else at the mean of the cost function)
    relationship : relationship variable -> its value after the merger, in its own unit; by default the partners' mean:
        nothing is assumed to happen to the relationship
    merged : the outputs that are made together (a joint back office), while each partner goes on to make the others
        itself; by default all. Needs a level form, since it asks for cost with some outputs at zero
    volume : output -> its weight in the volume by which relationships, prices and context are averaged; by default each
        output counts as the partners' shares of it
    efficiency : partner -> its least cost over its actual cost, in (0, 1]. Without it, those of a frontier fit for
        partners in its table; of least squares learning is one, since a residual is not inefficiency
    one_off : cost of the merger itself, once, in the unit of cost
    horizon : years within which it must pay
    discount_rate : a share a year, real
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "merger" (cost together over cost apart) and its factors "learning" (what the partners could save without
        merging), "levelling" (of relationships and prices), "harmony" (scope), "size" (scale) and "relationship", whose
        product it is; null 1, below one is a saving. With `merged` the factors are of the "merged part", the cost of
        making those outputs beside the others (incremental cost), which is the "share of cost merged" of all; so what
        is saved by making the merged outputs in the same organisation as the others is kept, and "merger, joint unit on
        its own" is the ratio where it is lost. Where data do not say which fixed cost an organisation that makes some
        outputs only is spared, `identified_low` and `identified_high`.
        Further tables: "relationship first" (the factors where relationships change before outputs are joined),
        "money", "switching values", "bundles" and "numbers used". Money is the mean: fitted cost times the smearing
        factor (Duan, 1983) where errors multiply. `supported` is False where a factor rests on outputs or relationships
        beyond those of the providers.

    Raises
    ------
    NotSupported, UnknownName, TableError, FormError
        For a merger of one, an unknown provider, output or variable, a bundle with an output missing, a negative
        one-off cost, and a group structure in a log form.

    Notes
    -----
    `econmodel.arrangements.merged_costs.factors` has the formula (Bogetoft and Wang, 2005, extended by levelling and
    relationship). The interval of the pay-back period is that of the saving, end by end, since the period of a saving
    near zero has no finite variance. Networks (sites, routes) add up in a merger as outputs do.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    >>> found = merger(cost, {"Elm": {"visits": 80}, "Oak": {"visits": 120}})
    >>> float(found.row("merger")["estimate"].round(4)), float(found.row("size")["estimate"].round(4))
    (0.9347, 0.933)
    """
    require_fit(fit)
    check_terms(one_off, horizon, discount_rate)
    firms = members(fit, partners, "partners", "merge", "A merger")
    after = check_relationships(fit.technology, relationship, "relationship")
    joint = merging(fit, firms, volume, after, merged, efficiency)
    fault, (inside, seen) = joint.fault(), joint.supported()
    comparison = Comparison(fit, joint.amounts, joint.nulls, joint.readings, joint.factor)
    place, missing = listed(firms.names), inside if fault else ()
    table = comparison.table(place, inside, missing, method=method, conf_level=conf_level, seed=seed)
    of_early, of_money = table["term"].isin(EARLY), table["term"].isin(MONEY)
    shown, early, money = (table[rows].reset_index(drop=True) for rows in (~of_early & ~of_money, of_early, of_money))
    terms = OneOff(
        one_off, horizon, discount_rate, (fit.data.cost_unit or fit.data.money) if isinstance(fit, Fit) else ""
    )
    tables = {"relationship first": early.assign(term=early["term"].map(EARLY))}
    tables |= {"money": _money(money, terms), "switching values": _switching(joint, shown, money, terms)}
    tables |= {"bundles": _bundles(joint, seen), "numbers used": _numbers(joint, terms, after, volume is not None)}
    without = {"relationship first"} if not fit.technology.relationships else set()
    without |= {"switching values"} if tables["switching values"].empty else set()
    text = fault or _sentence(joint, shown, tables["money"], terms, method, conf_level)
    who, labels = f"Merger of {place}", {WHOLE: "cost together / apart", **CALLED}
    if merged is not None:
        who = f"{who}: {joint.merged_names} made together, the rest apart"
        labels |= {PART: "merged part, together / apart"}
    return Effects(
        who, shown, text, labels, tuple(_notes(joint, comparison.notes(method), seen, after)),
        {name: table for name, table in tables.items() if name not in without}, method, conf_level,
        source=source_of(joint.fit),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OneOff:
    """The one-off cost (None where none is given), the years within which it must be paid back, the rate, the unit."""

    cost: float | None
    horizon: float
    rate: float
    unit: str

    @property
    def needed(self) -> float:
        """The saving a year that pays within the horizon; missing without a one-off cost."""
        return np.nan if self.cost is None else self.cost / annuity(self.rate, self.horizon)


def _by_term(table: pd.DataFrame, key: str = "term") -> dict[str, dict[str, Any]]:
    """Rows of a table by what stands under `key`."""
    return {str(row[key]): {str(name): value for name, value in row.items()} for row in table.to_dict("records")}


def _middle(row: Row) -> float:
    """The estimate of a row, or the middle of what is identified."""
    if row["estimate"] == row["estimate"] or "identified_low" not in row:
        return float(row["estimate"])
    return float(row["identified_low"] + row["identified_high"]) / 2.0


def _money(money: pd.DataFrame, terms: OneOff) -> pd.DataFrame:
    """Costs and saving a year, and the period in which a one-off cost is paid back."""
    saving, unit = _by_term(money)[SAVING], terms.unit or "money"
    money = money[["term", *ENDS]].rename(columns={"term": "item"})
    money.insert(1, "unit", [f"{unit} a year"] * 3 + ["share"])
    if terms.cost is None:
        return money
    # The period falls with the saving, so its ends are those of the saving, turned round.
    turned = {"conf_low": "conf_high", "conf_high": "conf_low"}
    turned |= {"identified_low": "identified_high", "identified_high": "identified_low"}
    once = {"item": "one-off cost", "unit": unit, "estimate": terms.cost}
    rows = [once, {"item": WITHIN, "unit": f"{unit} a year", "estimate": terms.needed}]
    for item, rate in ((PAY_BACK, 0.0), (DISCOUNTED, terms.rate)):
        values = {name: pay_back(terms.cost, float(saving[turned.get(name, name)]), rate) for name in ENDS}
        rows.append({"item": item, "unit": "years", **values})
    return pd.concat([money, pd.DataFrame(rows)], ignore_index=True)


def _switching(joint: Merging, shown: pd.DataFrame, money: pd.DataFrame, terms: OneOff) -> pd.DataFrame:
    """Each number at which the merger turns from paying to not paying, all others as estimated."""
    rows, relationships = _by_term(money), joint.fit.technology.relationships
    saving, apart, share = (_middle(rows[name]) for name in (SAVING, COST_APART, SAVED))
    within, found = f"pays within {terms.horizon:g} years", []
    if terms.cost is not None:
        least = 100 * terms.needed / apart if apart > 0 else np.nan
        found.append(("saving, % of cost apart", 100 * share, least, f"{within} from there on"))
        worth = saving * annuity(terms.rate, terms.horizon)
        found.append(("one-off cost", terms.cost, worth, f"{within} up to there"))
    if joint.members is None and relationships and share < 1.0:
        ratio = _middle(_by_term(shown)["relationship"])
        found.append(
            ("relationship factor, to save at all", ratio, ratio / (1.0 - share), "saves something below that")
        )
        if terms.cost is not None:
            limit = ratio * (1.0 - terms.needed / apart) / (1.0 - share)
            found.append(("relationship factor, to pay", ratio, limit, f"{within} below that"))
        for name in relationships:
            found.append((f"{name} after", *_limit(joint, name, apart), "nothing is saved there"))
    return pd.DataFrame(found, columns=["number", "now", "switches_at", "meaning"])


def _limit(joint: Merging, name: str, apart: float) -> tuple[float, float]:
    """A relationship variable after the merger, and the nearest value at which cost together is cost apart.

    In the user's units; missing where no value within the providers' range does it.
    """
    fit, after = joint.fit, joint.points["after"]
    place = fit.technology.relationships.index(name)
    in_units = np.exp if fit.technology.log_relationships[place] else float
    here = float(after.relationships[0, place])
    if fit.sample is None or not np.isfinite(apart):
        return float(in_units(here)), np.nan

    def costs(value: float) -> Array:
        relationships = after.relationships.copy()
        relationships[0, place] = value
        together = fit.technology.cost(fit.theta, replace(after, relationships=relationships))[0]
        return np.array([apart, joint.factor * together])

    seen = fit.points().relationships[:, place]
    ends = (min(float(seen.min()), here), max(float(seen.max()), here))
    near = [one.value for one in switches(costs, here, *ends) if seen.min() <= one.value <= seen.max()]
    return float(in_units(here)), float(in_units(min(near, key=lambda value: abs(value - here)))) if near else np.nan


def _numbers(joint: Merging, terms: OneOff, relationship: Mapping[str, float], weighted: bool) -> pd.DataFrame:
    """Every number that entered beside the cost function.

    Parameters
    ----------
    relationship : variable -> its value after the merger, where one was given
    weighted : whether weights of volume were given
    """
    rows: list[tuple[str, float, str]] = []
    if terms.cost is not None:
        rows = [
            ("one-off cost", terms.cost, GIVEN),
            ("discount rate, a year", terms.rate, source(terms.rate, DISCOUNT_RATE, DISCOUNT_SOURCE)),
            ("horizon, years", terms.horizon, source(terms.horizon, HORIZON, HORIZON_SOURCE)),
        ]
    mean = "mean of the partners: nothing is assumed to happen to it"
    values = _relationships(joint, joint.points["after"])
    rows += [(f"{name} after the merger", value, GIVEN if name in relationship else mean) for name, value in values]
    names = joint.firms.names
    if joint.source:
        efficiencies = zip(names, joint.efficiencies, strict=True)
        rows += [(f"cost efficiency of {name}", float(value), joint.source) for name, value in efficiencies]
    weights = GIVEN if weighted else "assumption: each output counts as the partners' share of it"
    rows += [(f"weight of {name} in means", float(one), weights) for name, one in zip(names, joint.shares, strict=True)]
    multiplied = isinstance(joint.fit, Fit) and not joint.fit.design.additive
    how = "mean of exp(residual): Duan (1983)" if multiplied else "no error that multiplies cost"
    return sources([*rows, ("mean over fitted cost", joint.factor, how)])


def _relationships(joint: Merging, point: Point) -> list[tuple[str, float]]:
    """Relationship variables of one provider, in the users' units."""
    technology = joint.fit.technology
    rows = zip(technology.relationships, point.relationships[0], technology.log_relationships, strict=True)
    return [(name, float(np.exp(value) if logged else value)) for name, value, logged in rows]


def _bundles(joint: Merging, seen: Sequence[bool]) -> pd.DataFrame:
    """The bundles: outputs, relationships in the users' units, mean cost a year and support."""
    technology = joint.fit.technology
    columns = columns_beside((*technology.outputs, *technology.relationships), ("bundle", "cost", "in_support"))
    names = [*joint.firms.names, "mean of the partners", "merged"]
    rows = []
    for name, point, inside in zip(
        names, [*joint.firms.each(), joint.points["mean"], joint.points["after"]], seen, strict=True
    ):
        values = [*point.outputs[0], *(value for _, value in _relationships(joint, point))]
        cost = joint.factor * float(technology.cost(joint.fit.theta, point)[0])
        rows.append({"bundle": name, **dict(zip(columns, values, strict=True)), "cost": cost, "in_support": inside})
    return pd.DataFrame(rows)


def _notes(
    joint: Merging, of_comparison: Sequence[str], seen: Sequence[bool], relationship: Mapping[str, float]
) -> list[str]:
    """What a reader must know besides."""
    notes = ["The partners' efficiencies are taken as given; the intervals do not hold what is unknown of them."]
    if not joint.source:
        notes = ["Learning is one: no inefficiency is known without a frontier, and a residual is not one."]
    if isinstance(joint.fit, Fit):
        if joint.fit.effects is not None:
            notes.append(
                "Provider effects are left out: every partner is taken at the average provider's level of cost."
            )
        data = joint.fit.data
        ratios = [data.labels(name) for name in relationship if data.relationships[name].kind != "attribute"]
        if ratios:
            notes.append(
                f"{listed(ratios)} {'is an input ratio' if len(ratios) == 1 else 'are input ratios'}: a change of "
                "it is a change of inputs, and its factor is no effect of relationship."
            )
    if joint.members is not None:
        notes.append(
            f"The merged part is what {joint.merged_names} cost beside the other outputs (incremental cost). {APART!r} "
            "is the ratio where the joint unit stands alone and pays the common fixed cost itself."
        )
    bundles = (*joint.firms.names, "mean of the partners", "merged")
    outside = [name for name, inside in zip(bundles, seen, strict=True) if not inside]
    beyond = [f"Outside the support of the data: {', '.join(outside)}."] if outside else []
    return [*notes, *of_comparison, *beyond]


def _sentence(
    joint: Merging, table: pd.DataFrame, money: pd.DataFrame, terms: OneOff, method: Method, level: float
) -> str:
    """The finding of a merger, from its tables."""
    rows = _by_term(table)
    whole, who = rows[WHOLE], listed(joint.firms.names)
    ratio, learning = _middle(whole), _middle(rows["learning"])
    what = "As one" if joint.members is None else f"With {joint.merged_names} made together"
    if abs(np.log(ratio)) > np.log(MOST_TIMES):
        more = "over" if ratio > 1.0 else "less than one over"
        return (
            f"{what}, {who} would cost {more} {MOST_TIMES:g} times what they cost apart by this form: no merger does "
            "that, so nothing is said of this one. Choose partners nearer to the mean of the data, or fit fewer "
            'second-order terms (second_order="outputs" or "none").'
        )
    low, high, size = float(whole["conf_low"]), float(whole["conf_high"]), ""
    times = f"{identified_in_words(whole)} ({interval_in_words(low, high, level)}, covering all of it)"
    if not np.isnan(whole["estimate"]):
        times = format_number(ratio) if low == high else with_interval(ratio, low, high, level)
        size = f" of {100 * abs(1 - ratio):.1f} %"
    passed = verdict_of(joint.fit, whole, method, level)
    verdict = verdict_words(passed, f"a saving{size}", f"an extra cost{size}")
    if abs(ratio - 1) < NOTHING and low == high:
        verdict = "neither a saving nor an extra cost"
    parts = [f"{what}, {who} would cost {times} times what they cost apart: {verdict}"]
    if not whole["supported"]:
        parts.append("This rests on a provider of a size, mix or relationship that none of the providers has")
    parts.append(_factors(rows, joint.members is not None))
    if learning < 1 - NOTHING and joint.members is None:
        parts.append(f"Learning needs no merger; without it the ratio would be {format_number(ratio / learning)}")
    if not joint.fit.technology.relationships:
        parts.append(
            "The cost function has no relationship variable, so what a merger does to relationships is not in it"
        )
    elif np.isclose(_middle(rows["relationship"]), 1.0, atol=1e-12, rtol=0.0):
        parts.append("Nothing was assumed to happen to the relationship: it stays at the partners' mean")
    if terms.cost is not None:
        parts.append(_paid(_by_term(money, "item"), terms, low < 1.0, passed.differs))
    return ". ".join(parts) + "."


def _factors(rows: Mapping[str, Row], group: bool) -> str:
    share = ""
    if group:
        ends = [rows[SHARE][name] for name in ("estimate", *INTERVAL_COLUMNS)]
        written = [f"{100 * end:.0f}" for end in ends if not np.isnan(end)]
        share = f"({' to '.join(written)} % of cost)"
    values = {name: float(rows[name]["estimate"]) for name in FACTORS}
    if np.isnan(list(values.values())).any():
        of_part = f"The factors of the merged part {share}" if group else "Its factors"
        return f"{of_part} are known as intervals only (table)"
    named = ", ".join(
        f"{CALLED.get(name, name)} {format_number(value)}"
        for name, value in values.items()
        if abs(value - 1) >= NOTHING or name in CALLED
    )
    parts = f"Of the merged part {share} the factors" if group else "Its factors"
    largest = max(values, key=lambda name: abs(np.log(values[name])))
    nothing = abs(np.log(values[largest])) < NOTHING
    return f"{parts} are {named}" + ("" if nothing else f"; the largest is {CALLED.get(largest, largest)}")


def _paid(money: Mapping[str, Row], terms: OneOff, may_save: bool, settled: bool) -> str:
    """When the one-off cost is paid back, and what must be saved before it is."""
    assert terms.cost is not None
    years, apart = money[DISCOUNTED], _middle(money[COST_APART])
    share = terms.needed / apart if apart > 0 else np.inf
    much = f"{100 * share:.1f} %" if share <= MOST_TIMES else f"over {100 * MOST_TIMES:,.0f} %"
    best, low, high, first, last = (float(years.get(name, np.nan)) for name in ENDS)
    after = f"is paid back after {format_number(best, 3)} years"
    if first == first and last == last:
        period = f"is paid back after {format_number(first, 3)} to {format_number(last, 3)} years"
    elif best == best and high == high:
        period = after if low == high else f"{after} ({format_number(low, 2)} to {format_number(high, 3)})"
        period += "" if settled else ", if there is a saving at all"
    elif best == best:
        period = f"{after}, or never at the cautious end of the interval"
    elif may_save:
        period = "is not paid back by the saving as estimated"
    else:
        period = "is never paid back, since nothing is saved"
    return (
        f"A one-off cost of {in_money(terms.cost, terms.unit)} {period}; to be paid back within {terms.horizon:g} "
        f"years at {100 * terms.rate:g} % a year, the saving must be {in_money(terms.needed, terms.unit)} a year or "
        f"more, {much} of cost"
    )
