"""The desk's server: in the foreground for `digitd verify`, in a thread for the service."""

import socket
import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from ipaddress import ip_address
from types import FrameType

import uvicorn

from digitd.config import Config
from digitd.desk.app import create_app
from digitd.desk.guard import Hosts
from digitd.desk.pictures import Pages
from digitd.desk.warm import warm
from digitd.errors import ConfigError
from digitd.store import Store

LAST_PORT = 65535

#: What browsers leave out of an address.
USUAL_PORTS = (80, 443)

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
        Nothing can listen there; others could reach it, and nobody has a token; or the certificate cannot be used.
    """

    def __init__(self, config: Config, store: Store, *, verifier: str, any_port: bool = False) -> None:
        host, port = _address(config.web.listen)
        loopback = host == "localhost" or _is_loopback(host)
        here = loopback and not config.web.hosts  # by another name it is reached through a proxy
        if not here and not store.has_verifiers():
            where = f"web.hosts: {', '.join(config.web.hosts)}" if loopback else f"web.listen: {config.web.listen}"
            raise ConfigError(
                f"{where}: other machines reach that, and anybody would be let in. "
                "`digitd verifier add NAME --role admin` makes a token; with it everybody has to log in."
            )
        secure = bool(config.web.certificate)
        try:
            self._socket = _listening(host, port)
        except OSError as fault:
            if not any_port:
                raise ConfigError(
                    f"web.listen: {config.web.listen}: {fault.strerror or fault}. Name another port in config.toml."
                ) from None
            self._socket = _listening(host, 0)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http{'s' * secure}://{f'[{host}]' if ':' in host else host}:{self.port}/"
        self._pages = Pages(config)
        names = _names(host, self.port, config.web.hosts)
        self._app = create_app(
            config,
            store,
            hosts=Hosts(names=frozenset(names), addresses=not loopback),
            verifier=verifier,
            pages=self._pages,
            open_to_others=not here,
        )
        settings = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=PATIENCE_SECONDS,
        )
        if secure:
            _load(settings, config)
        warm(self._app, store, host=min(names))
        self._server = _Uvicorn(settings, closing=self._app.state.closing)
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
        self._app.state.closing.set()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(2 * PATIENCE_SECONDS)
            self._server.force_exit = True
            self._thread.join(PATIENCE_SECONDS)


class _Uvicorn(uvicorn.Server):
    """Uvicorn, that tells those who listen for events that it ends: it waits for them."""

    def __init__(self, config: uvicorn.Config, *, closing: threading.Event) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._closing.set()
        super().handle_exit(sig, frame)


def _load(settings: uvicorn.Config, config: Config) -> None:
    """See now that the certificate can be used, and not when the first browser comes."""
    settings.ssl_certfile = config.root / config.web.certificate
    settings.ssl_keyfile = config.root / config.web.key if config.web.key else None
    try:
        settings.load()
    except (ssl.SSLError, OSError) as fault:
        raise ConfigError(
            f"web.certificate: {settings.ssl_certfile}: {fault}. Name PEM files that belong together."
        ) from None


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _names(host: str, port: int, others: Collection[str]) -> set[str]:
    """What browsers may say in the header Host; others as they are, and with the port."""
    here = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    names = {f"{name}:{port}" for name in here | set(others)}
    return names | set(others) | (here if port in USUAL_PORTS else set())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    if port > LAST_PORT:
        raise OSError(f"there is no port above {LAST_PORT}")
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # Else an answer's body waits 40 ms for the other side to acknowledge its head: asyncio sets this only on sockets
    # that were made with their protocol's number. Connections have it from the socket that accepts them.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
