"""The loops' events as the engine's arrays: the only module here that knows the engine's types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy.arrays import EventBlock, FloatArray, IntArray
from eventstudy.inference.sample import Sample, Settings
from eventstudy.models import ModelOptions, fit_model
from eventstudy.names import Alternative

from .cases import Case
from .loops import Maybe, Stretch


def _floats(rows: Sequence[Sequence[Maybe]]) -> FloatArray:
    return np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=np.float64)


def _factors(stretches: Sequence[Stretch]) -> FloatArray:
    out = [[[np.nan if v is None else v for v in day] for day in s.factors] for s in stretches]
    return np.array(out, dtype=np.float64).reshape(len(out), len(out[0]), -1)


def _days(stretches: Sequence[Stretch]) -> IntArray:
    return np.array([s.days for s in stretches], dtype=np.int64)


def block_of(case: Case) -> EventBlock:
    """Gather the events of a case."""
    est, evt = [e.est for e in case.events], [e.evt for e in case.events]
    return EventBlock(
        returns_est=_floats([s.returns for s in est]),
        factors_est=_factors(est),
        spans_est=_floats([s.spans for s in est]),
        days_est=_days(est),
        returns_evt=_floats([s.returns for s in evt]),
        factors_evt=_factors(evt),
        spans_evt=_floats([s.spans for s in evt]),
        days_evt=_days(evt),
        est_taus=np.array(est[0].taus, dtype=np.int64),
        taus=np.array(evt[0].taus, dtype=np.int64),
    )


def sample_of(case: Case, alternative: Alternative = "two-sided") -> Sample:
    """Fit the engine's model and gather what its tests look at."""
    block = block_of(case)
    names = tuple(f"F{j}" for j in range(block.factors_est.shape[2]))
    fitted = fit_model(case.model, block, options=ModelOptions(factor_names=names))
    assert not any(fitted.failure)
    return Sample(
        block=block,
        fit=fitted,
        cluster=np.array([e.day0 for e in case.events], dtype=np.int64),
        n_parameters=fitted.theta.shape[1],
        settings=Settings(alternative=alternative),
    )
