"""Whether several types of provider have one cost function: each type's own parameters against the others'."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.joint_hypotheses import Joint, chi_square, wald
from econmodel.errors import NotIdentified, NotSupported, UnknownName
from econmodel.estimate.covariance import cluster_scores, robust
from econmodel.estimate.design import Design
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import LeastSquares, linear, moments_at, nonlinear
from econmodel.table.rows import Rows

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """Least squares for each type of provider, all around the same centre.

    Attributes
    ----------
    names : of the types, the most frequent first
    counts : rows of each
    designs, solutions : the rows of each type with the cost function, and what least squares found there
    rows : places of each type's rows in the table
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    designs: tuple[Design, ...]
    solutions: tuple[LeastSquares, ...]
    rows: tuple[NDArray[np.intp], ...]

    @property
    def squares(self) -> float:
        """Squared residuals of all types."""
        return sum(one.residual_squares for one in self.solutions)

    @property
    def freedom(self) -> int:
        """Rows less the parameters of every type."""
        return sum(self.counts) - sum(len(one.theta) for one in self.solutions)


def by_type(fitted: Fit, by: str) -> Types:
    """Fit each type's rows.

    Raises
    ------
    UnknownName, NotSupported, NotIdentified
        Where there is no such column, or one type only; where the fit is none of least squares; where a type's rows
        cannot tell its parameters apart.
    """
    if not fitted.error_model.is_plain or fitted.effects is not None:
        raise NotSupported(
            "A common technology is tested between fits by least squares without provider effects: use "
            'em.fit(..., estimator="least_squares", effects=None).'
        )
    labels = _labels(fitted, by)
    counts = labels.value_counts()
    if len(counts) < 2:
        raise NotSupported(f"Every row has the same {by}, so there is only one technology. Name a column with types.")
    rows = tuple(np.flatnonzero((labels == name).to_numpy()) for name in counts.index)
    k, columns = len(fitted.theta), fitted.sample.rows.columns
    designs, solutions = [], []
    for name, places in zip(counts.index, rows, strict=True):
        if len(places) <= k:
            raise NotIdentified(
                f"{by} {name} has {len(places)} rows for {k} parameters of its own. Use fewer second-order terms "
                '(second_order="outputs" or "none"), or put small types together.'
            )
        design = replace(fitted.design, rows=Rows({key: column[places] for key, column in columns.items()}))
        try:
            found = nonlinear(design) if fitted.technology.is_level else linear(design, moments_at(design, None, None))
        except NotIdentified as fault:
            raise NotIdentified(f"Of {by} {name} alone: {fault}") from fault
        designs.append(design)
        solutions.append(found)
    names = tuple(str(name) for name in counts.index)
    return Types(names, tuple(map(len, rows)), tuple(designs), tuple(solutions), rows)


def _labels(fitted: Fit, by: str) -> "pd.Series[str]":
    frame = fitted.data.frame
    if by not in frame.columns:
        raise UnknownName(f"There is no column {by!r}. The columns are {', '.join(map(str, frame.columns))}.")
    if frame[by].isna().any():
        raise NotSupported(
            f"{by} is missing in {int(frame[by].isna().sum())} of the rows used, which have no type. Leave them out "
            'with data.where(..., because="...").'
        )
    return frame[by].astype(str)


def differences(fitted: Fit, types: Types) -> tuple[Array, Array, Array]:
    """Parameters of each further type less those of the first, (T - 1, k), their covariance, and what the first has."""
    theta = np.stack([one.theta for one in types.solutions])
    others, k = theta[1:] - theta[0], theta.shape[1]
    contrast = np.hstack([-np.ones((len(theta) - 1, 1)), np.eye(len(theta) - 1)])
    wide = np.kron(contrast, np.eye(k))
    return others, wide @ _covariance(fitted, types) @ wide.T, theta[0]


def _covariance(fitted: Fit, types: Types) -> Array:
    """Covariance of all types' parameters (T k, T k); clusters may have rows of several types."""
    k, count = len(fitted.theta), len(types.names)
    whole = np.zeros((count, k, count, k))
    if fitted.cov_type == "cluster":
        assert fitted.clusters is not None
        groups, moved = len(fitted.clusters.sizes), []
        for design, solution, rows in zip(types.designs, types.solutions, types.rows, strict=True):
            scores = cluster_scores(design.blocks(solution.theta), fitted.clusters.codes[rows], groups)
            moved.append(scores @ solution.inverse_gram)
        stacked = np.hstack(moved)
        correction = groups / (groups - 1) * (sum(types.counts) - 1) / types.freedom
        return correction * stacked.T @ stacked
    for place, (design, solution, rows) in enumerate(zip(types.designs, types.solutions, types.rows, strict=True)):
        if fitted.cov_type == "nonrobust":
            found = types.squares / types.freedom * solution.inverse_gram
        else:
            blocks = design.blocks(solution.theta)
            found, _ = robust(blocks, solution.inverse_gram, fitted.cov_type, len(rows), k)
        whole[place, :, place] = found
    return whole.reshape(count * k, count * k)


def same_for_all(fitted: Fit, types: Types, statistic: str) -> Joint:
    """The test that all types have the parameters of the first: Wald, or the likelihood ratio of normal errors."""
    others, covariance, _ = differences(fitted, types)
    if statistic == "likelihood_ratio":
        return chi_square(float(fitted.nobs * np.log(fitted.ssr / types.squares)), others.size)
    freedom = fitted.freedom if fitted.cov_type == "cluster" else float(types.freedom)
    return wald(others.ravel(), covariance, freedom)


def labels_of(fitted: Fit, types: Types) -> Sequence[str]:
    """What is restricted: every parameter of every further type against the first's."""
    return [f"{name}: {other} less {types.names[0]}" for other in types.names[1:] for name in fitted.technology.names]
