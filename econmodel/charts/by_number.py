"""Shares and reserves against a number: of providers in a study, of referrals a month; with a row of numbers below."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.chains import TERMS
from econmodel.charts.marks import Caption, Mark, Picture, log_axis, mark, short, span
from econmodel.charts.theme import CHARCOAL, NAVY, PLUM, RULE, TEAL, TEXT_SIZE, WIDTH
from econmodel.charts.words import brief, must_draw, number, signed
from econmodel.economies.power import TRUTH, enough_from
from econmodel.errors import NotSupported
from econmodel.results import Table
from econmodel.words import listed

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 300
PLOT_WIDTH = 0.86 * WIDTH
# Where the row of numbers stands below the axis, where the picture ends below and above, in shares of its height; and
# how much of the width a number takes.
ERRORS_AT, ERRORS_BOTTOM, ERRORS_TOP, ERRORS_ROOM = -0.09, -0.16, 1.04, 62.0
CHANCES_AT, CHANCES_BOTTOM, CHANCES_TOP, CHANCES_ROOM = -0.1, -0.18, 1.06, 52.0
POINT = {"filled": True, "color": NAVY, "size": 70, "opacity": 1}
STUDIED = 6  # numbers of providers in a sentence
# In the table of reserves, by the names under which they are drawn.
RESERVES = {
    "size": "referrals_a_month",
    "safe": "safe_reserve",
    "even": "even_reserve",
    "expected": "expected_low_point",
    "out": "out_of_cash",
}


def _far_enough(values: pd.Series, room: float) -> list[int]:
    """Places of values far enough apart on a log axis for a number below each."""
    logs = np.log(values.to_numpy(dtype=float))
    reach = max(float(logs[-1] - logs[0]), 1e-9)
    kept = [0]
    for place in range(1, len(logs)):
        if (logs[place] - logs[kept[-1]]) / reach * PLOT_WIDTH >= room:
            kept.append(place)
    return kept


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
    >>> from econmodel.charts.by_number import power as draw
    >>> from econmodel.economies.power import power
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 4.0, "visits": 0.9}, outputs={"visits": 100})
    >>> print(*draw(power(cost, "scale", [15, 400], replications=50)).title.text)
    400 providers are enough to find economies of scale
    """
    must_draw(isinstance(answer, Table), "power", answer, "the result of em.power(cost)")
    if TRUTH not in answer.tables or "wrong_sign" not in answer.table:
        raise NotSupported(f"{answer.title!r} holds no simulated studies: give the result of em.power.")
    truth, table = answer.tables[TRUTH].iloc[0], answer.table
    nothing = bool(table["found"].isna().all())
    drawn = table.rename(columns={"wrong_sign": "wrong", "found_low": "low", "found_high": "high"})
    drawn = drawn[["providers", "found", "low", "high", "wrong"]]
    wrong = nothing or bool((drawn["wrong"] > 0).any())
    line = pd.DataFrame({"share": [1 - truth["level"] if nothing else truth["target"]]})
    errors = _errors(table)
    if nothing:
        legend = [f"dotted line: share of studies that find something; dashed: {_share(1 - truth['level'])}"]
    else:
        legend = ["line: share of studies that find it; bars: how well so many simulations know that share"]
        legend += [f"dashed: {_share(truth['target'])}"]
        legend += ["dotted: share that find the opposite"] * wrong
    if len(errors):
        legend.append(f"numbers at the bottom: average estimate less the truth, {number(truth['truth'])}")
    marks = [mark("rule", line, {"y": "share"}, color=RULE, strokeDash=[6, 4], strokeWidth=1.2)]
    if wrong:
        opposite = {"x": "providers", "y": "wrong"}
        marks.append(mark("line", drawn, opposite, color=PLUM, strokeDash=[2, 3], strokeWidth=2.5))
        marks.append(mark("point", drawn, opposite, color=PLUM, shape="triangle-down", size=60, opacity=1))
    if not nothing:
        interval = {"x": "providers", "y": "low", "y2": "high"}
        marks.append(mark("rule", drawn, interval, color=CHARCOAL, strokeWidth=1.4))
        marks.append(mark("line", drawn, {"x": "providers", "y": "found"}, color=NAVY, strokeWidth=2.5))
        marks.append(mark("point", drawn, {"x": "providers", "y": "found"}, **POINT))
    if len(errors):
        marks.append(_row_below(errors, "providers"))
    title, detail = _power_title(table, truth)
    few, many = table["providers"].iloc[0], table["providers"].iloc[-1]
    margin = max((many / few) ** 0.06, 1.05)
    ends = [few / margin, many * margin]
    kept = table["providers"].iloc[_far_enough(table["providers"], ERRORS_ROOM)].to_list()
    caption = Caption(title, detail, legend, [_shares(table), "; ".join(legend)])
    x = log_axis("providers in the study", table["providers"], ends=ends, values=kept, format=",.0f")
    ticks = {"values": [0, 0.2, 0.4, 0.6, 0.8, 1], "labelExpr": "format(100 * datum.value, '.0f') + ' %'"}
    y = span("share of studies", ERRORS_BOTTOM if len(errors) else -0.02, ERRORS_TOP, **ticks)
    return Picture(caption, x, y, marks, HEIGHT).drawn()


