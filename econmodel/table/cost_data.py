"""A table of providers with the role of each column: what every fit starts from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import CardError, TableError
from econmodel.frames import in_pandas
from econmodel.results import FrozenMapping, html_table, printed
from econmodel.table.card import card_text, read_card
from econmodel.table.checks import Column, check, plain, row_names, share_sums
from econmodel.table.conditions import truth_of
from econmodel.table.periods import DATE_ORDERS, DateOrder, periods
from econmodel.table.reading import read_table, write_table
from econmodel.table.roles import (
    ROLES,
    Dropped,
    Outcome,
    Output,
    Price,
    Relationship,
    Service,
    dropped_given,
    known_names,
    must_be_name,
    names_given,
    roles_given,
    short,
    stated,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Shares = Literal["as published", "renormalise"]

SHARE_RULES = ("as published", "renormalise")
# Sums of shares further from one than this are divided by; nearer ones differ by rounding of the machine only.
ROUNDING = 1e-12
# What is printed of a fact that is stated of a column, where the fact alone would not be understood.
_FACTS = {"share": "share {}", "more_means": "more is {}"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class CostData:
    """A table and the role of each column, checked.

    Parameters
    ----------
    frame : one row a provider (and period), as a frame of pandas, polars, Arrow or any other library that narwhals
        knows; only the columns with a role are checked
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
        frame: "pd.DataFrame | IntoDataFrame",
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
        table = in_pandas(frame)
        if not isinstance(table, pd.DataFrame):
            raise TableError(f"a pandas DataFrame is needed, not {type(frame).__name__}; econmodel.read takes a card")
        texts = {"cost_unit": cost_unit, "cost_concept": cost_concept, "money": money, "title": title, "source": source,
                 "licence": licence, "checksum": checksum}  # fmt: skip
        for word, text in texts.items():
            if not isinstance(text, str):
                raise CardError(f"{word} must be text in quotation marks, not {short(text)}")
        if not isinstance(prices_complete, bool | np.bool_):
            raise CardError(f"prices_complete must be True or False, not {short(prices_complete)}")
        for word, choice, known in (("shares", shares, SHARE_RULES), ("date_order", date_order, DATE_ORDERS)):
            if choice is not None and not (isinstance(choice, str) and choice in known):
                may_be = " or ".join(f'"{one}"' for one in known)
                raise CardError(f"{word} = {short(choice)} is not known; it may be {may_be}, or left out")
        self._set(
            frame=table.copy(deep=False),
            cost=cost,
            outputs=roles_given("outputs", outputs, Output),
            prices=roles_given("prices", prices, Price),
            prices_complete=bool(prices_complete),
            relationships=roles_given("relationships", relationships, Relationship),
            outcomes=roles_given("outcomes", outcomes, Outcome),
            controls=names_given("controls", controls),
            network=names_given("network", network),
            entity=entity,
            time=time,
            date_order=date_order,
            shares=shares,
            notes=names_given("notes", notes),
            dropped=dropped_given(dropped),
            **texts,
        )
        complete_shares = self._complete_shares()
        if self.prices_complete and not self.prices:
            raise CardError("prices_complete is true, but no price is given; name the prices or leave it out")
        if shares is not None and not complete_shares:
            raise CardError(
                f'shares = "{shares}" says what to do with shares that do not add up to one, which only shares of all '
                "inputs can; it needs prices_complete = true and a share for every price"
            )
        columns = self._columns()
        check(self.frame, columns, entity, time, complete_shares if shares is None else ())
        # Categories that no row has would be empty groups later; only those of time may have an order that counts.
        made_plain = {name: plain(self.frame[name], columns[name].is_number) for name in columns if name != time}
        if changed := {name: one for name, one in made_plain.items() if one.dtype != self.frame[name].dtype}:
            self._set(frame=self.frame.assign(**changed))
        if shares == "renormalise" and complete_shares:
            self._renormalise(complete_shares)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _given(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _with(self, **changes: Any) -> "CostData":
        """The same data but for `changes` that cannot break what was checked."""
        other = object.__new__(CostData)
        other._set(**self._given() | changes)
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
            must_be_name(name, column.role)
            if name in columns:
                raise CardError(f"{name!r} is given as {columns[name].role} and as {column.role}; keep one of the two")
            columns[name] = column
        for key, key_role in ((self.time, "time"), (self.entity, "entity")):
            if key is not None:
                must_be_name(key, key_role)
                if key_role == "entity" and key in columns:
                    raise CardError(f"{key!r} is given as {columns[key].role} and as entity; keep one of the two")
                columns.setdefault(key, Column(key_role, is_number=False))
        return columns

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
        largest = float((sums - 1).abs().max())
        note = (
            f"The cost shares {', '.join(shares)} of {_count(int(divided.sum()))} were divided by their sum, which "
            f"differed from one by up to {largest:.3g}."
        )
        self._set(frame=frame, notes=(*self.notes, note))

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    def source_line(self, rows: int | None = None) -> str:
        """The table and how many of its rows a number rests on, as the last line of a chart gives them.

        Examples
        --------
        >>> from econmodel.table.shipped import load
        >>> load("us_airlines").source_line()
        'Source: Airlines in the United States, 1970-84; n = 90 observations'
        """
        title = f"Source: {self.title}; " if self.title else ""
        return f"{title}n = {len(self) if rows is None else rows:,} {self.noun}"

    @property
    def noun(self) -> str:
        """What rows are: "providers", or "observations" where a provider has several."""
        several = self.entity is not None and self.frame[self.entity].duplicated().any()
        return "observations" if several else "providers"

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
                changes[word] = FrozenMapping({name: roles[name] for name in known_names(word, names, roles)})
        if controls is not None:
            changes["controls"] = known_names("controls", controls, self.controls)
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
        >>> from econmodel.table.cost_data import read
        >>> from econmodel.table.shipped import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     back = read(load("us_airlines").to_card(folder + "/airlines.toml"))
        >>> back.cost, len(back)
        ('cost', 90)
        """
        path = Path(path)
        if data_format not in ("csv", "parquet"):
            raise CardError(f'data_format = {data_format!r} is not known; it may be "csv" or "parquet"')
        if path.suffix != ".toml":
            raise CardError(f'a card is a ".toml" file, not {path.name!r}')
        file = path.with_suffix(f".{data_format}")
        has_numbers = {name: column.is_number for name, column in self._columns().items()}
        write_table(self.frame, file, has_numbers, self.entity, self.time)
        path.write_text(card_text(self._given(), file), encoding="utf-8", newline="\n")
        return path

    def __repr__(self) -> str:
        table = printed(self._described()).to_string(index=False)
        return "\n".join([self.title or "Providers", table, *self._facts()])

    def _repr_html_(self) -> str:
        facts = "".join(f'<p class="note">{escape(fact)}</p>' for fact in self._facts())
        return f'<div class="econmodel">{html_table(self._described(), self.title or "Providers")}{facts}</div>'

    def _described(self) -> pd.DataFrame:
        """What each column is, one row a column."""
        rows = [("cost", self.cost, ", ".join(part for part in (self.cost_concept, self.cost_unit) if part))]
        for word in ROLES:
            for name, role in getattr(self, word).items():
                facts = [_FACTS.get(key, "{}").format(fact.replace("_", " ")) for key, fact in stated(role).items()]
                rows.append((word.removesuffix("s"), name, ", ".join(facts)))
        rows += [("control", name, "") for name in self.controls] + [("network", name, "") for name in self.network]
        rows += [("entity", self.entity, "")] if self.entity else []
        rows += [("time", self.time, self.date_order or "")] if self.time else []
        return pd.DataFrame(rows, columns=["role", "column", "described as"])

    def _facts(self) -> list[str]:
        """How many rows there are, those left out, notes and source, a sentence each."""
        prices = ["prices of all inputs"] if self.prices_complete else ["some inputs unpriced"] if self.prices else []
        facts = ["; ".join(part for part in (_count(len(self)), self.money, *prices) if part) + "."]
        for count, because, first in self.dropped:
            more = "; ..." if count > len(first) else ""
            facts.append(f"{_count(count)} left out ({'; '.join(first)}{more}): {because}.")
        return [*facts, *self.notes, *([f"Source: {self.source}."] if self.source else [])]


def _count(rows: int) -> str:
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


def read(path: str | Path) -> CostData:
    r"""Read a card and the table beside it.

    Parameters
    ----------
    path : of the card, a TOML file; its entry `file` names a CSV or Parquet file in the same folder

    Returns
    -------
    CostData
        with the checksum of the file, whether or not the card states one

    Raises
    ------
    CardError
        Where the card has an unknown entry, lacks one, or the file is not the one whose checksum it states.
    TableError
        Where the table does not fit the card: all faults at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "homes.csv").write_text("home,spend,weeks\nA,9.5,40\nB,14.0,75\n")
    >>> _ = (folder / "homes.toml").write_text(
    ...     'file = "homes.csv"\ncost = "spend"\nentity = "home"\n[outputs.weeks]\nservice = "personal"\n'
    ... )
    >>> read(folder / "homes.toml").row_names()
    ['A', 'B']
    """
    if not isinstance(path, str | Path):
        raise CardError(
            f"econmodel.read takes the path of a card, not a {type(path).__name__}; a table in memory goes into "
            'econmodel.CostData(frame, cost="...", outputs=[...])'
        )
    given, file = read_card(Path(path))
    prices = given.get("prices", ())
    numbers = {given["cost"], *(name for key in (*ROLES, "controls", "network") for name in given.get(key, ()))}
    numbers |= {price.share for price in prices.values()} if isinstance(prices, dict) else set()
    frame = read_table(file, given.get("entity"), given.get("time"), numbers)
    try:
        return CostData(frame, **given)
    except TableError as faults:
        if "(row " not in str(faults):
            raise
        raise TableError(f"{faults}\nRow 0 is the first below the header of {file.name}.") from None
