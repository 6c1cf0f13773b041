"""Write ``pinning_cases.csv``: the right answers for pinning, worked out by hand.

Nothing here comes from the code under test or from the calendar library. Hours are those of the
exchanges' rules, holidays are written down one by one with what they were, and only the time zone
arithmetic is done by the machine (``zoneinfo``). Run it after adding a fact::

    python tests/calendars/make_cases.py

``ground`` says on what a row stands: ``exchange rule`` (published hours and holiday rules),
``zone arithmetic`` (daylight saving, offsets), ``real prices`` (dates of the price files that the
tests read), ``general knowledge`` (one-off closures everybody can look up).
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

RULE, ZONE, PRICES, KNOWN = "exchange rule", "zone arithmetic", "real prices", "general knowledge"

HOURS = {
    "XNYS": ("America/New_York", "09:30", "16:00"),
    "XTSE": ("America/Toronto", "09:30", "16:00"),
    "XLON": ("Europe/London", "08:00", "16:30"),
    "XETR": ("Europe/Berlin", "09:00", "17:30"),
    "XPAR": ("Europe/Paris", "09:00", "17:30"),
    "XAMS": ("Europe/Amsterdam", "09:00", "17:30"),
    "XSWX": ("Europe/Zurich", "09:00", "17:30"),
    "XTKS": ("Asia/Tokyo", "09:00", "15:00"),
    "XHKG": ("Asia/Hong_Kong", "09:30", "16:00"),
    "XASX": ("Australia/Sydney", "10:00", "16:00"),
    "XKRX": ("Asia/Seoul", "09:00", "15:30"),
    "XSHG": ("Asia/Shanghai", "09:30", "15:00"),
    "XBOM": ("Asia/Kolkata", "09:15", "15:30"),
    "XTAI": ("Asia/Taipei", "09:00", "13:30"),
    "XJSE": ("Africa/Johannesburg", "09:00", "17:00"),
    "XMOS": ("Europe/Moscow", "10:00", "18:45"),
    "XNZE": ("Pacific/Auckland", "10:00", "16:45"),
    "XTAE": ("Asia/Jerusalem", "10:00", "15:00"),
    "XSAU": ("Asia/Riyadh", "10:00", "15:00"),
    "TARGET": ("Europe/Berlin", "00:00", "14:15"),
    "CME_ENERGY": ("America/New_York", "18:00", "14:28"),
    "24/7": ("UTC", "00:00", "24:00"),
}
NOTATIONS = ("own", "UTC", "Asia/Tokyo", "America/New_York", "Europe/Paris", "Asia/Kolkata")

Row = list[str]
rows: list[Row] = []


def moment(calendar: str, day: str, clock: str, plus: int = 0) -> dt.datetime:
    """Return a local time of the exchange, moved by seconds of elapsed time."""
    zone = ZoneInfo(HOURS[calendar][0])
    naive = dt.datetime.fromisoformat(f"{day}T{clock}")
    utc = naive.replace(tzinfo=zone).astimezone(dt.UTC) + dt.timedelta(seconds=plus)
    return utc.astimezone(zone)


def add(
    calendar: str,
    when: dt.datetime,
    session: str,
    position: str,
    ground: str,
    why: str,
    *,
    clean_end: int = 0,
    minutes: float = 0,
    clock: str = "",
) -> None:
    """Add a case, its stamp written in one zone's notation after another."""
    notation = NOTATIONS[len(rows) % len(NOTATIONS)]
    shown = when if notation == "own" else when.astimezone(ZoneInfo(notation))
    stamp = shown.isoformat()
    if notation == "UTC":
        stamp = stamp.replace("+00:00", "Z")
    rows.append(
        [calendar, clock, stamp, f"{minutes:g}", session, position, str(clean_end), ground, why]
    )


def full(calendar: str, day: str, after: str, ground: str, why: str) -> None:
    """A whole session: around its opening and its close."""
    _, opening, close = HOURS[calendar]
    add(
        calendar,
        moment(calendar, day, opening, -1),
        day,
        "pre-open",
        ground,
        f"{why}; a second before the opening",
    )
    add(
        calendar,
        moment(calendar, day, opening),
        day,
        "in-session",
        ground,
        f"{why}; at the opening",
    )
    close_at(calendar, day, close, after, ground, why)


