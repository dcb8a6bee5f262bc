"""Files as people have them: what is read is what the file says, and a file that is off is refused in words."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import CardError, EconmodelError, TableError
from econmodel.table.reading import MISSING, read_table
from econmodel.table.shipped import names, shipped

HEADER = "home,year,spend,weeks,rural\n"
ROWS = "A,2011,9.5,40,0.1\nB,2011,14,75,0.2\n"
MARK = b"\xef\xbb\xbf"
CARD = 'file = "homes.csv"\ncost = "spend"\nentity = "home"\ntime = "year"\ncontrols = ["rural"]\noutputs = ["weeks"]\n'


@pytest.fixture
def read(tmp_path):
    """Read a table of homes; text or bytes."""

    def reading(table, card=CARD):
        for name, content in (("homes.csv", table), ("homes.toml", card)):
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return em.read(tmp_path / "homes.toml").frame

    return reading


@pytest.mark.parametrize(
    "table",
    [
        HEADER + ROWS,
        MARK + (HEADER + ROWS).encode(),
        (HEADER + ROWS).replace("\n", "\r\n"),
        (HEADER + ROWS).replace("\n", "\r"),
        "\n\n" + HEADER + "\n" + ROWS + "\n\n",
        (HEADER + ROWS).strip(),
        '"home","year","spend","weeks","rural"\n"A","2011","9.5","40","0.1"\nB,2011, 14 ,75,2e-1\n',
    ],
)
def test_spellings_of_one_table(read, table):
    frame = read(table)
    assert frame.values.tolist() == [["A", 2011, 9.5, 40, 0.1], ["B", 2011, 14.0, 75, 0.2]]
    assert [dtype.kind for dtype in frame.dtypes[1:]] == ["i", "f", "i", "f"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (HEADER + ROWS.replace("\n", ",\n"), r"a comma at the end .*- 2 rows have 6 fields where the header has 5 "
         r"fields: rows 2, 3 of the file"),
        (HEADER + ROWS + "C,2011,1\nAsh, Ltd,2011,1,2,3\n", r"- 1 row has 3 fields where .*: row 4 of the file\n- 1 "
         r"row has 6 fields where .*: row 5 of the file"),
        (HEADER + '"Ash\nLtd",2011,1,2,3\nB,2011,1,2\n', r"1 row has 4 fields .*: row 3 of the file"),
        (HEADER + "A,2011\n" * 9, r"9 rows have 2 fields .*: rows 2, 3, 4, 5, 6, ... of the file"),
        ("Returns of 2011\n" + HEADER + ROWS, r"a title above the header.*3 rows have 5 fields where the header has 1"),
        ((HEADER + ROWS).replace("\n", ",\n"), r"the header leaves 1 of 6 fields without a name: field 6; write one"),
        (HEADER.replace("rural", "weeks") + ROWS, r"the header names 2 columns 'weeks'; rename all but one"),
        (HEADER.replace("rural", "weeks ") + ROWS, r"the header names 2 columns 'weeks'; rename all but one"),
        (HEADER.replace("year,", ",").replace("rural", "weeks") + ROWS + "C\n", r"names 2 columns 'weeks'.*\n- the "
         r"header leaves 1 of 5 .*\n- 1 row has 1 field where"),
    ],
)  # fmt: skip
def test_rows_are_counted_against_the_header(read, table, message):
    with pytest.raises(TableError, match="(?s)homes.csv is not a table with one header and as many fields.*" + message):
        read(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ((HEADER + ROWS).replace(",", ";"), "homes.csv separates its fields with semicolons; save it with commas"),
        ("Homes\n\n" + (HEADER + ROWS + '"Ash",1,2,3,4').replace(",", ";"), "separates its fields with semicolons"),
        ((HEADER + ROWS).replace(",", "\t"), "homes.csv separates its fields with tabs"),
        ((HEADER + ROWS).encode("utf-16"), "homes.csv is in UTF-16; save it as CSV UTF-8"),
        ((HEADER + "Dü,2011,1,2,3\n").encode("latin-1"), r"line 2 has a letter that is not in UTF-8 \(byte 0xfc\)"),
        (HEADER + "A\0,2011,1,2,3\n", "it holds zero bytes, which no text does; save it as CSV UTF-8"),
        ("", "homes.csv cannot be read as CSV with commas in UTF-8: it is empty"),
        (MARK, "it is empty"),
        (HEADER + '"A,2011,1,2,3\nB,2011,1,2,3\n', "a quotation mark in line 2 that neither begins nor ends a field"),
        (HEADER + ROWS + '5" pipe,2011,1,2,3\n', "a quotation mark in line 4 that neither begins nor ends a field"),
        (HEADER + 'A, "2011",1,2,3\n', r'double those within it \("5"" pipe"\), and leave no space outside them'),
        (HEADER + '"5\\" pipe",2011,1,2,3\n', "a quotation mark in line 2"),
        ("x" * 200_000 + ",y\n1,2\n", "in its header"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused(read, table, message):
    with pytest.raises(CardError, match=message):
        read(table)


def test_codes_are_names_and_not_numbers(read):
    codes = ["0001", "01", "1", "1.1", "1.10", "5E1", "50", "NA", "null", "Ash, Ltd", 'the "B"', "two\nlines"]
    rows = "".join(f'"{code}",2011,1,2,3\n'.replace('the "B"', 'the ""B""') for code in codes)
    assert read(HEADER + rows)["home"].tolist() == codes


@pytest.mark.parametrize(
    ("years", "read_as"),
    [
        (["2011", "2012"], [2011, 2012]),
        (["2011.0", "2011.5"], [2011.0, 2011.5]),
        (["01", "02"], ["01", "02"]),
        (["1.1", "1.10"], ["1.1", "1.10"]),
        (["2011", "2011/12"], ["2011", "2011/12"]),
        (["2011", "2011.5"], ["2011", "2011.5"]),
        (["5E1", "50"], ["5E1", "50"]),
        (["1_0", "10"], ["1_0", "10"]),
    ],
)
def test_periods_are_numbers_only_where_they_write_themselves_so(read, years, read_as):
    found = read(HEADER + "".join(f"A,{year},1,2,3\n" for year in years))["year"]
    assert found.tolist() == read_as
    assert pd.api.types.is_numeric_dtype(found) is not isinstance(read_as[0], str)


def test_figures_are_numbers_by_their_role(read):
    frame = read(HEADER + "A,2011,007,40.,True\nB,2011,1e-05,+.5,False\n")
    assert frame[["spend", "weeks", "rural"]].values.tolist() == [[7.0, 40.0, True], [1e-05, 0.5, False]]
    words = "".join(f"H{place},2011,{word},1,{word}\n" for place, word in enumerate(MISSING))
    assert read(HEADER + words + "Z,2011,3,1,TRUE\n")[["spend", "rural"]].isna().sum().tolist() == [len(MISSING)] * 2


@pytest.mark.parametrize(
    "cell", ["£310", '"8,500"', "5%", "0x10", "1_0", "١٢", "1d5", "-", "−5", "\uff15", "*", "#REF!", "2011-01-01"]
)
def test_a_cell_that_is_no_number_is_named(read, cell):
    with pytest.raises(TableError, match=r"'spend' \(cost\) holds text or dates .*, such as .*: 1 row \(A, 2011\)"):
        read(HEADER + f"A,2011,{cell},40,1\nB,2011,3,4,5\n")


def test_rows_of_the_file_are_found_by_their_number(read):
    with pytest.raises(
        TableError, match=r"has no name: 1 row \(row 2\).*\nRow 0 is the first below the header of homes"
    ):
        read(HEADER + ROWS + ",,,,\n")


def test_what_the_machine_cannot_hold_is_not_taken_for_nothing(read):
    with pytest.raises(TableError, match=r"'weeks' \(output\) is beyond 1e\+30 or, but for zero, below 1e-30"):
        read(HEADER + "A,2011,1,1e-400,0\nB,2011,3,0,0\n")
    with pytest.raises(TableError, match=r"'spend' \(cost\) is infinite"):
        read(HEADER + "A,2011,1e400,1,0\n")


def test_a_column_without_a_role_is_a_number_where_nothing_is_lost(tmp_path):
    (tmp_path / "t.csv").write_text(
        "plain,zeros,points,powers,money,missing,words\n1,01,1.1,5E1,12.50,NA,x\n2,1,1.10,50,7.25,1e-05,y\n"
    )
    frame = read_table(tmp_path / "t.csv", None, None, ())
    assert [dtype.kind in "if" for dtype in frame.dtypes] == [True, False, False, False, True, True, False]
    assert frame["points"].tolist() == ["1.1", "1.10"]


def test_a_row_may_be_longer_than_a_block(read):
    assert len(read(HEADER + "A" * 3_000_000 + ",2011,1,2,3\n" + ROWS)["home"][0]) == 3_000_000


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
codes = st.one_of(texts, st.from_regex(r"0?[0-9]{1,3}(\.[0-9]{1,2}|E[0-9])?", fullmatch=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(codes, min_size=1, max_size=12))
def test_any_text_comes_back_as_the_same_text(tmp_path, cells):
    file = tmp_path / "codes.csv"
    pd.DataFrame({"home": cells, "spend": 1.0}).to_csv(file, index=False, lineterminator="\n")
    assert read_table(file, "home", None, ["spend"])["home"].tolist() == cells


@given(numbers=st.lists(st.floats(1e-30, 1e30) | st.just(0.0) | st.integers(0, 2**62), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_comes_back_to_the_last_bit(tmp_path, numbers):
    file = tmp_path / "numbers.csv"
    pd.DataFrame({"home": "A", "spend": numbers}).to_csv(file, index=False)
    assert read_table(file, "home", None, ["spend"])["spend"].tolist() == numbers


@pytest.mark.parametrize("name", names())
def test_shipped_figures_are_those_that_pandas_reads(name):
    data = em.load(name)
    theirs = pd.read_csv(shipped("data") / f"{name}.csv", na_values=["n/a"], dtype={data.entity: str})
    pd.testing.assert_frame_equal(data.frame, theirs, check_exact=True)


# Parquet


def test_parquet_that_is_cut_off_or_rotten_is_refused_in_words(tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"home": [f"H{i}" for i in range(500)], "year": 2011, "spend": 1.0, "weeks": 2, "rural": 0.0})
    whole = frame.to_parquet()
    (tmp_path / "homes.toml").write_text(CARD.replace("homes.csv", "homes.parquet"))
    refused = 0
    for trial in range(120):
        rotten = bytearray(whole)
        for place in rng.integers(0, len(whole), 5):
            rotten[place] = rng.integers(0, 256)
        (tmp_path / "homes.parquet").write_bytes(whole[: len(whole) * trial // 120] if trial % 2 else bytes(rotten))
        try:
            em.read(tmp_path / "homes.toml")
        except EconmodelError:
            refused += 1
    assert refused > 60
    (tmp_path / "homes.parquet").write_bytes(b"PAR1junkPAR1")
    with pytest.raises(CardError, match=r"homes\.parquet cannot be read as Parquet, it may have been cut off"):
        em.read(tmp_path / "homes.toml")


# Cards that are none


def test_a_byte_order_mark_is_no_part_of_a_card(read):
    assert len(read(HEADER + ROWS, MARK + CARD.replace("\n", "\r\n").encode())) == 2


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("x = " + "[" * 100_000, "is not valid TOML for a card: a list too deep or a number too long"),
        ("title = " + "9" * 5_000, "is not valid TOML for a card: a list too deep or a number too long"),
        ("a" + ".a" * 50_000 + " = 1", "is too long for a card: at most 1,000,000 letters, and 500 dots in a line"),
        ("title = '" + "long " * 250_000 + "'", "is too long for a card"),
        (CARD.replace("homes.csv", "a" * 5_000 + ".csv"), r"names the file 'a{100}', which is not in"),
        (CARD.replace("homes.csv", ""), "names the file '.*', which is not in"),
        (CARD.replace("homes.csv", "."), "names the file '.*', which is not in"),
        (CARD.replace("homes.csv", "C:\\xyz\\homes.csv"), r"is not valid TOML: .*; write paths with / instead of \\"),
        (CARD.replace("spend", "dépense").encode("latin-1"), "homes.toml is not in UTF-8; save it as text in UTF-8"),
        ('dropped = [{ rows = -5, because = "x", first = [] }]\n' + CARD, "an entry of dropped says how many rows"),
        ('dropped = [{ rows = true, because = "x", first = [] }]\n' + CARD, "an entry of dropped says how many rows"),
        ("date_order = 5\n" + CARD, "date_order must be text in quotation marks, not 5"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_read_is_refused_in_words(read, card, message):
    with pytest.raises(CardError, match=message):
        read(HEADER + ROWS, card)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "it is a folder; name the .toml file in it"),
        (Path(), "it is a folder"),
        ("a" * 5_000 + ".toml", "there is no card 'a{100}' in .: a card is a file that ends in .toml"),
        ("a\0b.toml", "there is no card"),
        (
            pd.DataFrame(),
            r"takes the path of a card, not a DataFrame; a table in memory goes into econmodel.CostData\(",
        ),
        (None, "takes the path of a card, not a NoneType"),
    ],
)
def test_what_is_no_path_of_a_card_is_refused_in_words(path, message):
    with pytest.raises(CardError, match=message):
        em.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_neither_card_nor_table(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.toml")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(CardError, match=r"there is no card 'pipe\.toml'"):
        em.read(tmp_path / "pipe.toml")
    with pytest.raises(CardError, match=r"names the file 'pipe\.csv', which is not in"):
        read(HEADER + ROWS, CARD.replace("homes.csv", "pipe.csv"))
