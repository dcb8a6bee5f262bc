"""Ends of a frontier's search that are no optimum: no inefficiency, no noise, means of inefficiency without end."""

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.frontier.search import Evaluation, Likelihood, Peak, Stop

Array = NDArray[np.float64]
# sigma_u below this share of sigma_v, without a likelihood above least squares', is on its way to zero.
NO_INEFFICIENCY = 0.1
# sigma_v below this share of sigma_u: on its way to zero.
NO_NOISE = 1e-3
# A likelihood that is not higher than least squares' by this much is not higher.
HIGHER = 1e-7
# Means of inefficiency this many spreads below zero leave an exponential tail (all rows), or none at all (some).
EXPONENTIAL, NONE_AT_ALL = -12.0, -25.0
# This many spreads above zero, truncation never bites.
UNTRUNCATED = 6.0


def stop_at_ends(likelihood: Likelihood, normal: float) -> Stop:
    """What a search must not run into: no inefficiency, no noise, means of inefficiency without end."""

    def stop(at: Array, found: Evaluation) -> str:
        _, delta, log_u, log_v = likelihood.split(at)
        if log_u - log_v < np.log(NO_INEFFICIENCY) and found.value <= normal + HIGHER:
            return "none"
        if log_v - log_u < np.log(NO_NOISE):
            return "noiseless"
        if len(delta):
            lowest, highest = (float(end) for end in _range(likelihood, delta) / np.exp(log_u))
            if highest < EXPONENTIAL:
                return "exponential"
            if lowest < NONE_AT_ALL:
                return "separated"
            if lowest > UNTRUNCATED:
                return "untruncated"
        return ""

    return stop


def means(likelihood: Likelihood, delta: Array) -> Array:
    """Means of inefficiency before truncation of every row, (..., n)."""
    columns = [np.concatenate([c[name] for _, c in likelihood.design.rows.blocks(65_536)])
               for name in likelihood.design.beside]  # fmt: skip
    ones = [np.ones(likelihood.design.rows.count)] if likelihood.constant else []
    return np.asarray(delta @ np.stack(ones + columns))


def _range(likelihood: Likelihood, delta: Array) -> Array:
    values = means(likelihood, delta)
    return np.array([values.min(), values.max()])


WORDS = {
    "none": (
        "No inefficiency is found: the likelihood is highest where sigma_u is zero, so nothing can be learnt of its "
        'mean and of what moves it. Use em.estimators.Frontier("half_normal"), which reports that case, or '
        'estimator="least_squares" with the determinants among the controls.'
    ),
    "noiseless": (
        "The likelihood rises towards a frontier without noise (sigma_v of zero), on which every deviation is "
        "inefficiency. That happens in small tables, or where a few providers lie exactly on the frontier. Use fewer "
        'parameters (second_order="outputs" or "none"), or estimator="least_squares".'
    ),
    "exponential": (
        "The mean of inefficiency before truncation runs to minus infinity: the data want the exponential "
        'distribution, which the truncated normal only reaches there. Use em.estimators.Frontier("exponential")'
    ),
    "untruncated": (
        "The determinants place inefficiency so far above zero that truncation never bites: it is then nothing but a "
        "part of the cost function, and its level cannot be told from the constant. Give them as controls or "
        "relationship variables instead of determinants."
    ),
}


def explained(peak: Peak, likelihood: Likelihood) -> str:
    """What the end at which a search stopped means, and what to do."""
    if peak.stopped == "exponential" and likelihood.design.beside:
        return (
            WORDS["exponential"] + ", or determinants without a constant: em.estimators.Frontier(..., constant=False)."
        )
    if peak.stopped == "exponential":
        return WORDS["exponential"] + "."
    if peak.stopped != "separated":
        return WORDS[peak.stopped]
    _, delta, log_u, _ = likelihood.split(peak.parameters)
    values = means(likelihood, delta) / np.exp(log_u)
    without = values < 0.5 * values.min()
    names = likelihood.design.beside
    slopes = delta[-len(names) :]
    moves = []
    for name, slope in zip(names, slopes, strict=True):
        column = np.concatenate([c[name] for _, c in likelihood.design.rows.blocks(65_536)])
        moves.append(-slope * (column[without].mean() - column[~without].mean()))
    name = names[int(np.argmax(moves))]
    return (
        f"{name} tells apart {int(without.sum())} rows with no inefficiency at all: its effect on the mean of "
        f"inefficiency runs to {'minus' if slopes[names.index(name)] < 0 else 'plus'} infinity, and no number is "
        f"returned for it. Leave {name} out of the determinants (it may stand in the cost function), or join its "
        "values to broader groups."
    )
