"""Where making outputs together is cheaper than making them apart: the degree of scope over two outputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from econmodel.charts.cell_map import MISSING, MULTIPLES, Multiples, grid_in, grid_of, layers
from econmodel.charts.drawn import framed
from econmodel.charts.given import must_draw
from econmodel.charts.map_words import Reading, cells_of, message
from econmodel.charts.sentences import level
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported, UnknownName

if TYPE_CHECKING:
    import altair as alt

    from econmodel.economies.core.places import CostFunction

NO_COST = "some firm would have no positive cost"


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
    >>> from econmodel.charts.scope_cells import scope_map
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> print(*scope_map(cost, multiples=[0.5, 1, 2]).title.text)
    Together is cheaper in 9 of 9 mixes
    """
    sound = isinstance(source, pd.DataFrame) or hasattr(source, "technology")
    must_draw(sound, "scope_map", source, "scope at many mixes of a fit, em.fit(data)")
    enable()
    if isinstance(source, pd.DataFrame):
        grid = grid_in(source, outputs)
        table, judged = _in_order(source, list(grid.outputs), grid.places()), "supported" in source
    else:
        from econmodel.economies.scope import scope

        grid = grid_of(source, outputs, multiples)
        means = dict(zip(source.technology.outputs, source.technology.mean_point().outputs[0], strict=True))
        at = grid.places() * [means[name] for name in grid.outputs]
        found = scope(source, at, epsilon, partition, conf_level=conf_level).table
        table, judged = found[found["term"] == found["term"].iloc[0]], source.sample is not None
    cells = cells_of(table)
    if (cells["verdict"] == MISSING).all():
        raise NotSupported(
            f"No mix on this map has a degree of scope: {NO_COST}. Ask nearer to the providers "
            "(multiples=[0.8, 1, 1.2]), for quasi-scope (epsilon=0.1), or fit fewer second-order terms "
            '(second_order="outputs" or "none").'
        )
    measure = "the degree of scope" if epsilon is None else f"quasi-scope (epsilon {epsilon:g})"
    reading = Reading(measure, "together is cheaper", "apart is cheaper", NO_COST, judged)
    title, legend, said = message(cells, grid, reading, level(conf_level))
    chart, height = layers(cells, grid)
    return framed(chart, height=height, title=title, subtitle=legend, description=[title, *said])


def _in_order(table: pd.DataFrame, outputs: list[str], places: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table in the order of the cells."""
    if table.duplicated(outputs).any() or len(table) != len(places):
        raise UnknownName(
            f"A map needs one row for each pair of {' and '.join(outputs)}: {len(places)} rows; the table has "
            f"{len(table)}{', some of them twice' if table.duplicated(outputs).any() else ''}."
        )
    return places.merge(table, on=outputs, how="left")
