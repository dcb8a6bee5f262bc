"""Merge, partner, subcontract or stay apart: what each costs a year, and when that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.comparison import Comparison, Moved, amount, field_of, switching_table
from econmodel.arrangements.joint_work import JointWork, joint_work
from econmodel.arrangements.partners import Partners, all_seen, check_relationships, members
from econmodel.arrangements.pay_back import DISCOUNT_RATE, HORIZON
from econmodel.arrangements.terms import (
    ARRANGEMENTS,
    MANDATED_PARTNER,
    MERGE,
    MOVABLE,
    PARTNER,
    PARTS,
    SEPARATE,
    SERVICES,
    SUBCONTRACT,
    Terms,
)
from econmodel.arrangements.trust import Transactions, Trust
from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import verdict_of
from econmodel.economies.core.places import CostFunction, source_of
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects, format_number, identified_in_words
from econmodel.table.roles import nearest
from econmodel.words import capital, listed, verdict_words

Array = NDArray[np.float64]
PARTS_TABLE, SWITCHING, STATED, ALONG = "parts", "switching values", "numbers and their sources", "along"
DOING = {
    SEPARATE: "staying apart",
    MERGE: "merging",
    PARTNER: "a partnership",
    MANDATED_PARTNER: "a mandated partnership",
    SUBCONTRACT: "subcontracting",
}
MERGED = SERVICES.index("all, merged")
HIGHEST_FEE, MOST_YEARS = 0.99, 40.0
UNBOUNDED = ("per_partner", "per_pair", "one_off")
STEPS_DRAWN = 20


def partner(
    fit: CostFunction,
    providers: Partners,
    shared: Mapping[str, float] | Sequence[str],
    *,
    per_partner: float = 0.0,
    per_pair: float = 0.0,
    fee: float = 0.0,
    one_off: float = 0.0,
    horizon: float = HORIZON,
    discount_rate: float = DISCOUNT_RATE,
    trust: Trust | None = None,
    mandated: Trust | None = None,
    transactions: Transactions | None = None,
    subcontractor: str | None = None,
    relationships_after: Mapping[str, float] | None = None,
    along: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What providers cost a year apart, merged, in partnership and with a subcontractor, on one scale.

    Parameters
    ----------
    fit : a fit or a stated cost function, of cost a year
    providers : two or more: names of rows of the fitted table; or name -> {column: value}, or a table with a row each
    shared : outputs that a partnership makes jointly, or that are subcontracted: names, or name -> share of each
        provider's volume
    per_partner, per_pair : cost a year of coordination: for each partner but one (a hub has only these), and for each
        pair (where everybody deals with everybody); none by default. No source estimates the second
    fee : share of the subcontract's price that does not reach the subcontractor, below 1
    one_off : cost of merging, spread over `horizon` years at `discount_rate`, both as in `em.arrangements.merger`
    trust, mandated : how trust behaves where partners chose each other (and with a subcontractor), and where they did
        not; by default `Trust()`, and the same with three times the decay and half the saving, assumptions
    transactions : what transactions take of the value that passes between partners; by default `Transactions()`
    subcontractor : one of the providers; by default the one with whom it is cheapest
    relationships_after : relationship variables after a merger; by default the mean of the providers, by volume
    along : a number to move ("per_partner", "per_pair", "transaction_share", "fee", "one_off", "every", "kept",
        "decay", or a relationship variable, after the merger): the further table "along" then has the costs for
        `em.charts.arrangements`
    ranges : number -> (lowest, highest) in which it is moved, where the usual range is not wanted
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "separate", "merge", "partner", "partner, mandated", "subcontract" (money a year); each but the first also
        "... less separate" (null 0); and the cheapest less the next. Where data do not say whether an organisation that
        makes some outputs only is spared a fixed cost, `identified_low` and `identified_high`. Further tables: the
        parts, which add up; the switching values (how far one number must move before another arrangement is cheapest,
        the mandated partnership left out); and every number with its source.

    Raises
    ------
    NotSupported
        For fewer than two providers, negative costs, a fee of 100 % or more, rates of trust outside 0 to 1.
    UnknownName
        For a provider, output or relationship variable that does not exist; the message lists those that do.
    FormError
        Where a log form is asked for a provider that makes none of some output.

    Notes
    -----
    separate = sum C(y_j, r_j); merge = C(sum y, r_after) + annuity of the one-off cost; partner = sum C(y_j - s_j, r_j)
    + C(sum s, r) + per_partner (n - 1) + per_pair n (n - 1) / 2 + tau C(sum s, r); subcontract = C(own) + p (1 + tau),
    p the subcontractor's incremental cost over (1 - fee). Specialisation limited by the cost of coordination: Becker
    and Murphy (1992).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "fixed cost of meals": 10, "visits": 40, "meals": 30}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals"))
    >>> two = {"Ash": {"visits": 60, "meals": 20}, "Beech": {"visits": 40, "meals": 30}}
    >>> found = partner(cost, two, ["meals"], per_partner=2, one_off=100)
    >>> found.table.set_index("term")["estimate"].round(2).iloc[:5].to_dict()
    {'separate': 130.0, 'merge': 112.02, 'partner': 143.62, 'partner, mandated': 144.37, 'subcontract': 120.32}
    """
    firms = members(fit, providers, "providers", "work together", "A partnership")
    transactions = transactions or Transactions()
    chosen = trust or transactions.base
    terms = Terms(
        len(firms), per_partner, per_pair, fee, one_off, horizon, discount_rate,
        chosen, mandated or chosen.imposed(), transactions,
    )  # fmt: skip
    after = check_relationships(fit.technology, relationships_after, "relationships_after")
    work = joint_work(fit, firms, shared, terms, subcontractor, after)
    first, second = [*work.cheapest_first(work.readings[0]), SEPARATE, SEPARATE][:2]
    differences = {f"{name} less {SEPARATE}": (name, SEPARATE) for name in ARRANGEMENTS[1:]}
    differences |= {f"{first} less {second}": (first, second)} if first != second else {}

    def amounts(theta: Array, reading: Reading) -> dict[str, Array]:
        costs = dict(zip(ARRANGEMENTS, np.moveaxis(work.costs(theta, reading), -1, 0), strict=True))
        return costs | {term: costs[one] - costs[other] for term, (one, other) in differences.items()}

    inside = {name: all(all_seen(fit, group) for group in work.of(name)) for name in ARRANGEMENTS}
    inside |= {term: inside[one] and inside[other] for term, (one, other) in differences.items()}
    missing = {name for name, fault in work.faults.items() if fault}
    missing |= {term for term, pair in differences.items() if missing.intersection(pair)}
    comparison = Comparison(fit, amounts, dict.fromkeys(differences, 0.0), work.readings, work.factor)
    table = comparison.table("a year", inside, missing, method=method, conf_level=conf_level, seed=seed)
    numbers = _movable(work, ranges or {})
    tables = {
        PARTS_TABLE: _parts(work),
        SWITCHING: _switching(work, numbers),
        STATED: terms.numbers(trust is not None, mandated is not None),
    }
    if along is not None:
        tables[ALONG] = _along(work, along, numbers)
    effects = Effects(
        "Arrangements, cost a year", table, "", notes=tuple(_notes(work, comparison.notes(method))), tables=tables,
        method=method, conf_level=conf_level, source=source_of(work.fit),
    )  # fmt: skip
    return replace(effects, text=_text(work, effects, f"{first} less {second}", method))


