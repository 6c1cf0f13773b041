"""One answer for every choice of model, estimation window, event window and test.

A panel of two events or more enters by its tests across events, a single event by its own. All rows
with a p-value are one family: the table is the list of everything that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from eventstudy.estimate import PanelRun, estimate, run_window
from eventstudy.inference.multiplicity import holm
from eventstudy.inference.sample import Window
from eventstudy.panel_tables import build_panel_tables
from eventstudy.plan import AssetPlan, make_plan
from eventstudy.prices.panel import PricePanel
from eventstudy.signed import event_signs, signed_run, signed_windows
from eventstudy.single_tables import build_single_tables
from eventstudy.study import AssetSettings, Study

__all__ = ["COLUMNS", "specification_table", "variants"]

COLUMNS = [
    "panel", "model", "estimation_start", "estimation_end", "start", "end", "event_id", "asset",
    "name", "variant", "leads", "n_events", "n_clusters", "mean_car", "estimate", "ci_low",
    "ci_high", "statistic", "distribution", "df", "pvalue", "pvalue_adjusted", "note",
]  # fmt: skip
_TEXT = ("panel", "model", "event_id", "asset", "name", "variant", "distribution", "note")
_WHOLE = ("estimation_start", "estimation_end", "start", "end", "n_events", "n_clusters")


def variants(study: Study) -> list[Study]:
    """Return one study an estimation window, with the models and windows of ``[specification]``.

    What the section leaves open is what the study itself has.

    Examples
    --------
    >>> s = Study(events={"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
    ...           prices={"source": "bundled"}, model={"name": "constant_mean"},
    ...           specification={"estimation": [[-130, -11], [-260, -11]]})
    >>> [v.windows.estimation for v in variants(s)]
    [(-130, -11), (-260, -11)]
    """
    spec = study.specification
    models = (spec.models if spec else None) or (study.model.name, *study.model.also)
    estimation = (spec.estimation if spec else None) or (study.windows.estimation,)
    windows = (spec.windows if spec else None) or study.windows.report
    tests = spec.tests if spec else None
    first = min(study.windows.event[0], *(a for a, _ in windows))
    last = max(study.windows.event[1], *(b for _, b in windows))
    model = study.model.model_copy(update={"name": models[0], "also": tuple(models[1:])})
    names = {} if tests is None else {"names": tests}
    return [
        study.model_copy(
            update={
                "model": model,
                "tests": study.tests.model_copy(update=names),
                "windows": study.windows.model_copy(
                    update={"estimation": span, "event": (first, last), "report": tuple(windows)}
                ),
            }
        )
        for span in estimation
    ]


def specification_table(
    study: Study,
    panel: PricePanel,
    plans: Mapping[str, AssetPlan],
    pinned: pd.DataFrame,
    news: pd.DataFrame,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Run a study for every choice of its ``[specification]``.

    Parameters
    ----------
    study : Study
    panel : PricePanel
        With the columns that all models need.
    plans : mapping of str to AssetPlan
        Of the study's assets.
    pinned : DataFrame
        The studied headlines.
    news : DataFrame
        All headlines, for the purging of estimation windows.
    progress : callable, optional
        Called with the number of estimation windows done and their total.

    Returns
    -------
    DataFrame
        One row a specification and test; ``mean_car`` is the mean CAR of its events (decimals),
        ``estimate`` what the test is about, ``pvalue_adjusted`` Holm's over all rows with a p.
        Without names of tests these are the tests that lead.
    """
    parts = []
    last = pinned["session"].max().date() if len(pinned) else None
    assets = _same_panels(study, list(plans))
    tried = variants(study.model_copy(update={"assets": assets}))
    for done, variant in enumerate(tried):
        if progress is not None:
            progress(done, len(tried))
        own = make_plan(variant, panel, list(plans), last=last)
        runs, _ = estimate(variant, panel, own, pinned, news=news)
        order = {m: i for i, m in enumerate((variant.model.name, *variant.model.also))}
        runs = sorted(runs, key=lambda r: (r.panel, order.get(r.model, len(order)), r.model))
        parts += [_run_rows(variant, run, pinned) for run in runs]
    full = [p for p in parts if len(p)]
    if not full:
        return _empty()
    frame = pd.concat(full, ignore_index=True)
    frame["pvalue_adjusted"] = holm(frame["pvalue"].to_numpy(dtype=float))
    keys = ["panel", "_model", "estimation_start", "estimation_end", "start", "end", "_event"]
    models = {m: i for i, m in enumerate(dict.fromkeys(frame["model"]))}
    frame["_model"] = frame["model"].map(models)
    frame["_event"] = frame["event_id"] + "\0" + frame["asset"]
    return frame.sort_values(keys, kind="stable", ignore_index=True)[COLUMNS]


def _same_panels(study: Study, names: Sequence[str]) -> dict[str, AssetSettings]:
    """Return the assets' settings with the panel of the study's own model under every model."""
    out = {}
    for name in names:
        own = study.assets.get(name) or AssetSettings()
        panel = study.panel_for(name, study.models_for(name)[0])
        out[name] = own.model_copy(update={"panel": panel})
    return study.assets | out


def _run_rows(study: Study, run: PanelRun, pinned: pd.DataFrame) -> pd.DataFrame:
    windows = [run_window(study, run, a, b) for a, b in study.windows.report]
    rows = _across(study, run, windows, pinned) if run.sample.block.n > 1 else pd.DataFrame()
    rows = rows if len(rows) else _single(study, run, windows)
    if rows.empty:
        return rows
    if study.specification is None or study.specification.tests is None:
        rows = rows[rows["leads"].to_numpy(dtype=bool)]
    start, end = study.windows.estimation
    return rows.assign(panel=run.panel, model=run.model, estimation_start=start,
                       estimation_end=end)  # fmt: skip


def _across(
    study: Study, run: PanelRun, windows: Sequence[Window], pinned: pd.DataFrame
) -> pd.DataFrame:
    used = list(windows)
    if study.events.signed:
        sign = event_signs(run, pinned)
        turned = signed_run(run, sign)
        if turned is None:
            return pd.DataFrame()
        run, used = turned, signed_windows(windows, sign)
    table, _ = build_panel_tables(study, run, used)
    means = {(w.start, w.end): _mean(w.car) for w in used}
    spans = zip(table["start"], table["end"], strict=True)
    return table.assign(event_id="", asset="", mean_car=[means[s] for s in spans])


def _mean(values: np.typing.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _single(study: Study, run: PanelRun, windows: Sequence[Window]) -> pd.DataFrame:
    tables = build_single_tables(study, run, list(windows))
    keys = ["event_id", "asset", "start", "end"]
    sums = tables.windows[[*keys, "car", "ci_low", "ci_high", "placebo_low", "placebo_high"]]
    rows = tables.event_tests.merge(sums, on=keys, how="left")
    placebo = (rows["name"] == "placebo_sq").to_numpy()
    for side in ("low", "high"):
        rows[f"ci_{side}"] = rows[f"ci_{side}"].where(~placebo, rows[f"placebo_{side}"])
    return rows.assign(n_events=1, n_clusters=1, mean_car=rows["car"], estimate=rows["car"])


def _empty() -> pd.DataFrame:
    kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(_TEXT, "object")
    kinds |= dict.fromkeys(_WHOLE, "int64") | {"leads": "bool"}
    return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in COLUMNS})
