"""Samples to compare on: the bundled prices of the reference cases, the golden vector, and random
samples from a seed. Plain Python, like the loops."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .loops import Event, Maybe, Stretch, _number

PRICES = Path(__file__).resolve().parents[2] / "data" / "prices"
EPOCH = date(1970, 1, 1).toordinal()


@dataclass
class Case:
    """Events, the model that is fitted to them and the windows that are tested."""

    label: str
    model: str
    policy: str
    events: list[Event]
    windows: list[tuple[int, int]]


def golden() -> Case:
    """Four events, 20 estimation days, 3 event days, from sines and cosines."""
    events = []
    for i in range(4):
        returns: list[Maybe] = []
        market: list[list[Maybe]] = []
        for t in range(23):
            k = t + 1
            m = 0.010 * math.sin(1.3 * k + 0.7 * i) + 0.004 * math.cos(0.37 * k**2 + i)
            u = 0.012 * math.sin(2.1 * k + 1.9 * i**2) + 0.006 * math.cos(0.53 * k**2 - 0.8 * i)
            shock = 0.02 * (1 + 0.25 * i) if t == 21 else 0.0
            returns.append(0.0003 * (i + 1) + (0.6 + 0.3 * i) * m + u + shock)
            market.append([m])
        est = Stretch(list(range(-21, -1)), list(range(20)), returns[:20], market[:20], [1.0] * 20)
        evt = Stretch([-1, 0, 1], [20, 21, 22], returns[20:], market[20:], [1.0] * 3)
        events.append(Event(f"e{i}", 21, est, evt))
    return Case("golden", "market_model", "exclude", events, [(0, 0), (-1, 1)])


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    with gzip.open(path, "rt", newline="") as lines:
        rows = list(csv.reader(lines))
    return rows[0], rows[1:]


def _simple(prices: Sequence[float]) -> list[Maybe]:
    return [None, *(b / a - 1.0 for a, b in itertools.pairwise(prices))]


def real(reference: Path) -> tuple[dict[str, Any], Case]:
    """A stored reference and its events, built from the bundled closes."""
    stored = json.loads(reference.read_text())
    head, rows = _table(PRICES / "us-stocks.csv.gz")
    _, index_rows = _table(PRICES / "sp500.csv.gz")
    dates = [row[0] for row in rows]
    assert dates == [row[0] for row in index_rows]
    market = _simple([float(row[1]) for row in index_rows])
    holes = {(asset, day) for asset, day in stored.get("holes", [])}
    events = []
    for entry in stored["events"]:
        asset, zero = entry["asset"], dates.index(entry["session"])
        column = head.index(asset)
        returns = _simple([float(row[column]) for row in rows])

        def stretch(
            first: int, last: int, *, asset: str = asset, zero: int = zero, r: list[Maybe] = returns
        ) -> Stretch:
            at = range(zero + first, zero + last + 1)
            return Stretch(
                taus=list(range(first, last + 1)),
                days=[date.fromisoformat(dates[t]).toordinal() - EPOCH for t in at],
                returns=[None if (asset, dates[t]) in holes else r[t] for t in at],
                factors=[[market[t]] for t in at],
                spans=[None if (asset, dates[t]) in holes else 1.0 for t in at],
            )

        day0 = date.fromisoformat(entry["session"]).toordinal() - EPOCH
        events.append(Event(asset, day0, stretch(*stored["estimation"]), stretch(*stored["event"])))
    windows = [(t["start"], t["end"]) for t in stored["tests"]]
    return stored, Case(reference.stem, stored["model"], "skip", events, windows)


# random samples


@dataclass
class Market:
    """Sessions of a calendar with factor moves, and assets with prices or holes in them."""

    days: list[int]
    factors: list[list[float]]
    moves: dict[str, list[Maybe]]  # None: no price on that session


def simulate(
    rng: random.Random,
    assets: Sequence[str],
    *,
    sessions: int,
    n_factors: int,
    missing: float,
    step: float | None = None,
    first_day: int = 18000,
) -> Market:
    """Draw factor moves, loadings, a shock common to the assets, and own shocks with fat tails.

    ``step`` rounds all moves to multiples of it, so that ties and exact zeros appear.
    """

    def tick(x: float) -> float:
        return x if step is None else round(x / step) * step

    days = [first_day + t + 2 * (t // 5) for t in range(sessions)]
    factors = [[tick(rng.gauss(0.0004, 0.01)) for _ in range(n_factors)] for _ in days]
    common = [rng.gauss(0.0, 0.006) for _ in days]
    moves: dict[str, list[Maybe]] = {}
    for asset in assets:
        alpha, sigma = rng.gauss(0.0, 0.0005), rng.uniform(0.008, 0.025)
        loadings = [rng.uniform(0.4, 1.5) / (j + 1) for j in range(n_factors)]
        own = [rng.gauss(0.0, sigma) * rng.choice([0.6, 1.0, 1.0, 1.9]) for _ in days]
        series: list[Maybe] = []
        for t in range(sessions):
            move = alpha + math.fsum(b * f for b, f in zip(loadings, factors[t], strict=True))
            move = tick(move + common[t] + own[t])
            series.append(None if rng.random() < missing else move)
        moves[asset] = series
    return Market(days, factors, moves)


Gather = Callable[[Market, str, Iterable[int]], tuple[list[Maybe], list[list[Maybe]], list[Maybe]]]


def gather_returns(
    market: Market, asset: str, at: Iterable[int]
) -> tuple[list[Maybe], list[list[Maybe]], list[Maybe]]:
    """Returns as they are; a missing one is missing, the regressors stay."""
    at = list(at)
    returns = [market.moves[asset][t] for t in at]
    factors: list[list[Maybe]] = [list(market.factors[t]) for t in at]
    return returns, factors, [None if r is None else 1.0 for r in returns]


def gather_spans(
    market: Market, asset: str, at: Iterable[int]
) -> tuple[list[Maybe], list[list[Maybe]], list[Maybe]]:
    """Returns from price to price: after a gap of q sessions all is compounded over q sessions.

    Gaps of more than five sessions are not bridged. A hole's own move is drawn as nothing: what
    matters is that the same span carries return and regressors.
    """
    returns: list[Maybe] = []
    factors: list[list[Maybe]] = []
    spans: list[Maybe] = []
    for t in at:
        move, q = market.moves[asset][t], 1
        while t - q >= 0 and market.moves[asset][t - q] is None:
            q += 1
        if move is None or q > 5:
            returns.append(None)
            factors.append([None] * len(market.factors[t]))
            spans.append(None)
            continue
        returns.append(move)
        factors.append(
            [
                math.prod(1.0 + market.factors[u][j] for u in range(t - q + 1, t + 1)) - 1.0
                for j in range(len(market.factors[t]))
            ]
        )
        spans.append(float(q))
    return returns, factors, spans


def event_at(
    market: Market,
    asset: str,
    zero: int,
    gather: Gather,
    *,
    estimation: tuple[int, int],
    event: tuple[int, int],
    listed: int = 0,
) -> Event:
    """Cut an event out of a market; sessions before ``listed`` are before the asset's start."""

    def stretch(first: int, last: int) -> Stretch:
        at = range(zero + first, zero + last + 1)
        returns, factors, spans = gather(market, asset, at)
        early = [t < listed for t in at]
        return Stretch(
            taus=list(range(first, last + 1)),
            days=[-1 if e else market.days[t] for e, t in zip(early, at, strict=True)],
            returns=[None if e else r for e, r in zip(early, returns, strict=True)],
            factors=[[None] * len(f) if e else f for e, f in zip(early, factors, strict=True)],
            spans=[None if e else q for e, q in zip(early, spans, strict=True)],
        )

    return Event(asset, market.days[zero], stretch(*estimation), stretch(*event))