def _movable(work: JointWork, ranges: Mapping[str, tuple[float, float]]) -> dict[str, Moved]:
    """What can be moved, and in which range: money up to the cost of the separate services, shares from 0 to 1."""
    terms, theta, names = work.terms, work.fit.theta, work.fit.technology.relationships
    services = {reading: work.services(theta, reading) for reading in work.readings}
    apart = float(services[work.readings[0]][0])
    highest = dict.fromkeys(MOVABLE, 1.0) | dict.fromkeys(("per_partner", "per_pair"), apart)
    highest |= {"transaction_share": terms.highest_transaction_share(), "fee": HIGHEST_FEE, "every": MOST_YEARS}
    highest["one_off"] = apart / terms.a_year
    numbers = {}
    for name, (label, path, *_) in MOVABLE.items():

        def costs(value: float, reading: Reading, name: str = name) -> Array:
            return terms.moved(name, value).totals(services[reading])

        now, low, whole = float(field_of(terms, path)), float(name == "every"), name == "every"
        numbers[name] = Moved(label, now, low, max(highest[name], now), costs, whole)
    for place, name in enumerate(names):

        def after_merging(value: float, reading: Reading, name: str = name) -> Array:
            there = services[reading].copy()
            merged = work.groups["merged"].related(work.fit.technology, {name: value})
            there[MERGED] = work.factor * work.each(theta, merged, reading).sum()
            return terms.totals(there)

        ends = _relationship_range(work, place)
        numbers[name] = Moved(f"{name.replace('_', ' ')} after merging", *ends, after_merging)
    for name, (low, high) in ranges.items():
        one = _number(numbers, name)
        floor, ceiling = (-np.inf if name in names else one.low), (np.inf if name in (*UNBOUNDED, *names) else one.high)
        if not floor <= low < high <= ceiling:
            raise NotSupported(
                f"ranges: {name} cannot be moved from {low:g} to {high:g}. Give the lower end first, within "
                f"{one.low:g} to {one.high:g}."
            )
        numbers[name] = replace(one, low=min(low, one.now), high=max(high, one.now))
    return numbers


