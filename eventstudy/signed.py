"""Signed events: good and bad news pooled by turning the returns of bad news around.

Under ``[events] signed = true`` an event of sign -1 enters the tests across events with minus its
returns, as a short position would; an event of sign 0 does not enter them. Tables of single events
stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray, ModelFit
from eventstudy.errors import InputError
from eventstudy.estimate import DROPPED_COLUMNS, PanelRun
from eventstudy.inference.sample import Window

__all__ = ["check_signs", "event_signs", "sign_drops", "signed_run", "signed_windows"]


def check_signs(pinned: pd.DataFrame) -> None:
    """Refuse a signed study whose catalogue gives no sign at all.

    Raises
    ------
    InputError
        Where no studied headline has a sign.
    """
    if len(pinned) and pinned["sign"].isna().all():
        raise InputError(
            "[events] signed = true, and no headline has a sign; give the catalogue a column "
            "'sign' with 1, -1 or 0"
        )


def event_signs(run: PanelRun, pinned: pd.DataFrame) -> FloatArray:
    """Return the sign of each event of a run, (N,); NaN where the catalogue gives none."""
    known = dict(
        zip(zip(pinned["event_id"], pinned["asset"], strict=True), pinned["sign"], strict=True)
    )
    keys = zip(run.rows["event_id"], run.rows["asset"], strict=True)
    return np.array([known.get(key, np.nan) for key in keys], dtype=np.float64)


def _used(sign: FloatArray) -> np.typing.NDArray[np.int64]:
    return np.flatnonzero(np.isfinite(sign) & (sign != 0.0))


def signed_run(run: PanelRun, sign: FloatArray) -> PanelRun | None:
    """Return the run as the tests across events see it, or None where no event has a sign.

    Every model here is equivariant: minus the returns has minus the coefficients, residuals and
    abnormal returns, and the same forecast-error covariance.
    """
    kept = _used(sign)
    if not len(kept):
        return None
    s = sign[kept]
    block, fit = run.sample.block.take(kept), run.sample.fit.take(kept)
    # Without a fitted slope the benchmark is subtracted as it is, so it has to turn as well.
    f = np.ones_like(s) if run.sample.n_parameters else s
    turned = replace(
        block,
        factors_est=block.factors_est * f[:, None, None],
        factors_evt=block.factors_evt * f[:, None, None],
        returns_est=block.returns_est * s[:, None],
        returns_evt=block.returns_evt * s[:, None],
        returns_gap=None if block.returns_gap is None else block.returns_gap * s[:, None],
    )
    sample = replace(
        run.sample, block=turned, fit=_turned(fit, s), cluster=run.sample.cluster[kept]
    )
    return replace(run, rows=run.rows.iloc[kept].reset_index(drop=True), sample=sample)


def _turned(fit: ModelFit, s: FloatArray) -> ModelFit:
    column = s[:, None]
    return replace(
        fit,
        theta=fit.theta * column,
        residuals=fit.residuals * column,
        expected=fit.expected * column,
        ar=fit.ar * column,
        standardised=None if fit.standardised is None else fit.standardised * column,
    )


def signed_windows(windows: Sequence[Window], sign: FloatArray) -> list[Window]:
    """Return the tested windows of :func:`signed_run`; BHAR is that of the asset, turned."""
    kept = _used(sign)
    s = sign[kept]
    return [
        Window(
            start=w.start,
            end=w.end,
            members=w.members[kept],
            selector=w.selector[kept],
            car=w.car[kept] * s,
            car_se=w.car_se[kept],
            scar=w.scar[kept] * s,
            n_days=w.n_days[kept],
            bhar=w.bhar[kept] * s,
        )
        for w in windows
    ]


def sign_drops(run: PanelRun, sign: FloatArray) -> pd.DataFrame:
    """Return a row for each event that the signed tests across events leave out."""
    rows = []
    for event, own in zip(run.rows.itertuples(index=False), sign, strict=True):
        if np.isfinite(own) and own != 0.0:
            continue
        why = "sign is 0" if own == 0.0 else "no sign is given"
        what = f"left out of the signed tests across events under {run.model}"
        rows.append((event.order, event.event_id, event.asset, run.model, "window", what, why))
    return pd.DataFrame(rows, columns=["order", "event_id", "asset", "model", *DROPPED_COLUMNS[2:]])
