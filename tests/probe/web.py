"""A web site that answers as a test wants it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Answer:
    """What one address says, and how long it takes."""

    body: str
    status: int = 200
    kind: str = "text/html"
    after_s: float = 0.0
    cut: bool = False
    """Half of it, then the connection ends."""


@dataclass(slots=True)
class Site:
    """Addresses and their answers; what is not there is a 404."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)


@contextmanager
def site() -> Iterator[Site]:
    """Served on a free port while the block runs."""
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = made.answers.get(self.path, Answer("", 404))
            time.sleep(answer.after_s)
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if answer.cut else body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
