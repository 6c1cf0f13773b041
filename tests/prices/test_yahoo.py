"""Yahoo without a network: every answer ends in data or in one error of ours."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests

from eventstudy.errors import EventStudyError, InputError, SourceError
from eventstudy.prices import load_prices, yahoo
from eventstudy.prices.yahoo import FetchRules, fetch_history
from eventstudy.prices.yahoo_answers import retry_after
from eventstudy.prices.yahoo_panel import history_panel
from eventstudy.prices.yahoo_symbols import INDICES, SUFFIXES, market_of, roll_sessions
from eventstudy.pricesettings import PricesSettings
from tests.prices.yahoo_server import Answer, as_json, chart, fault, sample, session

# 14 and 15 February 2022, 14:30 UTC: the open in New York.
STAMPS = [1644849000, 1644935400]
START, END = dt.date(2022, 2, 14), dt.date(2022, 2, 15)
RULES = FetchRules(attempts=3, first_wait=1.0, spacing=0.0)
SHORT_FUZZ, LONG_FUZZ = 100, 10_000


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def ask(
    answer: Callable[[str, dict[str, str]], Answer],
    symbol: str = "XOM",
    start: dt.date | None = START,
    end: dt.date | None = END,
) -> tuple[Any, list[float], int]:
    """Fetch; return the outcome (history or error), the waits and the number of requests."""
    own, adapter = session(answer)
    waits: list[float] = []
    try:
        outcome: Any = fetch_history(
            symbol, start=start, end=end, session=own, rules=RULES, sleep=waits.append
        )
    except EventStudyError as error:
        outcome = error
        assert "\n" not in str(error)
        assert symbol in str(error)
    return outcome, waits, len(adapter.asked)


def good(symbol: str, query: dict[str, str]) -> Answer:
    return as_json(chart(symbol, STAMPS, [77.0, 76.0], adjusted=[75.0, 74.0]))


def test_good_answer() -> None:
    history, waits, _ = ask(good)
    assert history.frame.index.strftime("%Y-%m-%d").tolist() == ["2022-02-14", "2022-02-15"]
    assert history.frame["close"].tolist() == [77.0, 76.0]
    assert history.frame["adjusted"].tolist() == [75.0, 74.0]
    assert (history.title, history.currency) == ("XOM Inc.", "USD")
    assert waits == []
    panel = history_panel(history)
    assert panel.close["XOM"].tolist() == [75.0, 74.0]  # total return by default
    assert history_panel(history, total_return=False).close["XOM"].tolist() == [77.0, 76.0]
    assert panel.assets["XOM"].calendar == "XNYS"
    assert len(panel.hashes["yahoo:XOM"]) == 64


def test_the_day_after_the_end_is_asked_for_because_yahoo_leaves_the_end_out() -> None:
    own, adapter = session(good)
    fetch_history("XOM", start=START, end=END, session=own, rules=RULES)
    query = adapter.asked[-1][1]
    newyork = "America/New_York"
    assert int(query["period1"]) == pd.Timestamp(START).tz_localize(newyork).timestamp()
    assert int(query["period2"]) == pd.Timestamp("2022-02-16").tz_localize(newyork).timestamp()
    assert query["interval"] == "1d"


def test_real_answers(shared_data: Path) -> None:
    def split(symbol: str, query: dict[str, str]) -> Answer:
        return sample(
            shared_data, "historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json"
        )

    history, _, _ = ask(split, "NVDA", dt.date(2021, 2, 1), dt.date(2022, 1, 30))
    assert history.frame["split"][history.frame["split"] > 0].to_dict() == {
        pd.Timestamp("2021-07-20"): 4.0
    }
    assert len(history.frame) == 252

    def dividends(symbol: str, query: dict[str, str]) -> Answer:
        name = "historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json"
        return sample(shared_data, name)

    history, _, _ = ask(dividends, "MSFT", dt.date(2021, 2, 1), dt.date(2022, 1, 30))
    paid = history.frame["dividend"][history.frame["dividend"] > 0]
    assert paid.tolist() == [0.56, 0.56, 0.56, 0.62]
    first = pd.Timestamp("2021-02-01")
    assert history.frame.loc[first, "adjusted"] < history.frame.loc[first, "close"]

    def german(symbol: str, query: dict[str, str]) -> Answer:
        return sample(shared_data, "chart-WSU.DE-2023-08-04-to-2023-08-09.json")

    history, _, _ = ask(german, "WSU.DE", dt.date(2023, 8, 4), dt.date(2023, 8, 8))
    info = history_panel(history).assets["WSU.DE"]
    assert (info.calendar, info.currency) == ("XETR", "EUR")


def test_real_future_and_currency_say_what_is_wrong_with_them(shared_data: Path) -> None:
    def gold(symbol: str, query: dict[str, str]) -> Answer:
        return sample(shared_data, "chart-GC=F-2020-01-01-to-2020-01-03.json")

    history, _, _ = ask(gold, "GC=F", dt.date(2020, 1, 1), dt.date(2020, 1, 3))
    assert "continuous vendor series" in history_panel(history).assets["GC=F"].source

    def euro(symbol: str, query: dict[str, str]) -> Answer:
        return sample(shared_data, "chart-EURUSD=X-2020-01-01-to-2020-01-03.json")

    history, _, _ = ask(euro, "EURUSD=X", dt.date(2020, 1, 1), dt.date(2020, 1, 3))
    flags = history_panel(history).flags
    assert flags["flag"].tolist() == ["fx_lag"]
    assert "lag a day" in flags["detail"][0]


def test_real_answer_without_prices(shared_data: Path) -> None:
    def empty(symbol: str, query: dict[str, str]) -> Answer:
        return sample(shared_data, "chart-notimestamp-quotes-length.fake.json")

    error, waits, _ = ask(empty, "AAPL")
    assert isinstance(error, InputError)
    assert "no prices of 'AAPL' from 2022-02-14 to 2022-02-15" in str(error)
    assert waits == []


def test_unknown_symbol() -> None:
    words = "No data found, symbol may be delisted"
    error, waits, asked = ask(lambda s, q: as_json(fault("Not Found", words), 404), "XOMM")
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    assert "knows no symbol 'XOMM'" in str(error)
    assert waits == []
    assert asked < 10


def test_range_without_data() -> None:
    words = "Data doesn't exist for startDate = 1644814800, endDate = 1644987600"

    def answer(symbol: str, query: dict[str, str]) -> Answer:
        return (
            as_json(fault("Bad Request", words), 400) if "period1" in query else good(symbol, query)
        )

    error, _, _ = ask(answer)
    assert isinstance(error, InputError)
    assert "no prices of 'XOM' from 2022-02-14 to 2022-02-15" in str(error)


@pytest.mark.parametrize(
    ("headers", "waits", "words"),
    [
        ({}, 2, "limits the rate"),
        ({"Retry-After": "7"}, [7.0, 7.0], "until"),
        ({"Retry-After": "3600"}, [], "until"),
        ({"Retry-After": "nonsense"}, 2, "limits the rate"),
    ],
)
def test_limited_rate(headers: dict[str, str], waits: Any, words: str) -> None:
    error, slept, _ = ask(lambda s, q: (429, headers, b"Too Many Requests"))
    assert isinstance(error, SourceError)
    assert error.exit_code == 4
    assert words in str(error)
    assert len(slept) == waits if isinstance(waits, int) else slept == waits


def test_backoff_grows_and_is_the_same_each_time() -> None:
    _, first, _ = ask(lambda s, q: (503, {}, b"busy"))
    _, second, _ = ask(lambda s, q: (503, {}, b"busy"))
    assert first == second
    assert 0.5 <= first[0] <= 1.0
    assert 1.0 <= first[1] <= 2.0


def flaky(times: int, trouble: Callable[[], Answer]) -> Callable[[str, dict[str, str]], Answer]:
    left = iter([True] * times)

    def answer(symbol: str, query: dict[str, str]) -> Answer:
        return trouble() if next(left, False) else good(symbol, query)

    return answer


def raised(error: Exception) -> Callable[[], Answer]:
    def trouble() -> Answer:
        raise error

    return trouble


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: (500, {}, b"oops"),
        lambda: (200, {}, b'{"chart": {"result": [{"meta"'),
        lambda: (200, {}, b"<html>Will be right back</html>"),
        raised(requests.exceptions.ConnectionError("Connection aborted: reset by peer")),
        raised(requests.exceptions.ReadTimeout("read timed out")),
        raised(requests.exceptions.ChunkedEncodingError("incomplete read")),
    ],
)
def test_passing_trouble_is_waited_out(trouble: Callable[[], Answer]) -> None:
    history, _, _ = ask(flaky(1, trouble))
    assert history.frame["close"].tolist() == [77.0, 76.0]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda: (500, {}, b"oops"), "trouble of its own (status 500)"),
        (lambda: (403, {}, b"no"), "refuses the request"),
        (lambda: (200, {}, b'{"chart": {"result": [{"meta"'), "makes no sense"),
        (lambda: (200, {}, b""), "makes no sense"),
        (lambda: (200, {}, b"[]"), "makes no sense"),
        (lambda: (200, {}, b'{"chart": null}'), "makes no sense"),
        (lambda: (200, {}, b"<html></html>"), "makes no sense"),
        (raised(requests.exceptions.ConnectionError("Connection reset by peer")), "broke"),
        (raised(requests.exceptions.ReadTimeout("read timed out")), "did not answer in time"),
        (
            raised(requests.exceptions.ConnectionError("Failed to resolve: name resolution")),
            "There is no network",
        ),
    ],
)
def test_lasting_trouble_is_a_source_error(trouble: Callable[[], Answer], words: str) -> None:
    error, waits, _ = ask(lambda s, q: trouble())
    assert isinstance(error, SourceError)
    assert error.exit_code == 4
    assert words in str(error)
    assert len(waits) <= RULES.attempts - 1


def test_no_network_is_not_waited_for() -> None:
    trouble = raised(requests.exceptions.ConnectionError("Could not resolve host"))
    error, waits, _ = ask(lambda s, q: trouble())
    assert waits == []
    assert 'source = "bundled"' in str(error)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (chart("CVX", STAMPS, [1.0, 2.0]), "answered about 'CVX'"),
        (chart("XOM", [s + 30 * 86_400 for s in STAMPS], [1.0, 2.0]), "no prices|not asked for"),
        (chart("XOM", [s - 30 * 86_400 for s in STAMPS], [1.0, 2.0]), "not asked for"),
        (chart("XOM", STAMPS, [1.0, float("inf")]), "infinite"),
        (chart("XOM", STAMPS, [None, None]), "no prices"),
        (chart("XOM", STAMPS, ["a", "b"]), "makes no sense"),  # type: ignore[list-item]
        (chart("XOM", [10**18, 2 * 10**18], [1.0, 2.0]), "makes no sense"),
    ],
)
def test_wrong_answers(body: dict[str, Any], words: str) -> None:
    error, _, _ = ask(lambda s, q: as_json(body))
    assert isinstance(error, EventStudyError)
    assert any(word in str(error) for word in words.split("|"))


def test_an_open_session_is_no_close() -> None:
    hours = {"start": STAMPS[1], "end": STAMPS[1] + 23_400, "gmtoffset": 0, "timezone": "EST"}
    periods = {name: dict(hours) for name in ("pre", "regular", "post")}

    def during(symbol: str, query: dict[str, str]) -> Answer:
        times = {"regularMarketTime": STAMPS[1] + 3_600, "currentTradingPeriod": periods}
        return as_json(chart(symbol, STAMPS, [77.0, 76.0], **times))

    def after(symbol: str, query: dict[str, str]) -> Answer:
        times = {"regularMarketTime": STAMPS[1] + 23_401, "currentTradingPeriod": periods}
        return as_json(chart(symbol, STAMPS, [77.0, 76.0], **times))

    assert len(ask(during)[0].frame) == 1
    assert len(ask(after)[0].frame) == 2


def test_several_symbols_make_one_panel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(yahoo, "_new_session", lambda: session(good)[0])
    monkeypatch.setenv("EVENTSTUDY_STORE", str(tmp_path))
    settings = PricesSettings(source="yahoo", symbols={"Germany": "^GDAXI"})
    panel = load_prices(settings, ["XOM", "Germany"], start=START, end=END)
    assert list(panel.close.columns) == ["XOM", "Germany"]
    assert panel.assets["Germany"].calendar == "XETR"
    assert set(panel.hashes) == {"yahoo:XOM", "yahoo:^GDAXI"}


def test_every_calendar_is_one_that_the_library_has() -> None:
    from eventstudy.calendars.library import calendar_names

    known = set(calendar_names())
    assert {*SUFFIXES.values(), *INDICES.values()} <= known


@pytest.mark.parametrize(
    ("symbol", "calendar"),
    [
        ("^GSPC", "XNYS"),
        ("^GDAXI", "XETR"),
        ("^FCHI", "XPAR"),
        ("^FTSE", "XLON"),
        ("IMOEX.ME", "XMOS"),
        ("7203.T", "XTKS"),
        ("0700.HK", "XHKG"),
        ("BRK-B", "XNYS"),
        ("BTC-USD", "24/7"),
        ("^UNKNOWN", "observed"),
        ("X.QQ", "observed"),
        ("ES=F", "observed"),
        ("CL=F", "CME_ENERGY"),
    ],
)
def test_calendars(symbol: str, calendar: str) -> None:
    assert market_of(symbol).calendar == calendar


def test_brent_rolls_on_the_last_business_day() -> None:
    days = np.arange("2022-01-01", "2022-04-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    assert roll_sessions("BZ=F", days).astype(str).tolist() == ["2022-02-01", "2022-03-01"]
    assert roll_sessions("XOM", days).size == 0


def test_retry_after_forms() -> None:
    now = dt.datetime(2022, 2, 15, 8, 0, tzinfo=dt.UTC)
    assert retry_after({"retry-after": "Tue, 15 Feb 2022 08:01:00 GMT"}, now) == 60.0
    assert retry_after({"Retry-After": "-5"}, now) is None
    assert retry_after({}, now) is None


# --- mutated answers -------------------------------------------------------------------------


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield answers with something wrong: values, types, keys, lengths, bytes."""
    rng = random.Random(seed)
    whole = chart(
        "XOM",
        STAMPS,
        [77.0, 76.0],
        events={
            "dividends": {"1": {"amount": 0.88, "date": STAMPS[1]}},
            "splits": {"2": {"date": STAMPS[1], "numerator": 2, "denominator": 1}},
        },
    )
    values: list[Any] = [None, "x", -1, 0, 1e308, float("nan"), [], {}, True, [None], 10**30, ""]
    for _ in range(count):
        body = copy.deepcopy(whole)
        for _ in range(rng.randint(1, 3)):
            node: Any = body
            while isinstance(node, (dict, list)) and node:
                keys = list(node) if isinstance(node, dict) else list(range(len(node)))
                key = rng.choice(keys)
                inner = node[key]
                if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.2:
                    if rng.random() < 0.3:
                        del node[key]
                    else:
                        node[key] = copy.deepcopy(rng.choice(values))
                    break
                node = inner
        content = bytearray(json.dumps(body).encode())
        if rng.random() < 0.3:
            for _ in range(rng.randint(1, 4)):
                content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.1:
            del content[rng.randrange(len(content)) :]
        yield bytes(content)


def run_mutations(seed: int, count: int) -> tuple[int, int]:
    data = refused = 0
    for content in mutations(seed, count):
        outcome, _, asked = ask(lambda s, q, content=content: (200, {}, content))
        if isinstance(outcome, EventStudyError):
            refused += 1
            assert outcome.exit_code in (2, 4)
        else:
            data += 1
            assert np.isfinite(outcome.frame["close"]).all()
            assert outcome.frame.index.is_monotonic_increasing
        assert asked <= 20
    return data, refused


def test_mutated_answers() -> None:
    data, refused = run_mutations(1, SHORT_FUZZ)
    assert data > 0
    assert refused > 0


@pytest.mark.slow
def test_ten_thousand_mutated_answers() -> None:
    data, refused = run_mutations(2, LONG_FUZZ)
    assert data + refused == LONG_FUZZ
