"""Regressions of endogenous variables and of cost on all instruments: how strong these are, and what they say alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.instruments.terms import InstrumentTerms, pseudo_inverse
from econmodel.estimate.least_squares import Groups
from econmodel.results import Check, format_number

Array = NDArray[np.float64]
# Below this first-stage F an interval of two-stage least squares cannot be trusted (Staiger and Stock, 1997).
WEAK = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class ReducedForm:
    """Regressions of the endogenous variables and of log cost (last) on all instruments.

    Attributes
    ----------
    coefficients : (L, targets) of the mirror images
    spread : (L, L) inner products of the mirror images, exogenous regressors taken out
    covariances : (targets, targets, L, L) of the coefficients of each pair of targets, robust
    """

    coefficients: Array
    spread: Array
    covariances: Array

    def effective_f(self, place: int) -> float:
        """Of an endogenous variable (Montiel Olea and Pflueger, 2013)."""
        of = self.coefficients[:, place]
        return float(of @ self.spread @ of / np.trace(self.covariances[place, place] @ self.spread))

    def anderson_rubin(self, values: Array) -> Array:
        """Statistic (chi-squared with L degrees) of each value of the one endogenous parameter."""
        first, last = self.coefficients.T
        left = last - values[:, None] * first
        v = values[:, None, None]
        crossed = self.covariances[0, 1] + self.covariances[1, 0]
        covariance = self.covariances[1, 1] - v * crossed + v**2 * self.covariances[0, 0]
        return np.einsum("vi,vi->v", left, np.linalg.solve(covariance, left[..., None])[..., 0])


def reduced_form(
    terms: InstrumentTerms, gram: Array, targets: NDArray[np.intp], clusters: Groups | None, count: float
) -> ReducedForm:
    """The reduced form, with covariances from one further pass.

    Parameters
    ----------
    gram : moments of mirror images, regressors and log cost
    targets : places among the regressors and log cost of what is regressed
    """
    inside, regressors = terms.places()
    inner, images = pseudo_inverse(gram[np.ix_(inside, inside)]), terms.count
    coefficients = inner @ gram[np.ix_(inside, regressors[targets])]
    contrasts = np.zeros((len(regressors), len(targets)))
    contrasts[targets, np.arange(len(targets))] = 1.0
    products = score_products(terms, None, clusters, coefficients, contrasts)
    covariances = inner[:images] @ products @ inner[:images].T
    groups = count if clusters is None else float(len(clusters.sizes))
    correction = count / (count - len(inside)) if clusters is None else groups / (groups - 1.0)
    spread = np.asarray(np.linalg.inv(inner[:images, :images]), dtype=np.float64)
    return ReducedForm(coefficients[:images], spread, correction * covariances)


def score_products(
    terms: InstrumentTerms,
    theta: Array | None,
    clusters: Groups | None,
    coefficients: Array | None = None,
    contrasts: Array | None = None,
) -> Array:
    """Inner products of instruments times residuals, over rows or clusters, (targets, targets, w, w).

    Parameters
    ----------
    theta : (k, targets) parameters of the regressors: residuals are those of log cost
    coefficients, contrasts : in place of theta, coefficients (w, targets) of the instruments for combinations
        (k + 1, targets) of regressors and log cost
    """
    inside, regressors = terms.places()
    if contrasts is None:
        assert theta is not None
        contrasts = np.vstack([-theta, np.ones((1, theta.shape[1]))])
    number, total = contrasts.shape[1], None
    for rows, block in terms.blocks():
        instruments = block[inside]
        residuals = contrasts.T @ block[regressors]
        if coefficients is not None:
            residuals = residuals - coefficients.T @ instruments
        scores = (residuals[:, None, :] * instruments).reshape(number * len(inside), -1)
        if clusters is not None:
            codes, groups = clusters.codes[rows], len(clusters.sizes)
            found = np.stack([np.bincount(codes, row, groups).astype(float) for row in scores])
        else:
            found = scores @ scores.T
        total = found if total is None else total + found
    assert total is not None
    if clusters is not None:
        total = total @ total.T
    return np.asarray(total.reshape(number, len(inside), number, len(inside)).transpose(0, 2, 1, 3))


def strength(found: ReducedForm, terms: InstrumentTerms) -> Check:
    """The effective F of each endogenous variable's own term, and whether it reaches ten."""
    names = [terms.design.technology.names[place] for place in terms.endogenous]
    strengths = [found.effective_f(place) for place in range(len(names))]
    table = pd.DataFrame({"variable": names, "instruments": terms.count, "effective F": strengths})
    weak = [name for name, one in zip(names, strengths, strict=True) if not one >= WEAK]
    said = "; ".join(f"{name}: F {format_number(f)}" for name, f in zip(names, strengths, strict=True))
    text = f"{said}. " + (
        f"The instruments are weak for {', '.join(weak)}: estimates lean towards least squares and intervals are "
        "too narrow."
        if weak
        else "The instruments move what they stand in for."
    )
    if terms.design.count - len(terms.exogenous) > len(names):
        text += " This is of each variable alone; its square and products may be known less well."
    return Check("First stage", not weak, "the instruments move the endogenous variables", table, text)


def weak_note(table: pd.DataFrame, cure: str) -> tuple[str, ...]:
    """A note where an effective F is below ten; none else."""
    weak = table[~(table["effective F"] >= WEAK)]
    if not len(weak):
        return ()
    said = ", ".join(f"{row.variable} (F {format_number(row[2])})" for row in weak.itertuples(index=False))
    return (
        f"Weak instruments for {said}: the estimates lean towards least squares, and these intervals are too narrow. "
        f"{cure}",
    )
