"""What an arrangement's cost is made of, and where every number behind it comes from."""

import numpy as np
import pandas as pd

from econmodel.arrangements.partnerships.joint_work import Comparison
from econmodel.arrangements.partnerships.terms import ARRANGEMENTS, PARTS
from econmodel.arrangements.partnerships.trust import LEAST_OVER_MOST_TRUSTED, TRANSACTION_SHARE, Trust
from econmodel.arrangements.pay_back import DISCOUNT_RATE, DISCOUNT_SOURCE, HORIZON, HORIZON_SOURCE

PETERSEN = "published: Petersen, Baekkeskov, Potoski and Brown (2019), 72 Danish contracts"
DYER = "published: Dyer and Chu (2003), car makers; that it holds for services is an assumption"
IMPOSED = "as given for partners of choice, worn three times as fast and half of its saving: an assumption"
ASSUMPTION, GIVEN, NOT_GIVEN = "assumption", "given", "not given: nothing is counted"


def parts_table(comparison: Comparison) -> pd.DataFrame:
    """Each arrangement's parts and total, as estimated, a fixed cost that data cannot tell apart read as common."""
    weights, fixed = comparison.terms.parts()
    parts = weights @ comparison.services(comparison.ways[0]) + fixed
    parts[[bool(fault) for fault in comparison.faults]] = np.nan
    table = pd.DataFrame(parts, columns=list(PARTS))
    table.insert(0, "arrangement", ARRANGEMENTS)
    return table.assign(total=parts.sum(axis=1))


def assumptions(comparison: Comparison, own_trust: bool, own_mandated: bool) -> pd.DataFrame:
    """Every number behind the arrangements, and its source."""
    terms = comparison.terms
    chosen, imposed = terms.shares()
    of = {True: GIVEN, False: ASSUMPTION}
    imposed_from = GIVEN if own_mandated else IMPOSED if own_trust else ASSUMPTION
    rows = [
        ("coordination, per partner but one", terms.per_partner, GIVEN if terms.per_partner else NOT_GIVEN),
        ("coordination, per pair", terms.per_pair, GIVEN if terms.per_pair else NOT_GIVEN),
        ("fee of the subcontract", terms.fee, GIVEN if terms.fee else NOT_GIVEN),
        ("one-off cost of merging", terms.one_off, GIVEN if terms.one_off else NOT_GIVEN),
        ("years over which it is spread", terms.horizon, HORIZON_SOURCE if terms.horizon == HORIZON else GIVEN),
        ("discount rate", terms.discount_rate, DISCOUNT_SOURCE if terms.discount_rate == DISCOUNT_RATE else GIVEN),
        (
            "transaction share over the base cycle",
            terms.transactions.average,
            PETERSEN if terms.transactions.average == TRANSACTION_SHARE else GIVEN,
        ),
        (
            "transaction share without trust over with full trust",
            terms.transactions.ratio,
            DYER if terms.transactions.ratio == LEAST_OVER_MOST_TRUSTED else GIVEN,
        ),
        ("transaction share, partners of choice", chosen, "from the numbers above and below"),
        ("transaction share, mandated", imposed, "from the numbers above and below"),
    ]
    rows += _of_trust("trust", terms.trust, of[own_trust]) + _of_trust("mandated trust", terms.mandated, imposed_from)
    return pd.DataFrame(rows, columns=["number", "value", "source"])


def _of_trust(whose: str, trust: Trust, source: str) -> list[tuple[str, float, str]]:
    found = trust.cycle()
    return [
        (f"{whose}: growth a year", trust.growth, source),
        (f"{whose}: decay a year", trust.decay, source),
        (f"{whose}: kept at a tender", trust.kept, source),
        (f"{whose}: years between tenders", float(trust.every), source),
        (f"{whose}: share of its saving that is had", trust.slope, source),
        (f"{whose}: mean over the cycle", found.mean, "closed form of the numbers above"),
    ]
