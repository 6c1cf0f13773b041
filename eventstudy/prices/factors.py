"""Daily factors and the risk-free rate from Kenneth French's archives, in decimals.

The archives are text inside a zip: some lines of explanation, a header, one row a day with the
date as eight digits and percentages, then a copyright line. He revises them, so what was read is
known by its hash.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.errors import InputError, SourceError, nearest
from eventstudy.prices.panel import AssetInfo, PricePanel, join_panels
from eventstudy.prices.store import PriceStore, Snapshot, content_hash
from eventstudy.pricesettings import FactorsSettings

__all__ = [
    "ARCHIVES",
    "factor_holes",
    "factors_of",
    "fetch_factors",
    "load_factors",
    "parse_factors",
    "stored_factors",
]

ROOT = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp/"
ARCHIVES = {
    "us_3": "F-F_Research_Data_Factors_daily_CSV.zip",
    "us_5": "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip",
    "us_momentum": "F-F_Momentum_Factor_daily_CSV.zip",
    "europe_3": "Europe_3_Factors_Daily_CSV.zip",
    "europe_5": "Europe_5_Factors_Daily_CSV.zip",
    "europe_momentum": "Europe_Mom_Factor_Daily_CSV.zip",
    "developed_3": "Developed_3_Factors_Daily_CSV.zip",
    "developed_5": "Developed_5_Factors_Daily_CSV.zip",
    "developed_momentum": "Developed_Mom_Factor_Daily_CSV.zip",
}
# His words for a missing value, in percent.
MISSING = (-99.99, -999.0)
ROW = re.compile(r"^\s*\d{8}\s*,")
# No factor of a day has come near this; a larger number is a price or a damaged file.
LARGEST = 0.9
OUR_NAMES = {"WML": "Mom", "MOM": "Mom", "UMD": "Mom"}
SOURCE = "french"
TIMEOUT = 30.0
FRESH = dt.timedelta(days=1)


def parse_factors(content: bytes, label: str) -> pd.DataFrame:
    """Read a daily factor file.

    Parameters
    ----------
    content : bytes
        The zip, or the text inside it.
    label : str
        Its name, for messages.

    Returns
    -------
    DataFrame
        Naive ascending dates; columns as in the file (``Mkt-RF``, ``SMB``, ``HML``, ``RMW``,
        ``CMA``, ``RF``; momentum is ``Mom``), in decimals; NaN where the file has -99.99 or -999.

    Raises
    ------
    InputError
        No daily rows, a row that is no row, a date twice, or numbers that are no percentages.

    Examples
    --------
    >>> text = b"Words\\n\\n,Mkt-RF,RF\\n20220214,   -0.45,    0.00\\n20220215,    1.87,    0.00\\n"
    >>> parse_factors(text, "factors.csv")["Mkt-RF"].tolist()
    [-0.0045000000000000005, 0.0187]
    """
    lines = _text(content, label).splitlines()
    rows = [number for number, line in enumerate(lines) if ROW.match(line)]
    if not rows:
        raise InputError(f"{label}: there are no daily rows (eight digits and a comma).")
    header = [name.strip() for name in lines[rows[0] - 1].split(",")] if rows[0] else []
    names = [OUR_NAMES.get(name.upper(), name) for name in header[1:]]
    if not names or any(not name for name in names):
        raise InputError(f"{label}, line {rows[0]}: the names of the factors are missing.")
    # A second block, if there is one, repeats the header; the first holds the factors.
    last = next((k for k, row in enumerate(rows) if row != rows[0] + k), len(rows))
    values = np.array([_row(lines[row], len(names), row + 1, label) for row in rows[:last]])
    dates = [_date(lines[row], row + 1, label) for row in rows[:last]]
    index = pd.DatetimeIndex(np.array(dates, dtype="datetime64[ns]"), name="date")
    if not index.is_unique:
        raise InputError(f"{label}: two rows of {index[index.duplicated()][0].date()}.")
    values[np.isin(values, MISSING)] = np.nan
    frame = pd.DataFrame(values / 100.0, index=index, columns=pd.Index(names, dtype=object))
    large = np.abs(frame.to_numpy()) > LARGEST
    if large.any():
        day, column = np.argwhere(large)[0]
        raise InputError(
            f"{label}: {names[column]} on {index[day].date()} is {values[day, column]!r} percent; "
            "these are no daily factors."
        )
    return frame.sort_index(kind="stable")


def _text(content: bytes, label: str) -> str:
    if content[:2] != b"PK":
        return content.decode("utf-8", errors="replace")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [
                name for name in archive.namelist() if name.casefold().endswith((".csv", ".txt"))
            ]
            if len(inside) != 1:
                raise InputError(f"{label}: the archive holds {len(inside)} tables, not one.")
            return archive.read(inside[0]).decode("utf-8", errors="replace")
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{label}: the archive can't be read ({type(error).__name__}).") from None


def _row(line: str, width: int, number: int, label: str) -> list[float]:
    cells = line.split(",")[1:]
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        raise InputError(f"{label}, line {number}: '{line.strip()}' holds no numbers.") from None
    if len(values) != width or not np.isfinite(values).all():
        raise InputError(f"{label}, line {number}: {len(values)} numbers, expected {width}.")
    return values


def _date(line: str, number: int, label: str) -> np.datetime64:
    text = line.split(",")[0].strip()
    try:
        return np.datetime64(dt.date.fromisoformat(text), "D")
    except ValueError:
        raise InputError(f"{label}, line {number}: the date {text} does not exist.") from None


def load_factors(file: Path | str, *, folder: Path | None = None) -> PricePanel:
    """Load factors from a file that was saved from the archives.

    Parameters
    ----------
    file : path
        The zip or the CSV inside it.
    folder : Path, optional
        Folder that a relative ``file`` is relative to.

    Returns
    -------
    PricePanel
        Of kind ``returns``, on the calendar of New York.
    """
    path = Path(file) if folder is None else folder / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The factor file '{file}' can't be read ({error.strerror}).") from None
    return _panel(parse_factors(content, str(file)), str(file))


def fetch_factors(archive: str, *, store: PriceStore, url: str = ROOT) -> PricePanel:
    """Fetch one of the archives, and keep it in the store under its hash.

    Parameters
    ----------
    archive : str
        A key of :data:`ARCHIVES`.
    store : PriceStore
        Where it is kept.
    url : str
        Folder of the archives.

    Raises
    ------
    InputError
        An archive that is not known.
    SourceError
        The server is out of reach, or what it gave is no factor file.
    """
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    if archive not in ARCHIVES:
        raise InputError(f"No factors are called '{archive}'{nearest(archive, ARCHIVES)}.")
    request = Request(url + ARCHIVES[archive], headers={"User-Agent": "market-eventstudy"})
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            content = answer.read()
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise SourceError(
            f"Kenneth French's archive of '{archive}' can't be reached ({reason}): try again, or "
            "save it with a browser and give the file."
        ) from None
    try:
        frame = parse_factors(content, archive)
    except InputError as error:
        raise SourceError(f"Kenneth French's server gave no factor file: {error}") from None
    first, last = str(frame.index[0].date()), str(frame.index[-1].date())
    fetched = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    store.write(frame, Snapshot(SOURCE, archive, "", first, last, fetched, {}))
    return _panel(frame, archive)


def stored_factors(
    archive: str,
    *,
    store: PriceStore,
    end: dt.date | None = None,
    offline: bool = False,
    url: str = ROOT,
) -> PricePanel:
    """Return an archive from the store, or fetch it where it is not there or ends too early.

    An archive that ends before ``end`` is asked for again once a day: it is brought up to date
    some weeks after each month.

    Raises
    ------
    InputError
        Offline, and nothing stored.
    SourceError
        The server is out of reach.
    """
    if archive not in ARCHIVES:
        raise InputError(f"No factors are called '{archive}'{nearest(archive, ARCHIVES)}.")
    snapshot = store.snapshot(SOURCE, archive)
    if snapshot is None:
        if offline:
            raise InputError(f"The factors '{archive}' are not stored: fetch them first.")
        return fetch_factors(archive, store=store, url=url)
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(snapshot.fetched)
    enough = end is not None and end <= dt.date.fromisoformat(snapshot.last)
    if offline or enough or age < FRESH:
        return _panel(store.read(SOURCE, archive, snapshot.sha256), archive)
    return fetch_factors(archive, store=store, url=url)


def factors_of(
    settings: FactorsSettings,
    *,
    folder: Path,
    end: dt.date | None = None,
    offline: bool = False,
    store: PriceStore | None = None,
) -> PricePanel:
    """Return the factors of a study, in decimals, under the study's own names.

    Raises
    ------
    InputError
        A file that is wrong, or one factor in two archives.
    SourceError
        An archive that is out of reach.
    """
    if settings.source == "file":
        panel = _own_table(settings, folder)
    elif settings.file is not None:
        panel = load_factors(settings.file, folder=folder)
    else:
        shelf = store or PriceStore()
        names = settings.dataset or ()
        parts = [stored_factors(name, store=shelf, end=end, offline=offline) for name in names]
        panel = _side_by_side(parts, names)
    taken = set(settings.columns.values())
    kept = {name: name for name in panel.assets if name not in taken}
    return panel.relabel({**settings.columns, **kept})


def _own_table(settings: FactorsSettings, folder: Path) -> PricePanel:
    from eventstudy.prices.files import load_file

    assert settings.file is not None
    panel = load_file(settings.file, kind="returns", folder=folder)
    scale = 100.0 if settings.unit == "percent" else 1.0
    close = panel.close / scale
    large = np.abs(close.to_numpy()) > LARGEST
    if large.any():
        day, column = np.argwhere(large)[0]
        raise InputError(
            f"{settings.file}: {close.columns[column]} on {close.index[day].date()} is "
            f"{float(panel.close.iloc[day, column])!r}; "
            'are these percentages (unit = "percent"), or prices?'
        )
    return replace(panel, close=close)


def _side_by_side(parts: Sequence[PricePanel], names: Sequence[str]) -> PricePanel:
    """Join archives; a factor that two of them have in other numbers is an error."""
    where: dict[str, str] = {}
    chosen = []
    for part, name in zip(parts, names, strict=True):
        for factor in part.assets:
            if factor in where and factor != "RF":
                raise InputError(
                    f"[factors] dataset: {factor} stands in {where[factor]} and in {name}; "
                    "take one of them."
                )
        new = [factor for factor in part.assets if factor not in where]
        where |= dict.fromkeys(new, name)
        chosen.append(part.select(new))
    return join_panels(chosen)


def _panel(frame: pd.DataFrame, label: str) -> PricePanel:
    source = f"Kenneth R. French, {Path(label).name}"
    infos = {str(n): AssetInfo(str(n), str(n), "XNYS", None, None, "USD", source) for n in frame}
    return PricePanel(
        close=frame,
        kind="returns",
        assets=infos,
        hashes={f"{SOURCE}:{Path(label).name}": content_hash(frame)},
    )


def factor_holes(
    panel: PricePanel, sessions: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> pd.DataFrame:
    """List the sessions on which a factor has no value.

    Parameters
    ----------
    panel : PricePanel
        Factors.
    sessions : (D,) datetime64[D]
        Sessions of the windows that need them.

    Returns
    -------
    DataFrame
        Columns factor, missing (count), first, last; only factors with a hole. Archives end some
        weeks before today, so an event window may lie beyond them.
    """
    index = pd.DatetimeIndex(sessions.astype("datetime64[ns]"))
    gaps = panel.close.reindex(index).isna()
    rows = [
        (str(name), int(gaps[name].sum()), index[gaps[name]][0], index[gaps[name]][-1])
        for name in gaps.columns
        if gaps[name].any()
    ]
    return pd.DataFrame(rows, columns=["factor", "missing", "first", "last"])
