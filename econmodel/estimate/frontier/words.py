"""What a frontier says in words: its notes, the table of noise and inefficiency, the test of no inefficiency."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.covariance_choice import Kind
from econmodel.estimate.delta import delta_covariance
from econmodel.estimate.frontier.solution import Solution
from econmodel.results import Check, format_number, format_probability

Array = NDArray[np.float64]
NO_INEFFICIENCY = "no inefficiency"
# A p-value above this leaves inefficiency in doubt, and intervals near its boundary with it.
DOUBTFUL = 0.05
IN_DOUBT = (
    "The data hardly tell inefficiency from noise: near sigma_u of zero standard errors of sigma_u and of the constant "
    "are wide and their intervals are not reliable. Judge by the likelihood-ratio test."
)


def notes_of_frontier(found: Solution[Any], kind: Kind) -> list[str]:
    """Words on the boundary, the wrong skew, intervals near the boundary, few clusters."""
    notes = []
    skewness = found.residuals.skewness
    lean = (
        f"The residuals of least squares lean to the side of low cost (skewness {format_number(skewness, 2)}), where "
        "inefficiency would make them lean to high cost. Small samples of a correct frontier do that too (Simar and "
        "Wilson, 2010)"
    )
    if found.at_boundary:
        notes.append(
            "No inefficiency found: the likelihood is highest where sigma_u is zero, and the frontier is least squares."
            + (f" {lean}: this is no evidence that all are efficient." if skewness <= 0 else "")
        )
    elif skewness <= 0:
        notes.append(f"{lean}; here the determinants outweigh it, or a second peak of the likelihood.")
    if not found.at_boundary and p_value(found) > DOUBTFUL:
        notes.append(IN_DOUBT)
    if kind.few is not None and kind.name == "nonrobust":
        notes.append(
            f"{len(kind.few.sizes)} clusters are too few for clustered standard errors: these hold for independent "
            "rows."
        )
    return notes


def statistic(found: Solution[Any]) -> float:
    """Twice the gain in log-likelihood over least squares."""
    gain = found.found.value - found.without
    return 0.0 if found.at_boundary else max(2.0 * gain, 0.0)


def p_value(found: Solution[Any]) -> float:
    """Of no inefficiency: half of chi-square with q and half with q + 1 degrees of freedom, q determinants."""
    from scipy.special import chdtrc

    ratio, extra = statistic(found), found.likelihood.means
    if ratio == 0.0:
        return 1.0
    return float(0.5 * chdtrc(extra + 1, ratio) + (0.5 * chdtrc(extra, ratio) if extra else 0.0))


def inefficiency_test(found: Solution[Any]) -> Check:
    """See `FrontierModel.inefficiency_test`."""
    value, extra = p_value(found), found.likelihood.means
    rows = [
        ("no inefficiency", found.without, np.nan, np.nan),
        ("frontier", found.found.value, statistic(found), value),
    ]
    table = pd.DataFrame(rows, columns=["model", "log_likelihood", "likelihood_ratio", "p_value"])
    against = f"half chi-square with {extra} and half with {extra + 1} degrees of freedom"
    if not extra:
        against = "half chi-square with one degree of freedom, half zero"
    p_words = format_probability(value)
    p_words = f"p < {p_words[1:]}" if p_words.startswith("<") else f"p = {p_words}"
    if found.at_boundary:
        text = "No inefficiency was found: the likelihood is highest without it."
    elif value <= DOUBTFUL:
        text = f"Costs above the best practice are more than noise ({p_words}, {against})."
    else:
        text = f"No conclusion: deviations from the best practice may all be noise ({p_words}, {against})."
    skewness = found.residuals.skewness
    note = f"Skewness of least squares' residuals: {format_number(skewness, 3)}; inefficiency makes it positive."
    return Check("Inefficiency", bool(value > DOUBTFUL), NO_INEFFICIENCY, table, text, (note,))


def error_parameters(values: Array, covariance: Array, names: Sequence[str], at_boundary: bool) -> pd.DataFrame:
    """See `FrontierModel.error_parameters`; `values` (q,) with their covariance, sigma_u and sigma_v last."""

    def measure(parameters: Array) -> Array:
        sigma_u, sigma_v = parameters[..., -2:-1], parameters[..., -1:]
        return np.concatenate([parameters, sigma_u / sigma_v, sigma_u**2 / (sigma_u**2 + sigma_v**2)], axis=-1)

    errors = np.sqrt(np.diag(delta_covariance(measure, values, covariance)))
    if at_boundary:
        errors[[-4, -2, -1]] = np.nan
    return pd.DataFrame({"estimate": measure(values), "std_error": errors}, pd.Index([*names, "lambda", "gamma"]))
