"""Array types that pass between the numeric rooms.

Nothing here knows pandas, files or clocks. Shapes: ``n`` events, ``T`` estimation sessions,
``L`` sessions of the event window, ``F`` regressors besides the intercept, ``k`` mean parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["BoolArray", "EventBlock", "FloatArray", "ForecastCovariance", "IntArray", "ModelFit"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EventBlock:
    """Returns of ``n`` events, gathered in event time on each asset's own sessions.

    Attributes
    ----------
    returns_est : (n, T) float
        Estimation returns in decimals; NaN where there is none.
    factors_est : (n, T, F) float
        Regressors without the intercept, over the same spans; ``F`` may be 0.
    spans_est : (n, T) float
        Sessions that a return spans: 1, or ``q > 1`` after a gap under trade-to-trade returns;
        NaN where the return is missing.
    days_est : (n, T) int
        Calendar day of each session as days since 1970-01-01 (valid also where the return is
        missing; -1 before the start of the data). Pairs events by calendar.
    returns_evt, factors_evt, spans_evt, days_evt
        The same over the event window, (n, L), (n, L, F), (n, L), (n, L).
    est_taus : (T,) int
        Session numbers of the estimation columns relative to day 0.
    taus : (L,) int
        Session numbers of the event columns relative to day 0.
    returns_gap, factors_gap : (n, g) and (n, g, F) float, optional
        The sessions between the two windows: not estimated on, but a volatility or an
        autoregressive model runs through them to its forecast origin.
    """

    returns_est: FloatArray
    factors_est: FloatArray
    spans_est: FloatArray
    days_est: IntArray
    returns_evt: FloatArray
    factors_evt: FloatArray
    spans_evt: FloatArray
    days_evt: IntArray
    est_taus: IntArray
    taus: IntArray
    returns_gap: FloatArray | None = None
    factors_gap: FloatArray | None = None

    @property
    def n(self) -> int:
        """Number of events."""
        return int(self.returns_est.shape[0])

    def take(self, index: npt.NDArray[np.generic]) -> EventBlock:
        """Return the block of a subset of events."""
        return EventBlock(
            self.returns_est[index],
            self.factors_est[index],
            self.spans_est[index],
            self.days_est[index],
            self.returns_evt[index],
            self.factors_evt[index],
            self.spans_evt[index],
            self.days_evt[index],
            self.est_taus,
            self.taus,
            None if self.returns_gap is None else self.returns_gap[index],
            None if self.factors_gap is None else self.factors_gap[index],
        )


@dataclass(frozen=True)
class ForecastCovariance:
    """Forecast-error covariance V of the abnormal returns, in factored form.

    ``V = innovation + design @ parameters @ design'`` for each event.

    Attributes
    ----------
    innovation : (n, L) or (n, L, L) float
        Variance of the event-window shocks: its diagonal, or the full matrix where shocks are
        correlated in time (AR(1)).
    design : (n, L, k) float
        Event-window regressors (with intercept), NaN on missing days; ``k`` may be 0.
    parameters : (n, k, k) float
        Covariance of the estimated mean parameters.
    """

    innovation: FloatArray
    design: FloatArray
    parameters: FloatArray

    def quadratic(self, c: FloatArray) -> FloatArray:
        """Return ``c'Vc`` per event for selectors ``c`` of shape (n, L) or (L,).

        Days with ``c == 0`` do not enter, so their NaN do no harm; a NaN on a selected day gives
        NaN.
        """
        sel = np.broadcast_to(c, self.design.shape[:2])
        used = sel != 0.0
        if self.innovation.ndim == 2:
            inner = np.where(used, sel**2 * self.innovation, 0.0).sum(axis=1)
        else:
            pair = used[:, :, None] & used[:, None, :]
            weights = sel[:, :, None] * sel[:, None, :]
            inner = np.where(pair, weights * self.innovation, 0.0).sum(axis=(1, 2))
        if self.design.shape[2] == 0:
            return np.asarray(inner)
        x = np.where(used[:, :, None], sel[:, :, None] * self.design, 0.0).sum(axis=1)
        return np.asarray(inner + np.einsum("nk,nkl,nl->n", x, self.parameters, x))

    def diagonal(self) -> FloatArray:
        """Return the variances of the single days, (n, L)."""
        inner = (
            self.innovation if self.innovation.ndim == 2 else np.einsum("nll->nl", self.innovation)
        )
        if self.design.shape[2] == 0:
            return np.asarray(inner)
        out = np.array(inner, dtype=np.float64)
        # A column at a time: several times as fast as one product of three arrays.
        columns = [self.design[:, :, k] for k in range(self.design.shape[2])]
        for k, x in enumerate(columns):
            row = self.parameters[:, k, :, None]
            out += x * sum(row[:, j] * other for j, other in enumerate(columns))
        return out

    def matrix(self) -> FloatArray:
        """Return V as (n, L, L); NaN in the rows and columns of missing days."""
        _, length = self.design.shape[:2]
        if self.innovation.ndim == 2:
            inner = self.innovation[:, :, None] * np.eye(length)
        else:
            inner = self.innovation
        if self.design.shape[2] == 0:
            return np.asarray(inner)
        return np.asarray(
            inner + np.einsum("nlk,nkm,njm->nlj", self.design, self.parameters, self.design)
        )

    def take(self, index: npt.NDArray[np.generic]) -> ForecastCovariance:
        """Return the covariance of a subset of events."""
        return ForecastCovariance(
            self.innovation[index], self.design[index], self.parameters[index]
        )


@dataclass(frozen=True)
class ModelFit:
    """What every model of expected returns gives back for ``n`` events.

    Attributes
    ----------
    names : tuple of str
        Names of the mean parameters, ``k`` of them (``alpha``, ``beta``, ``beta_<factor>``).
    theta : (n, k) float
        Estimates.
    residuals : (n, T) float
        Estimation residuals per root session (divided by the root of the sessions spanned), NaN
        where the return is missing.
    leverage : (n, T) float
        Diagonal of the hat matrix.
    sigma : (n,) float
        Residual standard deviation with divisor ``df``.
    df : (n,) float
        Residual degrees of freedom.
    n_obs : (n,) int
        Usable estimation observations.
    r_squared : (n,) float
        Centred R squared; NaN for models without regressors.
    expected, ar : (n, L) float
        Expected and abnormal returns of the event window, NaN on missing days.
    covariance : ForecastCovariance
        Forecast-error covariance of ``ar``.
    failure : tuple of str
        ``n`` entries: empty where the fit stands, else the reason why it does not.
    volatility_state : (n,) float
        One-step variance forecast over long-run variance where the model has one, else NaN.
    standardised : (n, T) float or None
        Residuals over their own conditional scale (volatility models); None means
        ``residuals / (sigma * sqrt(1 - leverage))``.
    """

    names: tuple[str, ...]
    theta: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    sigma: FloatArray
    df: FloatArray
    n_obs: IntArray
    r_squared: FloatArray
    expected: FloatArray
    ar: FloatArray
    covariance: ForecastCovariance
    failure: tuple[str, ...]
    volatility_state: FloatArray
    standardised: FloatArray | None = None

    @cached_property
    def ar_se(self) -> FloatArray:
        """Standard errors of the single days, (n, L)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(self.covariance.diagonal()))

    @cached_property
    def sar(self) -> FloatArray:
        """Abnormal returns over their forecast-error standard deviations, (n, L)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.ar / self.ar_se)

    @cached_property
    def estimation_sar(self) -> FloatArray:
        """Internally studentised estimation residuals, (n, T)."""
        if self.standardised is not None:
            return self.standardised
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = self.sigma[:, None] * np.sqrt(1.0 - self.leverage)
            return np.asarray(self.residuals / scale)

    def take(self, index: npt.NDArray[np.generic]) -> ModelFit:
        """Return the fits of a subset of events."""
        chosen = np.arange(len(self.failure))[index]
        return ModelFit(
            self.names,
            self.theta[index],
            self.residuals[index],
            self.leverage[index],
            self.sigma[index],
            self.df[index],
            self.n_obs[index],
            self.r_squared[index],
            self.expected[index],
            self.ar[index],
            self.covariance.take(index),
            tuple(self.failure[i] for i in chosen),
            self.volatility_state[index],
            None if self.standardised is None else self.standardised[index],
        )
