"""A server on loopback that speaks Yahoo's chart JSON, and real curl sessions that ask it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.prices.yahoo_server import CHART, Answer

# What a server may do besides answering: cut the line, answer late, stop in the middle.
Trick = tuple[str, float]
Reply = Callable[[str, dict[str, str]], "Answer | Trick"]


class Vendor:
    """The server: what it replies, what it was asked, and how many asked at once."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[tuple[float, str, dict[str, str]]] = []
        self.busy = self.most = 0
        self.lock = threading.Lock()
        self.port = 0

    def symbols(self) -> list[str]:
        """Symbols asked for prices of a range, in order; the question for a time zone is none."""
        return [symbol for _, symbol, query in self.asked if "period1" in query]


@contextmanager
def serving(reply: Reply) -> Iterator[Vendor]:
    """Run a server in threads of this process."""
    vendor = Vendor(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if CHART not in parts.path:
                self.send(200, {}, b"crumb")
                return
            symbol = unquote(parts.path.split(CHART)[1])
            with vendor.lock:
                vendor.asked.append((time.monotonic(), symbol, query))
                vendor.busy += 1
                vendor.most = max(vendor.most, vendor.busy)
            try:
                self.answer(vendor.reply(symbol, query))
            finally:
                with vendor.lock:
                    vendor.busy -= 1

        def answer(self, reply: Answer | Trick) -> None:
            if isinstance(reply[0], int):
                self.send(*reply)  # type: ignore[arg-type]
            elif reply[0] == "cut":
                # A reset instead of an end, as a broken line does.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                self.close_connection = True
            elif reply[0] == "short":
                self.send(200, {"Content-Length": "5000"}, b'{"chart": {"result": [')
                self.close_connection = True
            else:
                time.sleep(float(reply[1]))
                self.close_connection = True

        def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed is no error."""

    server = Quiet(("127.0.0.1", 0), Handler)
    vendor.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def curl_session(port: int) -> Any:
    """Return a real curl session whose every question goes to the server on loopback."""
    from curl_cffi.requests import Session

    class Loopback(Session):  # type: ignore[misc,type-arg]
        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Any:
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            return super().request(
                method, f"http://127.0.0.1:{port}{parts.path}{query}", *args, **options
            )

    return Loopback(trust_env=False)
