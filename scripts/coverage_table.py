"""How `coverage_study.py` writes its result for readers."""

import pandas as pd


def as_markdown(found: pd.DataFrame, required_within: dict[int, tuple[float, float]], draws: int) -> str:
    """The table to read: `required_within` by number of providers, `draws` of each bootstrap."""
    required = ", ".join(
        f"{least} to {most} % with {providers:,} providers" for providers, (least, most) in required_within.items()
    )
    lines = [
        "# Coverage of 95 % intervals",
        "",
        f"Made by `scripts/coverage_study.py`: {found['replications'].iloc[0]:,} simulated tables a line, and every "
        "line that was studied. Delta intervals have the default covariance; bootstrap intervals are percentiles of "
        f"{draws} replications. Required: {required}; for an interval that must hold all of an identified interval, no "
        "upper bound. Not given: the fit did not converge or the fitted cost of a corner is not positive, so that "
        "there is no interval; coverage is that of the others.",
    ]
    head = "| measure | truth | method | coverage, % | ± 2 Monte-Carlo errors | median width | not given | within |"
    for (world, providers), group in found.groupby(["world", "providers"], sort=False):
        lines += ["", f"## {world}: {providers:,} providers", "", head, "| --- |" + " ---: |" * 7]
        for row in group.itertuples():
            truth = f"{row.truth_low:.4g}" + (f" to {row.truth_high:.4g}" if row.truth_high > row.truth_low else "")
            within = "yes" if row.least <= row.coverage <= row.most else "NO"
            lines.append(
                f"| {row.measure} | {truth} | {row.method} | {row.coverage:.1f} | {2 * row.monte_carlo_error:.1f} | "
                f"{row.median_width:.3g} | {row.not_given} | {within} |"
            )
    return "\n".join(lines) + "\n"
