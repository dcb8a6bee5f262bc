"""Whether one type of output exhausts scale earlier than another, within one table of providers.

The measure is the slope of an output's own marginal cost: mu_j = d ln C_j / d ln y_j. Where it is negative, one more
unit is cheaper than the last and scale is still to be had from this output; where it is positive, scale is exhausted.
For a cost that adds up, C = F + sum c_j y_j^b_j, mu_j is b_j - 1 whatever the share of the output in cost, which the
second-order term of a translog is not: d2 ln C / d ln y_j^2 = e_j (b_j - e_j) hangs on the cost elasticity e_j.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.measure import Estimated, Term, ask, verdict_of
from econmodel.economies.core.places import CostFunction, resolve
from econmodel.economies.statistics import wald
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.estimate.delta import jacobian
from econmodel.forms.technology import Point, Technology, over_positive
from econmodel.results import INTERVAL_COLUMNS, Check
from econmodel.table.roles import SERVICES
from econmodel.verdict import MARGIN
from econmodel.words import at_words, listed, probability_words, verdict_words

Array = NDArray[np.float64]
# The step of a complex derivative: so small that nothing is lost, since no difference is taken.
COMPLEX_STEP = 1e-30
SLOPE, DIFFERENCE, MEAN = "slope of marginal cost", "difference", "mean difference"


def exhaustion(
    fit: CostFunction,
    earlier: str | Sequence[str] = "personal",
    later: str | Sequence[str] = "transactional",
    at: object = "mean",
    *,
    conf_level: float = 0.95,
    margin: float = MARGIN,
) -> Check:
    """Test that outputs of one type exhaust scale earlier than those of another, from one cost function.

    Parameters
    ----------
    fit : a fit of a table with outputs of both types, with second-order terms of outputs
    earlier, later : a service type, or a list of outputs
    at : one place, as in `econmodel.scale`
    margin : difference of slopes that would not matter

    Returns
    -------
    Check
        `passed` is False where the marginal cost of the earlier outputs is found to rise faster with their own volume,
        on average, than that of the later ones, or more slowly, which the text says; True where it rises alike, within
        the margin; None where the data do not say. The table has the slope mu_j = d ln C_j / d ln y_j of every output
        (null 0), the difference of every pair, and the mean difference (null 0). The text has the joint Wald test that
        all slopes are alike, and the p-value that every one of the earlier outputs is ahead of every later one.

    Raises
    ------
    NotSupported, UnknownName
        Where a type has no output, or marginal cost is not positive.
    FormError
        Where the form has no second-order terms of outputs: Cobb-Douglas fixes each slope by the output's share.

    Notes
    -----
    The hypothesis is linear in the slopes, and the slopes are smooth in the parameters: Wald test by the delta method.
    That every pair differs is an intersection-union test: its p-value is the largest one-sided one (Berger, 1982).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> terms = {"common cost": 10, "visits": 60, "letters": 30, "half visits squared": 20}
    >>> cost = state("composite", terms, outputs={"visits": 100, "letters": 900})
    >>> found = exhaustion(cost, ["visits"], ["letters"])
    >>> found.passed, "visits outputs exhaust scale earlier" in found.text
    (False, True)
    """
    places, technology = resolve(fit, at), fit.technology
    if len(places.labels) > 1:
        raise NotSupported('The test is made at one place; at= gives several. Use at="mean" or one mapping.')
    _require_curvature(technology)
    first, last = _members(fit, earlier, later), _members(fit, later, earlier)
    slopes, chosen, names = _slopes(technology, places.point), [*first, *last], technology.outputs
    lost = [names[place] for place in chosen if not np.isfinite(slopes(fit.theta)[place])]
    if lost:
        raise NotSupported(
            f"The marginal cost of {', '.join(lost)} is not positive at {at_words(places.labels[0])}, so it has no "
            "slope in logs. Use another place, or fewer second-order terms."
        )
    pairs = [(i, j) for i in first for j in last]

    def contrasts(theta: Array, _: Reading) -> Array:
        values = slopes(theta)
        rows = [values[..., place] for place in chosen]
        rows += [values[..., i] - values[..., j] for i, j in pairs]
        rows.append(values[..., first].mean(axis=-1) - values[..., last].mean(axis=-1))
        return np.stack(rows, axis=-1)

    terms = [f"{SLOPE}: {names[place]}" for place in chosen]
    terms += [f"{DIFFERENCE}: {names[i]} less {names[j]}" for i, j in pairs]
    types = [one if isinstance(one, str) else listed(one) for one in (earlier, later)]
    title, joint = "Which outputs exhaust scale earlier", _joint(fit, slopes, chosen)
    effects = ask(
        title, fit, places, [Term([*terms, MEAN], contrasts, 0.0)],
        lambda estimated: _sentence(estimated, types, joint, len(chosen), margin),
        notes=["Joint tests are classical."] if fit.wild else [], conf_level=conf_level, margin=margin,
    )  # fmt: skip
    null = f"the marginal cost of {types[0]} outputs rises with their own volume as that of {types[1]} ones does"
    passed = verdict_of(fit, effects.table.iloc[-1], "delta", conf_level, margin).holds
    return Check(title, passed, null, effects.table.drop(columns=list(INTERVAL_COLUMNS)), effects.text, effects.notes)


def _slopes(technology: Technology, point: Point) -> Callable[[Any], Array]:
    """The slopes d ln C_j / d ln y_j (..., m) at a single point as a function of the parameters."""

    def measure(theta: Array) -> Array:
        elasticity = technology.slopes(theta, point).outputs[..., 0, :] * point.outputs[0]
        curvature = own_curvature(technology, theta, point)[..., 0, :]
        return over_positive(curvature, elasticity) + np.where(elasticity.real > 0, elasticity, np.nan) - 1.0

    return measure


def own_curvature(technology: Technology, theta: Array, point: Point) -> Array:
    """Second derivatives of log cost by the log of each output, (..., n, m)."""
    of_aggregate, of_exponent = technology.split(theta)
    z = technology.coordinates(point)
    m = len(technology.outputs)
    gradient = technology.exponent.evaluate(of_exponent, z)[1][..., :m]
    curvature = _diagonal(technology.exponent.coefficients(of_exponent)[2], m)
    if technology.aggregate is not None:
        value, first = technology.aggregate.evaluate(of_aggregate, z)
        second = _diagonal(technology.aggregate.coefficients(of_aggregate)[2], m)
        share = over_positive(first[..., :m], value[..., None])
        gradient = gradient + share
        curvature = curvature + over_positive(second, value[..., None]) - share**2
    # The coordinate's own slope by log output, and how that slope changes (nothing, in logs).
    output: Any = point.outputs * (1.0 + 1j * COMPLEX_STEP)
    stretch = technology.form.coordinate.slope(output) * output
    if technology.form.coordinate.centring == "scale":
        stretch = stretch / technology.output_centres
    return curvature * stretch.real**2 + gradient * (stretch.imag / COMPLEX_STEP)


def _diagonal(quadratic: Array, m: int) -> Array:
    return np.diagonal(quadratic[..., :m, :m], axis1=-2, axis2=-1)[..., None, :]


def _require_curvature(technology: Technology) -> None:
    m = len(technology.outputs)
    polynomial = technology.exponent if technology.aggregate is None else technology.aggregate
    first, second = polynomial.terms.T
    if not ((first == second) & (first >= 0) & (first < m)).any():
        raise FormError(
            "Without second-order terms of outputs the form fixes how marginal cost moves with volume, and there is "
            'nothing to test. Fit with second_order="outputs" or "all".'
        )


def _members(fit: CostFunction, wanted: str | Sequence[str], other: str | Sequence[str]) -> list[int]:
    names = fit.technology.outputs
    if not isinstance(wanted, str):
        unknown = [name for name in wanted if name not in names]
        if unknown or not wanted or (not isinstance(other, str) and set(wanted) & set(other)):
            raise UnknownName(
                f"{', '.join(unknown) or 'The lists'} cannot be compared: give two lists without a common output from "
                f"{', '.join(names)}."
            )
        return [names.index(name) for name in wanted]
    if wanted not in SERVICES or wanted == other:
        known = ", ".join(SERVICES)
        raise UnknownName(f"{wanted!r} is not a service type of its own; there are {known}, or give outputs.")
    if fit.sample is None:
        raise NotSupported("Stated parameters have no service types: give two lists of outputs.")
    roles = fit.sample.data.outputs
    members = [place for place, name in enumerate(names) if roles[name].service == wanted]
    if not members:
        stated = ", ".join(f"{name} {roles[name].service or 'not stated'}" for name in names)
        raise NotSupported(
            f"No output is {wanted}: the types are {stated}. "
            "State them in the card (service = ...), or give two lists of outputs."
        )
    return members


def _joint(fit: CostFunction, slopes: Callable[[Any], Array], chosen: list[int]) -> tuple[int, float, float]:
    """Degrees of freedom, F and p-value of the Wald test that all chosen slopes are alike."""
    contrast = np.eye(len(chosen))[:-1] - np.eye(len(chosen))[1:]
    values = contrast @ slopes(fit.theta)[chosen]
    gradient = contrast @ jacobian(slopes, fit.theta)[chosen]
    covariance = gradient @ fit.covariance @ gradient.T
    if not np.diag(covariance).all():
        return len(values), float("nan"), float("nan")
    found = wald(values, covariance, fit.freedom)
    return found.count, found.value, found.p_value


def _sentence(
    estimated: Estimated, types: Sequence[str], joint: tuple[int, float, float], chosen: int, margin: float
) -> str:
    conclusion = verdict_words(
        estimated.verdict(MEAN, margin), f"{types[0]} outputs exhaust scale later",
        f"{types[0]} outputs exhaust scale earlier", "both exhaust scale alike",
    )  # fmt: skip
    text = (
        f"At {estimated.where}, with one per cent more of its own volume, the marginal cost of a {types[0]} output "
        f"changes by {estimated.words(MEAN)} per cent more than that of a {types[1]} one: {conclusion}."
    )
    count, statistic, p_value = joint
    if not np.isfinite(statistic):
        return text
    # Not every earlier output is ahead of every later one: the largest of the one-sided p-values of the pairs.
    from scipy.special import stdtr

    every = float(np.max(stdtr(estimated.fit.freedom, -estimated.table["statistic"].to_numpy()[chosen:-1])))
    return (
        f"{text} That all slopes are alike has {probability_words(p_value)} (Wald test, {count} "
        f"{'restriction' if count == 1 else 'restrictions'}); that some {types[0]} output is not ahead of some "
        f"{types[1]} one, {probability_words(every)}."
    )
