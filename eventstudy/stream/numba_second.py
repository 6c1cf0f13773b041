"""Second pass of the compiled backend: arrays for the kernels, and groups of what they wrote."""

from __future__ import annotations

from typing import Any

import numpy as np

from eventstudy.arrays import FloatArray
from eventstudy.reduce.blocks import LEAST_BLOCKS
from eventstudy.reduce.groups import GrankBase, GrankBlocks, GrankEntries, RandomEffects, Scores
from eventstudy.reduce.leaf import Scales
from eventstudy.stream.backend import SecondLeaf
from eventstudy.stream.inputs import StreamData
from eventstudy.stream.kernels import LANES, Study
from eventstudy.stream.kernels_second import ROWS, Effects, SecondRoom, prepare
from eventstudy.stream.kernels_third import RankRoom, Ranks, consume
from eventstudy.stream.numba_first import room_of, study_of

__all__ = ["second_leaf"]


def _second_room(study: Study, scales: Scales, lengths: list[int]) -> SecondRoom:
    days, windows, sizes = study.days, len(study.low), study.high - study.low
    padded = -(-days // LANES) * LANES
    usable = np.flatnonzero(scales.sar_sd > 0.0)
    plain = 1.0 / scales.scar_sd
    own = [days // length for length in lengths]
    parts = [np.flatnonzero(sizes == length) for length in lengths]
    columns = [np.r_[np.full(n, -1), part] for n, part in zip(own, parts, strict=True)]
    first = np.cumsum([0, *(len(column) for column in columns)])
    joint = days + len(usable) + 2 * windows
    widest = max(joint, days + study.length)

    def rows(width: int, kind: Any = np.float64) -> Any:
        return np.zeros((ROWS, width), dtype=kind)

    return SecondRoom(
        raw=rows(days + study.length), days=rows(joint), blocks=rows(int(first[-1])),
        raw_keys=rows(days + study.length, np.int32), day_keys=rows(joint, np.int32),
        block_keys=rows(int(first[-1]), np.int32), size=np.zeros(ROWS, dtype=np.int64),
        keyed=rows(1 + len(lengths), np.int64), scar=np.zeros(windows),
        roots=np.zeros((2, padded)), block_roots=np.zeros((2, int(first[-1]))),
        at=np.full(1, np.iinfo(np.int64).min), usable=usable,
        per_spread=1.0 / scales.sar_sd[usable],
        multiplier=np.concatenate([plain, plain * scales.root]), first=first,
        own=np.array(own, dtype=np.int64), length=np.array(lengths, dtype=np.int64),
        window=np.concatenate([np.empty(0, dtype=np.int64), *columns]),
        bits=(widest - 1).bit_length(),
    )  # fmt: skip


def _rank_room(study: Study, width: int) -> RankRoom:
    padded = -(-study.days // LANES) * LANES
    small = np.uint8 if study.days <= np.iinfo(np.uint8).max else np.uint16

    def row() -> Any:
        return np.zeros(width + 2, dtype=np.int32)

    return RankRoom(
        places=np.zeros((ROWS, max(padded, width)), dtype=small),
        counts=np.zeros(padded, dtype=small),
        order=row(), column=row(), twice=row(), upto=row(),
        listed=np.zeros(ROWS, dtype=np.int64),
    )  # fmt: skip


def _ranks(study: Study, space: SecondRoom) -> Ranks:
    days, windows, blocks = study.days, len(study.low), space.blocks.shape[1]
    joint, usable = days + study.length, days + len(space.usable)

    def counts(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int64)

    return Ranks(
        corrado=np.zeros(joint), corrado_whole=counts(joint), zivney=np.zeros(usable),
        zivney_whole=counts(usable), sign=counts(joint), day_count=np.zeros(days + 1),
        base=np.zeros(days), base_whole=counts(days), score=np.zeros(2 * windows),
        score_whole=counts(2 * windows), pushed=np.zeros((2 * windows, days)),
        pushed_whole=counts(2 * windows, days), sign_base=counts(days),
        sign_moves=counts(windows, days), sign_entry=counts(windows), variance=np.zeros(1),
        block_base=np.zeros(blocks), block_whole=counts(blocks), block_count=np.zeros(blocks),
        block_score=np.zeros(windows), block_pushed=np.zeros((windows, blocks)),
    )  # fmt: skip


class _Leaf:
    """Sums over one leaf, and the groups that they make."""

    def __init__(self, data: StreamData, n: int, scales: Scales, needs: frozenset[str]) -> None:
        self.study, self.n, self.needs = study_of(data), n, needs
        sizes = self.study.high - self.study.low
        self.sizes = sizes
        blocks = [
            int(size)
            for size in np.unique(sizes)
            if size > 1 and self.study.days // size >= LEAST_BLOCKS and "grank_blocks" in needs
        ]
        self.space = _second_room(self.study, scales, blocks)
        self.room = _rank_room(self.study, max(self.space.days.shape[1], self.space.raw.shape[1]))
        self.sums = _ranks(self.study, self.space)
        self.effects = Effects(scales.tau2, scales.centre, np.zeros((3, len(sizes))))
        self.flags = np.array(
            [
                "corrado" in needs or "corrado_zivney_sign" in needs,
                "corrado_zivney" in needs,
                "grank" in needs or "grank_blocks" in needs,
                "grank_blocks" in needs,
            ],
            dtype=np.int64,
        )
        self.geometry = room_of(data)

    def add(self, low: int, rows: int) -> None:
        """Add the events ``low : low + rows``, at most ``ROWS``."""
        space, ranks = self.space, bool(self.flags.any())
        prepare(self.study, self.geometry, space, self.effects, low, rows, ranks)
        if not ranks:
            return
        if self.flags[0]:
            space.raw_keys[:rows].sort(axis=1)
        if self.flags[1] or self.flags[2]:
            space.day_keys[:rows].sort(axis=1)
        for first, last in zip(space.first[:-1], space.first[1:], strict=True):
            space.block_keys[:rows, first:last].sort(axis=1)
        consume(space, self.room, self.sums, rows, self.flags)

    @property
    def whole(self) -> float:
        """Events without missing days."""
        return self.n - float(self.sums.day_count[-1])

    def scores(self, weighted: FloatArray, exact: FloatArray, events: int) -> Scores:
        """Return rank scores over the days and ``events`` event days."""
        size = self.study.days + events
        total = weighted + (exact / (2.0 * (size + 1.0)) - 0.5 * self.whole)
        return Scores(total, self.count(events))

    def count(self, events: int) -> FloatArray:
        """Return how many events have each day."""
        days = self.sums.day_count[:-1] + self.whole
        return np.concatenate([days, np.full(events, float(self.n))])

    def zivney(self) -> Scores:
        """Return the Corrado-Zivney scores; event days without a spread have none."""
        days, usable = self.study.days, self.space.usable
        known = self.scores(self.sums.zivney, self.sums.zivney_whole, len(usable))
        at = np.concatenate([np.arange(days), days + usable])
        total, count = np.zeros(days + self.study.length), np.zeros(days + self.study.length)
        total[at], count[at] = known.total, known.count
        return Scores(total, count)

    def base(self) -> GrankBase:
        """Return the days ranked among themselves."""
        weight = 2.0 * (self.study.days + 2.0)
        return GrankBase(self.sums.base + self.sums.base_whole / weight, self.count(0))

    def entries(self) -> GrankEntries:
        """Return the entries ranked among the days; zeros for windows without a spread."""
        sums, size, windows = self.sums, self.study.days, len(self.sizes)
        both = np.isfinite(self.space.multiplier)
        on = both[:windows].astype(np.float64)
        exact = (sums.score_whole + 2.0 * self.whole) / (2.0 * (size + 2.0)) - 0.5 * self.whole
        score = np.where(both, sums.score + exact, 0.0)
        pushed = sums.pushed + sums.pushed_whole / (size + 2.0)
        signs = (sums.sign_base + sums.sign_moves) * on[:, None]
        return GrankEntries(
            np.full(windows, float(self.n)), sums.variance * on, score[:windows], score[windows:],
            pushed[:windows], pushed[windows:], signs, sums.sign_entry.astype(np.float64),
        )  # fmt: skip

    def blocks(self) -> GrankBlocks:
        """Return the entries ranked among the blocks; those of one day are the days."""
        sums, space, nothing = self.sums, self.space, np.empty(0)
        base, days = self.base(), self.entries()
        score, parts = sums.block_score.copy(), []
        lengths = space.length.tolist()
        for w, size in enumerate(self.sizes.tolist()):
            if size in lengths:
                u = lengths.index(size)
                at = slice(space.first[u], space.first[u] + space.own[u])
                weight = 2.0 * (space.own[u] + 2.0)
                own = sums.block_base[at] + sums.block_whole[at] / weight
                parts.append((own, sums.block_count[at].copy(), sums.block_pushed[w, at].copy()))
            elif size == 1 and self.study.days >= LEAST_BLOCKS:
                parts.append((base.base, base.count, days.cross_pushed[w]))
                score[w] = days.cross_score[w]
            else:
                parts.append((nothing, nothing, nothing))
        first, second, third = (tuple(part[j] for part in parts) for j in range(3))
        return GrankBlocks(first, second, third, score, np.full(len(self.sizes), float(self.n)))


def second_leaf(
    data: StreamData, low: int, high: int, scales: Scales, needs: frozenset[str]
) -> SecondLeaf:
    """Reduce the events ``low:high``, whose event windows are complete."""
    leaf = _Leaf(data, high - low, scales, needs)
    for first in range(low, high, ROWS):
        leaf.add(first, min(ROWS, high - first))
    sums, length = leaf.sums, data.length
    made: dict[str, Any] = {}
    if "corrado" in needs:
        made["corrado"] = leaf.scores(sums.corrado, sums.corrado_whole, length)
    if "corrado_zivney" in needs:
        made["corrado_zivney"] = leaf.zivney()
    if "corrado_zivney_sign" in needs:
        made["corrado_zivney_sign"] = Scores(sums.sign.astype(np.float64), leaf.count(length))
    if "grank" in needs:
        made["grank_base"], made["grank_entries"] = leaf.base(), leaf.entries()
    if "grank_blocks" in needs:
        made["grank_blocks"] = leaf.blocks()
    if "random_effects" in needs:
        made["random_effects"] = RandomEffects(*leaf.effects.sums)
    return SecondLeaf(**made)
