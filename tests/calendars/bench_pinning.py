"""Time a million headlines on ten calendars, reasons included: run this file."""

from __future__ import annotations

import datetime as dt
import sys
import time

import numpy as np

from eventstudy.calendars import exchange_calendar, pin_instants
from eventstudy.calendars.reasons import reason_array

CALENDARS = (
    "XNYS", "XLON", "XETR", "XPAR", "XTKS", "XHKG", "XASX", "XMOS", "CME_ENERGY", "24/7",
)  # fmt: skip
START, END = dt.date(2010, 1, 4), dt.date(2025, 12, 31)


def run(count: int = 1_000_000) -> dict[str, float]:
    """Return CPU seconds for building the calendars, pinning, and writing every reason."""
    rng = np.random.default_rng(20220215)
    first = np.datetime64("2010-02-01", "s")
    span = int((np.datetime64("2025-11-30", "s") - first).astype(int))
    stamps = first + rng.integers(0, span, count).astype("timedelta64[s]")
    stamps = stamps.astype("datetime64[ns]")
    begin = time.process_time()
    calendars = [exchange_calendar(name, START, END) for name in CALENDARS]
    seconds = {"calendars": time.process_time() - begin, "pins": 0.0, "reasons": 0.0}
    for calendar in calendars:
        begin = time.process_time()
        pins = pin_instants(stamps, calendar, uncertainty_minutes=5.0)
        middle = time.process_time()
        reasons = reason_array(stamps, np.broadcast_to(5.0, stamps.shape), pins, calendar)
        assert len(reasons) == count
        seconds["pins"] += middle - begin
        seconds["reasons"] += time.process_time() - middle
    return seconds


if __name__ == "__main__":
    for what, took in run().items():
        sys.stdout.write(f"{what:10s} {took:6.2f} s\n")