def close_at(calendar: str, day: str, close: str, after: str, ground: str, why: str) -> None:
    """A close: outside the minute before it, inside it, and exactly at it."""
    add(
        calendar,
        moment(calendar, day, close, -61),
        day,
        "in-session",
        ground,
        f"{why}; 61 s before the close of {close}",
    )
    add(
        calendar,
        moment(calendar, day, close, -1),
        day,
        "ambiguous",
        ground,
        f"{why}; a second before the close of {close}: this session, but too near",
        clean_end=1,
    )
    add(
        calendar,
        moment(calendar, day, close),
        after,
        "after-close",
        ground,
        f"{why}; exactly at the close of {close}: the next session",
    )


def half(calendar: str, day: str, close: str, after: str, ground: str, why: str) -> None:
    """A day that closes early."""
    close_at(calendar, day, close, after, ground, why)
    usual = HOURS[calendar][2]
    add(
        calendar,
        moment(calendar, day, usual, -1),
        after,
        "after-close",
        ground,
        f"{why}; before the usual close, after the early one",
    )


def shut(calendar: str, day: str, after: str, ground: str, why: str) -> None:
    """A day without a session: noon and late evening."""
    add(calendar, moment(calendar, day, "12:00"), after, "non-session", ground, why)
    add(
        calendar,
        moment(calendar, day, "23:30"),
        after,
        "non-session",
        ground,
        f"{why}; late evening",
    )


def middle(calendar: str, day: str, ground: str, why: str, clock: str = "12:00") -> None:
    """A session day, in the middle of it."""
    add(calendar, moment(calendar, day, clock), day, "in-session", ground, why)


def america() -> None:
    full("XNYS", "2022-02-15", "2022-02-16", RULE, "an ordinary Tuesday in winter time")
    full("XNYS", "2022-07-19", "2022-07-20", RULE, "an ordinary Tuesday in summer time")
    full("XNYS", "2022-03-14", "2022-03-15", ZONE, "US summer time has begun, Europe's has not")
    full(
        "XNYS",
        "2022-11-02",
        "2022-11-03",
        ZONE,
        "European summer time has ended, the US one has not",
    )
    full("XNYS", "2006-03-20", "2006-03-21", ZONE, "before 2007 US summer time began in April")
    full("XNYS", "2007-03-12", "2007-03-13", ZONE, "since 2007 US summer time begins in March")
    full("XNYS", "2024-02-29", "2024-03-01", RULE, "a leap day")
    half(
        "XNYS",
        "2022-11-25",
        "13:00",
        "2022-11-28",
        RULE,
        "the day after Thanksgiving closes at 13:00",
    )
    half(
        "XNYS",
        "2023-07-03",
        "13:00",
        "2023-07-05",
        RULE,
        "the day before Independence Day closes at 13:00",
    )
    half("XNYS", "2018-12-24", "13:00", "2018-12-26", RULE, "Christmas Eve closes at 13:00")
    half(
        "XNYS",
        "2001-11-23",
        "13:00",
        "2001-11-26",
        RULE,
        "the day after Thanksgiving closes at 13:00",
    )
    shut("XNYS", "2022-02-21", "2022-02-22", RULE, "Presidents' Day")
    shut("XNYS", "2021-11-25", "2021-11-26", RULE, "Thanksgiving")
    shut("XNYS", "2024-03-29", "2024-04-01", RULE, "Good Friday")
    shut(
        "XNYS",
        "2022-06-20",
        "2022-06-21",
        RULE,
        "Juneteenth, observed on Monday; a holiday of the exchange since 2022",
    )
    shut("XNYS", "2021-12-24", "2021-12-27", RULE, "Christmas on a Saturday is observed on Friday")
    shut(
        "XNYS",
        "2001-09-11",
        "2001-09-17",
        KNOWN,
        "the attacks of 11 September; trading resumed on Monday the 17th",
    )
    shut("XNYS", "2001-09-14", "2001-09-17", KNOWN, "still shut after the attacks")
    shut("XNYS", "2012-10-29", "2012-10-31", KNOWN, "Hurricane Sandy, first day")
    shut("XNYS", "2012-10-30", "2012-10-31", KNOWN, "Hurricane Sandy, second day")
    shut("XNYS", "2018-12-05", "2018-12-06", KNOWN, "day of mourning for George H. W. Bush")
    shut("XNYS", "2025-01-09", "2025-01-10", KNOWN, "day of mourning for Jimmy Carter")
    shut("XNYS", "2004-06-11", "2004-06-14", KNOWN, "day of mourning for Ronald Reagan")
    shut("XNYS", "2007-01-02", "2007-01-03", KNOWN, "day of mourning for Gerald Ford")
    shut("XNYS", "2020-02-29", "2020-03-02", RULE, "a leap day on a Saturday")
    middle("XNYS", "2021-06-18", RULE, "Juneteenth was no holiday of the exchange in 2021")
    middle(
        "XNYS", "2010-12-31", RULE, "New Year's Day on a Saturday is not moved into the old year"
    )
    middle("XNYS", "2022-11-11", RULE, "Veterans Day is a trading day")
    middle("XNYS", "2022-10-10", RULE, "Columbus Day is a trading day")
    shut("XTSE", "2022-07-01", "2022-07-04", RULE, "Canada Day")
    shut("XTSE", "2022-02-21", "2022-02-22", RULE, "Family Day")
    shut("XTSE", "2022-12-27", "2022-12-28", RULE, "Boxing Day, moved from the holiday of Monday")
    half(
        "XTSE",
        "2021-12-24",
        "13:00",
        "2021-12-29",
        RULE,
        "Christmas Eve closes at 13:00; 27 and 28 December are substitutes",
    )
    middle("XTSE", "2022-07-04", RULE, "Toronto trades on US Independence Day")


