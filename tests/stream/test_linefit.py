"""The closed forms of the line against the QR decomposition of the models."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from eventstudy.arrays import EventBlock, ModelFit
from eventstudy.models import ModelOptions, fit_model
from eventstudy.reduce.leaf import Leaf
from eventstudy.reduce.tracks import tracks
from eventstudy.stream import room
from eventstudy.stream.gathering import dates_of, gather_rows
from eventstudy.stream.linefit import fits_line, line_fit
from eventstudy.stream.numpy_backend import leaf_windows
from eventstudy.stream.wholefit import fit_whole, whole_tracks
from tests.stream.test_equality import holes, only_before
from tests.stream.worlds import world

# Rounding of two ways to the same projection; returns are of the order of 0.01.
RELATIVE, ABSOLUTE = 1e-12, 1e-16
MODELS = ("constant_mean", "market_adjusted", "market_model")
FACTORS = {"constant_mean": (), "market_adjusted": ("x",), "market_model": ("x",)}


def blocks(model: str) -> dict[str, EventBlock]:
    w = world(n=50, model=model)
    return {
        "whole": gather_rows(w.data(), 0, 50),
        "holes before": gather_rows(only_before(w).data(), 0, 50),
        "holes": gather_rows(holes(w, 0.05).data(), 0, 50),
        # A regressor far from zero: centring must not cancel.
        "shifted": replace(
            gather_rows(w.data(), 0, 50),
            factors_est=gather_rows(w.data(), 0, 50).factors_est + 3.0,
            factors_evt=gather_rows(w.data(), 0, 50).factors_evt + 3.0,
        ),
    }


def arrays(fit: ModelFit) -> dict[str, np.ndarray]:
    out = {
        n: getattr(fit, n)
        for n in ("residuals", "leverage", "sigma", "df", "n_obs", "r_squared", "expected", "ar")
    }
    v = fit.covariance
    return out | {"innovation": v.innovation, "design": v.design, "theta": fit.theta}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["whole", "holes before", "holes"])
def test_the_fit_of_the_models(model: str, kind: str) -> None:
    block = blocks(model)[kind]
    ours = line_fit(block, model)
    assert ours is not None
    theirs = fit_model(model, block, options=ModelOptions(factor_names=FACTORS[model]))
    assert ours.names == theirs.names
    assert ours.failure == theirs.failure
    for name, expected in arrays(theirs).items():
        size = np.nanmax(np.abs(expected), initial=0.0)
        np.testing.assert_allclose(
            arrays(ours)[name], expected, rtol=RELATIVE, atol=RELATIVE * size + ABSOLUTE,
            err_msg=name,
        )  # fmt: skip
    c = np.ones((block.n, len(block.taus)))
    np.testing.assert_allclose(
        ours.covariance.quadratic(c), theirs.covariance.quadratic(c), rtol=RELATIVE
    )


def test_a_regressor_far_from_zero() -> None:
    block = blocks("market_model")["shifted"]
    ours = line_fit(block, "market_model")
    assert ours is not None
    y, x = block.returns_est, block.factors_est[:, :, 0]
    for i in range(block.n):
        about = x[i] - x[i].mean()
        slope = (about * (y[i] - y[i].mean())).sum() / (about**2).sum()
        # Twelve digits less the two that the shift takes.
        np.testing.assert_allclose(ours.theta[i, 1], slope, rtol=1e-10)
        assert abs(ours.residuals[i].sum()) < 1e-15
        assert abs((ours.residuals[i] * about).sum()) < 1e-15


def test_what_is_no_line() -> None:
    assert not fits_line("market_model", ModelOptions(half_life=20.0), 1)
    assert not fits_line("capm", ModelOptions(intercept=False), 1)
    assert not fits_line("factor", ModelOptions(), 1)
    assert not fits_line("market_model", ModelOptions(), 2)


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_that_fails_is_left_to_the_models(model: str) -> None:
    block = blocks(model)["whole"]
    values = block.returns_est.copy()
    values[3] = block.factors_est[3, :, 0] if model == "market_adjusted" else 0.01
    assert line_fit(replace(block, returns_est=values), model) is None


@pytest.mark.parametrize("model", MODELS)
def test_the_fit_of_whole_events(model: str) -> None:
    """Events without holes, several on a date, against the models; and what is passed on."""
    w = world(n=50, model=model, dates=11)
    data = w.data()
    block = gather_rows(data, 5, 45)
    whole = fit_whole(data, block, dates_of(data, 5, 45))
    assert whole is not None
    theirs = fit_model(model, block, options=ModelOptions(factor_names=FACTORS[model]))
    assert whole.fit.names == theirs.names
    for name, expected in arrays(theirs).items():
        size = np.nanmax(np.abs(expected), initial=0.0)
        np.testing.assert_allclose(
            arrays(whole.fit)[name], expected, rtol=RELATIVE, atol=RELATIVE * size + ABSOLUTE,
            err_msg=name,
        )  # fmt: skip
    for j, (start, end) in enumerate(data.windows):
        c = ((block.taus >= start) & (block.taus <= end)).astype(float)
        se = np.sqrt(theirs.covariance.quadratic(c))
        np.testing.assert_allclose(whole.per_sigma[:, j] * whole.fit.sigma, se, rtol=RELATIVE)
        se = np.sqrt(whole.fit.covariance.quadratic(c))
        np.testing.assert_allclose(whole.per_sigma[:, j] * whole.fit.sigma, se, rtol=RELATIVE)


@pytest.mark.parametrize("model", MODELS)
def test_tracks_of_whole_events(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By date and with what is known of the calendar, against day by day for every event."""
    monkeypatch.setattr(room, "PIECE", 7)
    w = world(n=50, model=model, dates=11)
    data = w.data()
    dates = dates_of(data, 5, 45)
    block = gather_rows(data, 5, 45)
    whole = fit_whole(data, block, dates)
    assert whole is not None
    cluster = data.days[data.position[5:45]]
    k = whole.fit.theta.shape[1]
    theirs = tracks(Leaf(block, whole.fit, cluster, k, data.days))
    ours = whole_tracks(data, block, whole.fit, dates)
    for f in fields(theirs):
        np.testing.assert_allclose(
            getattr(ours, f.name), getattr(theirs, f.name), rtol=RELATIVE, atol=1e-15
        )


