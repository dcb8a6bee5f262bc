"""Maps of a bundle in shares: where more of one output makes another cheaper, and where splitting it would save."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.maps import ABOVE, BELOW, MOST, Grid, Reading, cells_of, drawn_map
from econmodel.charts.marks import Caption
from econmodel.charts.words import headline, interval, level, must_draw, number, verdict_on
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

CROSS, MAP = "cross_derivative", "map"
SPLITS, SAVING, FIRST = "splits", "saving", "_of_the_first_firm"
LARGEST = "largest saving from splitting"


class _Question(NamedTuple):
    """What a map of signs asks, of numbers that speak for production together where they are below zero."""

    subject: str  # of the verdict
    below: str  # what the verdict says where every number is below zero
    above: str  # and where some is above
    says: str  # what a number below zero says of a cell
    cells: str  # what cells are, in the plural
    inside: str  # the same of those that are supported
    largest: str  # what the result gives an interval for
    reading: Reading


COMPLEMENTS = _Question(
    subject="Complementarity",
    below="more of one makes the other cheaper at the margin",
    above="more of one does not always make the other cheaper",
    says="more of one makes the other cheaper at the margin at",
    cells="bundles",
    inside="bundles inside the data",
    largest="over all bundles inside the data the largest is",
    reading=Reading(
        "the cross derivative", "change of marginal cost over all of the other output, as a share of cost",
        "at", "{} % of the {}", 100,
        ("blue: cheaper", "orange: more expensive", "white: neither", "–: no positive cost"), "outside the data",
    ),
)  # fmt: skip
DIVISIONS = _Question(
    subject="One firm or two",
    below="one firm is cheaper in every admissible split",
    above="some admissible split is cheaper than one firm",
    says="one firm is cheaper than two in",
    cells="splits",
    inside="admissible splits",
    largest="over all admissible splits the largest saving is",
    reading=Reading(
        "the saving from splitting", "saving from splitting, as a share of the cost of one firm",
        "where the first firm makes", "{} % of the {}", 100,
        ("blue: one firm is cheaper", "orange: two are cheaper", "white: neither", "–: no cost of a firm"),
        "not admissible",
    ),
)  # fmt: skip


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
    >>> from econmodel.charts.bundles import complementarity_map
    >>> from econmodel.economies.outputs.shape import complementarity
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*complementarity_map(complementarity(cost)).title.text)
    More of one makes the other cheaper at the margin
    """
    wanted = "the result of em.outputs.complementarity(fit)"
    must_draw(isinstance(result, Effects), "complementarity_map", result, wanted)
    table, outputs = _of_pair(result, pair)
    if table[CROSS].isna().all():
        raise NotSupported("No bundle on this map has a cross derivative. Ask at another place: at=0.5 or at=2.")
    grid, bundles = _bundles(table, outputs)
    # An output that is zero everywhere stands in many bundles that look alike here.
    cells = bundles.merge(table.drop_duplicates(list(outputs)), on=list(outputs), how="left")
    return _map(cells[CROSS], cells["supported"], grid, result, f"{table['pair'].iloc[0]}: largest", COMPLEMENTS)


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


def _bundles(table: pd.DataFrame, outputs: tuple[str, str]) -> tuple[Grid, pd.DataFrame]:
    """The grid, whose steps are left out evenly until they can be read, and its bundles in the order of the cells."""
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
    return grid, pd.DataFrame([(x, y) for y in steps[1] for x in steps[0]], columns=list(outputs))


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
    >>> from econmodel.charts.bundles import subadditivity_surface
    >>> from econmodel.economies.outputs.subadditivity import subadditivity
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*subadditivity_surface(subadditivity(cost)).title.text)
    One firm is cheaper in every admissible split
    """
    wanted = "the result of em.outputs.subadditivity(fit)"
    must_draw(isinstance(result, Effects), "subadditivity_surface", result, wanted)
    if SPLITS not in result.tables:
        raise UnknownName(
            f"{result.title} has no table of splits. Draw the result of em.outputs.subadditivity(fit) at one place, "
            'with two outputs, over a grid: splits="shin_ying" or splits="evans_heckman".'
        )
    table = result.tables[SPLITS]
    if table[SAVING].isna().all():
        raise NotSupported("No split on this map has a saving. Ask at another place: at=0.5 or at=2.")
    # None is left out: numbers of splits are short enough for eleven columns.
    columns = [str(name) for name in table.columns if str(name).endswith(FIRST)]
    names = [name.removesuffix(FIRST) for name in columns]
    labels = [f"{name.replace('_', ' ')}, first firm's share of the bundle" for name in names]
    across, up = (tuple(float(share) for share in np.unique(table[name])) for name in columns)
    grid = Grid((names[0], names[1]), (labels[0], labels[1]), across, up)
    cells = grid.places().set_axis(columns, axis=1).merge(table, on=columns, how="left")
    return _map(cells[SAVING], cells["admissible"], grid, result, LARGEST, DIVISIONS)


def _map(
    values: pd.Series, supported: pd.Series, grid: Grid, result: Effects, term: str, asks: _Question
) -> "alt.LayerChart":
    """The map of numbers without intervals of their own, under the verdict on all of them together."""
    # Without intervals of single cells, the sign decides their tints.
    cells = cells_of(
        pd.DataFrame(dict.fromkeys(("estimate", "conf_low", "conf_high"), values) | {"supported": supported})
    )
    # Blue is what speaks for production together, as on the map of scope: there it is above zero, here below.
    cells = cells.assign(verdict=cells["verdict"].replace({ABOVE: BELOW, BELOW: ABOVE}))
    held = cells[cells["supported"]] if cells["supported"].any() else cells
    outside, hatched = int((~cells["supported"]).sum()), asks.reading.hatched
    where = f"{len(held)} {asks.inside if 0 < outside < len(cells) else asks.cells}"
    where += f", all {hatched}" if outside == len(cells) else ""
    row, largest = result.row(term), ""
    if not np.isnan(row["conf_low"]):
        largest = (
            f"{asks.largest} {number(row['estimate'])} ({level(result.conf_level)} interval {interval(row)}, all "
            f"{asks.cells} at once)"
        )
    caption = Caption(
        headline(verdict_on(row, result.conf_level, 0.0), asks.subject, asks.below, asks.above),
        f"{asks.says} {int((held['verdict'] == ABOVE).sum()) or 'none'} of {where}",
        [*asks.reading.legend(cells), "tints show signs, not what is sure of them"],
        [
            asks.reading.extremes(held, grid),
            f"{outside} of {len(cells)} {asks.cells} are {hatched}" if outside else "",
            largest,
        ],
        result.source,
    )
    return drawn_map(cells, grid, caption)
