"""What the cells of a map say, one by one and together."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.cell_map import ABOVE, BELOW, MISSING, TINTS, UNCLEAR, Grid
from econmodel.charts.sentences import capital, joined, number
from econmodel.results import INTERVAL_COLUMNS


class Reading(NamedTuple):
    """How to read the numbers of a map.

    Attributes
    ----------
    measure : what they are
    above, below : what a number clearly above or below zero says of a mix
    missing : why there may be none
    judged : whether there are data that mixes can be outside of
    """

    measure: str
    above: str
    below: str
    missing: str
    judged: bool = True


def cells_of(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of a map from a table of effects, row by row.

    Parameters
    ----------
    table : `estimate` (or `identified_low` and `identified_high` in its place), `conf_low`, `conf_high`, `supported`

    Returns
    -------
    DataFrame
        `least` and `most` (the estimate, or the ends of what is identified), `low`, `high`, `supported`, `verdict` (by
        the confidence interval) and `text`.
    """
    estimate = table["estimate"].astype(float)
    ends = [table[name].astype(float) if name in table else estimate for name in INTERVAL_COLUMNS]
    least, most = (estimate.fillna(end) for end in ends)
    low, high = table["conf_low"].astype(float), table["conf_high"].astype(float)
    verdict = np.select([least.isna(), low > 0, high < 0], [MISSING, ABOVE, BELOW], UNCLEAR)
    supported = table["supported"].astype(bool) if "supported" in table else True
    cells = pd.DataFrame(
        {"least": least, "most": most, "low": low, "high": high, "supported": supported, "verdict": verdict}
    ).reset_index(drop=True)
    decimals = _decimals(cells)
    return cells.assign(text=[_text(row, decimals) for _, row in cells.iterrows()])


def _decimals(cells: pd.DataFrame) -> int:
    """Two decimals, or as many as show two digits of the middle cell."""
    size = cells["least"].abs().median()
    return int(np.clip(1 - np.floor(np.log10(size)), 2, 4)) if size > 0 else 2


def _text(cell: pd.Series, decimals: int) -> str:
    if np.isnan(cell["least"]):
        return "–"
    ends = dict.fromkeys(_signed(cell[end], decimals) for end in ("least", "most"))
    return " to ".join(ends)


def _signed(value: float, decimals: int) -> str:
    written = f"{value:.{decimals}f}"
    return f"{0:.{decimals}f}" if float(written) == 0 else written.replace("-", "−")


def message(cells: pd.DataFrame, grid: Grid, reading: Reading, confidence: str) -> tuple[str, list[str], list[str]]:
    """The title of a map, what its marks mean, and the sentences that say the same as the picture.

    Only mixes inside the data are counted, unless there are none.
    """
    held = cells[cells["supported"]] if cells["supported"].any() else cells
    seen = bool(cells["supported"].any())
    where = f"{len(held)} mixes{' inside the data' if seen and reading.judged else ''}"
    counts = {kind: int((held["verdict"] == kind).sum()) for kind in TINTS}
    clear = [
        f"{said} in {counts[kind]}" for kind, said in ((ABOVE, reading.above), (BELOW, reading.below)) if counts[kind]
    ]
    if clear:
        title = capital(f"{joined(clear)} of {where}")
        title += f"; in {counts[UNCLEAR]} neither is clear" if counts[UNCLEAR] else ""
    else:
        title = f"In none of {where} is it clear that {reading.above}, or that {reading.below}"
    if not seen and reading.judged:
        title += "; all of them are outside the data"
    known = held[held["least"].notna()]
    said = []
    if len(known):
        lowest, highest = known.iloc[int(known["least"].argmin())], known.iloc[int(known["most"].argmax())]
        said.append(
            f"{capital(reading.measure)} is lowest at {_place(lowest, grid)}: {_number(lowest)}, and highest at "
            f"{_place(highest, grid)}: {_number(highest)}, with {confidence} intervals"
        )
    notes = [_outside(cells, grid), f"{counts[MISSING]} have no number: {reading.missing}" if counts[MISSING] else ""]
    return title, _legend(cells, reading, confidence), [*said, "; ".join(note for note in notes if note)]


def _legend(cells: pd.DataFrame, reading: Reading, confidence: str) -> list[str]:
    words = {
        ABOVE: f"blue, bold: {reading.above}",
        BELOW: f"orange, bold: {reading.below}",
        UNCLEAR: f"white: neither is clear at {confidence}",
        MISSING: f"–: {reading.missing}",
    }
    found = [said for kind, said in words.items() if (cells["verdict"] == kind).any()]
    if (cells["most"] > cells["least"]).any():
        found.insert(0, "two of them: only an interval is identified")
    return [f"Numbers: {reading.measure}", *found, *([] if cells["supported"].all() else ["hatched: outside the data"])]


def _place(cell: pd.Series, grid: Grid) -> str:
    row, column = divmod(int(str(cell.name)), len(grid.across))
    at = zip(grid.outputs, (grid.across[column], grid.up[row]), strict=True)
    return " and ".join(f"{number(multiple)} times mean {name.replace('_', ' ')}" for name, multiple in at)


def _number(cell: pd.Series) -> str:
    value = number(cell["least"])
    if cell["most"] > cell["least"]:
        value = f"between {value} and {number(cell['most'])}"
    return f"{value} ({number(cell['low'])} to {number(cell['high'])})"


def _outside(cells: pd.DataFrame, grid: Grid) -> str:
    """Which mixes no provider stands for, row by row of the map."""
    outside = ~cells["supported"].to_numpy(dtype=bool).reshape(len(grid.up), len(grid.across))
    if not outside.any():
        return ""
    if outside.all():
        return "All mixes are outside the data, so this is what the form implies and not what providers show"
    first, second = (name.replace("_", " ") for name in grid.outputs)
    rows = [
        f"{second} {number(grid.up[row])} with {first} "
        f"{joined(number(grid.across[column]) for column in np.flatnonzero(outside[row]))}"
        for row in np.flatnonzero(outside.any(axis=1))
    ]
    count = f"{int(outside.sum())} of {outside.size} mixes"
    return f"{count} are outside the data, in multiples of the mean: {'; '.join(rows)}"
