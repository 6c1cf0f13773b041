"""The price store: what a source said, kept so that a study can be replayed bit for bit.

One Parquet file a symbol and source, named by the hash of its content, and a small pointer that
says which one is current. A file is written beside its place and renamed, so that a process that
dies leaves the old one. A refetch that changes a past value makes a new file; the old one stays.

    <folder>/<source>/<symbol>/current.json
    <folder>/<source>/<symbol>/<hash>.parquet
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from eventstudy.errors import InputError, LockedError, SourceError

__all__ = ["PriceStore", "Snapshot", "content_hash", "default_folder", "revisions"]

LOCK_SECONDS = 60.0
# Relative differences below this come from the vendor's rounding of adjusted prices.
ROUNDING = 1e-6
REVISION_COLUMNS = ("date", "column", "old", "new", "cause")


@dataclass(frozen=True)
class Snapshot:
    """Which stored content is current, and what the source said about it.

    Attributes
    ----------
    source, symbol : str
        Whose prices these are.
    sha256 : str
        Hash of the content (dates, names of columns, numbers), not of the file's bytes.
    first, last : str
        First and last date that was asked for, ISO 8601.
    fetched : str
        When, ISO 8601 in UTC.
    meta : mapping of str to str
        Title, currency, exchange, time zone.
    """

    source: str
    symbol: str
    sha256: str
    first: str
    last: str
    fetched: str
    meta: Mapping[str, str] = field(default_factory=dict)


def default_folder() -> Path:
    """Return the store's folder: ``EVENTSTUDY_STORE``, else one under the user's cache folder."""
    from platformdirs import user_cache_path

    own = os.environ.get("EVENTSTUDY_STORE")
    return Path(own) if own else user_cache_path("eventstudy") / "prices"


def content_hash(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a frame's dates, columns and numbers.

    Examples
    --------
    >>> frame = pd.DataFrame({"close": [1.0]}, index=pd.DatetimeIndex(["2022-02-15"]))
    >>> content_hash(frame)[:12]
    '7165b53636bb'
    """
    digest = hashlib.sha256(",".join(str(name) for name in frame.columns).encode())
    days = frame.index.to_numpy().astype("datetime64[D]").astype("<i8")
    digest.update(days.tobytes())
    digest.update(np.ascontiguousarray(frame.to_numpy(dtype="<f8")).tobytes())
    return digest.hexdigest()


