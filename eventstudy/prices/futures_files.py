"""The source ``futures``: a file of contracts, chained by volume, open interest or the calendar."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError, UnknownAssetError, nearest
from eventstudy.prices.activity import held_by_activity
from eventstudy.prices.futures import (
    RollRule,
    chain_contracts,
    chain_flags,
    held_contract,
)
from eventstudy.prices.panel import AssetInfo, PricePanel, join_panels
from eventstudy.prices.tables import MISSING, own_names, parse_session_date

if TYPE_CHECKING:
    from eventstudy.prices import PriceSettings

__all__ = ["load", "load_contracts"]

NEEDED = ("date", "asset", "contract", "close")
ACTIVITY = ("volume", "open_interest")
Roll = Literal["volume", "open_interest", "sessions", "days"]


def load_contracts(
    file: Path | str,
    assets: Sequence[str] = (),
    *,
    roll: Roll | None = None,
    before: int = 3,
    columns: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> PricePanel:
    """Chain the contracts of a file.

    Parameters
    ----------
    file : path
        ``.csv`` or ``.parquet``, one row a date and contract: ``date``, ``asset``, ``contract``,
        ``close``; where there is any ``volume``, ``open_interest`` and ``last_trade`` (the last
        trading day of the contract).
    assets : sequence of str
        Chains to make; all of the file if empty.
    roll : {"volume", "open_interest", "sessions", "days"}, optional
        When a contract is left; by default by volume, else by open interest, where the file has
        it, else by sessions before the last trading day.
    before : int
        Sessions (or days, with ``roll="days"``) before the last trading day on which the last
        return in a contract is measured at the latest.
    columns : mapping of str to str, optional
        Our name of a column -> its name in the file.
    folder : Path, optional
        Folder that a relative ``file`` is relative to.

    Returns
    -------
    PricePanel
        ``base`` holds each contract's own previous settlement; roll days are flagged.

    Raises
    ------
    InputError
        A column that is not there, an unreadable date or number, two rows of one date and
        contract, or a rule that the file does not serve.

    Notes
    -----
    By activity, the chain changes to a later contract on the session after the one on which that
    contract was traded (or held) more than the present one; it never goes back.
    """
    label = str(file)
    path = Path(file) if folder is None else folder / file
    table, digest = _read(path, label, columns or {})
    known = list(dict.fromkeys(table["asset"]))
    lacking = [name for name in assets if name not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        raise UnknownAssetError(f"{label}: there is no asset '{lacking[0]}'{hint}.", lacking)
    rule = _rule(table, roll, label)
    panels = [
        _chain(table[table["asset"] == name], str(name), rule, before, label)
        for name in (dict.fromkeys(assets) or known)
    ]
    joined = join_panels(panels)
    return PricePanel(
        close=joined.close,
        base=joined.base,
        assets=joined.assets,
        flags=joined.flags,
        hashes={label: digest},
    )


def _rule(table: pd.DataFrame, roll: Roll | None, label: str) -> Roll:
    if roll is None:
        found = next((name for name in ACTIVITY if name in table.columns), None)
        return cast("Roll", found or "sessions")
    if roll in ACTIVITY and roll not in table.columns:
        raise InputError(f"{label}: there is no column '{roll}' to roll by.")
    return roll


def _read(path: Path, label: str, columns: Mapping[str, str]) -> tuple[pd.DataFrame, str]:
    try:
        content = path.read_bytes()
        if path.suffix.casefold() == ".parquet":
            raw = pd.read_parquet(io.BytesIO(content))
            raw = raw if "date" in raw.columns else raw.reset_index()
        else:
            raw = pd.read_csv(
                io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig"
            )
    except (OSError, ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{label}: the file can't be read ({reason}).") from None
    raw.columns = pd.Index(own_names([str(n) for n in raw.columns], columns, label))
    for name in NEEDED:
        if name not in raw.columns:
            raise InputError(f"{label}: no column '{name}'{nearest(name, list(raw.columns))}.")
    table = pd.DataFrame(
        {name: raw[name].astype(str).str.strip() for name in ("asset", "contract")}
    )
    table["date"] = _dates(raw["date"], "date", label)
    for name in ("close", *(n for n in ACTIVITY if n in raw.columns)):
        table[name] = _numbers(raw[name], name, label)
    if "last_trade" in raw.columns:
        table["last_trade"] = _dates(raw["last_trade"], "last_trade", label, blank=True)
    _refuse(table, label)
    return table, hashlib.sha256(content).hexdigest()


def _refuse(table: pd.DataFrame, label: str) -> None:
    if table.empty:
        raise InputError(f"{label}: there are no rows.")
    for name in ("asset", "contract"):
        if (table[name] == "").any():
            row = int(np.flatnonzero(table[name] == "")[0]) + 1
            raise InputError(f"{label}, row {row}: there is no {name}.")
    twice = table.duplicated(["date", "asset", "contract"]).to_numpy()
    if twice.any():
        again = table.iloc[int(np.flatnonzero(twice)[0])]
        raise InputError(f"{label}: two rows of {again['contract']} on {again['date']:%Y-%m-%d}.")


def _dates(
    column: pd.Series[str], name: str, label: str, *, blank: bool = False
) -> pd.Series[pd.Timestamp]:
    known: dict[object, object] = {}
    for value in column.unique().tolist():
        missing = value is None or value is pd.NaT or str(value) in (*MISSING, "NaT")
        if missing and blank:
            known[value] = pd.NaT
            continue
        found = parse_session_date(str(value))
        if isinstance(found, str):
            row = int(np.flatnonzero(column == value)[0]) + 1 if not missing else 1
            raise InputError(f"{label}, row {row}, column '{name}': '{value}' {found}.")
        known[value] = pd.Timestamp(found)
    return column.map(known).astype("datetime64[ns]")


def _numbers(column: pd.Series[str], name: str, label: str) -> FloatArray:
    blank = column.isna() | column.isin(MISSING)
    values = pd.to_numeric(column.where(~blank), errors="coerce").to_numpy(dtype=np.float64)
    bad = (np.isnan(values) & ~blank.to_numpy()) | np.isinf(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{label}, row {row + 1}, column '{name}': '{column.iloc[row]}' is no number."
        )
    return values


def _chain(rows: pd.DataFrame, asset: str, rule: Roll, before: int, label: str) -> PricePanel:
    ends = _ends(rows, asset, rule, label)
    names = list(ends.index)
    close = rows.pivot_table(
        index="date", columns="contract", values="close", dropna=False, sort=True
    )
    close = close.reindex(columns=names).dropna(how="all")
    if close.empty:
        raise InputError(f"{label}: '{asset}' has no price.")
    prices = close.to_numpy(dtype=np.float64)
    sessions = close.index.to_numpy().astype("datetime64[D]")
    expiries = ends.to_numpy().astype("datetime64[D]")
    calendar = None
    if not np.isnat(expiries).any():
        unit: Literal["sessions", "days"] = "days" if rule == "days" else "sessions"
        calendar = held_contract(sessions, expiries, RollRule(before, unit))
    if rule in ACTIVITY:
        active = rows.pivot_table(index="date", columns="contract", values=rule, dropna=False)
        active = active.reindex(index=close.index, columns=names)
        held = held_by_activity(active.to_numpy(dtype=np.float64), prices, latest=calendar)
        words = f"rolls by {rule.replace('_', ' ')}"
    else:
        assert calendar is not None
        held = calendar
        words = RollRule(before, "days" if rule == "days" else "sessions").describe()
    chain = chain_contracts(prices, held)
    labels = np.array([*names, ""], dtype=object)[chain.held]
    index = pd.DatetimeIndex(close.index, name="date")
    info = AssetInfo(
        asset, f"{asset}, front future ({words})", source=f"futures {Path(label).name}"
    )
    return PricePanel(
        close=pd.DataFrame({asset: chain.close}, index=index),
        base=pd.DataFrame({asset: chain.base}, index=index),
        assets={asset: info},
        flags=chain_flags(chain, index, labels, asset),
    )


def _ends(rows: pd.DataFrame, asset: str, rule: Roll, label: str) -> pd.Series[pd.Timestamp]:
    """Return the last trading day of each contract in their order; NaT where none is known."""
    names = rows.groupby("contract", sort=True)["date"].max()
    if "last_trade" not in rows.columns or rows["last_trade"].isna().all():
        if rule not in ACTIVITY:
            raise InputError(
                f"{label}: without a column 'last_trade' '{asset}' can't roll by {rule}; give it, "
                "or volume or open_interest."
            )
        order = pd.DataFrame({"end": names, "name": names.index}).sort_values(["end", "name"])
        return pd.Series(pd.NaT, index=order.index, dtype="datetime64[ns]")
    told = rows.groupby("contract", sort=True)["last_trade"].agg(["min", "max"])
    odd = told[(told["min"] != told["max"]) | told["max"].isna()]
    if len(odd):
        raise InputError(
            f"{label}: the contract {odd.index[0]} has no last_trade, or more than one."
        )
    ordered = told["max"].sort_values(kind="stable")
    if not ordered.is_unique:
        twice = ordered[ordered.duplicated()]
        raise InputError(f"{label}: two contracts of '{asset}' end on {twice.iloc[0]:%Y-%m-%d}.")
    return ordered


def load(
    settings: PriceSettings,
    assets: Sequence[str],
    *,
    start: dt.date | None,
    end: dt.date | None,
    folder: Path,
    offline: bool = False,  # noqa: ARG001 - the contract of a source
) -> PricePanel:
    """Source ``futures``: see :func:`load_contracts`."""
    if settings.file is None:
        raise InputError("[prices] file: the source 'futures' needs the name of a file.")
    panel = load_contracts(
        settings.file,
        assets,
        roll=getattr(settings, "roll", None),
        before=getattr(settings, "before", 3),
        columns=getattr(settings, "columns", {}),
        folder=folder,
    )
    return panel.between(start, end)
