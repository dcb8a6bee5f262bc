"""The one room that knows time: the order of periods and dates, however they are written."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import TableError

DateOrder = Literal["day/month/year", "month/day/year"]
DATE_ORDERS: tuple[str, ...] = get_args(DateOrder)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december", "sept")  # fmt: skip
_MONTH = rf"(?P<name>{'|'.join(sorted((*_NAMES, *_MONTHS), key=len, reverse=True))})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FINANCIAL = r"(?:FY ?)?(?P<year>\d{4})(?: ?[/-] ?(?P<end>\d{4}|\d\d))?"
_GAP = r"[ ,/.-]*"
# A part of a year by its letter, and how many a year has; P is the accountants' period.
_PARTS = {"h": 2, "q": 4, "m": 12, "p": 13, "w": 53}
_PART = r"(?P<part>half|quarter|month|period|week|[hqmpw])"
_NUMBER = r"(?P<number>\d{1,2})"
_CLOCK = r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<half>[AP])M)?)?"
# No month and no week of a year has a higher number, so two digits that go on to 00 are years of two centuries.
_LAST_WEEK = 53
# What counts down: "t-2", "year -2", "2 years before".
_DOWN = re.compile(r"(?:^|\s|^t ?)- ?$|\b(?:before|ago|bc|prior)\b", re.IGNORECASE)
_SHOWN, _LETTERS = 5, 50

Key = tuple[Any, ...]


def periods(column: pd.Series, order: DateOrder | None = None) -> tuple[NDArray[np.intp], list[Any]]:
    """The place of each row in the order of time, and the periods in that order.

    Numbers, dates and ordered categories have an order of their own. Text is read as whole numbers (or decimals of one
    length), financial years ("2011/12", "2011-12", "FY 2011/12"), dates ("2010-03-31", "31/03/2010", "31 March 2010",
    each with or without a time of day), months ("2010-03", "March 2010"; bare names are months of one calendar year),
    parts of a year ("Q1 2012", "2012Q1", "Q1 2011/12"; likewise H, M, P and W), or words that are the same but for one
    whole number ("year 10"). A column is read in one way as a whole.

    Parameters
    ----------
    column : one period or date a row, none missing
    order : what 03/04/2010 is; needed only where no date of the column tells

    Returns
    -------
    codes, periods : (N,) places from 0, the earliest; what stands in the table for each place

    Raises
    ------
    TableError
        Where text is none of these or of several kinds, where day and month cannot be told apart, and where two
        spellings are one period; the message says how to write them.

    Examples
    --------
    >>> codes, known = periods(pd.Series(["Q1 2010", "Q4 2009", "Q1 2010"]))
    >>> codes.tolist(), known
    ([1, 0, 1], ['Q4 2009', 'Q1 2010'])
    """
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        column = column.cat.remove_unused_categories()
        return np.asarray(column.cat.codes, dtype=np.intp), list(column.cat.categories)
    column = without_categories(column).infer_objects()
    if not (pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)):
        codes, known = pd.factorize(column, sort=True)
        if pd.api.types.is_numeric_dtype(column.dtype):
            _refuse_run_together(known, str(column.name))
        return codes.astype(np.intp), list(known)
    codes, known = pd.factorize(column)
    texts = [_written(value) for value in known]
    _refuse_run_together(texts, str(column.name))
    keys = _read(texts, str(column.name), order)
    ranks = {key: place for place, key in enumerate(sorted(set(keys)))}
    _refuse_spellings(texts, keys, str(column.name))
    places = np.array([ranks[key] for key in keys], dtype=np.intp)
    return places[codes], [known[place] for place in np.argsort(places, kind="stable")]


def without_categories(column: pd.Series) -> pd.Series:
    """The values of a categorical column as they are; any other column unchanged."""
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    return pd.Series(column.to_numpy(), column.index, name=column.name) if is_category else column


def _written(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    return " ".join(str(value).replace("–", "-").replace("−", "-").split())


def _refuse_spellings(texts: Sequence[str], keys: Sequence[Key], name: str) -> None:
    first: dict[Key, str] = {}
    twice = [(first[key], text) for text, key in zip(texts, keys, strict=True) if first.setdefault(key, text) != text]
    if twice:
        shown = ", ".join(f"{one!r} and {other!r}" for one, other in twice[:_SHOWN]) + ", ..." * (len(twice) > _SHOWN)
        raise TableError(f"{name!r} spells one period in two ways: {shown}; write each period in one way.")


def _refuse_run_together(values: Iterable[Any], name: str) -> None:
    """31012010 and 01022010 are dates, of which the later one comes first as a number."""
    year = r"(?P<year>(?:19|20)\d\d)"
    texts = (_written(value) for value in values)
    found = _matched(texts, rf"(?P<one>\d\d?)(?P<two>\d\d){year}", rf"(?P<two>\d\d?)(?P<one>){year}") or []
    found.sort(key=lambda match: int(match[0]))
    parts = [(int(match["year"]), int(match["two"]), int(match["one"] or 1)) for match in found]
    for dates in (parts, [(year, day, month) for year, month, day in parts]):
        if all(1 <= month <= 12 and 1 <= day <= 31 for _, month, day in dates) and dates != sorted(dates):
            raise TableError(
                f"{name!r} cannot be put in the order of time: {found[0][0]!r} may be day, month and year without a "
                "sign between them, and numbers are in another order. Write dates like 2010-03-31 and months like "
                "2010-03."
            )


def _read(texts: Sequence[str], name: str, order: DateOrder | None) -> list[Key]:
    for reading in _READINGS.values():
        if keys := reading(texts):
            return keys
    if keys := _dates(texts, name, order):
        return keys
    cure = (
        "Write all of them in one way and years with four digits, for example 2011, 2011/12, 2010-03-31, Q1 2012, "
        "March 2010 or year 10, or make the column an ordered pandas.Categorical"
    )
    kinds = {text: next((kind for kind, reading in _READINGS.items() if reading([text])), "dates") for text in texts}
    unread = [text for text in texts if kinds[text] == "dates" and not _is_date(text, name)]
    first: dict[str, str] = {}
    for text, kind in kinds.items():
        first.setdefault(kind, text[:_LETTERS])
    if unread:
        shown = ", ".join(repr(text[:_LETTERS]) for text in unread[:_SHOWN]) + ", ..." * (len(unread) > _SHOWN)
        what = f"{shown} is no period that is known"
    elif len(first) > 1:
        what = "it mixes " + " and ".join(f"{kind} ({text!r})" for kind, text in first.items())
    else:
        what = f"its {kinds[texts[0]]} are written in several ways"
    raise TableError(f"{name!r} cannot be put in the order of time: {what}. {cure}.")


def _is_date(text: str, name: str) -> bool:
    try:
        return _dates([text], name, None) is not None
    except TableError:
        return True


def _matched(texts: Iterable[str], *patterns: str) -> list[re.Match[str]] | None:
    """What the first of the patterns that fits finds in each text; None where a text fits none."""
    compiled = [re.compile(pattern, re.IGNORECASE | re.ASCII) for pattern in patterns]
    found = []
    for text in texts:
        match = next((hit for one in compiled if (hit := one.fullmatch(text))), None)
        if match is None:
            return None
        found.append(match)
    return found


def _numbers(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(texts, r"[+-]?\d{1,18}(?:\.(?P<decimals>\d{1,18}))?")
    # Of decimals of several lengths nobody knows whether 2010.10 is October or the same as 2010.1.
    if not found or len({len(match["decimals"] or "") for match in found}) > 1:
        return None
    if {len(text) for text in texts} == {2} and any(text[0] == "0" for text in texts) and max(texts) > str(_LAST_WEEK):
        return None
    return [(float(text) if "." in text else int(text),) for text in texts]


def _financial_years(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(texts, _FINANCIAL)
    if not found or not all(match["end"] and _follows(match) for match in found):
        return None
    return [(int(match["year"]),) for match in found]


def _follows(match: re.Match[str]) -> bool:
    return str(int(match["year"]) + 1).endswith(match["end"])


def _months(texts: Sequence[str]) -> list[Key] | None:
    year, number = r"(?P<year>\d{4})", r"(?P<number>\d{1,2})"
    found = _matched(texts, rf"{year} ?[/.-] ?{number}", rf"{number} ?[/.-] ?{year}")
    if not found or not all(1 <= int(match["number"]) <= 12 for match in found):
        return None
    return [(int(match["year"]), int(match["number"])) for match in found]


def _parts(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(
        texts, rf"{_PART} ?{_NUMBER}{_GAP}{_FINANCIAL}", rf"{_FINANCIAL}{_GAP}{_PART} ?{_NUMBER}",
        rf"{_NUMBER}(?:st|nd|rd|th)? ?{_PART}{_GAP}{_FINANCIAL}",
    )  # fmt: skip
    if not found or len({(match["part"][0].lower(), match["end"] is None) for match in found}) > 1:
        return None
    if not all(1 <= int(match["number"]) <= _PARTS[match["part"][0].lower()] for match in found):
        return None
    if not all(match["end"] is None or _follows(match) for match in found):
        return None
    return [(int(match["year"]), int(match["number"])) for match in found]


def _named_months(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(texts, rf"{_MONTH}{_GAP}(?P<year>\d{{4}})", rf"(?P<year>\d{{4}}){_GAP}{_MONTH}")
    return [(int(match["year"]), _month(match)) for match in found] if found else None


def _bare_months(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(texts, _MONTH)
    return [(_month(match),) for match in found] if found else None


def _month(match: re.Match[str]) -> int:
    return _MONTHS.index(match["name"][:3].lower()) + 1


def _counted(texts: Sequence[str]) -> list[Key] | None:
    found = _matched(texts, r"(?P<before>\D*)(?P<number>\d{1,18})(?P<after>\D*)")
    if not found or len({(match["before"].lower(), match["after"].lower()) for match in found}) > 1:
        return None
    before, after = found[0]["before"], found[0]["after"]
    numbers = _numbers([match["number"] for match in found])
    return None if not before + after or _DOWN.search(before) or _DOWN.search(after) else numbers


def _dates(texts: Sequence[str], name: str, order: DateOrder | str | None) -> list[Key] | None:
    iso = [re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text).upper() for text in texts]
    try:
        # Python would also take bare digits, of any length, for a date.
        read = [datetime.fromisoformat(text if text[4:5] == "-" else "") for text in iso]
    except ValueError:
        return _spelt_dates(texts) or _day_and_month(texts, name, order)
    # A time without a zone cannot be placed beside one with a zone.
    return [(one,) for one in read] if len({one.tzinfo is None for one in read}) == 1 else None


def _spelt_dates(texts: Sequence[str]) -> list[Key] | None:
    year = r"(?P<year>\d{4})"
    found = _matched(texts, rf"{_DAY}{_GAP}{_MONTH}{_GAP}{year}{_CLOCK}", rf"{_MONTH}{_GAP}{_DAY}{_GAP}{year}{_CLOCK}")
    return _days([(match, int(match["day"]), _month(match)) for match in found]) if found else None


def _day_and_month(texts: Sequence[str], name: str, order: DateOrder | str | None) -> list[Key] | None:
    found = _matched(texts, rf"(?P<one>\d{{1,2}})[/.-](?P<two>\d{{1,2}})[/.-](?P<year>\d{{4}}){_CLOCK}")
    if not found:
        return None
    pairs = [(int(match["one"]), int(match["two"])) for match in found]
    orders = [DATE_ORDERS[place] for place in (0, 1) if all(pair[1 - place] <= 12 for pair in pairs)]
    same = all(one == two for one, two in pairs)
    if order is None and len(orders) == 2 and not same:
        text = next(text for text, (one, two) in zip(texts, pairs, strict=True) if one != two)
        raise TableError(
            f"{name!r}: nothing tells whether {text!r} begins with the day or with the month. State "
            f'date_order="{DATE_ORDERS[0]}" or date_order="{DATE_ORDERS[1]}", or write dates like 2010-03-31.'
        )
    used = order or (orders[0] if orders else None)
    if used not in orders:
        said = f"not all of them are {order}" if order else "some begin with the day and some with the month"
        raise TableError(f"{name!r} holds dates that cannot be read: {said}; write them like 2010-03-31.")
    day = 0 if used == DATE_ORDERS[0] else 1
    return _days([(match, pair[day], pair[1 - day]) for match, pair in zip(found, pairs, strict=True)])


def _days(found: Sequence[tuple[re.Match[str], int, int]]) -> list[Key] | None:
    keys = []
    for match, day, month in found:
        hour, minute, second = (int(match[unit] or 0) for unit in ("hour", "minute", "second"))
        if match["half"]:
            hour = hour % 12 + (12 if match["half"].upper() == "P" else 0)
        try:
            keys.append((datetime(int(match["year"]), month, day, hour, minute, second),))
        except ValueError:
            return None
    return keys


_READINGS: dict[str, Callable[[Sequence[str]], list[Key] | None]] = {
    "numbers": _numbers,
    "financial years": _financial_years,
    "months": _months,
    "parts of a year": _parts,
    "months by name": _named_months,
    "bare months": _bare_months,
    "counted periods": _counted,
}