def europe() -> None:
    full("XLON", "2022-02-15", "2022-02-16", RULE, "an ordinary Tuesday in winter time")
    full("XLON", "2022-03-28", "2022-03-29", ZONE, "first Monday of British summer time")
    half(
        "XLON",
        "2021-12-24",
        "12:30",
        "2021-12-29",
        RULE,
        "Christmas Eve closes at 12:30; 27 and 28 December are substitutes",
    )
    half(
        "XLON",
        "2021-12-31",
        "12:30",
        "2022-01-04",
        RULE,
        "New Year's Eve closes at 12:30; Monday is the substitute for New Year's Day",
    )
    shut(
        "XLON",
        "2022-06-02",
        "2022-06-06",
        KNOWN,
        "the spring holiday, moved for the Platinum Jubilee",
    )
    shut("XLON", "2022-06-03", "2022-06-06", KNOWN, "Platinum Jubilee")
    shut("XLON", "2022-09-19", "2022-09-20", KNOWN, "funeral of Elizabeth II")
    shut("XLON", "2023-05-08", "2023-05-09", KNOWN, "coronation of Charles III")
    shut("XLON", "2020-05-08", "2020-05-11", KNOWN, "the May holiday, moved to VE Day")
    shut("XLON", "2011-04-29", "2011-05-03", KNOWN, "royal wedding, then the early May holiday")
    shut("XLON", "2012-06-05", "2012-06-06", KNOWN, "Diamond Jubilee")
    middle("XLON", "2001-09-11", KNOWN, "London traded on 11 September 2001")
    middle("XLON", "2020-05-04", KNOWN, "the first Monday of May was no holiday in 2020")
    full("XETR", "2022-02-15", "2022-02-16", PRICES, "the day of the announced withdrawal")
    full("XETR", "2022-10-31", "2022-11-01", ZONE, "first Monday after European summer time")
    half(
        "XETR",
        "2022-12-30",
        "14:00",
        "2023-01-02",
        RULE,
        "the last trading day of the year closes at 14:00",
    )
    shut("XETR", "2021-12-24", "2021-12-27", PRICES, "no trading on Christmas Eve")
    shut("XETR", "2021-12-31", "2022-01-03", PRICES, "no trading on New Year's Eve")
    shut("XETR", "2022-04-15", "2022-04-19", PRICES, "Good Friday, Easter Monday")
    shut("XETR", "2023-05-01", "2023-05-02", PRICES, "Labour Day")
    middle("XETR", "2022-10-03", PRICES, "since 2022 there is trading on the Day of German Unity")
    middle("XETR", "2022-06-06", PRICES, "since 2022 there is trading on Whit Monday")
    middle("XETR", "2022-05-26", PRICES, "Ascension Day is a trading day")
    full("XPAR", "2022-02-15", "2022-02-16", PRICES, "an ordinary Tuesday")
    half("XPAR", "2021-12-24", "14:05", "2021-12-27", RULE, "Christmas Eve closes at 14:05")
    half("XPAR", "2021-12-31", "14:05", "2022-01-03", RULE, "New Year's Eve closes at 14:05")
    shut("XPAR", "2022-12-26", "2022-12-27", PRICES, "the day after Christmas")
    shut("XPAR", "2018-05-01", "2018-05-02", PRICES, "Labour Day")
    middle("XPAR", "2022-07-14", PRICES, "Bastille Day is a trading day")
    middle("XPAR", "2018-05-08", PRICES, "Victory Day is a trading day")
    middle("XPAR", "2022-11-11", PRICES, "Armistice Day is a trading day")
    shut("XAMS", "2022-04-18", "2022-04-19", RULE, "Easter Monday")
    middle("XAMS", "2022-04-27", RULE, "King's Day is a trading day")
    shut("XSWX", "2022-08-01", "2022-08-02", RULE, "Swiss National Day")
    shut("XSWX", "2022-05-26", "2022-05-27", RULE, "Ascension Day")
    shut("XSWX", "2023-01-02", "2023-01-03", RULE, "Berchtold's Day")


