"""Terms with an endogenous variable and their mirror images in the instruments, from one pass over the rows.

In a log form every term is a product of centred coordinates. A term with an endogenous variable is mirrored by the same
product with each instrument in its place, so that a quadratic form has the instruments that it needs. Regressions of
the endogenous variables and of cost on all instruments say how strong these are, and what they say alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, TableError, UnknownName
from econmodel.estimate.covariance import score_products
from econmodel.estimate.design import Block, Design
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.preparation import Prepared
from econmodel.results import Check, format_number
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
# Share of a mirror image's variation that the others leave: below this it is rounding.
NOTHING_OF_ITS_OWN = 1e-10
# Below this first-stage F an interval of two-stage least squares cannot be trusted (Staiger and Stock, 1997).
WEAK = 10.0


@dataclass(frozen=True, slots=True)
class Instrumented:
    """What estimators with instruments have in common: names, checked against the table.

    Attributes
    ----------
    endogenous : outputs, relationship variables or controls that go with what is not in the table
    instruments : columns that stand in for them
    """

    endogenous: Sequence[str]
    instruments: Sequence[str]
    effects = ()

    def __post_init__(self) -> None:
        for field in ("endogenous", "instruments"):
            names = getattr(self, field)
            object.__setattr__(self, field, (names,) if isinstance(names, str) else tuple(dict.fromkeys(names)))

    def columns(self, data: CostData) -> Sequence[str]:
        """The instruments; UnknownName or FormError, with the cure, for columns that are missing or cannot serve."""
        endogenous, instruments = self.endogenous, self.instruments
        if not endogenous or not instruments:
            raise FormError(
                "Name what is endogenous and what stands in for it, such as "
                'em.estimators.TwoStage(endogenous=["continuity"], instruments=["tender_calendar"]).'
            )
        known = ", ".join(map(str, data.frame.columns))
        for name in instruments:
            if name not in data.frame.columns:
                raise UnknownName(f"There is no column {name!r} to serve as an instrument. The columns are {known}.")
            _check_numbers(data, name)
        if data.cost in instruments:
            raise FormError(f"{data.cost} is what is to be explained, so it cannot stand in for what explains it.")
        used = {*data.outputs, *data.prices, *data.relationships, *data.controls, *data.network}
        if inside := [name for name in instruments if name in used]:
            raise FormError(
                f"{', '.join(inside)} {'is' if len(inside) == 1 else 'are'} in the cost function itself, and cannot "
                "stand in for another variable. Leave it out of the cost function with data.using(...), which says "
                "that it moves cost through the endogenous variable alone, or find another instrument."
            )
        if len(instruments) < len(endogenous):
            raise FormError(
                f"{len(instruments)} instrument{'s' * (len(instruments) > 1)} cannot stand in for {len(endogenous)} "
                "endogenous variables. Name at least one for each."
            )
        return instruments


@dataclass(frozen=True, slots=True, eq=False)
class InstrumentTerms:
    """Where endogenous variables stand among the regressors, and the mirror images.

    Attributes
    ----------
    design : the cost function joined to its rows, the instruments beside
    endogenous : places of the endogenous variables' own terms among the k regressors
    exogenous : places of the regressors without an endogenous variable
    mirrored : (L, 2) coordinates of the mirror images; instruments are counted on from the last coordinate, -1 is one
    centres : (q,) means of the instruments
    """

    design: Design
    endogenous: NDArray[np.intp]
    exogenous: NDArray[np.intp]
    mirrored: NDArray[np.int64]
    centres: Array

    @property
    def count(self) -> int:
        """Number of mirror images, L."""
        return len(self.mirrored)

    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places in the blocks of all instruments (mirror images, exogenous regressors), and of regressors and cost."""
        start = self.count
        return np.concatenate([np.arange(start), start + self.exogenous]), np.arange(
            start, start + self.design.count + 1
        )

    def blocks(self) -> Iterator[Block]:
        """Blocks (L + k + 1, n): mirror images, regressors, log cost. Not a buffer: each is new."""
        k, size = self.design.count, self.design.technology.exponent.size
        first, second = self.mirrored.T
        halved = np.where((first == second) & (first >= 0), 0.5, 1.0)[:, None]
        for rows, block in self.design.blocks():
            instruments = block[k:-1] - self.centres[:, None]
            # A last row of ones, which the place -1 stands for.
            coordinates = np.vstack([block[1 : size + 1], instruments, np.ones((1, block.shape[1]))])
            images = halved * coordinates[first] * coordinates[second]
            yield rows, np.vstack([images, block[:k], block[-1:]])


def instrument_terms(prepared: Prepared, endogenous: tuple[str, ...], every_term: bool = True) -> InstrumentTerms:
    """The mirror images that a log form needs for its endogenous variables.

    Parameters
    ----------
    endogenous : names of outputs, relationship variables or controls
    every_term : mirror every term; False for the instruments themselves only

    Raises
    ------
    FormError
        For a level form, whose terms change with its parameters.
    UnknownName
        For a variable that is not in the cost function.
    """
    technology = prepared.design.technology
    if prepared.moments is None:
        raise FormError(
            f"Instruments stand in for terms of a log form, and the terms of the {technology.form.title} form change "
            'with its parameters. Use form="translog" or "cobb_douglas".'
        )
    known = [*technology.outputs, *technology.relationships, *technology.controls]
    if unknown := [name for name in endogenous if name not in known]:
        raise UnknownName(
            f"{unknown[0]!r} is no output, relationship or control of the cost function; there are {', '.join(known)}."
        )
    exponent, size, k = technology.exponent, technology.exponent.size, prepared.design.count
    own = np.array([technology.names.index(name) for name in endogenous])
    coordinates = set((own - 1).tolist())
    involved = np.isin(exponent.terms, list(coordinates)).any(axis=1)
    mixing = np.eye(len(exponent.terms)) if exponent.mixing is None else exponent.mixing
    exogenous = np.flatnonzero(~(mixing[:, involved] != 0).any(axis=1))
    count = len(prepared.design.beside)
    stand_ins = range(size, size + count)
    images: set[tuple[int, int]] = {(place, -1) for place in stand_ins}
    for pair in exponent.terms[involved] if every_term else ():
        choices = [stand_ins if int(place) in coordinates else [int(place)] for place in pair]
        for first, second in product(*choices):
            images.add((first, second) if second < 0 else (min(first, second), max(first, second)))
    gram = prepared.moments.gram
    centres = gram[0, k : k + count] / gram[0, 0]
    return InstrumentTerms(prepared.design, own, exogenous, np.array(sorted(images)), centres)


def independent(terms: InstrumentTerms, gram: Array, names: tuple[str, ...]) -> tuple[InstrumentTerms, Array]:
    """Mirror images that say something of their own, and the moments without the others.

    The square of an instrument with two values, say, is a combination of the instrument and a constant.

    Parameters
    ----------
    gram : (L + k + 1, L + k + 1) moments of mirror images, regressors and log cost
    names : of the instruments

    Raises
    ------
    NotIdentified
        Where an instrument itself does not vary, or moves together with others; where rows are too few.
    """
    size, count = terms.design.technology.exponent.size, gram[terms.count, terms.count]
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    scaled, kept = gram / np.outer(scale, scale), [*(terms.count + terms.exogenous)]
    of_itself = terms.mirrored[:, 1] < 0
    for place in [*np.flatnonzero(of_itself), *np.flatnonzero(~of_itself)]:
        explained = np.linalg.pinv(scaled[np.ix_(kept, kept)], hermitian=True) @ scaled[kept, place]
        if scaled[place, place] - scaled[place, kept] @ explained > NOTHING_OF_ITS_OWN:
            kept.append(place)
        elif of_itself[place]:
            raise NotIdentified(
                f"The instrument {names[terms.mirrored[place, 0] - size]} does not vary apart from other instruments "
                "and what is in the cost function, so it says nothing of its own. Leave it out."
            )
    if count <= len(kept):
        raise NotIdentified(
            f"{count:.0f} rows cannot tell {len(kept)} instruments and exogenous terms apart. Use fewer instruments, "
            'fewer second-order terms (second_order="none"), or more providers.'
        )
    images = np.sort([place for place in kept if place < terms.count])
    places = np.concatenate([images, np.arange(terms.count, len(gram))])
    return replace(terms, mirrored=terms.mirrored[images]), gram[np.ix_(places, places)]


def pseudo_inverse(gram: Array) -> Array:
    """Of moments (..., a, a), in any units of the columns: what is cut off is judged with columns of one length."""
    scale = np.sqrt(np.maximum(np.einsum("...ii->...i", gram), np.finfo(float).tiny))
    scaled = gram / scale[..., :, None] / scale[..., None, :]
    inner = np.linalg.pinv(scaled, rcond=1e-12, hermitian=True)
    return np.asarray(inner / scale[..., :, None] / scale[..., None, :], dtype=np.float64)


def _check_numbers(data: CostData, name: str) -> None:
    """TableError for an instrument with entries that are no numbers; missing ones leave their rows out."""
    column = pd.to_numeric(data.frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isinf(column) | (np.isnan(column) & data.frame[name].notna().to_numpy())
    if wrong.any():
        raise TableError(
            f"{name} is to serve as an instrument, and {int(wrong.sum())} of its entries are no finite numbers "
            f"({data.frame[name].iloc[int(np.argmax(wrong))]}). Groups serve as columns of zeros and ones."
        )


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
    products = residual_products(terms, contrasts, clusters, coefficients)
    covariances = inner[:images] @ products @ inner[:images].T
    groups = count if clusters is None else float(len(clusters.sizes))
    correction = count / (count - len(inside)) if clusters is None else groups / (groups - 1.0)
    spread = np.asarray(np.linalg.inv(inner[:images, :images]), dtype=np.float64)
    return ReducedForm(coefficients[:images], spread, correction * covariances)


def residual_products(
    terms: InstrumentTerms, contrasts: Array, clusters: Groups | None, coefficients: Array | None = None
) -> Array:
    """Inner products of instruments times residuals, over rows or clusters, (targets, targets, w, w).

    Parameters
    ----------
    contrasts : (k + 1, targets) the combinations of regressors and log cost whose residuals are meant
    coefficients : (w, targets) of the instruments that are taken out of them first
    """
    inside, regressors = terms.places()
    number = contrasts.shape[1]

    def scores() -> Iterator[Block]:
        for rows, block in terms.blocks():
            instruments = block[inside]
            residuals = contrasts.T @ block[regressors]
            if coefficients is not None:
                residuals = residuals - coefficients.T @ instruments
            yield rows, (residuals[:, None, :] * instruments).reshape(number * len(inside), -1)

    total = score_products(scores(), clusters)
    return total.reshape(number, len(inside), number, len(inside)).transpose(0, 2, 1, 3)


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


def instruments_in_words(method: str, terms: InstrumentTerms, first: Check) -> tuple[tuple[str, str], ...]:
    """What a fit with instruments prints beside the facts of every fit."""
    by = f"{', '.join(first.table['variable'])} by {', '.join(terms.design.beside)}"
    strengths = zip(first.table["variable"], first.table["effective F"], strict=True)
    said = "; ".join(f"{name} {format_number(one)}" for name, one in strengths)
    return (("estimator", f"{method}, {by}"), ("first stage, effective F", said))
