"""The data in the shapes that the peers ask for."""

from __future__ import annotations

import numpy as np
import pandas as pd

EVENT = (-10, 10)
ESTIMATION = (-270, -21)


def dates(data: dict[str, np.ndarray]) -> pd.DatetimeIndex:
    """Dates of the sessions."""
    return pd.DatetimeIndex(data["days"].astype("datetime64[D]").astype("datetime64[ns]"))


def wide(data: dict[str, np.ndarray]) -> pd.DataFrame:
    """One column an asset, named A0, A1, ..., and the market."""
    table = pd.DataFrame(data["returns"].T, index=dates(data))
    table.columns = [f"A{i}" for i in range(table.shape[1])]
    table["MKT"] = data["market"]
    return table.rename_axis("date")


def own_rows(data: dict[str, np.ndarray], first: int, last: int) -> pd.DataFrame:
    """Rows ``first .. last`` around each event, as if each event had a security of its own."""
    n, tau = len(data["asset"]), np.arange(first, last + 1)
    rows = data["position"][:, None] + tau
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(tau)),
            "date": dates(data)[rows.ravel()],
            "ret": data["returns"][data["asset"][:, None], rows].ravel(),
            "mkt": data["market"][rows].ravel(),
        }
    )
