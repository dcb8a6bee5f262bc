"""Two-stage least squares from one pass' moments, and how strong its instruments are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotSupported
from econmodel.estimate.bootstrap import Replications, weighted_moments
from econmodel.estimate.covariance_choice import covariance_of
from econmodel.estimate.design import Block
from econmodel.estimate.error_model import ErrorModel
from econmodel.estimate.instruments.first_stage import (
    Instrumented,
    InstrumentTerms,
    ReducedForm,
    independent,
    instrument_terms,
    instruments_in_words,
    pseudo_inverse,
    reduced_form,
    residual_products,
    strength,
    weak_note,
)
from econmodel.estimate.least_squares import LeastSquares
from econmodel.estimate.moments import Moments, accumulate, condition_number, inverse, solve
from econmodel.estimate.preparation import Prepared
from econmodel.results import Check, format_number, format_probability

Array = NDArray[np.float64]
ADVICE = "The instruments do not move what they stand in for. Find others, or fewer second-order terms."
INTERVAL = "Use fit.weak_instrument_interval(), which holds all the same, or find instruments that move it more."
NO_INTERVAL = (
    'Find instruments that move it more; with form="cobb_douglas" fit.weak_instrument_interval() holds all the same.'
)


@dataclass(frozen=True, slots=True)
class TwoStage(Instrumented):
    """Two-stage least squares: variables that are chosen with cost in mind, and instruments that stand in for them.

    Parameters
    ----------
    endogenous : outputs, relationship variables or controls that go with what is not in the table
    instruments : columns that move them, and move cost through them alone; they have no role in the table

    Raises
    ------
    FormError, UnknownName, TableError, NotIdentified
        For a level form, too few instruments, or a column that does not exist, is in the cost function already, is no
        number, or does not vary apart from the others.

    Notes
    -----
    Every term with an endogenous variable is mirrored by the same term with each instrument, those left out that are
    combinations of the others (the square of an instrument with two values). The fit has
    `first_stage()`, the effective F of Montiel Olea and Pflueger (2013), `overidentification_test()` (Hansen, 1982) and
    `weak_instrument_interval()` (Anderson and Rubin, 1949), which holds however weak the instruments are.

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> tender, need, volume = rng.normal(size=(3, 500))
    >>> continuity = tender - need + rng.normal(size=500)
    >>> cost = np.exp(0.9 * volume - 0.2 * continuity + 0.3 * need + 0.1 * rng.normal(size=500))
    >>> frame = pd.DataFrame({"cost": cost, "visits": np.exp(volume), "continuity": continuity, "tender": tender})
    >>> data = CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    >>> found = fit(data, "cobb_douglas", TwoStage(["continuity"], ["tender"]))
    >>> bool(abs(found.params["continuity"] + 0.2) < 2 * found.bse["continuity"])
    True
    """

    name = "two_stage"

    def fit(self, prepared: Prepared) -> "TwoStageModel":
        """Parameters, and their covariance."""
        if prepared.specification.error == "additive":
            raise FormError('Instruments serve log forms: use error="multiplicative".')
        terms = instrument_terms(prepared, tuple(self.endogenous))
        terms, gram = independent(terms, accumulate(terms.blocks()).gram, tuple(self.instruments))
        projection, second = second_stage(gram, terms)
        moments = Moments(second, prepared.count)
        inverse_gram = inverse(moments, prepared.design.technology.names, ADVICE)
        theta = solve(moments, inverse_gram)
        solution = LeastSquares(theta, inverse_gram, squares(gram, terms.count, theta), condition_number(moments))
        found = covariance_of(prepared, solution, lambda: projected(terms, projection, theta), prepared.design.count)
        targets = np.concatenate([terms.endogenous, [prepared.design.count]])
        reduced = reduced_form(terms, gram, targets, prepared.clusters, float(prepared.count))
        several = prepared.design.count - len(terms.exogenous) > 1
        notes = weak_note(strength(reduced, terms).table, NO_INTERVAL if several else INTERVAL)
        if found.wild:
            notes += ("The bootstrap behind these p-values leaves the first stage as it is.",)
        found = replace(found, notes=found.notes + notes)
        return TwoStageModel(prepared.sample, prepared.design, None, solution, found, terms, gram, projection, reduced)


def second_stage(gram: Array, terms: InstrumentTerms) -> tuple[Array, Array]:
    """The projection (instruments, k) of the regressors, and the moments (k + 1, k + 1) of the second stage.

    Parameters
    ----------
    gram : (..., L + k + 1, L + k + 1) moments of mirror images, regressors and log cost, with any leading axes
    """
    inside, regressors = terms.places()
    own = gram[..., inside[:, None], inside]
    crossed = gram[..., inside[:, None], regressors]
    projection = pseudo_inverse(own) @ crossed
    explained = crossed.swapaxes(-1, -2) @ projection
    second = explained.copy()
    second[..., -1, -1] = gram[..., -1, -1]
    return projection[..., :-1], second


def squares(gram: Array, start: int, theta: Array) -> float:
    """Sum of squared residuals of the regressors themselves."""
    contrast = np.concatenate([-theta, [1.0]])
    return float(contrast @ gram[start:, start:] @ contrast)


def projected(terms: InstrumentTerms, projection: Array, theta: Array) -> Iterator[Block]:
    """Blocks (k + 1, n): projected regressors, and residuals of the regressors themselves."""
    inside, regressors = terms.places()
    for rows, block in terms.blocks():
        residual = block[-1] - theta @ block[regressors[:-1]]
        yield rows, np.vstack([projection.T @ block[inside], residual[None]])


@dataclass(frozen=True, eq=False)
class TwoStageModel(ErrorModel):
    """The error of two-stage least squares.

    Attributes
    ----------
    terms : endogenous terms and their mirror images
    gram : moments of mirror images, regressors and log cost
    projection : (instruments, k) first-stage coefficients of all regressors
    reduced : the endogenous variables and log cost by the instruments alone
    """

    maximises_likelihood = False
    has_likelihood_of_cost = False
    leaves_clusters_out = False

    terms: InstrumentTerms
    gram: Array
    projection: Array
    reduced: ReducedForm

    @property
    def llf(self) -> float:
        """Missing: two-stage least squares maximises no likelihood."""
        return float("nan")

    @property
    def log_likelihoods(self) -> Array:
        """Missing, for the same reason (n,)."""
        return np.full(self.sample.rows.count, np.nan)

    @property
    def rsquared(self) -> float:
        """Missing: residuals of two-stage least squares are no least squares, and can exceed those of a constant."""
        return float("nan")

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What stands in for what, and how strongly it moves it."""
        return instruments_in_words("two-stage least squares", self.terms, self.first_stage())

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Projected regressors and residuals."""
        return projected(self.terms, self.projection, parameters)

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """Parameters in every replication (replications, k), both stages made anew."""
        gram = weighted_moments(self.terms.blocks(), draws, len(self.gram))
        _, second = second_stage(gram, self.terms)
        return np.stack([np.linalg.lstsq(one[:-1, :-1], one[:-1, -1], rcond=1e-12)[0] for one in second])

    def first_stage(self) -> Check:
        """How strongly the instruments move each endogenous variable.

        The effective F of the excluded instruments (Montiel Olea and Pflueger, 2013), robust as the errors of the fit
        are; with several endogenous variables each is judged alone, which is the least that can be asked.

        Returns
        -------
        Check
            Passed where no F is below ten (Staiger and Stock, 1997).
        """
        return strength(self.reduced, self.terms)

    def overidentification_test(self, conf_level: float = 0.95) -> Check:
        """Whether the instruments agree with each other (Hansen, 1982): the J test after two-step weighting.

        Raises
        ------
        FormError
            Where there are no more instruments than endogenous terms, so that nothing is left to test.
        NotSupported
            Where errors are clustered in no more groups than there are instruments.
        """
        from scipy.special import chdtrc

        self.require_error()
        inside, regressors = self.terms.places()
        spare = len(inside) - self.design.count
        if spare <= 0:
            raise FormError("There is one instrument for each endogenous term, so whether they agree cannot be tested.")
        clusters = self.known.clusters
        if clusters is not None and len(clusters.sizes) <= len(inside):
            raise NotSupported(
                f"{len(clusters.sizes)} clusters cannot weigh {len(inside)} instruments and exogenous terms, so "
                'whether the instruments agree cannot be tested. Use fewer terms (second_order="none").'
            )
        contrast = np.append(-self.theta, 1.0)[:, None]
        weight = np.linalg.pinv(residual_products(self.terms, contrast, clusters)[0, 0])
        crossed, target = self.gram[inside[:, None], regressors[:-1]], self.gram[inside, -1]
        bread = crossed.T @ weight
        left = target - crossed @ np.linalg.solve(bread @ crossed, bread @ target)
        statistic = float(left @ weight @ left)
        p_value = float(chdtrc(spare, statistic))
        rejected = p_value <= 1.0 - conf_level
        text = f"J({spare}) = {format_number(statistic)}, p {format_probability(p_value)}: " + (
            "the instruments contradict each other, so at least one moves cost by another way."
            if rejected
            else "the instruments do not contradict each other; nor may instruments that are all wrong alike."
        )
        table = pd.DataFrame({"statistic": [statistic], "degrees": [spare], "p_value": [p_value]})
        null = "all instruments move cost through the endogenous variables alone"
        return Check("Overidentification", not rejected, null, table, text)

    def weak_instrument_interval(self, conf_level: float = 0.95) -> Check:
        """Values of the endogenous variable's parameter that cannot be rejected, however weak its instruments are.

        Anderson and Rubin (1949) with the robust covariance of the fit, for one endogenous variable without
        second-order terms. The set may be unbounded: then the instruments say too little.

        Raises
        ------
        FormError
            Where there are several endogenous terms.
        """
        from scipy.special import chdtri

        self.require_error()
        if self.design.count - len(self.terms.exogenous) != 1:
            raise FormError(
                "The interval is of one parameter, and there are several endogenous terms. Use "
                'form="cobb_douglas" and one endogenous variable.'
            )
        place = int(self.terms.endogenous[0])
        name = self.technology.names[place]
        centre, error = float(self.theta[place]), float(np.sqrt(self.covariance[place, place]))
        # Values from near to far, out to where a set that has not closed is called unbounded.
        angles = np.linspace(-0.5, 0.5, 4001)[1:-1]
        values = centre + 4.0 * error * np.tan(np.pi * angles)
        kept = self.reduced.anderson_rubin(values) <= chdtri(self.terms.count, 1.0 - conf_level)
        low = -np.inf if kept[0] else float(values[kept].min(initial=np.inf))
        high = np.inf if kept[-1] else float(values[kept].max(initial=-np.inf))
        gap = values[~kept] if kept[0] and kept[-1] else values[:0]
        table = pd.DataFrame({"term": [name], "estimate": [centre], "conf_low": [low], "conf_high": [high]})
        if kept.all():
            text = f"The instruments exclude no value of {name}: the interval is without bound, and nothing is learnt."
            return Check("Weak-instrument interval", None, "the instruments are valid", table, text)
        if low > high:
            text = "No value is compatible with the instruments: at least one moves cost by another way."
            return Check("Weak-instrument interval", False, "the instruments are valid", table, text)
        ends = [format_number(end) if np.isfinite(end) else "without bound" for end in (low, high)]
        text = f"Of {name}, values from {ends[0]} to {ends[1]} are not rejected, however weak the instruments are."
        if len(gap):
            text += f" Those between {format_number(gap.min())} and {format_number(gap.max())} are."
        return Check("Weak-instrument interval", None, "the instruments are valid", table, text)
