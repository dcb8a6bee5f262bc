"""Learning apart from scale: cost against what a provider has made before, volume held."""

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import COMMON, Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import Places
from econmodel.errors import NotIdentified, NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import MOST_TIMES, Effects, format_number
from econmodel.table.histories import cumulative_name
from econmodel.words import verdict_words

Array = NDArray[np.float64]
ELASTICITY, PROGRESS = "experience elasticity", "progress ratio"


def learning(
    fit: Fit, output: str | None = None, *, method: Method = "delta", conf_level: float = 0.95, seed: int = 0
) -> Effects:
    """How cost falls with experience, the volume of this period held.

    Parameters
    ----------
    fit : a fit of a table from `econmodel.tables.cumulative`
    output : whose cumulative volume; may be left out where there is one
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "experience elasticity" (-b in C(y, Q) = C(y) Q^-b; null 0) and "progress ratio" (2^-b: cost after a
        doubling of cumulative volume as a share of cost before; null 1).

    Raises
    ------
    NotSupported
        Where the fit has no cumulative volume.

    Notes
    -----
    Experience grows with time whatever is learnt: without `time_effects=True` in the fit, technical change that all
    providers share is read as learning.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.histories import cumulative
    >>> from econmodel.table.shipped import load
    >>> airlines = cumulative(load("us_airlines"), "output")
    >>> found = learning(fit(airlines, form="cobb_douglas", effects="within"))
    >>> found.table["term"].tolist()
    ['experience elasticity', 'progress ratio']
    """
    if not isinstance(fit, Fit):
        raise NotSupported("Learning is read off a fit; stated parameters have no periods.")
    controls = fit.technology.controls
    known = [name for name in fit.technology.outputs if cumulative_name(name) in controls]
    if not known:
        raise NotSupported(
            "This fit has no cumulative volume. Add it first: fit(cumulative(data, output), ...), with provider and "
            "period in the table."
        )
    if output is None and len(known) == 1:
        output = known[0]
    if output not in known:
        raise UnknownName(f"output={output!r} has no cumulative volume in this fit. There is {', '.join(known)}.")
    place, mean = controls.index(cumulative_name(output)), fit.technology.mean_point()

    def measure(theta: Array, _: Reading = COMMON) -> Array:
        elasticity = fit.technology.slopes(theta, mean).controls[..., place]
        elasticity = np.broadcast_to(elasticity, (*theta.shape[:-1], 1))
        with np.errstate(over="ignore"):
            return np.concatenate([elasticity, 2.0**elasticity], axis=-1)

    slope = float(measure(fit.theta)[0])
    if abs(slope) > MOST_TIMES:
        raise NotIdentified(
            f"Beside the other columns the cumulative volume of {output} hardly varies: an elasticity of "
            f"{format_number(slope, 2)} is rounding, not learning. Give longer periods, or the volume made before the "
            "table begins: em.tables.cumulative(data, output, before=...)."
        )

    def says(estimated: Estimated) -> str:
        change = 100 * (estimated.row(PROGRESS)["estimate"] - 1.0)
        verdict = verdict_words(estimated.verdict(ELASTICITY), "learning", "the opposite of learning")
        return (
            f"With the volume of the period held, a doubling of cumulative {output.replace('_', ' ')} is associated "
            f"with {format_number(abs(change), 2)} % {'less' if change < 0 else 'more'} cost (progress ratio "
            f"{estimated.words(PROGRESS)}): {verdict}."
        )

    timed = "time" in fit.sample.controls.values()
    notes = [] if timed else ["Without time effects, technical change that all providers share is read as learning."]
    return ask(
        "Learning", fit, Places(mean, ("every point",), observed=True),
        [Term((ELASTICITY, PROGRESS), measure, (0.0, 1.0))], says, notes=notes,
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip
