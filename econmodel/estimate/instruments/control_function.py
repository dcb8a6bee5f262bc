"""The control function: what instruments leave unexplained of an endogenous variable, as a regressor beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError
from econmodel.estimate.bootstrap import Replications, weighted_moments
from econmodel.estimate.covariance import score_products
from econmodel.estimate.covariance_choice import Kind, computed_cost, kind_of, notes_of
from econmodel.estimate.design import Block
from econmodel.estimate.error_model import SELECTION, ErrorModel, zero_test
from econmodel.estimate.instruments.first_stage import (
    Instrumented,
    InstrumentTerms,
    independent,
    instrument_terms,
    instruments_in_words,
    pseudo_inverse,
    reduced_form,
    strength,
    weak_note,
)
from econmodel.estimate.least_squares import LeastSquares
from econmodel.estimate.moments import Moments, accumulate, condition_number, inverse, solve
from econmodel.estimate.preparation import Prepared, few_rows
from econmodel.results import Check

Array = NDArray[np.float64]
CURE = "Find instruments that move it more."


@dataclass(frozen=True, slots=True)
class ControlFunction(Instrumented):
    """Least squares beside the residuals of the first stage, which hold what makes a variable endogenous.

    Parameters
    ----------
    endogenous : outputs, relationship variables or controls that go with what is not in the table
    instruments : columns that move them, and move cost through them alone; they have no role in the table

    Raises
    ------
    FormError, UnknownName, TableError, NotIdentified
        As for `TwoStage`.

    Notes
    -----
    The first stage regresses each endogenous variable, in the units in which it enters, on the instruments and on what
    else is in the cost function, linearly. Where what is not in the table goes with the endogenous variable through
    that residual linearly, second-order terms need no instruments of their own (Blundell and Powell, 2004): more is
    assumed than by two-stage least squares, and more is learnt. Standard errors allow for the first stage (Murphy and
    Topel, 1985, by stacked influence functions). In a separation the control functions are the part "selection".

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> tender, need, volume = rng.normal(size=(3, 500))
    >>> continuity = tender - need + rng.normal(size=500)
    >>> cost = np.exp(0.9 * volume - 0.2 * continuity + 0.3 * need + 0.1 * rng.normal(size=500))
    >>> frame = pd.DataFrame({"cost": cost, "visits": np.exp(volume), "continuity": continuity, "tender": tender})
    >>> data = CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    >>> found = fit(data, "translog", ControlFunction(["continuity"], ["tender"]))
    >>> found.exogeneity_test().passed
    False
    """

    name = "control_function"

    def fit(self, prepared: Prepared) -> "ControlFunctionModel":
        """Parameters, and their covariance."""
        terms = instrument_terms(prepared, tuple(self.endogenous), every_term=False)
        terms, gram = independent(terms, accumulate(terms.blocks()).gram, tuple(self.instruments))
        stages = Stages(terms)
        first = stages.first(gram)
        moments = Moments(stages.second(gram, first), prepared.count)
        names = prepared.design.technology.names
        advice = "The instruments do not move what they stand in for. Find others."
        controls = tuple(f"control function of {names[place]}" for place in terms.endogenous)
        if prepared.count <= len(names + controls):
            raise few_rows(prepared.count, f"{len(names + controls):,}")
        inverse_gram = inverse(moments, names + controls, advice)
        every = solve(moments, inverse_gram)
        squares = float(moments.residual_squares - every @ moments.gram[:-1, -1])
        solution = LeastSquares(every, inverse_gram, max(squares, 0.0), condition_number(moments))
        kind = kind_of(prepared, alone="HC1", few="cluster")
        covariance = _covariance(kind, stages, gram, first, solution)
        targets = np.concatenate([terms.endogenous, [len(names)]])
        strengths = strength(reduced_form(terms, gram, targets, prepared.clusters, prepared.count), terms)
        exact = computed_cost(prepared, solution, lambda: _residuals(stages, first, every))
        if exact:
            covariance = np.full_like(covariance, np.nan)
        notes = [*exact, *notes_of(solution.condition, prepared.sample, kind), *weak_note(strengths.table, CURE)]
        found = kind.covariance(covariance, prepared.count - len(every), notes)
        return ControlFunctionModel(prepared.sample, prepared.design, None, solution, found, stages, first, strengths)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The two stages as algebra of moments of mirror images, regressors and log cost."""

    terms: InstrumentTerms

    def first(self, gram: Array) -> Array:
        """Coefficients (..., w, e) of the endogenous variables on instruments and exogenous first-order regressors."""
        inside = self.inside
        targets = self.terms.count + self.terms.endogenous
        own = gram[..., inside[:, None], inside]
        return pseudo_inverse(own) @ gram[..., inside[:, None], targets]

    @property
    def inside(self) -> NDArray[np.intp]:
        """Places of the instruments, the constant and the other first-order regressors."""
        linear = np.arange(self.terms.design.technology.exponent.size + 1)
        kept = np.setdiff1d(linear, self.terms.endogenous)
        return np.concatenate([np.arange(self.terms.count), self.terms.count + kept])

    def transform(self, first: Array) -> Array:
        """The matrix (..., k + e + 1, L + k + 1) from a block to regressors, control functions and log cost."""
        start, k, count = self.terms.count, self.terms.design.count, len(self.terms.endogenous)
        matrix = np.zeros((*first.shape[:-2], k + count + 1, start + k + 1))
        matrix[..., np.arange(k), start + np.arange(k)] = 1.0
        for row, place in enumerate(self.terms.endogenous, k):
            matrix[..., row, start + place] = 1.0
            matrix[..., row, self.inside] -= first[..., row - k]
        matrix[..., -1, -1] = 1.0
        return matrix

    def second(self, gram: Array, first: Array) -> Array:
        """Moments (..., k + e + 1, k + e + 1) of regressors, control functions and log cost."""
        matrix = self.transform(first)
        return matrix @ gram @ matrix.swapaxes(-1, -2)


