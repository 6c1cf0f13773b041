"""Write ``calendar_hashes.json`` anew, after looking at what changed in the calendars."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

from eventstudy.calendars import exchange_calendar

HERE = Path(__file__).parent
START, END = dt.date(1998, 1, 1), dt.date(2026, 12, 31)


def main() -> None:
    """Hash every calendar that a case uses."""
    with (HERE / "pinning_cases.csv").open(encoding="utf-8", newline="") as handle:
        names = sorted({row["calendar"] for row in csv.DictReader(handle)} | {"CMES"})
    hashes = {name: exchange_calendar(name, START, END).digest for name in names}
    text = json.dumps(hashes, indent=1) + "\n"
    (HERE / "calendar_hashes.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