def moscow() -> None:
    middle("XMOS", "2022-02-15", PRICES, "the day of the announced withdrawal")
    middle(
        "XMOS", "2022-02-24", PRICES, "the day of the invasion: trading was resumed in the morning"
    )
    middle("XMOS", "2022-02-25", PRICES, "the last session before the closure")
    shut("XMOS", "2022-02-23", "2022-02-24", PRICES, "Defender of the Fatherland Day")
    shut(
        "XMOS",
        "2022-02-26",
        "2022-03-24",
        PRICES,
        "the weekend before the closure: the next price is of 24 March",
    )
    for day in ("2022-02-28", "2022-03-02", "2022-03-09", "2022-03-15", "2022-03-23"):
        shut("XMOS", day, "2022-03-24", PRICES, "the equity market was shut")
    add(
        "XMOS",
        moment("XMOS", "2022-02-25", "20:00"),
        "2022-03-24",
        "after-close",
        PRICES,
        "after the last close: no price for four weeks",
    )
    add(
        "XMOS",
        moment("XMOS", "2022-03-24", "13:00"),
        "2022-03-24",
        "in-session",
        KNOWN,
        "the first session lasted from 9:50 to 14:00",
    )
    add(
        "XMOS",
        moment("XMOS", "2022-03-24", "14:00"),
        "2022-03-25",
        "after-close",
        KNOWN,
        "the first session ended at 14:00",
    )
    add(
        "XMOS",
        moment("XMOS", "2022-03-28", "13:50"),
        "2022-03-29",
        "after-close",
        KNOWN,
        "the session ended at 13:50",
    )
    middle("XMOS", "2025-02-24", PRICES, "a working day: the holiday was moved to 8 May")
    middle("XMOS", "2025-03-10", PRICES, "a working day: the holiday was moved to 13 June")
    shut("XMOS", "2021-01-07", "2021-01-08", PRICES, "Orthodox Christmas")
    middle("XMOS", "2021-01-08", PRICES, "trading in the long New Year holidays")


