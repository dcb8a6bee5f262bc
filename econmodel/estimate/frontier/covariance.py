"""Covariances of a frontier: the inverse Hessian, its sandwich, clustered."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate.covariance import clustered
from econmodel.estimate.frontier.search import Likelihood
from econmodel.estimate.frontier.solution import Solution
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.moments import Moments, inverse

Array = NDArray[np.float64]
KINDS = ("nonrobust", "HC0", "HC1", "cluster")


def check_kind(kind: str) -> None:
    """NotSupported, with the cure, for a covariance that a frontier has not."""
    if kind not in KINDS:
        raise NotSupported(
            f'cov_type="{kind}" weighs residuals by their leverage, which a frontier does not have. Use "HC1", '
            '"nonrobust" or "cluster".'
        )


def score_blocks(likelihood: Likelihood, parameters: Array) -> Iterator[tuple[slice, Array]]:
    """Derivatives of each row's log density by all parameters, block by block: (rows, (K, n))."""
    own = 1 + likelihood.density.has_mean
    for rows, x, z, found in likelihood.rows(parameters):
        of_mean = z * found.first[1] if likelihood.density.has_mean else z
        yield rows, np.vstack([-x * found.first[0], of_mean, *found.first[own:]])


def covariance_of(found: Solution[Likelihood], kind: str, clusters: Groups | None, names: tuple[str, ...]) -> Array:
    """Covariance (K, K) of all parameters, standard deviations as they are; sigma_u has none where it is zero."""
    likelihood, parameters, count = found.likelihood, found.parameters, found.residuals.count
    covariance = inverse_information(found, names)
    if kind in ("HC0", "HC1"):
        size = len(parameters)
        meat = sum((scores @ scores.T for _, scores in score_blocks(likelihood, parameters)), np.zeros((size, size)))
        covariance = covariance @ meat @ covariance * (count / (count - size) if kind == "HC1" else 1.0)
    elif kind == "cluster":
        assert clusters is not None
        sums = np.zeros((len(parameters), len(clusters.sizes)))
        for rows, scores in score_blocks(likelihood, parameters):
            for total, values in zip(sums, scores, strict=True):
                np.add.at(total, clusters.codes[rows], values)
        covariance = clustered(sums.T, covariance, count)
    return in_sigmas(covariance, found, likelihood.density.sigmas)


def inverse_information(found: Solution[Any], names: tuple[str, ...]) -> Array:
    """Inverse of the negative Hessian; NotIdentified names parameters that cannot be told apart."""
    return inverse(Moments(np.pad(-found.found.hessian, (0, 1)), found.residuals.count), names)


def in_sigmas(covariance: Array, found: Solution[Any], sigmas: int) -> Array:
    """From the logs of the last `sigmas` parameters to themselves, with zeros for a sigma_u of zero."""
    scale = np.ones(len(found.parameters))
    scale[-sigmas:] = np.exp(found.parameters[-sigmas:])
    covariance = covariance * np.outer(scale, scale)
    return np.insert(np.insert(covariance, -1, 0.0, axis=0), -1, 0.0, axis=1) if found.at_boundary else covariance
