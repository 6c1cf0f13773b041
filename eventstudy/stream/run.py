"""A study of any number of events, from arrays to statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from eventstudy.arrays import IntArray
from eventstudy.errors import InputError
from eventstudy.inference.leads import Design, leading
from eventstudy.inference.sample import Sample, Settings
from eventstudy.inference.windowtests import WindowTests, window_tests
from eventstudy.names import CROSS_EVENT
from eventstudy.reduce.leaf import LEAF
from eventstudy.stream.backend import BackendName, choose_backend
from eventstudy.stream.executor import Executor, default_executor
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.numpy_backend import fitted
from eventstudy.stream.passes import FailedFits, Passed, run_passes
from eventstudy.stream.screening import Dropped, Screened, screen
from eventstudy.stream.summary import SummarisedSample, summarised

__all__ = ["STREAMED", "StreamOutcome", "groups_needed", "run_stream"]

# What each statistic is computed from, besides the sums that every row shows. Where a test may
# lead, the table gives its smallest effect, which asks for the correlation: the tracks.
NEEDS: dict[str, tuple[str, ...]] = {
    "cross_sectional_t": (),
    "skewness_adjusted_t": (),
    "time_series_t": (),
    "crude_dependence_t": ("day_means", "selected"),
    "portfolio_t": ("day_means", "selected", "tracks"),
    "patell_z": (),
    "adjusted_patell_z": ("tracks",),
    "bmp_t": (),
    "adjusted_bmp_t": ("tracks",),
    "corrado_rank_z": ("corrado",),
    "corrado_zivney_rank_z": ("corrado_zivney",),
    "sign_z": ("signs",),
    "generalized_sign_z": ("signs",),
    "corrado_zivney_sign_z": ("corrado_zivney_sign",),
    "wilcoxon_signed_rank": ("columns",),
    "grank_t": ("grank", "tracks"),
    "grank_z": ("grank", "tracks"),
    "sign_gsar_t": ("grank",),
    "jackknife_t": ("columns",),
    "precision_weighted_t": ("precision", "random_effects"),
    "cluster_t": ("dates",),
    "date_mean_t": ("dates", "tracks"),
}
# The statistics that merged sums are enough for; the others need the events themselves.
STREAMED: tuple[tuple[str, str], ...] = tuple(
    (s.name, s.variant) for s in CROSS_EVENT if s.name in NEEDS
)


def groups_needed(names: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Return the groups that some statistics are computed from.

    Examples
    --------
    >>> sorted(groups_needed([("sign_z", "exact"), ("bmp_t", "published")]))
    ['signs', 'sums']
    """
    needed = {"sums"}
    for name, variant in names:
        needed.update(NEEDS.get(name, ()))
        if (name, variant) == ("grank_t", "block"):
            needed.add("grank_blocks")
    return frozenset(needed)


