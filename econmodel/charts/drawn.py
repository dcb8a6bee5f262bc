"""What reaches a drawing: rounded rows, in a frame with its message as title and its description."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.sentences import SUBTITLE_LETTERS, TITLE_LETTERS, lines, packed
from econmodel.charts.theme import WIDTH
from econmodel.results import SIGNIFICANT_DIGITS

if TYPE_CHECKING:
    import altair as alt


def rows(frame: pd.DataFrame) -> "alt.InlineData":
    """The rows of a chart with numbers rounded to six significant digits: drawings then do not differ in the noise.

    Missing and infinite numbers become gaps.
    """
    import altair as alt

    columns = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            columns[str(name)] = [bool(value) if isinstance(value, np.bool_) else value for value in column]
        else:
            columns[str(name)] = [_rounded(value) for value in column.to_numpy(dtype=float)]
    values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return alt.InlineData(values=values)


def _rounded(value: float) -> float | None:
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") if np.isfinite(value) else None


def framed(
    chart: "alt.LayerChart", height: float, title: str, subtitle: list[str], description: list[str]
) -> "alt.LayerChart":
    """The chart as wide as a column of the report, axis labels included.

    Parameters
    ----------
    chart : layers over one pair of axes
    height : of the plot itself, in pixels
    title : the message
    subtitle : what would otherwise need a legend, in words
    description : sentences that say the same to someone who cannot see the chart
    """
    import altair as alt

    text = alt.TitleParams(text=lines(title, TITLE_LETTERS))
    if subtitle:
        text.subtitle = packed(subtitle, SUBTITLE_LETTERS)
    return chart.properties(
        width=WIDTH,
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        title=text,
        description=" ".join(f"{sentence.rstrip('.')}." for sentence in description if sentence),
    )