def asia() -> None:
    full("XTKS", "2022-02-15", "2022-02-16", RULE, "close at 15:00 until November 2024")
    full(
        "XTKS",
        "2024-11-01",
        "2024-11-05",
        RULE,
        "last day of the 15:00 close; Monday is Culture Day, observed",
    )
    add(
        "XTKS",
        moment("XTKS", "2024-11-05", "15:00"),
        "2024-11-05",
        "in-session",
        RULE,
        "since 5 November 2024 trading goes on after 15:00",
    )
    add(
        "XTKS",
        moment("XTKS", "2024-11-05", "15:23:59"),
        "2024-11-05",
        "in-session",
        RULE,
        "more than a minute before the closing auction",
    )
    add(
        "XTKS",
        moment("XTKS", "2024-11-05", "15:25"),
        "2024-11-05",
        "ambiguous",
        RULE,
        "the closing auction collects orders from 15:25",
        clean_end=1,
    )
    add(
        "XTKS",
        moment("XTKS", "2024-11-05", "15:29:59"),
        "2024-11-05",
        "ambiguous",
        RULE,
        "inside the closing auction",
        clean_end=1,
    )
    add(
        "XTKS",
        moment("XTKS", "2024-11-05", "15:30"),
        "2024-11-06",
        "after-close",
        RULE,
        "the close is at 15:30",
    )
    add(
        "XTKS",
        moment("XTKS", "2022-02-15", "12:00"),
        "2022-02-15",
        "in-session",
        RULE,
        "the lunch break lies inside the session: the close knows",
    )
    shut("XTKS", "2020-10-01", "2020-10-02", KNOWN, "system failure: no trading all day")
    shut("XTKS", "2019-04-30", "2019-05-07", KNOWN, "abdication: ten days without trading")
    shut("XTKS", "2021-07-22", "2021-07-26", KNOWN, "holidays moved for the Olympic Games")
    shut("XTKS", "2022-02-23", "2022-02-24", RULE, "Emperor's Birthday")
    shut("XTKS", "2022-12-31", "2023-01-04", RULE, "New Year until 3 January")
    full("XHKG", "2022-02-15", "2022-02-16", RULE, "an ordinary Tuesday")
    half(
        "XHKG",
        "2022-01-31",
        "12:00",
        "2022-02-04",
        RULE,
        "Lunar New Year's Eve closes at noon; 1 to 3 February are holidays",
    )
    half("XHKG", "2021-12-24", "12:00", "2021-12-28", RULE, "Christmas Eve closes at noon")
    shut("XHKG", "2023-09-01", "2023-09-04", KNOWN, "typhoon Saola")
    shut("XHKG", "2023-09-08", "2023-09-11", KNOWN, "black rainstorm")
    shut("XHKG", "2023-07-17", "2023-07-18", KNOWN, "typhoon Talim")
    shut("XHKG", "2022-07-01", "2022-07-04", RULE, "day of the establishment of the region")
    shut("XKRX", "2022-03-09", "2022-03-10", KNOWN, "presidential election")
    middle("XKRX", "2022-02-15", RULE, "an ordinary Tuesday")
    add(
        "XKRX",
        moment("XKRX", "2016-07-29", "15:00"),
        "2016-08-01",
        "after-close",
        RULE,
        "until July 2016 the close was at 15:00",
    )
    add(
        "XKRX",
        moment("XKRX", "2016-08-01", "15:00"),
        "2016-08-01",
        "in-session",
        RULE,
        "since August 2016 the close is at 15:30",
    )
    shut("XSHG", "2022-10-03", "2022-10-10", RULE, "National Day week")
    shut("XSHG", "2020-01-31", "2020-02-03", KNOWN, "Lunar New Year, lengthened by the epidemic")
    middle("XSHG", "2022-02-15", RULE, "lunch break: the session goes on in the afternoon")
    full("XBOM", "2022-02-15", "2022-02-16", ZONE, "India stands at +05:30")
    shut("XBOM", "2022-03-01", "2022-03-02", RULE, "Maha Shivaratri")
    shut("XBOM", "2022-01-26", "2022-01-27", RULE, "Republic Day")
    shut("XTAI", "2024-07-24", "2024-07-26", KNOWN, "typhoon Gaemi, first of two days")
    shut("XTAI", "2024-10-31", "2024-11-01", KNOWN, "typhoon Kong-rey")
    middle("XTAI", "2024-10-30", KNOWN, "the day before typhoon Kong-rey")
    exam = "day of the entrance exam: everything is an hour later"
    add("XKRX", moment("XKRX", "2023-11-16", "09:30"), "2023-11-16", "pre-open", KNOWN, exam)
    add("XKRX", moment("XKRX", "2023-11-16", "15:45"), "2023-11-16", "in-session", KNOWN, exam)
    add("XKRX", moment("XKRX", "2023-11-16", "16:30"), "2023-11-17", "after-close", KNOWN, exam)
    koinu = "typhoon Koinu: trading began at 14:00"
    add("XHKG", moment("XHKG", "2023-10-09", "13:59"), "2023-10-09", "pre-open", KNOWN, koinu)
    add("XHKG", moment("XHKG", "2023-10-09", "14:00"), "2023-10-09", "in-session", KNOWN, koinu)


