"""Covariances of a system that hold where errors are uneven from row to row, or shared within clusters.

Errors of one row are never taken to be independent of each other: a row's score is the sum over its equations.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.covariance import FITTED_EXACTLY, clustered
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.system.equations import Stack

Array = NDArray[np.float64]


def whitened(stacks: Iterator[Stack], weights: Array) -> Iterator[Stack]:
    """Equations combined so that their errors have the unit covariance, given its inverse (E, E)."""
    root = np.linalg.cholesky(weights)
    for rows, stack in stacks:
        yield rows, np.tensordot(root, stack, (0, 0))


def robust(stacks: Iterator[Stack], inverse_gram: Array, kind: str, freedom: float) -> tuple[Array, NDArray[np.intp]]:
    """Heteroscedasticity-consistent covariance (k, k) in one pass over whitened stacks at the estimate.

    Parameters
    ----------
    kind : "HC0" to "HC3"
    freedom : what HC1 multiplies by

    Returns
    -------
    covariance, and the rows that are fitted exactly in some combination of equations, which adds nothing

    Notes
    -----
    As for one equation, with the leverage of a row an (E, E) matrix P: residuals e become inverse(I - P) e in HC3,
    which is what leaving the row out does, and that of the root of I - P in HC2 (Bell and McCaffrey, 2002, with a
    cluster a row).
    """
    meat = np.zeros_like(inverse_gram)
    root = np.linalg.cholesky(inverse_gram)
    exact: list[NDArray[np.intp]] = []
    for rows, stack in stacks:
        derivatives, residuals = stack[:, :-1], stack[:, -1]
        if kind in ("HC2", "HC3"):
            along = np.matmul(root.T, derivatives)
            kept = np.eye(len(stack)) - np.einsum("akn,bkn->nab", along, along)
            residuals, alone = _without_leverage(kept, residuals, -1.0 if kind == "HC3" else -0.5)
            exact.append(rows.start + alone)
        scores = np.einsum("ekn,en->kn", derivatives, residuals)
        meat += scores @ scores.T
    found = np.concatenate(exact) if exact else np.zeros(0, dtype=np.intp)
    return (freedom if kind == "HC1" else 1.0) * inverse_gram @ meat @ inverse_gram, found


def _without_leverage(kept: Array, residuals: Array, power: float) -> tuple[Array, NDArray[np.intp]]:
    """Residuals (E, n) times a power of the matrices I - P (n, E, E), and the rows where one of these is singular."""
    if power == -1.0 and (np.trace(kept, axis1=1, axis2=2) > kept.shape[1] - 0.5).all():
        solved = np.asarray(np.linalg.solve(kept, residuals.T[..., None]), dtype=np.float64)
        return solved[..., 0].T, np.zeros(0, dtype=np.intp)
    values, vectors = np.linalg.eigh(kept)
    alone = values < FITTED_EXACTLY
    raised = np.where(alone, 0.0, np.where(alone, 1.0, values) ** power)
    turned = np.einsum("nab,an->nb", vectors, residuals)
    return np.einsum("nab,nb->an", vectors, raised * turned), np.flatnonzero(alone.any(axis=1))


def by_cluster(stacks: Iterator[Stack], inverse_gram: Array, clusters: Groups, stacked_rows: int) -> Array:
    """Cluster-robust covariance (CR1) in one pass; `stacked_rows` counts every equation of a row."""
    scores = np.zeros((len(inverse_gram), len(clusters.sizes)))
    for rows, stack in stacks:
        products = np.einsum("ekn,en->kn", stack[:, :-1], stack[:, -1])
        for total, values in zip(scores, products, strict=True):
            np.add.at(total, clusters.codes[rows], values)
    return clustered(scores.T, inverse_gram, stacked_rows)
