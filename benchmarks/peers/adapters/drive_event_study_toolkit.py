from __future__ import annotations

import frames
import pandas as pd
import pandas_market_calendars
from event_study_toolkit.eventstudy import eventstudy


def prepare(data):
    # Its calendar is New York's: the sessions of the data become those of New York.
    calendar = pandas_market_calendars.get_calendar("NYSE")
    sessions = calendar.schedule(start_date="1990-01-01", end_date="2021-12-31").index
    data = {**data, "days": sessions[: len(data["days"])].values.astype("datetime64[D]")}
    rows = frames.own_rows(data, frames.ESTIMATION[0], frames.EVENT[1])
    rows = rows.rename(columns={"id": "permno", "ret": "ret_dlst_adj", "mkt": "vwretd"})
    events = pd.DataFrame(
        {
            "permno": range(len(data["asset"])),
            "EVT_DATE": frames.dates(data)[data["position"]],
            "all": 1,
        }
    )
    return rows, events


def study(state):
    rows, events = state
    found = eventstudy(250, 10, *frames.EVENT, rows, events, groups=["all"])
    return float(found.getFullSampleTestStatistic("market")["car_mean"].iloc[0])
