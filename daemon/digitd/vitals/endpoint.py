"""`/healthz`, `/readyz` and `/metrics` over HTTP, for those who watch over services. Tells nothing of what was read."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from digitd.errors import ConfigError, DigitdError
from digitd.vitals.metrics import Facts, exposition
from digitd.vitals.signs import Signs

#: Seconds that a client has to ask.
PATIENCE_SECONDS = 5.0

TEXT, JSON = "text/plain; charset=utf-8", "application/json"


class Endpoint:
    """Answers in threads of its own from `start` to `stop`.

    Parameters
    ----------
    listen
        host:port; port 0 takes any that is free.
    signs
        The last signs of life; None before the first.
    facts
        What metrics show; may raise DigitdError.

    Raises
    ------
    ConfigError
        Nothing can listen there.
    """

    def __init__(self, listen: str, *, signs: Callable[[], Signs | None], facts: Callable[[], Facts]) -> None:
        host, _, port = listen.rpartition(":")

        class Handler(BaseHTTPRequestHandler):
            timeout = PATIENCE_SECONDS

            def do_GET(self) -> None:
                status, kind, body = _answer(self.path.partition("?")[0], signs(), facts)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: these questions come every few seconds."""

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        try:
            self._server = Server((host.strip("[]"), int(port)), Handler)
        except (OSError, OverflowError) as fault:
            raise ConfigError(
                f"health.listen: {listen}: {getattr(fault, 'strerror', None) or fault}. "
                "Name another address in config.toml, or none."
            ) from None
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


def _answer(path: str, signs: Signs | None, facts: Callable[[], Facts]) -> tuple[HTTPStatus, str, bytes]:
    if path == "/metrics":
        try:
            return HTTPStatus.OK, TEXT, exposition(facts)
        except DigitdError as fault:
            return HTTPStatus.INTERNAL_SERVER_ERROR, TEXT, f"{fault}\n".encode()
    if path not in {"/healthz", "/readyz"}:
        return HTTPStatus.NOT_FOUND, TEXT, b"/healthz, /readyz or /metrics\n"
    if signs is None or (path == "/readyz" and not signs.ready):
        return _told({"start": "the service is not ready yet"})
    return _told(signs.ailments(time.monotonic()))


def _told(ailments: Mapping[str, str]) -> tuple[HTTPStatus, str, bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if ailments else HTTPStatus.OK
    return status, JSON, (json.dumps({"well": not ailments, "ailments": ailments}, indent=2) + "\n").encode()
