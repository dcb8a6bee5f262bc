"""Whether there are economies of scope at a place, also where the data identify no more than an interval of them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.fixed_cost import groups_of
from econmodel.economies.core.inference import Estimates, estimate
from econmodel.economies.core.places import resolve
from econmodel.economies.equivalence import one_sided
from econmodel.economies.hypothesis_words import Tested
from econmodel.economies.joint_hypotheses import Joint
from econmodel.economies.scope import DEGREE, scope
from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit
from econmodel.words import at_words

Array = NDArray[np.float64]


def no_scope_economies(fitted: Fit, at: object, margin: float | None, level: float) -> Tested:
    """The test that the degree of scope at one place is zero.

    Of an interval the null is that zero lies in it. It is rejected where the whole interval's confidence interval
    leaves zero out: the p-value is that of the end next to zero, and one where zero lies between the ends.
    """
    places = resolve(fitted, at)
    if len(places.labels) > 1:
        raise NotSupported('"no scope economies" is asked at one place: at="mean", or a mapping of outputs.')
    found = scope(fitted, at, conf_level=level)
    row = found.row(DEGREE, places.labels[0])
    if not np.isfinite(row["conf_low"]):
        raise NotSupported(f"{found.text} So there is no test of scope here.")
    technology = fitted.technology
    groups = groups_of(technology.outputs, list(technology.outputs))

    def end(reading: corners.Reading) -> Estimates:
        def degree(theta: Array) -> Array:
            return corners.degree_of_scope(technology, theta, places.point, groups, reading)

        return estimate(fitted, degree, 0.0, conf_level=level)

    division = corners.specialised(technology.outputs, places.point, groups)
    several = corners.readings(fitted, division.outputs, made=places.point.outputs)
    ends = sorted(map(end, several), key=lambda one: float(one.values[0]))
    return _tested(fitted, places.labels[0], ends, margin, level)


def _tested(fitted: Fit, place: str, ends: list[Estimates], margin: float | None, level: float) -> Tested:
    low, high = (float(one.values[0]) for one in (ends[0], ends[-1]))
    nearest = min(ends, key=lambda one: abs(float(one.values[0])))
    p_value = 1.0 if len(ends) > 1 and low <= 0.0 <= high else float(nearest.p_values[0])
    error = max(float(one.errors[0]) for one in ends)
    row = {
        "restriction": "degree of scope", "estimate": low if len(ends) == 1 else np.nan,
        "identified_low": low if len(ends) > 1 else np.nan, "identified_high": high if len(ends) > 1 else np.nan,
        "null": 0.0, "std_error": error if len(ends) == 1 else np.nan, "p_value": p_value,
    }  # fmt: skip
    kind = "wild cluster bootstrap" if fitted.wild else "t squared"
    joint = Joint(kind, float(nearest.statistics[0] ** 2), 1, fitted.freedom, p_value)
    notes: tuple[str, ...] = ()
    if len(ends) > 1:
        notes = (
            "The data identify an interval of the degree of scope only: the p-value is that of its end next to zero, "
            "and one where zero lies inside.",
        )
    small = None
    if margin is not None:
        small = one_sided((low, high), error, 0.0, fitted.freedom, margin, level)
    null = f"making the outputs together costs as much as making them apart at {at_words(place)}"
    return Tested("no scope economies", null, pd.DataFrame([row]), joint, None, notes, small)
