"""The money of a merger: what it saves a year, when it pays, and how large the saving must be before it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.mergers.measure import SAVED, MergerMeasure
from econmodel.arrangements.pay_back import (
    DISCOUNT_RATE,
    DISCOUNT_SOURCE,
    HORIZON,
    HORIZON_SOURCE,
    annuity,
    pay_back,
)
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point

Array = NDArray[np.float64]
PAY_BACK, DISCOUNTED = "pay-back, undiscounted", "pay-back, discounted"
WITHIN = "saving that pays within the horizon"
ENDS = ["estimate", "conf_low", "conf_high", "identified_low", "identified_high"]
# Steps of the search for a relationship at which nothing is saved, over the range of the providers.
STEPS = 400


@dataclass(frozen=True, slots=True)
class Terms:
    """The one-off cost (None where none is given), the years within which it must be paid back, and the rate."""

    one_off: float | None
    horizon: float
    rate: float

    def needed(self) -> float:
        """The saving a year that pays within the horizon; missing without a one-off cost."""
        return np.nan if self.one_off is None else self.one_off / annuity(self.rate, self.horizon)


def by_term(table: pd.DataFrame, key: str = "term") -> dict[str, dict[str, Any]]:
    """Rows of a table by what stands under `key`."""
    return {str(row[key]): {str(name): value for name, value in row.items()} for row in table.to_dict("records")}


def middle(row: Mapping[str, Any]) -> float:
    """The estimate of a row, or the middle of what is identified."""
    if row["estimate"] == row["estimate"] or "identified_low" not in row:
        return float(row["estimate"])
    return float(row["identified_low"] + row["identified_high"]) / 2.0


def money_table(money: pd.DataFrame, terms: Terms, unit: str) -> pd.DataFrame:
    """Costs and saving a year, and the period in which a one-off cost is paid back.

    Parameters
    ----------
    money : rows of costs, saving and its share, with intervals
    unit : of money
    """
    saving = by_term(money)["saving"]
    money = money[["term", *ENDS]].rename(columns={"term": "item"})
    money.insert(1, "unit", [f"{unit} a year"] * 3 + ["share"])
    if terms.one_off is None:
        return money
    # The period falls with the saving, so its ends are those of the saving, turned round.
    turned = {"conf_low": "conf_high", "conf_high": "conf_low"}
    turned |= {"identified_low": "identified_high", "identified_high": "identified_low"}
    periods = []
    for item, rate in ((PAY_BACK, 0.0), (DISCOUNTED, terms.rate)):
        values = {name: pay_back(terms.one_off, float(saving[turned.get(name, name)]), rate) for name in ENDS}
        periods.append({"item": item, "unit": "years", **values})
    needed = {"item": WITHIN, "unit": f"{unit} a year", "estimate": terms.needed()}
    once = {"item": "one-off cost", "unit": unit, "estimate": terms.one_off}
    return pd.concat([money, pd.DataFrame([once, needed, *periods])], ignore_index=True)


def switching_table(measure: MergerMeasure, money: pd.DataFrame, ratio: float, terms: Terms) -> pd.DataFrame:
    """Each number at which the merger turns from paying to not paying, all others as estimated.

    Parameters
    ----------
    money : rows of costs, saving and its share
    ratio : estimated factor of the relationship, missing where the cost function has none
    """
    rows = by_term(money)
    saving, apart, share = (middle(rows[name]) for name in ("saving", "cost apart", SAVED))
    found: list[tuple[str, float, float, str]] = []
    if terms.one_off is not None:
        needed = terms.needed()
        within = f"pays within {terms.horizon:g} years from there on"
        found.append(("saving, % of cost apart", 100 * share, 100 * needed / apart if apart > 0 else np.nan, within))
        worth = saving * annuity(terms.rate, terms.horizon)
        found.append(("one-off cost", terms.one_off, worth, f"pays within {terms.horizon:g} years up to there"))
    if measure.members is None and ratio == ratio and share < 1.0:
        before = "saves something below that"
        found.append(("relationship factor, to save at all", ratio, ratio / (1.0 - share), before))
        if terms.one_off is not None:
            limit = ratio * (1.0 - terms.needed() / apart) / (1.0 - share)
            found.append(
                ("relationship factor, to pay", ratio, limit, f"pays within {terms.horizon:g} years below that")
            )
        for place, name in enumerate(measure.function.technology.relationships):
            found.append((f"{name} after", *_relationship_limit(measure, place, apart), "nothing is saved there"))
    return pd.DataFrame(found, columns=["number", "here", "switching value", "what it means"])


def _relationship_limit(measure: MergerMeasure, place: int, apart: float) -> tuple[float, float]:
    """A relationship variable after the merger, and the nearest value at which cost together is cost apart.

    In the user's units; missing where no value within the providers' range does it.
    """
    from scipy.optimize import brentq

    function, after = measure.function, measure.joint.after
    technology = function.technology
    here = float(after.relationships[0, place])
    in_units = np.exp if technology.log_relationships[place] else float
    if function.sample is None or not np.isfinite(apart):
        return float(in_units(here)), np.nan

    def gap(values: Array) -> Array:
        relationships = np.repeat(after.relationships, len(values), axis=0)
        relationships[:, place] = values
        alike = [np.repeat(field, len(values), axis=0) for field in (after.outputs, after.log_prices, after.controls)]
        point = Point(alike[0], alike[1], relationships, alike[2])
        return measure.efficiency.smearing * technology.cost(function.theta, point) / apart - 1.0

    seen = function.points().relationships[:, place]
    steps = np.linspace(seen.min(), seen.max(), STEPS + 1)
    # One by one, as the search for the root does: many at once differ from that by rounding.
    over = np.sign([float(gap(np.array([value]))[0]) for value in steps])
    crossings = np.flatnonzero(over[1:] * over[:-1] < 0)
    if not len(crossings):
        return float(in_units(here)), np.nan
    nearest = crossings[np.abs(steps[crossings] - here).argmin()]
    root = brentq(lambda value: float(gap(np.array([value]))[0]), steps[nearest], steps[nearest + 1])
    return float(in_units(here)), float(in_units(root))


def numbers_used(
    measure: MergerMeasure, terms: Terms, relationship: Mapping[str, float], weighted: bool
) -> pd.DataFrame:
    """Every number that entered beside the cost function, with its source, or that it is an assumption.

    Parameters
    ----------
    relationship : variable -> its value after the merger, where one was given
    weighted : whether weights of volume were given
    """
    rows: list[tuple[str, float, str]] = []
    if terms.one_off is not None:
        rate = DISCOUNT_SOURCE if terms.rate == DISCOUNT_RATE else "given"
        horizon = HORIZON_SOURCE if terms.horizon == HORIZON else "given"
        rows += [("one-off cost", terms.one_off, "given")]
        rows += [("discount rate, a year", terms.rate, rate), ("horizon, years", terms.horizon, horizon)]
    technology = measure.function.technology
    for place, name in enumerate(technology.relationships):
        value = float(measure.joint.after.relationships[0, place])
        value = float(np.exp(value)) if technology.log_relationships[place] else value
        mean = "mean of the partners: nothing is assumed to happen to it"
        rows.append((f"{name} after the merger", value, "given" if name in relationship else mean))
    known = measure.efficiency
    if known.source:
        pairs = zip(measure.joint.names, known.values, strict=True)
        rows += [(f"cost efficiency of {name}", float(value), known.source) for name, value in pairs]
    source = "given" if weighted else "assumption: each output counts as the partners' share of it"
    pairs = zip(measure.joint.names, measure.joint.shares, strict=True)
    rows += [(f"weight of {name} in means", float(value), source) for name, value in pairs]
    multiplied = isinstance(measure.function, Fit) and not measure.function.design.additive
    how = "mean of exp(residual): Duan (1983)" if multiplied else "no error that multiplies cost"
    return pd.DataFrame(
        [*rows, ("mean over fitted cost", measure.efficiency.smearing, how)], columns=["number", "value", "source"]
    )
