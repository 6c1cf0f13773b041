"""Brown and Warner's simulation on a panel of real returns: labelled data in, rates out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError
from eventstudy.names import ModelName
from eventstudy.simulation.designs import ResamplingDesign
from eventstudy.simulation.size import DEFAULT_SEED, rejection_rates

__all__ = ["resampling_design", "simulate_resampling"]

EFFECTS = (0.0, 0.005, 0.01, 0.02)


def resampling_design(
    returns: pd.DataFrame,
    benchmark: pd.Series[float] | None = None,
    *,
    name: str = "resampled",
    n_events: int = 50,
    estimation: int = 250,
    gap: int = 0,
    window: tuple[int, int] = (-5, 5),
    least: int = 120,
    variance: float = 1.0,
    same_date: bool = False,
) -> ResamplingDesign:
    """Make a design of random (asset, pseudo-date) pairs from a panel of returns.

    Parameters
    ----------
    returns : DataFrame
        One column an asset, naive ascending dates, decimals; NaN where there is no return.
    benchmark : Series, optional
        Return of the benchmark on the same dates; None leaves the mean without regressors.
    name : str
        Key of the rows of the result.
    n_events, estimation, gap, window, least, variance, same_date
        As in :class:`eventstudy.simulation.designs.ResamplingDesign`; ``window`` is the first and
        the last event day.

    Returns
    -------
    ResamplingDesign

    Raises
    ------
    InputError
        Where the dates do not ascend, the benchmark has other dates, or a number makes no sense.

    Examples
    --------
    >>> days = pd.bdate_range("2020-01-01", periods=300)
    >>> rng = np.random.default_rng(0)
    >>> panel = pd.DataFrame(rng.normal(0, 0.01, (300, 3)), index=days, columns=list("ABC"))
    >>> resampling_design(panel, estimation=200).eligible.sum(axis=0).tolist()
    [90, 90, 90]
    """
    index = returns.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None:
        raise InputError("the returns to resample need naive dates as their index")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise InputError("the dates of the returns to resample must ascend without repetition")
    if benchmark is not None and not benchmark.index.equals(index):
        raise InputError("the benchmark must have the dates of the returns to resample")
    if n_events < 2 or estimation < 3 or variance < 1.0 or gap < 0:
        raise InputError(
            "resampling needs two events, three estimation days, a gap of 0 or more and a "
            f"variance factor of 1 or more, not {n_events}, {estimation}, {gap} and {variance:g}"
        )
    if not window[0] <= 0 <= window[1]:
        raise InputError(f"the event days {window[0]} to {window[1]} must hold day 0")
    values: FloatArray = np.asarray(returns.to_numpy(), dtype=np.float64)
    factors: FloatArray = np.empty((len(index), 0))
    if benchmark is not None:
        factors = np.asarray(benchmark.to_numpy(), dtype=np.float64)[:, None]
    what = "one pseudo-date a sample" if same_date else "random pairs"
    wider = f", event variance x {variance:g}" if variance > 1.0 else ""
    return ResamplingDesign(
        name=name,
        title=f"{values.shape[1]} assets, {index[0].date()} to {index[-1].date()}: {what}{wider}",
        returns=values,
        factors=factors,
        days=index.to_numpy().astype("datetime64[D]").astype(np.int64),
        n_events=n_events,
        estimation=estimation,
        gap=gap,
        first=window[0],
        last=window[1],
        least=min(least, estimation),
        variance=variance,
        same_date=same_date,
    )


def simulate_resampling(
    design: ResamplingDesign,
    names: Sequence[tuple[str, str]] | None = None,
    *,
    effects: Sequence[float] = EFFECTS,
    windows: Sequence[tuple[int, int]] = ((0, 0), (-5, 5)),
    replications: int = 250,
    seed: int = DEFAULT_SEED,
    level: float = 0.05,
    workers: int = 1,
    block_size: int = 25,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Rejection rates over samples of real returns, with effects added on day 0.

    The samples of all effects are the same, so power curves have common random numbers.

    Parameters
    ----------
    design : ResamplingDesign
        From :func:`resampling_design`. Without a benchmark the model is the constant mean.
    names, windows, replications, seed, level, workers, block_size
        As in :func:`eventstudy.simulation.size.rejection_rates`.
    effects : sequence of float
        Added to each return of day 0, in decimals; 0 gives the size.
    progress : callable, optional
        Called with (replications done, replications) over all effects.

    Returns
    -------
    DataFrame
        The rows of ``rejection_rates``, and ``inside``: for effect 0, whether the rate lies in
        ``level +- 1.96 sqrt(level (1 - level)/R)``.

    References
    ----------
    Brown and Warner (1980), Journal of Financial Economics 8, 205-258,
    doi:10.1016/0304-405X(80)90002-1; (1985), 14, 3-31, doi:10.1016/0304-405X(85)90042-X.
    Bibliographic entries checked.

    Examples
    --------
    >>> days = pd.bdate_range("2020-01-01", periods=300)
    >>> rng = np.random.default_rng(0)
    >>> panel = pd.DataFrame(rng.normal(0, 0.01, (300, 3)), index=days, columns=list("ABC"))
    >>> made = resampling_design(panel, estimation=200, n_events=10)
    >>> table = simulate_resampling(made, [("bmp_t", "published")], effects=[0.02], replications=3)
    >>> table["rate"].tolist()[0]
    1.0
    """
    model: ModelName = "market_model" if design.factors.shape[1] else "constant_mean"
    total = replications * len(effects)
    parts = []
    for place, effect in enumerate(effects):

        def over_all(done: int, _: int, *, before: int = place * replications) -> None:
            if progress is not None:
                progress(before + done, total)

        parts.append(
            rejection_rates(
                design,
                names,
                windows=windows,
                replications=replications,
                seed=seed,
                effect=effect,
                level=level,
                model=model,
                workers=workers,
                block_size=block_size,
                progress=over_all,
            )
        )
    table = pd.concat(parts, ignore_index=True)
    valid = (table["replications"] - table["undefined"]).clip(lower=1)
    half = 1.959964 * np.sqrt(level * (1.0 - level) / valid)
    inside = (table["rate"] - level).abs() <= half
    table["inside"] = inside.astype("boolean").mask(table["effect"] != 0.0)
    return table