def south() -> None:
    full(
        "XASX",
        "2022-02-15",
        "2022-02-16",
        ZONE,
        "southern summer: +11:00, the session begins on the eve in UTC",
    )
    full("XASX", "2022-07-19", "2022-07-20", ZONE, "southern winter: +10:00")
    full("XASX", "2022-04-04", "2022-04-05", ZONE, "first Monday after southern summer time")
    shut("XASX", "2022-01-26", "2022-01-27", RULE, "Australia Day")
    shut("XASX", "2024-04-25", "2024-04-26", RULE, "Anzac Day")
    shut("XASX", "2022-09-22", "2022-09-23", KNOWN, "national day of mourning")
    shut("XNZE", "2022-02-07", "2022-02-08", RULE, "Waitangi Day, observed on Monday")
    middle("XNZE", "2022-02-15", ZONE, "southern summer: +13:00")
    shut("XJSE", "2022-08-09", "2022-08-10", RULE, "National Women's Day")
    middle("XJSE", "2022-02-15", RULE, "an ordinary Tuesday")
    middle("XTAE", "2022-02-20", RULE, "Tel Aviv traded on Sundays until 2025")
    shut("XTAE", "2022-02-18", "2022-02-20", RULE, "no trading on Friday")
    middle("XSAU", "2022-02-20", RULE, "Riyadh trades on Sundays")
    shut("XSAU", "2022-02-18", "2022-02-20", RULE, "no trading on Friday")


