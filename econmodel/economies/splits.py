"""Ways to split outputs among firms: the grids of the literature, and which splits the data can speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.places import CostFunction, Places
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported
from econmodel.forms.technology import Point

Array = NDArray[np.float64]
TENTHS = np.arange(11) / 10.0
# Shares are made of decimals, so that a firm at a bound may miss it by rounding.
ROUNDING = 1e-9
SHARE_DIGITS = 12
# Above this many outputs a grid of tenths has more splits than anyone would wait for.
MOST_OUTPUTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """All splits that were looked at, for all places in one list.

    Attributes
    ----------
    place : (S,) which place each split divides
    outputs : (K, S, m) what each of the K firms makes
    admissible : (S,) whether the data can speak of it
    costed : (S,) whether the form has an identified cost for every firm, be it among the providers or not
    """

    place: NDArray[np.intp]
    outputs: Array
    admissible: NDArray[np.bool_]
    costed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Splits that are admissible, for all places in one list.

    Attributes
    ----------
    place : (T,) which place each split divides
    outputs : (K, T, m) what each of the K firms makes
    considered : (n,) how many splits of each place were looked at
    left_out : reason -> number of splits that it left out
    region : what admissible means, in words
    tried : the same splits with those that are not admissible
    """

    place: NDArray[np.intp]
    outputs: Array
    considered: NDArray[np.intp]
    left_out: Mapping[str, int]
    region: str
    tried: Tried | None = None

    def __len__(self) -> int:
        return len(self.place)

    def of_firm(self, places: Places, firm: int) -> Point:
        """What one firm makes in every split, in the surroundings of the place that is split."""
        point = places.point
        around = (point.log_prices[self.place], point.relationships[self.place], point.controls[self.place])
        return Point(self.outputs[firm], *around)


def shin_ying(function: CostFunction, places: Places) -> Splits:
    """Two firms; the first makes one to nine tenths of each output (Shin and Ying, 1992)."""
    m = len(function.technology.outputs)
    if m > MOST_OUTPUTS:
        raise NotSupported(
            f"A grid of tenths over {m} outputs has {9**m:,} splits a place. Add outputs together, or search instead: "
            'splits="general" (up to four outputs).'
        )
    shares = np.array(list(product(TENTHS[1:-1], repeat=m)))
    return from_shares(function, places, np.stack([shares, 1.0 - shares]))


def from_shares(function: CostFunction, places: Places, shares: Array) -> Splits:
    """Splits in which firm k makes the shares (K, S, m) of every place, each firm inside the hull of the providers."""
    outputs = places.point.outputs
    made = shares[:, None] * outputs[:, None]
    count, n, s, m = made.shape
    made = made.reshape(count, n * s, m)
    place = np.repeat(np.arange(n), s)
    region = "every split (stated parameters have no providers to stay among)"
    inside = np.ones(n * s, dtype=bool)
    if function.sample is not None:
        region = "every firm inside the convex hull of the providers' outputs"
        inside = np.asarray(outputs_supported(function, made.reshape(-1, m)).reshape(count, -1).all(axis=0))
    return _admissible(
        function, places, Splits(place, made, np.full(n, s), {}, region), {"beyond the providers": inside}
    )


def evans_heckman(function: CostFunction, places: Places) -> Splits:
    """Two firms and two outputs: each firm at least the least that anyone makes (Evans and Heckman, 1984).

    With q_M the least observed of each output and q* = q - 2 q_M, one firm makes q_M + (phi, omega) q* and the other
    the rest; both must keep to the ratios of the two outputs that are observed.
    """
    technology = function.technology
    if len(technology.outputs) != 2:
        raise FormError(
            f"The test of Evans and Heckman is of two outputs, and there are {len(technology.outputs)}. Take "
            'splits="shin_ying" or splits="general".'
        )
    if function.sample is None:
        raise NotSupported(
            "The test of Evans and Heckman keeps to what providers make, and stated parameters have none. Take "
            'splits="shin_ying".'
        )
    seen = np.stack([function.sample.rows.columns[name] for name in technology.outputs], axis=1)
    least, outputs = seen.min(axis=0), places.point.outputs
    beyond = outputs - 2.0 * least
    grid = np.array(list(product(TENTHS, repeat=2)))
    n, s = len(outputs), len(grid)
    first = (grid * beyond[:, None] + least).reshape(-1, 2)
    made = np.stack([first, np.repeat(outputs, s, axis=0) - first])
    large = np.repeat((beyond >= 0).all(axis=1), s)
    low, high = _ratio(seen).min(), _ratio(seen).max()
    ratio = _ratio(made)
    within = ((ratio >= low * (1 - ROUNDING)) & (ratio <= high * (1 + ROUNDING))).all(axis=0)
    region = (
        f"each firm with at least the least of each output that a provider makes, and a ratio of "
        f"{technology.outputs[0]} to {technology.outputs[1]} between those observed"
    )
    splits = Splits(np.repeat(np.arange(n), s), made, np.full(n, s), {}, region)
    return _admissible(
        function, places, splits, {"place smaller than twice the least": large, "ratio never observed": within}
    )


