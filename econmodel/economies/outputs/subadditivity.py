"""Whether one firm makes a bundle more cheaply than several could: subadditivity, where the data can speak."""

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import (
    check_bootstrap,
    extremes,
    few_clusters_note,
    parameter_draws,
    verdict_on_largest,
)
from econmodel.economies.core.places import CostFunction, Places, resolve, source_of
from econmodel.economies.core.support import supported
from econmodel.economies.outputs.splits import Splits, evans_heckman, search, shin_ying, surface
from econmodel.errors import UnknownName
from econmodel.results import Effects, columns_beside, format_number, interval_in_words
from econmodel.words import at_words, extrapolated, verdict_words

Array = NDArray[np.float64]
LARGEST, MEAN, SHARE = (
    "largest saving from splitting",
    "mean saving from splitting",
    "share of splits in which one firm is cheaper",
)
TERMS = (LARGEST, MEAN, SHARE)
LABELS = {
    "relative_cost": "cost over that of one firm", "largest_saving": LARGEST, "share_one_firm_cheaper": SHARE,
}  # fmt: skip
GRIDS = ("shin_ying", "evans_heckman", "general")


def subadditivity(
    fit: CostFunction,
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
    fit : a fit
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
    if splits not in GRIDS:
        raise UnknownName(f"splits={splits!r} is not known. It may be {', '.join(map(repr, GRIDS))}.")
    if method in GRIDS:
        raise UnknownName(f"method= says how intervals are made; which splits are tried is splits={method!r}.")
    check_bootstrap(method, replications, conf_level, "splits")
    places = resolve(fit, at)
    if splits == "general":
        every, shown = search(fit, places, firms, seed), None
    else:
        every = (shin_ying if splits == "shin_ying" else evans_heckman)(fit, places)
        shown = surface(fit, places, every)
    tables, tried = {} if shown is None else {"splits": shown}, every.only(every.admissible)
    label = places.labels[0] if len(places.labels) == 1 else f"{len(places.labels)} places"
    if len(tried):
        draws, inside = parameter_draws(fit, replications, seed), supported(fit, places)
        measure = partial(_gains, fit, places, tried)
        table = extremes(TERMS, label, measure, fit.theta, draws, conf_level).assign(supported=bool(inside.all()))
        gains = measure(fit.theta[None])[0]
        by_place = _by_place(places, tried, gains).assign(supported=inside)
        tables = {"cheapest split": _cheapest(fit, places, tried, gains), "places": by_place} | tables
        text = _text(table, tried, label, conf_level) + extrapolated(inside)
    else:
        table = extremes(TERMS, label, None, fit.theta, fit.theta, conf_level)
        text = (
            f"At {at_words(label)}, no split is admissible, so the data cannot say whether one firm is cheaper. Ask at "
            'a larger place (at=2), at every provider, or with splits="shin_ying".'
        )
    notes = [f"Admissible: {tried.region}."]
    if tried.left_out:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tried.left_out.items())
        notes.append(f"Left out of {int(tried.considered.sum()):,} splits: {reasons}.")
    notes += few_clusters_note(fit, method)
    source = source_of(fit)
    return Effects("Subadditivity", table, text, LABELS, tuple(notes), tables, method, conf_level, source=source)


def _gains(fit: CostFunction, places: Places, splits: Splits, theta: Array) -> Array:
    """Saving from each split (B, T), as a share of the cost of one firm."""
    joint = fit.technology.cost(theta, places.point)[:, splits.place]
    apart = sum(fit.technology.cost(theta, splits.of_firm(places, firm)) for firm in range(len(splits.outputs)))
    return np.asarray((joint - apart) / joint)


def _cheapest(fit: CostFunction, places: Places, splits: Splits, gains: Array) -> pd.DataFrame:
    """What each firm makes in the cheapest split, and what that costs as a share of one firm's cost."""
    best = int(np.argmax(gains))
    place = splits.place[best]
    joint = fit.technology.cost(fit.theta, places.point)[place]
    outputs, rows = columns_beside(fit.technology.outputs, ["at", "firm", "relative_cost"]), []
    for firm in range(len(splits.outputs)):
        cost = fit.technology.cost(fit.theta, splits.of_firm(places, firm))[best]
        made = dict(zip(outputs, splits.outputs[firm, best], strict=True))
        rows.append({"at": places.labels[place], "firm": firm + 1, **made, "relative_cost": cost / joint})
    return pd.DataFrame(rows)


def _by_place(places: Places, splits: Splits, gains: Array) -> pd.DataFrame:
    """How many splits of each place are admissible, and what they save; places without any have missing numbers."""
    n = len(places.labels)
    count = np.bincount(splits.place, minlength=n)
    largest = np.full(n, -np.inf)
    np.maximum.at(largest, splits.place, gains)
    cheaper = np.bincount(splits.place, gains < 0, minlength=n)
    return pd.DataFrame(
        {
            "at": places.labels,
            "splits": splits.considered,
            "admissible": count,
            "largest_saving": np.where(count > 0, largest, np.nan),
            "share_one_firm_cheaper": np.where(count > 0, cheaper / np.maximum(count, 1), np.nan),
        }
    )


def _text(table: pd.DataFrame, splits: Splits, label: str, level: float) -> str:
    largest, share = table.iloc[0], float(table["estimate"].iloc[2])
    saving = float(largest["estimate"])
    verdict = verdict_words(
        verdict_on_largest(largest, level),
        "one firm is cheaper than every admissible split: cost is subadditive as far as these splits go",
        "some split is cheaper than one firm, so cost is not subadditive",
    )
    return (
        f"At {at_words(label)}, {len(splits):,} of {int(splits.considered.sum()):,} splits are admissible, and one "
        f"firm is cheaper in {format_number(100 * share, 3)} % of them. The cheapest split "
        f"{'saves' if saving > 0 else 'adds'} {format_number(100 * abs(saving), 3)} % of one firm's cost (saving as a "
        f"share: {interval_in_words(largest['conf_low'], largest['conf_high'], level)}, over all of them at once): "
        f"{verdict}."
    )
