"""Stand-ins for Yahoo: a session that answers from functions, and answers of the real shape."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter

Answer = tuple[int, dict[str, str], bytes]
Asked = tuple[str, dict[str, str]]
CHART = "/v8/finance/chart/"
DAY = 86_400


class Adapter(BaseAdapter):
    """Answers every request from a function of the symbol and the query."""

    def __init__(self, answer: Callable[[str, dict[str, str]], Answer]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[Asked] = []

    def send(self, request: Any, **options: Any) -> requests.Response:
        parts = urlsplit(request.url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if CHART in parts.path:
            symbol = unquote(parts.path.split(CHART)[1])
            self.asked.append((symbol, query))
            status, headers, body = self.answer(symbol, query)
        else:  # cookies and crumbs
            status, headers, body = 200, {}, b"crumb"
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response.headers.update(headers)
        response.raw = io.BytesIO(body)
        return response

    def close(self) -> None:
        """Nothing is open."""


def session(answer: Callable[[str, dict[str, str]], Answer]) -> tuple[requests.Session, Adapter]:
    """Return a session whose every answer comes from the function, and its record."""
    adapter = Adapter(answer)
    own = requests.Session()
    own.mount("https://", adapter)
    own.mount("http://", adapter)
    return own, adapter


def sample(folder: Path, name: str) -> Answer:
    """Return a stored answer of the real service."""
    stored = json.loads((folder / "yahoo_chart_json" / name).read_text())["response"]
    return stored["status"], stored["headers"], json.dumps(stored["bodyJson"]).encode()


def chart(
    symbol: str,
    stamps: list[int],
    closes: list[float | None],
    *,
    adjusted: list[float | None] | None = None,
    events: dict[str, Any] | None = None,
    **meta: Any,
) -> dict[str, Any]:
    """Build an answer of the documented shape."""
    quote = dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": [1] * len(closes)}
    result = {
        "meta": {
            "currency": "USD",
            "symbol": symbol,
            "exchangeName": "NYQ",
            "fullExchangeName": "NYSE",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "America/New_York",
            "timezone": "EST",
            "gmtoffset": -18_000,
            "validRanges": ["1d", "max"],
            "dataGranularity": "1d",
            "range": "",
            "longName": f"{symbol} Inc.",
        }
        | meta,
        "timestamp": stamps,
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted or closes}]},
    }
    if events:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def fault(code: str, description: str) -> dict[str, Any]:
    """Build an answer that states an error."""
    return {"chart": {"result": None, "error": {"code": code, "description": description}}}


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Wrap a body as an answer."""
    return (
        status,
        {"content-type": "application/json", **(headers or {})},
        json.dumps(body).encode(),
    )