def _ratio(outputs: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(outputs[..., 1] > 0, outputs[..., 0] / outputs[..., 1], np.inf)


def _admissible(
    function: CostFunction, places: Places, splits: Splits, conditions: Mapping[str, NDArray[np.bool_]]
) -> Splits:
    """Splits that meet all conditions, every firm making something, at a positive cost that data identify."""
    making = splits.outputs > 0
    blurred = unidentified(function) if function.technology.is_level else np.zeros(making.shape[-1], bool)
    never = places.point.outputs[splits.place] <= 0
    existing = {
        "one firm without a positive cost": np.asarray(
            function.technology.cost(function.theta, places.point)[splits.place] > 0
        ),
        "a firm without any output": np.asarray(making.any(axis=-1).all(axis=0)),
        "a firm without an output whose fixed cost is not identified": np.asarray(
            (making | ~blurred | never).all(axis=(0, 2))
        ),
    }
    left, keep = {}, np.ones(len(splits), dtype=bool)
    for reason, met in (dict(conditions) | existing).items():
        left[reason] = int((keep & ~met).sum())
        keep &= met
    costed = np.logical_and.reduce([*existing.values(), (splits.outputs >= 0).all(axis=(0, 2))])
    kept = Splits(splits.place[keep], splits.outputs[:, keep], splits.considered, left, splits.region)
    costs = [
        function.technology.cost(function.theta, kept.of_firm(places, firm)) for firm in range(len(splits.outputs))
    ]
    positive = (np.stack(costs) > 0).all(axis=0)
    left["no positive cost of a firm"] = int((~positive).sum())
    found = {reason: count for reason, count in left.items() if count}
    keep[np.flatnonzero(keep)] = positive
    tried = Tried(splits.place, splits.outputs, keep, costed)
    return Splits(kept.place[positive], kept.outputs[:, positive], splits.considered, found, splits.region, tried)


def surface(function: CostFunction, places: Places, splits: Splits) -> pd.DataFrame | None:
    """Every split of one place with two outputs between two firms: shares, saving and whether it is admissible.

    The saving is the cost of one firm less that of both, over that of one firm: above zero two firms are cheaper. It is
    given for splits that are not admissible as well, where the form has a cost for them, and is missing elsewhere.
    None of other places, outputs or firms.
    """
    tried, names, whole = splits.tried, function.technology.outputs, places.point.outputs
    if tried is None or len(tried.outputs) != 2 or whole.shape != (1, 2) or (whole <= 0).any():
        return None
    joint = float(function.technology.cost(function.theta, places.point)[0])
    some = np.flatnonzero(tried.costed)
    of_some = Splits(tried.place[some], tried.outputs[:, some], splits.considered, {}, splits.region)
    apart = np.stack([function.technology.cost(function.theta, of_some.of_firm(places, firm)) for firm in range(2)])
    saving = np.full(len(tried.place), np.nan)
    saving[some] = np.where((apart > 0).all(axis=0), (joint - apart.sum(axis=0)) / joint, np.nan)
    # Shares went through outputs and back, which moves their last digits.
    shares = (tried.outputs[0] / whole).round(SHARE_DIGITS)
    columns = {f"{name} of the first firm": shares[:, place] for place, name in enumerate(names)}
    return pd.DataFrame(columns | {"saving": saving, "admissible": tried.admissible}).drop_duplicates(list(columns))