def clocks() -> None:
    for day, after, why in (
        ("2022-02-15", "2022-02-16", "settlement window 14:28 to 14:30 New York"),
        ("2022-07-19", "2022-07-20", "settlement window in summer time"),
    ):
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "14:27:59"),
            day,
            "in-session",
            RULE,
            f"{why}; before it",
        )
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "14:28"),
            day,
            "ambiguous",
            RULE,
            f"{why}; at its beginning",
            clean_end=1,
        )
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "14:29:59"),
            day,
            "ambiguous",
            RULE,
            f"{why}; inside",
            clean_end=1,
        )
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "14:30"),
            after,
            "after-close",
            RULE,
            f"{why}; at its end",
        )
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "15:10"),
            after,
            "after-close",
            RULE,
            f"{why}; oil has settled, shares still trade",
        )
        add(
            "XNYS",
            moment("XNYS", day, "15:10"),
            day,
            "in-session",
            RULE,
            "the same headline on shares: still the same day",
        )
        add(
            "CME_ENERGY",
            moment("CME_ENERGY", day, "18:00"),
            after,
            "in-session",
            RULE,
            "the next trade date begins at 18:00",
        )
    shut("CME_ENERGY", "2022-02-21", "2022-02-22", PRICES, "no settlement on Presidents' Day")
    rows.pop()  # from 18:00 the next trade date is open
    add(
        "CME_ENERGY",
        moment("CME_ENERGY", "2022-02-20", "17:00"),
        "2022-02-22",
        "non-session",
        PRICES,
        "Sunday before the holiday",
    )
    for day, why in (
        ("2012-10-29", "settled although Hurricane Sandy shut the stock exchanges"),
        ("2012-10-30", "settled although Hurricane Sandy shut the stock exchanges"),
        ("2018-12-05", "settled on the day of mourning"),
        ("2025-01-09", "settled on the day of mourning"),
        ("2020-04-20", "the day of the negative price"),
    ):
        middle("CME_ENERGY", day, PRICES, why)
    for day, after, why in (
        ("2022-02-15", "2022-02-16", "ECB fixing at 14:15"),
        ("2022-03-29", "2022-03-30", "ECB fixing at 14:15 in summer time"),
    ):
        add(
            "TARGET",
            moment("TARGET", day, "09:00"),
            day,
            "in-session",
            RULE,
            f"{why}; in the morning",
        )
        add(
            "TARGET",
            moment("TARGET", day, "14:13:59"),
            day,
            "in-session",
            RULE,
            f"{why}; 61 s before",
        )
        add(
            "TARGET",
            moment("TARGET", day, "14:14:59"),
            day,
            "ambiguous",
            RULE,
            f"{why}; a second before",
            clean_end=1,
        )
        add(
            "TARGET",
            moment("TARGET", day, "14:15"),
            after,
            "after-close",
            RULE,
            f"{why}; exactly then",
        )
        add(
            "TARGET",
            moment("TARGET", day, "20:35"),
            after,
            "after-close",
            RULE,
            f"{why}; in the evening",
        )
    for day, after, why in (
        ("2022-04-15", "2022-04-19", "Good Friday and Easter Monday"),
        ("2000-05-01", "2000-05-02", "Labour Day, since 2000"),
        ("1999-12-31", "2000-01-03", "the change of the millennium"),
        ("2001-12-31", "2002-01-02", "the cash changeover"),
        ("2023-12-26", "2023-12-27", "26 December"),
        ("2022-12-26", "2022-12-27", "26 December on a Monday"),
        ("2026-01-01", "2026-01-02", "New Year's Day"),
    ):
        shut("TARGET", day, after, RULE, why)
    for day, why in (
        ("1999-04-02", "TARGET was open on Good Friday 1999"),
        ("1999-04-05", "TARGET was open on Easter Monday 1999"),
        ("2022-10-03", "German Unity Day is a TARGET day"),
        ("2002-12-31", "New Year's Eve is a TARGET day since 2002"),
    ):
        middle("TARGET", day, RULE, why)
    for day in ("2022-02-12", "2022-12-25", "2020-02-29", "2024-12-31"):
        middle("24/7", day, ZONE, "every UTC day is a session")
    add(
        "24/7",
        dt.datetime(2022, 2, 15, 0, 0, tzinfo=dt.UTC),
        "2022-02-15",
        "in-session",
        ZONE,
        "midnight belongs to the day that begins",
    )
    add(
        "24/7",
        dt.datetime(2022, 2, 14, 23, 59, 59, tzinfo=dt.UTC),
        "2022-02-14",
        "in-session",
        ZONE,
        "a second before midnight belongs to the day that ends; no lag round the clock",
    )
    add(
        "XNYS",
        moment("XNYS", "2022-02-15", "14:29:59"),
        "2022-02-15",
        "ambiguous",
        RULE,
        "price taken at 14:30 New York",
        clean_end=1,
        clock="14:30 America/New_York",
    )
    add(
        "XNYS",
        moment("XNYS", "2022-02-15", "14:30"),
        "2022-02-16",
        "after-close",
        RULE,
        "price taken at 14:30 New York",
        clock="14:30 America/New_York",
    )
    add(
        "XNYS",
        moment("XNYS", "2022-11-25", "13:30"),
        "2022-11-28",
        "after-close",
        RULE,
        "price of 14:30 on a day that closed at 13:00: the last price is of 13:00",
        clock="14:30 America/New_York",
    )
    add(
        "XETR",
        moment("XETR", "2022-02-15", "17:34"),
        "2022-02-15",
        "ambiguous",
        RULE,
        "closing auction 17:30 to 17:35, given as a window",
        clean_end=1,
        clock="17:30-17:35 Europe/Berlin",
    )
    add(
        "XETR",
        moment("XETR", "2022-02-15", "17:35"),
        "2022-02-16",
        "after-close",
        RULE,
        "after the closing auction",
        clock="17:30-17:35 Europe/Berlin",
    )


