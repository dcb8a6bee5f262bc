"""What a hypothesis restricts: functions of the parameters with the values that they have where it is true.

The likelihood ratio fits the restricted form anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.places import resolve
from econmodel.economies.statistics import Joint, chi_square
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.estimate.delta import Measure
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.forms.form import Restriction, relative_prices
from econmodel.forms.technology import Technology
from econmodel.words import at_words

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Restrictions:
    """A null hypothesis.

    Attributes
    ----------
    null : the null in words, as a clause
    labels : (q,) what is restricted
    measure : parameters (..., k) to what is restricted (..., q)
    values : (q,) what that is under the null
    restrict : what `em.fit(restrict=...)` calls the restricted form, where it can fit it
    without : relationship variables that the restricted form leaves out
    notes : what a reader must know
    """

    null: str
    labels: tuple[str, ...]
    measure: Measure
    values: Array
    restrict: tuple[Restriction, ...] = ()
    without: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Hypothesis = Callable[[Fit, object, Sequence[str] | None], Restrictions]


def constant_returns(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """The ray elasticity of cost is one: at places, or everywhere."""
    technology = fit.technology
    if isinstance(at, str) and at == "everywhere":
        _require_log(technology, "Constant returns everywhere", 'Name a place: at="mean".')
        names, u, v, r = _coordinates(technology)
        ray = _Sum("ray elasticity at the mean", [(one, -1) for one in u], 1.0)
        flat = [_Sum(f"outputs x {names[other]}", [(one, other) for one in u]) for other in u + v + r]
        return _linear(technology, "cost rises in proportion to outputs everywhere", [ray, *flat])
    places = resolve(fit, at)

    def elasticity(theta: Array) -> Array:
        found = (technology.slopes(theta, places.point).outputs * places.point.outputs).sum(axis=-1)
        return np.broadcast_to(found, (*theta.shape[:-1], len(places.labels)))

    first = [at_words(place) for place in places.labels[:3]]
    rest = len(places.labels) - len(first)
    where = " and at ".join(first) + (f" and at {rest} other places" if rest else "")
    labels = tuple(f"ray elasticity at {at_words(one)}" for one in places.labels)
    null = f"cost rises in proportion to outputs at {where}"
    return Restrictions(null, labels, elasticity, np.ones(len(labels)))


def homotheticity(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """Outputs and prices do not interact."""
    technology = fit.technology
    _refuse_price_levels(technology, "Homotheticity")
    _require_prices(fit, "Homotheticity")
    null = "the cost shares of inputs do not change with outputs"
    return _linear(technology, null, _interactions(technology), ("homothetic",))


def homogeneous_in_outputs(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """The ray elasticity is the same everywhere, and outputs and prices do not interact."""
    technology = fit.technology
    _require_log(technology, "Homogeneity in outputs", 'Use form="translog".')
    names, u, _, r = _coordinates(technology)
    flat = [_Sum(f"outputs x {names[other]}", [(one, other) for one in u]) for other in u + r]
    null = "the ray elasticity of cost is the same everywhere"
    if technology.prices:
        null += " and the cost shares of inputs do not change with outputs"
    return _linear(technology, null, [*_interactions(technology), *flat], ("homogeneous",))


def unit_substitution(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """Prices have no second-order terms among themselves."""
    technology = fit.technology
    _require_log(technology, "Unit substitution", 'Use form="translog".')
    _require_prices(fit, "Unit substitution")
    names, _, v, _ = _coordinates(technology)
    pairs = [(a, b) for place, a in enumerate(v) for b in v[place:]]
    sums = [_Sum(f"half {names[a]} squared" if a == b else f"{names[a]} x {names[b]}", [(a, b)]) for a, b in pairs]
    null = "all elasticities of substitution between inputs are one"
    return _linear(technology, null, sums, ("unit_substitution",))


def homogeneity(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """Cost is proportional to all prices together; `fit` without that property."""
    technology = fit.technology
    _refuse_price_levels(technology, "Homogeneity")
    names, u, v, r = _coordinates(technology)
    sums = [_Sum("price elasticities, added up", [(one, -1) for one in v], 1.0)]
    sums += [_Sum(f"prices x {names[other]}", [(min(one, other), max(one, other)) for one in v]) for other in u + v + r]
    notes: tuple[str, ...] = ()
    if not fit.data.prices_complete:
        notes = (
            "The card does not say that these are the prices of all inputs. With some inputs unpriced the elasticities "
            "of the others need not add up to one, and a rejection says no more than that.",
        )
    return _linear(technology, "cost is proportional to all input prices together", sums, (), notes)


def no_relationship_effect(fit: Fit, at: object, of: Sequence[str] | None) -> Restrictions:
    """No parameter of the relationship variables differs from zero."""
    technology = fit.technology
    if not technology.relationships:
        raise NotSupported(
            "This fit has no relationship variable. Name one in the card ([relationships.NAME]) or with "
            "relationships={...}, and fit again."
        )
    names = technology.relationships if of is None else tuple(of)
    if unknown := [name for name in names if name not in technology.relationships]:
        raise UnknownName(
            f"{', '.join(unknown)} is not a relationship variable of this fit. It has "
            f"{', '.join(technology.relationships)}."
        )
    _, u, v, _ = _coordinates(technology)
    columns = {len(u + v) + technology.relationships.index(name) for name in names}
    touched = []
    for polynomial in (technology.aggregate, technology.exponent):
        if polynomial is not None:
            of_terms = np.isin(polynomial.terms, list(columns)).any(axis=1)
            touched.append(of_terms if polynomial.mixing is None else np.abs(polynomial.mixing) @ of_terms > 0)
    chosen = np.flatnonzero(np.concatenate(touched))
    labels = [fit.data.labels(name) for name in names]
    ratios = [name for name in names if fit.data.relationships[name].kind != "attribute"]
    notes = (
        f"{', '.join(ratios)} {'is' if len(ratios) == 1 else 'are'} not known to be measured apart from inputs: a "
        "rejection says that cost is located there, not that relationship has an effect.",
    )  # fmt: skip
    return Restrictions(
        f"with outputs held, cost does not go with {' and '.join(labels)}", tuple(technology.names[i] for i in chosen),
        lambda theta: theta[..., chosen], np.zeros(len(chosen)), (), tuple(names), notes if ratios else (),
    )  # fmt: skip


# What stands in one place: its words, and what it restricts.
RESTRICTING: dict[str, Hypothesis] = {
    "constant returns": constant_returns,
    "homotheticity": homotheticity,
    "homogeneous in outputs": homogeneous_in_outputs,
    "unit substitution": unit_substitution,
    "homogeneity": homogeneity,
    "no relationship effect": no_relationship_effect,
}


def together(several: Sequence[Restrictions]) -> Restrictions:
    """One null of several; what two of them restrict alike counts once."""
    if len(several) == 1:
        return several[0]
    kept: dict[str, tuple[int, int]] = {}
    for number, one in enumerate(several):
        for place, label in enumerate(one.labels):
            kept.setdefault(label, (number, place))
    chosen = list(kept.values())

    def measure(theta: Array) -> Array:
        found = [one.measure(theta) for one in several]
        return np.stack([found[number][..., place] for number, place in chosen], axis=-1)

    return Restrictions(
        "; and ".join(one.null for one in several), tuple(kept), measure,
        np.array([several[number].values[place] for number, place in chosen]),
        tuple(dict.fromkeys(name for one in several for name in one.restrict)),
        tuple(dict.fromkeys(name for one in several for name in one.without)),
        tuple(dict.fromkeys(note for one in several for note in one.notes)),
    )  # fmt: skip


def likelihood_ratio(fit: Fit, restrictions: Restrictions) -> Joint:
    """2 (lnL - lnL restricted), chi-square under the null, the restricted form estimated anew.

    Raises
    ------
    NotSupported
        Where `em.fit` cannot fit the restricted form, or the estimator maximises no likelihood.
    """
    if not restrictions.restrict and not restrictions.without:
        raise NotSupported(
            f"em.fit has no form in which {restrictions.null}, so there is no likelihood to compare. Use "
            'statistic="wald".'
        )
    _require_likelihood(fit)
    changes: dict[str, Any] = {}
    if restrictions.restrict:
        changes["restrict"] = tuple(dict.fromkeys((*fit.specification.restrict, *restrictions.restrict)))
    data = fit.data
    if restrictions.without:
        kept = [name for name in data.relationships if name not in restrictions.without]
        data = data.using(relationships=kept)
    return compared(fit, refit(fit, data, **changes))


def compared(fit: Fit, restricted: Fit) -> Joint:
    """The likelihood ratio of two fits of the same rows, one of which restricts the other."""
    _require_likelihood(fit)
    count = len(fit.error_model.all_parameters) - len(restricted.error_model.all_parameters)
    return chi_square(max(2.0 * (fit.llf - restricted.llf), 0.0), count)


def _require_likelihood(fit: Fit) -> None:
    name = fit.specification.estimator.name
    if not fit.error_model.maximises_likelihood or not np.isfinite(fit.llf):
        raise NotSupported(
            f'estimator="{name}" as it was asked for maximises no likelihood, so there is no likelihood ratio. Use '
            'statistic="wald".'
        )


def assumptions(fit: Fit) -> tuple[str, ...]:
    """What a likelihood ratio takes for granted where the fit's own standard errors do not."""
    if fit.cov_type == "nonrobust" and fit.clusters is None:
        return ()
    return (
        'The likelihood ratio takes errors to be normal, alike and independent; the Wald test (statistic="wald") asks '
        "less.",
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum of coefficients of the cost function's polynomials, (coordinate, -1) or (coordinate, coordinate)."""

    label: str
    places: list[tuple[int, int]]
    value: float = 0.0


def _interactions(technology: Technology) -> list[_Sum]:
    names, u, v, _ = _coordinates(technology)
    return [_Sum(f"{names[a]} x {names[b]}", [(a, b)]) for a in u for b in v]


def _linear(
    technology: Technology,
    null: str,
    sums: list[_Sum],
    restrict: tuple[Restriction, ...] = (),
    notes: tuple[str, ...] = (),
) -> Restrictions:
    """Restrictions on sums of coefficients; in level forms those of products with outputs are in H, the others in P."""
    m = len(technology.outputs)

    def measure(theta: Array) -> Array:
        of_aggregate, of_exponent = technology.split(theta)
        outside = technology.exponent.coefficients(of_exponent)
        inside = technology.aggregate.coefficients(of_aggregate) if technology.aggregate is not None else outside
        found = []
        for one in sums:
            total = np.zeros(theta.shape[:-1], theta.dtype)
            for first, second in one.places:
                polynomial = inside if first < m else outside
                total = total + (polynomial[1][..., first] if second < 0 else polynomial[2][..., first, second])
            found.append(total)
        return np.stack(found, axis=-1)

    values = np.array([one.value for one in sums])
    return Restrictions(null, tuple(one.label for one in sums), measure, values, restrict, (), notes)


def _coordinates(technology: Technology) -> tuple[tuple[str, ...], list[int], list[int], list[int]]:
    """Names of the coordinates, and the places of outputs, (relative) prices and relationship variables."""
    prices = relative_prices(technology.form, technology.prices, technology.numeraire)
    m, k, r = len(technology.outputs), len(prices), len(technology.relationships)
    names = (*technology.outputs, *prices, *technology.relationships)
    return names, list(range(m)), list(range(m, m + k)), list(range(m + k, m + k + r))


def _require_log(technology: Technology, what: str, cure: str) -> None:
    if technology.is_level:
        raise FormError(
            f"{what} is a restriction of log forms; the {technology.form.title} form has it nowhere or by "
            f"accident. {cure}"
        )


def _refuse_price_levels(technology: Technology, what: str) -> None:
    if technology.form.price_levels:
        raise FormError(
            f"{what} is no linear restriction of the {technology.form.title} form, whose prices are levels. Use "
            'form="translog" or form="composite".'
        )


def _require_prices(fit: Fit, what: str) -> None:
    technology = fit.technology
    if len(technology.prices) <= (technology.numeraire is not None):
        raise NotSupported(f"{what} is about input prices, and this cost function has none that vary beside others.")
