"""A table of providers with the role of each column: what every fit starts from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import CardError, TableError, UnknownName
from econmodel.table.checks import Column, check, share_sums
from econmodel.table.conditions import truth_of
from econmodel.table.periods import DATE_ORDERS, DateOrder, periods, without_categories
from econmodel.table.roles import Outcome, Output, Price, Relationship, Service, nearest
from econmodel.table.row_names import row_names

Role = TypeVar("Role", Output, Price, Relationship, Outcome)
Shares = Literal["as published", "renormalise"]
Dropped = tuple[int, str, tuple[str, ...]]

SHARE_RULES = ("as published", "renormalise")
# Sums of shares further from one than this are divided by; nearer ones differ by rounding of the machine only.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class CostData:
    """A table and the role of each column, checked.

    Parameters
    ----------
    frame : one row a provider (and period); only the columns with a role are checked
    cost : the column with cost, above zero
    outputs : names, or name -> service type or `Output`; zero or more
    prices : names, or name -> `Price`; above zero
    prices_complete : True where all inputs are priced; cost is then proportional to prices by construction
    relationships : names, or name -> `Relationship`; a bare name has the kind "unstated"
    outcomes : names, or name -> `Outcome`
    controls : further columns that shift cost (rurality, need)
    network : columns with the number of sites, routes or areas served, beside the volume of output
    entity, time : the provider and the period; given both, each pair stands in one row
    date_order : "day/month/year" or "month/day/year", where the periods are dates such as 03/04/2010
    shares : what to do where the shares of complete prices do not add up to one: "as published" takes them as they
        are, "renormalise" divides by their sum and notes it; None refuses
    cost_unit, cost_concept, money : in what cost is counted, what it includes ("total", "operating", "pay bill",
        "per head x heads"), and the currency with its price base; printed wherever services are compared
    title, source, licence, notes, checksum : what a reader must know of the table
    dropped : rows left out before: (how many, because of what, the first five by name)

    Raises
    ------
    TableError
        Where the table does not fit: all faults at once, in the table's own column names.
    CardError
        Where a role is not known or two roles contradict each other.

    Examples
    --------
    >>> frame = pd.DataFrame({"spend": [9.0, 21.0], "visits": [100, 260], "wage": [11.5, 12.0]})
    >>> data = CostData(frame, cost="spend", outputs={"visits": "personal"}, prices=["wage"], cost_unit="GBP thousand")
    >>> data.outputs["visits"].service, len(data)
    ('personal', 2)
    """

    frame: pd.DataFrame
    cost: str
    outputs: Mapping[str, Output]
    prices: Mapping[str, Price]
    prices_complete: bool
    relationships: Mapping[str, Relationship]
    outcomes: Mapping[str, Outcome]
    controls: tuple[str, ...]
    network: tuple[str, ...]
    entity: str | None
    time: str | None
    date_order: DateOrder | None
    shares: Shares | None
    cost_unit: str
    cost_concept: str
    money: str
    title: str
    source: str
    licence: str
    notes: tuple[str, ...]
    checksum: str
    dropped: tuple[Dropped, ...]

    def __init__(
        self,
        frame: pd.DataFrame,
        cost: str,
        outputs: Mapping[str, Output] | Mapping[str, Service] | Iterable[str] | str,
        prices: Mapping[str, Price] | Iterable[str] | str = (),
        prices_complete: bool = False,
        relationships: Mapping[str, Relationship] | Iterable[str] | str = (),
        outcomes: Mapping[str, Outcome] | Iterable[str] | str = (),
        controls: Iterable[str] | str = (),
        network: Iterable[str] | str = (),
        entity: str | None = None,
        time: str | None = None,
        shares: Shares | None = None,
        cost_unit: str = "",
        cost_concept: str = "",
        money: str = "",
        title: str = "",
        source: str = "",
        licence: str = "",
        notes: Iterable[str] | str = (),
        checksum: str = "",
        dropped: Iterable[Dropped] = (),
        date_order: DateOrder | None = None,
    ) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise TableError(f"a pandas DataFrame is needed, not {type(frame).__name__}; econmodel.read takes a card")
        texts = {"cost_unit": cost_unit, "cost_concept": cost_concept, "money": money, "title": title, "source": source,
                 "licence": licence, "checksum": checksum}  # fmt: skip
        for word, text in texts.items():
            if not isinstance(text, str):
                raise CardError(f"{word} must be text in quotation marks, not {_short(text)}")
        if not isinstance(prices_complete, bool | np.bool_):
            raise CardError(f"prices_complete must be True or False, not {_short(prices_complete)}")
        for word, choice, known in (("shares", shares, SHARE_RULES), ("date_order", date_order, DATE_ORDERS)):
            if choice is not None and not (isinstance(choice, str) and choice in known):
                may_be = " or ".join(f'"{one}"' for one in known)
                raise CardError(f"{word} = {_short(choice)} is not known; it may be {may_be}, or left out")
        self._set(
            frame=frame.copy(deep=False),
            cost=cost,
            outputs=_roles("outputs", outputs, Output),
            prices=_roles("prices", prices, Price),
            prices_complete=bool(prices_complete),
            relationships=_roles("relationships", relationships, Relationship),
            outcomes=_roles("outcomes", outcomes, Outcome),
            controls=_names("controls", controls),
            network=_names("network", network),
            entity=entity,
            time=time,
            date_order=date_order,
            shares=shares,
            notes=_names("notes", notes),
            dropped=_dropped(dropped),
            **texts,
        )
        complete_shares = self._complete_shares()
        self._must_agree(complete_shares)
        columns = self._columns()
        check(self.frame, columns, entity, time, complete_shares if shares is None else ())
        # Categories that no row has would be empty groups later; only those of time may have an order that counts.
        kinds = self.frame.dtypes
        if changed := [name for name in columns if name != time and isinstance(kinds[name], pd.CategoricalDtype)]:
            self._set(frame=self.frame.assign(**{name: without_categories(self.frame[name]) for name in changed}))
        if shares == "renormalise" and complete_shares:
            self._renormalise(complete_shares)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _with(self, **changes: Any) -> "CostData":
        """The same data but for `changes` that cannot break what was checked."""
        other = object.__new__(CostData)
        other._set(**{field.name: getattr(self, field.name) for field in fields(self)} | changes)
        return other

    def _columns(self) -> dict[str, Column]:
        """Every column with a role, and what its values must satisfy."""
        if not self.outputs:
            raise CardError("at least one output is needed: outputs = [...] names what providers make")
        roles = [(self.cost, Column("cost", "cost"))]
        roles += [(name, Column("output", "output")) for name in self.outputs]
        roles += [(name, Column("price", "price")) for name in self.prices]
        for word, entries in (("relationship variable", self.relationships), ("outcome", self.outcomes)):
            roles += [(name, Column(word, "log" if role.scale == "log" else None)) for name, role in entries.items()]
        roles += [(name, Column("control")) for name in self.controls]
        roles += [(name, Column("network", "size")) for name in self.network]
        roles += [(price.share, Column("cost share", "share")) for price in self.prices.values() if price.share]
        columns: dict[str, Column] = {}
        for name, column in roles:
            _must_be_name(name, column.role)
            if name in columns:
                raise CardError(f"{name!r} is given as {columns[name].role} and as {column.role}; keep one of the two")
            columns[name] = column
        for key, key_role in ((self.time, "time"), (self.entity, "entity")):
            if key is not None:
                _must_be_name(key, key_role)
                if key_role == "entity" and key in columns:
                    raise CardError(f"{key!r} is given as {columns[key].role} and as entity; keep one of the two")
                columns.setdefault(key, Column(key_role, is_number=False))
        return columns

    def _must_agree(self, complete_shares: Sequence[str]) -> None:
        if self.prices_complete and not self.prices:
            raise CardError("prices_complete is true, but no price is given; name the prices or leave it out")
        if self.shares is not None and not complete_shares:
            raise CardError(
                f'shares = "{self.shares}" says what to do with shares that do not add up to one, which only shares of '
                "all inputs can; it needs prices_complete = true and a share for every price"
            )

    def _complete_shares(self) -> list[str]:
        shares = [price.share for price in self.prices.values() if price.share]
        return shares if self.prices_complete and len(shares) == len(self.prices) else []

    def _renormalise(self, shares: Sequence[str]) -> None:
        sums = share_sums(self.frame, shares)
        divided = (sums - 1).abs() > ROUNDING
        if not divided.any():
            return
        by = sums.where(divided, 1.0)
        frame = self.frame.assign(**{name: self.frame[name] / by for name in shares})
        count = int(divided.sum())
        largest = float((sums - 1).abs().max())
        note = (
            f"The cost shares {', '.join(shares)} of {count:,} {'row' if count == 1 else 'rows'} were divided by their "
            f"sum, which differed from one by up to {largest:.3g}."
        )
        self._set(frame=frame, notes=(*self.notes, note))

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    def labels(self, name: str) -> str:
        """The words printed for a column.

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> load("california_schools").labels("teachers_per_pupil")
        'staffing per pupil'
        """
        role = self.relationships.get(name) or self.outcomes.get(name)
        return role.label if role is not None and role.label else name.replace("_", " ")

    def periods(self) -> tuple[NDArray[np.intp], list[Any]]:
        """The place of each row in the order of time, and the periods in that order.

        Raises
        ------
        TableError
            Where the column of periods has no order that is known (`econmodel.table.periods` lists the spellings).

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> codes, years = load("us_airlines").periods()
        >>> int(codes[0]), years[:2]
        (0, [1970, 1971])
        """
        if self.time is None:
            raise CardError('the periods are not known: name their column with time="..."')
        return periods(self.frame[self.time], self.date_order)

    def row_names(self) -> list[str]:
        """Names of the rows: provider and period where the roles name them, else the labels of the frame's index.

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> load("us_airlines").row_names()[:2]
        ['firm 1, 1970', 'firm 1, 1971']
        """
        return row_names(self.frame, self.entity, self.time)

    def using(
        self,
        outputs: Iterable[str] | str | None = None,
        prices: Iterable[str] | str | None = None,
        relationships: Iterable[str] | str | None = None,
        outcomes: Iterable[str] | str | None = None,
        controls: Iterable[str] | str | None = None,
        prices_complete: bool | None = None,
        shares: Shares | None = None,
    ) -> "CostData":
        """The same rows with some of the declared columns only; an empty list leaves out all of a role.

        Prices are no longer complete once one of them is left out. `dataclasses.replace(data, outputs=[...])` gives
        roles to columns that have none yet.

        Raises
        ------
        UnknownName
            For a column that does not have the role; the message lists those that do.

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> load("california_schools").using(controls=["lunch"], outcomes=[]).controls
        ('lunch',)
        """
        changes: dict[str, Any] = {}
        asked = {"outputs": outputs, "prices": prices, "relationships": relationships, "outcomes": outcomes}
        for word, names in asked.items():
            if names is not None:
                roles = getattr(self, word)
                changes[word] = MappingProxyType({name: roles[name] for name in _known(word, names, roles)})
        if controls is not None:
            changes["controls"] = _known("controls", controls, self.controls)
        if not changes.get("outputs", self.outputs):
            raise CardError("at least one output is needed: outputs = [...] names what providers make")
        left_out = [name for name in self.prices if name not in changes.get("prices", self.prices)]
        complete = self.prices_complete and not left_out if prices_complete is None else bool(prices_complete)
        chosen = self._with(**changes, prices_complete=complete)
        if shares is None and complete == self.prices_complete:
            return chosen
        return replace(chosen, shares=shares or (self.shares if chosen._complete_shares() else None))

    def where(self, condition: "str | pd.Series[bool] | np.ndarray | Sequence[bool]", because: str) -> "CostData":
        """The rows that satisfy a condition; `dropped` says how many others were left out, and why.

        A row whose figures are missing, so that nobody knows whether it satisfies the condition, is left out too, and
        is counted apart with a reason of its own.

        Parameters
        ----------
        condition : comparisons in column names ("pupils >= 500 and region in ['North', 'West']"; `isna()`, `notna()`,
            `isin` and `between` are known), or one truth value a row, where a missing one is not known. Text is
            compared in the order of time, as periods or dates
        because : the reason why those that fail it are left out, printed with every result

        Raises
        ------
        UnknownName
            Where the condition names a column that the table does not have.
        TableError
            Where it cannot be read, is not one truth value a row, or holds for no row.

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> large = load("california_schools").where("pupils >= 500", because="small districts are studied apart")
        >>> len(large), large.dropped[0][:2]
        (281, (139, 'small districts are studied apart'))
        """
        if not isinstance(because, str) or not because.strip():
            raise CardError("because must give the reason in words: it is printed with every result")
        truth, not_known = truth_of(condition, self.frame, self.date_order)
        keep, unknown = truth.fillna(False).to_numpy(dtype=bool), truth.isna().to_numpy(dtype=bool)
        if not keep.any():
            raise TableError(f"no row satisfies {repr(condition) if isinstance(condition, str) else 'the condition'}")
        dropped = list(self.dropped)
        for out, why in ((~keep & ~unknown, because.strip()), (unknown, not_known)):
            if out.any():
                first = np.flatnonzero(out)[:5].tolist()
                dropped.append((int(out.sum()), why, tuple(row_names(self.frame, self.entity, self.time, first))))
        return self if keep.all() else self._with(frame=self.frame[keep], dropped=tuple(dropped))

    def to_card(self, path: str | Path, data_format: Literal["csv", "parquet"] = "csv") -> Path:
        """Write a card and, beside it, the table; `econmodel.read` gives the same data back.

        Rows are written without the frame's index; a named index becomes a column.

        Parameters
        ----------
        path : of the card, ending in ".toml"; the table gets the same name with ".csv" or ".parquet"
        data_format : Parquet keeps every type; CSV is refused where a role column would not come back unchanged

        Returns
        -------
        Path
            of the card

        Examples
        --------
        >>> import tempfile
        >>> from econmodel.table.card import read
        >>> from econmodel.table.shipped import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     back = read(load("us_airlines").to_card(folder + "/airlines.toml"))
        >>> back.cost, len(back)
        ('cost', 90)
        """
        from econmodel.table.card import write

        return write(self, Path(path), data_format)

    def __repr__(self) -> str:
        from econmodel.table.describing import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from econmodel.table.describing import as_html

        return as_html(self)


def _short(value: object) -> str:
    """What was given, in a few words: a column by its type, since its figures would fill the screen."""
    return repr(value) if isinstance(value, str | int | float | dict) else f"a {type(value).__name__}"


def _must_be_name(name: object, role: str) -> None:
    if not isinstance(name, str):
        raise CardError(f'{_short(name)} ({role}) is not a column name; names are text, such as {role}="..."')


def _names(word: str, names: Iterable[str] | str) -> tuple[str, ...]:
    """A bare name is one name, not its letters."""
    if isinstance(names, str):
        return (names,) if names else ()
    if not isinstance(names, Iterable) or isinstance(names, pd.Series):
        raise CardError(f'{word} takes names in quotation marks, such as {word}=["..."], not {_short(names)}')
    for name in (chosen := tuple(names)):
        if not isinstance(name, str):
            raise CardError(f"{word} takes names in quotation marks, not {_short(name)}")
    return chosen


def _dropped(entries: Iterable[Dropped]) -> tuple[Dropped, ...]:
    """Rows left out before, as `CostData` states them."""
    known = []
    for entry in entries if isinstance(entries, Iterable) else [entries]:
        match entry:
            case [int() | np.integer() as rows, str(because), [*first]] if rows > 0 and not isinstance(rows, bool):
                known.append((int(rows), because, tuple(map(str, first))))
            case _:
                raise CardError(
                    "an entry of dropped says how many rows (one or more), because of what, and the first of them by "
                    f"name; not {entry!r}"
                )
    return tuple(known)


def _roles(word: str, given: Any, role: type[Role]) -> Mapping[str, Role]:
    if not isinstance(given, Mapping):
        names = _names(word, given)
        if len(set(names)) < len(names):
            raise CardError(f"{word} names a column twice: {', '.join(names)}")
        return MappingProxyType({name: role() for name in names})
    roles = {}
    for name, value in given.items():
        if role is Output and isinstance(value, str):
            value = Output(value)  # type: ignore[arg-type]
        if not isinstance(value, role):
            raise CardError(f"{word}: {name!r} needs an econmodel.{role.__name__}(...), not {value!r}")
        roles[name] = value
    return MappingProxyType(roles)


def _known(word: str, names: Iterable[str] | str, declared: Iterable[str]) -> tuple[str, ...]:
    chosen, known = _names(word, names), list(declared)
    for name in chosen:
        if name not in known:
            listed = ", ".join(known) or "there are none"
            raise UnknownName(f"{name!r} is not among the {word} of these data ({listed}){nearest(name, known)}")
    return chosen
