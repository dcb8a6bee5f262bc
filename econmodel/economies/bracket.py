"""What a separation may say: the two numbers that bracket scale, robustness values, and the sentence.

A relationship variable built from an input and a volume (staff per user) pulls the elasticity at a fixed ratio to one by
arithmetic, and a technology whose staff need rises less than volume gives the same numbers as rationed contact. Only
outcomes can discriminate, so the elasticity with outcomes held and the ratio free stands beside the elasticity with the
ratio held.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.inference import estimate
from econmodel.economies.verdict import interval_in_words, judge, scale_words
from econmodel.estimate.delta import jacobian
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.results import format_number

Array = NDArray[np.float64]
HELD, FREE = "the ratio held", "outcomes held, the ratio free"


def input_ratios(fitted: Fit) -> list[str]:
    """Relationship variables that are not declared attributes: input ratios, and those of unstated kind."""
    return [name for name, role in fitted.data.relationships.items() if role.kind != "attribute"]


def bracket(fitted: Fit, level: float) -> pd.DataFrame:
    """Ray elasticities at the mean with the input ratios held, and with outcomes held and the ratios free.

    Empty where there is no input ratio; one row where no outcome is declared.
    """
    ratios = input_ratios(fitted)
    if not ratios:
        return pd.DataFrame()
    attributes = [name for name in fitted.data.relationships if name not in ratios]
    held = refit(fitted, fitted.data, hold_outcomes=False) if fitted.specification.hold_outcomes else fitted
    rows = [_elasticity(held, HELD, level)]
    if fitted.data.outcomes:
        rows.insert(
            0, _elasticity(refit(fitted, fitted.data.using(relationships=attributes), hold_outcomes=True), FREE, level)
        )
    return pd.DataFrame(rows)


def _elasticity(fitted: Fit, held: str, level: float) -> dict[str, object]:
    found = estimate(fitted, ray_elasticity(fitted), 1.0, conf_level=level)
    return {
        "with": held,
        "rows": int(fitted.nobs),
        "ray elasticity": found.values[0],
        "std_error": found.errors[0],
        "conf_low": found.low[0],
        "conf_high": found.high[0],
    }


def ray_elasticity(fitted: Fit):  # type: ignore[no-untyped-def]
    """The ray elasticity at the mean as a function of the parameters."""
    technology, mean = fitted.technology, fitted.technology.mean_point()

    def measure(theta: Array) -> Array:
        return (technology.slopes(theta, mean).outputs * mean.outputs).sum(axis=-1)

    return measure


def robustness(fitted: Fit) -> pd.DataFrame:
    """Robustness values of scale (against one) and of each relationship variable (against zero), at the mean.

    The share of the residual variance, of cost and of the variable alike, that something left out would have to explain
    to bring the estimate to its null (Cinelli and Hazlett, 2020): from the classical t and the degrees of freedom alone.
    """
    technology, mean = fitted.technology, fitted.technology.mean_point()
    rows = [("scale", ray_elasticity(fitted), 1.0)]
    for place, name in enumerate(technology.relationships):

        def measure(theta: Array, place: int = place) -> Array:
            return np.broadcast_to(technology.slopes(theta, mean).relationships[..., place], (*theta.shape[:-1], 1))

        rows.append((fitted.data.labels(name), measure, 0.0))
    variance = fitted.ssr / fitted.df_resid
    found = []
    for name, measure, null in rows:
        gradient = jacobian(measure, fitted.theta)[0]
        error = np.sqrt(variance * gradient @ fitted.solution.inverse_gram @ gradient)
        value = float(measure(fitted.theta)[0])
        found.append(
            {
                "of": name,
                "estimate": value,
                "null": null,
                "robustness value": _robustness_value(value - null, error, fitted.df_resid),
            }
        )
    return pd.DataFrame(found)


def _robustness_value(difference: float, error: float, freedom: float) -> float:
    f_squared = (difference / error) ** 2 / freedom
    return float(0.5 * (np.sqrt(f_squared**2 + 4.0 * f_squared) - f_squared))


def words(fitted: Fit, table: pd.DataFrame, brackets: pd.DataFrame, level: float) -> str:
    """The finding of a separation, in the words that its data allow."""
    rows = table.set_index("term")
    sentences = [_apparent(rows, level), _scale(fitted, rows, level)]
    for name, role in fitted.data.relationships.items():
        row = rows.loc[f"relationship: {name}"]
        label = fitted.data.labels(name)
        interval = interval_in_words(row["conf_low"], row["conf_high"], level)
        share = f"{_signed(row['estimate'])} of the slope ({interval})"
        if role.kind == "attribute":
            sentences.append(f"{share} is associated with {label}, a measured attribute of the relationship.")
        else:
            sentences.append(f"{share} is located in {label}, {_reason(role.kind)}.")
    ratios = [fitted.data.labels(name) for name in input_ratios(fitted)]
    if ratios:
        sentences.append(_bracket_words(brackets, " and ".join(ratios), level))
    return " ".join(sentences)


def _reason(kind: str) -> str:
    return "an input ratio" if kind == "input_ratio" else "whose kind is not stated and which is read as an input ratio"


def _signed(value: float) -> str:
    return f"+{format_number(value, 3)}" if value > 0 else format_number(value, 3)


def _apparent(rows: pd.DataFrame, level: float) -> str:
    row = rows.loc["apparent"]
    doubled = 100 * (2 ** (row["estimate"] - 1.0) - 1.0)
    return (
        f"As a league table shows it, one per cent more size goes with {format_number(row['estimate'])} % more cost "
        f"({interval_in_words(row['conf_low'], row['conf_high'], level)}): a provider of twice the size has "
        f"{format_number(abs(doubled), 2)} % {'lower' if doubled < 0 else 'higher'} unit cost."
    )


def _scale(fitted: Fit, rows: pd.DataFrame, level: float) -> str:
    row = rows.loc["scale"]
    verdict = judge(row["estimate"], row["std_error"], 1.0, fitted.freedom, level=level)
    held = "all else in the model held" if len(rows) > 3 else "alone"
    return (
        f"Scale, {held}, is {format_number(row['estimate'])} of it "
        f"({interval_in_words(row['conf_low'], row['conf_high'], level)}): {scale_words(verdict)}."
    )


def _bracket_words(brackets: pd.DataFrame, label: str, level: float) -> str:
    held = brackets[brackets["with"] == HELD].iloc[0]
    arithmetic = (
        f"Holding {label} pulls the elasticity to one by arithmetic, and a technology whose staff need rises less than "
        "volume gives the same numbers as rationed contact"
    )
    if len(brackets) == 1:
        return f"{arithmetic}; no outcome is declared, so scale and relationship cannot be told apart."
    free = brackets[brackets["with"] == FREE].iloc[0]
    return (
        f"{arithmetic}, so two numbers bracket scale: {format_number(free['ray elasticity'])} with outcomes held and the "
        f"ratio free ({interval_in_words(free['conf_low'], free['conf_high'], level)}), and "
        f"{format_number(held['ray elasticity'])} with the ratio held "
        f"({interval_in_words(held['conf_low'], held['conf_high'], level)}). Whether the difference is scale or thinned "
        "relationship depends on what else the relationship produces, which these data do not hold."
    )
