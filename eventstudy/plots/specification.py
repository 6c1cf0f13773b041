"""Specification chart: the effect under every choice, in order, and which choice it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.arrays import FloatArray
from eventstudy.errors import InputError, nearest
from eventstudy.names import model_words
from eventstudy.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEVEL", "choices", "curve", "specification", "whiskers"]

LEVEL = 0.05
_ROW = 0.055
"""Height of a row of choices, as a share of the axes."""


def curve(frame: pd.DataFrame, panel: str | None = None) -> pd.DataFrame:
    """Return one row a specification of one panel, by the test that leads, ordered by the effect.

    Parameters
    ----------
    frame : DataFrame
        A specification table.
    panel : str, optional
        The first one, if not given.

    Raises
    ------
    InputError
        If there is no such panel, or nothing in it has an effect.
    """
    known = [str(p) for p in frame["panel"].unique()]
    if not known:
        raise InputError("the specification table is empty: no specification could be estimated")
    name = known[0] if panel is None else panel
    if name not in known:
        raise InputError(f"the specification table has no panel '{name}'{nearest(name, known)}")
    rows = frame[(frame["panel"] == name) & frame["mean_car"].notna()]
    if rows.empty:
        raise InputError(f"no specification of panel '{name}' has an effect")
    keys = ["model", "estimation_start", "estimation_end", "start", "end", "event_id", "asset"]
    rows = rows.sort_values("leads", ascending=False, kind="stable").drop_duplicates(keys)
    return rows.sort_values(["mean_car", *keys], kind="stable").reset_index(drop=True)


def specification(frame: pd.DataFrame, panel: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the mean abnormal return of every specification, in ascending order.

    A filled dot has an adjusted p below 5 %, a ringed one a p below 5 % that the adjustment does
    not keep, a hollow one neither. Below the dots stands which model, estimation window and event
    window each is.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`eventstudy.specification`, or ``result.specification``.
    panel : str, optional
        The first one, if not given.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    rows = curve(frame, panel)
    groups = choices(rows)
    lines = sum(len(labels) for _, labels, _ in groups) + 0.8 * len(groups)
    share = min(0.62, _ROW * lines + 0.04)
    with style.house():
        axes = style.start(ax, (5.6, 2.6 + 0.16 * lines))
        _effects(axes, rows, share)
        _matrix(axes, groups, share)
        axes.set_xlim(-0.7, len(rows) - 0.3)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    return axes


def whiskers(rows: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return the intervals' ends of the rows of a :func:`curve`.

    Where there is none, or it is not one of the mean abnormal return, both ends are the effect.
    """
    effect, estimate, low, high = (
        rows[c].to_numpy(dtype=float) for c in ("mean_car", "estimate", "ci_low", "ci_high")
    )
    same = np.isclose(estimate, effect)
    first, last = (np.where(same & np.isfinite(v), v, effect) for v in (low, high))
    return first, last


def _effects(axes: Axes, rows: pd.DataFrame, share: float) -> None:
    x = np.arange(len(rows))
    effect = rows["mean_car"].to_numpy(dtype=float)
    p, kept = (rows[c].to_numpy(dtype=float) for c in ("pvalue", "pvalue_adjusted"))
    ends = whiskers(rows)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.8)
    axes.vlines(x, ends[0], ends[1], color=style.BAND, linewidth=1.6)
    with np.errstate(invalid="ignore"):
        face = np.where(kept < LEVEL, style.ACCENT, "none")
        edge = np.where(p < LEVEL, style.ACCENT, style.MUTED)
    axes.scatter(x, effect, s=13, c=face.tolist(), edgecolors=edge.tolist(), linewidths=1.0,
                 zorder=3)  # fmt: skip
    bottom, top = (float(f(np.append(v, 0.0))) for f, v in ((np.min, ends[0]), (np.max, ends[1])))
    pad = 0.08 * (top - bottom or 1.0)
    bottom, top = bottom - pad, top + pad
    # The effects have the upper part of the axes; the choices stand below.
    axes.set_ylim(bottom - (top - bottom) * share / (1.0 - share), top)
    style.percent_axis(axes)
    axes.set_yticks([t for t in axes.get_yticks() if bottom <= t <= top])
    axes.set_ylabel("mean abnormal return", y=share + (1.0 - share) / 2)


def choices(rows: pd.DataFrame) -> list[tuple[str, list[str], np.typing.NDArray[np.int64]]]:
    """Return the questions on which the specifications differ, each with its answers by row."""
    spans = [f"[{a}, {b}]" for a, b in zip(rows["start"], rows["end"], strict=True)]
    fits = [
        f"[{a}, {b}]" for a, b in zip(rows["estimation_start"], rows["estimation_end"], strict=True)
    ]
    who = [
        " ".join(t for t in (str(e), str(a)) if t)
        for e, a in zip(rows["event_id"], rows["asset"], strict=True)
    ]
    asked = (
        ("model", [model_words(str(m)) for m in rows["model"]]),
        ("estimated on", fits),
        ("window", spans),
        ("event", who),
    )
    out = []
    for question, answers in asked:
        labels = sorted(set(answers), key=_order)
        if len(labels) > 1:
            at = np.array([labels.index(a) for a in answers], dtype=np.int64)
            out.append((question, labels, at))
    return out


def _order(label: str) -> tuple[int, int, str]:
    if not label.startswith("["):
        return 0, 0, label
    first, last = (int(t) for t in label.strip("[]").split(","))
    return first, last, label


def _matrix(
    axes: Axes, groups: list[tuple[str, list[str], np.typing.NDArray[np.int64]]], share: float
) -> None:
    if not groups:
        return
    lines = sum(len(labels) for _, labels, _ in groups) + 0.8 * len(groups)
    step = (share - 0.02) / (lines + 0.7)
    here = axes.get_xaxis_transform()
    y = share - 0.3 * step
    for question, labels, at in groups:
        y -= 0.8 * step
        axes.annotate(style.plain(question), (-0.012, y + 0.05 * step), xycoords="axes fraction",
                      ha="right", va="center", fontsize=6.4, fontweight="bold",
                      color=style.MUTED)  # fmt: skip
        for k, label in enumerate(labels):
            y -= step
            axes.annotate(style.plain(label.replace("-", "\u2212")), (-0.012, y),
                          xycoords="axes fraction", ha="right", va="center", fontsize=6.4,
                          color=style.INK)  # fmt: skip
            x = np.flatnonzero(at == k)
            axes.scatter(x, np.full(len(x), y), s=6, color=style.INK, transform=here,
                         clip_on=False)  # fmt: skip
