"""What was asked of `em.fit`, apart from the data, and what cannot be asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from econmodel.errors import FormError, UnknownName
from econmodel.estimate.covariance import check_covariance
from econmodel.forms.form import Form, Restriction, SecondOrder

if TYPE_CHECKING:
    from econmodel.estimate.estimators import Estimator

ProviderEffects = Literal["within", "mundlak", "random"]
EFFECTS = (None, "within", "mundlak", "random")
ERRORS = ("multiplicative", "additive")


@dataclass(frozen=True, slots=True, eq=False)
class Specification:
    """What was asked of `em.fit`, apart from the data; see there."""

    form: Form
    estimator: "Estimator"
    effects: ProviderEffects | None = None
    cov_type: str | None = None
    groups: Any = None
    second_order: SecondOrder | None = None
    restrict: tuple[Restriction, ...] = ()
    error: str = "multiplicative"
    homogeneous: bool | None = None
    hold_outcomes: bool = False
    time_effects: bool = False
    weights: str | None = None
    jointly: bool = False


def check(specification: Specification) -> None:
    """UnknownName or FormError, with the cure, for what no estimator can do."""
    if specification.effects not in EFFECTS:
        raise UnknownName(
            f"effects={specification.effects!r} is not known. It may be None, "
            + ", ".join(f'"{name}"' for name in EFFECTS[1:-1])
            + f' or "{EFFECTS[-1]}".'
        )
    if specification.error not in ERRORS:
        raise UnknownName(f'error={specification.error!r} is not known. It may be "multiplicative" or "additive".')
    if specification.cov_type is not None:
        check_covariance(specification.cov_type)
    if specification.error == "additive" and not specification.form.aggregates:
        raise FormError(
            f"The {specification.form.title} form explains log cost, so its error multiplies cost. "
            f'Use error="multiplicative", or a level form ("composite", "flexible_fixed_cost") with error="additive".'
        )
    if specification.weights is not None and specification.error != "additive":
        raise FormError(
            'weights= say how sure the cost of each row is in money, for error="additive" in a level form. An error '
            "that multiplies cost is a share of it, whatever the size of the row, and robust standard errors allow for "
            "shares that differ: leave weights out."
        )
    if specification.weights is not None and specification.estimator.name != "least_squares":
        raise FormError(
            f'estimator="{specification.estimator.name}" has no weights. Use estimator="least_squares", or '
            "weights=None."
        )
    if specification.error == "additive" and specification.effects is not None:
        raise FormError(
            f'Provider effects multiply cost: use error="multiplicative" with effects="{specification.effects}".'
        )
    if specification.effects not in (None, *specification.estimator.effects):
        able = " or ".join(f'"{name}"' for name in specification.estimator.effects)
        raise FormError(
            f'estimator="{specification.estimator.name}" has no effects="{specification.effects}". '
            + (f"It has {able}, or none." if able else "Use effects=None.")
        )
