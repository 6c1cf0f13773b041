"""Chains of futures contracts: one level, and returns that never leave one contract.

A return across two contracts is no return: nobody earns the gap between two delivery months. The
chain therefore carries two numbers a session, the settlement of the contract that is held and the
earlier settlement of *that same* contract, and a return is the first over the second.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import FloatArray, IntArray
from eventstudy.errors import InputError
from eventstudy.prices.panel import flags_frame

__all__ = [
    "DEFAULT_ROLL",
    "HELD_TO_EXPIRY",
    "Chain",
    "FuturesChain",
    "RollRule",
    "build_chain",
    "chain_contracts",
    "chain_flags",
    "held_contract",
    "last_trading_days",
]

Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class RollRule:
    """When the chain leaves a contract.

    Attributes
    ----------
    before : int
        How long before the contract's last trading day the last return in it is measured.
    unit : {"sessions", "days"}
        Whether ``before`` counts sessions or calendar days.

    Notes
    -----
    The default of three sessions is late enough that the contract is still the one that is
    quoted as "the oil price" (the March 2022 contract on 15 and 16 February 2022), and early
    enough to stay out of its last three sessions, in which those who cannot take delivery must
    sell: on 20 April 2020 the May contract settled at -37.63 US dollars and the June contract,
    held by this rule, at 20.43.

    Examples
    --------
    >>> RollRule().describe()
    'rolls 3 sessions before the last trading day'
    """

    before: int = 3
    unit: Literal["sessions", "days"] = "sessions"

    def __post_init__(self) -> None:
        if self.before < 0:
            raise InputError(
                f"A roll rule counts back from the last trading day: {self.before} is negative."
            )
        if self.unit not in ("sessions", "days"):
            raise InputError(f"A roll rule counts 'sessions' or 'days', not {self.unit!r}.")

    def describe(self) -> str:
        """Return the rule in words."""
        if self.before == 0:
            return "held to the last trading day"
        word = "calendar days" if self.unit == "days" else "sessions"
        return f"rolls {self.before} {word} before the last trading day"


DEFAULT_ROLL = RollRule()
HELD_TO_EXPIRY = RollRule(before=0)


@dataclass(frozen=True)
class Chain:
    """Arrays of a chain over ``D`` sessions.

    Attributes
    ----------
    close : (D,) float
        Settlement of the contract held; NaN where it has none.
    base : (D,) float
        Settlement of the same contract on the last session before on which the chain has a
        price; NaN where there is none.
    held : (D,) int
        Column of the contract held; -1 where no contract is left.
    roll : (D,) bool
        True on the first session whose return is measured in a new contract.
    lost : (D,) bool
        True where a settlement exists, but no base in the same contract: the price is left out.
    """

    close: FloatArray
    base: FloatArray
    held: IntArray
    roll: npt.NDArray[np.bool_]
    lost: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FuturesChain:
    """A chain with its dates.

    Attributes
    ----------
    close, base : Series
        As in :class:`Chain`, on naive dates.
    contract : Series of str
        The contract held, empty where none is left.
    flags : DataFrame
        date, asset, flag, detail: ``roll``, ``non_positive``, ``no_base``.
    rule : RollRule
        The rule that made it.
    """

    close: pd.Series[float]
    base: pd.Series[float]
    contract: pd.Series[str]
    flags: pd.DataFrame
    rule: RollRule


def last_trading_days(delivery: Dates, sessions: Dates) -> Dates:
    """Return the last trading day of WTI crude oil futures by the exchange's rule.

    Trading ends on the third business day before the 25th of the month before delivery, or, when
    the 25th is no business day, on the third business day before the last one that precedes it.

    Parameters
    ----------
    delivery : (C,) datetime64
        Any day in each delivery month.
    sessions : (D,) datetime64[D]
        Business days of the exchange, ascending, reaching back before the first and up to the
        last date asked for.

    Returns
    -------
    (C,) datetime64[D]
        NaT where the sessions do not reach.

    Examples
    --------
    >>> days = np.arange("2022-02-01", "2022-03-01", dtype="datetime64[D]")
    >>> closed = np.array(["2022-02-21"], dtype="datetime64[D]")
    >>> days = days[np.is_busday(days, holidays=closed)]
    >>> last_trading_days(np.array(["2022-03"], dtype="datetime64[M]"), days)
    array(['2022-02-22'], dtype='datetime64[D]')
    """
    months = delivery.astype("datetime64[M]") - np.timedelta64(1, "M")
    twenty_fifth = months.astype("datetime64[D]") + np.timedelta64(24, "D")
    position = np.searchsorted(sessions, twenty_fifth, side="right") - 4
    reached = (position >= 0) & (twenty_fifth <= sessions[-1])
    out = np.full(delivery.shape, np.datetime64("NaT", "D"))
    out[reached] = sessions[position[reached]]
    return out


def held_contract(sessions: Dates, expiries: Dates, rule: RollRule = DEFAULT_ROLL) -> IntArray:
    """Return which contract's return each session measures.

    Parameters
    ----------
    sessions : (D,) datetime64[D]
        Ascending.
    expiries : (C,) datetime64[D]
        Last trading days, ascending, one a contract.
    rule : RollRule
        When a contract is left.

    Returns
    -------
    (D,) int
        Index of the contract; -1 after the last one.

    Examples
    --------
    >>> days = np.array(["2022-02-16", "2022-02-17"], dtype="datetime64[D]")
    >>> held_contract(days, np.array(["2022-02-19", "2022-03-22"], dtype="datetime64[D]"),
    ...               RollRule(3, "days"))
    array([0, 1])
    """
    if expiries.size > 1 and not bool(np.all(expiries[1:] > expiries[:-1])):
        raise InputError("The contracts of a chain need ascending last trading days.")
    if rule.unit == "days":
        last = expiries - np.timedelta64(rule.before, "D")
    else:
        # A last trading day beyond the sessions is continued by weekdays: it lies ahead.
        inside = np.searchsorted(sessions, expiries, side="right") - 1
        beyond = np.busday_count(sessions[-1], np.maximum(expiries, sessions[-1]))
        position = inside - rule.before + beyond
        last = np.where(
            position < 0,
            np.datetime64("1700-01-01", "D"),
            sessions[np.clip(position, 0, sessions.size - 1)],
        )
        last = np.where(position >= sessions.size, expiries, last)
    held = np.searchsorted(last, sessions, side="left")
    return np.where(held < expiries.size, held, -1).astype(np.int64)


def chain_contracts(prices: FloatArray, held: IntArray) -> Chain:
    """Chain settlements of the contracts that are held.

    Parameters
    ----------
    prices : (D, C) float
        Settlements, NaN where there is none.
    held : (D,) int
        Which contract's return each session measures, -1 for none.

    Returns
    -------
    Chain

    Notes
    -----
    ``base`` looks back to the last session with a price *of the chain*, and takes the price of
    the contract that is held now. So a return spans as many sessions as the chain's level does,
    and never two contracts. Where the contract held had no price on that earlier session, the
    return can't be said and the price is left out (``lost``).

    Examples
    --------
    >>> chain = chain_contracts(np.array([[95.46, 93.50], [92.07, 90.21]]), np.array([0, 1]))
    >>> float(chain.base[1]), bool(chain.roll[1])
    (93.5, True)
    """
    days = prices.shape[0]
    close, base = np.full(days, np.nan), np.full(days, np.nan)
    roll, lost = np.zeros(days, dtype=np.bool_), np.zeros(days, dtype=np.bool_)
    previous = -1
    for day in range(days):
        contract = held[day]
        if contract < 0 or np.isnan(prices[day, contract]):
            continue
        if previous >= 0:
            earlier = prices[previous, contract]
            if np.isnan(earlier):
                lost[day] = True
                continue
            base[day] = earlier
            roll[day] = held[previous] != contract
        close[day] = prices[day, contract]
        previous = day
    return Chain(close, base, np.asarray(held, dtype=np.int64), roll, lost)


def build_chain(
    contracts: pd.DataFrame,
    last_trade: Mapping[str, pd.Timestamp],
    *,
    asset: str,
    rule: RollRule = DEFAULT_ROLL,
) -> FuturesChain:
    """Chain a table of contracts by a roll rule.

    Parameters
    ----------
    contracts : DataFrame
        Settlements on naive ascending dates, one column a contract.
    last_trade : mapping of str to Timestamp
        Last trading day of the contracts that may be held; others never are.
    asset : str
        Name of the chain in the flags.
    rule : RollRule
        When a contract is left.

    Returns
    -------
    FuturesChain

    Raises
    ------
    InputError
        No contract has both prices and a last trading day.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2022-02-22", "2022-02-23"])
    >>> table = pd.DataFrame({"CL_2022H": [92.35, None], "CL_2022J": [91.91, 92.10]}, index=days)
    >>> ends = {"CL_2022H": pd.Timestamp("2022-02-22"), "CL_2022J": pd.Timestamp("2022-03-22")}
    >>> chain = build_chain(table, ends, asset="WTI", rule=HELD_TO_EXPIRY)
    >>> chain.flags[["flag", "detail"]].to_numpy().tolist()
    [['roll', 'from CL_2022H to CL_2022J']]
    """
    names = [str(name) for name in contracts.columns if str(name) in last_trade]
    names.sort(key=lambda name: (last_trade[name], name))
    if not names:
        raise InputError(f"'{asset}': no contract has both prices and a last trading day.")
    table = contracts[names]
    sessions = table.index.to_numpy().astype("datetime64[D]")
    expiries = np.array([last_trade[name].to_datetime64() for name in names]).astype(
        "datetime64[D]"
    )
    chain = chain_contracts(
        table.to_numpy(dtype=np.float64), held_contract(sessions, expiries, rule)
    )
    labels = np.array([*names, ""], dtype=object)[chain.held]
    index = contracts.index
    return FuturesChain(
        close=pd.Series(chain.close, index=index, name=asset),
        base=pd.Series(chain.base, index=index, name=asset),
        contract=pd.Series(labels, index=index, name=asset, dtype=object),
        flags=chain_flags(chain, pd.DatetimeIndex(index), labels, asset),
        rule=rule,
    )


def chain_flags(
    chain: Chain, index: pd.DatetimeIndex, labels: npt.NDArray[np.object_], asset: str
) -> pd.DataFrame:
    """List roll days and the days on which no return stands, with the reason."""
    rows: list[tuple[pd.Timestamp, str, str, str]] = []
    known = np.flatnonzero(~np.isnan(chain.close))
    before = {int(day): int(earlier) for earlier, day in itertools.pairwise(known)}
    for day in np.flatnonzero(chain.roll).tolist():
        old = labels[before[day]]
        rows.append((index[day], asset, "roll", f"from {old} to {labels[day]}"))
    rows.extend(non_positive_flags(chain.close, chain.base, index, asset))
    rows.extend(
        (
            index[day],
            asset,
            "no_base",
            f"{labels[day]} has no earlier settlement on the chain's last session",
        )
        for day in np.flatnonzero(chain.lost).tolist()
    )
    return flags_frame(rows)


def non_positive_flags(
    close: FloatArray, base: FloatArray, index: pd.DatetimeIndex, asset: str
) -> list[tuple[pd.Timestamp, str, str, str]]:
    """List the days whose return does not exist because a price is zero or negative."""
    with np.errstate(invalid="ignore"):
        level, divisor = close <= 0.0, base <= 0.0
    rows = []
    for day in np.flatnonzero(level | divisor).tolist():
        what = "settlement" if level[day] else "previous settlement"
        value = close[day] if level[day] else base[day]
        detail = f"no return: the {what} is {float(value)!r}"
        rows.append((index[day], asset, "non_positive", detail))
    return rows