def _row_below(table: pd.DataFrame, across: str, **look: str) -> Mark:
    """A row of numbers below the curve; columns `text`, `at`, and the one across."""
    return mark("text", table, {"x": across, "y": "at", "text": "text"}, fontSize=TEXT_SIZE, baseline="middle", **look)


def _power_title(table: pd.DataFrame, truth: pd.Series) -> tuple[str, str]:
    """What suffices, or that nothing does; and the shares that say so."""
    thing, target, last = truth["to_find"], float(truth["target"]), table.iloc[-1]
    with_last = f"with {_many(last)}"
    if table["found"].isna().all():
        share = _share(last["wrong_sign"])
        detail = f"there is nothing to find: {share} of studies {with_last} find something ({truth['what']} is "
        return f"{share} of studies find something that is not there", f"{detail}{number(truth['truth'])})"
    enough = enough_from(table, target)
    if last["wrong_sign"] > max(last["found"], 1.0 - truth["level"]):
        share = _share(last["wrong_sign"])
        return f"Studies {with_last} often find the opposite", f"{share} of them find the opposite of what is true"
    if enough is None:
        detail = f"{_share(last['found'])} of studies {with_last} find them, short of {_share(target)}"
        return brief(f"{_many(last)} are too few to find {thing}", f"{_many(last)} are too few"), detail
    row = table[table["providers"] == enough].iloc[0]
    detail = f"with {_many(row)} {_share(row['found'])} of studies find {thing}"
    for _, less in table[table["providers"] < enough].tail(1).iterrows():
        detail += f"; with {int(less['providers']):,} it is {_share(less['found'])}"
    return brief(f"{_many(row)} are enough to find {thing}", f"{_many(row)} are enough"), detail


def _shares(table: pd.DataFrame) -> str:
    """Every number of providers in words, as far as a sentence can hold them."""
    some = table.iloc[np.linspace(0, len(table) - 1, min(len(table), STUDIED)).astype(int)]
    nothing = table["found"].isna().all()
    column, what = ("wrong_sign", "False findings are") if nothing else ("found", "Power is")
    text = f"{what} {listed(f'{_share(row[column])} with {_many(row)}' for _, row in some.iterrows())}"
    last = table.iloc[-1]
    return text + (f", where the average error is {number(last['bias'], 2)}" if last["bias"] == last["bias"] else "")


def _errors(table: pd.DataFrame) -> pd.DataFrame:
    """Average errors, with the decimals that the most precise of them deserves, where there is room for them."""
    known = table.iloc[_far_enough(table["providers"], ERRORS_ROOM)]
    known = known[known["bias"].notna()]
    if known.empty:
        return pd.DataFrame({"providers": [], "text": []})
    width = float((known["bias_high"] - known["bias_low"]).min())
    decimals = int(np.clip(np.ceil(-np.log10(width)), 1, 4)) if width > 0 else 3
    words = [signed(value, decimals) for value in known["bias"]]
    return pd.DataFrame({"providers": known["providers"], "text": words, "at": ERRORS_AT})


