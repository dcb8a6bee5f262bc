"""Maps over two outputs: a cell for each pair of amounts, with its number, hatched outside the data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.marks import Axis, Caption, Mark, Picture, mark, span, written
from econmodel.charts.theme import INK, NAVY, ORANGE, RULE
from econmodel.charts.words import TITLE_LETTERS, fixed, interval, level, lines, must_draw, number, reported, tally
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import INTERVAL_COLUMNS
from econmodel.verdict import conclusions
from econmodel.words import listed

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
NO_COST = "some firm would have no positive cost"
TOGETHER, APART = "together is cheaper", "apart is cheaper"


def scope_map(
    source: "CostFunction | pd.DataFrame",
    outputs: Sequence[str] | None = None,
    multiples: Multiples = MULTIPLES,
    *,
    epsilon: float | None = None,
    partition: Sequence[Sequence[str] | str] | None = None,
    conf_level: float = 0.95,
) -> "alt.LayerChart":
    """The degree of scope, or quasi-scope, at a grid of multiples of two mean outputs, all else at the mean.

    Parameters
    ----------
    source : a fit; or a table with a row for each pair of multiples, in columns named like the two outputs, beside the
        columns of `em.scope`
    outputs : the two outputs, across and up; by default the first two
    multiples : of each mean, at most eight; or a mapping of output to multiples
    epsilon, partition : as in `em.scope`
    conf_level : of the intervals that a verdict rests on

    Returns
    -------
    altair.LayerChart
        Mixes that rest on cost outside the data are hatched. A title and a verdict count only those inside.

    Raises
    ------
    UnknownName : an output that there is not, or a table in which a pair of multiples is missing
    NotSupported : no mix has a number, or multiples that make no legible map
    FormError : scope of a log form, which is asked for quasi-scope with epsilon=

    Examples
    --------
    >>> from econmodel.charts.maps import scope_map
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*scope_map(cost, multiples=[0.5, 1, 2]).title.text)
    Together is cheaper in all nine mixes
    """
    sound = isinstance(source, pd.DataFrame) or hasattr(source, "technology")
    must_draw(sound, "scope_map", source, "scope at many mixes of a fit, em.fit(data)")
    if isinstance(source, pd.DataFrame):
        grid, origin = grid_in(source, outputs), ""
        table = _in_order(source, list(grid.outputs), grid.places())
    else:
        from econmodel.economies.scope import scope

        grid = grid_of(source, outputs, multiples)
        means = dict(zip(source.technology.outputs, source.technology.mean_point().outputs[0], strict=True))
        at = grid.places() * [means[name] for name in grid.outputs]
        scopes = scope(source, at, epsilon, partition, conf_level=conf_level)
        table, origin = scopes.table[scopes.table["term"] == scopes.table["term"].iloc[0]], scopes.source
    cells = cells_of(table, conf_level)
    known = cells[cells["verdict"] != MISSING]
    if known.empty:
        raise NotSupported(
            f"No mix on this map has a degree of scope: {NO_COST}. Ask nearer to the providers "
            "(multiples=[0.8, 1, 1.2]), for quasi-scope (epsilon=0.1), or fit fewer second-order terms "
            '(second_order="outputs" or "none").'
        )
    measure = "the degree of scope" if epsilon is None else f"quasi-scope (epsilon {epsilon:g})"
    tints = (f"blue, bold: {TOGETHER}", f"orange, bold: {APART}", f"white: neither is clear at {level(conf_level)}")
    reading = Reading(measure, measure, "at", "{} times mean {}", 1, (*tints, f"–: {NO_COST}"), "outside the data")
    title, detail = tally(
        known["verdict"].replace({UNCLEAR: "open"}).to_list(), known["supported"].to_list(), "mixes",
        "Scope" if epsilon is None else "Quasi-scope", APART, TOGETHER,
    )  # fmt: skip
    held = cells[cells["supported"]] if cells["supported"].any() else cells
    missing = int((held["verdict"] == MISSING).sum())
    gone = [_outside(cells, grid), f"{missing} have no number: {NO_COST}" if missing else ""]
    extremes = reading.extremes(held, grid)
    description = [extremes and f"{extremes}, with {level(conf_level)} intervals", "; ".join(filter(None, gone))]
    return drawn_map(cells, grid, Caption(title, detail, reading.legend(cells), description, origin))


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


def grid_of(fit: "CostFunction", outputs: Sequence[str] | None, multiples: Multiples) -> Grid:
    """The grid of two outputs of a fit.

    Raises
    ------
    UnknownName : an output that there is not, or not two of them
    NotSupported : multiples that are not positive, or too many of them to be read
    """
    technology = fit.technology
    first, second = _two(technology.outputs if outputs is None else outputs, technology.outputs, outputs is None)
    means = dict(zip(technology.outputs, technology.mean_point().outputs[0], strict=True))
    data = None if fit.sample is None else fit.sample.data
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
    several = tuple(sorted({float(one) for one in multiples}))
    if not several or several[0] < 0 or len(several) > MOST:
        raise NotSupported(
            f"A map has up to {MOST} multiples of each mean, none of them negative: multiples={list(MULTIPLES)}; "
            f"given were {len(several)}{f', from {number(several[0])} on' if several else ''}."
        )
    return several


def cells_of(table: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """The cells of a map from a table of effects, row by row.

    Parameters
    ----------
    table : `estimate` (or `identified_low` and `identified_high` in its place), `conf_low`, `conf_high`, `supported`
    conf_level : of the intervals

    Returns
    -------
    DataFrame
        `least` and `most` (the estimate, or the ends of what is identified), `low`, `high`, `supported`, `verdict` (on
        which side of zero, whether or not the cell is supported) and `text`.
    """
    estimate = table["estimate"].astype(float)
    ends = [table[name].astype(float) if name in table else estimate for name in INTERVAL_COLUMNS]
    least, most = (estimate.fillna(end) for end in ends)
    sides = pd.Series(conclusions(table.assign(null=0.0, supported=True), conf_level), table.index)
    verdict = sides.where(sides.isin((ABOVE, BELOW)), UNCLEAR).where(least.notna(), MISSING)
    supported = table["supported"].astype(bool) if "supported" in table else True
    cells = pd.DataFrame({"least": least, "most": most, "low": table["conf_low"], "high": table["conf_high"]})
    cells = cells.astype(float).assign(supported=supported, verdict=verdict).reset_index(drop=True)
    # Two decimals, or as many as show two digits of the middle cell.
    size = cells["least"].abs().median()
    decimals = int(np.clip(1 - np.floor(np.log10(size)), 2, 4)) if size > 0 else 2
    texts = [
        "–" if np.isnan(one) else " to ".join(dict.fromkeys(fixed(end, decimals) for end in (one, other)))
        for one, other in zip(cells["least"], cells["most"], strict=True)
    ]
    return cells.assign(text=texts)


class Reading(NamedTuple):
    """How to read the numbers of a map.

    Attributes
    ----------
    measure, numbers : what they are, in a sentence and in the legend
    at : how a place begins
    place : how it goes on, from an amount of an output and the name of that
    unit : what amounts are multiplied by
    tints : what each tint means: blue, orange, white, and no number
    hatched : what hatching means
    """

    measure: str
    numbers: str
    at: str
    place: str
    unit: float
    tints: tuple[str, str, str, str]
    hatched: str

    def legend(self, cells: pd.DataFrame) -> list[str]:
        """What there is on a map: its numbers, its tints and its hatching."""
        between = ["two of them: only an interval is identified"] if (cells["most"] > cells["least"]).any() else []
        tints = [words for kind, words in zip(TINTS, self.tints, strict=True) if (cells["verdict"] == kind).any()]
        hatched = [] if cells["supported"].all() else [f"hatched: {self.hatched}"]
        return [f"numbers: {self.numbers}", *between, *tints, *hatched]

    def extremes(self, cells: pd.DataFrame, grid: Grid) -> str:
        """Where the numbers are lowest and highest; empty where there is none."""
        if cells["least"].isna().all():
            return ""
        ends = (cells.iloc[int(cells["least"].argmin())], cells.iloc[int(cells["most"].argmax())])
        least, most = (self._said(cell, grid) for cell in ends)
        if number(ends[0]["least"]) == number(ends[1]["most"]):
            return f"{self.measure} is {number(ends[0]['least'])} everywhere"
        return f"{self.measure} is lowest {least}, and highest {most}"

    def _said(self, cell: pd.Series, grid: Grid) -> str:
        """A place and its number, with what is identified and the interval where there are such."""
        row, column = divmod(int(str(cell.name)), len(grid.across))
        amounts = zip((grid.across[column], grid.up[row]), grid.outputs, strict=True)
        place = listed(self.place.format(number(self.unit * one), name.replace("_", " ")) for one, name in amounts)
        value = reported(cell["least"] if cell["least"] == cell["most"] else np.nan, cell["least"], cell["most"])
        ends = f" ({interval(cell, ('low', 'high'))})" if cell["high"] > cell["low"] else ""
        return f"{self.at} {place}: {value}{ends}"


def drawn_map(cells: pd.DataFrame, grid: Grid, caption: Caption) -> "alt.LayerChart":
    """The map.

    Parameters
    ----------
    cells : a row for each pair in the order of `grid.places()`: `text`, `verdict` ("above", "below", "unclear" or
        "missing") and `supported`
    grid : the outputs and their multiples
    """
    count = len(grid.across)
    left, bottom = np.arange(len(cells)) % count, np.arange(len(cells)) // count
    drawn = cells.assign(left=left, bottom=bottom, right=left + 1, top=bottom + 1)
    corners = {"x": "left", "x2": "right", "y": "bottom", "y2": "top"}
    tints = {
        channel: ("verdict", {kind: look[at] for kind, look in TINTS.items()})
        for at, channel in enumerate(("fill", "fillOpacity"))
    }
    squares = drawn[[*corners.values(), "verdict"]]
    marks: list[Mark] = [mark("rect", squares, corners | tints, stroke=RULE, strokeWidth=0.6)]
    outside = drawn[~drawn["supported"]]
    if len(outside):
        marks.append(mark("rule", _hatching(outside), corners, color=RULE, strokeWidth=1))
        # Numbers stand on a plate of their own, or the hatching would run through them.
        half = (count / PLOT * (LETTER * outside["text"].map(len) + 8) / 2).clip(upper=0.47)
        middle = outside["left"] + 0.5
        plates = outside.assign(left=middle - half, right=middle + half, bottom=outside["bottom"] + 0.28)
        plates = plates.assign(top=plates["bottom"] + 0.44)
        marks.append(mark("rect", plates[list(corners.values())], corners, fill="white", fillOpacity=0.92))
    for clear, weight in ((True, "bold"), (False, "normal")):
        chosen = drawn[drawn["verdict"].isin((ABOVE, BELOW)) == clear]
        if len(chosen):
            words = chosen[["text"]].assign(left=chosen["left"] + 0.5, bottom=chosen["bottom"] + 0.5)
            marks.append(
                mark("text", words, {"x": "left", "y": "bottom", "text": "text"}, color=INK, fontWeight=weight)
            )
    height = max(CELL_HEIGHT * len(grid.up), LEAST_HEIGHT)
    x = _axis(lines(grid.labels[0], TITLE_LETTERS), grid.across)
    return Picture(caption, x, _axis(lines(grid.labels[1], int(height / LETTER)), grid.up), marks, height).drawn()


def _axis(title: list[str], multiples: tuple[float, ...]) -> Axis:
    """An axis of cells, each one wide, with the multiple under the middle of it."""
    middles = [place + 0.5 for place in range(len(multiples))]
    labels = written([number(one) for one in multiples], "floor(datum.value)")
    return span(title, 0, len(multiples), values=middles, grid=False, **labels)


def _hatching(cells: pd.DataFrame) -> pd.DataFrame:
    """Diagonal lines across each cell, from its lower left to its upper right."""
    shifts = np.linspace(-1, 1, 2 * HATCHES + 1)[1:-1]
    # The line y = x + shift inside the unit square.
    low, high = np.maximum(0.0, -shifts), np.minimum(1.0, 1.0 - shifts)
    ends = {"left": low, "right": high, "bottom": low + shifts, "top": high + shifts}
    corners = {"left": "left", "right": "left", "bottom": "bottom", "top": "bottom"}
    return pd.DataFrame({end: np.add.outer(cells[corners[end]].to_numpy(), at).ravel() for end, at in ends.items()})


def _in_order(table: pd.DataFrame, outputs: list[str], places: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table in the order of the cells."""
    if table.duplicated(outputs).any() or len(table) != len(places):
        raise UnknownName(
            f"A map needs one row for each pair of {' and '.join(outputs)}: {len(places)} rows; the table has "
            f"{len(table)}{', some of them twice' if table.duplicated(outputs).any() else ''}."
        )
    return places.merge(table, on=outputs, how="left")


def _outside(cells: pd.DataFrame, grid: Grid) -> str:
    """Which mixes no provider stands for, row by row of the map."""
    outside = ~cells["supported"].to_numpy(dtype=bool).reshape(len(grid.up), len(grid.across))
    if not outside.any():
        return ""
    if outside.all():
        return "All mixes are outside the data, so this is what the form implies and not what providers show"
    first, second = (name.replace("_", " ") for name in grid.outputs)
    each = [
        f"{second} {number(grid.up[row])} with {first} "
        f"{listed(number(grid.across[column]) for column in np.flatnonzero(outside[row]))}"
        for row in np.flatnonzero(outside.any(axis=1))
    ]
    count = f"{int(outside.sum())} of {outside.size} mixes"
    return f"{count} are outside the data, in multiples of the mean: {'; '.join(each)}"
