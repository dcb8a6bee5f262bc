"""A map over two outputs: a cell for each pair of multiples of the mean, with its number, hatched outside the data."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.drawn import rows
from econmodel.charts.sentences import TITLE_LETTERS, lines, number
from econmodel.charts.theme import INK, NAVY, ORANGE, RULE
from econmodel.errors import NotSupported, UnknownName

if TYPE_CHECKING:
    import altair as alt

    from econmodel.economies.core.places import CostFunction

Multiples = Sequence[float] | Mapping[str, Sequence[float]]
MULTIPLES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
MOST = 8  # columns whose numbers can still be read in the width of a page
CELL_HEIGHT, LEAST_HEIGHT = 42, 210
PLOT, LETTER = 620, 6.9  # widths in pixels: of the cells together, of a bold figure
HATCHES = 5  # lines across a cell
# Dark and light, so that they differ in grey too; the sign of each number says the same.
ABOVE, BELOW, UNCLEAR, MISSING = "above", "below", "unclear", "missing"
TINTS = {ABOVE: (NAVY, 0.42), BELOW: (ORANGE, 0.32), UNCLEAR: ("#FFFFFF", 1.0), MISSING: ("#FFFFFF", 1.0)}


class Grid(NamedTuple):
    """The two outputs of a map, and their multiples of the mean.

    Attributes
    ----------
    outputs : columns
    labels : their printed names, with what the mean is where it is known
    across, up : increasing multiples of the mean of the first and of the second output
    """

    outputs: tuple[str, str]
    labels: tuple[str, str]
    across: tuple[float, ...]
    up: tuple[float, ...]

    def places(self) -> pd.DataFrame:
        """Every pair of multiples, in columns named like the outputs."""
        pairs = [(x, y) for y in self.up for x in self.across]
        return pd.DataFrame(pairs, columns=list(self.outputs))


def grid_of(function: "CostFunction", outputs: Sequence[str] | None, multiples: Multiples) -> Grid:
    """The grid of two outputs of a fit.

    Raises
    ------
    UnknownName : an output that there is not, or not two of them
    NotSupported : multiples that are not positive, or too many of them to be read
    """
    technology = function.technology
    first, second = _two(technology.outputs if outputs is None else outputs, technology.outputs, outputs is None)
    means = dict(zip(technology.outputs, technology.mean_point().outputs[0], strict=True))
    data = None if function.sample is None else function.sample.data
    labels = []
    for name in (first, second):
        unit = data.outputs[name].unit if data is not None else ""
        printed = data.labels(name) if data is not None else name.replace("_", " ")
        labels.append(f"{printed}, multiples of the mean ({f'{number(means[name])} {unit}'.rstrip()})")
    across, up = (
        _increasing(multiples[name] if isinstance(multiples, Mapping) else multiples) for name in (first, second)
    )
    return Grid((first, second), (labels[0], labels[1]), across, up)


def grid_in(table: pd.DataFrame, outputs: Sequence[str] | None) -> Grid:
    """The grid of a table whose columns of outputs hold multiples of the mean; the first two where none are named."""
    known = [str(name) for name in table.columns]
    first, second = _two(known if outputs is None else outputs, known, outputs is None)
    words = [name for name in (first, second) if not pd.api.types.is_numeric_dtype(table[name])]
    if words:
        raise UnknownName(
            f"A map of a table needs multiples of two outputs, and {words[0]} holds words. Draw the fit itself, "
            "em.charts.scope_map(fit), or name the columns: outputs=[..., ...]."
        )
    labels = [f"{name.replace('_', ' ')}, multiples of the mean" for name in (first, second)]
    across, up = (_increasing(sorted(table[name].unique())) for name in (first, second))
    return Grid((first, second), (labels[0], labels[1]), across, up)


def _two(wanted: Sequence[str], known: Sequence[str], by_default: bool) -> tuple[str, str]:
    if len(known) < 2:
        raise UnknownName(
            f"A map needs two outputs, and {', '.join(known)} is the only one. Draw em.charts.cost_curve(fit)."
        )
    names = list(wanted)[:2] if by_default else list(wanted)
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) != 2:
        fault = f"{', '.join(unknown)} is none" if unknown else f"{', '.join(names)} is not two"
        raise UnknownName(f"A map needs two outputs, and {fault} of {', '.join(known)}: outputs=[..., ...].")
    return names[0], names[1]


def _increasing(multiples: Sequence[float]) -> tuple[float, ...]:
    found = tuple(sorted({float(one) for one in multiples}))
    if not found or found[0] < 0 or len(found) > MOST:
        raise NotSupported(
            f"A map has up to {MOST} multiples of each mean, none of them negative: multiples={list(MULTIPLES)}; "
            f"given were {len(found)}{f', from {number(found[0])} on' if found else ''}."
        )
    return found


def layers(cells: pd.DataFrame, grid: Grid) -> "tuple[alt.LayerChart, float]":
    """The map and its height in pixels.

    Parameters
    ----------
    cells : a row for each pair in the order of `grid.places()`: `text`, `verdict` ("above", "below", "unclear" or
        "missing") and `supported`
    grid : the outputs and their multiples
    """
    import altair as alt

    count = len(grid.across)
    left, bottom = np.arange(len(cells)) % count, np.arange(len(cells)) // count
    drawn = cells.assign(left=left, bottom=bottom, right=left + 1, top=bottom + 1)
    height = max(CELL_HEIGHT * len(grid.up), LEAST_HEIGHT)
    x = _axis(alt.X, "left", lines(grid.labels[0], TITLE_LETTERS), grid.across)
    y = _axis(alt.Y, "bottom", lines(grid.labels[1], int(height / LETTER)), grid.up)
    kinds = list(TINTS)
    fill = alt.Fill("verdict:N", legend=None, scale=alt.Scale(domain=kinds, range=[TINTS[kind][0] for kind in kinds]))
    depth = alt.FillOpacity(
        "verdict:N", legend=None, scale=alt.Scale(domain=kinds, range=[TINTS[kind][1] for kind in kinds])
    )
    square = alt.Chart(rows(drawn[["left", "bottom", "right", "top", "verdict"]])).mark_rect(
        stroke=RULE, strokeWidth=0.6
    )
    found = [square.encode(x=x, x2="right:Q", y=y, y2="top:Q", fill=fill, fillOpacity=depth)]
    outside = drawn[~drawn["supported"]]
    if len(outside):
        strokes = alt.Chart(rows(_hatching(outside))).mark_rule(color=RULE, strokeWidth=1)
        found.append(strokes.encode(x=x, x2="right:Q", y=y, y2="top:Q"))
        # Numbers stand on a plate of their own, or the hatching would run through them.
        half = (count / PLOT * (LETTER * outside["text"].map(len) + 8) / 2).clip(upper=0.47)
        middle = outside["left"] + 0.5
        plates = outside.assign(left=middle - half, right=middle + half, bottom=outside["bottom"] + 0.28)
        plates = plates.assign(top=plates["bottom"] + 0.44)
        plate = alt.Chart(rows(plates[["left", "bottom", "right", "top"]])).mark_rect(fill="white", fillOpacity=0.92)
        found.append(plate.encode(x=x, x2="right:Q", y=y, y2="top:Q"))
    for clear in (True, False):
        chosen = drawn[drawn["verdict"].isin((ABOVE, BELOW)) == clear]
        if len(chosen):
            words = chosen[["text"]].assign(left=chosen["left"] + 0.5, bottom=chosen["bottom"] + 0.5)
            text = alt.Chart(rows(words)).mark_text(color=INK, fontWeight="bold" if clear else "normal")
            found.append(text.encode(x=x, y=y, text="text:N"))
    return alt.LayerChart(layer=found), height


def _axis(channel: type, column: str, title: list[str], multiples: tuple[float, ...]) -> "alt.X":
    import altair as alt

    labels = json.dumps([number(one) for one in multiples])
    axis = alt.Axis(
        title=title,
        values=[place + 0.5 for place in range(len(multiples))],
        labelExpr=f"{labels}[floor(datum.value)]",
        grid=False,
        ticks=False,
        domain=False,
    )
    scale = alt.Scale(domain=[0, len(multiples)], nice=False, zero=False)
    found: alt.X = channel(f"{column}:Q", axis=axis, scale=scale)
    return found


def _hatching(cells: pd.DataFrame) -> pd.DataFrame:
    """Diagonal lines across each cell, from its lower left to its upper right."""
    segments = []
    for _, cell in cells.iterrows():
        for shift in np.linspace(-1, 1, 2 * HATCHES + 1)[1:-1]:
            # The line y = x + shift inside the unit square.
            low, high = max(0.0, -shift), min(1.0, 1.0 - shift)
            ends = {"left": low, "right": high, "bottom": low + shift, "top": high + shift}
            segments.append(
                {end: cell["left" if end in ("left", "right") else "bottom"] + at for end, at in ends.items()}
            )
    return pd.DataFrame(segments)
