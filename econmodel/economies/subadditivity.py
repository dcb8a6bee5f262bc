"""Whether one firm makes a bundle more cheaply than several could: subadditivity, where the data can speak."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import Estimates, tabulate
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.economies.core.support import supported
from econmodel.economies.extremes import check_bootstrap, extremes, parameter_draws
from econmodel.economies.split_search import search
from econmodel.economies.splits import Splits, evans_heckman, shin_ying, surface
from econmodel.errors import UnknownName
from econmodel.results import Effects, columns_beside, format_number, interval_in_words
from econmodel.verdict import judge_row
from econmodel.words import at_words, extrapolated, verdict_words

Array = NDArray[np.float64]
LARGEST, MEAN, SHARE = (
    "largest saving from splitting",
    "mean saving from splitting",
    "share of splits in which one firm is cheaper",
)
TERMS = (LARGEST, MEAN, SHARE)
GRIDS = ("shin_ying", "evans_heckman", "general")


def subadditivity(
    function: CostFunction,
    at: object = "mean",
    splits: Literal["shin_ying", "evans_heckman", "general"] = "shin_ying",
    firms: int = 2,
    *,
    method: Literal["bootstrap"] = "bootstrap",
    replications: int = 999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Saving from splitting bundles among several firms, over splits in which every firm is among the providers.

    Parameters
    ----------
    function : a fit
    at : the bundles that are split, as in `econmodel.scale`; "every provider" for the published tests
    splits : "shin_ying" (two firms, tenths of each output), "evans_heckman" (two outputs, two firms, each at least as
        large as the least provider) or "general" (a search for the cheapest split of one place among `firms` firms)
    firms : 2 or 3, for the general search
    method : "bootstrap" only: a maximum and a share have no derivative
    replications : of the bootstrap by clusters

    Returns
    -------
    Effects
        "largest saving from splitting" (null 0; above zero cost is not subadditive; its interval covers the maximum
        over all admissible splits at once), "mean saving from splitting" (null 0) and "share of splits in which one
        firm is cheaper". Savings are shares of the cost of one firm. Further tables "cheapest split" and "places"; and
        of a grid at one place with two outputs "splits": the first firm's share of each output, the `saving` (above
        zero two firms are cheaper, as above) and whether the split is `admissible`. Savings of splits that are not say
        what the form implies, not what providers show.

    Raises
    ------
    NotSupported, FormError, UnknownName
        With the cure: a derivative asked of a maximum, three outputs for a test of two, many places for a search.

    Notes
    -----
    Sub = [C(q) - sum_k C(q_k)] / C(q) (Evans and Heckman, 1984; Shin and Ying, 1992). The interval of the maximum is
    the maximum less, and plus, quantiles of the largest deviation of any split's saving in the bootstrap, and so never
    rests on which split happens to be the cheapest.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"visits": 0.5}, outputs={"visits": 100})
    >>> result = subadditivity(cost)
    >>> float(result.row("largest saving from splitting")["estimate"].round(4))
    -0.2649
    """
    _check(method, replications, conf_level, splits)
    places = resolve(function, at)
    if splits == "general":
        found = search(function, places, firms, seed)
    else:
        found = (shin_ying if splits == "shin_ying" else evans_heckman)(function, places)
    label = places.labels[0] if len(places.labels) == 1 else f"{len(places.labels)} places"
    notes = [f"Admissible: {found.region}.", *_left_out(found)]
    every = None if splits == "general" else surface(function, places, found)
    shown = {} if every is None else {"splits": every}
    if not len(found):
        table = tabulate(TERMS, [label] * 3, Estimates(*(np.full(3, np.nan) for _ in range(8))), [False] * 3)
        text = (
            f"At {at_words(label)}, no split is admissible, so the data cannot say whether one firm is cheaper. Ask at "
            'a larger place (at=2), at every provider, or with splits="shin_ying".'
        )
        return Effects("Subadditivity", table, text, {}, tuple(notes), shown, method, conf_level)
    gains = _gains(function, function.theta[None], places, found)[0]
    draws = parameter_draws(function, replications, seed)
    estimates = extremes(lambda theta: _gains(function, theta, places, found), function.theta, draws, conf_level)
    inside = supported(function, places)
    table = tabulate(TERMS, [label] * 3, estimates, [bool(inside.all())] * 3)
    tables = {
        "cheapest split": _cheapest(function, places, found, gains),
        "places": _by_place(places, found, gains).assign(supported=inside),
    } | shown
    text = _text(table, found, label, conf_level) + extrapolated(inside)
    return Effects("Subadditivity", table, text, {}, tuple(notes), tables, method, conf_level)