def uncertain() -> None:
    announced = dt.datetime(2022, 2, 15, 8, 0, tzinfo=dt.UTC)
    for calendar, session, position, clean in (
        ("XNYS", "2022-02-15", "pre-open", 0),
        ("XETR", "2022-02-15", "in-session", 0),
        ("XLON", "2022-02-15", "in-session", 0),
        ("CME_ENERGY", "2022-02-15", "in-session", 0),
        ("TARGET", "2022-02-15", "in-session", 0),
        ("XTKS", "2022-02-16", "after-close", 0),
        ("XHKG", "2022-02-15", "ambiguous", 1),
        ("XASX", "2022-02-16", "after-close", 0),
        ("24/7", "2022-02-15", "in-session", 0),
    ):
        add(
            calendar,
            announced,
            session,
            position,
            ZONE,
            "the announcement of 15 February, 25 minutes either way",
            clean_end=clean,
            minutes=25,
        )
    recognised = dt.datetime(2022, 2, 21, 19, 35, tzinfo=dt.UTC)
    for calendar, session, position in (
        ("XNYS", "2022-02-22", "non-session"),
        ("XETR", "2022-02-22", "after-close"),
        ("XLON", "2022-02-22", "after-close"),
        ("XTKS", "2022-02-22", "pre-open"),
        ("TARGET", "2022-02-22", "after-close"),
    ):
        add(
            calendar,
            recognised,
            session,
            position,
            ZONE,
            "recognition of the regions, on a US holiday",
            minutes=30,
        )
    invaded = dt.datetime(2022, 2, 24, 2, 50, tzinfo=dt.UTC)
    for calendar, session, position in (
        ("XNYS", "2022-02-24", "after-close"),
        ("XETR", "2022-02-24", "pre-open"),
        ("XMOS", "2022-02-24", "pre-open"),
        ("XTKS", "2022-02-24", "in-session"),
        ("XHKG", "2022-02-24", "in-session"),
        ("CME_ENERGY", "2022-02-24", "in-session"),
    ):
        add(
            calendar,
            invaded,
            session,
            position,
            ZONE,
            "the invasion, 15 minutes either way",
            minutes=15,
        )
    add(
        "XNYS",
        moment("XNYS", "2022-02-15", "16:10"),
        "2022-02-15",
        "ambiguous",
        RULE,
        "ten minutes after the close, known to fifteen",
        clean_end=1,
        minutes=15,
    )
    add(
        "XNYS",
        moment("XNYS", "2022-02-15", "16:15"),
        "2022-02-16",
        "after-close",
        RULE,
        "fifteen minutes after the close, known to fifteen: at the earliest exactly at it",
        minutes=15,
    )
    add(
        "XNYS",
        moment("XNYS", "2022-02-18", "15:00"),
        "2022-02-17",
        "ambiguous",
        RULE,
        "an hour before Friday's close, known to a day: Thursday, Friday or Tuesday",
        clean_end=2,
        minutes=1440,
    )
    add(
        "XNYS",
        moment("XNYS", "2022-02-15", "12:00"),
        "2022-02-14",
        "ambiguous",
        RULE,
        "noon, known to a day: one of three sessions",
        clean_end=2,
        minutes=1440,
    )


def main() -> None:
    """Write the table."""
    for part in (america, europe, moscow, asia, south, clocks, uncertain):
        part()
    target = Path(__file__).with_name("pinning_cases.csv")
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(
            ["calendar", "clock", "stamp", "uncertainty_minutes", "session", "position",
             "clean_end", "ground", "why"]
        )  # fmt: skip
        writer.writerows(rows)


if __name__ == "__main__":
    main()
