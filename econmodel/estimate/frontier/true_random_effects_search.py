"""The highest likelihood of a frontier with true random effects, and the ends that are no optimum."""

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotIdentified
from econmodel.estimate.frontier.density import NoInefficiency
from econmodel.estimate.frontier.ends import HIGHER, NO_INEFFICIENCY, NO_NOISE
from econmodel.estimate.frontier.search import Evaluation, Peak, Stop, climb, shifted
from econmodel.estimate.frontier.solution import (
    MIDDLE_SHARE,
    OF_HALF_NORMAL,
    SHARES,
    Solution,
    residual_moments,
)
from econmodel.estimate.frontier.true_random_effects import PanelLikelihood, evaluate_panel
from econmodel.estimate.least_squares import LeastSquares

Array = NDArray[np.float64]
# sigma_w below this share of sigma_v: on its way to zero.
NO_EFFECTS = 0.02


def solve_panel(likelihood: PanelLikelihood, least_squares: LeastSquares) -> Solution[PanelLikelihood]:
    """The highest likelihood with provider levels, and without inefficiency where that is no lower.

    Raises
    ------
    NotIdentified
        Where providers have no level of their own, or nothing is noise.
    """
    residuals = residual_moments(likelihood.design, least_squares.theta)
    noise = PanelLikelihood(likelihood.design, NoInefficiency(), likelihood.providers)
    half = 0.5 * np.log(0.5 * residuals.second)
    start = np.concatenate([least_squares.theta, [half, half]])
    null = climb(lambda at: evaluate_panel(noise, at), start, _stop(likelihood, np.inf))
    if null.stopped:
        raise NotIdentified(_WORDS[null.stopped])
    k, passes = likelihood.design.count, null.passes
    variance = np.exp(2.0 * null.parameters[-1])
    peaks: list[Peak] = []
    for share in (MIDDLE_SHARE, *SHARES):
        sigma_u = np.sqrt(share * variance / OF_HALF_NORMAL["variance"])
        theta = shifted(likelihood.design, null.parameters[:k], -OF_HALF_NORMAL["mean"] * sigma_u)
        sigmas = [null.parameters[k], np.log(sigma_u), 0.5 * np.log((1.0 - share) * variance)]
        start = np.concatenate([theta, sigmas])
        try:
            stop = _stop(likelihood, null.found.value)
            peaks.append(climb(lambda at: evaluate_panel(likelihood, at), start, stop))
        except DidNotConverge:
            continue
    passes += sum(peak.passes for peak in peaks)
    best = max(peaks, key=lambda peak: peak.found.value, default=null)
    if best.stopped in ("effects", "noiseless"):
        raise NotIdentified(_WORDS[best.stopped])
    if best.stopped or best.found.value <= null.found.value + HIGHER:
        best, likelihood = null, noise
    return Solution(likelihood, best.parameters, best.found, least_squares, residuals, null.found.value, passes)


def _stop(likelihood: PanelLikelihood, normal: float) -> Stop:
    k = likelihood.design.count

    def stop(at: Array, found: Evaluation) -> str:
        log_w, log_v = at[k], at[-1]
        if log_w - log_v < np.log(NO_EFFECTS):
            return "effects"
        if len(at) == k + 3 and at[-2] - log_v < np.log(NO_INEFFICIENCY) and found.value <= normal + HIGHER:
            return "none"
        if max(at[k:-1]) - log_v > -np.log(NO_NOISE):
            return "noiseless"
        return ""

    return stop


_WORDS = {
    "effects": (
        "Providers have no level of cost of their own: the likelihood is highest where its standard deviation is zero. "
        "Use effects=None."
    ),
    "noiseless": (
        "The likelihood rises towards a frontier without noise (sigma_v of zero): there are too few periods, or too "
        "many parameters, to tell noise from inefficiency and from the levels of providers. Use effects=None, or fewer "
        "second-order terms."
    ),
}
