"""Frames of a streamed study, with the columns of those of a study whose events are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.inference.power import design_effect, minimum_detectable_effect
from eventstudy.names import CROSS_EVENT
from eventstudy.panel_tables import TESTS_COLUMNS, concat
from eventstudy.stream.run import StreamOutcome, WindowTests

__all__ = ["EventLabels", "dropped_table", "events_table", "tests_table"]

EVENTS_COLUMNS = [
    "event_id", "asset", "session", "panel", "model", "n_estimation", "df", "sigma", "alpha",
    "beta", "r_squared", "purged", "unpurged", "flags",
]  # fmt: skip
DROPPED_COLUMNS = ["event_id", "asset", "stage", "reason", "detail"]
# Columns of ``tests`` that are fields of a statistic.
OF_STATISTIC_NAMES = (
    "name", "variant", "n_events", "n_clusters", "rbar", "estimate", "se", "ci_low", "ci_high",
    "statistic", "distribution", "df", "pvalue", "alternative", "note",
)  # fmt: skip
OF_STATISTIC = attrgetter(*OF_STATISTIC_NAMES)
OF_WINDOW_NAMES = (
    "start", "end", "leads", "title", "independent", "lead_reason", "mde", "design_effect",
)  # fmt: skip
_Row = tuple[int, int, bool, str, bool, str, float, float]
TITLES = {(s.name, s.variant): s.title for s in CROSS_EVENT}


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
    return pd.Series(values).array  # type: ignore[call-overload, no-any-return]


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
    outcome: StreamOutcome, labels: EventLabels, *, flags: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return a row for each event that was estimated, in the order of the input.

    Parameters
    ----------
    outcome : StreamOutcome
    labels : EventLabels
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
    rows = outcome.input_order()
    data, events = outcome.data, outcome.passed.events
    sessions = data.days[data.position[rows]].astype("datetime64[D]").astype("datetime64[ns]")
    order = data.order[rows]
    columns: dict[str, object] = {
        "event_id": _identifiers(labels, order, int(order[-1]) + 1),
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


def _detectable(outcome: StreamOutcome, tests: WindowTests) -> tuple[float, float]:
    """Return the smallest mean CAR found with 80 % power, and the design effect behind it."""
    assert outcome.sample is not None
    v = outcome.sample.view(outcome.sample.window(tests.start, tests.end))
    if v.n < 2:
        return np.nan, np.nan
    rho = 0.0 if tests.leads.design == "distinct" else max(v.rbar_overlap, 0.0)
    spread = float(v.sums.car.sd[0])
    effect = design_effect(v.n, rho)
    if not spread > 0.0:
        return np.nan, effect
    level = outcome.sample.settings.level
    return minimum_detectable_effect(spread, n=v.n, rho=rho, level=level), effect


def _leading(tests: WindowTests) -> list[bool]:
    return [
        (s.name, s.variant) in tests.leads.tests and bool(np.isfinite(s.pvalue))
        for s in tests.statistics
    ]


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
    rows: list[_Row] = []
    for tests in outcome.tests:
        leading, broken = _leading(tests), frozenset(tests.leads.assume_independence)
        found = _detectable(outcome, tests) if any(leading) else (np.nan, np.nan)
        for s, lead in zip(tests.statistics, leading, strict=True):
            mde, effect = found if lead else (np.nan, np.nan)
            key = s.name, s.variant
            reason = tests.leads.reason if lead else ""
            rows.append(
                (tests.start, tests.end, lead, TITLES[key], key in broken, reason, mde, effect)
            )
    if not rows:
        return concat([], TESTS_COLUMNS)
    numbers = [OF_STATISTIC(s) for tests in outcome.tests for s in tests.statistics]
    columns: dict[str, object] = dict(
        zip(OF_STATISTIC_NAMES, zip(*numbers, strict=True), strict=True)
    )
    columns |= dict(zip(OF_WINDOW_NAMES, zip(*rows, strict=True), strict=True))
    columns |= {"panel": panel, "model": model, "pvalue_adjusted": np.nan}
    return pd.DataFrame({name: columns[name] for name in TESTS_COLUMNS})


# The name begins like a test's; pytest must not collect it where it is imported.
tests_table.__test__ = False  # type: ignore[attr-defined]
