"""How a fit prints: its equation, what was done to reach it, and its parameters."""

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econmodel.results import P_FLOOR, format_number, html_table, printed

if TYPE_CHECKING:
    from econmodel.estimate.fit import Fit


def title(fitted: "Fit") -> str:
    """The form and the table."""
    form = fitted.technology.form.title
    return f"{form[0].upper()}{form[1:]} cost function of {fitted.data.title or fitted.data.cost}"


def equation(fitted: "Fit") -> str:
    """The form with its variables, in one line."""
    t = fitted.technology
    inside = ", ".join([*t.outputs, *t.prices, *t.relationships])
    linear = "".join(f" + {name}" for name in t.controls if fitted.sample.controls[name] != "time")
    linear += " + periods" if "time" in fitted.sample.controls.values() else ""
    linear += {"within": " + provider effects", "mundlak": " + provider means"}.get(
        str(fitted.specification.effects), ""
    )
    return f"{fitted.model.endog_names} = {t.form.title}({inside}){linear}{fitted.deviation_words}"


def facts(fitted: "Fit") -> pd.DataFrame:
    """What was fitted, to which rows, and how the search for the parameters ended."""
    dropped = "; ".join(f"{count}: {why}" for count, why, _ in fitted.data.dropped)
    rows = [
        ("equation", equation(fitted)),
        ("rows used", format_number(fitted.nobs, 6)),
        ("rows left out", dropped or "none"),
        ("standard errors", _covariance(fitted)),
        *([("weights of squared errors", str(fitted.specification.weights))] if fitted.sample.weights else []),
        *([("R-squared", format_number(fitted.rsquared))] if np.isfinite(fitted.rsquared) else []),
        *([("log-likelihood", format_number(fitted.llf, 6))] if np.isfinite(fitted.llf) else []),
        *fitted.further_facts,
        ("convergence", fitted.convergence),
        ("condition number", format_number(fitted.condition_number, 2)),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"])


def _covariance(fitted: "Fit") -> str:
    words = "classical" if fitted.cov_type == "nonrobust" else fitted.cov_type
    if fitted.clusters is not None and (fitted.cov_type == "cluster" or fitted.wild):
        words += f", {len(fitted.clusters.sizes)} clusters"
    return words + (", wild-cluster p-values" if fitted.wild else "")


def coefficients(fitted: "Fit") -> pd.DataFrame:
    """Parameters with standard errors, tests against zero and intervals."""
    interval = fitted.conf_int()
    return pd.DataFrame(
        {
            "parameter": list(fitted.params.index),
            "coefficient": fitted.params.to_numpy(),
            "std_error": fitted.bse.to_numpy(),
            "t": fitted.tvalues.to_numpy(),
            "p_value": fitted.pvalues.to_numpy(),
            "conf_low": interval[0].to_numpy(),
            "conf_high": interval[1].to_numpy(),
            P_FLOOR: fitted.p_floor,
        }
    )


def summary(fitted: "Fit") -> Any:
    """A statsmodels Summary."""
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable

    found = Summary()
    found.tables.append(SimpleTable(facts(fitted).to_numpy().tolist(), title=title(fitted)))
    for name, further in {"": coefficients(fitted), **fitted.further_tables}.items():
        table = printed(further)
        found.tables.append(SimpleTable(table.to_numpy().tolist(), headers=list(table.columns), title=name or None))
    found.add_extra_txt(list(fitted.notes))
    return found


def html(fitted: "Fit") -> str:
    """The notebook's form: two tables and the notes."""
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in fitted.notes)
    tables = html_table(facts(fitted), title(fitted)) + html_table(coefficients(fitted), "Parameters")
    tables += "".join(html_table(table, name) for name, table in fitted.further_tables.items())
    return f'<div class="econmodel">{tables}{notes}</div>'