ESTIMATION, EVENT = (-70, -9), (-4, 5)
WINDOWS = [(0, 0), (2, 2), (0, 1), (-2, 2), (-4, 5)]
NAMES = [f"A{i:02d}" for i in range(14)]


def _case(
    label: str,
    seed: int,
    places: Callable[[random.Random], list[tuple[str, int]]],
    *,
    model: str = "market_model",
    policy: str = "exclude",
    n_factors: int = 1,
    missing: float = 0.0,
    step: float | None = None,
    late: bool = False,
    calendars: int = 1,
) -> Case:
    # A string seeds by its digest, the same on every machine and in every process.
    rng = random.Random(f"{label}-{seed}")
    markets = [
        simulate(
            rng,
            NAMES,
            sessions=500,
            n_factors=n_factors,
            missing=missing,
            step=step,
            first_day=18000 + i,
        )
        for i in range(calendars)
    ]
    gather = gather_spans if policy == "trade_to_trade" else gather_returns
    events = []
    for i, (asset, zero) in enumerate(places(rng)):
        listed = zero + ESTIMATION[0] + rng.randrange(0, 25) if late and i % 3 else 0
        events.append(
            event_at(
                markets[i % calendars],
                asset,
                zero,
                gather,
                estimation=ESTIMATION,
                event=EVENT,
                listed=listed,
            )
        )
    return Case(f"{label}-{seed}", model, policy, events, WINDOWS)