def revisions(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """List the past values that a refetch changed.

    Parameters
    ----------
    old, new : DataFrame
        Stored and fetched prices on naive dates; columns close and adjusted, and dividend and
        split where the source has them.

    Returns
    -------
    DataFrame
        Columns date, column, old, new, cause (``split``, ``dividend``, ``revision`` or
        ``vanished``); dates that only the new frame has are no revision.

    Notes
    -----
    A split multiplies every earlier price by one ratio, and shows itself as a split in the new
    frame after the old one's end. A dividend does the same to the adjusted prices alone. Anything
    else is a revision.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2022-02-14", "2022-02-15"])
    >>> old = pd.DataFrame({"close": [77.0, 76.0]}, index=days)
    >>> new = pd.DataFrame({"close": [77.0, 76.5]}, index=days)
    >>> revisions(old, new)[["old", "new", "cause"]].to_numpy().tolist()
    [[76.0, 76.5, 'revision']]
    """
    rows: list[tuple[object, ...]] = []
    common = old.index.intersection(new.index)
    priced = "close" in old.columns
    names = ("close", "adjusted") if priced else tuple(str(name) for name in old.columns)
    for name in names:
        if name in old.columns and name in new.columns:
            before = old.loc[common, name].to_numpy(dtype=np.float64)
            after = new.loc[common, name].to_numpy(dtype=np.float64)
            changed = ~np.isclose(before, after, rtol=ROUNDING, atol=0.0, equal_nan=True)
            cause = _cause(before, after, changed, name, old, new)
            rows += [
                (common[k], name, before[k], after[k], cause)
                for k in np.flatnonzero(changed).tolist()
            ]
    span = (new.index.min(), new.index.max())
    gone = [day for day in old.index.difference(new.index) if span[0] <= day <= span[1]]
    lead = names[0] if names else "close"
    rows += [(day, lead, float(old.loc[day, lead]), np.nan, "vanished") for day in gone]
    frame = pd.DataFrame(rows, columns=list(REVISION_COLUMNS))
    return frame.sort_values(["date", "column"], kind="stable").reset_index(drop=True)


def _cause(
    before: np.ndarray[Any, np.dtype[np.float64]],
    after: np.ndarray[Any, np.dtype[np.float64]],
    changed: np.ndarray[Any, np.dtype[np.bool_]],
    name: str,
    old: pd.DataFrame,
    new: pd.DataFrame,
) -> str:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (after / before)[changed]
    # One ratio for every earlier price, up to a split or dividend that the old frame had not seen.
    prefix = changed.size > 0 and bool(changed[: int(changed.sum())].all())
    steady = ratio.size > 0 and bool(np.allclose(ratio, ratio[0], rtol=1e-4))
    if not (prefix and steady):
        return "revision"
    later = new[new.index > old.index[int(changed.sum()) - 1]] if changed.any() else new
    if "split" in later.columns and bool((later["split"] > 0).any()):
        return "split"
    if name == "adjusted" and "dividend" in later.columns and bool((later["dividend"] > 0).any()):
        return "dividend"
    return "revision"


class PriceStore:
    """Prices on disk, shared by every process of a user.

    Parameters
    ----------
    folder : Path, optional
        Where; :func:`default_folder` if not given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_folder() if folder is None else folder

    def place(self, source: str, symbol: str) -> Path:
        """Return the folder of one symbol; any symbol makes a safe name."""
        return self.folder / quote(source, safe="") / quote(symbol, safe="^=-").replace(".", "%2E")

    def snapshot(self, source: str, symbol: str) -> Snapshot | None:
        """Return what is current, or None if nothing is stored.

        Raises
        ------
        SourceError
            A pointer that can't be read: the store was damaged by something else.
        """
        path = self.place(source, symbol) / "current.json"
        try:
            return Snapshot(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise SourceError(
                f"The stored prices of '{symbol}' can't be read ({type(error).__name__}): delete "
                f"{path.parent} and fetch again."
            ) from None

    def read(self, source: str, symbol: str, sha256: str | None = None) -> pd.DataFrame:
        """Return stored prices: the current ones, or those of a hash.

        Raises
        ------
        InputError
            Nothing is stored under that name or hash.
        SourceError
            A file whose content is not what its name says.
        """
        if sha256 is None:
            current = self.snapshot(source, symbol)
            if current is None:
                raise InputError(f"No prices of '{symbol}' from {source} are stored: fetch them.")
            sha256 = current.sha256
        path = self.place(source, symbol) / f"{sha256}.parquet"
        try:
            frame = pd.read_parquet(path)
        except FileNotFoundError:
            raise InputError(
                f"The prices of '{symbol}' with the hash {sha256[:12]} are not stored."
            ) from None
        except (OSError, ValueError) as error:
            raise SourceError(f"{path.name} can't be read ({type(error).__name__}).") from None
        frame.index = pd.DatetimeIndex(frame.index.astype("datetime64[ns]"), name="date")
        if content_hash(frame) != sha256:
            raise SourceError(
                f"The stored prices of '{symbol}' are damaged: delete {path} and fetch again."
            )
        return frame

    def write(self, frame: pd.DataFrame, snapshot: Snapshot, *, locked: bool = False) -> Snapshot:
        """Store prices as the current ones; what was there before stays under its hash.

        Parameters
        ----------
        frame : DataFrame
            Prices on naive dates.
        snapshot : Snapshot
            What the source said; its hash is replaced.
        locked : bool
            Whether the caller holds the symbol's lock already.

        Returns
        -------
        Snapshot
            With the hash of the content.
        """
        place = self.place(snapshot.source, snapshot.symbol)
        place.mkdir(parents=True, exist_ok=True)
        named = Snapshot(**{**asdict(snapshot), "sha256": content_hash(frame)})
        with nullcontext() if locked else self.lock(snapshot.source, snapshot.symbol):
            target = place / f"{named.sha256}.parquet"
            if not target.exists():
                _replace(target, lambda path: frame.to_parquet(path, compression="zstd"))
            text = json.dumps(asdict(named), indent=1, sort_keys=True)
            _replace(place / "current.json", lambda path: path.write_text(text, encoding="utf-8"))
        return named

    @contextmanager
    def lock(self, source: str, symbol: str) -> Iterator[None]:
        """Hold one symbol against other processes.

        Raises
        ------
        LockedError
            Another process holds it for more than a minute.
        """
        from filelock import FileLock, Timeout

        place = self.place(source, symbol)
        place.mkdir(parents=True, exist_ok=True)
        held = FileLock(str(place / "lock"), timeout=LOCK_SECONDS)
        try:
            with held:
                yield
        except Timeout:
            raise LockedError(
                f"Another run holds the stored prices of '{symbol}': wait until it has ended."
            ) from None


def _replace(target: Path, write: Any) -> None:
    """Write beside the target, make it durable, then rename it into place."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