def _check(method: str, replications: int, conf_level: float, splits: str) -> None:
    if splits not in GRIDS:
        raise UnknownName(f"splits={splits!r} is not known. It may be {', '.join(map(repr, GRIDS))}.")
    if method in GRIDS:
        raise UnknownName(f"method= says how intervals are made; which splits are tried is splits={method!r}.")
    check_bootstrap(method, replications, conf_level, "splits")


def _gains(function: CostFunction, theta: Array, places: Places, splits: Splits) -> Array:
    """Saving from each split (B, T), as a share of the cost of one firm."""
    joint = function.technology.cost(theta, places.point)[:, splits.place]
    firms = range(len(splits.outputs))
    apart = sum(function.technology.cost(theta, splits.of_firm(places, firm)) for firm in firms)
    return np.asarray((joint - apart) / joint)


def _cheapest(function: CostFunction, places: Places, splits: Splits, gains: Array) -> pd.DataFrame:
    """What each firm makes in the cheapest split, and what that costs as a share of one firm's cost."""
    best = int(np.argmax(gains))
    place = splits.place[best]
    joint = function.technology.cost(function.theta, places.point)[place]
    outputs, rows = columns_beside(function.technology.outputs, ["at", "firm"]), []
    for firm in range(len(splits.outputs)):
        cost = function.technology.cost(function.theta, splits.of_firm(places, firm))[best]
        made = dict(zip(outputs, splits.outputs[firm, best], strict=True))
        rows.append({"at": places.labels[place], "firm": firm + 1, **made, "cost over that of one firm": cost / joint})
    return pd.DataFrame(rows)


def _by_place(places: Places, splits: Splits, gains: Array) -> pd.DataFrame:
    """How many splits of each place are admissible, and what they save; places without any have missing numbers."""
    n = len(places.labels)
    count = np.bincount(splits.place, minlength=n)
    largest = np.full(n, -np.inf)
    np.maximum.at(largest, splits.place, gains)
    some = count > 0
    cheaper = np.bincount(splits.place, gains < 0, minlength=n)
    return pd.DataFrame(
        {
            "at": places.labels,
            "splits": splits.considered,
            "admissible": count,
            LARGEST: np.where(some, largest, np.nan),
            SHARE: np.where(some, cheaper / np.maximum(count, 1), np.nan),
        }
    )


def _left_out(splits: Splits) -> list[str]:
    if not splits.left_out:
        return []
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in splits.left_out.items())
    return [f"Left out of {int(splits.considered.sum()):,} splits: {reasons}."]


def _text(table: pd.DataFrame, splits: Splits, label: str, level: float) -> str:
    largest, share = table.iloc[0], float(table["estimate"].iloc[2])
    low, high = float(largest["conf_low"]), float(largest["conf_high"])
    saving = float(largest["estimate"])
    verdict = verdict_words(
        judge_row(largest, level),
        "one firm is cheaper than every admissible split: cost is subadditive as far as these splits go",
        "some split is cheaper than one firm, so cost is not subadditive",
    )
    return (
        f"At {at_words(label)}, {len(splits):,} of {int(splits.considered.sum()):,} splits are admissible, and one "
        f"firm is cheaper in {format_number(100 * share, 3)} % of them. The cheapest split "
        f"{'saves' if saving > 0 else 'adds'} {format_number(100 * abs(saving), 3)} % of one firm's cost "
        f"(saving as a share: {interval_in_words(low, high, level)}, over all of them at once): {verdict}."
    )
