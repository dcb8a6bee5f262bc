"""Power against the number of providers, with the error that the average study makes."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.axes import log_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, joined, number, signed
from econmodel.charts.theme import CHARCOAL, NAVY, PLUM, RULE, TEXT_SIZE, WIDTH, enable
from econmodel.economies.power import TRUTH, enough_from
from econmodel.errors import NotSupported
from econmodel.results import Table

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 300
# Below the axis of shares, in shares: where the row of average errors stands, and where the picture ends.
ERRORS_AT, BOTTOM, TOP = -0.09, -0.16, 1.04
# A number written below a point takes this much of the width.
ROOM = 62.0
PLOT_WIDTH = 0.86 * WIDTH


def power(answer: Table) -> "alt.LayerChart":
    """The share of studies that find what is true, by number of providers, and below it their average error.

    Parameters
    ----------
    answer : the result of `em.power`

    Returns
    -------
    altair.LayerChart
        Its description says the same in words.

    Raises
    ------
    NotSupported : the result of something else

    Examples
    --------
    >>> from econmodel.charts.power_curve import power as draw
    >>> from econmodel.economies.power import power
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 4.0, "visits": 0.9}, outputs={"visits": 100})
    >>> print(*draw(power(cost, "scale", [15, 400], replications=50)).title.text)
    With 400 providers 100 % of studies find economies of scale; with 15 it is ... %
    """
    must_draw(isinstance(answer, Table), "power", answer, "the result of em.power(cost)")
    enable()
    if TRUTH not in answer.tables or "wrong_sign" not in answer.table:
        raise NotSupported(f"{answer.title!r} holds no simulated studies: give the result of em.power.")
    truth, table = answer.tables[TRUTH].iloc[0], answer.table
    errors = _errors(table)
    title, numbers = _message(table, truth)
    legend = _legend(table, truth, errors)
    return framed(
        _layers(table, truth, errors),
        height=HEIGHT,
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[title, numbers, capital("; ".join(legend))],
    )


def _message(table: pd.DataFrame, truth: pd.Series) -> tuple[str, str]:
    thing, target, last = truth["to_find"], float(truth["target"]), table.iloc[-1]
    if table["found"].isna().all():
        title = (
            f"There is nothing to find: {_per_cent(last['wrong_sign'])} of studies with {_many(last)} find something"
        )
        return title, f"{_numbers(table)} ({truth['what']} is {number(truth['truth'])})"
    enough = enough_from(table, target)
    if last["wrong_sign"] > max(last["found"], 1.0 - truth["level"]):
        title = f"{_per_cent(last['wrong_sign'])} of studies with {_many(last)} find the opposite of what is true"
    elif enough is None:
        title = f"{_many(last)} find {thing} in {_per_cent(last['found'])} of studies, short of {_per_cent(target)}"
    else:
        share = float(table.loc[table["providers"] == enough, "found"].iloc[0])
        title = f"With {enough:,} providers {_per_cent(share)} of studies find {thing}"
        fewer = table[table["providers"] < enough]
        if len(fewer):
            title += f"; with {int(fewer['providers'].iloc[-1]):,} it is {_per_cent(fewer['found'].iloc[-1])}"
    return title, _numbers(table)


def _numbers(table: pd.DataFrame) -> str:
    """Every number of providers in words, as far as a sentence can hold them."""
    some = table if len(table) <= 6 else table.iloc[np.linspace(0, len(table) - 1, 6).astype(int)]
    column = "wrong_sign" if table["found"].isna().all() else "found"
    words = joined(f"{_per_cent(row[column])} with {_many(row)}" for _, row in some.iterrows())
    text = f"{'False findings' if column == 'wrong_sign' else 'Power'} is {words}".replace(
        "findings is", "findings are"
    )
    last = table.iloc[-1]
    return text + (f", where the average error is {number(last['bias'], 2)}" if last["bias"] == last["bias"] else "")


def _legend(table: pd.DataFrame, truth: pd.Series, errors: pd.DataFrame) -> list[str]:
    if table["found"].isna().all():
        parts = [f"dotted line: share of studies that find something; dashed: {_per_cent(1 - truth['level'])}"]
    else:
        parts = ["line: share of studies that find it; bars: how well so many simulations know that share"]
        parts += [f"dashed: {_per_cent(truth['target'])}"]
        parts += ["dotted: share that find the opposite"] * bool((table["wrong_sign"] > 0).any())
    if len(errors):
        parts.append(f"numbers at the bottom: average estimate less the truth, {number(truth['truth'])}")
    return parts


def _errors(table: pd.DataFrame) -> pd.DataFrame:
    """Average errors, with the decimals that the most precise of them deserves, where there is room for them."""
    known = table[table["bias"].notna() & table["providers"].isin(_with_room(table["providers"]))]
    if known.empty:
        return pd.DataFrame({"providers": [], "text": []})
    width = float((known["bias_high"] - known["bias_low"]).min())
    decimals = int(np.clip(np.ceil(-np.log10(width)), 1, 4)) if width > 0 else 3
    words = [signed(value, decimals) for value in known["bias"]]
    return pd.DataFrame({"providers": known["providers"], "text": words, "at": ERRORS_AT})


def _with_room(providers: pd.Series) -> list[int]:
    """Numbers of providers far enough apart on a log axis to be written below each other's points."""
    places = np.log(providers.to_numpy(dtype=float))
    reach = max(float(places[-1] - places[0]), 1e-9)
    kept = [0]
    for index in range(1, len(places)):
        if (places[index] - places[kept[-1]]) / reach * PLOT_WIDTH >= ROOM:
            kept.append(index)
    return [int(providers.iloc[index]) for index in kept]


