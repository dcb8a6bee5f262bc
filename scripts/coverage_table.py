"""How `coverage_study.py` keeps its lines and writes them for readers."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

DECIMALS = 6
RESIDUAL = (
    " The residual part of a separation is what the form leaves of the slope, and next to nothing in truth; a curved "
    "form fitted to few providers leaves a slope of one sign, so that intervals of it miss on one side. No other part "
    "rests on it."
)


def kept(path: Path) -> pd.DataFrame:
    """The lines of earlier runs, digit for digit; none where there is no file."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame({"world": []})


def merge(found: pd.DataFrame, table: pd.DataFrame, worlds: Sequence[str]) -> pd.DataFrame:
    """Every line of the worlds in `table` replaced; lines in the order of `worlds`, those of no world left out."""
    others = found[found["world"].isin([name for name in worlds if name not in set(table["world"])])]
    every = pd.concat([others, table.round(DECIMALS)], ignore_index=True)
    return every.sort_values("world", kind="stable", key=lambda names: names.map(worlds.index), ignore_index=True)


def as_markdown(
    found: pd.DataFrame, worlds: Sequence[str], required_within: dict[int, tuple[float, float]], draws: int
) -> str:
    """The table to read: `required_within` by number of providers, `draws` of each bootstrap."""
    required = ", ".join(
        f"{least} to {most} % with {providers:,} providers" for providers, (least, most) in required_within.items()
    )
    usual = int(found["replications"].mode().iloc[0])
    missing = [name for name in worlds if name not in set(found["world"])]
    fewer = (found["replications"] != usual).any()
    missed = found[(found["coverage"] < found["least"]) | (found["coverage"] > found["most"])]
    lines = [
        "# Coverage of 95 % intervals",
        "",
        f"Made by `scripts/coverage_study.py`: {usual:,} simulated tables a line{' unless stated' if fewer else ''}, "
        "and every line that was studied. Delta intervals have the default covariance; bootstrap intervals are "
        f"percentiles of {draws} replications. Required: {required}; for an interval that must hold all of an "
        "identified interval, and for a part that is zero by construction, no upper bound. Not given: the fit did not "
        "converge or the fitted cost of a corner is not positive, so that there is no interval; coverage is that of "
        "the others.",
        "",
        f"{len(missed)} of {len(found)} lines are not within what is required."
        + (RESIDUAL if (missed["measure"] == "part: residual").any() else ""),
    ]
    if missing:
        lines += ["", f"Not studied yet: {'; '.join(missing)}."]
    head = "| measure | truth | method | coverage, % | ± 2 Monte-Carlo errors | median width | not given | within |"
    for (world, providers, replications), group in found.groupby(["world", "providers", "replications"], sort=False):
        tables = f" ({replications:,} simulated tables)" if replications != usual else ""
        lines += ["", f"## {world}: {providers:,} providers{tables}", "", head, "| --- |" + " ---: |" * 7]
        for row in group.itertuples():
            truth = f"{row.truth_low:.4g}" + (f" to {row.truth_high:.4g}" if row.truth_high > row.truth_low else "")
            within = "yes" if row.least <= row.coverage <= row.most else "NO"
            lines.append(
                f"| {row.measure} | {truth} | {row.method} | {row.coverage:.1f} | {2 * row.monte_carlo_error:.1f} | "
                f"{row.median_width:.3g} | {row.not_given} | {within} |"
            )
    return "\n".join(lines) + "\n"
