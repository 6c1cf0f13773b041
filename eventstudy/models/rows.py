"""Regression rows of a block per root session, and the bookkeeping that estimators share.

A return over ``q`` sessions, its regressors and its intercept are divided by ``sqrt(q)``, so that
every row has one variance; missing rows are zero and masked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import BoolArray, EventBlock, FloatArray, ForecastCovariance, ModelFit
from eventstudy.models.base import ModelOptions, usable_rows

__all__ = ["Rows", "assemble", "event_generator", "gather_rows", "hat_diagonal"]

# A moment matrix of unit columns with a smaller determinant is collinear.
COLLINEAR = 1e-12


@dataclass(frozen=True)
class Rows:
    """Rows of n events: x (n, T, k), y (n, T), on (n, T), the event design (n, L, k), names."""

    x: FloatArray
    y: FloatArray
    on: BoolArray
    design_evt: FloatArray
    names: tuple[str, ...]

    @property
    def count(self) -> FloatArray:
        """Usable estimation rows, (n,)."""
        return np.asarray(self.on.sum(axis=1).astype(np.float64))


def gather_rows(block: EventBlock, options: ModelOptions) -> Rows:
    """Return the regression rows of a block, with the intercept first unless it is switched off."""
    est, evt = (mask > 0 for mask in usable_rows(block))
    spans = np.where(est, block.spans_est, 1.0)
    columns = [block.factors_est]
    columns_evt = [block.factors_evt]
    names = options.factor_names
    labels = ("beta",) if block.factors_est.shape[2] == 1 else tuple(f"beta_{f}" for f in names)
    if options.intercept:
        columns.insert(0, spans[:, :, None])
        columns_evt.insert(0, block.spans_evt[:, :, None])
        labels = ("alpha", *labels)
    x = np.concatenate(columns, axis=2) / np.sqrt(spans)[:, :, None]
    design = np.concatenate(columns_evt, axis=2)
    return Rows(
        x=np.where(est[:, :, None], x, 0.0),
        y=np.where(est, block.returns_est / np.sqrt(spans), 0.0),
        on=est,
        design_evt=np.where(evt[:, :, None], design, np.nan),
        names=labels,
    )


def hat_diagonal(x: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the leverages (n, T) of rows x (n, T, k) and which events have full rank, (n,)."""
    gram = np.einsum("ntk,ntj->nkj", x, x)
    scale = np.sqrt(np.einsum("nkk->nk", gram))
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = gram / (scale[:, :, None] * scale[:, None, :])
        full = np.abs(np.linalg.det(unit)) > COLLINEAR
        full &= np.isfinite(unit).all(axis=(1, 2))
        z = np.where(full[:, None, None], x / scale[:, None, :], 0.0)
    unit = np.where(full[:, None, None], unit, np.eye(x.shape[2]))
    return np.einsum("ntk,nkj,ntj->nt", z, np.linalg.inv(unit), z), full


def event_generator(block: EventBlock, row: int, *, seed: int, purpose: int) -> np.random.Generator:
    """Return the generator of one event; it depends on the event's numbers, not on its place."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(np.ascontiguousarray(block.returns_est[row] + 0.0).tobytes())
    digest.update(np.ascontiguousarray(block.days_est[row], dtype="<i8").tobytes())
    return np.random.default_rng([seed, purpose, int.from_bytes(digest.digest(), "little")])


def assemble(
    block: EventBlock,
    rows: Rows,
    *,
    theta: FloatArray,
    residuals: FloatArray,
    leverage: FloatArray,
    parameters: FloatArray,
    failure: list[str],
    innovation: FloatArray | None = None,
    volatility_state: FloatArray | None = None,
    standardised: FloatArray | None = None,
) -> ModelFit:
    """Put a fit together: scale, forecasts, covariance; NaN wherever ``failure`` has a reason.

    ``innovation`` (n, L) defaults to the residual variance times the sessions spanned.
    """
    good = np.array([not f for f in failure], dtype=bool)
    keep = rows.on & good[:, None]
    e = np.where(keep, residuals, 0.0)
    k = rows.x.shape[2]
    with np.errstate(invalid="ignore", divide="ignore"):
        df = np.where(good, rows.count - k, np.nan)
        sigma = np.where(good, np.sqrt((e**2).sum(axis=1) / df), np.nan)
        mean = rows.y.sum(axis=1) / rows.count
        about = (np.where(rows.on, rows.y - mean[:, None], 0.0) ** 2).sum(axis=1)
        r_squared = np.where(good, 1.0 - (e**2).sum(axis=1) / about, np.nan)
    theta = np.where(good[:, None], theta, np.nan)
    expected = np.einsum("nlk,nk->nl", rows.design_evt, theta)
    usable_evt = np.isfinite(rows.design_evt).all(axis=2)
    if innovation is None:
        innovation = sigma[:, None] ** 2 * block.spans_evt
    nothing = np.full(block.n, np.nan)
    return ModelFit(
        names=rows.names,
        theta=theta,
        residuals=np.where(keep, residuals, np.nan),
        leverage=np.where(keep, leverage, np.nan),
        sigma=sigma,
        df=df,
        n_obs=rows.on.sum(axis=1).astype(np.int64),
        r_squared=r_squared if block.factors_est.shape[2] else nothing,
        expected=expected,
        ar=np.where(usable_evt, block.returns_evt, np.nan) - expected,
        covariance=ForecastCovariance(
            innovation=np.where(usable_evt & good[:, None], innovation, np.nan),
            design=rows.design_evt,
            parameters=np.where(good[:, None, None], parameters, np.nan),
        ),
        failure=tuple(failure),
        volatility_state=nothing if volatility_state is None else volatility_state,
        standardised=None if standardised is None else np.where(keep, standardised, np.nan),
    )