def _one_date(rng: random.Random) -> list[tuple[str, int]]:
    zero = rng.randrange(100, 480)
    return [(asset, zero) for asset in NAMES[:13]]


def _staggered(rng: random.Random) -> list[tuple[str, int]]:
    return [(NAMES[i % 14], 80 + 36 * i) for i in range(11)]


def _overlapping(rng: random.Random) -> list[tuple[str, int]]:
    """Firms come back, dates lie a few sessions apart, some are shared."""
    zeros = [200 + rng.randrange(0, 14) for _ in range(7)]
    return [(NAMES[(5 * i) % 7], zeros[i % 7] + 25 * (i // 7)) for i in range(16)]


def _clusters(rng: random.Random) -> list[tuple[str, int]]:
    zeros = rng.sample(range(90, 480), 5)
    return [(NAMES[(3 * g + i) % 14], zero) for g, zero in enumerate(zeros) for i in range(3)]


def _pair(rng: random.Random) -> list[tuple[str, int]]:
    return [(NAMES[0], 150), (NAMES[1], 152)]


def random_cases(seed: int) -> list[Case]:
    """One sample of each kind for a seed."""
    return [
        _case("one-date", seed, _one_date),
        _case("one-date-adjusted", seed, _one_date, model="market_adjusted"),
        _case("one-date-late", seed, _one_date, late=True, missing=0.02),
        _case("one-date-holes", seed, _one_date, missing=0.012),
        _case("one-date-spans", seed, _one_date, missing=0.012, policy="trade_to_trade"),
        _case("staggered-skip", seed, _staggered, policy="skip", missing=0.06),
        _case("overlap-exclude", seed, _overlapping, missing=0.03),
        _case("overlap-calendars", seed, _overlapping, policy="skip", missing=0.04, calendars=2),
        _case(
            "clusters-late",
            seed,
            _clusters,
            model="market_adjusted",
            late=True,
            missing=0.02,
            policy="skip",
        ),
        _case(
            "factors-spans",
            seed,
            _overlapping,
            model="factor",
            n_factors=3,
            missing=0.05,
            policy="trade_to_trade",
        ),
        _case(
            "market-spans-late", seed, _clusters, missing=0.08, policy="trade_to_trade", late=True
        ),
        _case(
            "adjusted-spans",
            seed,
            _staggered,
            model="market_adjusted",
            missing=0.08,
            policy="trade_to_trade",
        ),
        _case(
            "constant-spans",
            seed,
            _clusters,
            model="constant_mean",
            n_factors=0,
            missing=0.06,
            policy="trade_to_trade",
        ),
        _case("constant-late", seed, _overlapping, model="constant_mean", n_factors=0, late=True),
        _case("ties", seed, _clusters, model="market_adjusted", step=2.0**-7),
        _case(
            "ties-skip",
            seed,
            _overlapping,
            model="market_adjusted",
            step=2.0**-8,
            missing=0.05,
            policy="skip",
        ),
        _case("pair", seed, _pair),
    ]


def there(values: Sequence[Maybe]) -> list[float]:
    """What is not missing."""
    return [_number(v) for v in values if v is not None]
