"""Whether any shipped table's level forms depend on the unit of cost: every pair, cost times 10^-12 to 10^12.

python scripts/units_study.py    Prints the largest relative difference of an elasticity; fails above LARGEST.
"""

import sys
from dataclasses import replace

import numpy as np

import econmodel as em

FORMS = ("flexible_fixed_cost", "composite", "normalised_quadratic")
POWERS = (-12, -9, -6, -3, 3, 6, 9, 12)
LARGEST = 1e-6


def main() -> int:
    """Exit code 1 where a pair depends on the unit."""
    worst = 0.0
    for table in em.catalogue().table["name"]:
        data = em.load(table)
        cost = data.frame[data.cost].astype(float)
        for form in FORMS:
            sizes = [_size(replace(data, frame=data.frame.assign(**{data.cost: cost * 10.0**p})), form) for p in POWERS]
            difference = float(np.nanmax(np.abs(np.stack(sizes) / _size(data, form) - 1.0)))
            worst = max(worst, difference)
            print(f"{table:25} {form:21} {difference:.1e}", flush=True)
    print(f"largest {worst:.1e}")
    return int(worst > LARGEST)


def _size(data: em.CostData, form: str) -> np.ndarray:
    return em.scale(em.fit(data, form)).table["estimate"].to_numpy()


if __name__ == "__main__":
    sys.exit(main())