def _relationship_range(work: JointWork, place: int) -> tuple[float, float, float]:
    """A relationship variable after a merger, and where it is moved: among the providers, or up to twice the value."""
    fit, now = work.fit, float(work.groups["merged"].point.relationships[0, place])
    if fit.sample is None:
        seen = 2.0 * np.append(work.providers.point.relationships[:, place], now)
        values = np.array([now, min(0.0, seen.min()), max(0.0, seen.max())])
    else:
        seen = np.append(fit.points().relationships[:, place], now)
        values = np.array([now, seen.min(), seen.max()])
    value, low, high = map(float, np.exp(values) if fit.technology.log_relationships[place] else values)
    return value, low, high


def _number(numbers: Mapping[str, Moved], name: str) -> Moved:
    if name not in numbers:
        near = nearest(name, numbers) or "."
        raise UnknownName(f"{name!r} is not a number to move{near} There are {', '.join(numbers)}.")
    return numbers[name]


def _switching(work: JointWork, numbers: Mapping[str, Moved]) -> pd.DataFrame:
    """Where another of the usable arrangements becomes the cheapest."""
    places = [ARRANGEMENTS.index(name) for name in work.usable]

    def among(one: Moved) -> Moved:
        return replace(one, costs=lambda value, reading: one.costs(value, reading)[places])

    moved = [among(one) for one in numbers.values()] if len(places) > 1 else []
    return switching_table(moved, work.usable, work.readings, work.fit.technology.outputs)


def _along(work: JointWork, name: str, numbers: Mapping[str, Moved]) -> pd.DataFrame:
    """Costs of the arrangements as one number moves over its range, one row a value; "now" marks where it stands."""
    one = _number(numbers, name)
    grid = np.arange(one.low, one.high + 1.0) if one.whole else np.linspace(one.low, one.high, STEPS_DRAWN + 1)
    grid = np.unique(np.append(grid, one.now))
    costs = np.stack([one.costs(float(value), work.readings[0]) for value in grid])
    table = pd.DataFrame({"number": one.label, "value": grid, "now": grid == one.now})
    table = table.assign(**dict(zip(ARRANGEMENTS, costs.T, strict=True)))
    table[[name for name, fault in work.faults.items() if fault]] = np.nan
    return table


def _parts(work: JointWork) -> pd.DataFrame:
    """Each arrangement's parts and total, as estimated, a fixed cost that data cannot tell apart read as common."""
    weights, fixed = work.terms.parts()
    parts = weights @ work.services(work.fit.theta, work.readings[0]) + fixed
    parts[[bool(work.faults[name]) for name in ARRANGEMENTS]] = np.nan
    table = pd.DataFrame(parts, columns=list(PARTS))
    table.insert(0, "arrangement", ARRANGEMENTS)
    return table.assign(total=parts.sum(axis=1))


