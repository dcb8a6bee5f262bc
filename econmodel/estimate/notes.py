"""What a reader must know of a fit: copied rows, few clusters, variables that nearly move together, rows left out."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.sample import Sample

NEARLY_COLLINEAR = 1e3
# Rows are compared with each other up to this many: beyond, copies are rare and the comparison is not cheap.
LARGEST_COMPARED = 100_000


def notes_of(condition: float, sample: Sample, few: Groups | None, asked: str | None) -> list[str]:
    """Words on clusters (`few` where there are too few), conditioning, copied rows and rows left out."""
    notes = []
    if few is not None and asked is None:
        notes.append(
            f"{len(few.sizes)} clusters are too few for clustered standard errors: these are classical, and p-values "
            "come from the restricted wild cluster bootstrap."
        )
    if few is not None and asked == "cluster":
        notes.append(
            f"{len(few.sizes)} clusters: clustered standard errors need about {FEWEST_CLUSTERS} to be trusted."
        )
    entity = sample.data.entity
    if entity is not None and sample.rows.count > 1 and len(sample.data.frame[entity].unique()) == 1:
        notes.append(f"All rows are of one {entity}: standard errors take them as independent, which periods are not.")
    if condition > NEARLY_COLLINEAR:
        notes.append(
            f"The condition number is {condition:,.0f}: some variables nearly move together, and what is said "
            "of each alone is uncertain."
        )
    notes += _copies(sample)
    notes += [f"{count} row{'s' * (count > 1)} left out: {why}." for count, why, _ in sample.data.dropped]
    return notes


def _copies(sample: Sample) -> list[str]:
    """A word about rows that are alike in every figure: they may have been copied, and count as evidence twice."""
    if sample.rows.count > LARGEST_COMPARED:
        return []
    columns = sample.rows.columns
    # Few rows share their cost to the last digit, and only these need be compared in full.
    shared = np.flatnonzero(pd.Series(columns[sample.data.cost]).duplicated(keep=False))
    of_shared = pd.DataFrame({name: column[shared] for name, column in columns.items()})
    alike = shared[of_shared.duplicated(keep=False).to_numpy()]
    if not len(alike):
        return []
    names = sample.data.row_names()
    named = ", ".join(names[row] for row in alike[:5]) + (", ..." if len(alike) > 5 else "")
    return [
        f"{len(alike)} rows have the same figures as another ({named}). If they were copied, every standard error is "
        "too small: leave the copies out."
    ]


def few_repeat(groups: Groups) -> list[str]:
    """A word where many providers have one row, and few of them say all that is known within providers."""
    several = int((groups.sizes > 1).sum())
    if several >= FEWEST_CLUSTERS or len(groups.sizes) < FEWEST_CLUSTERS:
        return []
    return [
        f"{several} of {len(groups.sizes)} providers have several rows, and all that is said within providers rests on "
        "them: standard errors need more to be trusted."
    ]


def exact_note(sample: Sample, rows: NDArray[np.intp]) -> list[str]:
    """A word about rows that are fitted exactly, whatever their cost."""
    if not len(rows):
        return []
    names = sample.data.row_names()
    named = ", ".join(names[row] for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    return [
        f"{named} is fitted exactly, whatever its cost: some variable differs from zero there only. It adds nothing to "
        "the standard errors."
    ]
