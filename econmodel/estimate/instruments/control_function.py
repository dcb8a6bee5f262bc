"""The control function: what instruments leave unexplained of an endogenous variable, as a regressor beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError
from econmodel.estimate.bootstrap import Replications, weighted_moments
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.covariance_choice import computed_cost
from econmodel.estimate.design import Block
from econmodel.estimate.fit import Fit
from econmodel.estimate.instruments.reduced_form import reduced_form, strength, weak_note
from econmodel.estimate.instruments.terms import (
    Instrumented,
    InstrumentTerms,
    independent,
    instrument_terms,
    pseudo_inverse,
)
from econmodel.estimate.instruments.two_stage import instruments_in_words
from econmodel.estimate.least_squares import Groups, LeastSquares
from econmodel.estimate.moments import Moments, accumulate, condition_number, inverse, solve
from econmodel.estimate.notes import notes_of
from econmodel.estimate.preparation import Prepared, few_rows
from econmodel.results import Check, format_number, format_probability

Array = NDArray[np.float64]
SELECTION = "selection"
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

    name: str = "control_function"
    effects: tuple[str, ...] = ()

    def fit(self, prepared: Prepared) -> "ControlFunctionFit":
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
        kind, covariance = _covariance(prepared, stages, gram, first, solution)
        clusters, k = prepared.clusters, len(names)
        few = clusters if clusters is not None and len(clusters.sizes) < FEWEST_CLUSTERS else None
        own = LeastSquares(every[:k].copy(), inverse_gram[:k, :k].copy(), solution.residual_squares, solution.condition)
        freedom = len(clusters.sizes) - 1 if kind == "cluster" and clusters is not None else prepared.count - len(every)
        targets = np.concatenate([terms.endogenous, [k]])
        first_stage = strength(reduced_form(terms, gram, targets, clusters, prepared.count), terms)
        exact = computed_cost(prepared, solution, lambda: _residuals(stages, first, every))
        if exact:
            covariance = np.full_like(covariance, np.nan)
        notes = [*exact, *notes_of(solution.condition, prepared.sample, few, kind), *weak_note(first_stage.table, CURE)]
        return ControlFunctionFit(
            prepared.specification, prepared.sample, prepared.design.technology, prepared.design, own,
            covariance[:k, :k].copy(), kind, clusters, None, float(freedom), False,
            tuple(notes), stages, first, every, covariance, first_stage,
        )  # fmt: skip


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


def _covariance(
    prepared: Prepared, stages: Stages, gram: Array, first: Array, solution: LeastSquares
) -> tuple[str, Array]:
    """Robust covariance of regressors' and control functions' parameters, the first stage's own error allowed for."""
    clusters, asked = prepared.clusters, prepared.specification.cov_type
    kind = asked or ("HC1" if clusters is None else "cluster")
    if kind not in ("HC0", "HC1", "cluster") or (kind == "cluster" and clusters is None):
        raise FormError(
            f'cov_type="{kind}" does not allow for the first stage. Use "HC1", or "cluster" where providers repeat.'
        )
    theta, matrix, inside = solution.theta, stages.transform(first), stages.inside
    k = stages.terms.design.count
    contrast = matrix[-1] - theta @ matrix[:-1]
    own = pseudo_inverse(gram[np.ix_(inside, inside)])
    # How the second stage's normal equations move with each first stage's coefficients.
    moves = []
    for row in range(k, len(theta)):
        move = theta[row] * matrix[:-1] @ gram[:, inside]
        move[row] -= contrast @ gram[:, inside]
        moves.append(move @ own)
    meat: Array | None = None
    for rows, block in stages.terms.blocks():
        made = matrix[:-1] @ block
        scores = made * (contrast @ block)
        for row, move in enumerate(moves, k):
            scores += (move @ block[inside]) * made[row]
        if kind == "cluster":
            assert clusters is not None
            scores = _by_cluster(scores, clusters, rows)
        found = scores if kind == "cluster" else scores @ scores.T
        meat = found if meat is None else meat + found
    assert meat is not None
    correction = prepared.count / (prepared.count - len(theta)) if kind == "HC1" else 1.0
    if kind == "cluster":
        assert clusters is not None
        groups = len(clusters.sizes)
        meat, correction = meat @ meat.T, groups / (groups - 1.0) * (prepared.count - 1) / (prepared.count - len(theta))
    # By its root: where a parameter rests on one row, rounding would leave a variance below zero.
    values, vectors = np.linalg.eigh(meat)
    half = solution.inverse_gram @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    return kind, correction * half @ half.T


