"""Where more of one output makes another cheaper at the margin: the sign of the cross derivative, bundle by bundle."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.cell_map import ABOVE, BELOW, MISSING, MOST, TINTS, UNCLEAR, Grid, layers
from econmodel.charts.drawn import framed
from econmodel.charts.given import must_draw
from econmodel.charts.map_words import cells_of
from econmodel.charts.sentences import joined, level, number
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

CROSS, MAP = "cross_derivative", "map"


def complementarity_map(result: Effects, pair: str | None = None) -> "alt.LayerChart":
    """Cost complementarity of two outputs over the bundles below one, hatched outside the data.

    Parameters
    ----------
    result : of `em.outputs.complementarity`
    pair : of a result with several: "<a> and <b>"; by default the first

    Returns
    -------
    altair.LayerChart
        Cells are shares of the bundle, at most eight of the grid's steps each way; of other outputs the whole. Numbers
        are cross derivatives as `em.outputs.complementarity` scales them. Cells are tinted by sign alone: what is sure
        of them together is the interval of the result.

    Raises
    ------
    UnknownName : a result of another function, or a pair that it does not have
    NotSupported : no cell has a number

    Examples
    --------
    >>> from econmodel.charts.complement_cells import complementarity_map
    >>> from econmodel.economies.outputs.shape import complementarity
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*complementarity_map(complementarity(cost)).title.text)
    More of one makes the other cheaper at the margin at 64 of 64 bundles
    """
    must_draw(
        isinstance(result, Effects), "complementarity_map", result, "the result of em.outputs.complementarity(fit)"
    )
    enable()
    table, outputs = _of_pair(result, pair)
    cells, grid = _cells(table, outputs)
    if cells["least"].isna().all():
        raise NotSupported("No bundle on this map has a cross derivative. Ask at another place: at=0.5 or at=2.")
    title, legend, said = _message(cells, grid)
    chart, height = layers(cells, grid)
    return framed(chart, height=height, title=title, subtitle=legend, description=[title, *said, _sure(result, table)])


def _of_pair(result: Effects, pair: str | None) -> tuple[pd.DataFrame, tuple[str, str]]:
    """The rows of one pair where all other outputs are whole, and the pair's names."""
    if MAP not in result.tables:
        raise UnknownName(
            f"{result.title} is no map of complementarity. Draw the result of em.outputs.complementarity(fit)."
        )
    table = result.tables[MAP]
    known = list(dict.fromkeys(table["pair"]))
    wanted = known[0] if pair is None else pair
    if wanted not in known:
        raise UnknownName(f"pair={pair!r} is none of {', '.join(map(repr, known))}.")
    table = table[table["pair"] == wanted]
    names = [str(name) for name in table.columns[1 : table.columns.get_loc(CROSS)]]
    first, second = (names[place] for place in _places(names, wanted))
    for other in set(names) - {first, second}:
        table = table[table[other] == table[other].max()]
    return table, (first, second)


def _places(names: list[str], wanted: str) -> tuple[int, int]:
    # A pair is called by its outputs, also where a column must say that it is one.
    bare = [name.removesuffix(" (column)") for name in names]
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    return next((i, j) for i, j in pairs if f"{bare[i]} and {bare[j]}" == wanted)


def _cells(table: pd.DataFrame, outputs: tuple[str, str]) -> tuple[pd.DataFrame, Grid]:
    """Cells in the order of the grid, of which steps are left out evenly until they can be read."""
    whole = [float(table[name].max()) for name in outputs]
    steps = []
    for name in outputs:
        all_steps = np.unique(table[name])
        kept = np.linspace(0, len(all_steps) - 1, min(len(all_steps), MOST)).round().astype(int)
        steps.append(all_steps[np.unique(kept)])
    labels = [
        f"{name.replace('_', ' ')}, share of the bundle ({number(most)})"
        for name, most in zip(outputs, whole, strict=True)
    ]
    shares = [
        tuple(float(one) for one in one_by_one / (most or 1.0)) for one_by_one, most in zip(steps, whole, strict=True)
    ]
    grid = Grid(outputs, (labels[0], labels[1]), *shares)
    bundles = pd.DataFrame([(x, y) for y in steps[1] for x in steps[0]], columns=list(outputs))
    # An output that is zero everywhere stands in many bundles that look alike here.
    found = bundles.merge(table.drop_duplicates(list(outputs)), on=list(outputs), how="left")
    # Without intervals of single cells, the sign decides.
    signed = found.assign(estimate=found[CROSS], conf_low=found[CROSS], conf_high=found[CROSS])
    cells = cells_of(signed[["estimate", "conf_low", "conf_high", "supported"]])
    # Blue is what speaks for production together, as on the map of scope: there it is above zero, here below.
    turned = {ABOVE: BELOW, BELOW: ABOVE}
    return cells.assign(verdict=cells["verdict"].replace(turned)), grid


def _message(cells: pd.DataFrame, grid: Grid) -> tuple[str, list[str], list[str]]:
    """Title, legend and sentences; only bundles inside the data are counted, unless there are none."""
    held = cells[cells["supported"]] if cells["supported"].any() else cells
    outside = int((~cells["supported"]).sum())
    where = f"{len(held)} bundles" + (" inside the data" if 0 < outside < len(cells) else "")
    where += ", all outside the data" if outside == len(cells) else ""
    counts = {kind: int((held["verdict"] == kind).sum()) for kind in TINTS}
    title = f"More of one makes the other cheaper at the margin at {counts[ABOVE]} of {where}"
    if not counts[ABOVE]:
        title = f"At none of {where} does more of one make the other cheaper at the margin"
    words = {
        ABOVE: "blue: cheaper",
        BELOW: "orange: dearer",
        UNCLEAR: "white: neither",
        MISSING: "–: no positive cost",
    }
    legend = ["Numbers: change of marginal cost over all of the other output, as a share of cost"]
    legend += [said for kind, said in words.items() if (cells["verdict"] == kind).any()]
    legend += ["hatched: outside the data"] if outside else []
    legend.append("tints show signs, not what is sure of them")
    known = held[held["least"].notna()]
    said = []
    if len(known):
        ends = [known.iloc[int(place)] for place in (known["least"].argmin(), known["least"].argmax())]
        places = [f"{number(cell['least'])} at {_place(cell, grid)}" for cell in ends]
        same = number(ends[0]["least"]) == number(ends[1]["least"])
        said.append(
            f"The cross derivative is {number(ends[0]['least'])} everywhere"
            if same
            else f"The cross derivative is lowest, {places[0]}, and highest, {places[1]}"
        )
    if outside:
        said.append(f"{outside} of {len(cells)} bundles are outside the data")
    return title, legend, said


def _sure(result: Effects, table: pd.DataFrame) -> str:
    """What is known of all supported bundles together."""
    largest = result.table[result.table["term"] == f"{table['pair'].iloc[0]}: largest"].iloc[0]
    if np.isnan(largest["conf_low"]):
        return ""
    ends = f"{number(largest['conf_low'])} to {number(largest['conf_high'])}"
    return (
        f"Over all bundles inside the data the largest is {number(largest['estimate'])} "
        f"({level(result.conf_level)} interval {ends}, all bundles at once)"
    )


def _place(cell: pd.Series, grid: Grid) -> str:
    row, column = divmod(int(str(cell.name)), len(grid.across))
    at = zip(grid.outputs, (grid.across[column], grid.up[row]), strict=True)
    return joined(f"{number(100 * share)} % of the {name.replace('_', ' ')}" for name, share in at)