def _many(row: pd.Series) -> str:
    return f"{int(row['providers']):,} providers"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def reserves(answer: Table) -> "alt.LayerChart":
    """Months of spending in reserve that make a provider safe, by its size, and the chance of running out of cash.

    Parameters
    ----------
    answer : the result of `em.arrangements.supply_chain` for two or more sizes

    Returns
    -------
    altair.LayerChart
        Its description says the same in words.

    Raises
    ------
    NotSupported : the result of something else, or one size only

    Examples
    --------
    >>> from econmodel.arrangements.tariff import Tier
    >>> from econmodel.arrangements.chains import supply_chain
    >>> from econmodel.charts.by_number import reserves
    >>> from econmodel.table.shipped import figures
    >>> answer = supply_chain(figures("work_programme_tariff"), {"New ESA": 0.15}, tiers=[Tier("provider")])
    >>> print(*reserves(answer).title.text)
    The smallest providers need reserves of ... months of spending
    """
    sound = isinstance(answer, Table) and TERMS in answer.tables and len(answer.table) > 1
    wanted = "the result of em.arrangements.supply_chain(...) for two or more sizes of provider"
    must_draw(sound, "reserves", answer, wanted)
    table = pd.DataFrame({name: answer.table[column] for name, column in RESERVES.items()})
    terms = answer.tables[TERMS].iloc[0]
    held = float(terms["months_in_reserve"])
    kept = _far_enough(table["size"], CHANCES_ROOM)
    chances = [_chance(share) for share in table["out"].iloc[kept]]
    top = short(CHANCES_TOP * max(table["safe"].max(), held))
    legend = [
        "solid line: enough in 95 % of futures",
        "dashed: enough in half of them",
        "thin rule: if all went as expected",
    ]
    curves = table[["size", "safe", "even"]]
    marks = [
        mark("rule", table[["expected"]].head(1), {"y": "expected"}, color=CHARCOAL, strokeWidth=1),
        mark("line", curves, {"x": "size", "y": "even"}, color=TEAL, strokeDash=[6, 4], strokeWidth=2.5),
        mark("line", curves, {"x": "size", "y": "safe"}, color=NAVY, strokeWidth=2.5),
        mark("point", curves, {"x": "size", "y": "safe"}, **POINT),
    ]
    if held:
        legend += [f"dotted rule and numbers: {number(held)} months in reserve, and the chance of running out of cash"]
        rule = pd.DataFrame({"held": [held]})
        marks.append(mark("rule", rule, {"y": "held"}, color=PLUM, strokeDash=[2, 3], strokeWidth=2))
        below = table[["size"]].iloc[kept].assign(text=chances, at=CHANCES_AT * top)
        marks.append(_row_below(below, "size", color=PLUM))
    each = listed(
        f"{chance} with {_referrals(table['size'].iloc[at])}" for chance, at in zip(chances, kept, strict=True)
    )
    # Five or so ticks.
    step = next(step for step in (0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 1e9) if top / step <= 7)
    months = [step * tick for tick in range(int(top / step) + 1)]
    small, large = table.iloc[0], table.iloc[-1]
    least, most = (f"{row['safe']:.1f}" for row in (large, small))
    who = "smallest" if small["safe"] >= large["safe"] else "largest"
    caption = Caption(
        f"The {who} providers need reserves of {most if who == 'smallest' else least} months of spending",
        f"to be 95 % safe takes {most} months of spending in reserve with {_referrals(small['size'])}, and {least} "
        f"with {number(large['size'])}",
        legend,
        [
            f"With {number(held)} months in reserve the chance of running out of cash within {number(terms['months'])} "
            f"months is {each}",
            "; ".join(legend),
        ],
    )
    x = log_axis("referrals a month", table["size"], values=table["size"].iloc[kept].to_list(), format=",.6~g")
    y = span("months of spending", short(CHANCES_BOTTOM * top) if held else 0, top, values=months)
    return Picture(caption, x, y, marks, HEIGHT).drawn()


def _referrals(size: float) -> str:
    return f"{number(size)} referral{'' if size == 1 else 's'} a month"


def _chance(share: float) -> str:
    return _share(share) if share == 0 or share >= 0.005 else "<1 %"
