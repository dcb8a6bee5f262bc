"""Axes: where ticks stand on a log axis, how far an axis reaches, when it is a log axis at all."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import altair as alt

# Beyond this ratio of largest to smallest, equal steps would press most values into one corner.
LOG_FROM = 30.0
FEWEST_TICKS = 3


def log_ticks(low: float, high: float, most: int = 9) -> list[float]:
    """Round numbers between low and high, evenly spread in logs: 1, 2, 5, 10, ... or finer, or coarser.

    Examples
    --------
    >>> log_ticks(80, 3000)
    [100.0, 200.0, 500.0, 1000.0, 2000.0]
    >>> log_ticks(0.8, 3)
    [0.8, 1.0, 1.5, 2.0, 3.0]
    >>> log_ticks(93, 112)
    [95.0, 100.0, 105.0, 110.0]
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [float(f"{step * 10.0**e:.6g}") for e in exponents for step in steps]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) <= most - 2:
            return found if len(found) >= FEWEST_TICKS else _even_ticks(low, high, most)
    return found[:: math.ceil(len(found) / most)]


def _even_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers in equal steps, for an axis so short that logs hardly bend it."""
    least = (high - low) / (most - 2)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least)
    return [float(f"{k * step:.6g}") for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def log_axis(title: str, values: ArrayLike) -> "tuple[alt.Scale, alt.Axis]":
    """A log scale over the values and a little beyond, with round ticks written out."""
    import altair as alt

    reach = np.asarray(values, dtype=float)
    margin = max((np.nanmax(reach) / np.nanmin(reach)) ** 0.03, 1.02)
    low, high = float(np.nanmin(reach) / margin), float(np.nanmax(reach) * margin)
    domain = [float(f"{low:.6g}"), float(f"{high:.6g}")]
    axis = alt.Axis(title=f"{title} (log scale)", values=log_ticks(low, high), format=_format(low), grid=False)
    return alt.Scale(type="log", domain=domain, nice=False), axis


def value_axis(title: str, values: ArrayLike) -> "tuple[alt.Scale, alt.Axis]":
    """A linear scale that need not hold zero; a log scale where the values differ by more than thirtyfold."""
    import altair as alt

    reach = np.asarray(values, dtype=float)
    low, high = float(np.nanmin(reach)), float(np.nanmax(reach))
    if low > 0 and high / low > LOG_FROM:
        scale, axis = log_axis(title, reach)
        axis.grid = True
        return scale, axis
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    # What cannot be negative has no axis below zero.
    bottom = max(low - margin, 0.0) if low >= 0 else low - margin
    domain = [float(f"{bottom:.6g}"), float(f"{high + margin:.6g}")]
    return alt.Scale(domain=domain, zero=False, nice=False), alt.Axis(title=title, tickCount=6)


def _format(smallest: float) -> str:
    return ",.6~g" if smallest < 1 else ",.6~r" if smallest < 1000 else ",.0f"
