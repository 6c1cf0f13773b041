"""Reducers of the second pass: they need the scales that the merged first pass gives."""

from __future__ import annotations

from dataclasses import dataclass

from eventstudy.arrays import FloatArray
from eventstudy.reduce.blocks import block_ranks
from eventstudy.reduce.grank import day_ranks, window_entries
from eventstudy.reduce.groups import (
    GrankBase,
    GrankBlocks,
    GrankEntries,
    Scores,
)
from eventstudy.reduce.leaf import Leaf, Scales
from eventstudy.reduce.scores import raw_scores
from eventstudy.reduce.signs import sign_counts

__all__ = [
    "Ranked",
    "corrado",
    "corrado_zivney",
    "corrado_zivney_sign",
    "grank_base",
    "grank_blocks",
    "grank_entries",
    "ranked",
    "sign_counts",
]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Groups of the second pass that rank; None where not needed."""

    corrado: Scores | None = None
    corrado_zivney: Scores | None = None
    corrado_zivney_sign: Scores | None = None
    grank_base: GrankBase | None = None
    grank_entries: GrankEntries | None = None
    grank_blocks: GrankBlocks | None = None


def ranked(leaf: Leaf, scales: Scales, needs: frozenset[str]) -> Ranked:
    """Reduce a leaf to all ranking groups that are needed, with one sort of each set of values.

    Parameters
    ----------
    leaf : Leaf
    scales : Scales
        ``sar_sd`` for the event days, ``scar_sd`` and ``root`` for the windows of the leaf.
    needs : frozenset of str
        Among ``corrado``, ``corrado_zivney``, ``corrado_zivney_sign``, ``grank`` (days and
        entries) and ``grank_blocks``; others are passed over.
    """
    raw = needs & {"corrado", "corrado_zivney_sign"}
    ranks, signs = (None, None)
    if raw:
        ranks, signs = raw_scores(
            leaf, ranks="corrado" in needs, signs="corrado_zivney_sign" in needs
        )
    windows = bool(needs & {"grank", "grank_blocks"})
    zivney = "corrado_zivney" in needs
    if not (windows or zivney):
        return Ranked(ranks, None, signs)
    blocks = "grank_blocks" in needs
    entries = window_entries(leaf, scales) if windows else None
    days = day_ranks(
        leaf, sar_sd=scales.sar_sd if zivney else None, entries=entries, by_window=blocks
    )
    if entries is None:
        return Ranked(ranks, days.zivney, signs)
    return Ranked(
        ranks,
        days.zivney,
        signs,
        days.base,
        days.entries,
        block_ranks(leaf, entries, days) if blocks else None,
    )


def corrado(leaf: Leaf) -> Scores:
    """Mid-rank of each abnormal return over (the event's number of days + 1), minus a half.

    Ranks run over the estimation window and the whole event window; returns over several sessions
    are divided by the root of their number. A missing day has no rank.
    """
    scores = raw_scores(leaf, signs=False)[0]
    assert scores is not None
    return scores


def corrado_zivney_sign(leaf: Leaf) -> Scores:
    """Sign of each abnormal return about its event's median of all days; 0 at the median."""
    scores = raw_scores(leaf, ranks=False)[1]
    assert scores is not None
    return scores


def corrado_zivney(leaf: Leaf, sar_sd: FloatArray) -> Scores:
    """As :func:`corrado`, of standardised abnormal returns brought to equal spread.

    Parameters
    ----------
    leaf : Leaf
    sar_sd : (L,) float
        Spread of each event day across the events. A day without a positive one is left out.
    """
    scores = day_ranks(leaf, sar_sd=sar_sd).zivney
    assert scores is not None
    return scores


def grank_base(leaf: Leaf) -> GrankBase:
    """Rank the studentised estimation days of each event among themselves."""
    return day_ranks(leaf).base


def grank_entries(leaf: Leaf, scales: Scales) -> GrankEntries:
    """Rank each window's entry among the studentised estimation days of its event."""
    entries = day_ranks(leaf, entries=window_entries(leaf, scales)).entries
    assert entries is not None
    return entries


def grank_blocks(leaf: Leaf, scales: Scales) -> GrankBlocks:
    """Rank each window's entry among disjoint blocks of estimation days as long as the window.

    Windows for which there are fewer than ten blocks have empty arrays.
    """
    entries = window_entries(leaf, scales)
    one_day = any(window.start == window.end for window in leaf.windows)
    days = day_ranks(leaf, entries=entries, by_window=True) if one_day else None
    return block_ranks(leaf, entries, days)
