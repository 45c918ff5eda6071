"""The desk's server: in the foreground for `digitd verify`, in a thread for the service."""

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

import uvicorn

from digitd.config import Config
from digitd.desk.app import create_app
from digitd.desk.pictures import Pages
from digitd.errors import ConfigError
from digitd.store import Store

LAST_PORT = 65535

#: What browsers leave out of an address.
HTTP_PORT = 80

#: Seconds that a request has to end when the desk is to.
PATIENCE_SECONDS = 5


class Server:
    """Serves the desk of an open store.

    Parameters
    ----------
    config
        web.listen says where.
    store
        The open database.
    verifier
        Signs for whoever gives no name.
    any_port
        Whether to take any free port where that one is taken.

    Raises
    ------
    ConfigError
        Nothing can listen there, or others could reach it: there is no login in this version.
    """

    def __init__(self, config: Config, store: Store, *, verifier: str, any_port: bool = False) -> None:
        host, port = _address(config.web.listen)
        try:
            self._socket = _listening(host, port)
        except OSError as fault:
            if not any_port:
                raise ConfigError(
                    f"web.listen: {config.web.listen}: {fault.strerror or fault}. Name another port in config.toml."
                ) from None
            self._socket = _listening(host, 0)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        self._pages = Pages(config)
        app = create_app(config, store, hosts=_hosts(host, self.port), verifier=verifier, pages=self._pages)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=PATIENCE_SECONDS,
            )
        )
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            with suppress(KeyboardInterrupt):  # it is raised again when all is ended
                self._server.run(sockets=[self._socket])
        finally:
            self._pages.close()

    def start(self) -> None:
        """Serve in a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self.run, name="desk", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, and no more; who does not take the answer is not waited for."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(2 * PATIENCE_SECONDS)
            self._server.force_exit = True
            self._thread.join(PATIENCE_SECONDS)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    here = host == "localhost" or _is_loopback(host)
    if not here:
        raise ConfigError(
            f"web.listen: {listen}: the desk has no login in this version, so it answers on this machine only. "
            "Name 127.0.0.1; from elsewhere, `ssh -L` brings it to you."
        )
    return host, int(port)


def _hosts(host: str, port: int) -> set[str]:
    """What browsers on this machine may say in the header Host."""
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return {f"{name}:{port}" for name in names} | (names if port == HTTP_PORT else set())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    if port > LAST_PORT:
        raise OSError(f"there is no port above {LAST_PORT}")
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
