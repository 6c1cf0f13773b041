from __future__ import annotations

import tempfile

import frames
from myeventstudy.event_analysis import event_study


def prepare(data):
    rows = frames.own_rows(data, frames.ESTIMATION[0], frames.EVENT[1])
    rows = rows.rename(columns={"id": "stockid", "ret": "sreturn", "mkt": "mreturn"})
    zero = frames.dates(data)[data["position"]]
    rows["eventdate"] = zero[rows["stockid"].to_numpy()]
    return rows


def study(rows):
    with tempfile.TemporaryDirectory() as folder:
        table = event_study(
            rows.copy(), event_window_list=[frames.EVENT], est_window=frames.ESTIMATION,
            predict_model="market", save_path=folder,
        )  # fmt: skip
    return float(table["Mean CAR"].iloc[0])