def _covariance(kind: Kind, stages: Stages, gram: Array, first: Array, solution: LeastSquares) -> Array:
    """Robust covariance of regressors' and control functions' parameters, the first stage's own error allowed for."""
    if kind.name not in ("HC0", "HC1", "cluster"):
        raise FormError(
            f'cov_type="{kind.name}" does not allow for the first stage. Use "HC1", or "cluster" where providers '
            "repeat."
        )
    theta, matrix, inside = solution.theta, stages.transform(first), stages.inside
    k, count = stages.terms.design.count, stages.terms.design.rows.count
    contrast = matrix[-1] - theta @ matrix[:-1]
    own = pseudo_inverse(gram[np.ix_(inside, inside)])
    # How the second stage's normal equations move with each first stage's coefficients.
    moves = []
    for row in range(k, len(theta)):
        move = theta[row] * matrix[:-1] @ gram[:, inside]
        move[row] -= contrast @ gram[:, inside]
        moves.append(move @ own)

    def scores() -> Iterator[Block]:
        for rows, block in stages.terms.blocks():
            made = matrix[:-1] @ block
            of_rows = made * (contrast @ block)
            for row, move in enumerate(moves, k):
                of_rows += (move @ block[inside]) * made[row]
            yield rows, of_rows

    correction = count / (count - len(theta)) if kind.name == "HC1" else 1.0
    clusters = kind.clusters if kind.name == "cluster" else None
    if clusters is not None:
        groups = len(clusters.sizes)
        correction = groups / (groups - 1.0) * (count - 1) / (count - len(theta))
    # By its root: where a parameter rests on one row, rounding would leave a variance below zero.
    values, vectors = np.linalg.eigh(score_products(scores(), clusters))
    half = solution.inverse_gram @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    return correction * half @ half.T


def _residuals(stages: Stages, first: Array, every: Array) -> Iterator[Block]:
    """Blocks of regressors and control functions, and residuals."""
    matrix = stages.transform(first)
    contrast = matrix[-1] - every @ matrix[:-1]
    for rows, block in stages.terms.blocks():
        yield rows, np.vstack([matrix[:-1] @ block, contrast[None] @ block])


@dataclass(frozen=True, eq=False)
class ControlFunctionModel(ErrorModel):
    """The error of least squares beside control functions, whose parameters stand behind those of the cost function.

    Attributes
    ----------
    stages : the two stages
    first : (w, e) coefficients of the first stage
    strength : how strongly the instruments move each endogenous variable
    """

    # The first stage is no part of a likelihood of cost.
    maximises_likelihood = False
    leaves_clusters_out = False

    stages: Stages
    first: Array
    strength: Check

    def first_stage(self) -> Check:
        """How strongly the instruments move each endogenous variable, as for `TwoStage`."""
        return self.strength

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What stands in for what, and how strongly it moves it."""
        return instruments_in_words("control function", self.stages.terms, self.strength)

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, of the control functions, and of the first stage."""
        return np.concatenate([self.solution.theta, self.first.ravel()])

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Regressors and residuals, control functions taken out."""
        count = len(self.solution.theta)
        return _residuals(self.stages, parameters[count:].reshape(self.first.shape), parameters[:count])

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication, both stages made anew."""
        terms = self.stages.terms
        gram = weighted_moments(terms.blocks(), draws, terms.count + terms.design.count + 1)
        first = self.stages.first(gram)
        second = self.stages.second(gram, first)
        theta = np.stack([np.linalg.lstsq(one[:-1, :-1], one[:-1, -1], rcond=1e-12)[0] for one in second])
        return np.concatenate([theta, first.reshape(len(theta), -1)], axis=1)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """The control functions (B, n): what goes with the unexplained part of the endogenous variables."""
        k, count = self.design.count, len(self.solution.theta)
        matrix = self.stages.transform(parameters[:, count:].reshape(-1, *self.first.shape))[:, k:-1]
        weights = (parameters[:, None, k:count] @ matrix)[:, 0]
        return {SELECTION: np.concatenate([weights @ block for _, block in self.stages.terms.blocks()], axis=1)}

    def exogeneity_test(self, conf_level: float = 0.95) -> Check:
        """Whether the variables are endogenous at all: the control functions' parameters against zero (Hausman, 1978).

        Returns
        -------
        Check
            Passed where nothing speaks against plain least squares, given that the instruments are valid.
        """
        self.require_error()
        k = self.design.count
        values, covariance = self.solution.theta[k:], self.known.matrix[k:, k:]
        names = [self.technology.names[place] for place in self.stages.terms.endogenous]
        p_value, statistic = zero_test(values, covariance, self.known.freedom)
        rejected = p_value <= 1.0 - conf_level
        text = f"{statistic}: " + (
            f"{', '.join(names)} {'goes' if len(names) == 1 else 'go'} with what is not in the table, and plain least "
            "squares is biased."
            if rejected
            else "no sign that plain least squares is biased. With weak instruments this test sees little."
        )
        table = pd.DataFrame({"term": names, "estimate": values, "std_error": np.sqrt(np.diag(covariance))})
        return Check("Exogeneity", not rejected, f"{', '.join(names)} is exogenous", table, text)