@pytest.mark.parametrize("model", MODELS)
def test_who_is_not_whole(model: str) -> None:
    w = world(n=50, model=model)
    for other in (only_before(w), holes(w, 0.02)):
        data = other.data()
        assert fit_whole(data, gather_rows(data, 0, 50), dates_of(data, 0, 50)) is None


@pytest.mark.parametrize("model", MODELS)
def test_a_nearly_perfect_fit_is_projected_twice(model: str) -> None:
    """Where the residual is small beside the returns, the slower way keeps its digits."""
    w = world(n=50, model=model)
    base = 5.0 if model == "constant_mean" else 0.0
    lift = w.factors[0] * (1.0 if model == "market_adjusted" else 40.0) if base == 0.0 else base
    w.returns = (0.0 if base else 1e-5) * w.returns + lift + (w.returns if base else 0.0)
    if model == "market_adjusted":
        w.returns += 0.02
    data = w.data()
    block = gather_rows(data, 0, 50)
    assert fit_whole(data, block, dates_of(data, 0, 50)) is None
    ours = line_fit(block, model)
    assert ours is not None
    theirs = fit_model(model, block, options=ModelOptions(factor_names=FACTORS[model]))
    # Returns carry 16 digits and residuals are up to 1e5 times smaller.
    np.testing.assert_allclose(ours.sigma, theirs.sigma, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_windows_of_whole_events(model: str) -> None:
    """Windows made at once against those made one by one."""
    from eventstudy.abnormal import tested_window

    w = world(n=30, model=model)
    data = w.data()
    block = gather_rows(data, 0, 30)
    fit = line_fit(block, model)
    assert fit is not None
    for window in leaf_windows(data, block, fit):
        one = tested_window(block, fit, window.start, window.end)
        assert (window.members == one.members).all()
        assert (window.selector == one.selector).all()
        for name in ("car", "car_se", "scar", "n_days"):
            np.testing.assert_allclose(
                getattr(window, name), getattr(one, name), rtol=1e-12, atol=1e-16, err_msg=name
            )
