"""Every error of the package: what happened, in the user's own column names, and what to do about it."""


class EconmodelError(ValueError):
    """Something the user can mend. Its message says what happened and what to do."""


class TableError(EconmodelError):
    """A table does not fit its card. All faults are listed at once, in the user's column names.

    Mend the column in the table, or the line of the card that describes it; nothing was dropped or changed.
    """


class CardError(EconmodelError):
    """A card (or the same words given to `CostData`) is incomplete or contradicts itself.

    The message names the entry and the values that it may take.
    """


class UnknownName(EconmodelError):
    """A name was asked for that does not exist; the message lists those that do."""


class FormError(EconmodelError):
    """A form cannot hold these data, or a measure does not exist for this form.

    Typical cures: a level form ("composite", "flexible_fixed_cost") where outputs are zero; quasi-scope, which never
    leaves the providers' own mix entirely, where a log form has no cost at zero output.
    """


class NotIdentified(EconmodelError):
    """The data cannot tell some parameters apart. The message names the direction; no number is returned for it.

    Typical cures: fewer second-order terms (`second_order="outputs"` or `"none"`), one of the named columns left out
    with `data.using(...)`, outputs added together.
    """


class DidNotConverge(EconmodelError):
    """The search for the parameters stopped before it reached an optimum; no number is returned.

    Typical cures: fewer second-order terms, `error="multiplicative"`, a look at the providers that the message names.
    """


class NotSupported(EconmodelError):
    """The question cannot be answered by this method or for these data; the message says which one can."""


class ParameterError(EconmodelError):
    """A parameter given to a report is unknown, of the wrong type, or not a number the notebook can take."""


class ReportFailed(EconmodelError):
    """A notebook stopped, or a check that must pass did not. The last good report was left in place."""
