"""Frames of a streamed study, with the columns of those of a study whose events are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.arrays import IntArray
from eventstudy.errors import InputError
from eventstudy.panel_tables import TESTS_COLUMNS, concat, tests_frame
from eventstudy.stream.run import StreamOutcome

__all__ = ["EventLabels", "dropped_table", "events_table", "tests_table"]

EVENTS_COLUMNS = [
    "event_id", "asset", "session", "panel", "model", "n_estimation", "df", "sigma", "alpha",
    "beta", "r_squared", "purged", "unpurged", "flags",
]  # fmt: skip
DROPPED_COLUMNS = ["event_id", "asset", "stage", "reason", "detail"]


@dataclass(frozen=True, eq=False)
class EventLabels:
    """What the events and assets of the arrays are called.

    Attributes
    ----------
    event_id : (N,) array or Series of str
        In the order of the input; None numbers the events.
    asset : sequence of str
        Name of each row of the returns.
    panel, model : str
    """

    event_id: npt.ArrayLike | pd.Series | None
    asset: Sequence[str]
    panel: str
    model: str


def _strings(values: object) -> pd.api.extensions.ExtensionArray:
    """Return strings as the array that a frame would make of them."""
    return pd.Series(values).array  # type: ignore[no-any-return]


def _identifiers(
    labels: EventLabels, rows: npt.NDArray[np.int64], count: int
) -> pd.api.extensions.ExtensionArray:
    if labels.event_id is None:
        return _strings(rows.astype(str).astype(object))
    given = _strings(labels.event_id)
    if len(given) < count:
        raise InputError(f"event_id: {len(given)} names for {count} events.")
    return given.take(rows)


def _assets(labels: EventLabels, rows: npt.NDArray[np.integer]) -> object:
    names = list(labels.asset)
    if len(rows) and int(rows.max()) >= len(names):
        raise InputError(f"asset: {len(names)} names, and an event is on row {int(rows.max())}.")
    return _strings(np.array(names, dtype=object)).take(rows.astype(np.int64))


def events_table(
    outcome: StreamOutcome,
    labels: EventLabels,
    *,
    rows: IntArray | None = None,
    flags: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a row for each event that was estimated, in the order of the input.

    Parameters
    ----------
    outcome : StreamOutcome
    labels : EventLabels
    rows : (m,) int, optional
        Some rows of the data alone; the labels' ``event_id`` then names them.
    flags : sequence of str, optional
        By row; default empty. What they say comes from tables of prices and headlines.

    Returns
    -------
    DataFrame
        Decimals; ``alpha``, ``beta`` and ``r_squared`` are NaN for models without them, and
        regressors beyond the benchmark have columns of their own, ``beta_<factor>``.
    """
    if outcome.passed is None:
        return concat([], EVENTS_COLUMNS)
    some = rows is not None
    rows = outcome.input_order() if rows is None else rows
    data, events = outcome.data, outcome.passed.events
    sessions = data.days[data.position[rows]].astype("datetime64[D]").astype("datetime64[ns]")
    order = data.order[rows]
    columns: dict[str, object] = {
        "event_id": _strings(labels.event_id)
        if some
        else _identifiers(labels, order, int(order[-1]) + 1),
        "asset": _assets(labels, data.asset[rows]),
        "session": sessions,
        "panel": labels.panel,
        "model": labels.model,
        "n_estimation": events.n_obs[rows],
        "df": events.df[rows].astype(np.int64),
        "sigma": events.sigma[rows],
        "alpha": np.nan,
        "beta": np.nan,
        "r_squared": events.r_squared[rows],
    }
    for j, name in enumerate(events.names):
        columns[name] = events.theta[rows, j]
    columns["purged"] = outcome.screened.purged[rows]
    columns["unpurged"] = outcome.screened.unpurged[rows]
    columns["flags"] = "" if flags is None else list(flags)
    return pd.DataFrame(columns, copy=False)


def dropped_table(outcome: StreamOutcome, labels: EventLabels) -> pd.DataFrame:
    """Return a row for each event that was left out, in the order of the input."""
    gone = outcome.dropped
    if not gone:
        return concat([], DROPPED_COLUMNS)
    order = np.array([d.order for d in gone], dtype=np.int64)
    return pd.DataFrame(
        {
            "event_id": _identifiers(labels, order, int(order[-1]) + 1),
            "asset": _assets(labels, np.array([d.asset for d in gone], dtype=np.int64)),
            "stage": [d.stage for d in gone],
            "reason": [d.reason for d in gone],
            "detail": [d.detail for d in gone],
        }
    )


def tests_table(outcome: StreamOutcome, panel: str, model: str) -> pd.DataFrame:
    """Return a row for each window and statistic, windows by start and end.

    Parameters
    ----------
    outcome : StreamOutcome
    panel, model : str

    Returns
    -------
    DataFrame
        ``pvalue_adjusted`` is NaN: see :func:`eventstudy.panel_tables.adjusted`.
    """
    if outcome.sample is None:
        return concat([], TESTS_COLUMNS)
    return tests_frame(outcome.sample, outcome.tests, panel, model)


# The name begins like a test's; pytest must not collect it where it is imported.
tests_table.__test__ = False  # type: ignore[attr-defined]
