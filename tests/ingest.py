"""A server that takes what is sent to Sentry, over real HTTP, and keeps it as text."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sentry_sdk


class Ingest:
    """What a Sentry server received, as text."""

    def __init__(self) -> None:
        received: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                received.append(body.decode("utf-8"))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_address[1]}/1"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def text(self) -> str:
        sentry_sdk.flush(10)
        return "\n".join(self._received)

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