def _by_cluster(scores: Array, clusters: Groups, rows: slice) -> Array:
    codes, groups = clusters.codes[rows], len(clusters.sizes)
    return np.stack([np.bincount(codes, row, groups).astype(float) for row in scores])


def _residuals(stages: Stages, first: Array, every: Array) -> Iterator[Block]:
    """Blocks of regressors and control functions, and residuals."""
    matrix = stages.transform(first)
    contrast = matrix[-1] - every @ matrix[:-1]
    for rows, block in stages.terms.blocks():
        yield rows, np.vstack([matrix[:-1] @ block, contrast[None] @ block])


@dataclass(frozen=True, eq=False, repr=False)
class ControlFunctionFit(Fit):
    """A fit with control functions.

    Attributes
    ----------
    stages : the two stages
    first : (w, e) coefficients of the first stage
    every : (k + e,) parameters of the regressors and of the control functions
    every_covariance : their covariance
    strength : how strongly the instruments move each endogenous variable
    """

    stages: Stages
    first: Array
    every: Array
    every_covariance: Array
    strength: Check

    def first_stage(self) -> Check:
        """How strongly the instruments move each endogenous variable, as for `TwoStage`."""
        return self.strength

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What stands in for what, and how strongly it moves it."""
        return instruments_in_words("control function", self.specification.estimator, self.strength)

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, of the control functions, and of the first stage."""
        return np.concatenate([self.every, self.first.ravel()])

    @property
    def df_model(self) -> float:
        """Parameters of the cost function and of the control functions, less the constant."""
        return len(self.every) - 1.0

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Regressors and residuals, control functions taken out."""
        first = parameters[len(self.every) :].reshape(self.first.shape)
        return _residuals(self.stages, first, parameters[: len(self.every)])

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
        k, count = len(self.theta), len(self.every)
        matrix = self.stages.transform(parameters[:, count:].reshape(-1, *self.first.shape))[:, k:-1]
        weights = (parameters[:, None, k:count] @ matrix)[:, 0]
        return {SELECTION: np.concatenate([weights @ block for _, block in self.stages.terms.blocks()], axis=1)}

    @property
    def row_effects(self) -> Array:
        """The control functions of each row (n,)."""
        return self.row_parts(self.all_parameters[None], np.zeros((1, 0)))[SELECTION][0]

    def exogeneity_test(self, conf_level: float = 0.95) -> Check:
        """Whether the variables are endogenous at all: the control functions' parameters against zero (Hausman, 1978).

        Returns
        -------
        Check
            Passed where nothing speaks against plain least squares, given that the instruments are valid.
        """
        from scipy.special import fdtrc

        self.require_error()
        k = len(self.theta)
        values, covariance = self.every[k:], self.every_covariance[k:, k:]
        names = [self.technology.names[place] for place in self.stages.terms.endogenous]
        statistic = float(values @ np.linalg.solve(covariance, values)) / len(values)
        p_value = float(fdtrc(len(values), self.freedom, statistic))
        rejected = p_value <= 1.0 - conf_level
        text = f"F({len(values)}, {format_number(self.freedom)}) = {format_number(statistic)}, p " + (
            f"{'' if p_value < 0.001 else '= '}{format_probability(p_value)}: "
            + (
                f"{', '.join(names)} {'goes' if len(names) == 1 else 'go'} with what is not in the table, and plain "
                "least squares is biased."
                if rejected
                else "no sign that plain least squares is biased. With weak instruments this test sees little."
            )
        )
        table = pd.DataFrame({"term": names, "estimate": values, "std_error": np.sqrt(np.diag(covariance))})
        return Check("Exogeneity", not rejected, f"{', '.join(names)} is exogenous", table, text)
