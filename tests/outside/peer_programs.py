"""What two other packages say of the one-date sample: JSON on stdin, JSON on stdout.

Runs in an environment of its own with ``eventstudy==0.1a12`` (which has our import name) and
``event-study-toolkit==1.0.0``; called by ``measure.py``.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any


def single(given: dict[str, Any]) -> dict[str, float]:
    """The PyPI package ``eventstudy``: one event, and the mean of all."""
    import numpy as np

    from eventstudy import Multiple, Single, models  # type: ignore[attr-defined]

    def event(stock: str, *, model: Any = models.market_model, shock: float = 0.0) -> Any:
        returns = [*given["estimation"][stock], *given["event"][stock]]
        returns[given["length"] + 5] += shock
        data = {"security_returns": returns}
        if model is models.market_model:
            data["market_returns"] = [*given["estimation"]["SP500"], *given["event"]["SP500"]]
        window = (-5, 5)
        return Single(model, data, event_window=window, estimation_size=given["length"])

    one = event("XOM")
    every = Multiple([event(s) for s in given["stocks"]])
    calm = event("XOM", model=models.constant_mean)
    wild = event("XOM", model=models.constant_mean, shock=0.5)
    return {
        "car": float(one.CAR[-1]),
        "car_se": float(np.sqrt(one.var_CAR[-1])),
        "df": float(one.df),
        "caar_t": float(np.asarray(every.tstat)[-1]),
        "variance_ratio_after_a_day_of_50_percent": float(wild.var_AR[0] / calm.var_AR[0]),
    }


def toolkit(given: dict[str, Any], *, twice: bool) -> dict[str, float]:
    """``event-study-toolkit``: its table of the full sample."""
    import pandas as pd
    from event_study_toolkit import eventstudy as module

    kind = getattr(module, "eventstudy", module)
    rows = []
    for number, stock in enumerate(given["stocks"]):
        returns = [*given["estimation"][stock], *given["gap"][stock], *given["event"][stock]]
        market = [*given["estimation"]["SP500"], *given["gap"]["SP500"], *given["event"]["SP500"]]
        rows += [
            {"date": pd.Timestamp(d), "permno": number, "ret_dlst_adj": r, "vwretd": m}
            for d, r, m in zip(given["dates"], returns, market, strict=True)
        ]
    day = pd.Timestamp(given["day"])
    events = [{"permno": n, "EVT_DATE": day, "ALL": 1} for n in range(len(given["stocks"]))]
    if twice:
        events.append(dict(events[0]))
    study = kind(
        given["length"], given["gap_length"], -5, 5, pd.DataFrame(rows), pd.DataFrame(events),
        unique_id="permno", calType="NYSE", groups=["ALL"],
    )  # fmt: skip
    return {k: float(v) for k, v in study.getFullSampleTestStatistic("market").iloc[0].items()
            if k != "model"}  # fmt: skip


def main() -> None:
    given = json.load(sys.stdin)
    out: dict[str, Any] = {}
    for name, function in (
        ("eventstudy 0.1a12", lambda: single(given)),
        ("event-study-toolkit 1.0.0", lambda: toolkit(given, twice=False)),
        ("event-study-toolkit 1.0.0, one row twice", lambda: toolkit(given, twice=True)),
    ):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                out[name] = function()
        except Exception as error:  # what a peer does is the finding
            out[name] = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(out))


if __name__ == "__main__":
    main()
