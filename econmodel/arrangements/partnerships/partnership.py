"""Merge, partner, subcontract or stay apart: what each costs a year, and when that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partnerships.firms import Reading, are_supported, at_readings, members
from econmodel.arrangements.partnerships.joint_work import Comparison, comparison_of
from econmodel.arrangements.partnerships.terms import ARRANGEMENTS, MANDATED_PARTNER, SEPARATE, Terms
from econmodel.arrangements.partnerships.terms_moved import costs_along, switching_table
from econmodel.arrangements.partnerships.terms_stated import assumptions, parts_table
from econmodel.arrangements.partnerships.trust import Transactions, Trust
from econmodel.arrangements.partnerships.words import notes, text
from econmodel.arrangements.pay_back import DISCOUNT_RATE, HORIZON
from econmodel.economies.core.fixed_cost import blank
from econmodel.economies.core.inference import Method, few_clusters_note, set_identified, tabulate
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported
from econmodel.results import Effects

Array = NDArray[np.float64]
EVERY_YEAR = "a year"
PARTS_TABLE, SWITCHING, STATED, ALONG = "parts", "switching values", "numbers and their sources", "along"


def partner(
    function: CostFunction,
    providers: Sequence[str] | Mapping[str, Mapping[str, float]] | pd.DataFrame,
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
    function : a fit or a stated cost function, of cost a year
    providers : two or more: names of rows of the fitted table; or name -> {column: value}, or a table with a row each
    shared : outputs that a partnership makes jointly, or that are subcontracted: names, or name -> share of each
        provider's volume
    per_partner, per_pair : cost a year of coordination: for each partner but one (a hub has only these), and for each
        pair (where everybody deals with everybody); none by default. No source estimates the second
    fee : share of the subcontract's price that does not reach the subcontractor, below 1
    one_off : cost of merging, spread over `horizon` years at `discount_rate`, both as in `em.merger`
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
    group = members(function, providers)
    if len(group) < 2:
        raise NotSupported(
            f"A partnership needs two providers at least, and {group.names[0] if len(group) else 'nobody'} is the only "
            "one. Name another."
        )
    transactions = transactions or Transactions()
    chosen = trust or transactions.base
    terms = Terms(
        len(group), per_partner, per_pair, fee, one_off, horizon, discount_rate,
        chosen, mandated or chosen.imposed(), transactions,
    )  # fmt: skip
    comparison = comparison_of(function, group, shared, terms, subcontractor, dict(relationships_after or {}))
    table = _table(comparison, method, conf_level, seed)
    tables = {
        PARTS_TABLE: parts_table(comparison),
        SWITCHING: switching_table(comparison, ranges or {}),
        STATED: assumptions(comparison, trust is not None, mandated is not None),
    }
    if along is not None:
        tables[ALONG] = costs_along(comparison, along, ranges or {})
    found = Effects(
        "Arrangements, cost a year", table, "", tables=tables,
        notes=(*notes(comparison), *few_clusters_note(function, method)), method=method, conf_level=conf_level,
    )  # fmt: skip
    return replace(found, text=text(comparison, found))


def _table(comparison: Comparison, method: Method, conf_level: float, seed: int) -> pd.DataFrame:
    function, ways, groups = comparison.function, comparison.ways, comparison.groups
    sound = [
        place for place, name in enumerate(ARRANGEMENTS) if not comparison.faults[place] and name != MANDATED_PARTNER
    ]
    now = comparison.costs(function.theta, ways[0])
    first, second = [*sorted(sound, key=lambda place: now[place]), *sound, 0, 0][:2]

    def measure(theta: Array, way: Reading) -> Array:
        costs = comparison.costs(theta, way)
        margin = costs[..., first : first + 1] - costs[..., second : second + 1]
        return np.concatenate([costs, costs[..., 1:] - costs[..., :1], margin], axis=-1)

    terms = [*ARRANGEMENTS, *(f"{name} less {SEPARATE}" for name in ARRANGEMENTS[1:])]
    terms.append(f"{ARRANGEMENTS[first]} less {ARRANGEMENTS[second]}")
    nulls = [np.nan] * len(ARRANGEMENTS) + [0.0] * len(ARRANGEMENTS)
    estimates = at_readings(function, measure, ways, nulls, method, conf_level, seed)
    inside = [all(are_supported(function, firms) for firms in groups.of(name)) for name in ARRANGEMENTS]
    bad = [bool(fault) for fault in comparison.faults]

    def each(of: list[bool], joined: bool) -> list[bool]:
        """A truth for every term: a difference is as good as both of its ends, or as bad as either."""
        both = all if joined else any
        pairs = [(0, place) for place in range(1, len(of))] + [(first, second)]
        return of + [both(of[place] for place in pair) for pair in pairs]

    table = set_identified(tabulate(terms, [EVERY_YEAR] * len(terms), estimates[0], each(inside, True)), estimates)
    table = blank(table, np.array(each(bad, False)))
    return table[(table["term"] != f"{SEPARATE} less {SEPARATE}")].drop_duplicates("term", ignore_index=True)
