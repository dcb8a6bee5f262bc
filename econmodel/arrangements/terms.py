"""The terms on which organisations work together: what they add to the cost of services a year, moved one at a time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.comparison import GIVEN, source, sources, varied
from econmodel.arrangements.pay_back import DISCOUNT_RATE, DISCOUNT_SOURCE, HORIZON, HORIZON_SOURCE, annuity
from econmodel.arrangements.trust import LEAST_OVER_MOST_TRUSTED, TRANSACTION_SHARE, Transactions, Trust
from econmodel.errors import NotSupported

Array = NDArray[np.float64]
SEPARATE, MERGE, PARTNER, MANDATED_PARTNER, SUBCONTRACT = ARRANGEMENTS = (
    "separate", "merge", "partner", "partner, mandated", "subcontract",
)  # fmt: skip
# What services cost, by who provides them; `Terms.totals` adds terms to these.
SERVICES = (
    "all, separately",
    "all, merged",
    "kept",
    "shared",
    "own, with a subcontractor",
    "subcontractor's increment",
)
PARTS = ("services", "coordination", "transactions", "fee", "one-off cost")
# Numbers that can be moved: what each is called, and the fields of `Terms` that move; the first is its value.
MOVABLE = {
    "per_partner": ("coordination, per partner but one", "per_partner"),
    "per_pair": ("coordination, per pair", "per_pair"),
    "transaction_share": ("transaction share, average", "transactions.average"),
    "fee": ("fee of the subcontract", "fee"),
    "every": ("years between tenders", "trust.every", "mandated.every"),
    "kept": ("trust kept at a tender", "trust.kept", "mandated.kept"),
    "decay": ("decay of trust, a year", "trust.decay"),
    "one_off": ("one-off cost of merging", "one_off"),
}
PETERSEN = "published: Petersen, Baekkeskov, Potoski and Brown (2019), 72 Danish contracts"
DYER = "published: Dyer and Chu (2003), car makers; that it holds for services is an assumption"
IMPOSED = "as given for partners of choice, worn three times as fast and half of its saving: an assumption"
ASSUMPTION, NOT_GIVEN = "assumption", "not given: nothing is counted"


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of an arrangement among n providers; money is a year's.

    Attributes
    ----------
    partners : how many
    per_partner, per_pair : cost of coordination for each partner but one, and for each pair of partners
    fee : share of the price of subcontracted work that does not reach the subcontractor
    one_off : cost of merging, spread over `horizon` years at `discount_rate`
    trust, mandated : of a partnership of choice (and of a subcontract), and of an imposed one
    transactions : what transactions take of the value that passes between partners
    """

    partners: int
    per_partner: float
    per_pair: float
    fee: float
    one_off: float
    horizon: float
    discount_rate: float
    trust: Trust
    mandated: Trust
    transactions: Transactions

    def __post_init__(self) -> None:
        if not 0.0 <= self.fee < 1.0:
            raise NotSupported(
                f"fee={self.fee:g}: a fee of 100 % or more leaves nothing for whoever does the work, and one below "
                "zero is a subsidy. Give a share of the price from 0 to below 1."
            )
        amounts = {name: getattr(self, name) for name in ("per_partner", "per_pair", "one_off", "discount_rate")}
        bad = [f"{name}={value:g}" for name, value in amounts.items() if not 0.0 <= value < np.inf]
        if bad:
            raise NotSupported(f"{', '.join(bad)}: costs and the discount rate cannot be below zero.")
        if not self.horizon >= 1.0:
            raise NotSupported(f"horizon={self.horizon:g}: the cost of merging is spread over one year at least.")

    @property
    def coordination(self) -> float:
        """Cost of coordination a year: per partner along the spokes of a hub, per pair where all speak with all."""
        n = self.partners
        return self.per_partner * (n - 1) + self.per_pair * n * (n - 1) / 2.0

    @property
    def a_year(self) -> float:
        """What one unit of one-off cost is a year."""
        return 1.0 / annuity(self.discount_rate, self.horizon)

    def shares(self) -> tuple[float, float]:
        """Shares of value that transactions take: of a partnership of choice, and of an imposed one."""
        return self.transactions.share(self.trust), self.transactions.share(self.mandated)

    def parts(self) -> tuple[Array, Array]:
        """What each part of each arrangement takes of each service cost (5, 5, 6), and its fixed amount (5, 5).

        separate: sum C(y_j). merge: C(sum y) and the annuity of the one-off cost. partner: sum C(y_j less shared) and
        C(shared), coordination, transactions on C(shared). subcontract: C(own), the subcontractor's increment over
        (1 - fee) as price, transactions on the price.
        """
        weights = np.zeros((len(ARRANGEMENTS), len(PARTS), len(SERVICES)))
        fixed = np.zeros((len(ARRANGEMENTS), len(PARTS)))
        chosen, imposed = self.shares()
        weights[0, 0, 0] = weights[1, 0, 1] = 1.0
        fixed[1, 4] = self.one_off * self.a_year
        for row, share in ((2, chosen), (3, imposed)):
            weights[row, 0, 2:4] = 1.0
            weights[row, 2, 3] = share
            fixed[row, 1] = self.coordination
        price = 1.0 / (1.0 - self.fee)
        weights[4, 0, 4:6] = 1.0
        weights[4, 3, 5] = price - 1.0
        weights[4, 2, 5] = chosen * price
        return weights, fixed

    def totals(self, services: Array) -> Array:
        """Cost of each arrangement (..., 5) from costs of services (..., 6)."""
        weights, fixed = self.parts()
        return services @ weights.sum(axis=1).T + fixed.sum(axis=1)

    def moved(self, name: str, value: float) -> "Terms":
        """The same terms with one number moved; what belongs to tenders moves for both kinds of partnership."""
        moved: Terms = varied(self, int(value) if name == "every" else value, *MOVABLE[name][1:])
        return moved

    def highest_transaction_share(self) -> float:
        """The average at which transactions without trust take all of the value."""
        one: Transactions = varied(self.transactions, 0.5 / self.transactions.ratio, "average")
        return one.average / one.without_trust

    def numbers(self, own_trust: bool, own_mandated: bool) -> pd.DataFrame:
        """Every number, and its source; `own_trust` and `own_mandated` say which kinds of trust were given."""
        chosen, imposed = self.shares()
        paid = ("per_partner", "per_pair", "fee", "one_off")
        amounts = [(MOVABLE[name][0], float(getattr(self, name))) for name in paid]
        transactions, above = self.transactions, "from the numbers above and below"
        average, ratio = transactions.average, transactions.ratio
        trusts = (
            ("trust", self.trust, GIVEN if own_trust else ASSUMPTION),
            ("mandated trust", self.mandated, GIVEN if own_mandated else IMPOSED if own_trust else ASSUMPTION),
        )
        return sources(
            [
                *((label, value, GIVEN if value else NOT_GIVEN) for label, value in amounts),
                ("years over which it is spread", self.horizon, source(self.horizon, HORIZON, HORIZON_SOURCE)),
                ("discount rate", self.discount_rate, source(self.discount_rate, DISCOUNT_RATE, DISCOUNT_SOURCE)),
                ("transaction share over the base cycle", average, source(average, TRANSACTION_SHARE, PETERSEN)),
                (
                    "transaction share without trust over with full trust",
                    ratio,
                    source(ratio, LEAST_OVER_MOST_TRUSTED, DYER),
                ),
                ("transaction share, partners of choice", chosen, above),
                ("transaction share, mandated", imposed, above),
                *(row for whose, trust, known in trusts for row in _of_trust(whose, trust, known)),
            ]
        )


def _of_trust(whose: str, trust: Trust, known: str) -> list[tuple[str, float, str]]:
    return [
        (f"{whose}: growth a year", trust.growth, known),
        (f"{whose}: decay a year", trust.decay, known),
        (f"{whose}: kept at a tender", trust.kept, known),
        (f"{whose}: years between tenders", float(trust.every), known),
        (f"{whose}: share of its saving that is had", trust.slope, known),
        (f"{whose}: mean over the cycle", trust.cycle().mean, "closed form of the numbers above"),
    ]
