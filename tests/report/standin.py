"""A small result with every table and column that the writers read, made from any prices.

Market model and constant mean by least squares, exact t, placebo p: enough to be plausible.
It stands in for a run, so that tests of the presentation need neither engine nor data.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy.results import StudyResult

SEED = 20220215


@dataclass(frozen=True)
class Headline:
    """One headline and the session that it belongs to."""

    event_id: str
    headline: str
    timestamp: str
    session: str
    position: str = "pre-open"
    reason: str = "08:00 UTC is before the open of 14:30 UTC"
    assets: tuple[str, ...] = ()


def synthetic_prices(n_assets: int = 4, n_days: int = 400, seed: int = SEED) -> pd.DataFrame:
    """Random walks with one common factor on weekdays; the first column is the index."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2020-09-01", periods=n_days)
    market = rng.normal(0.0004, 0.01, n_days)
    columns = {"INDEX": market}
    for i in range(1, n_assets):
        columns[f"A{i:02d}"] = (0.6 + 0.1 * (i % 9)) * market + rng.normal(0, 0.015, n_days)
    return 100.0 * (1.0 + pd.DataFrame(columns, index=days)).cumprod()


def _fit(returns: np.ndarray, factor: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    ones = np.ones(len(returns))
    x = ones[:, None] if factor is None else np.column_stack([ones, factor])
    theta, *_ = np.linalg.lstsq(x, returns, rcond=None)
    return theta, x


class Builder:
    """Collects the rows of all tables."""

    def __init__(
        self,
        prices: pd.DataFrame,
        *,
        estimation: tuple[int, int],
        event: tuple[int, int],
        report: list[tuple[int, int]],
    ) -> None:
        self.prices = prices
        self.returns = prices.pct_change()
        self.estimation, self.event = estimation, event
        self.report = report
        self.flags = ""
        self.rows: dict[str, list[dict[str, Any]]] = {
            k: [] for k in ("pinned", "events", "ar", "windows", "event_tests", "series")
        }

    def add(self, headline: Headline, asset: str, model: str, panel: str, benchmark: str) -> None:
        days = self.prices.index
        zero = int(days.get_loc(pd.Timestamp(headline.session)))
        a, b = self.estimation
        lo, hi = self.event
        r = self.returns[asset].to_numpy()
        m = self.returns[benchmark].to_numpy() if model != "constant_mean" else None
        est, evt = slice(zero + a, zero + b + 1), slice(zero + lo, zero + hi + 1)
        theta, x = _fit(r[est], None if m is None else m[est])
        resid = r[est] - x @ theta
        df = len(resid) - x.shape[1]
        s = float(np.sqrt(resid @ resid / df))
        xe = (
            np.ones((hi - lo + 1, 1))
            if m is None
            else np.column_stack([np.ones(hi - lo + 1), m[evt]])
        )
        inv = np.linalg.inv(x.T @ x)
        cov = s**2 * (np.eye(len(xe)) + xe @ inv @ xe.T)
        ar = r[evt] - xe @ theta
        key = {"event_id": headline.event_id, "asset": asset}
        session = days[zero]
        self.rows["events"].append(
            {
                **key,
                "session": session,
                "panel": panel,
                "model": model,
                "n_estimation": len(resid),
                "df": df,
                "sigma": s,
                "alpha": theta[0],
                "beta": theta[1] if m is not None else np.nan,
                "r_squared": 1 - resid.var() / r[est].var() if m is not None else np.nan,
                "flags": self.flags,
            }
        )
        self._paths(key, model, panel, days[evt], r[evt], xe @ theta, ar, cov, df)
        self._windows(key, session, model, panel, ar, cov, df, resid / s)
        span = range(max(zero - 60, 0), zero + hi + 1)
        if not any(
            q["event_id"] == headline.event_id and q["asset"] == asset for q in self.rows["series"]
        ):
            self.rows["series"] += [
                {
                    **key,
                    "session": days[i],
                    "tau": i - zero,
                    "price": self.prices[asset].iloc[i],
                    "flag": "",
                }
                for i in span
            ]
            self._pin(headline, asset, session)

    def _pin(self, headline: Headline, asset: str, session: pd.Timestamp) -> None:
        stamp = pd.Timestamp(headline.timestamp) if headline.timestamp else pd.NaT
        opened = session.tz_localize("UTC") + pd.Timedelta(hours=14, minutes=30)
        self.rows["pinned"].append(
            {
                "event_id": headline.event_id,
                "asset": asset,
                "calendar": "XNYS",
                "timestamp_utc": stamp,
                "session": session,
                "position": headline.position,
                "session_open_utc": opened,
                "session_close_utc": opened + pd.Timedelta(hours=6.5),
                "reason": headline.reason,
                "measured_utc": opened + pd.Timedelta(hours=6.5),
                "alternative_session": pd.NaT,
                "clean_end": 0,
                "uncertainty_minutes": 25.0,
                "group": "story",
                "sign": np.nan,
                "surprise": np.nan,
                "headline": headline.headline,
            }
        )

    def _paths(
        self,
        key: dict[str, str],
        model: str,
        panel: str,
        days: pd.DatetimeIndex,
        r: np.ndarray,
        expected: np.ndarray,
        ar: np.ndarray,
        cov: np.ndarray,
        df: int,
    ) -> None:
        lower = np.tril(np.ones((len(ar), len(ar))))
        car, car_se = lower @ ar, np.sqrt(np.diag(lower @ cov @ lower.T))
        half = stats.t(df).isf(0.025) * car_se
        for j, day in enumerate(days):
            se = float(np.sqrt(cov[j, j]))
            self.rows["ar"].append(
                {
                    **key,
                    "session": day,
                    "tau": self.event[0] + j,
                    "return": r[j],
                    "expected": expected[j],
                    "ar": ar[j],
                    "ar_se": se,
                    "sar": ar[j] / se,
                    "model": model,
                    "panel": panel,
                    "car": car[j],
                    "car_se": car_se[j],
                    "car_low": car[j] - half[j],
                    "car_high": car[j] + half[j],
                    "car_sup_low": car[j] - 1.4 * half[j],
                    "car_sup_high": car[j] + 1.4 * half[j],
                }
            )

    def _windows(
        self,
        key: dict[str, str],
        session: pd.Timestamp,
        model: str,
        panel: str,
        ar: np.ndarray,
        cov: np.ndarray,
        df: int,
        z: np.ndarray,
    ) -> None:
        lo, hi = self.event
        spans = list(dict.fromkeys([*self.report, *((t, t) for t in range(lo, hi + 1))]))
        law = stats.t(df)
        for start, end in sorted(spans):
            c = np.zeros(len(ar))
            c[start - lo : end - lo + 1] = 1.0
            car, se = float(c @ ar), float(np.sqrt(c @ cov @ c))
            t, length = car / se, end - start + 1
            sums = np.abs(np.convolve(z, np.ones(length), "valid")) / np.sqrt(length)
            placebo = (1 + int((sums >= abs(t)).sum())) / (len(sums) + 1)
            p, q = float(2 * law.sf(abs(t))), float(law.isf(0.025))
            wide = float(stats.t(df).isf(0.025 / (hi - lo + 1)))
            self.rows["windows"].append(
                {
                    **key,
                    "model": model,
                    "start": start,
                    "end": end,
                    "n_days": length,
                    "car": car,
                    "car_se": se,
                    "scar": t,
                    "statistic": t,
                    "df": df,
                    "pvalue": p,
                    "placebo_pvalue": placebo,
                    "ci_low": car - q * se,
                    "ci_high": car + q * se,
                    "bhar": car,
                    "note": "",
                    "session": session,
                    "panel": panel,
                    "mde": (q + float(law.isf(0.2))) * se,
                    "placebo_low": car - wide * se,
                    "placebo_high": car + wide * se,
                }
            )
            for name, variant, value, leads in (
                ("exact_t", "published", p, True),
                ("placebo_sq", "studentised", placebo, False),
            ):
                self.rows["event_tests"].append(
                    {
                        **key,
                        "model": model,
                        "start": start,
                        "end": end,
                        "name": name,
                        "variant": variant,
                        "statistic": t,
                        "leads": leads,
                        "panel": panel,
                        "distribution": "t" if name == "exact_t" else "placebo",
                        "df": df,
                        "pvalue": value,
                        "pvalue_adjusted": min(1.0, 4 * value) if leads else np.nan,
                        "lead_reason": "120 estimation returns" if leads else "",
                        "note": "",
                    }
                )


_TESTS = (
    ("cross_sectional_t", "published", "Cross-sectional t", True, False),
    ("portfolio_t", "published", "Portfolio t", False, True),
    ("patell_z", "published", "Patell Z", True, False),
    ("bmp_t", "published", "BMP t", True, False),
    ("adjusted_bmp_t", "published", "Adjusted BMP t (KP)", False, True),
)


def _tests(windows: pd.DataFrame, report: list[tuple[int, int]]) -> pd.DataFrame:
    rows = []
    wanted = windows[windows[["start", "end"]].apply(tuple, axis=1).isin(report)]
    for (panel, model, start, end), part in wanted.groupby(
        ["panel", "model", "start", "end"], sort=False
    ):
        n, x = len(part), part["car"].to_numpy()
        if n < 2:
            continue
        mean, sd = float(x.mean()), float(x.std(ddof=1))
        rbar, clusters = 0.12, int(part["session"].nunique())
        for name, variant, title, independent, leads in _TESTS:
            deff = 1.0 if independent else 1 + (n - 1) * rbar
            se = sd / np.sqrt(n) * np.sqrt(deff)
            law = stats.t(n - 1)
            p = float(2 * law.sf(abs(mean / se)))
            q = float(law.isf(0.025))
            rows.append(
                {
                    "panel": panel,
                    "model": model,
                    "start": start,
                    "end": end,
                    "name": name,
                    "variant": variant,
                    "leads": leads,
                    "n_events": n,
                    "n_clusters": clusters,
                    "rbar": np.nan if independent else rbar,
                    "estimate": mean,
                    "se": se,
                    "ci_low": mean - q * se,
                    "ci_high": mean + q * se,
                    "statistic": mean / se,
                    "distribution": "t",
                    "df": n - 1,
                    "pvalue": p,
                    "pvalue_adjusted": min(1.0, 3 * p) if leads else np.nan,
                    "alternative": "two-sided",
                    "note": "assumes independent events" if independent else "",
                    "title": title,
                    "mde": 2.9 * se if leads else np.nan,
                    "lead_reason": f"All {n} events share one date." if leads else "",
                    "design_effect": 1 + (n - 1) * rbar if leads else np.nan,
                    "independent": independent,
                }
            )
    return pd.DataFrame(rows)


def _paths(ar: pd.DataFrame) -> pd.DataFrame:
    keys = ["panel", "model", "tau"]
    grouped = ar.groupby(keys, sort=False)
    out = grouped["car"].agg(n_events="count", caar="mean", caar_se="std").reset_index()
    out["aar"] = grouped["ar"].mean().to_numpy()
    out["aar_se"] = grouped["ar"].std().to_numpy()
    for name, width in (("", 2.0), ("_sup", 2.8)):
        out[f"caar{name}_low"] = out["caar"] - width * out["caar_se"]
        out[f"caar{name}_high"] = out["caar"] + width * out["caar_se"]
    return out[out["n_events"] >= 2].reset_index(drop=True)


def build(
    prices: pd.DataFrame,
    headlines: list[Headline],
    plan: list[tuple[str, str, str, str]],
    *,
    titles: dict[str, str] | None = None,
    name: str = "stand-in",
    estimation: tuple[int, int] = (-130, -11),
    event: tuple[int, int] = (-5, 5),
    report: list[tuple[int, int]] | None = None,
) -> StudyResult:
    """Build a result; ``plan`` rows are (asset, model, panel, benchmark)."""
    report = report or [(0, 0), (-1, 1), (0, 5)]
    made = Builder(prices, estimation=estimation, event=event, report=report)
    for headline in headlines:
        for asset, model, panel, benchmark in plan:
            if not headline.assets or asset in headline.assets:
                made.add(headline, asset, model, panel, benchmark)
    frames = {k: pd.DataFrame(v) for k, v in made.rows.items()}
    dropped = pd.DataFrame(
        [
            {
                "event_id": "vote",
                "asset": plan[0][0],
                "stage": "grouping",
                "reason": "same story, asset and session as an earlier headline",
                "detail": "the lower house asks for recognition, 2022-02-15 10:00 UTC",
            },
        ]
    )
    quality = pd.DataFrame(
        [
            {
                "asset": plan[0][0],
                "session": prices.index[40],
                "check": "stale",
                "severity": "warning",
                "value": 3.0,
                "detail": "three sessions with the same price",
                "action": "kept",
            },
        ]
    )
    assets = list(dict.fromkeys(p[0] for p in plan))
    study = {
        "study": {"name": name, "returns": "simple", "missing": "trade_to_trade"},
        "events": {"file": "events.csv"},
        "prices": {"source": "bundled"},
        "model": {"name": plan[0][1], "benchmark": plan[0][3] or None, "also": []},
        "windows": {
            "estimation": list(estimation),
            "event": list(event),
            "report": [list(w) for w in report],
        },
        "tests": {"names": "recommended", "alternative": "two-sided"},
    }
    run = {
        "schema_version": 1,
        "version": "0.1.0",
        "study": study,
        "seed": SEED,
        "started": "x",
        "seconds": 1.2,
        "warnings": [],
        "hashes": {"events.csv": "ab" * 32, "prices.csv": "c" * 64},
        "counts": {
            "events": len(frames["events"]),
            "headlines": len(headlines),
            "dropped": len(dropped),
        },
        "prices": [
            {
                "asset": a,
                "source": "bundled: sp500_index.csv",
                "calendar": "XNYS",
                "close": "16:00 America/New_York",
                "currency": "USD",
                "first": str(prices.index[0].date()),
                "last": str(prices.index[-1].date()),
                "title": (titles or {}).get(a, a),
            }
            for a in assets
        ],
    }
    made = {
        "pinned": frames["pinned"],
        "events": frames["events"],
        "abnormal_returns": frames["ar"],
        "windows": frames["windows"],
        "event_tests": frames["event_tests"],
        "tests": _tests(frames["windows"], report),
        "dropped": dropped,
        "paths": _paths(frames["ar"]),
        "quality": quality,
        "series": frames["series"],
        "run": run,
    }
    # Tables that the writers do not read stay empty.
    rest = {f.name: pd.DataFrame() for f in fields(StudyResult) if f.name not in made}
    return StudyResult(**made, **rest)


def small(**changes: Any) -> StudyResult:
    """One headline on an index and three shares, as most tests want it."""
    prices = synthetic_prices()
    plan = [("INDEX", "constant_mean", "index", "")]
    plan += [
        (a, m, "shares", "INDEX")
        for m in ("market_model", "constant_mean")
        for a in ("A01", "A02", "A03")
    ]
    day = str(prices.index[300].date())
    headlines = changes.pop(
        "headlines",
        [Headline("H1", "Ministry says that units go back to base", f"{day}T08:00Z", day)],
    )
    return build(prices, headlines, plan, titles={"INDEX": "Example index"}, **changes)