@dataclass(frozen=True, eq=False)
class StreamOutcome:
    """What a study of many events gives.

    Attributes
    ----------
    screened : Screened
        The events that were estimated, in canonical order, and those that were left out.
    passed : Passed or None
        Merged groups and the columns of the events; None where no event was left.
    sample : SummarisedSample or None
    tests : tuple of WindowTests
        One a distinct window, ordered by start and end.
    backend : str
    """

    screened: Screened
    passed: Passed | None
    sample: SummarisedSample | None
    tests: tuple[WindowTests, ...]
    backend: str

    @property
    def data(self) -> StreamData:
        """Returns and events."""
        return self.screened.data

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Events that were left out, in the order of the input."""
        return self.screened.dropped

    def input_order(self) -> IntArray:
        """Return the rows of the events that stay, in the order of the input, (N,)."""
        order = self.data.order
        if not len(order):
            return order
        place = np.full(int(order.max()) + 1, -1, dtype=np.int64)
        place[order] = np.arange(len(order))
        return place[place >= 0]

    def samples(
        self, size: int = LEAF, rows: IntArray | None = None
    ) -> Iterator[tuple[IntArray, Sample]]:
        """Fit events anew, ``size`` at a time: these rows, or all in the order of the input.

        Yields
        ------
        rows : (m,) int
            Rows of ``data``.
        sample : Sample
            Of these events, for tables with a row for each event and day or window.
        """
        rows = self.input_order() if rows is None else rows
        for low in range(0, len(rows), size):
            chosen = rows[low : low + size]
            part = self.data.take(chosen)
            block, fit = fitted(part, 0, part.n, gap=True)
            sample = Sample(
                block=block,
                fit=fit,
                cluster=part.cluster,
                n_parameters=fit.theta.shape[1],
                settings=Settings() if self.sample is None else self.sample.settings,
            )
            yield chosen, sample


def run_stream(
    data: StreamData,
    names: Sequence[tuple[str, str]] | None = STREAMED,
    *,
    threads: int | None = 2,
    backend: BackendName = "auto",
    block: int = 1,
    executor: Executor | None = None,
    settings: Settings | None = None,
) -> StreamOutcome:
    """Estimate all events and compute statistics across them in every tested window.

    Parameters
    ----------
    data : StreamData
    names : sequence of (name, variant) or None
        Statistics across events; None takes those that lead and their usual company. Those
        outside of :data:`STREAMED` get a row that says so.
    threads : int, optional
        None takes as many as there are processors.
    backend : {"auto", "numpy", "numba"}
    block : int
        Leaves of one task; neither it nor the threads change a bit of the result.
    executor : Executor, optional
        In place of the threads.
    settings : Settings, optional
        Alternative and level of the tests.

    Returns
    -------
    StreamOutcome

    Raises
    ------
    InputError
        for an unknown statistic or backend, or a block without a leaf.

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.stream.inputs import stream_data
    >>> rng = np.random.default_rng(1)
    >>> data = stream_data(
    ...     rng.normal(0, 0.01, (3, 400)), np.arange(400), [0, 1, 2, 0], [200, 250, 300, 350],
    ...     estimation=(-110, -11), event=(-1, 1), model="constant_mean",
    ... )
    >>> outcome = run_stream(data, [("bmp_t", "published")], backend="numpy")
    >>> [(t.start, t.statistics[0].n_events) for t in outcome.tests]
    [(-1, 4), (0, 4), (1, 4)]
    """
    if block < 1:
        raise InputError(f"block: a task holds at least one leaf of {LEAF} events, got {block}.")
    workers = executor or default_executor(threads)
    screened = screen(data)
    chosen = choose_backend(backend, data)
    settings = settings or Settings()
    needs = groups_needed(_usual() if names is None else names)
    while screened.data.n:
        try:
            passed = run_passes(screened.data, chosen, workers, needs, block=block, threads=threads)
        except FailedFits as failed:
            screened = _without(screened, failed.rows)
            continue
        sample = summarised(screened.data, passed, settings)
        return StreamOutcome(screened, passed, sample, _tests(sample, names), chosen.name)
    return StreamOutcome(screened, None, None, (), chosen.name)


def _without(screened: Screened, rows: IntArray) -> Screened:
    """Leave out the events whose fit failed, with the model's reason."""
    data, dropped = screened.data, list(screened.dropped)
    for low in range(0, len(rows), LEAF):
        some = rows[low : low + LEAF]
        part = data.take(some)
        reasons = fitted(part, 0, part.n)[1].failure
        dropped += [
            Dropped(int(order), int(asset), "model", reason, "")
            for order, asset, reason in zip(part.order, part.asset, reasons, strict=True)
        ]
    kept = np.ones(data.n, dtype=bool)
    kept[rows] = False
    return replace(
        screened,
        data=data.take(kept),
        purged=screened.purged[kept],
        unpurged=screened.unpurged[kept],
        dropped=tuple(sorted(dropped, key=lambda d: d.order)),
    )


def _tests(
    sample: SummarisedSample, names: Sequence[tuple[str, str]] | None
) -> tuple[WindowTests, ...]:
    return tuple(
        window_tests(sample, sample.window(start, end), names)
        for start, end in sorted(set(sample.windows))
    )


def _usual() -> list[tuple[str, str]]:
    """Return the statistics that may lead or accompany, whatever the design will be."""
    may_lead = [
        key for d in get_args(Design) for one in (True, False) for key in leading(d, one_day=one)
    ]
    return [*may_lead, *((s.name, s.variant) for s in CROSS_EVENT if s.recommended)]