def _notes(work: JointWork, of_comparison: Sequence[str]) -> list[str]:
    """What a reader must know besides."""
    notes = [fault for fault in dict.fromkeys(work.faults.values()) if fault]
    notes.append(f"The subcontractor is {work.subcontractor}.")
    if not work.terms.coordination:
        notes.append("No cost of coordination was given: a partnership's is counted as nothing.")
    if not work.terms.one_off:
        notes.append("No one-off cost of merging was given: it is counted as nothing.")
    if len(work.readings) > 1:
        notes.append("Parts are shown with a fixed cost that data cannot tell apart as common to all.")
    return [*notes, *of_comparison]


def _text(work: JointWork, effects: Effects, margin: str, method: Method) -> str:
    """The finding: what each arrangement costs, what is cheapest and how surely, and what a mandate does."""
    if len(work.usable) < 2:
        return next(fault for fault in work.faults.values() if fault)
    orders = [work.cheapest_first(reading) for reading in work.readings]
    first, second = orders[0][:2]
    verdict = verdict_of(work.fit, effects.row(margin), method, effects.conf_level)
    surely = "is" if verdict.differs else "would be"
    result = f"{_costs(work, effects)} {capital(DOING[first])} {surely} the cheapest"
    if first == SEPARATE:
        result += f"; {DOING[second]} would cost {amount(effects, f'{second} less {SEPARATE}')} more."
    elif SEPARATE in work.usable:
        result += f", {amount(effects, f'{first} less {SEPARATE}', turned=True)} less than staying apart."
    else:
        result += "."
    missing = [DOING[name] for name, fault in work.faults.items() if fault and name != MANDATED_PARTNER]
    if missing:
        result += f" No cost can be given for {listed(missing)}."
    others = list(dict.fromkeys(order[0] for order in orders))
    if len(others) > 1:
        result += (
            " But which is cheapest depends on a fixed cost that the data cannot tell apart: it may be "
            f"{listed([DOING[name] for name in others], 'or')}."
        )
    if not verdict.differs:
        result += f" Between {DOING[first]} and {DOING[second]}: {verdict_words(verdict, '', '')}."
    return result + _mandate(work)


def _costs(work: JointWork, effects: Effects) -> str:
    """What every arrangement costs, in one sentence; intervals are those of the differences."""
    rows = {name: effects.row(name) for name, fault in work.faults.items() if not fault}
    cost = {
        name: format_number(row["estimate"]) if row["estimate"] == row["estimate"] else identified_in_words(row)
        for name, row in rows.items()
    }
    forms = {SEPARATE: "{} a year apart", MERGE: "{} merged"}
    alone = [form.format(cost[name]) for name, form in forms.items() if name in cost]
    shared = [f"{cost[PARTNER]} in partnership ({cost[MANDATED_PARTNER]} if it is mandated)"] if PARTNER in cost else []
    shared += [f"{cost[SUBCONTRACT]} with a subcontractor"] if SUBCONTRACT in cost else []
    names = listed(work.providers.names)
    if not shared:
        return f"{names} cost {listed(alone)}."
    joint = f"with {work.shared_words} shared, {listed(shared, 'or')}"
    return f"{names} cost {', '.join(alone)} and, {joint}." if alone else f"{names} cost, {joint}."


def _mandate(work: JointWork) -> str:
    """What a partnership saves, and what is left of that where it is mandated."""
    if work.faults[PARTNER] or len(work.readings) > 1:
        return ""
    costs = work.now(work.readings[0])
    more = costs[MANDATED_PARTNER] - costs[PARTNER]
    if not more > 0:
        return " A mandate would change nothing here."
    saved = costs[SEPARATE] - costs[PARTNER]
    if work.faults[SEPARATE] or saved <= 0:
        return f" A mandate adds {format_number(more, 3)} to the cost of a partnership."
    left = saved - more
    rest = f"saves {format_number(left, 3)}" if left > 0 else f"costs {format_number(-left, 3)} more than that"
    text = f" A partnership saves {format_number(saved, 3)} over staying apart, a mandated one {rest}"
    best, *others = work.cheapest_first(work.readings[0])
    if best == PARTNER and others and costs[others[0]] < costs[MANDATED_PARTNER]:
        return f"{text}, and is no longer the cheapest."
    return f"{text}."