def _layers(table: pd.DataFrame, truth: pd.Series, errors: pd.DataFrame) -> "alt.LayerChart":
    import altair as alt

    x_scale, x_axis = log_axis("providers in the study", table["providers"])
    first, last = float(table["providers"].iloc[0]), float(table["providers"].iloc[-1])
    margin = max((last / first) ** 0.06, 1.05)
    x_scale.domain = [float(f"{first / margin:.6g}"), float(f"{last * margin:.6g}")]
    x_axis.values, x_axis.format = _with_room(table["providers"]), ",.0f"
    shares = alt.Axis(title="share of studies", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    shares.labelExpr = "format(100 * datum.value, '.0f') + ' %'"
    y_scale = alt.Scale(domain=[BOTTOM if len(errors) else -0.02, TOP], nice=False)
    x = alt.X("providers:Q", scale=x_scale, axis=x_axis)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=shares)

    nothing = bool(table["found"].isna().all())
    line = pd.DataFrame({"share": [1 - truth["level"] if nothing else truth["target"]]})
    wanted = alt.Chart(rows(line)).mark_rule(color=RULE, strokeDash=[6, 4], strokeWidth=1.2)
    layers: list[alt.Chart] = [wanted.encode(y=y("share"))]
    drawn = table.rename(columns={"wrong_sign": "wrong", "found_low": "low", "found_high": "high"})
    base = alt.Chart(rows(drawn[["providers", "found", "low", "high", "wrong"]])).encode(x=x)
    if nothing or (drawn["wrong"] > 0).any():
        layers.append(base.mark_line(color=PLUM, strokeDash=[2, 3], strokeWidth=2.5).encode(y=y("wrong")))
        layers.append(base.mark_point(color=PLUM, shape="triangle-down", size=60, opacity=1).encode(y=y("wrong")))
    if not nothing:
        layers.append(base.mark_rule(color=CHARCOAL, strokeWidth=1.4).encode(y=y("low"), y2="high:Q"))
        layers.append(base.mark_line(color=NAVY, strokeWidth=2.5).encode(y=y("found")))
        layers.append(base.mark_point(filled=True, color=NAVY, size=70, opacity=1).encode(y=y("found")))
    if len(errors):
        words = alt.Chart(rows(errors)).mark_text(fontSize=TEXT_SIZE, baseline="middle")
        layers.append(words.encode(x=x, y=y("at"), text="text:N"))
    return alt.LayerChart(layer=layers)


def _many(row: pd.Series) -> str:
    return f"{int(row['providers']):,} providers"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"
