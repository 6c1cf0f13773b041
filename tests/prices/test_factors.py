"""Factor files: percent becomes decimals, and nothing odd goes by."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from eventstudy.errors import InputError, SourceError
from eventstudy.prices import factors
from eventstudy.prices.factors import factor_holes, fetch_factors, load_factors, parse_factors
from eventstudy.prices.store import PriceStore

THREE = """This file was created using the 202203 CRSP database.
The Tbill return is the simple daily rate.

,Mkt-RF,SMB,HML,RF
20220211,   -1.82,    0.70,    1.59,   0.000
20220214,   -0.45,    0.17,   -1.15,   0.000
20220215,    1.87,    1.13,  -99.99,   0.001

Copyright 2022 Kenneth R. French
"""
MOMENTUM = "words\n\n,Mom   \n20220214,    0.10\n20220215,   -0.20\n\nCopyright\n"


def packed(text: str, name: str = "F-F.CSV") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [THREE.encode(), packed(THREE)], ids=["text", "zip"])
def test_percent_becomes_decimals(content: bytes) -> None:
    frame = parse_factors(content, "f")
    assert list(frame.columns) == ["Mkt-RF", "SMB", "HML", "RF"]
    assert frame["Mkt-RF"].tolist() == [-1.82 / 100, -0.45 / 100, 1.87 / 100]
    assert np.isnan(frame["HML"].iloc[-1])
    assert frame["RF"].iloc[-1] == 0.001 / 100


def test_momentum_has_our_name() -> None:
    assert list(parse_factors(MOMENTUM.encode(), "f").columns) == ["Mom"]
    europe = MOMENTUM.replace("Mom   ", "WML")
    assert list(parse_factors(europe.encode(), "f").columns) == ["Mom"]


def test_a_second_block_is_not_read() -> None:
    twice = THREE + "\nOther weights\n,Mkt-RF,SMB,HML,RF\n20220211, 1, 1, 1, 1\n"
    assert len(parse_factors(twice.encode(), "f")) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no daily rows"),
        (b"<html>Not found</html>", "no daily rows"),
        (b"PK\x03\x04broken", "can't be read"),
        (packed("x", "readme.pdf"), "holds 0 tables"),
        (THREE.replace("1.13", "x").encode(), "line 7"),
        (THREE.replace("1.13,", "").encode(), "3 numbers, expected 4"),
        (THREE.replace("1.13", "nan").encode(), "expected 4"),
        (THREE.replace("20220215", "20220230").encode(), "does not exist"),
        (THREE.replace("20220215", "20220214").encode(), "two rows of 2022-02-14"),
        (THREE.replace("1.87", "4471.07").encode(), "no daily factors"),
        (b"20220215, 1.0\n", "names of the factors"),
    ],
)
def test_what_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_factors(content, "f")


def test_file_and_holes(tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(packed(THREE))
    panel = load_factors("f.zip", folder=tmp_path)
    assert panel.kind == "returns"
    assert panel.assets["HML"].calendar == "XNYS"
    sessions = np.array(["2022-02-14", "2022-02-15", "2022-02-16"], dtype="datetime64[D]")
    holes = factor_holes(panel, sessions)
    assert holes["factor"].tolist() == ["Mkt-RF", "SMB", "HML", "RF"]
    assert holes["missing"].tolist() == [1, 1, 2, 1]
    with pytest.raises(InputError, match="can't be read"):
        load_factors("none.zip", folder=tmp_path)


class Handler(BaseHTTPRequestHandler):
    """Gives what the test has put into ``body``."""

    body = b""
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as own:
        thread = threading.Thread(target=own.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{own.server_port}/"
        own.shutdown()
        thread.join()


def test_fetch_through_the_store(server: str, tmp_path: Path) -> None:
    store = PriceStore(tmp_path)
    Handler.body, Handler.status = packed(THREE), 200
    first = fetch_factors("us_3", store=store, url=server)
    snapshot = store.snapshot(factors.SOURCE, "us_3")
    assert snapshot is not None
    assert snapshot.sha256 in first.hashes.values()
    Handler.body = packed(THREE.replace("0.17", "0.18"))
    second = fetch_factors("us_3", store=store, url=server)
    assert first.hashes != second.hashes
    assert store.read(factors.SOURCE, "us_3", snapshot.sha256)["SMB"].iloc[1] == 0.17 / 100


def test_fetch_that_fails(server: str, tmp_path: Path) -> None:
    store = PriceStore(tmp_path)
    with pytest.raises(InputError, match="did you mean 'us_3'"):
        fetch_factors("us3", store=store)
    Handler.body, Handler.status = b"<html>moved</html>", 200
    with pytest.raises(SourceError, match="gave no factor file"):
        fetch_factors("us_3", store=store, url=server)
    Handler.status = 503
    with pytest.raises(SourceError, match="can't be reached"):
        fetch_factors("us_3", store=store, url=server)
    with pytest.raises(SourceError, match="can't be reached"):
        fetch_factors("us_3", store=store, url="http://127.0.0.1:9/")
    assert store.snapshot(factors.SOURCE, "us_3") is None
