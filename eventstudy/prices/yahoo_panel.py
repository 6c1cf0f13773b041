"""What Yahoo said about a symbol, as a panel with its calendar, its clock and its flaws."""

from __future__ import annotations

import pandas as pd

from eventstudy.prices.panel import AssetInfo, PricePanel, flags_frame
from eventstudy.prices.store import content_hash
from eventstudy.prices.yahoo import History
from eventstudy.prices.yahoo_symbols import market_of, roll_sessions

__all__ = ["history_panel"]

FX_LAG = (
    "Yahoo's daily bars of currencies lag a day; the bundled reference rates (EURUSD, ...) do not"
)


def history_panel(history: History, *, total_return: bool = True) -> PricePanel:
    """Make a panel of one history.

    Parameters
    ----------
    history : History
        What was fetched.
    total_return : bool
        Prices adjusted for dividends as well as splits; else for splits alone.

    Returns
    -------
    PricePanel
        Futures are flagged as a continuous vendor series, with the days on which it is likely to
        change its contract; currencies with their lag.
    """
    symbol, market = history.symbol, market_of(history.symbol)
    column = "adjusted" if total_return else "close"
    close = history.frame[[column]].rename(columns={column: symbol})
    index = pd.DatetimeIndex(close.index)
    dates = index.to_numpy().astype("datetime64[D]")
    rows: list[tuple[pd.Timestamp, str, str, str]] = []
    what = "adjusted closes" if total_return else "closes"
    if market.kind == "future":
        what = "continuous vendor series, returns cross contracts"
        detail = "the vendor's series probably changes its contract here"
        days = roll_sessions(symbol.upper(), dates)
        rows += [(pd.Timestamp(day), symbol, "suspected_roll", detail) for day in days]
    if market.kind == "currency":
        rows.append((index[0], symbol, "fx_lag", FX_LAG))
    info = AssetInfo(
        name=symbol,
        title=history.title,
        calendar=market.calendar,
        close=market.close,
        market=history.exchange or None if market.calendar == "observed" else None,
        currency=history.currency,
        source=f"Yahoo, {what}",
    )
    return PricePanel(
        close=close,
        assets={symbol: info},
        flags=flags_frame(rows),
        hashes={f"yahoo:{symbol}": content_hash(history.frame)},
    )
