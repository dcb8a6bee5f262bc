"""Where splitting a bundle between two firms would save: the saving split by split, over the shares of two outputs."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.cell_map import ABOVE, BELOW, MISSING, TINTS, UNCLEAR, Grid, layers
from econmodel.charts.drawn import framed
from econmodel.charts.given import must_draw
from econmodel.charts.map_words import cells_of
from econmodel.charts.sentences import joined, level, number
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

SPLITS, SAVING, FIRST = "splits", "saving", "_of_the_first_firm"
LARGEST = "largest saving from splitting"


def subadditivity_surface(result: Effects) -> "alt.LayerChart":
    """Saving from splitting a bundle of two outputs between two firms, hatched where a split is not admissible.

    Parameters
    ----------
    result : of `em.outputs.subadditivity` at one place with two outputs, over a grid of splits

    Returns
    -------
    altair.LayerChart
        Cells are the first firm's shares of each output; the second firm makes the rest, so each split is drawn twice
        but for the even one. Numbers are the cost of one firm less that of both, over that of one firm: above zero two
        firms are cheaper. Cells are tinted by sign alone: what is sure of them together is the interval of the result.

    Raises
    ------
    UnknownName : a result without the table of splits
    NotSupported : no split has a number

    Examples
    --------
    >>> from econmodel.charts.split_cells import subadditivity_surface
    >>> from econmodel.economies.outputs.subadditivity import subadditivity
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*subadditivity_surface(subadditivity(cost)).title.text)
    One firm is cheaper than two in 81 of 81 splits
    """
    must_draw(
        isinstance(result, Effects), "subadditivity_surface", result, "the result of em.outputs.subadditivity(fit)"
    )
    enable()
    if SPLITS not in result.tables:
        raise UnknownName(
            f"{result.title} has no table of splits. Draw the result of em.outputs.subadditivity(fit) at one place, "
            'with two outputs, over a grid: splits="shin_ying" or splits="evans_heckman".'
        )
    table = result.tables[SPLITS]
    if table[SAVING].isna().all():
        raise NotSupported("No split on this map has a saving. Ask at another place: at=0.5 or at=2.")
    cells, grid = _cells(table)
    title, legend, said = _message(cells, grid)
    chart, height = layers(cells, grid)
    return framed(chart, height=height, title=title, subtitle=legend, description=[title, *said, _sure(result)])


def _cells(table: pd.DataFrame) -> tuple[pd.DataFrame, Grid]:
    """Cells in the order of the grid, none left out: numbers of splits are short enough for eleven columns."""
    columns = [str(name) for name in table.columns if str(name).endswith(FIRST)]
    names = [name.removesuffix(FIRST) for name in columns]
    labels = [f"{name.replace('_', ' ')}, first firm's share of the bundle" for name in names]
    across, up = (tuple(float(share) for share in np.unique(table[name])) for name in columns)
    grid = Grid((names[0], names[1]), (labels[0], labels[1]), across, up)
    found = grid.places().set_axis(columns, axis=1).merge(table, on=columns, how="left")
    # Without intervals of single splits, the sign decides.
    signed = found.assign(estimate=found[SAVING], conf_low=found[SAVING], conf_high=found[SAVING])
    signed["supported"] = found["admissible"]
    cells = cells_of(signed[["estimate", "conf_low", "conf_high", "supported"]])
    # Blue is what speaks for production together, as on the map of scope: there it is above zero, here below.
    return cells.assign(verdict=cells["verdict"].replace({ABOVE: BELOW, BELOW: ABOVE})), grid


def _message(cells: pd.DataFrame, grid: Grid) -> tuple[str, list[str], list[str]]:
    """Title, legend and sentences; only admissible splits are counted, unless there are none."""
    held = cells[cells["supported"]] if cells["supported"].any() else cells
    outside = int((~cells["supported"]).sum())
    where = f"{len(held)} {'admissible ' if 0 < outside < len(cells) else ''}splits"
    where += ", none of them admissible" if outside == len(cells) else ""
    counts = {kind: int((held["verdict"] == kind).sum()) for kind in TINTS}
    title = f"One firm is cheaper than two in {counts[ABOVE] or 'none'} of {where}"
    words = {
        ABOVE: "blue: one firm is cheaper",
        BELOW: "orange: two are cheaper",
        UNCLEAR: "white: neither",
        MISSING: "–: no cost of a firm",
    }
    legend = ["Numbers: saving from splitting, as a share of the cost of one firm"]
    legend += [said for kind, said in words.items() if (cells["verdict"] == kind).any()]
    legend += ["hatched: not admissible"] if outside else []
    legend.append("tints show signs, not what is sure of them")
    known = held[held["least"].notna()]
    said = []
    if len(known):
        ends = [known.iloc[int(place)] for place in (known["least"].argmin(), known["least"].argmax())]
        places = [f"{number(cell['least'])} where the first firm makes {_place(cell, grid)}" for cell in ends]
        said.append(f"The saving from splitting is lowest, {places[0]}, and highest, {places[1]}")
    if outside:
        said.append(f"{outside} of {len(cells)} splits are not admissible")
    return title, legend, said


def _sure(result: Effects) -> str:
    """What is known of all admissible splits together."""
    largest = result.row(LARGEST)
    if np.isnan(largest["conf_low"]):
        return ""
    ends = f"{number(largest['conf_low'])} to {number(largest['conf_high'])}"
    return (
        f"Over all admissible splits the largest saving is {number(largest['estimate'])} "
        f"({level(result.conf_level)} interval {ends}, all splits at once)"
    )


def _place(cell: pd.Series, grid: Grid) -> str:
    row, column = divmod(int(str(cell.name)), len(grid.across))
    at = zip(grid.outputs, (grid.across[column], grid.up[row]), strict=True)
    return joined(f"{number(100 * share)} % of the {name.replace('_', ' ')}" for name, share in at)
