"""What replications take: `em.separate` and the bootstrap of `em.scope`, and how both grow.

    python benchmarks/replications.py [--largest 1000000]

Prints a table and writes benchmarks/replications.md. Processor time of one thread, one round, beside X'X of a million
rows and 21 columns. Growth is the slope of log time in log rows or log replications.
"""

import argparse
import math
import os
from pathlib import Path
from typing import Any

from one_pass import ONE_THREAD, machine, seconds, table

RESULTS = Path(__file__).resolve().parent / "replications.md"
SEPARATED = ((10_000, 199), (10_000, 999), (30_000, 199), (100_000, 199), (1_000_000, 199))
SCOPE = (100_000, 199)


def fitted(rows: int, form: str) -> Any:
    """A fit of one output (Cobb-Douglas) or of two (composite) with a relationship variable."""
    import numpy as np
    import pandas as pd

    import econmodel as em

    rng = np.random.default_rng(0)
    visits, letters = np.exp(5.0 + 0.6 * rng.standard_normal((2, rows)))
    continuity, noise = rng.standard_normal((2, rows))
    one = form == "cobb_douglas"
    cost = 8.0 * visits**0.9 if one else 900.0 + 8.0 * visits + 5.0 * letters
    frame = pd.DataFrame({"cost": cost * np.exp(0.1 * noise - 0.1 * continuity), "visits": visits, "letters": letters})
    frame["continuity"] = continuity
    outputs = ["visits"] if one else ["visits", "letters"]
    roles = {"continuity": em.Relationship("attribute")}
    return em.fit(em.CostData(frame, cost="cost", outputs=outputs, relationships=roles), form)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=1_000_000)
    separated = [size for size in SEPARATED if size[0] <= parser.parse_args().largest]
    # Before numpy is loaded: libraries look once.
    os.environ |= ONE_THREAD
    import numpy as np

    import econmodel as em

    matrix = np.random.default_rng(0).standard_normal((1_000_000, 21))
    product = min(seconds(lambda: matrix.T @ matrix) for _ in range(3))
    em.separate(fitted(500, "cobb_douglas"), replications=19)
    taken: dict[tuple[int, int], float] = {}
    rows = []
    for size, count in separated:
        function = fitted(size, "cobb_douglas")
        taken[size, count] = seconds(lambda f=function, b=count: em.separate(f, replications=b))
        rows.append(["`em.separate`", size, count, taken[size, count]])
    function = fitted(SCOPE[0], "composite")
    draws = function.replications(SCOPE[1], 1)
    rows.append(["bootstrap of `em.scope`", *SCOPE, seconds(lambda: function.bootstrap(draws))])
    (less, _), (most, _) = separated[-2:]
    in_rows = math.log(taken[most, 199] / taken[less, 199]) / math.log(most / less)
    in_count = math.log(taken[10_000, 999] / taken[10_000, 199]) / math.log(999 / 199)
    lines = [[name, f"{n:,}", str(b), f"{t:.2f} s", f"{t / product:.0f}"] for name, n, b, t in rows]
    text = "\n\n".join([
        "# What replications take",
        f"Made by `benchmarks/replications.py` on {machine()} One thread; processor time of one round. The scope line "
        f"is the composite form's parameters in every replication. X'X (1,000,000 x 21) takes {product:.3f} s.",
        table(["", "rows", "replications", "processor time", "times X'X"], lines),
        f"Growth of `em.separate`: {in_rows:.2f} in rows ({less:,} to {most:,}), {in_count:.2f} in replications (199 "
        "to 999). 1 is in proportion.",
    ])  # fmt: skip
    print(text)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
